"""A sealed run as it may be handed to a stranger: only where everything that it stands on verifies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import SealError
from engine.evidence import anchors, chain, tables
from engine.evidence.chain import Placed, Reading
from engine.evidence.layout import Layout
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.trust import Trust
from engine.evidence.verify import linked


@dataclass(frozen=True, slots=True)
class Sound:
    """A run of which everything verified: the chain, its seal, what it stored, and every body stored so far."""

    reading: Reading
    seal: Placed
    stored: StoredRun
    bodies: Mapping[str, Any]


def sound(layout: Layout, trust: Trust, run: str, doing: str) -> Sound:
    """A run (by id) and what it stands on. ``doing`` begins what is said where it cannot be had.

    Raises SealError where the store holds no such sealed run, or anything of it or of the chain does not verify.
    """
    reading = chain.read(layout, trust)
    faults = [*reading.faults, *linked(reading), *anchors.anchoring(reading, trust).faults]
    sealed = [placed for placed, _ in reading.of_kind("seal")]
    wanted = next((placed for placed in sealed if placed.entry.body.asked.run == run), None)
    if wanted is None:
        raise SealError(f"{doing}: the store {layout.root} holds no such sealed run")
    with tables.connection() as database:
        reader = Reader(layout, database, reading)
        for earlier in sealed[: sealed.index(wanted)]:
            reader.read_bodies(earlier)
        stored = reader.read(wanted)
    faults += reader.faults
    if wanted.link in reader.storage.removed:
        raise SealError(f"{doing}: {reader.storage.removed[wanted.link]}")
    if faults or stored is None:
        named = "; ".join(map(str, faults[:5]))
        raise SealError(f"{doing}: it does not verify, so nothing is exported: {named}")
    return Sound(reading, wanted, stored, reader.bodies)
