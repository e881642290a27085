"""Carries out what is planned, and goes on where an issue is not taken: who could be told is told.

New issues come first, the most severe first, and the list of issues is read again after they were made: it shows which
were made although the answer was lost, and which another call made at the same time. Of issues of one failure the first
stays; whoever looks last sees them all, whichever call that is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from engine.errors import DeliveryError
from engine.report.safe import safe
from engine.tracked import Known, Tracked
from engine.tracker.github import Lost, Refused, Repository, Stopped
from engine.tracker.plan import Act, Plan, Step, planned

ROUNDS: Final = 3
"""How often what has no issue yet is tried, and how often a comment is."""
NAMED: Final = 30
"""Failures that an error names."""
DONE: Final[dict[Act, str]] = {
    "open": "opened",
    "reopen": "opened again",
    "close": "closed",
    "update": "updated",
    "duplicate": "closed as a duplicate",
}

Say = Callable[[str], None]


def looked(repository: Repository, known: Known, chosen: Collection[str]) -> Plan:
    """What would be done. Raises DeliveryError where the issues cannot be listed."""
    try:
        repository.enter()
        return planned(known, repository.issues(), chosen)
    except Stopped as why:
        waiting = (row for row in known.rows if row.stands and row.key in chosen)
        raise _error(repository, str(why), [(row, "") for row in waiting]) from None


def synced(repository: Repository, known: Known, chosen: Collection[str], most: int, say: Say) -> Plan:
    """Bring the issues up to date, and open ``most`` new ones; gives the first plan. ``say`` is told of each step done.

    Raises DeliveryError, naming every failure that was not told, and why.
    """
    plan = looked(repository, known, chosen)
    _Sync(repository, known, chosen, say, plan).carried_out(most)
    return plan


class _Sync:
    """One call. ``missed`` is what was not told, by the key of the failure, with why."""

    def __init__(self, repository: Repository, known: Known, chosen: Collection[str], say: Say, plan: Plan) -> None:
        self._repository, self._known, self._chosen, self._say = repository, known, chosen, say
        self._plan = plan
        self._done: set[tuple[str, int | None]] = set()
        self._missed: dict[str, tuple[Tracked, str]] = {}

    def carried_out(self, most: int) -> None:
        """Do all of it. Raises DeliveryError where anything was not told."""
        for row in self._plan.newer:
            self._missed[row.key] = (row, "its issue was written by a later run than this store holds")
        try:
            if self._plan.steps:
                self._repository.prepare()
            self._opened(most)
            for step in self._plan.steps:
                if step.act != "open":
                    self._tried(step)
        except Stopped as why:
            left = (step for step in self._plan.steps if (step.row.key, step.number) not in self._done)
            for step in left:
                self._missed.setdefault(step.row.key, (step.row, ""))
            raise _error(self._repository, str(why), self._missed.values()) from None
        if self._missed:
            raise _error(self._repository, "", self._missed.values())

    def _opened(self, most: int) -> None:
        """Open what has no issue. What got no answer is looked for in the list before it is tried again."""
        for step in self._unopened()[most:]:
            self._miss(step, f"more than {most} at once")
        for _ in range(ROUNDS):
            steps = self._unopened()
            if not steps:
                return
            lost = [step for step in steps if not self._made(step)]
            self._plan = planned(self._known, self._repository.issues(), self._chosen)
            unopened = {step.row.key for step in self._unopened()}
            for step in lost:
                if step.row.key not in unopened and step.row.key not in self._missed:
                    self._say(f"{DONE['open']}, though GitHub did not answer: {name(step.row)}")
        for step in self._unopened():
            self._miss(step, "GitHub did not answer")

    def _unopened(self) -> list[Step]:
        return [
            step
            for step in self._plan.steps
            if step.act == "open" and (step.row.key, None) not in self._done and step.row.key not in self._missed
        ]

    def _made(self, step: Step) -> bool:
        """Whether GitHub said that an issue was made."""
        try:
            number = self._repository.create(step.fields, step.waived is True)
        except Refused as why:
            self._miss(step, str(why))
            return False
        except Lost:
            return False
        self._told(step, number)
        return True

    def _tried(self, step: Step) -> None:
        assert step.number is not None  # noqa: S101 - only what is opened has none
        try:
            if step.comment:
                self._commented(step.number, step.comment)
            if step.fields:
                self._repository.change(step.number, step.fields)
            if step.waived is not None:
                self._repository.mark(step.number, step.waived)
        except (Refused, Lost) as why:
            self._miss(step, str(why))
        else:
            self._told(step, step.number)

    def _commented(self, number: int, text: str) -> None:
        """Say it once: what got no answer is looked for before it is said again."""
        for _ in range(ROUNDS - 1):
            try:
                return self._repository.comment(number, text)
            except Lost:
                continue
        self._repository.comment(number, text)

    def _miss(self, step: Step, why: str) -> None:
        self._missed[step.row.key] = (step.row, why)

    def _told(self, step: Step, number: int) -> None:
        self._done.add((step.row.key, step.number))
        self._say(f"{DONE[step.act]} #{number}: {name(step.row)}")


def name(row: Tracked) -> str:
    """A failure on one line, as notices name it."""
    scope = row.scope
    where = f"{scope.account}/{scope.region}"
    return f"{row.severity} {row.check} {safe(row.subject.id)} in {safe(where)}"


def _error(repository: Repository, why: str, missed: Iterable[tuple[Tracked, str]]) -> DeliveryError:
    """``missed`` are failures, with why each was not told, where that is not ``why``."""
    rows = [f"{name(row)}: {own}" if own else name(row) for row, own in missed]
    told = [why] if why else []
    if rows:
        more = [f"  and {len(rows) - NAMED:,} more"] if len(rows) > NAMED else []
        head = f"{len(rows):,} not delivered; run it again when that is mended:"
        told.append("\n".join([head, *(f"  {row}" for row in rows[:NAMED]), *more]))
    return DeliveryError(f"tracking in {repository.name}: {'; '.join(told)}")
