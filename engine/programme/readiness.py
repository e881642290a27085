"""Three dates and what each waits for: the earliest Type I, the earliest start of the window, the earliest Type II.

The rules, each of which an item of the gap says of itself (:attr:`Item.holds`):

- **Type I** (design and implementation at a date) waits until every criterion in scope has a control, every kind of
  evidence that controls need is there, dated and approved, every control has something that could show it, and no
  critical failure is open or hidden behind a verdict that is unknown.
- **The window** can start when that is so, runs are sealed every night, and every control operates: no failure is open
  that nobody accepted, no verdict is unknown, and of each recurring control the latest occurrence was kept.
- **Type II** is ready on the last day of the window: three months at least, the organisation's own where that is
  longer; and not before the reports of subservice organisations are there.

The dates are the earliest, not a promise: an open item counts to its target date in the remediation plan, and where it
has none, or that has passed, to the time that its effort takes if somebody begins today (:data:`DAYS`), all of them at
once. With nothing to wait for a date is today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from engine.programme.remediation import Task
from engine.programme.scoped import Effort, Holds, Item

DAYS: Final[Mapping[Effort, int]] = {"small": 1, "medium": 7, "large": 30}
"""The days that work of an effort takes at least, where nobody planned it."""
LEAST: Final = 3
"""Months of a window, at least. Windows of three to twelve months are usual; below three, few will rely on one."""

_WAITS: Final[Mapping[tuple[Holds, str], tuple[str, str]]] = {
    ("type_1", "criterion"): ("criterion without a control", "criteria without a control"),
    ("type_1", "evidence"): ("kind of evidence that is not current", "kinds of evidence that are not current"),
    ("type_1", "check"): ("check with open critical failures", "checks with open critical failures"),
    ("type_1", "unseen"): ("thing not seen that hides critical checks", "things not seen that hide critical checks"),
    ("type_1", "control"): ("control that nothing can show", "controls that nothing can show"),
    ("window", "check"): ("more check with open failures", "more checks with open failures"),
    ("window", "unseen"): ("more thing not seen", "more things not seen"),
    ("window", "occurrence"): ("recurring control not kept yet", "recurring controls not kept yet"),
    ("window", "nights"): ("nightly runs to be sealed", "nightly runs to be sealed"),
    ("type_2", "vendor"): ("subservice organisation's report", "subservice organisations' reports"),
}
"""What items of a topic are called where a date waits for them: one, and several."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that a date waits for: in words, the items behind it, and the day until which it lasts.

    ``planned`` is how many of the items have a target date that is still to come.
    """

    what: str
    until: date
    items: tuple[str, ...] = ()
    planned: int = 0


@dataclass(frozen=True, slots=True)
class Milestone:
    """One of the dates: the earliest day, and what it waits for, the latest first; nothing: it waits for nothing."""

    name: Holds
    on: date
    waits: tuple[Wait, ...]


def milestones(
    items: Sequence[Item], on: date, window: tuple[date, date] | None, tasks: Mapping[str, Task]
) -> tuple[Milestone, Milestone, Milestone]:
    """The three dates as of a day. ``window`` is the organisation's, ``tasks`` its remediation plan by item."""
    first = _sorted(_waits("type_1", items, on, tasks))
    type_1 = Milestone("type_1", _latest(on, first), first)
    second = list(_waits("window", items, on, tasks))
    if first:
        second.append(Wait("everything that Type I waits for", type_1.on))
    if window is not None and window[0] > on:
        second.append(Wait("the first day of the window that is set", window[0]))
    start = Milestone("window", _latest(on, second), _sorted(second))
    third = [*_waits("type_2", items, on, tasks), Wait(f"{LEAST} months of operation", months_after(start.on, LEAST))]
    if window is not None and window[1] > start.on:
        third.append(Wait("the last day of the window that is set", window[1]))
    return type_1, start, Milestone("type_2", _latest(start.on, third), _sorted(third))


def finished(item: Item, on: date, task: Task | None) -> date:
    """The day until which an open item lasts at least."""
    if task is not None and task.target is not None and task.target >= on:
        return task.target
    return on + timedelta(days=DAYS[item.effort])


def months_after(day: date, months: int) -> date:
    """The last day of so many months that begin with a day: three from 1 January end on 31 March."""
    number = day.month - 1 + months
    year, month = day.year + number // 12, number % 12 + 1
    # In a month that has no such day, the months are over with its last one.
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), following) - timedelta(days=1)


def _waits(name: Holds, items: Sequence[Item], on: date, tasks: Mapping[str, Task]) -> Iterator[Wait]:
    mine = [item for item in items if item.holds == name]
    for topic in dict.fromkeys(item.topic for item in mine):
        rows = [item for item in mine if item.topic == topic]
        one, several = _WAITS[name, topic]
        targets = [tasks[row.id].target for row in rows if row.id in tasks]
        yield Wait(
            what=several if topic == "nights" else f"{len(rows):,} {one if len(rows) == 1 else several}",
            until=max(finished(row, on, tasks.get(row.id)) for row in rows),
            items=tuple(row.id for row in rows),
            planned=sum(target is not None and target >= on for target in targets),
        )


def _sorted(waits: Iterable[Wait]) -> tuple[Wait, ...]:
    return tuple(sorted(waits, key=lambda wait: (-wait.until.toordinal(), wait.what)))


def _latest(on: date, waits: Sequence[Wait]) -> date:
    return max([on, *(wait.until for wait in waits)])
