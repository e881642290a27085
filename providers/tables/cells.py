"""What a listing is made of before anyone says what its columns mean: rows of cells, each at its place.

A cell that cannot be read is :class:`Illegible` and says why; it is never left out, and never blank.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


class NotAListing(Exception):
    """A file is no listing, or not one that can be read whole; the text says where, why and what to do."""


@dataclass(frozen=True, slots=True)
class Illegible:
    """A cell that holds something, of which nobody can tell what ("a formula without a stored result")."""

    why: str


@dataclass(frozen=True, slots=True)
class Covered(Illegible):
    """A cell under a merged one, whose value stands in the area's first cell: its ``row`` (number) and ``column``."""

    row: int
    column: int


Value = str | int | float | bool | date | datetime | None | Illegible
"""A cell: text as it stands, or what the file itself calls a number, a boolean or a date. None is a blank cell.

A ``datetime`` has no time zone, since no cell has one. Midnight of a spreadsheet is a ``date``.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its ``number`` in the file, and its cells from the first column on.

    The number is the line on which the row begins (CSV), the spreadsheet's row (XLSX) or the position in the array
    (JSON); the first is 1.
    """

    number: int
    values: tuple[Value, ...]

    @property
    def blank(self) -> bool:
        """Whether no cell holds anything."""
        return all(value is None for value in self.values)
