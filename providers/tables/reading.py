"""From a described listing to resources: one a row, and one for the listing itself.

Nothing is dropped. A cell that cannot be told is an unread property; a row that nobody can name, a count that differs
and a column that is not there make the listing incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from providers.base import Found, Reason, Unread
from providers.tables.description import Description
from providers.tables.kinds import KINDS, LISTING
from providers.tables.listing import Listing, NotAListing, Row
from providers.tables.values import value
from providers.times import instant

_NAMED: Final = 3
"""Rows that an error names; it counts the others."""


class NotWhole(Exception):
    """A listing is not there, or not all of it. ``reason`` and the text say why; the text quotes no cell."""

    def __init__(self, reason: Reason, why: str) -> None:
        self.reason: Reason = reason
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Table:
    """What a described listing gives: resources, and why there may be more of them (None: there are not)."""

    found: tuple[Found, ...]
    gap: NotWhole | None = None


def table(said: Description, listing: Listing | NotAListing, as_of: datetime) -> Table:
    """The resources of a listing that was read (or why it was not), as of a moment."""
    if isinstance(listing, NotAListing):
        return Table((), NotWhole("malformed_response", str(listing)))
    if said.sha256 not in (None, listing.sha256):
        return Table(
            (), NotWhole("malformed_response", f"{said.name}: {said.file} is not the file whose SHA-256 is stated")
        )
    untimely = _untimely(said, as_of)
    if untimely is not None:
        return Table((), untimely)
    try:
        columns = {column.property: (listing.column(column.name), column) for column in said.columns}
    except NotAListing as error:
        return Table((), NotWhole("malformed_response", str(error)))
    resources: dict[str, Found] = {}
    nameless: list[Row] = []
    for row in listing.rows:
        properties = _properties(said, listing, row, columns)
        id_, name = properties.pop("id"), properties.pop("name", None)
        if not isinstance(id_, str):
            nameless.append(row)
            continue
        found = Found(KINDS[said.kind].type, id_, properties, name if isinstance(name, str) else None)
        resources[id_] = found if id_ not in resources else _together(resources[id_], found)
    return Table(tuple(resources.values()), _gap(said, listing, nameless))


def described(said: Description, listing: Listing | NotAListing) -> Found:
    """The listing itself: where it is said to come from, and what was found of it."""
    unread = Unread("malformed_response", detail=str(listing)) if isinstance(listing, NotAListing) else None
    return Found(
        LISTING,
        said.name,
        {
            "kind": said.kind,
            "file": said.file,
            "sha256": unread or (listing.sha256 if isinstance(listing, Listing) else None),
            "source_system": said.system,
            "query": said.query,
            "extracted_by": said.extracted_by,
            "extracted_at": instant(said.extracted_at),
            "row_count": unread or (len(listing.rows) if isinstance(listing, Listing) else None),
            "stated_count": said.rows,
            "second_count": said.counted,
            "second_source": said.second_source,
        },
        said.file,
    )


def _untimely(said: Description, as_of: datetime) -> NotWhole | None:
    if said.extracted_at > as_of:
        return NotWhole("malformed_response", f"{said.name}: it is said to be extracted after the run began")
    limit = KINDS[said.kind].days
    if as_of - said.extracted_at > timedelta(days=limit):
        return NotWhole(
            "stale", f"{said.name}: the listing was extracted more than {limit} days ago; hand in a new one"
        )
    return None


def _properties(
    said: Description, listing: Listing, row: Row, columns: Mapping[str, tuple[int, Any]]
) -> dict[str, Any]:
    """What a row says of each property. What no column gives was not collected, or there is none of it."""
    none = Unread("not_collected", detail=f"{said.name}: no column gives it")
    properties: dict[str, Any] = {"row": listing.place(row)}
    for name, form in KINDS[said.kind].forms.items():
        if name in columns:
            index, column = columns[name]
            place = listing.place(row, index)
            properties[name] = value(row.values[index], form, column, said.zone, place)
        else:
            properties[name] = None if name in said.without else none
    return properties


def _together(first: Found, second: Found) -> Found:
    """Two rows of one key: what they say alike stands, and which of two values holds nobody can tell."""
    where = f"{first.properties['row']} and {second.properties['row']}"
    differs = Unread("ambiguous", detail=f"{where}: two rows of one key, with different values")
    properties = {
        name: was if second.properties[name] == was else differs
        for name, was in first.properties.items()
        if name != "row"
    }
    return replace(first, properties={**properties, "row": where})


def _gap(said: Description, listing: Listing, nameless: list[Row]) -> NotWhole | None:
    """Why more may exist than the listing's rows tell."""
    count = len(listing.rows)
    if nameless:
        places = ", ".join(listing.place(row) for row in nameless[:_NAMED])
        return NotWhole("malformed_response", f"{len(nameless)} of {count} rows have no key that can be read: {places}")
    if count != said.rows:
        return NotWhole(
            "malformed_response", f"{said.name}: {said.file} holds {count} rows, and {said.rows} are stated"
        )
    if said.counted not in (None, count):
        return NotWhole(
            "ambiguous", f"{said.name}: {said.file} holds {count} rows, and {said.second_source} counts {said.counted}"
        )
    return None


def rows_of(tables: Mapping[str, Table], kind: str) -> Iterator[Found]:
    """The resources of all listings of a kind. Raises NotWhole at their end where there may be more."""
    if not tables:
        raise NotWhole("not_collected", f"no listing of {kind} is in policies/tables")
    merged: dict[str, Found] = {}
    for one in tables.values():
        for found in one.found:
            merged[found.id] = found if found.id not in merged else _together(merged[found.id], found)
    yield from merged.values()
    for one in tables.values():
        if one.gap is not None:
            raise one.gap
