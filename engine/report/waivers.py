"""The register of waivers on a screen or as JSON: what is in force, what ended, what matches nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date

from engine.model import WaiverState
from engine.report import Options, layout
from engine.report.layout import Style, counted, named
from engine.report.safe import safe
from engine.report.sentences import waiver as sentence

_STYLES: dict[str, Style] = {
    "EXPIRED": "red",
    "UNMATCHED": "yellow",
    "NOT SEEN": "red",
    "NO EFFECT": "red",
    "in force": "green",
}
_SOON = 30
_SHOWN = 5


def render(
    states: Sequence[WaiverState],
    seen_in: str | None,
    as_of: str | None,
    on: date,
    form: str,
    options: Options,
    unseen: Collection[str] = (),
) -> str:
    """Every waiver's state as text or as JSON (``form`` "json"); ``seen_in`` None: nobody knows what they match.

    ``unseen`` are the ids of those that match nothing because what they name was not seen.
    """
    if form == "json":
        rows = [_row(state, seen_in is not None and state.waiver.id not in unseen) for state in states]
        return json.dumps({"on": f"{on}", "seen_in": seen_in, "as_of": as_of, "waivers": rows}, indent=2) + "\n"
    page = layout.page(options)
    lines = [page.heading(f"Waivers: {len(states)}", f"on {on}")]
    told = f"matches as of {as_of}, in {safe(seen_in)}" if seen_in else "no run was read: what they match is not known"
    lines += page.labelled("", told if states else "none are written", most=2)
    for state in states:
        of = state.waiver
        label, text = sentence(state)
        if seen_in is None and state.state in ("in_force", "unmatched"):
            label = "by date"
            approval = "SELF-APPROVED by" if of.approval.self_approved else "approved by"
            text = f"until {of.expires}, {approval} {safe(of.approval.approver)} ({of.approval.standing}; {of.check})"
        if state.state == "unmatched" and of.id in unseen:
            label, text = "NOT SEEN", f"what it names was not seen there, so nobody knows whether it fails ({of.check})"
        lines += ["", *page.labelled(label, f"{safe(of.id)}: {text}", _STYLES.get(label, "bold"), most=3)]
        lines += page.paragraph(f"{safe(of.owner)}: {safe(of.reason)}", "dim", most=2)
        left = (of.expires - on).days
        if 0 <= left <= _SOON and state.state != "expired":
            lines += page.paragraph(f"ends in {counted(left, 'day')}: auditreel waiver renew {safe(of.id)}", "yellow")
        if seen_in is not None and state.unmatched and state.matches:
            lines += page.paragraph(f"no longer failing: {named(map(safe, state.unmatched), _SHOWN)}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row(state: WaiverState, known: bool) -> dict[str, object]:
    of = state.waiver
    # Without a run "unmatched" would say of a waiver what nobody looked up.
    # Nor where it was not seen there.
    word = "by_date" if not known and state.state in ("in_force", "unmatched") else state.state
    return {
        "id": of.id,
        "state": word,
        "check": of.check,
        "account": of.account,
        "kind": of.kind,
        "owner": of.owner,
        "approver": of.approval.approver,
        "approved_on": f"{of.approval.approved_on}",
        "approval": of.approval.standing,
        "self_approved": of.approval.self_approved,
        "start": f"{of.start}",
        "expires": f"{of.expires}",
        "resources": list(of.resources),
        "matches": [finding.subject.id for finding in state.matches] if known else None,
        "unmatched": list(state.unmatched) if known else None,
        "file": str(of.path),
    }
