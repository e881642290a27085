"""Tables of evidence as engines outside of the project see them: frozen values, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

PARTITION: Final = "night"
"""The column that stands in the names of folders (``night=2026-11-23``) and in no file."""
ICEBERG: Final = "iceberg"
"""The folder of the Iceberg tables beside those of the Parquet files; in it a folder for each schema."""


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


def uri(location: str) -> str:
    """A place (a folder or a URI, without a slash at its end) as a URI."""
    return location if "://" in location else f"file://{Path(location).absolute()}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Iceberg tables that are asked for: their schema, and where engines find the folder (None: where it is)."""

    schema: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """Tables that were written: where, and what became of their files.

    ``metadata`` has the name of the current metadata file in the folder of each Iceberg table; none where the folder
    has no Iceberg tables. ``nights`` are those that the runs are of, in order; ``written``, ``kept`` and ``removed``
    count runs. ``foreign`` are files that were altered, or put there by somebody else, since the last time: they were
    replaced or removed.
    """

    folder: str
    tables: tuple[Table, ...]
    metadata: Mapping[str, str]
    nights: tuple[str, ...]
    written: int
    kept: int
    removed: int
    foreign: tuple[str, ...]
