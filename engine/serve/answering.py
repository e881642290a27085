"""The answers to questions, each made of what a link lets see: functions of a desk and of what was asked.

What may be asked, and how it is written, is the business of :mod:`engine.serve.questions`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from engine.errors import AuditreelError
from engine.model import Clock
from engine.periods import Failure, Period
from engine.report.period_counts import totals
from engine.sealed import resource_key
from engine.serve.answers import (
    ControlInList,
    ControlSeen,
    CoverageSeen,
    DiffSeen,
    FailureSeen,
    Glance,
    PeriodSeen,
    RecordSeen,
    ResourceInRun,
    ResourceSeen,
    Rows,
    RunSeen,
    StoreInList,
    Stores,
)
from engine.serve.library import Store
from engine.serve.links import Link
from engine.serve.seen import NotShownError, Seen, limits, problem, seen, span

T = TypeVar("T")
Given = Mapping[str, Any]
"""What was asked for by name, with what holds where nothing was said."""


class NoQuestionError(NotShownError):
    """It was asked for something that cannot be asked for; the message says what, and names nothing that is sealed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where questions are answered: the stores by name, and the link of who asks."""

    stores: Mapping[str, Store]
    link: Link
    clock: Clock

    def seen(self, given: Given) -> Seen:
        """The period that is asked about. Raises NotShownError."""
        return seen(self.link, self.stores, given["store"], given["period"])


def _cut(rows: Sequence[T], given: Given) -> tuple[T, ...]:
    """The rows of a page. Raises NoQuestionError for one behind the last: nothing on it would look like nothing."""
    page, size = given["page"], given["size"]
    last = max(1, -(-len(rows) // size))
    if page > last:
        raise NoQuestionError(f"page {page}: the last one is {last}")
    return tuple(rows[(page - 1) * size : page * size])


def _narrowed(rows: Iterable[T], given: Given, *names: str) -> list[T]:
    """The rows that have what was asked for, of what may be asked for by these names."""
    wanted = {name: given[name] for name in names if name in given}
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def stores(desk: Desk, given: Given) -> Stores:
    """The stores of a link; of one that does not verify, that."""
    del given
    link, rows = desk.link, []
    for name, store in desk.stores.items():
        if store.id not in link.stores:
            continue
        read = store.read(link.limited)
        try:
            held = store.held()
        except AuditreelError as error:
            rows.append(StoreInList(name, None, False, None, None, (), problem(error, store, link), read))
            continue
        nights = span(held, link, desk.clock.now())
        rows.append(
            StoreInList(
                name=name,
                anchored=held.overview.anchored,
                demonstration=held.overview.demonstration,
                first=None if nights is None else nights[0].isoformat(),
                last=None if nights is None else nights[1].isoformat(),
                closed=tuple(
                    window for window in held.overview.closed if link.covers(*map(date.fromisoformat, window))
                ),
                problem=None,
                read=read,
            )
        )
    return Stores(limits(link), tuple(rows))


def period(desk: Desk, given: Given) -> PeriodSeen:
    """A period, whole."""
    at = desk.seen(given)
    return PeriodSeen(*at.head, at.period)


def glance(desk: Desk, given: Given) -> Glance:
    """A period in numbers."""
    at = desk.seen(given)
    period = at.period
    return Glance(
        *at.head,
        demonstration=period.demonstration,
        organization=period.organization,
        starts=period.starts,
        ends=period.ends,
        closed=period.closed,
        totals=totals(period),
        controls=Counter(row.word for row in period.controls),
        criteria=Counter(row.state for row in period.criteria),
        open=Counter(row.severity for row in period.failures if row.ended == "open"),
    )


def listed(of: Callable[[Period], Sequence[Any]]) -> Callable[[Desk, Given], Any]:
    """A page of what a period has; ``check`` narrows it, where it may be asked for."""

    def answer(desk: Desk, given: Given) -> Rows[Any]:
        at = desk.seen(given)
        return _rows(at, _narrowed(of(at.period), given, "check"), given)

    return answer


def _rows(at: Seen, rows: Sequence[T], given: Given) -> Rows[T]:
    return Rows(*_head(at, rows, given), _cut(rows, given))


def _head(at: Seen, rows: Sequence[Any], given: Given) -> tuple[tuple[str, ...], str, str, int, int, int]:
    """What an answer in pages begins with."""
    return *at.head, given["page"], given["size"], len(rows)


def coverage(desk: Desk, given: Given) -> CoverageSeen:
    """A page of what ran where on which night."""
    at = desk.seen(given)
    rows = _narrowed(at.period.coverage, given, "check")
    nights = tuple(night.date for night in at.period.nights)
    return CoverageSeen(*_head(at, rows, given), nights, _cut(rows, given))


def in_list(period: Period) -> list[ControlInList]:
    """The controls of a period, in short."""
    return [
        ControlInList(
            id=row.control.id,
            statement=row.control.statement,
            owner=row.control.owner,
            criteria=row.control.criteria,
            word=row.word,
            nights=row.nights,
            expected=row.expected,
            subjects=row.subjects,
            failed=row.failed,
            deviations=row.deviations,
            result=row.result,
        )
        for row in period.controls
    ]


def control(desk: Desk, given: Given) -> ControlSeen:
    """A control. Raises NotShownError."""
    at = desk.seen(given)
    for row in at.period.controls:
        if row.control.id == given["control"]:
            return ControlSeen(*at.head, row)
    raise NotShownError


def failures(desk: Desk, given: Given) -> Rows[FailureSeen]:
    """A page of failures."""
    at = desk.seen(given)
    found = _narrowed(at.period.failures, given, "check", "ended")
    return Rows(*_head(at, found, given), tuple(map(_failure, _cut(found, given))))


def _failure(failure: Failure) -> FailureSeen:
    return FailureSeen(failure.id, resource_key(failure.scope, failure.subject), failure)


def run(desk: Desk, given: Given) -> RunSeen:
    """A page of a run's records. Raises NotShownError."""
    at = desk.seen(given)
    run = at.run(given["run"])
    rows = _narrowed(run.rows, given, "verdict", "check")
    return RunSeen(*_head(at, rows, given), replace(run, rows=_cut(rows, given)))


