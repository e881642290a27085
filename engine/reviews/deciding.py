"""What came back of a campaign, compared with the population that was sealed: what is open, changed or removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, cast, get_args

from engine.reviews.model import Decision, Line, Word
from engine.reviews.persons import same
from engine.reviews.sheet import Row, day_of, shown

_WORDS: Final[tuple[Word, ...]] = get_args(Word)


@dataclass(frozen=True, slots=True)
class Answers:
    """The decisions by line's key, and everything that keeps the campaign from being signed.

    ``open`` are lines without a decision; ``tampered`` says what differs from the population; ``improper`` what is
    wrong with a decision; ``doubts`` what is no fault, and a reader should know.
    """

    decisions: Mapping[str, Decision]
    open: tuple[Line, ...] = ()
    tampered: tuple[str, ...] = ()
    improper: tuple[str, ...] = ()
    doubts: tuple[str, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether it can be signed."""
        return not (self.open or self.tampered or self.improper)

    def count(self, word: Word) -> int:
        """How many lines got a decision."""
        return sum(decision.word == word for decision in self.decisions.values())


def answers(lines: Sequence[Line], rows: Sequence[Row], began: date, today: date) -> Answers:
    """What the rows decide of the lines. ``began`` is the day of the population: nobody decided on it earlier."""
    by_key = {line.key: line for line in lines}
    decisions: dict[str, Decision] = {}
    tampered: list[str] = []
    improper: list[str] = []
    doubts: list[str] = []
    seen: set[str] = set()
    for row in rows:
        place = f"row {row.number}"
        if row.key not in by_key:
            tampered.append(f"{place}: {row.shown['name'] or row.key!r} is no line of the population: it was added")
            continue
        line = by_key[row.key]
        place = f"{place}, {line.name}: {line.access}"
        if row.key in seen:
            tampered.append(f"{place}: the line stands there twice")
            continue
        seen.add(row.key)
        for column, was in shown(line).items():
            if row.shown[column] != was:
                tampered.append(f"{place}: {column} was changed from {was!r} to {row.shown[column]!r}")
        if not row.decision:
            continue
        if decision := _decision(row, line, place, began, today, improper, doubts):
            decisions[row.key] = decision
    tampered += [f"{line.name}: {line.access}: the line was removed" for line in lines if line.key not in seen]
    faulty = {row.key for row in rows if row.decision}
    open_ = tuple(line for line in lines if line.key in seen and line.key not in faulty)
    return Answers(decisions, open_, tuple(tampered), tuple(improper), tuple(doubts))


def _decision(
    row: Row, line: Line, place: str, began: date, today: date, improper: list[str], doubts: list[str]
) -> Decision | None:
    wrong = []
    on = day_of(row.on)
    if row.decision not in _WORDS:
        wrong.append(f"decision is {row.decision!r}; it is keep, revoke, or elsewhere for what was not seen")
    elif line.unseen and row.decision != "elsewhere":
        wrong.append("nobody saw who is there, so that it cannot be kept or revoked: scan it, or say elsewhere")
    elif not line.unseen and row.decision == "elsewhere":
        wrong.append("elsewhere is for what was not seen; keep or revoke it")
    elif row.decision == "elsewhere" and not row.note:
        wrong.append("elsewhere needs a note that says where it was reviewed")
    if not row.by:
        wrong.append("by says nobody")
    if on is None:
        wrong.append(f"on is {row.on!r}; write the day as 2026-11-26")
    elif on < began or on > today:
        wrong.append(f"on is {on}, and the population is of {began}: it was decided from then on, up to today")
    who = "no" if line.unseen else max((same(row.by, text) for text in (line.name, line.identity)), key=_RANK.index)
    if who == "yes":
        wrong.append(f"{row.by} decided on their own access: somebody else must")
    elif who == "maybe":
        doubts.append(f"{place}: {row.by} may be the identity itself; the names have a word in common")
    improper += [f"{place}: {text}" for text in wrong]
    if wrong or on is None:
        return None
    return Decision(cast("Word", row.decision), row.by, on, row.note)


_RANK: Final = ("no", "maybe", "yes")
