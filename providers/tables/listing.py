"""Reads a listing that a person or a system exported (CSV, JSON or XLSX): named columns, and the rows below them.

What the columns mean is said elsewhere. Here every cell is read as what the file says it is, at its place, and what
cannot be read is marked, so that nothing that stands in the file is missing from what is made of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from providers.tables import delimited, objects, workbook
from providers.tables.cells import Covered, Illegible, NotAListing, Row, Value

__all__ = ["Covered", "Illegible", "Listing", "NotAListing", "Row", "Value", "beneath", "read", "sheets", "unnamed"]

LARGEST: Final = 64 * 2**20
"""Bytes of a file at the most."""
_CSV: Final = frozenset({".csv", ".tsv", ".txt"})


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing as it stands in its file. Every row has one value a column.

    ``columns`` are the names as written, without the white space around them; a name may stand twice or be empty.
    ``sha256`` is the digest of the file's bytes, ``sheet`` the name of the workbook's sheet that was read.
    """

    path: Path
    sheet: str | None
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, name: str) -> int:
        """The index of the column of that name. Raises NotAListing where there is none, or more than one."""
        found = [index for index, column in enumerate(self.columns) if column == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotAListing(f"{self.place()}: {len(found)} columns are called {name!r}; which counts nobody can tell")
        raise NotAListing(f"{self.place()}: no column is called {name!r}, but {', '.join(filter(None, self.columns))}")

    def place(self, row: Row | None = None, column: int | None = None) -> str:
        """Where a row or a cell of it stands, in words: "people.xlsx, sheet Staff, row 4, column D (End date)"."""
        words = [self.path.name]
        if self.sheet is not None:
            words.append(f"sheet {self.sheet}")
        if row is not None:
            words.append(f"{'line' if self.path.suffix.lower() in _CSV else 'row'} {row.number}")
        if column is not None:
            name = self.columns[column]
            letters = f"column {_letters(column)}"
            words.append(f"{letters} ({name})" if name else letters)
        return ", ".join(words)


def read(path: Path, sheet: str | None = None, header: int | None = None) -> Listing:
    """The listing in a file, by the file's suffix. Raises NotAListing; OSError where the file cannot be read.

    ``sheet`` names the sheet of a workbook (default: its only visible one). ``header`` is the number of the row that
    holds the columns' names (default: the first row that is not blank); what stands above it is no part of the listing.
    """
    return beneath(unnamed(path, sheet), header)


def sheets(path: Path) -> tuple[str | None, ...]:
    """The sheets of a workbook that are not hidden; of any other file one without a name. Raises as :func:`read`."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return (None,)
    if path.stat().st_size > LARGEST:
        raise NotAListing(f"{path}: it is larger than {LARGEST} bytes")
    try:
        return workbook.sheets(path.read_bytes())
    except NotAListing as error:
        raise NotAListing(f"{path}: {error}") from error.__cause__


def unnamed(path: Path, sheet: str | None = None) -> Listing:
    """The rows of a file with nothing said of which of them names the columns: ``columns`` is (), but for JSON.

    For whoever has to find that row first; :func:`beneath` then gives the listing. Raises as :func:`read`.
    """
    if path.exists() and not path.is_file():
        raise NotAListing(f"{path}: it is no file")
    if path.stat().st_size > LARGEST:
        raise NotAListing(f"{path}: it is larger than {LARGEST} bytes")
    data = path.read_bytes()
    columns: tuple[str, ...] = ()
    try:
        match path.suffix.lower():
            case ".xlsx" | ".xlsm":
                sheet, rows = workbook.rows(data, sheet)
            case ".json":
                columns, rows = objects.rows(data)
            case suffix if suffix in _CSV:
                rows = delimited.rows(data)
            case suffix:
                raise NotAListing(f"{suffix or 'no suffix'} is no kind of file that is read: CSV, TSV, JSON or XLSX")
    except NotAListing as error:
        raise NotAListing(f"{path}: {error}") from error.__cause__
    return Listing(path, sheet, hashlib.sha256(data).hexdigest(), columns, tuple(rows))


def beneath(listing: Listing, header: int | None = None) -> Listing:
    """The listing whose columns the row ``header`` names (default: the first), of what :func:`unnamed` gave.

    A row that has other than one cell a column is illegible as a whole, since nobody can tell which cell is whose.
    """
    if listing.path.suffix.lower() == ".json":
        return listing
    position = next((i for i, row in enumerate(listing.rows) if header is None or row.number == header), None)
    if position is None:
        what = (
            "it is empty" if header is None else f"row {header}, which should name the columns, is blank or not there"
        )
        raise NotAListing(f"{listing.path}: {what}")
    named = listing.rows[position]
    for index, name in enumerate(named.values):
        if isinstance(name, Illegible):
            where = f"{listing.place(named)}, column {_letters(index)}"
            raise NotAListing(f"{where}: the name of the column cannot be read: {name.why}")
    below = listing.rows[position + 1 :]
    # Columns at the end that have neither a name nor a value are an export's habit, or a spreadsheet's formatting.
    width = max(_width(row.values) for row in ((named, *below) if listing.sheet else (named,)))
    names = tuple("" if name is None else str(name).strip() for name in _fitted(named.values, width))
    cells = None if listing.sheet else len(named.values)
    rows = tuple(Row(row.number, _aligned(row, width, cells)) for row in below)
    return Listing(listing.path, listing.sheet, listing.sha256, names, rows)


def _aligned(row: Row, width: int, cells: int | None) -> tuple[Value, ...]:
    """A row's values, one a column. ``cells``: how many it must have, where cells are told apart by separators.

    One more or less moves all that follow, whatever the last ones hold.
    """
    if cells is None or (len(row.values) == cells and _width(row.values) <= width):
        return _fitted(row.values, width)
    broken = Illegible(f"the row has {len(row.values)} cells for {width} columns")
    return (broken,) * width


def _fitted(values: Sequence[Value], width: int) -> tuple[Value, ...]:
    return (*values[:width], *(None,) * (width - len(values)))


def _width(values: Sequence[Value]) -> int:
    """How many cells there are up to the last that holds something."""
    return next((index for index in range(len(values), 0, -1) if values[index - 1] is not None), 0)


def _letters(index: int) -> str:
    """A spreadsheet's name of a column: A for 0, AA for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
