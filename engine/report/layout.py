"""Text laid out in a terminal's cells: widths, columns, wrapped lines, colour. Pure functions of their arguments."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from engine.report import Options

NARROWEST: Final = 60
"""Columns below which a screen is laid out as if it had these."""
WIDEST: Final = 120
"""Columns beyond which lines get no longer: a table a metre wide cannot be read."""

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: Final[dict[Style, str]] = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36",
}  # fmt: skip


def cells(text: str) -> int:
    """The columns that ``text`` takes (East Asian wide characters two, combining marks none; UAX 11)."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clipped(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, with an ellipsis where it was cut."""
    if cells(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _cells(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…" if width > 0 else ""


def left(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns, flush left."""
    text = clipped(text, width)
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns, flush right."""
    text = clipped(text, width)
    return " " * (width - cells(text)) + text


def wrapped(text: str, width: int, most: int | None = None, whole_words: bool = False) -> list[str]:
    """``text`` in lines of at most ``width`` columns, broken at spaces where there are any; at most ``most`` lines.

    ``whole_words``: a word that is wider stands on a line of its own, for it is to be copied.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *whole, line = [word] if whole_words else _pieces(word, width)
        lines += whole
    if line or not lines:
        lines.append(line)
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], clipped(f"{lines[most - 1]} {lines[most]}", width)]
    return lines


def _pieces(word: str, width: int) -> list[str]:
    pieces: list[str] = []
    piece, used = "", 0
    for character in word:
        size = _cells(character)
        if used + size > width and piece:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + character, used + size
    return [*pieces, piece]


def named(names: Iterable[str], most: int, more: str = "more") -> str:
    """Names as an enumeration of at most ``most``: "a, b and 3 more"."""
    known = list(names)
    if len(known) <= most:
        return ", ".join(known)
    return f"{', '.join(known[:most])} and {len(known) - most:,} {more}"


def ranges(names: Iterable[str]) -> list[str]:
    """Names that differ in their number only, together: eu-west-1, eu-west-3 become "eu-west-1/3"."""
    numbers: dict[str, list[str]] = {}
    for name in sorted(names):
        stem, _, number = name.rpartition("-")
        numbers.setdefault(stem, []).append(number)
    return [f"{stem}-{'/'.join(found)}" if stem else "/".join(found) for stem, found in numbers.items()]


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 account", "1,204 resources"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def columns(rows: Sequence[Sequence[str]]) -> list[int]:
    """The widest cell of each column, in terminal columns."""
    return [max(cells(text) for text in column) for column in zip(*rows, strict=True)]


class Paint:
    """Colours text, or leaves it alone. Colour repeats what the words say; without it nothing is missing."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, *styles: Style) -> str:
        """``text`` in ``styles`` (SGR sequences, ECMA-48 section 8.3.117), already laid out."""
        if not self.on or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


@dataclass(frozen=True, slots=True)
class Page:
    """What a section is laid out on: ``width`` columns, the first ``margin`` of them for labels; colours or none."""

    width: int
    paint: Paint
    margin: int = 10

    def heading(self, text: str, hint: str = "") -> str:
        """A section's heading, with a hint flush right; where both are too long, the heading is cut."""
        if not hint:
            return self.paint(clipped(text, self.width), "bold")
        room = self.width - cells(hint) - 2
        return self.paint(left(text, room), "bold") + self.paint(f"  {hint}", "dim")

    def labelled(self, label: str, text: str, *styles: Style, most: int | None = None) -> list[str]:
        """``label`` in the margin and ``text`` beside it; ``styles`` are the label's."""
        first, *rest = wrapped(text, self.width - self.margin, most)
        return [self.paint(left(label, self.margin), *styles or ("bold",)) + first, *self.below(rest)]

    def below(self, lines: Iterable[str], *styles: Style) -> list[str]:
        """Lines under a margin that is left blank."""
        return [" " * self.margin + self.paint(line, *styles) for line in lines]

    def paragraph(self, text: str, *styles: Style, most: int | None = None) -> list[str]:
        """``text`` wrapped under a margin that is left blank."""
        return self.below(wrapped(text, self.width - self.margin, most), *styles)


def page(options: Options, margin: int = 10) -> Page:
    """The page that ``options`` give."""
    return Page(min(max(options.width, NARROWEST), WIDEST), Paint(options.color), margin)
