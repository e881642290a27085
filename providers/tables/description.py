"""What is said of a listing beside it: its kind, what its columns mean, and where it comes from.

The file is ``policies/tables/<name>.yaml``; ``schemas/table.schema.json`` describes every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Column:
    """What a column means: the property, and the source's own words for dates, booleans and nothing.

    ``format`` is one of strptime; None: ISO 8601. ``true``, ``false`` and ``blank`` are words of cells.
    """

    name: str
    property: str
    format: str | None = None
    true: frozenset[str] = frozenset()
    false: frozenset[str] = frozenset()
    blank: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Description:
    """A listing as its description says it is. ``without`` are properties of which the source keeps nothing.

    ``zone`` is the time zone of dates, and of times that name none. ``rows`` is how many the source gave, ``sha256``
    the digest of the file that it stated, ``counted`` what ``second_source`` counted.
    """

    name: str
    kind: str
    file: str
    sheet: str | None
    header: int | None
    zone: ZoneInfo
    columns: tuple[Column, ...]
    without: tuple[str, ...]
    system: str
    query: str
    extracted_by: str
    extracted_at: datetime
    rows: int
    sha256: str | None
    second_source: str | None
    counted: int | None


def description_of(name: str, value: Mapping[str, Any]) -> Description:
    """The description in a file of that name which its schema accepts."""
    source = value["source"]
    second = source.get("second_count", {})
    return Description(
        name=name,
        kind=value["kind"],
        file=value["file"],
        sheet=value.get("sheet"),
        header=value.get("header"),
        zone=ZoneInfo(value["timezone"]),
        columns=tuple(_column(column, meant) for column, meant in value["columns"].items()),
        without=tuple(value.get("without", ())),
        system=source["system"],
        query=source["query"],
        extracted_by=source["extracted_by"],
        extracted_at=datetime.fromisoformat(source["extracted_at"]),
        rows=source["rows"],
        sha256=source.get("sha256"),
        second_source=second.get("source"),
        counted=second.get("count"),
    )


def _column(name: str, meant: str | Mapping[str, Any]) -> Column:
    if isinstance(meant, str):
        return Column(name, meant)
    words = {key: frozenset(map(str.casefold, meant.get(f"{key}_words", ()))) for key in ("true", "false", "blank")}
    return Column(name, meant["property"], meant.get("format"), **words)
