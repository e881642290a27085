"""Access reviews on a screen or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from engine.programme.model import Record
from engine.report.safe import safe
from engine.reviews.campaign import TABLE, Campaign
from engine.reviews.deciding import Answers
from engine.reviews.model import Line, Outcome

_NAMED = 20


class Status(Protocol):
    """A campaign as it stands."""

    @property
    def campaign(self) -> Campaign:
        """What it was begun with."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def answers(self) -> Answers:
        """What its table says."""

    @property
    def record(self) -> Record | None:
        """What it was signed into."""


def begun(made: Campaign, folder: Path) -> str:
    """A campaign that was written."""
    gaps = [line for line in made.lines if line.unseen]
    lines = [
        f"{folder / TABLE}",
        f"  {_counted(len(made.lines) - len(gaps), 'line')}, {_counted(len(_identities(made)), 'identity')}, "
        f"of run {made.run} ({made.as_of})",
    ]
    told = [f"{count} {safe(kind)}" for kind, count in (made.machines or {}).items()]
    lines += [f"  no people, and without a line: {', '.join(told)}"] if told else []
    if gaps:
        lines.append(
            f"  NOT SEEN: {_counted(len(gaps), 'line')} that keep it open until somebody reviewed them elsewhere"
        )
        lines += _listed(f"{_place(line)}: {safe(line.name)}: {safe(line.unseen)}" for line in gaps)
    return "".join(f"{line}\n" for line in lines)


def status(found: Sequence[Status], form: str) -> str:
    """Campaigns as they stand, as text or, with ``form`` "json", as JSON."""
    if form == "json":
        return json.dumps([_object(row) for row in found], indent=2, ensure_ascii=True) + "\n"
    if not found:
        return "no access review was begun; begin one: auditreel review new\n"
    return "".join(f"{line}\n" for row in found for line in _status(row))


def _status(row: Status) -> Iterator[str]:
    made, said = row.campaign, row.answers
    state = f"signed: {row.record.path}" if row.record else "ready to sign" if said.complete else "open"
    yield f"{made.id}: {state}"
    counts = ", ".join(f"{said.count(word)} {word}" for word in ("keep", "revoke", "elsewhere") if said.count(word))
    yield f"  {_counted(len(made.lines), 'line')} of {made.as_of}: {counts or 'none decided'}, {len(said.open)} open"
    if row.record is not None:
        return
    for title, texts in (
        ("ALTERED", said.tampered),
        ("IMPROPER", said.improper),
        ("OPEN", [f"{line.name}: {line.access} (L-{line.key})" for line in said.open]),
        ("LOOK AT", said.doubts),
    ):
        if texts:
            yield f"  {title}"
            yield from _listed(safe(text, 600) for text in texts)


def _object(row: Status) -> dict[str, Any]:
    made, said = row.campaign, row.answers
    return {
        "id": made.id,
        "run": made.run,
        "as_of": made.as_of,
        "lines": len(made.lines),
        "decided": {word: said.count(word) for word in ("keep", "revoke", "elsewhere")},
        "open": [{"line": line.key, "name": line.name, "access": line.access} for line in said.open],
        "altered": list(said.tampered),
        "improper": list(said.improper),
        "look_at": list(said.doubts),
        "complete": said.complete,
        "record": row.record.id if row.record else None,
    }


def signed(row: Status, record: Record) -> str:
    """A campaign that was signed."""
    said = row.answers
    lines = [
        f"{record.path}",
        f"  {said.count('keep')} kept, {said.count('revoke')} to be revoked; population {row.campaign.digest[:16]} of "
        f"run {row.campaign.run}, sealed as entry {row.campaign.sequence}",
    ]
    if elsewhere := said.count("elsewhere"):
        lines.append(f"  {elsewhere} not seen by the run, and reviewed elsewhere on the word of who says so")
    lines += [f"  look at: {safe(doubt, 400)}" for doubt in said.doubts]
    return "".join(f"{line}\n" for line in lines)


_LABELS = {"still_there": "STILL THERE", "unseen": "UNSEEN", "gone": "gone"}


def verified(made: Campaign, outcomes: Sequence[Outcome], run: str | None, as_of: str | None, form: str) -> str:
    """What a run shows of the revocations of a campaign, what is still there first."""
    if form == "json":
        rows = [
            {
                "line": row.line.key,
                "state": row.state,
                "account": row.line.account,
                "identity": row.line.identity,
                "name": row.line.name,
                "access": row.line.access,
                "revoked_on": row.decision.on.isoformat(),
                "by": row.decision.by,
                "why": row.why or None,
            }
            for row in outcomes
        ]
        return json.dumps({"id": made.id, "run": run, "as_of": as_of, "revocations": rows}, indent=2) + "\n"
    counts = {state: sum(row.state == state for row in outcomes) for state in _LABELS}
    told = ", ".join(f"{count} {_LABELS[state].lower()}" for state, count in counts.items() if count)
    by = f"run {run} ({as_of})" if run else "no run since it was signed"
    lines = [f"{made.id}: {told or 'nothing was to be revoked'}; by {by}"]
    for state, label in _LABELS.items():
        for row in outcomes:
            if row.state == state:
                why = f": {safe(row.why)}" if row.why else ""
                lines.append(
                    f"  {label:<12} {safe(row.line.name)}: {safe(row.line.access)} ({_place(row.line)}), revoked by "
                    f"{safe(row.decision.by)} on {row.decision.on}{why}"
                )
    return "".join(f"{line}\n" for line in lines)


def _place(line: Line) -> str:
    return safe(f"{line.provider} {line.account}")


def _identities(made: Campaign) -> set[tuple[str, str, str]]:
    return {(line.provider, line.account, line.identity) for line in made.lines if not line.unseen}


def _listed(texts: Iterable[str]) -> Iterator[str]:
    told = list(texts)
    yield from (f"    {text}" for text in told[:_NAMED])
    if len(told) > _NAMED:
        yield f"    and {len(told) - _NAMED} more"


def _counted(number: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
