"""How the requests of an auditor stand: answered, stale or open, whose they are, and what the answers rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from engine.programme.requests import Request
from engine.programme.runs_seen import RunsSeen
from engine.programme.shown import Shown
from engine.programme.tying import Known

if TYPE_CHECKING:
    from engine.programme.populations import Listed

State = Literal["answered", "stale", "open"]
STATES: Final[tuple[State, ...]] = ("answered", "stale", "open")


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that an answer rests on: its kind, its id, its digest (SHA-256), and its files by path.

    ``what``: "record", "document", "file", "statement" (of the policy folder), "listing", or "runs".
    """

    what: Literal["record", "document", "file", "statement", "listing", "runs"]
    id: str
    sha256: str
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What one tie comes to: its state, and a sentence that says with what, or what is lacking.

    ``items`` counts the population, None where nobody knows. ``failures`` are those that its runs observed.
    ``nights`` is on how many nights not everything was seen by its runs.
    ``unread``: it lacks nothing but runs, which could not be looked at.
    """

    state: State
    said: str
    references: tuple[Reference, ...] = ()
    items: int | None = None
    failures: int = 0
    nights: int = 0
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A request as it stands. ``owner`` has to answer it; "nobody" where no one is found."""

    request: Request
    state: State
    owner: str
    parts: tuple[Part, ...]
    said: str

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it rests on, each once."""
        return tuple(dict.fromkeys(row for part in self.parts for row in part.references))

    @property
    def rests_on_runs(self) -> bool:
        """Whether it is not answered for the only reason that runs could not be looked at."""
        lacking = [part for part in self.parts if part.state != "answered"]
        return bool(lacking) and self.request.was is None and all(part.unread for part in lacking)

    @property
    def failures(self) -> int:
        """How many failures the runs behind it observed."""
        return sum(part.failures for part in self.parts)

    @property
    def nights(self) -> int:
        """On how many nights, at the most, not everything was seen by the runs behind it."""
        return max((part.nights for part in self.parts), default=0)

    @property
    def items(self) -> int | None:
        """How many items its populations have; None where one of them is not counted."""
        counted = [part.items for part in self.parts]
        return sum(row for row in counted if row is not None) if counted and None not in counted else None


@dataclass(frozen=True, slots=True)
class Stated:
    """A part of what the organisation states of itself: how many entries it has, what it lacks, and its files."""

    entries: int
    sha256: str
    files: tuple[Path, ...]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that requests may be answered with. The window of ``shown`` is that of the report.

    ``runs`` is what the sealed runs show, or why nobody knows. ``files`` holds the digests of the policy folder's files
    that lines are tied to, by their path there; None: nothing lies there. ``listings`` are those that are handed in.
    """

    known: Known
    shown: Shown
    windowed: bool
    stated: Mapping[str, Stated]
    runs: RunsSeen
    people: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, tuple[Path, str] | None] = field(default_factory=dict)
    listings: Sequence[Listed] = ()

    @property
    def at(self) -> date:
        """The day on which evidence has to stand: today, or the window's last, since what came later fills nothing."""
        return min(self.shown.on, self.shown.window[1])
