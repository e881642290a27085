"""Recurring controls by occurrence: what was expected, and what came on time, late, too late, or not at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.programme.model import Attachment, Every, Occurrence, Record, Recurrence
from engine.programme.occurrences import name_of, occurrences, periods
from engine.programme.sentences import occurred

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
QUARTERLY = Recurrence("quarter", 30)


def record(id_: str, day: str | None, kind: str = "access_review", **more: object) -> Record:
    made = None if day is None else date.fromisoformat(day)
    return Record(id_, kind, id_, "Dana", Path(id_), "0" * 64, effective_on=made, **more)  # type: ignore[arg-type]


def shown(found: tuple[Occurrence, ...]) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    return [(row.name, row.state, row.sources, row.after) for row in found]


def quarters(*records: Record, on: str, recurrence: Recurrence = QUARTERLY) -> list[tuple[str, str, object, object]]:
    found = occurrences(recurrence, ["access_review"], "AC-20", records, YEAR, date.fromisoformat(on))
    return [*shown(found)]


def test_expected_four_on_time_two_late_one_absent_one() -> None:
    rows = (
        record("first", "2026-02-10"),
        record("second", "2026-07-20", occurrence="2026-Q2"),
        record("fourth", "2026-10-01"),
    )
    assert quarters(*rows, on="2026-12-31") == [
        ("2026-Q1", "on_time", ("first",), ()),
        ("2026-Q2", "late", ("second",), ()),
        ("2026-Q3", "absent", (), ()),
        ("2026-Q4", "on_time", ("fourth",), ()),
    ]


def test_three_missed_quarters_behind_a_new_document_stay_missed() -> None:
    assert [row[:2] for row in quarters(record("new", "2026-11-01"), on="2026-12-31")] == [
        ("2026-Q1", "absent"),
        ("2026-Q2", "absent"),
        ("2026-Q3", "absent"),
        ("2026-Q4", "on_time"),
    ]


@pytest.mark.parametrize(("on", "state"), [("2026-03-31", "open"), ("2026-04-30", "open"), ("2026-05-01", "absent")])
def test_an_occurrence_is_open_until_its_grace_is_over(on: str, state: str) -> None:
    assert quarters(on=on)[0][:2] == ("2026-Q1", state)


@pytest.mark.parametrize(
    ("day", "state", "after"),
    [
        ("2026-03-31", "on_time", ()),
        ("2026-04-01", "late", ()),
        ("2026-04-30", "late", ()),
        ("2026-05-01", "absent", ("it",)),  # shown, and it fills nothing
    ],
)
def test_a_record_made_for_an_earlier_occurrence_is_late_within_the_grace_only(
    day: str, state: str, after: tuple[str, ...]
) -> None:
    first = quarters(record("it", day, occurrence="2026-Q1"), on="2026-12-31")[0]
    assert (first[1], first[3]) == (state, after)


def test_what_is_undated_altered_still_to_come_or_for_another_control_shows_nothing() -> None:
    broken = Attachment("list.csv", "0" * 64, 1, "altered")
    rows = (
        record("undated", None),
        record("undated for it", None, occurrence="2026-Q1"),
        record("altered", "2026-01-05", files=(broken,)),
        record("other control", "2026-01-05", supports=("AC-99",)),
        record("other kind", "2026-01-05", kind="training"),
        record("to come", "2026-06-30"),
    )
    assert [row[1:3] for row in quarters(*rows, on="2026-06-01")] == [("absent", ()), ("open", ())]


def test_every_kind_is_needed_and_the_last_one_decides_whether_it_was_late() -> None:
    rows = [record("a", "2026-03-01", "one"), record("b", "2026-04-02", "two", occurrence="2026-Q1")]
    found = occurrences(QUARTERLY, ["one", "two"], "X-01", rows, YEAR, date(2026, 4, 2))
    assert (found[0].state, found[0].sources, found[0].lacking) == ("late", ("a", "b"), ())
    without = occurrences(QUARTERLY, ["one", "two"], "X-01", rows[:1], YEAR, date(2026, 4, 2))
    assert (without[0].state, without[0].sources, without[0].lacking) == ("open", ("a",), ("two",))


def test_nothing_is_expected_before_the_control_was_there_or_after_the_day() -> None:
    since = Recurrence("quarter", 30, date(2026, 5, 2))
    assert [row[0] for row in quarters(on="2026-08-01", recurrence=since)] == ["2026-Q3"]


@pytest.mark.parametrize(
    ("every", "window", "names"),
    [
        ("month", ("2027-12-15", "2028-02-29"), ["2027-12", "2028-01", "2028-02"]),  # a leap day
        ("month", ("2028-01-01", "2028-02-28"), ["2028-01"]),
        ("quarter", ("2026-02-01", "2026-11-30"), ["2026-Q1", "2026-Q2", "2026-Q3"]),
        ("half_year", ("2026-01-01", "2027-01-01"), ["2026-H1", "2026-H2"]),
        ("year", ("2026-06-01", "2028-12-31"), ["2026", "2027", "2028"]),
        ("year", ("2026-06-01", "2026-12-30"), []),
    ],
)
def test_the_periods_of_a_window_are_those_that_end_in_it(
    every: Every, window: tuple[str, str], names: list[str]
) -> None:
    found = list(periods(every, *map(date.fromisoformat, window)))
    assert [name for name, _, _ in found] == names
    assert all(name_of(every, first) == name_of(every, last) == name for name, first, last in found)


def test_what_was_made_before_a_period_began_is_no_evidence_of_it_whatever_it_names() -> None:
    made = [record(name, "2026-01-05", occurrence=name) for name in ("2026-Q2", "2026-Q3", "2026-Q4")]
    assert [row[1] for row in quarters(*made, on="2026-12-31")] == ["absent", "absent", "absent", "open"]


@pytest.mark.parametrize(
    ("day", "rows"), [(None, []), ("2026-11-30", [("2026", "on_time")]), ("2025-11-30", [])]
)  # fmt: skip
def test_of_the_period_in_which_a_control_began_nothing_is_expected_and_what_was_done_counts(
    day: str | None, rows: list[tuple[str, str]]
) -> None:
    yearly = Recurrence("year", 30, date(2026, 11, 26))
    made = [record("made", day)] if day else []
    for on in ("2026-12-01", "2027-03-01"):
        found = occurrences(
            yearly, ["access_review"], "X", made, (date(2026, 1, 1), date(2027, 2, 1)), date.fromisoformat(on)
        )
        assert [row[:2] for row in shown(found)] == rows


@pytest.mark.parametrize(
    ("days", "rows"),
    [
        ((), [("2027", "open")]),
        (("2026-04-01",), [("2026", "on_time"), ("2027", "open")]),
        (("2027-04-01",), [("2027", "on_time")]),
        (("2025-04-01",), [("2027", "open")]),
    ],
)
def test_a_yearly_control_in_half_a_year_shows_the_year_before_and_the_one_that_runs(
    days: tuple[str, ...], rows: list[tuple[str, str]]
) -> None:
    made = [record(day, day) for day in days]
    half = (date(2027, 1, 1), date(2027, 6, 30))
    found = occurrences(Recurrence("year", 30), ["access_review"], "X", made, half, date(2027, 6, 30))
    assert [row[:2] for row in shown(found)] == rows


def test_what_is_handed_in_after_the_grace_is_told_with_the_day_on_which_it_came() -> None:
    made = [
        record("first", "2026-02-10", received_on=date(2026, 11, 26), files=(Attachment("a", "0" * 64, 1),)),
        record("second", "2026-05-10", received_on=date(2026, 5, 11), files=(Attachment("a", "0" * 64, 1),)),
    ]
    found = occurrences(QUARTERLY, ["access_review"], "X", made, (YEAR[0], date(2026, 6, 30)), date(2026, 12, 1))
    assert occurred(found) == "expected 2: 2 on time; 2026-Q1 handed in on 2026-11-26 only"
