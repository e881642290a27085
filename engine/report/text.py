"""The screen: what each control shows, what was covered, what to fix first, what was not seen, where it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.model import GLOBAL, Assessment, Criterion, CriterionConclusion, Finding, WaiverState
from engine.report import Options, closing, layout, summary, tables
from engine.report.layout import Page, Style, cells, clipped, counted, left, named, ranges, wrapped
from engine.report.safe import safe

FIX_FIRST: Final = 5
SHOWN_GAPS: Final = 5
FEW_REASONS: Final = 2
SHOWN_WAIVERS: Final = 4
FEW_CHECKS: Final = 12
"""So many checks are shown one by one; more are shown by control only."""

_SEVERITY: Final[dict[str, tuple[Style, ...]]] = {
    "critical": ("bold", "red"), "high": ("red",), "medium": ("yellow",), "low": ("cyan",),
}  # fmt: skip
_KIND: Final = {"adhoc": "ad-hoc run", "scheduled": "scheduled run", "gate": "gate", "demo": "demonstration"}
_WAIVED: Final = {
    "risk_accepted": "accepted risk",
    "compensating_control": "compensating control",
    "false_positive": "said to be a false positive",
    "planned_fix": "fix planned, accepted",
}


def render(assessment: Assessment, options: Options) -> str:
    """The assessment as a page of text for a terminal of ``options.width`` columns."""
    page = layout.page(options)
    sections: tuple[Callable[[Assessment, Page], Iterator[str]], ...] = (
        _header, _criteria, _checks, _coverage, _fixes, _gaps, _waivers, _uncovered, closing.lines,
    )  # fmt: skip
    blocks = [[line.rstrip() for line in section(assessment, page)] for section in sections]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


# --- what this is --------------------------------------------------------------------------------------------------


def _header(run: Assessment, page: Page) -> Iterator[str]:
    if run.kind == "demo":
        yield page.paint(clipped(closing.WATERMARK, page.width), "bold", "yellow")
    title = f"{safe(run.organization)} · {_KIND.get(run.kind, run.kind)} · auditreel {run.engine_version}"
    yield page.heading(title, f"as of {run.as_of}")
    yield from page.labelled("Scanned", _scanned(run), most=3)
    if run.resumed is not None:
        yield from page.labelled("Resumed", f"a run that began at {run.resumed} and died; what it had read is kept")
    yield from page.labelled("Judged", _judged(run), most=3)
    if run.sealed is not None:
        yield from page.labelled("Recorded", closing.recorded(run), most=3)


def _scanned(run: Assessment) -> str:
    accounts = sorted(summary.accounts(run))
    regions = sorted({safe(scope.region) for scope in run.snapshot.scopes} - {GLOBAL})
    where = f"{counted(len(regions), 'region')} ({named(regions, 3)})" if regions else "no region"
    who = run.snapshot.identity.get("arn", "").rpartition(":")[2]
    text = f"{counted(len(accounts), 'account')} ({named(map(safe, accounts), 3)}), {where}"
    text += f", as {safe(who)}" if who else ""
    return text if run.snapshot.source == "live" else f"{text}; from a stored snapshot"


def _judged(run: Assessment) -> str:
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


# --- by criterion and control --------------------------------------------------------------------------------------


def _criteria(run: Assessment, page: Page) -> Iterator[str]:
    asked = [row for row in run.criteria if row.selected]
    places = summary.placed(asked)
    if not places:
        return
    table = tables.Controls([item for row in asked for item in row.controls if item.control.id in places], page)
    yield table.heading("Criterion and control")
    for row in asked:
        here = [item for item in row.controls if item.control.id in places]
        own = [item for item in here if places[item.control.id] == row.criterion.id]
        others = len(here) - len(own)
        if here:
            yield page.heading(f"{row.criterion.id} {row.criterion.title}", f"+ {others} above" if others else "")
        for item in own:
            yield table.row(item)
    yield from _narrowed(asked, page)


def _narrowed(asked: Sequence[CriterionConclusion], page: Page) -> Iterator[str]:
    """What the filters of the run took from controls."""
    controls = {item.control.id: item for row in asked for item in row.controls}
    whole = sum(not summary.ran(item) for item in controls.values())
    part = sum(summary.ran(item) and bool(item.not_run) for item in controls.values())
    said = [f"no check of {counted(whole, 'more control')}"] if whole else []
    said += [f"only some checks of {counted(part, 'control')} above"] if part else []
    if said:
        yield from (
            page.paint(line, "dim") for line in wrapped(f"The filters select {' and '.join(said)}.", page.width)
        )


def _checks(run: Assessment, page: Page) -> Iterator[str]:
    if len(run.populations) <= FEW_CHECKS:
        yield from tables.checks(run, page)


# --- what was covered ----------------------------------------------------------------------------------------------


def _coverage(run: Assessment, page: Page) -> Iterator[str]:
    seen = summary.coverage(run)
    text = f"{seen.answered:,} of {counted(seen.planned, 'planned read')} answered"
    if seen.refused:
        text += f" ({', '.join(f'{count:,} {_plain(reason)}' for reason, count in seen.refused.items())})"
    yield from page.labelled(
        "Coverage", f"{text}; {counted(seen.resources, 'resource')} of {seen.types:,} types listed."
    )
    if seen.incomplete:
        places = [f"{row.type} in {safe(str(row.scope))}" for row in seen.incomplete]
        text = f"{counted(len(places), 'listing')} not complete, so there may be more: {named(places, 3)}."
        yield from page.paragraph(text, "yellow")
    none = f"None exist: {named(seen.empty, 3, 'more types')}." if seen.empty else ""
    off = f"Not in use: {named(sorted({row.type for row in seen.off}), 3, 'more types')}." if seen.off else ""
    if none or off:
        yield from page.paragraph(f"{none} {off}".strip())
    yield from _left_out(page, run)


def _left_out(page: Page, run: Assessment) -> Iterator[str]:
    """Accounts that could not be entered, which is a gap, and what was left out on purpose, which is none."""
    closed = summary.closed_accounts(run)
    if closed:
        names = named([safe(account) for account in closed], 3)
        text = f"{counted(len(closed), 'account')} could not be entered, so nothing in it was seen: {names}."
        yield from page.paragraph(text.replace("it was", "them was") if len(closed) > 1 else text, "yellow")
    rows = run.snapshot.left_out
    for why in sorted({row.why for row in rows if row.scope.region == "*"}):
        mine = [row for row in rows if row.scope.region == "*" and row.why == why]
        names = named([safe(f"{row.name} ({row.scope.account})") for row in mine], 3)
        yield from page.paragraph(f"{counted(len(mine), 'account')} {safe(why)}, so not read: {names}.")
    regions = ranges({safe(row.scope.region) for row in rows if row.scope.region != "*"})
    if regions:
        yield from page.paragraph(f"Regions not enabled, so not read: {', '.join(regions)}.")


def _plain(reason: str) -> str:
    return reason.replace("_", " ")


# --- what to fix, what was not seen --------------------------------------------------------------------------------


def _fixes(run: Assessment, page: Page) -> Iterator[str]:
    found = summary.fixes(run)
    if not found:
        return
    yield page.heading("Fix first", "why and how: auditreel explain CHECK")
    for fix in found[:FIX_FIRST]:
        severity = fix.check.severity
        many = counted(len(fix.failures), "failure") + (f", {fix.waived:,} more waived" if fix.waived else "")
        name = left(fix.check.id, page.width - page.margin - cells(many) - 1)
        label = page.paint(left(severity.upper(), page.margin), *_SEVERITY[severity])
        yield f"{label}{page.paint(name, 'bold')} {many}"
        yield from page.paragraph(_failure(fix.failures[0], len(summary.accounts(run)) > 1), most=2)
    if len(found) > FIX_FIRST:
        rest = found[FIX_FIRST:]
        failures = counted(sum(len(fix.failures) for fix in rest), "failure")
        yield from page.paragraph(f"and {failures} of {counted(len(rest), 'more check')}", "dim")


def _failure(finding: Finding, several: bool) -> str:
    """Where and why; the account where there are several, the name where the message does not hold it."""
    message = safe(finding.message or finding.check.title, 400)
    name = safe(finding.subject.name, 60)
    where = f"{safe(finding.scope.account)} " if several else ""
    where += safe(finding.scope.region)
    return f"{where}: {message}" if name in message else f"{where}, {name}: {message}"


def _gaps(run: Assessment, page: Page) -> Iterator[str]:
    found = summary.gaps(run)
    if not found:
        return
    permissions = sum(gap.granting for gap in found)
    unknown = summary.totals(run).unknown
    told = counted(len(found), "cause") if not permissions else counted(permissions, "missing permission")
    if permissions and permissions < len(found):
        told += f" and {counted(len(found) - permissions, 'other cause')}"
    explain = "explains" if len(found) == 1 else "explain"
    yield page.heading(f"Not seen: {told} {explain} {counted(unknown, 'unknown verdict')}")
    for gap in found[:SHOWN_GAPS]:
        where = named([safe(str(scope)) for scope in gap.scopes], 1)
        text = (
            f"{_plain(gap.reason)}: {safe(gap.needs)} in {where}" if gap.needs else f"{_plain(gap.reason)} in {where}"
        )
        yield from page.labelled(f"{gap.verdicts:>7,}", text, "yellow", most=2)
    if len(found) > SHOWN_GAPS:
        yield from page.paragraph(f"and {counted(len(found) - SHOWN_GAPS, 'more cause')}", "dim")
    if permissions:
        yield from page.paragraph("what to grant: auditreel permissions", "dim")


# --- what was accepted, what nobody looks after --------------------------------------------------------------------


def _waivers(run: Assessment, page: Page) -> Iterator[str]:
    if any(state.state != "not_selected" for state in run.waivers):
        yield page.heading("Waivers")
    for kind in ("expired", "uncommitted", "unmatched", "not_started", "in_force"):
        states = sorted((state for state in run.waivers if state.state == kind), key=lambda state: state.waiver.id)
        for state in states[:SHOWN_WAIVERS]:
            label, styles, text = _waiver(state)
            yield from page.labelled(label, f"{safe(state.waiver.id)}: {text}", *styles, most=2)
        if len(states) > SHOWN_WAIVERS:
            yield from page.paragraph(f"and {len(states) - SHOWN_WAIVERS} more {_plain(kind)}", *styles)


def _waiver(state: WaiverState) -> tuple[str, tuple[Style, ...], str]:
    waiver = state.waiver
    if state.state == "expired":
        return (
            "EXPIRED",
            ("bold", "red"),
            f"ended {waiver.expires}, its failures count again ({waiver.check})",
        )
    if state.state == "unmatched":
        return "UNMATCHED", ("yellow",), f"nothing that it names fails ({waiver.check})"
    if state.state == "uncommitted":
        return "NO EFFECT", ("bold", "red"), f"no commit brought it, so it waives nothing ({waiver.check})"
    if state.state == "not_started":
        return "NOT YET", ("yellow",), f"starts {waiver.start} ({waiver.check})"
    approval = waiver.approval
    how = "SELF-APPROVED by" if approval.self_approved else "approved by"
    kind = _WAIVED.get(waiver.kind, waiver.kind)
    failures = counted(len(state.matches), "failure")
    text = f"{failures}, {kind} until {waiver.expires}, {how} {safe(approval.approver)} ({approval.standing})"
    return "in force", (), text


def _uncovered(run: Assessment, page: Page) -> Iterator[str]:
    ours = [row for row in run.criteria if row.selected and row.state in ("controls", "no_control")]
    bare = [row for row in ours if row.state == "no_control"]
    if bare:
        yield page.heading(f"No control for {len(bare)} of {counted(len(ours), 'criterion', 'criteria')}")
        yield from page.paragraph("; ".join(_by_series(bare, ours)) + ".")
    partial = [
        f"{_brief(row.criterion)} ({', '.join(row.uncovered_aspects)})"
        for row in ours
        if row.uncovered_aspects and row.controls
    ]
    if partial:
        yield from page.labelled("Aspects", f"without a control: {', '.join(partial)}.", most=2)
    left_out = summary.left_out(run)
    for reason, rows in left_out.items():
        text = f"{'; '.join(_by_series(rows, run.criteria))}: {safe(reason) or 'no reason given'}."
        yield from page.labelled("Left out", text, most=2 if len(left_out) <= FEW_REASONS else 1)
    others = [row for row in run.criteria if not row.selected]
    if others:
        categories = ", ".join(dict.fromkeys(_plain(row.criterion.category) for row in others))
        text = f"{counted(len(others), 'criterion', 'criteria')} of {categories}"
        yield from page.labelled("Not asked", text, most=2)
    if run.unused_checks:
        yield from page.labelled("Unused", f"No control uses {named(run.unused_checks, 6)}.", most=2)


def _by_series(bare: Sequence[CriterionConclusion], asked: Sequence[CriterionConclusion]) -> Iterator[str]:
    """Criteria by series: "CC1 Control environment" for a whole one, "CC7 System operations (CC7.3, CC7.4)"."""
    for series in dict.fromkeys(row.criterion.series for row in bare):
        lacking = [row.criterion for row in bare if row.criterion.series == series]
        whole = [row for row in asked if row.criterion.series == series]
        if len(lacking) == 1:
            yield f"{lacking[0].id} {lacking[0].title}"
            continue
        part = "" if len(lacking) == len(whole) else f" ({', '.join(_brief(item) for item in lacking)})"
        yield f"{series} {lacking[0].series_title}{part}"


def _brief(item: Criterion) -> str:
    # CC6.1 covers so much that its number alone says nothing.
    return f"{item.id} {item.title}" if item.id == "CC6.1" else item.id
