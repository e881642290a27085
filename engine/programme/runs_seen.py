"""What the sealed runs of a period show of each check, as far as a request of an auditor asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from engine.periods import MARKS, Period

_BEHIND: Final = 2
"""Days by which the last run may be behind the last day that is looked at: what is due tonight may be on its way."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A check in a period: the type and number of what it was about, and its failures.

    ``whole``: everything was seen on the last night that ran; ``complete``: every run listed all there was.
    ``nights`` are those on which everything was seen, of the ``expected`` ones on which it was in force.
    """

    check: str
    type: str
    count: int
    whole: bool
    complete: bool
    nights: int
    expected: int
    failures: int = 0
    open: int = 0
    deviations: int = 0


@dataclass(frozen=True, slots=True)
class RunsSeen:
    """The sealed runs of a period, by check; where they could not be looked at, ``why`` says so.

    ``span`` names the period, ``last`` the run and the seal that it ends with, ``anchored`` by whom the chain is dated;
    ``digest`` is of everything that the period was made of. ``late`` says that the last run is older than it should be.
    """

    why: str | None = None
    span: str = ""
    last: str = ""
    anchored: str = ""
    digest: str = ""
    ran: int = 0
    expected: int = 0
    missed: int = 0
    late: str | None = None
    checks: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """What was looked at, in a sentence; or why nothing was."""
        return self.why or f"{self.span}, the last {self.last}; {self.anchored}"


def runs_seen(period: Period, until: date) -> RunsSeen:
    """What a period shows up to a day. A demonstration is no evidence: it shows nothing."""
    if period.demonstration:
        return RunsSeen(why="the store is of a demonstration, which is no evidence")
    if not period.frames:
        return RunsSeen(why=f"no run of {period.starts} to {period.ends} is sealed")
    last = max(frame.night for frame in period.frames)
    due = [index for index, night in enumerate(period.nights) if night.date <= last]
    behind = (until - date.fromisoformat(last)).days > _BEHIND
    states = Counter(period.nights[index].state for index in due)
    marks: dict[str, list[str]] = {}
    for row in period.coverage:
        marks.setdefault(row.check, []).append("".join(row.nights[index] for index in due))
    failed: dict[str, Counter[str]] = {}
    for failure in period.failures:
        counts = failed.setdefault(failure.check, Counter())
        counts.update(["failures"])
        counts.update(["open"] if failure.ended == "open" else [])
        counts.update(["deviations"] if failure.deviation else [])
    checks = {}
    for population in period.populations:
        nights = ["".join(column) for column in zip(*marks.get(population.check, ()), strict=True)]
        inforce = [set(night) - {MARKS["not_in_force"]} for night in nights]
        counted = [night for night in inforce if night]
        checks[population.check] = Seen(
            check=population.check,
            type=population.resource_type,
            count=population.count,
            # What is not in force any more was not looked at when the last run was made.
            whole=bool(inforce) and inforce[-1] == {MARKS["ran"]},
            complete=population.complete,
            nights=sum(night == {MARKS["ran"]} for night in counted),
            expected=len(counted),
            **failed.get(population.check, Counter()),
        )
    newest = max(period.frames, key=lambda frame: frame.sequence)
    return RunsSeen(
        span=f"sealed runs of {period.starts} to {last}",
        last=f"{newest.moment.run} in entry {newest.sequence} of the chain",
        anchored=period.anchored,
        digest=period.digest,
        ran=states["ran"] + states["partly"],
        expected=len(due),
        missed=states["did_not_run"],
        late=f"the last sealed run is of {last}" if behind else None,
        checks=checks,
    )
