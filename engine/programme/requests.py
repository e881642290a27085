"""An auditor's list of requests: its lines, what each is tied to and why, and the list after it was sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Literal

Sure = Literal["certain", "likely"]
Asks = Literal["evidence", "population", "sample", "meeting"]
WORDS: Final = "words"
"""Who tied a request that no person did."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Something that would answer a request, and why it is thought so. What is named beside each other is one of these.

    ``kind`` is a kind of people's evidence. ``checks`` are patterns of check ids: what runs show of these; beside a
    kind either suffices. ``control`` stands for everything that it names. ``part`` is a part of the organisation's own
    statements (:data:`PARTS`). ``record``, ``document`` and ``file`` (a path in the policy folder, with the digest that
    it had) are single ones, which only people name.
    """

    why: str
    sure: Sure
    kind: str | None = None
    checks: tuple[str, ...] = ()
    control: str | None = None
    part: str | None = None
    record: str | None = None
    document: str | None = None
    file: str | None = None
    sha256: str | None = None

    @property
    def name(self) -> str:
        """What it is tied to, in a word or two."""
        named = self.kind or self.control or self.part or self.record or self.document or self.file
        return named or ", ".join(self.checks)


PARTS: Final = ("system", "commitments", "requirements", "boundary", "subservices", "user_entity_controls", "controls",
                "waivers")  # fmt: skip
"""The parts of the organisation's own statements that a request may be for."""

OURS: Final = ("Company status", "Answer", "Files and digests", "Company owner", "Why this answers it", "Company note")
"""The columns that an export adds. A list that comes back with them has them left out when it is read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where lines stand: a sheet of the auditor's workbook (None: the file has none) and the columns of its table."""

    name: str | None
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the list. ``cells`` are the auditor's, one a column of its sheet (``sheet`` is its position).

    ``row`` is where it stands in the auditor's file. ``contact`` is whom the list names, ``owner`` whom people set
    instead. ``was`` is what the text was when somebody tied it, where the auditor has changed it since. A line that the
    list sent last does not have is kept with the day on which it was missed first (``dropped_on``).
    """

    id: str
    text: str
    row: int
    sheet: int = 0
    cells: tuple[str, ...] = ()
    area: str | None = None
    criteria: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    asks: Asks = "evidence"
    contact: str | None = None
    due: date | None = None
    ties: tuple[Tie, ...] = ()
    tied_by: str = WORDS
    tied_on: date | None = None
    owner: str | None = None
    note: str | None = None
    added_on: date | None = None
    was: str | None = None
    dropped_on: date | None = None

    @property
    def by_person(self) -> bool:
        """Whether a person decided what it is tied to."""
        return self.tied_by != WORDS


@dataclass(frozen=True, slots=True)
class RequestList:
    """A list of requests, a file of ``policies/requests``: its id is the file's name.

    ``source`` and ``sha256`` are the name and the digest of the auditor's file that was imported last.
    """

    id: str
    source: str
    sha256: str
    imported_on: date
    sheets: tuple[Sheet, ...]
    requests: tuple[Request, ...]
    path: Path

    @property
    def standing(self) -> tuple[Request, ...]:
        """The lines that the list sent last has."""
        return tuple(row for row in self.requests if row.dropped_on is None)


@dataclass(frozen=True, slots=True)
class Merge:
    """What a list sent again came to: all lines, and the ids of those that are new, changed, dropped or back again."""

    requests: tuple[Request, ...]
    new: tuple[str, ...]
    changed: tuple[str, ...]
    dropped: tuple[str, ...]
    back: tuple[str, ...]


def merged(before: Iterable[Request], now: Iterable[Request], on: date) -> Merge:
    """The lines of a list that was sent again, with what people decided of them.

    A line is known by its id. What a person tied stays tied; where the text has changed since, ``was`` says so until
    the person looks at it again. Owners and notes stay.
    """
    known = {row.id: row for row in before}
    sent = tuple(now)
    ids = {row.id for row in sent}
    rows = [_kept(known[row.id], row) if row.id in known else replace(row, added_on=on) for row in sent]
    gone = [replace(row, dropped_on=row.dropped_on or on) for id_, row in known.items() if id_ not in ids]
    return Merge(
        requests=(*rows, *gone),
        new=tuple(row.id for row in sent if row.id not in known),
        changed=tuple(row.id for row in sent if row.id in known and not _same(known[row.id], row)),
        dropped=tuple(row.id for row in gone if known[row.id].dropped_on is None),
        back=tuple(row.id for row in sent if row.id in known and known[row.id].dropped_on is not None),
    )


def _kept(was: Request, now: Request) -> Request:
    kept = replace(now, owner=was.owner, note=was.note, added_on=was.added_on)
    if not was.by_person:
        return kept
    # Sent back as it was when it was tied, it needs no second look.
    tied_to = was.was if was.was is not None else was.text
    return replace(
        kept,
        ties=was.ties,
        tied_by=was.tied_by,
        tied_on=was.tied_on,
        was=None if tied_to == now.text else tied_to,
    )


def _same(was: Request, now: Request) -> bool:
    return (was.text, was.criteria, was.controls, was.due) == (now.text, now.criteria, now.controls, now.due)


def distinct(ids: Iterable[str]) -> Iterator[str]:
    """Ids in which each stands once: a second "4.1" is "4.1 (2)", since no line may hide another."""
    seen: dict[str, int] = {}
    used: set[str] = set()
    for id_ in ids:
        name = id_
        while name in used:
            seen[id_] = seen.get(id_, 1) + 1
            name = f"{id_} ({seen[id_]})"
        used.add(name)
        yield name
