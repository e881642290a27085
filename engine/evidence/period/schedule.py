"""Nights: the local dates on which a run is expected, and which of them a moment belongs to.

A night begins when its run is due and ends when the next one is. Clocks that are put forward or back make nights of 23
or 25 hours, and a local date that does not exist (one was skipped in Samoa) is no night.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import UsageError
from engine.model import Schedule

_DAY = timedelta(days=1)


def instant(text: str) -> datetime:
    """An RFC 3339 time in UTC, as the chain holds it; digits beyond microseconds are cut off."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole).replace(microsecond=int(fraction[:6].ljust(6, "0") or 0), tzinfo=UTC)


def text_of(moment: datetime) -> str:
    """A time in UTC as RFC 3339 text, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Calendar:
    """The nights from ``first`` to ``last``, both included, by a schedule."""

    schedule: Schedule
    first: date
    last: date

    @cached_property
    def zone(self) -> tzinfo:
        """The schedule's time zone. Raises UsageError where this machine does not know it."""
        if self.schedule.timezone == "UTC":
            return UTC
        try:
            return ZoneInfo(self.schedule.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            name = self.schedule.timezone
            raise UsageError(f"reading the time zone {name}: this machine does not know it; install tzdata") from error

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """The nights, as ISO dates."""
        return tuple(day.isoformat() for day, _ in self._slots)

    @cached_property
    def due(self) -> tuple[datetime, ...]:
        """When each night's run is due, UTC."""
        return tuple(moment for _, moment in self._slots)

    def position(self, moment: datetime) -> int:
        """The index of the night that a moment belongs to; -1 for one before the first night is due."""
        return bisect_right(self.due, moment) - 1

    def late_from(self, index: int) -> datetime:
        """The moment after which a run of a night is late."""
        return self.due[index] + timedelta(hours=self.schedule.grace_hours)

    @cached_property
    def _slots(self) -> tuple[tuple[date, datetime], ...]:
        return tuple(self._each())

    def _each(self) -> Iterator[tuple[date, datetime]]:
        at, day = time.fromisoformat(self.schedule.at), self.first
        while day <= self.last:
            due = datetime.combine(day, at, self.zone).astimezone(UTC)
            # A time that the clocks skip is read by the offset before; a date that they skip comes out as another.
            if due.astimezone(self.zone).date() == day:
                yield day, due
            day += _DAY


def night_of(moment: datetime, schedule: Schedule) -> date:
    """The night that a moment belongs to."""
    around = moment.astimezone(UTC).date()
    near = Calendar(schedule, around - 3 * _DAY, around + 3 * _DAY)
    return date.fromisoformat(near.dates[near.position(moment)])
