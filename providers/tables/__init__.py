"""Listings that people and systems export (a roster, accounts, tickets, devices) as resources.

What each holds is said beside it, in ``policies/tables``; :mod:`providers.tables.adapter` reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope
from providers.tables.kinds import KINDS, LISTING

if TYPE_CHECKING:
    from providers.tables.adapter import Caller

_ROW: Final = "row"
_DESCRIBED: Final = (
    *("kind", "file", "sha256", "source_system", "query", "extracted_by", "extracted_at"),
    *("row_count", "stated_count", "second_count", "second_source"),
)


def _rows(kind: str, tables: Caller, scope: Scope) -> Iterator[Found]:
    return tables.rows(kind)


def _listings(tables: Caller, scope: Scope) -> Iterator[Found]:
    return tables.listings()


TYPES: Final[Mapping[str, ResourceType]] = {name: ResourceType(name, GLOBAL) for name in (*KINDS, LISTING)}
READERS: Final[tuple[Reader, ...]] = (
    *(
        Reader(
            operations=(f"tables:{kind}",),
            read=partial(_rows, kind),
            where=GLOBAL,
            lists=(kind,),
            fills={kind: (*(name for name in KINDS[kind].forms if name not in ("id", "name")), _ROW)},
            permissions=(),
        )
        for kind in KINDS
    ),
    Reader(
        operations=("tables:listings",),
        read=_listings,
        where=GLOBAL,
        lists=(LISTING,),
        fills={LISTING: _DESCRIBED},
        permissions=(),
    ),
)
DISCOVERED: Final[Mapping[str, tuple[str, ...]]] = {}
DISCOVERY: Final[tuple[tuple[str, tuple[str, ...]], ...]] = ()


def entering(access: Mapping[str, Any]) -> dict[str, str]:
    """Reading files of the policy folder takes no permission of a cloud."""
    return {}
