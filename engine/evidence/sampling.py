"""Freezes a population in the chain, and draws from it what a nonce that came later decides.

The list itself lies beside checks and schemas in ``content/``, under the digest that the entry names, so that anyone
who has the store can draw again by the recipe in ``docs/sampling.md``. Personal ids stand in it as records have them:
by their digests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from engine.errors import UsageError, VerificationError
from engine.evidence import canonical, durable
from engine.evidence.chain import Reading
from engine.evidence.entries import Link, Nonce, Population
from engine.evidence.period import nights, populations
from engine.evidence.period.film import Film
from engine.evidence.period.frames import unsealed
from engine.evidence.period.keeping import verified_chain
from engine.evidence.sample import Draw, Frozen, draw, frozen
from engine.evidence.seal import Recorder

Unit = Literal["items", "nights"]


def freeze(recorder: Recorder, film: Film, reading: Reading, check: str | None, now: str) -> tuple[Link, Frozen]:
    """Seal the list of what a check was about in a period (``check`` None: its nights). Gives its entry and the list.

    Raises UsageError for a check that no frame of the period judged, SealError where the entry cannot be written.
    """
    population = frozen(_nights(film, reading) if check is None else _items(film, check))
    layout, data = recorder.layout, canonical.encode(list(population.units))
    path = layout.content(population.digest)
    if not path.exists():
        with durable.doing(f"storing the population {population.digest}"):
            durable.create(path, data, layout.staging)
    window = film.window
    body = Population(
        query="every night that the schedule expects" if check is None else f"everything that {check} applied to",
        unit="nights" if check is None else "items",
        digest=population.digest,
        count=len(population.units),
        frames=tuple(frame.placed.link for frame in film.frames[window.begin : window.count]),
        check=check,
    )
    link = recorder.chain().append("population", body, now)
    recorder.pin(link)
    return link, population


def drawn(recorder: Recorder, sequence: int, size: int, nonce: str | None, now: str) -> tuple[Link, Population, Draw]:
    """Record a nonce, and draw from the population of an entry. Gives the nonce's entry, the population and the sample.

    Who asks again by the same nonce gets the same order again. Raises UsageError where the entry freezes no population
    or another nonce was used, VerificationError where the chain or the list does not verify.
    """
    reading = verified_chain(recorder.layout, recorder.trust)
    found = next((row for row in reading.of_kind("population") if row[0].entry.sequence == sequence), None)
    if found is None:
        raise UsageError(f"drawing a sample: entry {sequence} freezes no population; `auditreel sample freeze` does")
    placed, population = found
    sample = draw(Frozen(tuple(listed(recorder, population)), population.digest), size, nonce)
    for earlier, said in reading.of_kind("nonce"):
        if said.population == placed.link:
            if said.nonce != nonce:
                raise UsageError(f"drawing a sample: entry {sequence} was drawn from already, by another nonce")
            return earlier.link, population, sample
    body = Nonce(population=placed.link, nonce=nonce, internal=sample.internal)
    link = recorder.chain().append("nonce", body, now)
    recorder.pin(link)
    return link, population, sample


def listed(recorder: Recorder, population: Population) -> Sequence[str]:
    """The units of a population. Raises VerificationError where the list is missing or not the one that was frozen."""
    path = recorder.layout.content(population.digest)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VerificationError(f"reading the population {path}: {error.strerror}") from error
    units: list[str] = canonical.decode(data) if canonical.digest(data) == population.digest else []
    if len(units) != population.count or not units:
        raise VerificationError(f"reading the population {path}: it is not the list that was frozen")
    return units


def _items(film: Film, check: str) -> list[str]:
    seen = populations.seen(film).get(check)
    if seen is None or not seen.subjects:
        raise UsageError(f"freezing a population: no run of the period judged anything by {check}")
    scopes, subjects = film.index.scopes.values, film.index.subjects.values
    return [" ".join((*scopes[scope], *subjects[subject][1:3])) for scope, subject in seen.subjects]


def _nights(film: Film, reading: Reading) -> list[str]:
    return [night.date for night in nights.nights(film, list(unsealed(reading)))]
