"""What entries of a chain may say of others: a population of sealed runs, a draw, a closed period, a response."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.evidence.anchors import place
from engine.evidence.entries import Close, Link, Nonce, Population, Replacement, Response, Span
from engine.evidence.faults import Fault

if TYPE_CHECKING:
    from engine.evidence.chain import Reading


def faults(reading: Reading) -> Iterator[Fault]:
    """Populations and periods of what is no seal before them, second draws, and periods closed a second time."""
    kinds: dict[Link, str] = {}
    drawn: set[Link] = set()
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
