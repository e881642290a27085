"""The work paper as sheets of plain cells, which XLSX and CSV then write: equal cells, so equal totals.

The first sheet after the totals has the shape of section IV of a report: criterion, control, what was done, what was
seen; then columns that are the auditor's and stay empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.periods import ControlInPeriod, CriterionInPeriod, Failure, Period, SecondSource
from engine.report import period_counts, period_words
from engine.report.csv import cell

Value = str | int
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in characters, and whether the auditor fills it in."""

    heading: str
    width: int
    auditor: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name (a file's name, too), what it holds in a sentence, its columns, and its rows.

    Texts are harmless (:func:`engine.report.csv.cell`); numbers are integers.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


SHEETS: Final = (
    "totals", "workpaper", "failures", "nights", "gaps", "coverage", "populations", "changes", "waivers", "runs",
    "inventory", "samples", "not_retained",
)  # fmt: skip
"""The names of all sheets, in their order."""


def sheets(period: Period) -> tuple[Sheet, ...]:
    """All sheets of a period, in the order of :data:`SHEETS`."""
    makers: Mapping[str, Callable[[Period], Sheet]] = {
        "totals": _totals,
        "workpaper": _workpaper,
        "failures": _failures,
        "nights": _nights,
        "gaps": _gaps,
        "coverage": _coverage,
        "populations": _populations,
        "changes": _changes,
        "waivers": _waivers,
        "runs": _runs,
        "inventory": _inventory,
        "samples": _samples,
        "not_retained": _not_retained,
    }
    return tuple(makers[name](period) for name in SHEETS)


def _sheet(name: str, about: str, columns: Iterable[tuple[str, int]], rows: Iterable[Row]) -> Sheet:
    return Sheet(name, about, tuple(Column(*column) for column in columns), tuple(map(_harmless, rows)))


def _harmless(row: Row) -> Row:
    return tuple(cell(value) if isinstance(value, str) else value for value in row)


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
    return _sheet("totals", about, (("What", 40), ("Value", 90)), [*facts, *period_counts.labelled(period)])


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
    return Sheet("workpaper", about, _WORKPAPER, tuple(map(_harmless, rows)))


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
    return _sheet("failures", about, _FAILURES, rows)


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


# --- coverage ---------------------------------------------------------------------------------------------------------


def _nights(period: Period) -> Sheet:
    about = "Every night that the schedule expects, and what became of it."
    columns = (
        ("Night", 12), ("Due", 21), ("State", 14), ("Late", 7), ("Runs", 34), ("Begun and never sealed", 50),
    )  # fmt: skip
    rows = (
        (
            night.date,
            night.due_at,
            period_words.STATES[night.state],
            "late" if night.late else "",
            ", ".join(night.runs),
            "; ".join(f"{run}: {why}" for run, why in night.unsealed),
        )
        for night in period.nights
    )
    return _sheet("nights", about, columns, rows)


def _gaps(period: Period) -> Sheet:
    about = "Nights in a row on which a check that was in force did not run as a whole in a scope."
    columns = (
        ("Check", 40), ("Provider", 9), ("Account", 15), ("Region", 14), ("State", 14), ("First night", 12),
        ("Last night", 12), ("Nights", 8),
    )  # fmt: skip
    rows = (
        (
            gap.check,
            gap.scope.provider,
            gap.scope.account,
            gap.scope.region,
            period_words.STATES[gap.state],
            gap.first,
            gap.last,
            gap.nights,
        )
        for gap in period_counts.gaps(period)
    )
    return _sheet("gaps", about, columns, rows)


def _coverage(period: Period) -> Sheet:
    about = "Of each check in each scope: on how many of the nights it ran."
    columns = (
        ("Check", 40), ("Provider", 9), ("Account", 15), ("Region", 14), *(
            (text.capitalize(), 13) for text in period_words.STATES.values()), ("Nights", 8),
    )  # fmt: skip
    rows: list[Row] = []
    for row in period.coverage:
        marks = Counter(period_counts.STATES[mark] for mark in row.nights)
        scope = row.scope
        states = (marks[state] for state in period_words.STATES)
        rows.append((row.check, scope.provider, scope.account, scope.region, *states, len(row.nights)))
    return _sheet("coverage", about, columns, rows)


def _populations(period: Period) -> Sheet:
    about = "Everything of a check that was seen in any run. What lived only between two runs is not claimed."
    columns = (
        ("Check", 40), ("Resource type", 28), ("Items", 9), ("Items that failed", 9), ("Complete", 22),
        ("First seen", 21), ("Last seen", 21), ("Query", 34), ("Second source", 34),
        ("Counted by it", 9), ("Listed in that run", 9), ("Difference", 10), ("In the run of", 21),
        ("Runs compared", 9), ("Runs that differ", 9),
    )  # fmt: skip
    rows = (
        (
            row.check,
            row.resource_type,
            row.count,
            row.failed,
            "yes" if row.complete else "no: at least so many",
            row.first_seen.as_of if row.first_seen else "none seen",
            row.last_seen.as_of if row.last_seen else "none seen",
            ", ".join(row.queries),
            *_second(row.second),
        )
        for row in period.populations
    )
    return _sheet("populations", about, columns, rows)


def _second(row: SecondSource | None) -> tuple[str | int, ...]:
    if row is None:
        return ("none", "", "", "", "", "", "")
    return (row.query, row.counted, row.listed, row.difference, row.at.as_of, row.frames, row.differing)


# --- what changed, what was accepted, what ran ------------------------------------------------------------------------


def _changes(period: Period) -> Sheet:
    about = "What changed in how the period was judged, and between which runs."
    columns = (
        ("What", 12), ("Name", 50), ("Last run before", 21), ("First run with", 21), ("Before", 44), ("Now", 44),
        ("Weaker than the default", 12),
    )  # fmt: skip
    rows = (
        (
            row.kind,
            row.name,
            row.after.as_of if row.after else "",
            row.at.as_of,
            "absent" if row.before is None else row.before,
            "absent" if row.now is None else row.now,
            "weaker" if row.weaker else "",
        )
        for row in period.changes
    )
    return _sheet("changes", about, columns, rows)


def _waivers(period: Period) -> Sheet:
    about = "What was accepted, by whom and until when. A waiver stands beside a failure and takes none away."
    columns = (
        ("Waiver", 16), ("Kind", 24), ("Check", 40), ("Owner", 22), ("Approver", 26), ("Approval", 14),
        ("Starts", 12), ("Expires", 12), ("First run beside a failure", 21), ("Last run beside a failure", 21),
        ("Runs", 8), ("Resources", 50), ("Reason", 60),
    )  # fmt: skip
    rows = (
        (
            row.id,
            period_words.WAIVED.get(row.kind, row.kind),
            row.check,
            row.owner,
            row.approver,
            f"{row.standing}, by its owner" if row.owner == row.approver else row.standing,
            row.starts,
            row.expires,
            row.first.as_of,
            row.last.as_of,
            row.frames,
            ", ".join(row.subjects),
            row.reason,
        )
        for row in period.waivers
    )
    return _sheet("waivers", about, columns, rows)


def _runs(period: Period) -> Sheet:
    about = "Every sealed run of the period, in order."
    columns = (
        ("Run", 26), ("As of", 21), ("Night", 12), ("Kind", 11), ("Whole or part", 12), ("Sealed", 21),
        ("Chain entry", 9), ("Records", 9), ("Merkle root", 66), ("Engine", 9), ("Caller", 60),
    )  # fmt: skip
    rows = (
        (
            row.moment.run,
            row.moment.as_of,
            row.night,
            row.kind,
            "part" if row.filtered else "whole",
            row.sealed_at,
            row.sequence,
            row.records,
            row.root,
            row.engine,
            row.caller,
        )
        for row in period.frames
    )
    return _sheet("runs", about, columns, rows)


def _inventory(period: Period) -> Sheet:
    about = "Resources at the end of the period, and how many came and went: facts for the description of the system."
    columns = (("Resource type", 40), ("At the end", 12), ("Appeared", 12), ("Gone", 12))
    types = sorted({*period.inventory, *period.appeared, *period.gone})
    rows = (
        (type_, period.inventory.get(type_, 0), period.appeared.get(type_, 0), period.gone.get(type_, 0))
        for type_ in types
    )
    return _sheet("inventory", about, columns, rows)


def _samples(period: Period) -> Sheet:
    about = "What was drawn from populations that were frozen first, one row a unit, in the order of the draw."
    columns = (
        ("Population", 40), ("Frozen in entry", 9), ("Units", 8), ("Of", 9), ("Digest", 24), ("Nonce", 24),
        ("Seed", 24), ("Drawn", 60), ("Replaced by", 60), ("Why", 40), ("When", 20),
    )  # fmt: skip
    rows: list[Row] = []
    for row in period.samples:
        replaced = {unit: told for unit, *told in row.replaced}
        nonce = row.nonce if row.nonce is not None else "internal" if row.internal else "none yet"
        told = (row.of, row.sequence, row.count, row.unit, row.digest, nonce, row.seed)
        units = (*row.drawn, *(by for _, by, _, _ in row.replaced)) or ("",)
        rows += ((*told, unit, *replaced.get(unit, ("", "", ""))[:3]) for unit in units)
    return _sheet("samples", about, columns, rows)


def _not_retained(period: Period) -> Sheet:
    about = (
        "Runs that are kept no longer: what their seals and the entries that removed them say. Nothing else is known."
    )
    columns = (
        ("Night", 12), ("Run", 26), ("Taken", 21), ("Removed", 21), ("By entry", 9), ("Rule", 34), ("Passed", 9),
        ("Failed", 9), ("Unknown", 9), ("Not applicable", 9), ("Waived", 9), ("Root", 66),
    )  # fmt: skip
    rows = (
        (
            row.night,
            row.moment.run,
            row.moment.as_of,
            row.removed_at,
            row.sequence,
            row.rule,
            row.passed,
            row.failed,
            row.unknown,
            row.not_applicable,
            row.waived,
            row.root,
        )
        for row in period.not_retained
    )
    return _sheet("not_retained", about, columns, rows)
