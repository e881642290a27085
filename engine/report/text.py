"""The screen: what to fix first, what was not seen, what each control shows, what was covered, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.model import Assessment, CriterionConclusion, Finding
from engine.report import Options, closing, layout, sentences, summary, tables
from engine.report.layout import Page, Style, cells, counted, left, named, wrapped
from engine.report.safe import safe

FIX_FIRST: Final = 5
MOST_CRITICAL: Final = 10
"""So many critical checks are shown, though they are more than :data:`FIX_FIRST`."""
SHOWN_GAPS: Final = 5
FEW_REASONS: Final = 2
SHOWN_WAIVERS: Final = 4
FEW_CHECKS: Final = 12
"""So many checks are shown one by one; more are shown by control only."""

_SEVERITY: Final[dict[str, tuple[Style, ...]]] = {
    "critical": ("bold", "red"), "high": ("red",), "medium": ("yellow",), "low": ("cyan",),
}  # fmt: skip
_WAIVER: Final[dict[str, tuple[Style, ...]]] = {
    "expired": ("bold", "red"), "uncommitted": ("bold", "red"), "unmatched": ("yellow",), "not_started": ("yellow",),
}  # fmt: skip


def render(assessment: Assessment, options: Options) -> str:
    """The assessment as a page of text for a terminal of ``options.width`` columns."""
    page = layout.page(options)
    sections: tuple[Callable[[Assessment, Page], Iterator[str]], ...] = (
        _header, tables.providers, _fixes, _gaps, _criteria, _checks, _coverage, _waivers, _vendors, _uncovered,
        closing.lines,
    )  # fmt: skip
    blocks = [[line.rstrip() for line in section(assessment, page)] for section in sections]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


# --- what this is --------------------------------------------------------------------------------------------------


def _header(run: Assessment, page: Page) -> Iterator[str]:
    if run.kind == "demo":
        # Never cut short: its end says that this is no evidence.
        yield from (page.paint(line, "bold", "yellow") for line in wrapped(closing.WATERMARK, page.width))
    yield page.heading(sentences.title(run), f"as of {run.as_of}")
    yield from page.labelled("Scanned", sentences.scanned(run), most=3)
    if run.resumed is not None:
        yield from page.labelled("Resumed", sentences.resumed(run), most=3)
    yield from page.labelled("Judged", sentences.judged(run), most=3)
    if run.sealed is not None:
        # Never cut short, however long the path: how it is anchored stands at its end.
        yield from page.labelled("Recorded", closing.recorded(run))
        for label, text in closing.vouching(run):
            yield from page.labelled(label, text, most=3)


# --- what to fix, what was not seen --------------------------------------------------------------------------------


def _fixes(run: Assessment, page: Page) -> Iterator[str]:
    found = summary.fixes(run)
    if not found:
        return
    yield page.heading("Fix first", "why and how: auditreel explain CHECK")
    critical = sum(fix.check.severity == "critical" for fix in found)
    shown = max(FIX_FIRST, min(critical, MOST_CRITICAL))
    several = Counter(share.provider for share in summary.shares(run) for _ in share.accounts)
    for fix in found[:shown]:
        severity = fix.check.severity
        many = counted(len(fix.failures), "failure") + (f", {fix.waived:,} more waived" if fix.waived else "")
        name = left(fix.check.id, page.width - page.margin - cells(many) - 1)
        label = page.paint(left(severity.upper(), page.margin), *_SEVERITY[severity])
        yield f"{label}{page.paint(name, 'bold')} {many}"
        yield from page.paragraph(_failure(fix.failures[0], several[fix.check.provider] > 1), most=2)
    if len(found) > shown:
        rest = found[shown:]
        failures = counted(sum(len(fix.failures) for fix in rest), "failure")
        yield from page.paragraph(f"and {failures} of {counted(len(rest), 'more check')}", "dim")


def _failure(finding: Finding, several: bool) -> str:
    """Where and why; the account where its provider has several, the name where the message does not hold it."""
    message = safe(finding.message or finding.check.title, 400)
    name = safe(finding.subject.name, 60)
    where = f"{safe(finding.scope.account)} " if several else ""
    where += safe(finding.scope.region)
    return f"{where}: {message}" if name in message else f"{where}, {name}: {message}"


def _gaps(run: Assessment, page: Page) -> Iterator[str]:
    found = summary.gaps(run)
    if not found:
        return
    yield page.heading(sentences.not_seen(run))
    for gap in found[:SHOWN_GAPS]:
        yield from page.labelled(f"{gap.verdicts:>7,}", sentences.gap(gap), "yellow", most=2)
    if len(found) > SHOWN_GAPS:
        yield from page.paragraph(f"and {counted(len(found) - SHOWN_GAPS, 'more cause')}", "dim")
    if any(gap.granting for gap in found):
        yield from page.paragraph("what to grant: auditreel permissions", "dim")


# --- by criterion and control --------------------------------------------------------------------------------------


def _criteria(run: Assessment, page: Page) -> Iterator[str]:
    asked = [row for row in run.criteria if row.selected]
    places = summary.placed(asked, run.selection)
    if not places:
        return
    table = tables.Controls([item for row in asked for item in row.controls if item.control.id in places], page)
    yield table.heading("Criterion and control")
    for row in asked:
        here = [item for item in row.controls if item.control.id in places]
        bare = [item for item in here if summary.bare(item)]
        own = [item for item in here if item not in bare and places[item.control.id] == row.criterion.id]
        above = len(here) - len(bare) - len(own)
        if here:
            hints = [f"{len(bare)} without evidence"] if bare else []
            hints += [f"+ {above} above"] if above else []
            yield page.heading(f"{row.criterion.id} {row.criterion.title}", ", ".join(hints))
        for item in own:
            yield table.row(item)
    told = sentences.bare(asked, places)
    if told:
        yield from (page.paint(line, "yellow") for line in wrapped(told, page.width))
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
    yield from page.labelled("Coverage", sentences.covered(run))
    for text in filter(None, (sentences.not_entered(run), sentences.incomplete(run))):
        yield from page.paragraph(text, "yellow")
    for text in filter(None, (sentences.none_exist(run), *sentences.left_out(run))):
        yield from page.paragraph(text)
    for number, text in enumerate(sentences.boundary(run)):
        yield from page.labelled("" if number else "Boundary", text)


# --- what was accepted, what nobody looks after --------------------------------------------------------------------


def _waivers(run: Assessment, page: Page) -> Iterator[str]:
    if any(state.state != "not_selected" for state in run.waivers):
        yield page.heading("Waivers")
    for kind in sentences.WAIVER_STATES:
        states = sorted((state for state in run.waivers if state.state == kind), key=lambda state: state.waiver.id)
        styles = _WAIVER.get(kind, ())
        for state in states[:SHOWN_WAIVERS]:
            label, text = sentences.waiver(state)
            yield from page.labelled(label, f"{safe(state.waiver.id)}: {text}", *styles, most=2)
        if len(states) > SHOWN_WAIVERS:
            yield from page.paragraph(f"and {len(states) - SHOWN_WAIVERS} more {sentences.plain(kind)}", *styles)


def _vendors(run: Assessment, page: Page) -> Iterator[str]:
    rows = sentences.vendors(run)
    if rows:
        yield page.heading("Subservice organisations and customers")
    for label, text in rows:
        yield from page.paragraph(f"{label}: {text}", most=4)


def _uncovered(run: Assessment, page: Page) -> Iterator[str]:
    ours = [row for row in run.criteria if row.selected and row.state in ("controls", "no_control")]
    bare = [row for row in ours if row.state == "no_control"]
    if bare:
        yield page.heading(f"No control for {len(bare)} of {counted(len(ours), 'criterion', 'criteria')}")
        yield from page.paragraph("; ".join(_by_series(bare, ours)) + ".")
    partial = [
        f"{sentences.criteria((row.criterion.id,), (row.criterion,))} ({', '.join(row.uncovered_aspects)})"
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
        categories = ", ".join(dict.fromkeys(sentences.plain(row.criterion.category) for row in others))
        text = f"{counted(len(others), 'criterion', 'criteria')} of {categories}"
        yield from page.labelled("Not asked", text, most=2)
    if sentences.not_chosen(run):
        yield from page.labelled("Not run", sentences.not_chosen(run), most=2)
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
        part = "" if len(lacking) == len(whole) else f" ({sentences.criteria((item.id for item in lacking), lacking)})"
        yield f"{series} {lacking[0].series_title}{part}"
