"""Answers as a model may be given them: names that only show, and no more of anything than it can take.

Whoever can name a resource writes into what a model reads. What could act on a screen, turn a line around or hide in it
stands as its escape (:mod:`engine.report.safe`), texts, lists and the whole have a limit, and whatever is not as it was
sealed is told with its place (a JSON Pointer, RFC 6901), so that nothing is missing in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from engine.report.safe import safe

LONGEST: Final = 1_000
"""Characters of a text beyond which its middle is left out."""
SHORT: Final = 100
"""The same once the whole is as long as it may be."""
MOST: Final = 400
"""Elements of a list, or entries of a map, beyond which the rest is left out: the nights of a year have room."""
WHOLE: Final = 200_000
"""Characters of texts in an answer, after which lists end."""
TOLD: Final = 40
"""Places that are named of those where something is not as it was sealed."""


@dataclass(frozen=True, slots=True)
class Altered:
    """A place where the answer is not what was sealed: a text was ``escaped`` or ``shortened``, or a list ``cut``.

    ``whole`` is how many characters, elements or entries there are.
    """

    at: str
    how: Literal["escaped", "shortened", "cut"]
    whole: int


@dataclass(frozen=True, slots=True)
class Bounded:
    """An answer within the limits, and what is not as it was sealed: the first places of ``count``."""

    value: Any
    altered: tuple[Altered, ...]
    count: int


def bounded(value: Any) -> Bounded:
    """Plain JSON values within the limits."""
    walk = _Walk()
    found = walk.value(value, "")
    return Bounded(found, tuple(walk.altered), walk.count)


@dataclass(slots=True)
class _Walk:
    left: int = WHOLE
    count: int = 0
    altered: list[Altered] = field(default_factory=list)

    def value(self, value: Any, at: str) -> Any:
        if isinstance(value, str):
            return self._text(value, at)
        if isinstance(value, Mapping):
            return self._map(value, at)
        if isinstance(value, (list, tuple)):
            return self._list(value, at)
        return value

    def _text(self, text: str, at: str) -> str:
        longest = LONGEST if self.left > 0 else SHORT
        shown = safe(text, longest)
        if shown != text:
            self._tell(at, "shortened" if len(text) > longest else "escaped", len(text))
        self.left -= len(shown)
        return shown

    def _list(self, rows: list[Any] | tuple[Any, ...], at: str) -> list[Any]:
        found: list[Any] = []
        for row in rows[:MOST]:
            # One is always shown: the page after this one would begin behind it.
            if self.left <= 0 and found:
                break
            found.append(self.value(row, f"{at}/{len(found)}"))
        if len(found) < len(rows):
            self._tell(at, "cut", len(rows))
        return found

    def _map(self, entries: Mapping[str, Any], at: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in list(entries.items())[:MOST]:
            shown = self._text(key, at)
            while shown in found:
                # Two names may look alike once they are escaped; neither takes the other's place.
                shown += "'"
            found[shown] = self.value(item, f"{at}/{shown.replace('~', '~0').replace('/', '~1')}")
        if len(found) < len(entries):
            self._tell(at, "cut", len(entries))
        return found

    def _tell(self, at: str, how: Literal["escaped", "shortened", "cut"], whole: int) -> None:
        self.count += 1
        if len(self.altered) < TOLD:
            self.altered.append(Altered(at or "/", how, whole))
