"""Draws a sample that nobody could have chosen: the order follows from the frozen population and the auditor's nonce.

The recipe is in ``docs/sampling.md``, with a second implementation that the tests run beside this one. Sizes are the
auditor's to set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.errors import UsageError
from engine.evidence import canonical


@dataclass(frozen=True, slots=True)
class Frozen:
    """A population as it is sealed before anything is drawn: its units in order, and the SHA-256 of that list.

    A unit is an item (a resource of one check), a night or an event, named by text that is unique in the population.
    """

    units: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Draw:
    """A sample: ``drawn`` in the order of the draw, and ``replacements``, which follow in the same order.

    ``internal``: there was no auditor's nonce, so whoever drew could have drawn again until they liked it.
    """

    seed: str
    drawn: tuple[str, ...]
    replacements: tuple[str, ...]
    internal: bool


def frozen(units: Iterable[str]) -> Frozen:
    """A population of these units, whatever order they come in.

    Raises UsageError where one is there twice, NotCanonicalError for text that UTF-8 cannot hold.
    """
    ordered = tuple(sorted(units))
    twice = next((unit for unit, following in pairwise(ordered) if unit == following), None)
    if twice is not None:
        raise UsageError(f"freezing a population: {twice} is in it twice")
    return Frozen(ordered, hashlib.sha256(canonical.encode(list(ordered))).hexdigest())


def draw(population: Frozen, size: int, nonce: str | None) -> Draw:
    """``size`` units of a population (all where it has fewer), by the auditor's ``nonce`` (None: an internal draw).

    Raises UsageError for a size below 1 or an empty nonce.
    """
    if size < 1:
        raise UsageError(f"drawing a sample: its size is {size}; it is at least 1")
    if nonce is not None and not nonce.strip():
        raise UsageError("drawing a sample: the nonce is empty; it is text that the auditor chose after the freeze")
    seed = hashlib.sha256(bytes.fromhex(population.digest) + (nonce or "").encode()).digest()
    order = _order(population.units, seed)
    return Draw(seed.hex(), tuple(order[:size]), tuple(order[size:]), nonce is None)


def _order(units: Sequence[str], seed: bytes) -> list[str]:
    return sorted(units, key=lambda unit: hashlib.sha256(seed + unit.encode()).digest())
