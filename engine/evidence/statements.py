"""What entries of a chain may say of others: populations, draws, closed periods, responses, runs merged or removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.evidence.anchors import place
from engine.evidence.entries import (
    Close,
    Compact,
    Link,
    Nonce,
    Population,
    Replacement,
    Response,
    Seal,
    Span,
    Tombstone,
)
from engine.evidence.faults import Fault

if TYPE_CHECKING:
    from engine.evidence.chain import Reading


def faults(reading: Reading) -> Iterator[Fault]:
    """Populations and periods of what is no seal before them, second draws, and periods closed a second time.

    And runs that are merged or removed which are no runs before, or a second time, or were sealed otherwise.
    """
    kinds: dict[Link, str] = {}
    seals: dict[Link, Seal] = {}
    drawn: set[Link] = set()
    merged: set[Link] = set()
    removed: set[Link] = set()
    closed: list[Span] = []
    replaced: set[tuple[Link, str]] = set()
    first = next((found.entry.sequence for found in reading.placed if found.entry.kind != "key"), 1)
    for placed in reading.placed:
        name, body = place(placed), placed.entry.body

        def says(link: Link, kind: str) -> bool:
            return link.sequence < first or kinds.get(link) == kind

        if isinstance(body, Population) and not all(says(link, "seal") for link in body.frames):
            yield Fault(name, "names a frame that is no seal before it")
        if isinstance(body, Nonce):
            yield from (Fault(name, text) for text in _draw(body, drawn, says(body.population, "population")))
            drawn.add(body.population)
        if isinstance(body, Close):
            if not all(says(link, "seal") for link in body.seals):
                yield Fault(name, "closes a period with what is no seal before it")
            yield from (Fault(name, text) for text in _closing(body, closed))
            closed.append(body.period)
        if isinstance(body, Compact):
            if not all(says(link, "seal") for link in body.runs):
                yield Fault(name, "merges what is no seal before it")
            if len(set(body.runs)) < len(body.runs) or not (merged | removed).isdisjoint(body.runs):
                yield Fault(name, "merges a run that was merged or removed before")
            merged |= set(body.runs)
        if isinstance(body, Tombstone):
            yield from (Fault(name, text) for text in _removing(body, seals, first, removed))
            removed |= {run.seal for run in body.runs}
        if isinstance(body, Seal):
            seals[placed.link] = body
        if isinstance(body, Response) and not says(body.first_bad, "seal"):
            yield Fault(name, "responds to a failure that no run before it saw")
        if isinstance(body, Replacement):
            if not says(body.draw, "nonce"):
                yield Fault(name, "replaces a unit of no sample that was drawn before it")
            if (body.draw, body.unit) in replaced:
                yield Fault(name, "replaces a unit a second time")
            replaced.add((body.draw, body.unit))
        kinds[placed.link] = placed.entry.kind


def _draw(body: Nonce, drawn: set[Link], known: bool) -> Iterator[str]:
    if not known:
        yield "draws from no population that was frozen before it"
    if body.population in drawn:
        yield "draws from a population a second time"
    if (body.nonce is None) != body.internal:
        yield "is neither an auditor's draw nor marked as internal"


def _removing(body: Tombstone, seals: Mapping[Link, Seal], first: int, removed: set[Link]) -> Iterator[str]:
    named = [run.seal for run in body.runs]
    if len(set(named)) < len(named) or not removed.isdisjoint(named):
        yield "removes a run a second time"
    for run in body.runs:
        if run.seal.sequence < first:
            continue
        seal = seals.get(run.seal)
        if seal is None:
            yield f"removes run {run.run}, which was not sealed before it"
        elif (seal.asked.run, seal.verdicts, seal.records, seal.ledger) != (
            run.run,
            run.verdicts,
            run.records,
            run.ledger,
        ):
            yield f"does not repeat what was sealed of run {run.run}"


def _closing(body: Close, closed: list[Span]) -> Iterator[str]:
    if any(left.sequence >= right.sequence for left, right in pairwise(body.seals)):
        yield "does not name its seals in their order, each once"
    try:
        starts, ends = date.fromisoformat(body.period.starts), date.fromisoformat(body.period.ends)
    except ValueError:
        starts, ends = date.max, date.min
    if starts > ends:
        yield "closes no period: it ends before it starts"
    if any(body.period.starts <= other.ends for other in closed):
        yield "closes a period that begins before the end of one closed earlier"
