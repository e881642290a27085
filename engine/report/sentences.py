"""What formats for people say in the same words: what was scanned, judged and covered, and what waivers came to.

Names from outside are made harmless for a terminal (:mod:`engine.report.safe`); a format with other dangers does more.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from engine.model import REGIONLESS, Assessment, Criterion, CriterionConclusion, WaiverState
from engine.report import summary
from engine.report.layout import cells, counted, named, ranges
from engine.report.safe import safe
from engine.report.vendors import told

WAIVER_STATES: Final = ("expired", "uncommitted", "unmatched", "not_started", "in_force")
"""Those that are shown, what needs somebody first."""

LONGEST_VENDOR: Final = 600
"""Characters of what is told of a subservice organisation, beyond which the middle is left out."""
FEW_NAMES: Final = 40
"""Columns in which the accounts of a provider are named; more are counted."""

_KIND: Final = {"adhoc": "ad-hoc run", "scheduled": "scheduled run", "gate": "gate", "demo": "demonstration"}
_WAIVED: Final = {
    "risk_accepted": "accepted risk",
    "compensating_control": "compensating control",
    "false_positive": "said to be a false positive",
    "planned_fix": "fix planned, accepted",
}


def plain(word: str) -> str:
    """A reason or a state as words: "access denied"."""
    return word.replace("_", " ")


def criteria(ids: Iterable[str], known: Iterable[Criterion]) -> str:
    """Criteria by id. CC6.1 covers so much that its number alone says nothing: its title stands beside it."""
    titles = {item.id: item.title for item in known if item.id == "CC6.1"}
    return ", ".join(f"{id_} {titles[id_]}" if id_ in titles else id_ for id_ in ids)


def title(run: Assessment) -> str:
    """Whose run it is, of which kind, and what made it."""
    return f"{safe(run.organization)} · {_KIND.get(run.kind, run.kind)} · auditreel {run.engine_version}"


def scanned(run: Assessment) -> str:
    """Which accounts and regions, as whom; of several providers how many (:func:`shared` says the rest)."""
    accounts = sorted(summary.accounts(run))
    several = summary.shares(run)
    if len(several) > 1:
        text = f"{counted(len(accounts), 'account')} of {len(several)} providers"
        return text if run.snapshot.source == "live" else f"{text}; from a stored snapshot"
    regions = sorted({safe(scope.region) for scope in summary.scopes(run)} - REGIONLESS)
    where = f"{counted(len(regions), 'region')} ({named(regions, 3)})" if regions else "no region"
    who = caller(run, several[0].provider if several else "")
    text = f"{counted(len(accounts), 'account')} ({named(map(safe, accounts), 3)}), {where}"
    text += f", as {who}" if who else ""
    return text if run.snapshot.source == "live" else f"{text}; from a stored snapshot"


def share(of: summary.Share) -> str:
    """How many checks of a provider were judged, and where."""
    names = ", ".join(map(safe, of.accounts))
    where = names if 0 < cells(names) <= FEW_NAMES else counted(len(of.accounts), "account")
    regions = f" in {counted(len(of.regions), 'region')}" if of.regions else ""
    return f"{counted(of.checks, 'check')} of {where}{regions}"


def shared(run: Assessment, of: summary.Share) -> str:
    """The same, as whom."""
    who = caller(run, of.provider)
    return f"{share(of)}, as {who}" if who else share(of)


def caller(run: Assessment, provider: str) -> str:
    """As whom a provider was asked; empty where it did not say."""
    # Of several providers each fact stands under the name of its own.
    told = run.snapshot.identity
    name, arn = (told.get(f"{provider}.{key}") or told.get(key, "") for key in ("principal", "arn"))
    return safe(name or arn.rpartition(":")[2])


def judged(run: Assessment) -> str:
    """How many checks, by which filters, and what they came to."""
    selection, sums = run.selection, summary.totals(run)
    filters = [
        *selection.criteria,
        *selection.patterns,
        *([f"{selection.severity} and above"] if selection.severity else []),
        *(f"account {name}" for name in selection.accounts),
        *(f"region {name}" for name in selection.regions),
    ]
    asked = f" for {safe(', '.join(filters))}" if filters else ""
    failed = f"{sums.failed:,} fail" + (f" ({sums.waived:,} waived)" if sums.waived else "")
    return (
        f"{counted(len(selection.checks), 'check')}{asked}: {sums.passed:,} pass, {failed}, {sums.unknown:,} unknown, "
        f"{sums.not_applicable:,} n/a"
    )


def not_chosen(run: Assessment) -> str:
    """Which checks were not judged since no category of the report asks for them; empty where all are asked for."""
    left = run.selection.not_chosen
    if not left:
        return ""
    of = {row.criterion.id: plain(row.criterion.category) for row in run.criteria}
    names = ", ".join(dict.fromkeys(of[check.criteria[0]] for check in left if check.criteria[0] in of))
    return f"{counted(len(left), 'check')} of {names}, which are no category of the report: --criterion judges them."


def resumed(run: Assessment) -> str:
    """That the run went on with one that died."""
    return f"a run that began at {run.resumed} and died; what it had read is kept"


# --- what was covered ------------------------------------------------------------------------------------------------


def covered(run: Assessment) -> str:
    """How many of the planned reads were answered, and what was listed."""
    seen = summary.coverage(run)
    text = f"{seen.answered:,} of {counted(seen.planned, 'planned read')} answered"
    if seen.refused:
        text += f" ({', '.join(f'{count:,} {plain(reason)}' for reason, count in seen.refused.items())})"
    return f"{text}; {counted(seen.resources, 'resource')} of {counted(seen.types, 'type')} listed."


def incomplete(run: Assessment) -> str:
    """Which listings were not complete; empty where all were."""
    seen = summary.coverage(run)
    if not seen.incomplete:
        return ""
    places = [f"{row.type} in {safe(str(row.scope))}" for row in seen.incomplete]
    return f"{counted(len(places), 'listing')} not complete, so there may be more: {named(places, 3)}."


def boundary(run: Assessment) -> tuple[str, ...]:
    """What the written boundary came to: how many resources are in and out and by which rule, and what nobody named."""
    found = run.boundary
    if found is None:
        return ()
    total = found.inside + found.out_of_boundary
    rules = [
        f"{safe(row.id)} {row.resources:,} (approved by {safe(row.approver)}: {safe(row.reason).rstrip('.')})"
        for row in found.rules
        if row.resources
    ]
    told = [
        f"{found.out_of_boundary:,} of {counted(total, 'resource')} out of the boundary, not judged"
        + (f": {named(rules, 3, 'more rules')}." if rules else ".")
    ]
    if found.undecided:
        told.append(f"{counted(found.undecided, 'resource')} judged, since what a rule asks of them was not read.")
    if found.unnamed:
        accounts = named([safe(f"{row.provider} {row.account}") for row in found.unnamed], 3)
        number = counted(len(found.unnamed), "account")
        told.append(f"{number} no boundary rule names, so the run is incomplete: {accounts}.")
    return tuple(told)


def vendors(run: Assessment) -> tuple[tuple[str, str], ...]:
    """The subservice organisations, what they ask of us, and what customers must do: a label and a text each."""
    words = {row.control.id: summary.word(row) for row in run.controls}
    found = told(run.vendors, run.entity_controls, words)
    return tuple((safe(label), safe(text, LONGEST_VENDOR)) for label, text in found)


def none_exist(run: Assessment) -> str:
    """Of which types there is nothing, and which services are not in use; empty where neither."""
    seen = summary.coverage(run)
    none = f"None exist: {named(seen.empty, 3, 'more types')}." if seen.empty else ""
    off = f"Not in use: {named(sorted({row.type for row in seen.off}), 3, 'more types')}." if seen.off else ""
    return f"{none} {off}".strip()


def not_entered(run: Assessment) -> str:
    """The accounts that should have been read and could not be; empty where there are none."""
    closed = summary.closed_accounts(run)
    if not closed:
        return ""
    names = named([safe(account) for account in closed], 3)
    them = "it" if len(closed) == 1 else "them"
    return f"{counted(len(closed), 'account')} could not be read, so nothing in {them} was seen: {names}."


def left_out(run: Assessment) -> tuple[str, ...]:
    """The accounts and regions that exist and were not to be read, and why."""
    rows = run.snapshot.left_out
    accounts = [row for row in rows if row.scope.region == "*"]
    told = []
    for why in sorted({row.why for row in accounts}):
        names = [safe(f"{row.name} ({row.scope.account})") for row in accounts if row.why == why]
        told.append(f"{counted(len(names), 'account')} {safe(why)}, so not read: {named(names, 3)}.")
    regions = ranges({safe(row.scope.region) for row in rows if row.scope.region != "*"})
    return (*told, f"Regions not enabled, so not read: {', '.join(regions)}.") if regions else tuple(told)


# --- what was not seen, what was accepted ----------------------------------------------------------------------------


def not_seen(run: Assessment) -> str:
    """How many causes explain how many unknown verdicts."""
    found = summary.gaps(run)
    permissions = sum(gap.granting for gap in found)
    told = counted(len(found), "cause") if not permissions else counted(permissions, "missing permission")
    if permissions and permissions < len(found):
        told += f" and {counted(len(found) - permissions, 'other cause')}"
    explain = "explains" if len(found) == 1 else "explain"
    return f"Not seen: {told} {explain} {counted(summary.totals(run).unknown, 'unknown verdict')}"


def gap(found: summary.Gap) -> str:
    """A cause of unknown verdicts, and where."""
    where = named([safe(str(scope)) for scope in found.scopes], 1)
    needs = f": {safe(found.needs)}" if found.needs else ""
    return f"{plain(found.reason)}{needs} in {where}"


def waiver(state: WaiverState) -> tuple[str, str]:
    """What became of a waiver: a label, and a sentence."""
    of = state.waiver
    if state.state == "expired":
        return "EXPIRED", f"ended {of.expires}, its failures count again ({of.check})"
    if state.state == "unmatched":
        return "UNMATCHED", f"nothing that it names fails ({of.check})"
    if state.state == "uncommitted":
        return "NO EFFECT", f"no commit brought it, so it waives nothing ({of.check})"
    if state.state == "not_started":
        return "NOT YET", f"starts {of.start} ({of.check})"
    approval = of.approval
    how = "SELF-APPROVED by" if approval.self_approved else "approved by"
    failures, kind = counted(len(state.matches), "failure"), _WAIVED.get(of.kind, of.kind)
    text = f"{failures}, {kind} until {of.expires}, {how} {safe(approval.approver)} ({approval.standing})"
    return "in force", text


def bare(criteria: Iterable[CriterionConclusion], places: Container[str]) -> str:
    """The controls that were looked at and of which there is no evidence at all; nothing where there are none.

    They have no row where room is short: of a new programme they are most, and would hide what failed.
    """
    controls = {item.control.id: item for row in criteria for item in row.controls if item.control.id in places}
    ids = sorted(id_ for id_, item in controls.items() if summary.bare(item))
    return (
        f"Nothing was read or recorded that shows {counted(len(ids), 'control')}: {safe(', '.join(ids), 2000)}."
        if ids
        else ""
    )
