"""Rows of a CSV file (RFC 4180), with the separators that exports have: comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
from typing import Final

from providers.tables.cells import NotAListing, Row
from providers.terraform.reading import NotAPlan, decoded

SEPARATORS: Final = (",", ";", "\t")


def rows(data: bytes) -> list[Row]:
    """The rows of a file's bytes, cells as text, without blank lines. Raises NotAListing.

    The separator is the one that divides the first line that is not blank into most cells.
    """
    try:
        text = decoded(data)
    except NotAPlan as error:
        raise NotAListing(str(error)) from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=lambda mark: len(next(csv.reader([first], delimiter=mark))))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found = []
    begins = 1
    try:
        for cells in reader:
            row = Row(begins, tuple(cell if cell.strip() else None for cell in cells))
            begins = reader.line_num + 1
            if not row.blank:
                found.append(row)
    except csv.Error as error:
        raise NotAListing(f"line {begins}: {error}; a quotation mark may be open, or not doubled") from None
    return found
