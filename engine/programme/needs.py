"""The kinds of evidence that controls name: how each stands, what it lacks, and which is due first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from engine.programme.model import Occurrence, Recurrence, Standing
from engine.programme.shown import Shown
from engine.programme.standing import supports


@dataclass(frozen=True, slots=True)
class Demand:
    """A control asks for a kind of evidence. ``instead`` are what would suffice in its place (checks, other kinds)."""

    kind: str
    control: str
    owner: str
    recurrence: Recurrence | None = None
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """How a demand stands: the best evidence of its kind, and every time that it was expected."""

    demand: Demand
    standing: Standing
    occurrences: tuple[Occurrence, ...] = ()

    @property
    def state(self) -> str:
        """What is expected of people by this demand: "absent", "lacking", "open" or "good".

        "absent": an occurrence passed that nothing fills any more. "lacking": there is no good evidence. "open": there
        is some, or none is due yet, and an occurrence still waits.
        """
        states = {row.state for row in self.occurrences}
        if self.demand.recurrence is not None:
            if "absent" in states:
                return "absent"
            return "open" if "open" in states or not states else "good"
        return "good" if self.standing.state == "current" else "lacking"

    @property
    def due(self) -> date | None:
        """When it is or was due: an occurrence that is absent or open, or the last good day; None: no day says so."""
        waiting = [row.due for row in self.occurrences if row.state in ("absent", "open")]
        if self.demand.recurrence is not None:
            return min(waiting, default=None)
        return self.standing.until if self.standing.state in ("current", "expired") else None

    @property
    def awaited(self) -> bool:
        """Whether something is to be done that nothing else can stand for."""
        return self.state != "good" and not self.demand.instead


def needs(demands: Iterable[Demand], shown: Shown, windowed: bool) -> tuple[Need, ...]:
    """How every demand stands, what is due longest ago first, then what has no day, then what is good the longest.

    ``windowed``: somebody set the window of ``shown``, in which everything is expected. Where nobody did, what came
    before a control began was not expected: it says since when, or something was ever recorded for it.
    """
    found = []
    for demand in demands:
        rows = shown.occurrences(demand.recurrence, (demand.kind,), demand.control)
        if not windowed and not _begun(demand, shown):
            rows = tuple(row for row in rows if row.state != "absent")
        found.append(Need(demand, shown.standing(demand.kind, demand.control), rows))
    return tuple(sorted(found, key=lambda need: _order(need, shown.on)))


def _begun(demand: Demand, shown: Shown) -> bool:
    since = demand.recurrence.since if demand.recurrence is not None else None
    return since is not None or any(supports(record, demand.kind, demand.control) for record in shown.records)


def _order(need: Need, on: date) -> tuple[int, date, bool, str, str]:
    due = need.due or (on if need.awaited else date.max)
    rank = 0 if need.awaited else 1 if need.state == "good" else 2
    return rank, due, need.due is None, need.demand.kind, need.demand.control
