"""Which bodies the packs of a store hold, so that a night need not read those of a year.

What a pack holds follows from its bytes, so it is remembered by their digest: a pack that is missing or altered is not
found by it. Derived, deletable, and kept under a code of the store's secret: a body that is wrongly believed to be
stored would be lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from engine.errors import SealError
from engine.evidence import derived, tables
from engine.evidence.layout import Layout

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PURPOSE: Final = b"auditreel known bodies\n"
_SIZE: Final = 32
LEAST: Final = 16
"""Packs from which on it is worth remembering; a few are read as fast."""


def of_packs(
    packs: Iterable[tuple[Path, str]], layout: Layout, secret: bytes, database: DuckDBPyConnection
) -> frozenset[str]:
    """The digests of the bodies in packs, which are given with the digests of their bytes.

    Raises VerificationError for a pack that cannot be read.
    """
    known = _remembered(layout, secret)
    wanted = {digest: path for path, digest in packs}
    fresh = {digest: path for digest, path in wanted.items() if digest not in known}
    for digest, path in fresh.items():
        known[digest] = b"".join(bytes.fromhex(body) for body in sorted(tables.body_digests(database, [path])))
    if fresh and len(wanted) >= LEAST:
        # Without it the next night reads the packs again.
        with suppress(SealError):
            kept = {digest: known[digest] for digest in sorted(wanted)}
            derived.keep(layout.known_bodies, msgspec.msgpack.encode(kept), _PURPOSE, secret)
    return frozenset(
        data[place : place + _SIZE].hex()
        for digest in wanted
        for data in (known[digest],)
        for place in range(0, len(data), _SIZE)
    )


def _remembered(layout: Layout, secret: bytes) -> dict[str, bytes]:
    data = derived.kept(layout.known_bodies, _PURPOSE, secret)
    if data is None:
        return {}
    try:
        return msgspec.msgpack.decode(data, type=dict[str, bytes])
    except (msgspec.DecodeError, ValueError):
        return {}
