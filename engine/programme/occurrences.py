"""Recurring controls by occurrence: what was expected, and what was on time, late or absent.

An occurrence is a calendar period. A record belongs to the one in which its effective date lies, or to the one that it
names; a newer record never fills an older occurrence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, Literal

from engine.programme.model import Every, Occurrence, Record, Recurrence
from engine.programme.standing import supports

_MONTHS: Final[dict[Every, int]] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_KEPT: Final = ("on_time", "late")


def occurrences(
    recurrence: Recurrence,
    kinds: Sequence[str],
    control: str,
    records: Iterable[Record],
    window: tuple[date, date],
    on: date,
) -> tuple[Occurrence, ...]:
    """The occurrences of a control that are due in a window (first and last day), as they stand on a day.

    Each needs every one of ``kinds``. Those that have not begun on that day are left out. In a window that is too short
    for one to end in it, the one that its last day lies in is expected, and the one before it counts. Of the one in
    which the control began nothing is expected either; what was done in it counts.
    """
    mine = [record for record in records if any(supports(record, kind, control) for kind in kinds)]
    since = recurrence.since or date.min
    found = (
        _occurrence(recurrence, kinds, name, first, last, mine, on)
        for name, first, last in _around(recurrence.every, *window)
        if first <= on and last >= since
    )
    return tuple(row for row in found if (row.starts >= since and row.due >= window[0]) or row.state in _KEPT)


def _around(every: Every, starts: date, ends: date) -> tuple[tuple[str, date, date], ...]:
    """The periods that end in a window; where none does, the one that its end lies in, and the one before."""
    found = tuple(periods(every, starts, ends))
    if found:
        return found
    year = timedelta(days=366)
    near = tuple(periods(every, ends - 2 * year, ends + year))
    at = next(index for index, (_, first, last) in enumerate(near) if first <= ends <= last)
    return near[at - 1 : at + 1]


def periods(every: Every, starts: date, ends: date) -> Iterator[tuple[str, date, date]]:
    """The calendar periods (name, first day, last day) whose last day lies between two days, both included."""
    months = _MONTHS[every]
    first = date(starts.year, (starts.month - 1) // months * months + 1, 1)
    while (last := _after(first, months) - timedelta(days=1)) <= ends:
        yield name_of(every, first), first, last
        first = last + timedelta(days=1)


def name_of(every: Every, day: date) -> str:
    """The name of the calendar period that a day lies in: "2026", "2026-H2", "2026-Q3", "2026-09"."""
    number = (day.month - 1) // _MONTHS[every] + 1
    return {
        "year": f"{day.year}",
        "half_year": f"{day.year}-H{number}",
        "quarter": f"{day.year}-Q{number}",
        "month": f"{day.year}-{day.month:02}",
    }[every]


def _after(first: date, months: int) -> date:
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)


def _occurrence(
    recurrence: Recurrence,
    kinds: Sequence[str],
    name: str,
    first: date,
    last: date,
    records: Iterable[Record],
    on: date,
) -> Occurrence:
    closes = last + timedelta(days=recurrence.grace_days)
    timely: list[Record] = []
    late: list[Record] = []
    after: list[Record] = []
    for record in records:
        made = record.effective_on
        if made is None or made > on or not record.whole or _belongs(record, recurrence.every) != name:
            continue
        if made < first:
            continue  # What was made before a period began shows nothing of it, whatever it names.
        (timely if made <= last else late if made <= closes else after).append(record)
    shown = {record.kind for record in timely}
    lacking = tuple(kind for kind in kinds if kind not in shown and kind not in {record.kind for record in late})
    state: Literal["on_time", "late", "absent", "open"] = "open" if on <= closes else "absent"
    if not lacking:
        state = "on_time" if shown.issuperset(kinds) else "late"
    return Occurrence(
        name=name,
        starts=first,
        due=last,
        closes=closes,
        state=state,
        sources=tuple(record.id for record in (*timely, *late)),
        lacking=lacking,
        after=tuple(record.id for record in after),
        on_word_of=() if lacking else _words((*timely, *late)),
        handed_in_on=max((day for row in (*timely, *late) if (day := row.received_on) and day > closes), default=None),
    )


def _words(records: Sequence[Record]) -> tuple[str, ...]:
    """Who recorded what no file shows, of the kinds for which no record with a file is there."""
    filed = {record.kind for record in records if record.files}
    return tuple(dict.fromkeys(record.by for record in records if not record.files and record.kind not in filed))


def _belongs(record: Record, every: Every) -> str | None:
    """The name of the occurrence that a record speaks for."""
    if record.occurrence is not None:
        return record.occurrence
    return None if record.effective_on is None else name_of(every, record.effective_on)
