"""Which part of a chain a bundle carries, so that it shows that nothing of its period was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from engine.evidence.bundle import Part, Window
from engine.evidence.chain import Reading
from engine.evidence.entries import Close, Link, Nonce, Population, Replacement, Response, Tombstone
from engine.evidence.period.schedule import instant


def around(reading: Reading, runs: Set[str], period: Window, nights: bool, failures: Set[str]) -> Part:
    """From before the period (a run alone: from its intent) to after it, and on to the time stamp that covers it.

    A bundle that reaches beyond its period at both ends shows that no seal of the period was left out of it. Of a
    bundle of ``nights``, what was frozen, drawn, replaced, closed and removed of its runs later belongs to it, and the
    responses to its ``failures`` (digests).
    """
    seals = [placed for placed, seal in reading.of_kind("seal") if seal.asked.run in runs]
    starts, ends = instant(period.starts), instant(period.ends)
    begun = min(placed.entry.body.intent.sequence for placed in seals)
    sealed = max(placed.entry.sequence for placed in seals)
    times = [(placed.entry.sequence, instant(placed.entry.recorded_at)) for placed in reading.placed]
    first = max((number for number, at in times if number <= begun and at <= starts), default=1)
    last = next((number for number, at in times if number >= sealed and at >= ends), times[-1][0])
    if nights:
        within = {placed.link for placed, seal in reading.of_kind("seal") if starts <= instant(seal.as_of) < ends}
        last = max([last, *_about(reading, within, failures)])
    stamps = [(placed.entry.sequence, body.of.sequence) for placed, body in reading.of_kind("timestamp")]
    # The stamp that covers all of it; where there is none yet, the one that covers the last run.
    covering = (number for least in (last, sealed) for number, of in stamps if of >= least)
    return Part(first=first, last=max(last, next(covering, last)))


def _about(reading: Reading, runs: set[Link], failures: Set[str]) -> Iterator[int]:
    """The sequences of what other entries say of these runs (their seals) and failures."""
    about = set(runs)
    for placed in reading.placed:
        body = placed.entry.body
        if isinstance(body, Response):
            tells = body.failure in failures
        elif isinstance(body, Population | Nonce | Replacement):
            tells = not about.isdisjoint(_named(body))
            about |= {placed.link} if tells else set()
        else:
            tells = isinstance(body, Close | Tombstone) and not runs.isdisjoint(_named(body))
        if tells:
            yield placed.entry.sequence


def _named(body: Population | Nonce | Replacement | Close | Tombstone) -> Iterable[Link]:
    match body:
        case Population():
            return body.frames
        case Nonce():
            return (body.population,)
        case Replacement():
            return (body.draw,)
        case Close():
            return body.seals
        case Tombstone():
            return (run.seal for run in body.runs)
