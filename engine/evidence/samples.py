"""What was drawn from frozen populations, as pages that anyone can make again by the recipe in ``docs/sampling.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.evidence import canonical, people
from engine.evidence.chain import Placed
from engine.evidence.entries import Nonce, Population, Replacement
from engine.evidence.sample import Frozen, draw

Private = Mapping[str, Mapping[str, Any]]


def samples(entries: Sequence[Placed], listed: Mapping[str, bytes], private: Private) -> dict[str, bytes]:
    """A page for each population in a part of a chain, by its name in a bundle. ``listed`` are the lists by digest.

    ``private`` are the private objects that may be told.
    """
    draws = {placed.entry.body.population: placed for placed in entries if placed.entry.kind == "nonce"}
    replaced = [placed for placed in entries if placed.entry.kind == "replacement"]
    return {
        f"samples/{placed.entry.sequence:020d}.txt": _page(
            placed, listed[placed.entry.body.digest], draws.get(placed.link), replaced, private
        )
        for placed in entries
        if placed.entry.kind == "population"
    }


def _page(placed: Placed, data: bytes, drawn: Placed | None, replaced: Sequence[Placed], private: Private) -> bytes:
    population: Population = placed.entry.body
    units = tuple(map(str, canonical.decode(data)))
    lines = [
        f"Population of entry {placed.entry.sequence}, frozen at {placed.entry.recorded_at}: {population.query}",
        f"{population.count} {population.unit}, digest {population.digest}, from {len(population.frames)} runs",
    ]
    if drawn is None:
        return _text([*lines, "Nothing was drawn from it.", "", *units])
    nonce: Nonce = drawn.entry.body
    found = draw(Frozen(units, population.digest), max(len(units), 1), nonce.nonce)
    by = (
        "internally: whoever drew could have drawn again"
        if nonce.internal
        else f"by the auditor's nonce: {nonce.nonce}"
    )
    lines += [
        f"Drawn {by} (entry {drawn.entry.sequence}, {drawn.entry.recorded_at})",
        f"Seed {found.seed}",
        "In the order of the draw: the first n are a sample of n; those after them replace, in order, with a reason.",
        *([f"Asked for: {nonce.size}"] if nonce.size is not None else []),
        *(_replaced(later, private) for later in replaced if later.entry.body.draw == drawn.link),
    ]
    return _text([*lines, "", *(f"{number} {unit}" for number, unit in enumerate(found.drawn, 1))])


def _replaced(placed: Placed, private: Private) -> str:
    body: Replacement = placed.entry.body
    return (
        f"Replaced: {body.unit} by {body.by} (entry {placed.entry.sequence}, {placed.entry.recorded_at}): "
        f"{people.why(body, private)}"
    )


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{canonical.neutral_text(line)}\n" for line in lines).encode()
