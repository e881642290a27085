"""Tables of evidence as engines outside of the project see them: frozen values, no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

PARTITION: Final = "night"
"""The column that stands in the names of folders (``night=2026-11-23``) and in no file."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a column. ``of`` are the types inside: of a list its element, of a map its key and its value."""

    name: Literal["text", "integer", "boolean", "list", "map"]
    of: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a folder of its name with Parquet files, below which a partitioned one has a folder for each night."""

    name: str
    columns: tuple[Column, ...]
    partitioned: bool


@dataclass(frozen=True, slots=True)
class Published:
    """Tables that were written: where, and what became of their files.

    ``nights`` are those that the runs are of, in order; ``written``, ``kept`` and ``removed`` count runs. ``foreign``
    are files that were altered, or put there by somebody else, since the last time: they were replaced or removed.
    """

    folder: str
    tables: tuple[Table, ...]
    nights: tuple[str, ...]
    written: int
    kept: int
    removed: int
    foreign: tuple[str, ...]
