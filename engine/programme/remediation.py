"""The remediation plan: what is to be done, by whom and until when; later runs tick off what they show to be done.

People own owner, target date, ticket and note; the rest is written anew from what was judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Task:
    """An item of the plan. ``id`` is the gap's, ``what`` its sentence when it was last open.

    ``done_on`` is the day of the run that showed it done; ``dropped_on`` the day when nothing in scope asked for it any
    more; ``reopened_on`` the day on which it was found again after either.
    """

    id: str
    what: str
    owner: str
    opened_on: date
    target: date | None = None
    ticket: str | None = None
    note: str | None = None
    done_on: date | None = None
    dropped_on: date | None = None
    reopened_on: date | None = None

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.done_on is None and self.dropped_on is None


def updated(
    tasks: Iterable[Task],
    open_: Mapping[str, tuple[str, str]],
    settled: Collection[str],
    asked: Collection[str],
    on: date,
) -> tuple[Task, ...]:
    """The plan after a run: the items that are open now (what and owner by id, in their rank), then all others.

    One that is not open any more is done where the run shows it (``settled``), is dropped where nothing in scope asks
    for it (not in ``asked``), and else stays as it is: what a run did not look at, it does not tick off.
    """
    known = {task.id: task for task in tasks}
    rows = [_again(known[id_], what, on) if id_ in known else Task(id_, what, owner, on)
            for id_, (what, owner) in open_.items()]  # fmt: skip
    return (*rows, *(_gone(task, settled, asked, on) for task in known.values() if task.id not in open_))


def _again(task: Task, what: str, on: date) -> Task:
    if task.open:
        return replace(task, what=what)
    return replace(task, what=what, done_on=None, dropped_on=None, reopened_on=on)


def _gone(task: Task, settled: Collection[str], asked: Collection[str], on: date) -> Task:
    if not task.open:
        return task
    if task.id in settled:
        return replace(task, done_on=on)
    # What could not be seen is no part of the scope; it is done where everything was seen.
    return task if task.id in asked or task.id.startswith("unseen/") else replace(task, dropped_on=on)
