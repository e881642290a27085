"""Freezes a population in the chain, and draws from it what a nonce that came later decides.

The list itself lies beside checks and schemas in ``content/``, under the digest that the entry names, so that anyone
who has the store can draw again by the recipe in ``docs/sampling.md``. Personal ids stand in it as records have them:
by their digests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.errors import UsageError, VerificationError
from engine.evidence import canonical, durable, people, regular
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Link, Nonce, Population, Replacement
from engine.evidence.layout import Layout
from engine.evidence.period import failures, nights, populations
from engine.evidence.period.film import Film
from engine.evidence.period.frames import unsealed
from engine.evidence.period.keeping import verified_chain
from engine.evidence.personal import PrivateObjects
from engine.evidence.sample import Draw, Frozen, draw, frozen
from engine.evidence.seal import Recorder
from engine.periods import Sample

Unit = Literal["items", "nights", "events"]
LONGEST_REASON: Final = 4_000


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
        unit="nights" if check is None else _unit(film, check),
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
    sample = draw(Frozen(tuple(listed(recorder.layout, population)), population.digest), size, nonce)
    for earlier, said in reading.of_kind("nonce"):
        if said.population == placed.link:
            if said.nonce != nonce:
                raise UsageError(f"drawing a sample: entry {sequence} was drawn from already, by another nonce")
            if said.size not in (None, size):
                raise UsageError(f"drawing a sample: {said.size:,} were drawn from entry {sequence} already")
            return earlier.link, population, sample
    body = Nonce(population=placed.link, nonce=nonce, internal=sample.internal, size=size)
    link = recorder.chain().append("nonce", body, now, after=reading.placed[-1].link)
    recorder.pin(link)
    return link, population, sample


def replace(recorder: Recorder, sequence: int, unit: str, reason: str, now: str) -> tuple[Link, str]:
    """Put the next unit in the order of a draw in the place of one that cannot be tested. Gives its entry and it.

    ``sequence`` is the population's entry. Raises UsageError for a unit that is not in the sample, or without a reason;
    where nothing was drawn yet, or nothing is left; VerificationError where the chain or the list does not verify.
    """
    if not reason.strip() or len(canonical.neutral_text(reason)) > LONGEST_REASON:
        raise UsageError(f"replacing a unit: --reason takes text of 1 to {LONGEST_REASON:,} characters")
    reading = verified_chain(recorder.layout, recorder.trust)
    found = next((row for row in _draws(reading, recorder.layout) if row.population.entry.sequence == sequence), None)
    if found is None or found.size is None or found.nonce is None:
        raise UsageError(f"replacing a unit: nothing was drawn from entry {sequence}; `auditreel sample draw` does")
    if unit not in found.standing:
        raise UsageError(f"replacing a unit: {unit} is not in the sample of entry {sequence}, or was replaced already")
    following = found.order[found.size + len(found.replacements) :]
    if not following:
        raise UsageError(
            f"replacing a unit: all {len(found.order):,} units of entry {sequence} are in the sample already"
        )
    private = PrivateObjects(recorder.keys.secret)
    why = people.reason(reason, private)
    with durable.doing(f"keeping private objects in {recorder.layout.root}"):
        people.keep(private, recorder.layout)
    body = Replacement(draw=found.nonce.link, unit=unit, by=following[0], reason=why)
    link = recorder.chain().append("replacement", body, now, after=reading.placed[-1].link)
    recorder.pin(link)
    return link, following[0]


def samples(reading: Reading, layout: Layout, frames: Iterable[Link]) -> tuple[Sample, ...]:
    """The populations that were frozen from any of these frames, with what was drawn of them and replaced.

    Raises VerificationError where a list is not the one that was frozen, or a replacement not the next in the order.
    """
    wanted, private = set(frames), people.known(reading.placed, layout)
    return tuple(
        row.shown(private) for row in _draws(reading, layout) if wanted.intersection(row.population.entry.body.frames)
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A population, and the nonce's entry, order, size and replacements where it was drawn from."""

    population: Placed
    nonce: Placed | None
    size: int | None
    seed: str
    order: tuple[str, ...]
    replacements: tuple[Placed, ...]

    @property
    def standing(self) -> set[str]:
        """The units of the sample as it stands."""
        gone = {row.entry.body.unit for row in self.replacements}
        came = {row.entry.body.by for row in self.replacements}
        return ({*self.order[: self.size or 0]} | came) - gone

    def shown(self, private: Mapping[str, Mapping[str, Any]]) -> Sample:
        """The sample as reports show it; ``private`` are the private objects that the chain names."""
        body: Population = self.population.entry.body
        said: Nonce | None = self.nonce.entry.body if self.nonce is not None else None
        return Sample(
            sequence=self.population.entry.sequence,
            of=body.check or "nights",
            unit=body.unit,
            count=body.count,
            digest=body.digest,
            nonce=said.nonce if said is not None else None,
            internal=said.internal if said is not None else False,
            size=self.size,
            seed=self.seed,
            drawn=self.order[: self.size or 0],
            replaced=tuple(
                (
                    row.entry.body.unit,
                    row.entry.body.by,
                    people.why(row.entry.body, private),
                    row.entry.recorded_at,
                )
                for row in self.replacements
            ),
        )


