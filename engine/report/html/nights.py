"""The nights of a period as a control saw them, in runs of equal nights and as the heat map draws them.

The states are those of the coverage; here they are only laid over one another.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from engine.periods import Change, ControlInPeriod, CoverageRow, Failure, Period
from engine.report import period_words
from engine.report.layout import counted
from engine.report.period_counts import STATES


@dataclass(frozen=True, slots=True)
class Square:
    """A night in a heat map: its date, its state, whether a failure was open in it, whether the test changed in it."""

    date: str
    state: str
    failing: int = 0
    changed: bool = False
    late: bool = False

    @property
    def words(self) -> str:
        """The night in words."""
        words = [period_words.STATES[self.state] + (", late" if self.late else "")]
        if self.failing:
            words.append(f"{counted(self.failing, 'failure')} open")
        if self.changed:
            words.append("the test changed")
        return "; ".join(words)

    @property
    def plain(self) -> bool:
        """Whether it ran and there is nothing else to say."""
        return self.state == "ran" and not (self.failing or self.changed or self.late)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Nights in a row of one state."""

    state: str
    first: str
    last: str
    count: int


class Nights:
    """The nights of ``period``, and where its frames lie among them."""

    def __init__(self, period: Period) -> None:
        self._nights = period.nights
        dates = {night.date: index for index, night in enumerate(period.nights)}
        frames = sorted((frame.moment.as_of, dates[frame.night]) for frame in period.frames if frame.night in dates)
        self._times = [as_of for as_of, _ in frames]
        self._places = [place for _, place in frames]
        by_check: dict[str, list[str]] = {}
        for row in period.coverage:
            by_check.setdefault(row.check, []).append(row.nights)
        self._by_check = {check: tuple(sorted(set(rows))) for check, rows in by_check.items()}

    def whole(self, changes: Iterable[Change] = ()) -> tuple[Square, ...]:
        """The nights as the schedule saw them."""
        changed = self._changed(changes)
        return tuple(
            Square(night.date, night.state, 0, index in changed, night.late) for index, night in enumerate(self._nights)
        )

    def of(self, control: ControlInPeriod, changes: Iterable[Change]) -> tuple[Square, ...]:
        """The nights of a control: what was concluded of them, else what its checks' coverage shows."""
        if control.marks:
            states = [STATES[mark] for mark in control.marks]
            return self._drawn(states, control.failures, changes)
        rows = sorted({nights for check in checks(control) for nights in self._by_check.get(check, ())})
        if not rows:
            return ()
        return self._drawn([_together(set(marks)) for marks in zip(*rows, strict=True)], control.failures, changes)

    def _drawn(
        self, states: Sequence[str], failures: Iterable[Failure], changes: Iterable[Change]
    ) -> tuple[Square, ...]:
        failing, changed = self._failing(failures), self._changed(changes)
        squares = []
        for index, (night, state) in enumerate(zip(self._nights, states, strict=True)):
            observed = state in ("ran", "partly")
            squares.append(Square(night.date, state, failing[index] if observed else 0, index in changed))
        return tuple(squares)

    def _failing(self, failures: Iterable[Failure]) -> list[int]:
        """How many failures were open in each night: from its first bad frame to its last."""
        steps = [0] * (len(self._nights) + 1)
        for failure in failures:
            first = bisect_left(self._times, failure.first_bad.as_of)
            last = bisect_right(self._times, failure.last_bad.as_of) - 1
            if first <= last:
                steps[min(self._places[first : last + 1])] += 1
                steps[max(self._places[first : last + 1]) + 1] -= 1
        return list(accumulate(steps))[:-1]

    def _changed(self, changes: Iterable[Change]) -> set[int]:
        """The nights of the frames in which changes were first seen."""
        found = set()
        for change in changes:
            place = bisect_left(self._times, change.at.as_of)
            if place < len(self._times) and self._times[place] == change.at.as_of:
                found.add(self._places[place])
        return found


def checks(control: ControlInPeriod) -> tuple[str, ...]:
    """The checks that a control may rely on, alternatives among them (a member without a dot is no check)."""
    of = control.control
    chosen = [*of.checks, *(member for group in of.alternatives for member in group if "." in member)]
    return tuple(dict.fromkeys(chosen))


def _together(marks: set[str]) -> str:
    """The state of a night of several checks and scopes: ran only where all did, of those that were in force."""
    states = {STATES[mark] for mark in marks} - {"not_in_force"}
    if len(states) <= 1:
        return states.pop() if states else "not_in_force"
    return "did_not_run" if not states & {"ran", "partly"} else "partly"


def stretches(states: Sequence[tuple[str, str]], leave_out: Iterable[str] = ()) -> tuple[Stretch, ...]:
    """(date, state) of nights in order, as runs of equal states."""
    left_out = set(leave_out)
    found = []
    for state, group in groupby(states, key=lambda item: item[1]):
        dates = [date for date, _ in group]
        if state not in left_out:
            found.append(Stretch(state, dates[0], dates[-1], len(dates)))
    return tuple(found)


def gaps(period: Period) -> tuple[tuple[CoverageRow, tuple[str, ...], tuple[Stretch, ...]], ...]:
    """Where less was judged than the schedule's nights tell: (a row, all checks of its scope alike, its gaps).

    A night that did not run at all, or is not retained at all, is a gap of every row, and is shown once for all.
    """
    missed = [night.state in ("did_not_run", "not_retained") for night in period.nights]
    alike: dict[tuple[str, str], tuple[CoverageRow, list[str]]] = {}
    for row in period.coverage:
        alike.setdefault((str(row.scope), row.nights), (row, []))[1].append(row.check)
    found = []
    for row, names in alike.values():
        states = [
            (night.date, "ran" if gone else STATES[mark])
            for night, gone, mark in zip(period.nights, missed, row.nights, strict=True)
        ]
        own = stretches(states, ("ran",))
        if own:
            found.append((row, tuple(names), own))
    return tuple(found)
