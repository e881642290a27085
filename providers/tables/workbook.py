"""Rows of an XLSX workbook, with openpyxl (extra ``xlsx``).

The workbook is loaded whole, within limits, and not in openpyxl's read-only mode: that mode believes the sheet's own
statement of its size, so that a wrong one would cut the listing short, and it knows no merged cells. It is loaded
twice, since a formula and its stored result are told by two different readings.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from datetime import date, datetime, time
from typing import Any, Final

from providers.tables.cells import Covered, Illegible, NotAListing, Row, Value

LARGEST: Final = 128 * 2**20
"""Bytes of a workbook's parts, unpacked, at the most."""
MOST: Final = 1_000_000
"""Cells of a sheet at the most, blank ones between others and those of merged areas too."""
_PACKED: Final = b"PK\x03\x04"
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")


def rows(data: bytes, sheet: str | None) -> tuple[str, list[Row]]:
    """The name of a workbook's sheet and its rows, without blank ones. Raises NotAListing.

    ``sheet`` may be None where the workbook has one sheet that is not hidden. Rows and columns that are hidden are
    rows and columns: a filter hides what does not match, and the listing has it all the same. A cell is illegible
    where it is an error, where it is a formula whose result was not stored or comes from another workbook, and where
    it lies under a merged cell.
    """
    _unpackable(data)
    formulas, results = (_loaded(data, results) for results in (False, True))
    name = _chosen(formulas, sheet)
    asked, stored = formulas[name], results[name]
    if asked.max_row * asked.max_column > MOST:
        raise NotAListing(
            f"sheet {name}: its cells reach to row {asked.max_row} and column {asked.max_column}; delete the empty "
            "rows and columns, or save the sheet as CSV"
        )
    covered = {
        (row, column): Covered(f"it lies under the merged cells {area.coord}", area.min_row, area.min_col - 1)
        for area in asked.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
        if (row, column) != (area.min_row, area.min_col)
    }
    found = []
    for number, cells in enumerate(asked.iter_rows(), 1):
        values = tuple(
            covered[number, column] if (number, column) in covered else _value(cell, stored.cell(number, column).value)
            for column, cell in enumerate(cells, 1)
        )
        row = Row(number, values)
        if not row.blank:
            found.append(row)
    return name, found


def sheets(data: bytes) -> tuple[str, ...]:
    """The names of a workbook's sheets that are not hidden, in their order. Raises NotAListing."""
    _unpackable(data)
    return _visible(_loaded(data, True))


def _unpackable(data: bytes) -> None:
    """Refuse what is no workbook, and one that unpacks to more than a listing is or holds declarations of entities."""
    if data.startswith(_OLE):
        raise NotAListing("it has a password or is of the old kind (XLS); save it as XLSX without a password")
    if not data.startswith(_PACKED):
        raise NotAListing("it is no XLSX workbook")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > LARGEST:
                raise NotAListing(f"it unpacks to more than {LARGEST} bytes; save the sheet as CSV")
            for member in members:
                # Document type definitions are forbidden in parts of a package (ECMA-376-2, section 8.1.2).
                part = archive.read(member).replace(b"\0", b"")
                if member.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in part:
                    raise NotAListing(f"its part {member.filename} has a document type definition, which none may have")
                # openpyxl makes an object of each cell of a merged area, before anyone can count them.
                if sum(map(_cells, re.findall(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([^\"']*)", part))) > MOST:
                    raise NotAListing(f"its part {member.filename} merges more than {MOST} cells")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise NotAListing(f"it is no XLSX workbook, or a damaged one: {error}") from None


def _cells(area: bytes) -> int:
    """How many cells an area such as A1:C3 has; one beyond :data:`MOST` where it cannot be told."""
    corners = re.fullmatch(rb"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?", area)
    if corners is None:
        return MOST + 1
    left, top, right, bottom = corners.groups()
    columns, rows = (_number(right or left) - _number(left), int(bottom or top) - int(top))
    return (abs(columns) + 1) * (abs(rows) + 1)


def _number(letters: bytes) -> int:
    return sum((letter - 64) * 26**place for place, letter in enumerate(reversed(letters)))


def _loaded(data: bytes, results: bool) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise NotAListing("reading XLSX needs openpyxl: pip install 'auditreel[xlsx]', or save it as CSV") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on what a listing has no use for: styles, validation of input
        try:
            return load_workbook(io.BytesIO(data), data_only=results, keep_links=False)
        except Exception as error:  # openpyxl raises whatever its parsing runs into
            raise NotAListing(f"it is a damaged workbook: {type(error).__name__}: {error}") from error


def _chosen(workbook: Any, sheet: str | None) -> str:
    names = [found.title for found in workbook.worksheets]
    shown = _visible(workbook)
    if sheet is None and len(shown) == 1:
        return str(shown[0])
    if sheet is None:
        raise NotAListing(f"it has {len(shown)} sheets; name the one that is meant: {', '.join(shown)}")
    if sheet not in names:
        raise NotAListing(f"it has no sheet {sheet!r}, but {', '.join(names)}")
    return sheet


def _visible(workbook: Any) -> tuple[str, ...]:
    return tuple(str(found.title) for found in workbook.worksheets if found.sheet_state == "visible")


def _value(cell: Any, stored: Any) -> Value:
    if cell.data_type == "f":
        formula = getattr(cell.value, "text", cell.value)
        if re.search(r"\[[^\]]+\][^!]*!", str(formula)):
            return Illegible("a formula that reads another workbook")
        if stored is None:
            return Illegible("a formula without a stored result; open and save the workbook, or paste the values")
    if isinstance(stored, str):
        if stored.startswith("#") and (cell.data_type == "e" or stored in _ERRORS):
            return Illegible(f"the error {stored}")
        return stored if stored.strip() else None
    if isinstance(stored, datetime):
        return stored.date() if stored.time() == time() else stored
    if stored is None or isinstance(stored, (bool, int, float, date)):
        return stored
    return Illegible(f"a {type(stored).__name__}")


_ERRORS: Final = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"})
