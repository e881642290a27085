"""The three dates, and what each waits for."""

from __future__ import annotations

from datetime import date

import pytest

from engine.programme.readiness import Milestone, Wait, milestones, months_after
from engine.programme.remediation import Task
from engine.programme.scoped import Effort, Holds, Item, Topic

ON = date(2026, 11, 26)


def item(holds: Holds | None, topic: Topic = "check", effort: Effort = "small", id_: str = "check/a") -> Item:
    return Item(id_, "failing", topic, "It fails.", "high", effort, "Dana", ("CC6.1",), (), (), holds)


def task(target: date | None, id_: str = "check/a") -> Task:
    return Task(id_, "It fails.", "Dana", date(2026, 10, 1), target)


@pytest.mark.parametrize(
    ("items", "window", "tasks", "dates"),
    [
        ([], None, [], ("2026-11-26", "2026-11-26", "2027-02-25")),
        ([item(None, effort="large")], None, [], ("2026-11-26", "2026-11-26", "2027-02-25")),
        ([item("type_1")], None, [], ("2026-11-27", "2026-11-27", "2027-02-26")),
        ([item("type_1", effort="medium")], None, [], ("2026-12-03", "2026-12-03", "2027-03-02")),
        ([item("type_1", effort="large")], None, [], ("2026-12-26", "2026-12-26", "2027-03-25")),
        ([item("window", effort="medium")], None, [], ("2026-11-26", "2026-12-03", "2027-03-02")),
        ([item("type_2", "vendor", "large")], None, [], ("2026-11-26", "2026-11-26", "2027-02-25")),
        # A target date counts, later or sooner than the effort says; one that has passed counts for nothing.
        ([item("type_1")], None, [task(date(2027, 1, 15))], ("2027-01-15", "2027-01-15", "2027-04-14")),
        ([item("type_1", effort="large")], None, [task(ON)], ("2026-11-26", "2026-11-26", "2027-02-25")),
        ([item("type_1", effort="large")], None, [task(date(2026, 11, 1))], ("2026-12-26", "2026-12-26", "2027-03-25")),
        ([item("type_1")], None, [task(None)], ("2026-11-27", "2026-11-27", "2027-02-26")),
        # The organisation's own window: not before its first day, not shorter than it.
        ([], (date(2027, 1, 1), date(2027, 12, 31)), [], ("2026-11-26", "2027-01-01", "2027-12-31")),
        ([], (date(2027, 1, 1), date(2027, 2, 1)), [], ("2026-11-26", "2027-01-01", "2027-03-31")),
        ([item("window", effort="large")], (date(2026, 12, 1), date(2027, 5, 31)), [],
         ("2026-11-26", "2026-12-26", "2027-05-31")),
        ([], (date(2025, 1, 1), date(2025, 12, 31)), [], ("2026-11-26", "2026-11-26", "2027-02-25")),
    ],
)  # fmt: skip
def test_the_dates_follow_from_what_is_open(
    items: list[Item], window: tuple[date, date] | None, tasks: list[Task], dates: tuple[str, str, str]
) -> None:
    found = milestones(items, ON, window, {row.id: row for row in tasks})
    assert tuple(row.on.isoformat() for row in found) == dates


def test_each_date_names_what_it_waits_for_the_latest_first() -> None:
    items = [
        item("type_1", "criterion", "large", "criterion/CC1.1"),
        item("type_1", "evidence", "medium", "evidence/a"),
        item("type_1", "evidence", "medium", "evidence/b"),
        item("window", "nights", "small", "nights"),
        item("window", "check", "small", "check/a"),
        item("type_2", "vendor", "small", "vendor/a"),
    ]
    tasks = {"evidence/a": task(date(2027, 1, 31), "evidence/a"), "evidence/b": task(date(2026, 1, 1), "evidence/b")}
    assert milestones(items, ON, None, tasks) == (
        Milestone("type_1", date(2027, 1, 31), (
            Wait("2 kinds of evidence that are not current", date(2027, 1, 31), ("evidence/a", "evidence/b"), 1),
            Wait("1 criterion without a control", date(2026, 12, 26), ("criterion/CC1.1",)),
        )),
        Milestone("window", date(2027, 1, 31), (
            Wait("everything that Type I waits for", date(2027, 1, 31)),
            Wait("1 more check with open failures", date(2026, 11, 27), ("check/a",)),
            Wait("nightly runs to be sealed", date(2026, 11, 27), ("nights",)),
        )),
        Milestone("type_2", date(2027, 4, 30), (
            Wait("3 months of operation", date(2027, 4, 30)),
            Wait("1 subservice organisation's report", date(2026, 11, 27), ("vendor/a",)),
        )),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "last"),
    [("2027-01-01", "2027-03-31"), ("2026-11-30", "2027-02-28"), ("2026-12-01", "2027-02-28"),
     ("2027-11-30", "2028-02-29"), ("2026-12-15", "2027-03-14"), ("2027-08-31", "2027-11-30")],
)  # fmt: skip
def test_three_months_end_on_the_day_before_the_one_they_began_on(day: str, last: str) -> None:
    assert months_after(date.fromisoformat(day), 3).isoformat() == last
