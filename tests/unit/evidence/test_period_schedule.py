"""Nights are local dates: daylight saving, leap days and dates that never were come out right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.evidence.period.schedule import Calendar, instant, night_of, text_of
from engine.model import Schedule

BERLIN = Schedule("day", "02:30", "Europe/Berlin", 4)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
)


def due(schedule: Schedule, first: str, last: str) -> list[tuple[str, str]]:
    calendar = Calendar(schedule, date.fromisoformat(first), date.fromisoformat(last))
    return list(zip(calendar.dates, map(text_of, calendar.due), strict=True))


def test_a_time_that_the_clocks_skip_is_due_when_it_would_have_been() -> None:
    assert due(BERLIN, "2026-03-28", "2026-03-30") == [
        ("2026-03-28", "2026-03-28T01:30:00Z"),
        ("2026-03-29", "2026-03-29T01:30:00Z"),
        ("2026-03-30", "2026-03-30T00:30:00Z"),
    ]


def test_a_time_that_comes_twice_is_due_the_first_time() -> None:
    assert due(BERLIN, "2026-10-24", "2026-10-26") == [
        ("2026-10-24", "2026-10-24T00:30:00Z"),
        ("2026-10-25", "2026-10-25T00:30:00Z"),
        ("2026-10-26", "2026-10-26T01:30:00Z"),
    ]


def test_a_leap_day_is_a_night_and_only_in_a_leap_year() -> None:
    assert [day for day, _ in due(BERLIN, "2028-02-28", "2028-03-01")] == ["2028-02-28", "2028-02-29", "2028-03-01"]
    assert [day for day, _ in due(BERLIN, "2026-02-28", "2026-03-01")] == ["2026-02-28", "2026-03-01"]


def test_a_date_that_a_country_skipped_is_no_night() -> None:
    apia = Schedule("day", "02:00", "Pacific/Apia", 4)

    assert [day for day, _ in due(apia, "2011-12-29", "2011-12-31")] == ["2011-12-29", "2011-12-31"]


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        ("2026-06-01T00:29:59Z", "2026-05-31"),
        ("2026-06-01T00:30:00Z", "2026-06-01"),
        ("2026-06-01T00:30:00.5Z", "2026-06-01"),
        ("2026-06-02T00:29:59.999Z", "2026-06-01"),
        ("2026-03-29T01:29:59Z", "2026-03-28"),
        ("2026-03-29T01:30:00Z", "2026-03-29"),
    ],
)
def test_a_moment_belongs_to_the_night_that_was_due_last(moment: str, night: str) -> None:
    assert night_of(instant(moment), BERLIN).isoformat() == night


def test_an_unknown_time_zone_is_named() -> None:
    with pytest.raises(UsageError, match="Atlantis"):
        night_of(datetime(2026, 1, 1, tzinfo=UTC), Schedule("day", "02:00", "Europe/Atlantis"))


@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda time: time.strftime("%H:%M")),
    start=st.dates(date(2005, 1, 1), date(2035, 1, 1)),
    seconds=st.integers(0, 40 * 86400),
)
def test_nights_lie_edge_to_edge_and_every_moment_is_in_one(zone: str, at: str, start: date, seconds: int) -> None:
    schedule = Schedule("day", at, zone, 4)
    calendar = Calendar(schedule, start, start + timedelta(days=45))
    lengths = [(after - before) for before, after in zip(calendar.due, calendar.due[1:], strict=False)]

    assert all(timedelta(hours=22) < length < timedelta(hours=26) for length in lengths)
    moment = calendar.due[0] + timedelta(seconds=seconds)
    place = calendar.position(moment)
    assert calendar.due[place] <= moment
    assert place + 1 == len(calendar.due) or moment < calendar.due[place + 1]
    assert night_of(moment, schedule).isoformat() == calendar.dates[place]
