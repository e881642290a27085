"""The columns of a Parquet file, by the schema that stands in it, and their numbers."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from engine.external import Column, Kind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SCHEMA: Final = "SELECT name, type, converted_type, num_children FROM parquet_schema(?)"
_ROWS: Final = "SELECT num_rows FROM parquet_file_metadata(?)"
_INSIDE: Final = {"list": ("element",), "map": ("key", "value")}
"""What is inside a type, as Parquet's groups call it."""
_PLAIN: Final = {
    ("BYTE_ARRAY", "UTF8"): Kind("text"),
    ("INT64", "INT_64"): Kind("integer"),
    ("INT64", None): Kind("integer"),
    ("BOOLEAN", None): Kind("boolean"),
}


class _Element(NamedTuple):
    """A row of the schema: Parquet's physical type (of a group None), what it stands for, and how many follow in it."""

    name: str
    physical: str | None
    converted: str | None
    children: int | None


def numbers_of(database: DuckDBPyConnection, query: str) -> str:
    """The numbers (Parquet's ``field_id``) of the columns of a query, as DuckDB's COPY is told them.

    They count from 1, a column before what is inside it.
    """
    found = database.sql(query)
    numbers = count(1)

    def told(name: str, kind: Any) -> str:
        number = next(numbers)
        inside = _INSIDE.get(kind.id, ())
        each = [told(part, type_) for part, (_, type_) in zip(inside, kind.children if inside else (), strict=True)]
        return f"{name}: {{{', '.join([f'__duckdb_field_id: {number}', *each])}}}"

    return f"{{{', '.join(told(name, kind) for name, kind in zip(found.columns, found.types, strict=True))}}}"


def rows_in(database: DuckDBPyConnection, paths: Sequence[Path]) -> list[int]:
    """How many rows each file has, as its footer says."""
    return [database.execute(_ROWS, [glob.escape(str(path))]).fetchall()[0][0] for path in paths]


def columns_of(database: DuckDBPyConnection, path: Path) -> tuple[Column, ...]:
    """The columns of a file, in order. Raises TypeError for a type that no table of evidence has."""
    rows = map(_Element._make, database.execute(_SCHEMA, [str(path)]).fetchall())
    root = next(rows)
    return tuple(_column(rows) for _ in range(root.children or 0))


def _column(rows: Iterator[Any]) -> Column:
    """The next element with all that is in it."""
    element: _Element = next(rows)
    if not element.children:
        plain = _PLAIN.get((element.physical or "", element.converted))
        if plain is None:
            raise TypeError(f"column {element.name}: {element.physical} ({element.converted}) is no type of a table")
        return Column(element.name, plain)
    if element.converted not in ("MAP", "LIST") or element.children != 1:
        raise TypeError(f"column {element.name}: a group ({element.converted}) is no type of a table")
    # A group between holds the element of a list, or the key and the value of a map (Parquet's LogicalTypes.md).
    between: _Element = next(rows)
    inside = tuple(_column(rows).kind for _ in range(between.children or 0))
    return Column(element.name, Kind("map" if element.converted == "MAP" else "list", inside))
