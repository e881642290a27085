"""What every format of a period counts: the totals, the failures' numbers, the gaps. Counted here and nowhere else.

Nothing here is a verdict: it counts and groups what the period says, so that every format says the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from engine.errors import InputError
from engine.model import ControlWord, Scope
from engine.periods import MARKS, ControlInPeriod, Failure, Period, Tally

WORDS: Final[tuple[ControlWord, ...]] = (
    "failures_observed", "incomplete", "no_evidence", "did_not_occur", "no_failures_observed",
)  # fmt: skip
"""What a control can show, what needs a reader first."""

STATES: Final[Mapping[str, str]] = {mark: state for state, mark in MARKS.items()}
"""What a mark of :attr:`engine.periods.CoverageRow.nights` means."""

FailureKey = tuple[str, int, Scope, str, str, str]


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of a period, which each format prints under :data:`LABELS`.

    ``deviations`` + ``undecided`` + ``within_limit`` = ``failures``. ``open`` are those without an end, ``accepted``
    those beside which a waiver stood. ``nights`` = ran + partly + missed + not_retained; ``late`` and
    ``resumed`` are of ran and partly. ``items`` sums the populations, so that what two checks judge counts twice.
    """

    criteria: int
    controls: int
    controls_with_failures: int
    failures: int
    deviations: int
    undecided: int
    within_limit: int
    open: int
    accepted: int
    nights: int
    ran: int
    partly: int
    missed: int
    not_retained: int
    late: int
    resumed: int
    runs: int
    populations: int
    items: int
    incomplete_populations: int
    waivers: int
    changes: int
    weaker_parameters: int


LABELS: Final[Mapping[str, str]] = {
    "criteria": "Criteria",
    "controls": "Controls",
    "controls_with_failures": "Controls with failures observed",
    "failures": "Failures",
    "deviations": "Deviations by the control's rule",
    "undecided": "Failures not decided by a rule",
    "within_limit": "Failures within the control's limit",
    "open": "Failures open at the end",
    "accepted": "Failures beside which a waiver stood",
    "nights": "Nights expected",
    "ran": "Nights that ran",
    "partly": "Nights that ran in part",
    "missed": "Nights that did not run",
    "not_retained": "Nights not retained",
    "late": "Nights that ran late",
    "resumed": "Nights that stopped and went on",
    "runs": "Sealed runs",
    "populations": "Populations",
    "items": "Items of all populations",
    "incomplete_populations": "Populations not complete",
    "waivers": "Waivers",
    "changes": "Changes in how it was judged",
    "weaker_parameters": "Parameters weaker than the default",
}
"""What each total is called, in the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nights in a row on which one check in one scope did not run as a whole, though it was in force.

    ``first`` and ``last`` are dates of nights, both included; ``state`` is partly, did_not_run or not_retained.
    """

    scope: Scope
    check: str
    state: str
    first: str
    last: str
    nights: int


@dataclass(frozen=True, slots=True)
class SharedGap:
    """The same nights in a row in the same state, of one or more checks in their scopes; ``gaps`` are its parts.

    ``all_`` says whether it is of every check in every scope that was in force then.
    """

    state: str
    first: str
    last: str
    nights: int
    gaps: tuple[Gap, ...]
    all_: bool


def totals(period: Period) -> Totals:
    """The totals of a period."""
    states = Counter(night.state for night in period.nights)
    decided = Counter(failure.deviation for failure in period.failures)
    return Totals(
        criteria=len(period.criteria),
        controls=len(period.controls),
        controls_with_failures=sum(bool(row.failed) for row in period.controls),
        failures=len(period.failures),
        deviations=decided[True],
        undecided=decided[None],
        within_limit=decided[False],
        open=sum(failure.ended == "open" for failure in period.failures),
        accepted=sum(bool(failure.waivers) for failure in period.failures),
        nights=len(period.nights),
        ran=states["ran"],
        partly=states["partly"],
        missed=states["did_not_run"],
        not_retained=states["not_retained"],
        late=sum(night.late for night in period.nights),
        resumed=sum(bool(night.resumed) for night in period.nights),
        runs=len(period.frames),
        populations=len(period.populations),
        items=sum(row.count for row in period.populations),
        incomplete_populations=sum(not row.complete for row in period.populations),
        waivers=len(period.waivers),
        changes=len(period.changes),
        weaker_parameters=sum(change.weaker for change in period.changes),
    )


def labelled(period: Period) -> tuple[tuple[str, int], ...]:
    """The totals as (label, number), in the order of printing."""
    found = totals(period)
    return tuple((LABELS[field.name], getattr(found, field.name)) for field in fields(Totals))


