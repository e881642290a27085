r"""The report of a period as PDF (ISO 32000-1): to be read, searched, printed and filed; equal periods, equal bytes.

The fonts are embedded, so that it looks the same everywhere. What they cannot show, and text that runs from right to
left, stands as its escape (``\u65e7``): exact beats pretty, and the CSV files hold names as they are. Where a list is
too long to be read, the rest is counted and the work paper named.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reportlab.platypus.tableofcontents import TableOfContents

from engine.model import Scope
from engine.periods import ControlInPeriod, CriterionInPeriod, Failure, Period
from engine.report import Options, closing, period_counts, period_facts, period_words
from engine.report.layout import counted
from engine.report.period_pdf_drawing import Blocks, Cells, Drawing
from engine.report.period_pdf_page import Document
from engine.report.period_pdf_type import sheet


def render(period: Period, options: Options) -> bytes:
    """The report as one PDF file."""
    del options
    styles = sheet()
    contents = TableOfContents(dotsMinLevel=0, levelStyles=[styles["toc"], styles["toc2"]])
    target = io.BytesIO()
    document = Document(target, period)
    draw = Drawing(styles, contents)
    sections: tuple[Callable[[Period, Drawing], Blocks], ...] = (
        _cover, _coverage, _criteria, _unused, _populations, _changes, _waivers, _samples, _not_retained, _system,
        _procedures,
    )  # fmt: skip
    document.multiBuild([block for section in sections for block in section(period, draw)])
    return target.getvalue()


# --- the sections -----------------------------------------------------------------------------------------------------


def _cover(period: Period, draw: Drawing) -> Blocks:
    yield draw.space(34)
    yield draw.text(period_words.title(period), "title")
    yield draw.text(period.organization, "whose")
    yield draw.text(period_words.span(period), "whose")
    yield draw.space(10)
    if period.demonstration:
        yield draw.text(closing.WATERMARK, "alarm")
    yield draw.text(period.anchored, "alarm" if period.anchored.startswith("NOT ANCHORED") else "first")
    if period.closed is not None:
        yield draw.text(period_words.closed(period.closed), "alarm" if period.closed.late else "first")
    yield draw.text(f"Digest of the period: {period.digest}", "small")
    yield draw.space(8)
    yield draw.text(period_words.NOT_AN_OPINION)
    yield draw.text(period_words.BETWEEN)
    yield draw.space(6)
    yield draw.text("Contents", "first")
    yield draw.contents
    yield from draw.section("Totals")
    yield draw.text("The same in every format of this evidence.")
    labels = period_counts.labelled(period)
    yield from draw.table(("What", "Number"), [(label, f"{number:,}") for label, number in labels], (0.5, 0.2))
    yield draw.text("Controls at a glance", "h1")
    yield from draw.table(
        ("Control", "Statement", "Shows", "Failures", "Deviations", "Nights"),
        _glance(period),
        (0.11, 0.44, 0.17, 0.09, 0.11, 0.08),
        "workpaper",
    )


def _glance(period: Period) -> Iterator[Cells]:
    for row in period.controls:
        yield (
            row.control.id,
            row.control.statement,
            period_words.word(row),
            f"{row.failed:,}",
            f"{row.deviations:,}",
            f"{row.nights:,}/{row.expected:,}",
        )


def _coverage(period: Period, draw: Drawing) -> Blocks:
    yield from draw.section("Coverage")
    yield draw.text(period_words.coverage(period))
    yield from draw.calendar(period)
    lacking = [
        night for night in period.nights if night.state != "ran" or night.late or night.unsealed or night.resumed
    ]
    if lacking:
        yield draw.text("Nights that did not run as a whole, on time or in one piece", "h2")
        rows = [
            (
                night.date,
                night.due_at,
                period_words.night(night),
                "; ".join(f"{run}: {why}" for run, why in (*night.unsealed, *night.resumed)) or "nothing is on record",
            )
            if night.state == "did_not_run" or night.unsealed or night.resumed
            else (night.date, night.due_at, period_words.night(night), "")
            for night in lacking
        ]
        yield from draw.table(
            ("Night", "Due", "What became of it", "Begun and never sealed, or gone on with"),
            rows,
            (0.12, 0.22, 0.2, 0.46),
            "nights",
        )
    yield draw.text("Gaps, by check and scope", "h2")
    gaps = period_counts.shared_gaps(period)
    if not gaps:
        yield draw.text("Every check ran as a whole on every night on which it was in force.")
        return
    yield draw.text("Nights in a row on which checks that were in force did not run as a whole.")
    rows_of_gaps = [
        (
            gap.first if gap.first == gap.last else f"{gap.first} to {gap.last}",
            f"{gap.nights:,}",
            period_words.STATES[gap.state],
            period_words.gap(gap),
        )
        for gap in gaps
    ]
    yield from draw.table(("Nights", "Count", "State", "What"), rows_of_gaps, (0.24, 0.08, 0.15, 0.53), "gaps")


def _criteria(period: Period, draw: Drawing) -> Blocks:
    yield from draw.section("Criteria, controls and what was observed")
    controls, numbers = period_counts.by_id(period), period_counts.numbers(period)
    placed: set[str] = set()
    for row in period.criteria:
        yield draw.text(f"{row.criterion.id} {row.criterion.title}", "h2")
        yield from _criterion(row, draw)
        for id_ in row.controls:
            if id_ in placed:
                yield draw.text(f"{id_}: {period_words.above(period, id_)}.")
                continue
            placed.add(id_)
            yield from _control(controls[id_], numbers, draw)
    others = [row for row in period.controls if row.control.id not in placed]
    if others:
        yield draw.text("Controls that no criterion names", "h2")
    for control in others:
        yield from _control(control, numbers, draw)


def _criterion(row: CriterionInPeriod, draw: Drawing) -> Blocks:
    text = period_words.criterion(row)
    if text:
        yield draw.text(text)
    if row.uncovered_aspects:
        yield draw.text(f"Aspects that no control addresses: {period_words.aspects(row)}.", "small")


def _control(row: ControlInPeriod, numbers: Any, draw: Drawing) -> Blocks:
    control = row.control
    yield draw.text(f"{control.id}: {period_words.word(row)}", "h3")
    yield draw.text(control.statement)
    yield draw.facts(
        (
            ("Owner", control.owner),
            ("Operation", period_words.OPERATION.get(control.operation, control.operation)),
            ("Counts as a deviation", period_words.rule(row)),
            ("Population", period_words.populations(row)),
            ("Procedure", row.procedure),
            ("Coverage", period_words.nights(row)),
            ("Not tested throughout", "; ".join(period_words.untested(row))),
            ("Result, in counts", row.result),
            ("Failures", period_words.failures(row)),
            ("Response on record", period_words.response(row)),
        )
    )
    yield draw.space(5)
    if row.failures:
        yield from _failures(row.failures, numbers, draw)


def _failures(failures: Iterable[Failure], numbers: Any, draw: Drawing) -> Blocks:
    rows = (
        (
            numbers[period_counts.key(row)],
            f"{row.subject.name}, {row.severity}: {row.check} version {row.version} in {_scope(row.scope)}. "
            f"{row.message or ''} Id {row.id}.",
            f"{period_words.began(row)}; {period_words.ended(row)}"
            + (f"; replaced by {row.replaced}" if row.replaced else ""),
            f"{period_words.lasted(row)}; {period_words.seen(row)}",
            "; ".join(
                filter(None, (period_words.decided(row), period_words.accepted(row), period_words.responses(row)))
            ),
        )
        for row in failures
    )
    headings = ("Failure", "What", "From when to when", "How long", "By the rule; waivers; response")
    yield from draw.table(headings, rows, (0.075, 0.315, 0.28, 0.165, 0.165), "failures")


def _unused(period: Period, draw: Drawing) -> Blocks:
    serving, numbers = period_counts.serving(period), period_counts.numbers(period)
    others = [row for row in period.failures if period_counts.key(row) not in serving]
    if others:
        yield draw.text("Failures of checks that no control uses", "h2")
        yield from _failures(others, numbers, draw)


def _populations(period: Period, draw: Drawing) -> Blocks:
    yield from draw.section("Populations")
    yield draw.text("Everything of a check that was seen in any run. What lived only between two runs is not claimed.")
    rows = (
        (
            row.check,
            row.resource_type,
            period_words.population(row),
            f"{row.failed:,}",
            f"{row.first_seen.as_of} to {row.last_seen.as_of}" if row.first_seen and row.last_seen else "none seen",
            ", ".join(row.queries),
        )
        for row in period.populations
    )
    headings = ("Check", "Resource type", "Items", "Failed", "First and last seen", "Query")
    yield from draw.table(headings, rows, (0.25, 0.16, 0.18, 0.07, 0.18, 0.16), "populations")


def _changes(period: Period, draw: Drawing) -> Blocks:
    if period.type_ == 1:
        return
    yield from draw.section("Changes in how the period was judged")
    if not period.changes:
        yield draw.text("No change of a check, parameter, control, policy, schema, engine or boundary was seen.")
        return
    rows = ((row.kind, row.name, period_words.change(row), period_words.changed(row)) for row in period.changes)
    yield from draw.table(("What", "Name", "From, to", "Between runs"), rows, (0.1, 0.26, 0.4, 0.24), "changes")


def _waivers(period: Period, draw: Drawing) -> Blocks:
    yield draw.text("Waivers", "h1")
    if not period.waivers:
        yield draw.text("No waiver stood beside a failure.")
        return
    yield draw.text("A waiver stands beside a failure and takes none away: waived failures are in every count.")
    rows = (
        (
            row.id,
            f"{period_words.WAIVED.get(row.kind, row.kind)}: {row.check}. {row.reason}",
            f"owner {row.owner}; approved by {row.approver} ({row.standing}"
            + (", by its owner)" if row.owner == row.approver else ")"),
            f"{row.starts} to {row.expires}",
            f"{counted(row.frames, 'run')}, {counted(len(row.subjects), 'resource')}",
        )
        for row in period.waivers
    )
    headings = ("Waiver", "What and why", "Who", "In force", "Stood beside failures in")
    yield from draw.table(headings, rows, (0.12, 0.38, 0.22, 0.13, 0.15), "waivers")


def _samples(period: Period, draw: Drawing) -> Blocks:
    rows = list(period_words.samples(period))
    if rows:
        yield draw.text("Samples", "h1")
        yield from draw.table(("Population", "Sample"), rows, (0.3, 0.7), "samples")


def _not_retained(period: Period, draw: Drawing) -> Blocks:
    if not period.not_retained:
        return
    yield draw.text("Not retained", "h1")
    yield draw.text(
        "Runs that are kept no longer, with the counts that were sealed of them. Nothing else is known of these nights."
    )
    rows = (
        (
            row.night,
            row.moment.run,
            *(f"{number:,}" for number in (row.passed, row.failed, row.unknown, row.not_applicable)),
            f"{row.removed_at}, entry {row.sequence}: {row.rule}",
        )
        for row in period.not_retained
    )
    headings = ("Night", "Run", "Passed", "Failed", "Unknown", "Not applicable", "Removed")
    yield from draw.table(headings, rows, (0.11, 0.25, 0.08, 0.08, 0.09, 0.1, 0.29), "not_retained")
    kept = [(row.control, period_facts.summed(row)) for row in period_counts.summed(period)]
    if kept:
        yield draw.text("What their summaries say, by control", "h2")
        yield from draw.table(("Control", "Verdicts"), kept, (0.15, 0.85), "summaries")


def _system(period: Period, draw: Drawing) -> Blocks:
    yield from draw.section("Facts for the description of the system")
    if period.frames:
        first, last = period.frames[0], period.frames[-1]
        callers = dict.fromkeys(frame.caller for frame in period.frames)
        engines = dict.fromkeys(frame.engine for frame in period.frames)
        yield draw.facts(
            (
                ("Runs", f"{counted(len(period.frames), 'sealed run')}, {first.moment.as_of} to {last.moment.as_of}"),
                (
                    "Run as",
                    "; ".join(list(callers)[:6]) + (f" and {len(callers) - 6} more" if len(callers) > 6 else ""),
                ),
                ("Engine", ", ".join(engines)),
                ("Last seal", f"chain entry {last.sequence}, Merkle root {last.root}"),
            )
        )
        yield draw.space(6)
    types = sorted({*period.inventory, *period.appeared, *period.gone})
    rows = (
        (name, *(f"{counts.get(name, 0):,}" for counts in (period.inventory, period.appeared, period.gone)))
        for name in types
    )
    yield from draw.table(
        ("Resource type", "At the end", "Appeared", "Gone"), rows, (0.4, 0.15, 0.15, 0.15), "inventory"
    )
    others = (*period_words.vendors(period), *period_words.customers(period))
    if others:
        yield draw.text("Subservice organisations and customers", "h2")
        yield draw.facts(others)


def _procedures(period: Period, draw: Drawing) -> Blocks:
    del period
    yield draw.text("The procedures, in auditors' words", "h1")
    yield draw.facts(period_words.procedure_key())
    yield draw.space(4)
    yield draw.text("How to do each again is in REPERFORM.html, which comes with this report.")


def _scope(scope: Scope) -> str:
    return f"{scope.provider}/{scope.account}/{scope.region}"