def record(desk: Desk, given: Given) -> RecordSeen:
    """A record with its proof. Raises NotShownError."""
    at = desk.seen(given)
    run = at.run(given["run"])
    found = at.store.inspected(run.run).record(at.index(run, str(given["index"])))
    return RecordSeen(*at.head, run.run, run.root, run.total, found)


def resource(desk: Desk, given: Given) -> ResourceSeen:
    """A resource's failures, and what a page of runs judged of it, the newest first."""
    at, key = desk.seen(given), given["resource"]
    frames = at.period.frames[::-1]
    runs = tuple(
        ResourceInRun(
            run=frame.moment.run,
            night=frame.night,
            as_of=frame.moment.as_of,
            records=tuple(row for row in at.run(frame.moment.run).rows if row.resource == key),
        )
        for frame in _cut(frames, given)
    )
    failures = tuple(row for row in map(_failure, at.period.failures) if row.resource == key)
    places = [(row.failure.subject, row.failure.scope) for row in failures]
    places += [(row.subject, row.scope) for run in runs for row in run.records]
    subject, scope = places[0] if places else (None, None)
    return ResourceSeen(
        *_head(at, frames, given),
        resource=key,
        subject=subject,
        scope=scope,
        failures=failures,
        runs=runs,
    )


def diff(desk: Desk, given: Given) -> DiffSeen:
    """What differs between two runs of a period. Raises NotShownError."""
    at = desk.seen(given)
    found = at.compared(given["before"], given["run"])
    return DiffSeen(*_head(at, found.turned, given), replace(found, turned=_cut(found.turned, given)))
