"""A sheet of the work paper: plain cells, which XLSX and CSV then write, so that both hold the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.report.csv import cell

Value = str | int
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in characters, and whether the auditor fills it in."""

    heading: str
    width: int
    auditor: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name (a file's name, too), what it holds in a sentence, its columns, and its rows.

    Texts are harmless (:func:`engine.report.csv.cell`); numbers are integers.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def sheet(name: str, about: str, columns: Iterable[tuple[str, int]], rows: Iterable[Row]) -> Sheet:
    """A sheet of which all columns are ours: (heading, width)."""
    return Sheet(name, about, tuple(Column(*column) for column in columns), tuple(map(harmless, rows)))


def harmless(row: Row) -> Row:
    """A row whose texts no spreadsheet takes for a formula."""
    return tuple(cell(value) if isinstance(value, str) else value for value in row)
