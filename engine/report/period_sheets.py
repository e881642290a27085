"""The work paper as sheets of plain cells, which XLSX and CSV then write: equal cells, so equal totals.

The first sheet after the totals has the shape of section IV of a report: criterion, control, what was done, what was
seen; then columns that are the auditor's and stay empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.periods import ControlInPeriod, CriterionInPeriod, Failure, Period
from engine.report import period_counts, period_lists, period_words
from engine.report.period_sheet import Column, Row, Sheet, harmless, sheet

SHEETS: Final = (
    "totals", "workpaper", "failures", "nights", "gaps", "coverage", "populations", "changes", "waivers", "runs",
    "inventory", "samples", "not_retained", "summaries",
)  # fmt: skip
"""The names of all sheets, in their order."""


def sheets(period: Period) -> tuple[Sheet, ...]:
    """All sheets of a period, in the order of :data:`SHEETS`."""
    makers: Mapping[str, Callable[[Period], Sheet]] = {
        "totals": _totals,
        "workpaper": _workpaper,
        "failures": _failures,
        "nights": period_lists.nights,
        "gaps": period_lists.gaps,
        "coverage": period_lists.coverage,
        "populations": period_lists.populations,
        "changes": period_lists.changes,
        "waivers": period_lists.waivers,
        "runs": period_lists.runs,
        "inventory": period_lists.inventory,
        "samples": period_lists.samples,
        "not_retained": period_lists.not_retained,
        "summaries": period_lists.summaries,
    }
    return tuple(makers[name](period) for name in SHEETS)


# --- what it comes to -------------------------------------------------------------------------------------------------


def _totals(period: Period) -> Sheet:
    facts: list[Row] = [
        ("Report", period_words.title(period)),
        *(("First", text) for text in period_words.firsts(period)),
        ("Organisation", period.organization),
        ("Period", period_words.span(period)),
        ("Coverage", period_words.coverage(period)),
        ("Digest of the period", period.digest),
        ("Bounds", period_words.BETWEEN),
        ("Status", period_words.NOT_AN_OPINION),
    ]
    about = "What this is, and the totals, which are the same in every format."
    return sheet("totals", about, (("What", 40), ("Value", 90)), [*facts, *period_counts.labelled(period)])


# --- section IV -------------------------------------------------------------------------------------------------------

_WORKPAPER: Final = (
    Column("Criterion", 9),
    Column("Control", 10),
    Column("Criterion, in our words", 24),
    Column("Control statement", 36),
    Column("Owner", 16),
    Column("Operation", 14),
    Column("Counts as a deviation", 18),
    Column("Population", 26),
    Column("Management's procedure", 38),
    Column("Nights seen as a whole", 9),
    Column("Nights expected", 9),
    Column("Shows", 16),
    Column("Result, in counts", 30),
    Column("Failures", 8),
    Column("Deviations by the rule", 10),
    Column("Not decided", 8),
    Column("Failures listed as", 16),
    Column("Management's response, on record", 28),
    Column("Management's response", 28),
    Column("Auditor's test", 30, auditor=True),
    Column("Auditor's sample", 18, auditor=True),
    Column("Auditor's result", 22, auditor=True),
    Column("Reference", 12, auditor=True),
)


def _workpaper(period: Period) -> Sheet:
    about = (
        "One row for each criterion and control, in the shape of section IV; a control that serves two criteria stands "
        "under both. The last columns are to be filled in."
    )
    numbers, controls = period_counts.numbers(period), period_counts.by_id(period)
    rows: list[Row] = []
    for row in period.criteria:
        rows += [_control(row, controls[id_], numbers) for id_ in row.controls]
        text = period_words.criterion(row) or (
            f"Without a control: {period_words.aspects(row)}" if row.uncovered_aspects else ""
        )
        if text:
            rows.append(_stated(row, text))
    placed = {id_ for row in period.criteria for id_ in row.controls}
    rows += [_control(None, row, numbers) for row in period.controls if row.control.id not in placed]
    return Sheet("workpaper", about, _WORKPAPER, tuple(map(harmless, rows)))


def _control(
    of: CriterionInPeriod | None, row: ControlInPeriod, numbers: Mapping[period_counts.FailureKey, str]
) -> Row:
    control = row.control
    references = ", ".join(numbers[period_counts.key(failure)] for failure in row.failures)
    references = "; ".join(filter(None, (references, period_words.missed(row) if row.missed else "")))
    untested = "; ".join(period_words.untested(row))
    told: Row = (
        of.criterion.id if of else "",
        control.id,
        of.criterion.title if of else "no criterion names it",
        control.statement,
        control.owner,
        period_words.OPERATION.get(control.operation, control.operation),
        period_words.rule(row),
        period_words.populations(row),
        row.procedure,
        row.nights,
        row.expected,
        period_words.word(row),
        f"{row.result} {untested}".strip(),
        row.failed,
        row.deviations,
        sum(failure.deviation is None for failure in row.failures),
        references,
        period_words.response(row),
        period_words.answers(row, numbers),
    )
    return (*told, *_empty(told))


def _stated(of: CriterionInPeriod, text: str) -> Row:
    told: Row = (of.criterion.id, "", of.criterion.title, text)
    return (*told, *_empty(told))


def _empty(told: Row) -> Row:
    return ("",) * (len(_WORKPAPER) - len(told))


# --- failures ---------------------------------------------------------------------------------------------------------

_FAILURES: Final = (
    ("Failure", 8), ("Controls", 12), ("Check", 28), ("Test version", 8), ("Severity", 9), ("Provider", 8),
    ("Account", 14), ("Region", 13), ("Resource type", 22), ("Resource id", 36), ("Resource name", 22),
    ("Last good", 20), ("First bad", 20), ("Last bad", 20), ("First good", 20), ("Began", 20), ("Ended", 20),
    ("Hours, at least", 8), ("Hours, at most", 9), ("Runs failing", 8), ("Not seen within", 8), ("Limit", 12),
    ("By the rule", 16), ("Waivers beside it", 22), ("Replaced by", 24), ("What was observed", 38),
    ("Management's response", 38), ("Id", 14),
)  # fmt: skip


def _failures(period: Period) -> Sheet:
    about = f"One row for each failure, from run to run. {period_words.BETWEEN}"
    numbers, serving = period_counts.numbers(period), period_counts.serving(period)
    rows = (
        _failure(row, numbers[period_counts.key(row)], serving.get(period_counts.key(row), ()))
        for row in period.failures
    )
    return sheet("failures", about, _FAILURES, rows)


def _failure(row: Failure, number: str, controls: tuple[str, ...]) -> Row:
    longest = period_counts.most(row)
    return (
        number,
        ", ".join(controls) or "no control uses its check",
        row.check,
        row.version,
        row.severity,
        row.scope.provider,
        row.scope.account,
        row.scope.region,
        row.subject.type,
        row.subject.id,
        row.subject.name,
        row.last_good.as_of if row.last_good else "",
        row.first_bad.as_of,
        row.last_bad.as_of,
        row.first_good.as_of if row.first_good else "",
        period_words.BEGAN[row.began],
        period_words.ENDED[row.ended],
        period_words.hours(period_counts.least(row)),
        "no bound" if longest is None else period_words.hours(longest, up=True),
        row.frames,
        row.unseen,
        period_words.limit(row),
        period_words.decided(row),
        period_words.accepted(row),
        row.replaced or "",
        row.message or "",
        period_words.responses(row),
        row.id,
    )