def _draws(reading: Reading, layout: Layout) -> Iterator[_Drawn]:
    nonces = {body.population: placed for placed, body in reading.of_kind("nonce")}
    replacements: dict[Link, list[Placed]] = {}
    for placed, body in reading.of_kind("replacement"):
        replacements.setdefault(body.draw, []).append(placed)
    for placed, population in reading.of_kind("population"):
        nonce = nonces.get(placed.link)
        if nonce is None:
            yield _Drawn(placed, None, None, "", (), ())
            continue
        said: Nonce = nonce.entry.body
        units = tuple(listed(layout, population))
        # Draws of versions before this one did not record their size: what they drew is the auditor's to say.
        sample = draw(Frozen(units, population.digest), said.size or len(units), said.nonce)
        found = _Drawn(
            placed,
            nonce,
            said.size,
            sample.seed,
            (*sample.drawn, *sample.replacements),
            tuple(replacements.get(nonce.link, ())),
        )
        _refuse_chosen(found)
        yield found


def _refuse_chosen(found: _Drawn) -> None:
    """Raise VerificationError where what took a unit's place is not the next in the order."""
    following = found.order[found.size or 0 :]
    for number, row in enumerate(found.replacements):
        body: Replacement = row.entry.body
        if number >= len(following) or body.by != following[number] or body.unit not in found.order:
            raise VerificationError(
                f"reading the sample of entry {found.population.entry.sequence}: entry {row.entry.sequence} replaces a "
                "unit by another than the next in the order of the draw"
            )


def listed(layout: Layout, population: Population) -> Sequence[str]:
    """The units of a population. Raises VerificationError where the list is missing or not the one that was frozen."""
    path = layout.content(population.digest)
    try:
        data = regular.read(path)
    except OSError as error:
        raise VerificationError(f"reading the population {path}: {error.strerror}") from error
    units: list[str] = canonical.decode(data) if canonical.digest(data) == population.digest else []
    if len(units) != population.count or not units:
        raise VerificationError(f"reading the population {path}: it is not the list that was frozen")
    return units


def _unit(film: Film, check: str) -> Unit:
    """Events where a control that operates by event rests on the check, else items."""
    controls = film.bases[-1].policy.controls
    return "events" if any(row.operation == "per_event" and failures.names(row, check) for row in controls) else "items"


def _items(film: Film, check: str) -> list[str]:
    seen = populations.seen(film).get(check)
    if seen is None or not seen.subjects:
        raise UsageError(f"freezing a population: no run of the period judged anything by {check}")
    scopes, subjects = film.index.scopes.values, film.index.subjects.values
    return [" ".join((*scopes[scope], *subjects[subject][1:3])) for scope, subject in seen.subjects]


def _nights(film: Film, reading: Reading) -> list[str]:
    return [night.date for night in nights.nights(film, list(unsealed(reading)))]