def key(failure: Failure) -> FailureKey:
    """What tells one failure of a period from every other."""
    subject = failure.subject
    return (failure.check, failure.version, failure.scope, subject.type, subject.id, failure.first_bad.as_of)


def numbers(period: Period) -> Mapping[FailureKey, str]:
    """A reference for each failure ("F-007"), by its place in the period, that every format uses.

    Raises InputError where a control shows a failure that the period does not hold, since totals would then not agree,
    and where a criterion names a control that the period does not have.
    """
    width = max(3, len(str(len(period.failures))))
    found = {key(failure): f"F-{index:0{width}}" for index, failure in enumerate(period.failures, 1)}
    known = {row.control.id for row in period.controls}
    for criterion in period.criteria:
        for id_ in criterion.controls:
            if id_ not in known:
                raise InputError(
                    f"Criterion {criterion.criterion.id} names the control {id_}, which the period does not have. "
                    "Rebuild the store's index (auditreel store rebuild) and report again."
                )
    for row in period.controls:
        for failure in row.failures:
            if key(failure) not in found:
                raise InputError(
                    f"Control {row.control.id} shows a failure of {failure.check} that the period does not hold, so "
                    "totals would not agree. Rebuild the store's index (auditreel store rebuild) and report again."
                )
    return found


def serving(period: Period) -> Mapping[FailureKey, tuple[str, ...]]:
    """The controls that show each failure; a failure that none shows has no entry."""
    found: dict[FailureKey, tuple[str, ...]] = {}
    for row in period.controls:
        for failure in row.failures:
            found[key(failure)] = (*found.get(key(failure), ()), row.control.id)
    return found


def criteria_of(period: Period) -> Mapping[str, tuple[str, ...]]:
    """The criteria under which each control stands, in their order."""
    found: dict[str, tuple[str, ...]] = {row.control.id: () for row in period.controls}
    for row in period.criteria:
        for id_ in row.controls:
            found[id_] = (*found.get(id_, ()), row.criterion.id)
    return found


def by_id(period: Period) -> Mapping[str, ControlInPeriod]:
    """The controls by id."""
    return {row.control.id: row for row in period.controls}


def gaps(period: Period) -> Iterator[Gap]:
    """Every gap of every check in every scope, in the order of the coverage and then of the nights."""
    dates = [night.date for night in period.nights]
    shown = {"partly", "did_not_run", "not_retained"}
    for row in period.coverage:
        start = 0
        for index in range(1, len(row.nights) + 1):
            if index < len(row.nights) and row.nights[index] == row.nights[start]:
                continue
            state = STATES[row.nights[start]]
            if state in shown:
                yield Gap(row.scope, row.check, state, dates[start], dates[index - 1], index - start)
            start = index


def shared_gaps(period: Period) -> tuple[SharedGap, ...]:
    """The gaps, those of equal nights and state together, by night."""
    groups: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps(period):
        groups.setdefault((gap.first, gap.last, gap.state), []).append(gap)
    places = {night.date: index for index, night in enumerate(period.nights)}
    absent = MARKS["not_in_force"]
    found = []
    for (first, last, state), parts in sorted(groups.items()):
        span = slice(places[first], places[last] + 1)
        in_force = sum(set(row.nights[span]) != {absent} for row in period.coverage)
        found.append(SharedGap(state, first, last, parts[0].nights, tuple(parts), len(parts) == in_force))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Summed:
    """What the summaries of runs that are kept no longer say of a control, added up.

    ``runs`` are those that judged it, ``failing`` those of them in which something failed; the verdicts are theirs.
    """

    control: str
    runs: int
    failing: int
    verdicts: Tally


def summed(period: Period) -> tuple[Summed, ...]:
    """By control (id), what stays of the runs of the period that are kept no longer."""
    found: dict[str, list[Tally]] = {}
    for row in period.not_retained:
        for id_, said in row.controls.items():
            found.setdefault(id_, []).append(said)
    return tuple(
        Summed(
            control=id_,
            runs=sum(any(_verdicts(one)) for one in said),
            failing=sum(one.failed > 0 for one in said),
            verdicts=Tally(*map(sum, zip(*map(_verdicts, said), strict=True))),
        )
        for id_, said in sorted(found.items())
    )


def _verdicts(said: Tally) -> tuple[int, int, int, int]:
    return said.passed, said.failed, said.unknown, said.not_applicable


def least(failure: Failure) -> timedelta:
    """How long a failure lasted at least: from its first frame to its last."""
    return _at(failure.last_bad.as_of) - _at(failure.first_bad.as_of)


def most(failure: Failure) -> timedelta | None:
    """How long it lasted at most: between the frames before and after it; None where either is missing."""
    if failure.last_good is None or failure.first_good is None:
        return None
    return _at(failure.first_good.as_of) - _at(failure.last_good.as_of)


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)
