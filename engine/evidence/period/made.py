"""Makes a period of a store: verifies what it reads, then looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import NothingRecorded, UsageError, VerificationError
from engine.evidence import anchors, canonical, people, tables
from engine.evidence.chain import Reading
from engine.evidence.layout import Layout
from engine.evidence.period import changes, conclusions, failures, keeping, nights, populations, second, waived
from engine.evidence.period.failures import Found
from engine.evidence.period.film import Bases, Film, ReadPolicy, film
from engine.evidence.period.frames import SealedFrame, frames, removed, unsealed
from engine.evidence.period.schedule import instant, night_of
from engine.evidence.responding import responses
from engine.evidence.runs import Reader
from engine.evidence.summaries import Counts, Summary
from engine.evidence.trust import Trust
from engine.model import Check
from engine.periods import NotRetained, Period, Response, Tally

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Asked:
    """What a period is asked for: dates, both included; ``type_`` 1 is a photograph of the night of ``ends``."""

    starts: date
    ends: date
    type_: Literal[1, 2] = 2


def filmed(
    store: Path, trust: Trust, secret: bytes | None, asked: Asked, read_policy: ReadPolicy
) -> tuple[Film, Reading]:
    """The frames that a period is made of, and the chain that they are in.

    ``secret`` is the store's, without which the index is made anew each time. Raises VerificationError, naming what,
    where anything that is read does not verify, and UsageError where there is no frame to show.
    """
    if asked.starts > asked.ends:
        raise UsageError(f"reading a period: it ends ({asked.ends}) before it starts ({asked.starts})")
    layout = Layout(store)
    reading = keeping.verified_chain(layout, trust)
    found = frames(reading, trust.purpose == "demonstration")
    with tables.connection() as database:
        reader = Reader(layout, database, reading)
        index = keeping.current(layout, trust, reading, secret, reader)
        bases = Bases(reader, read_policy)
        single = asked.type_ == 1
        gone = removed(reading, trust.purpose == "demonstration")
        made = film(found, bases, index, asked.ends if single else asked.starts, asked.ends, single, gone)
        if made is not None:
            packs = [layout.root / name for name in reader.storage.packs()]
            made.second = second.seconds(made, partial(_kept_bodies, database, packs))
            made.people = people.known(reading.placed, layout)
            made.summaries = _summaries(reading, reader)
    if made is None:
        what = f"of the night of {asked.ends}" if asked.type_ == 1 else f"up to {asked.ends}"
        lost = f"; {len(gone)} runs are not retained" if gone else ""
        raise NothingRecorded(f"reading {store}: it holds no run {what}{lost}")
    return made, reading


def _summaries(reading: Reading, reader: Reader) -> dict[str, Summary]:
    """The summaries of the runs that are kept no longer, by run. Raises VerificationError without them."""
    found = [one for _, tombstone in reading.of_kind("tombstone") for one in reader.summaries(tombstone)]
    for fault in reader.faults:
        raise VerificationError(f"the store does not verify ({fault}); run `auditreel verify`")
    return {one.run: one for one in found}


def _kept_bodies(database: DuckDBPyConnection, packs: Sequence[Path], digests: Iterable[str]) -> dict[str, Any]:
    """Bodies by digest, as far as packs hold them. Raises VerificationError for one with other content."""
    found = tables.bodies_of(database, (path for path in packs if path.exists()), digests)
    for digest, data in found.items():
        if canonical.digest(data) != digest:
            raise VerificationError(f"body {digest} has other content; run `auditreel verify`")
    return {digest: canonical.decode(data) for digest, data in found.items()}


def inputs(rows: Iterable[SealedFrame]) -> str:
    """The digest of everything that a period is made of: the digests of the seals of all frames up to its end."""
    in_order = sorted(rows, key=lambda frame: frame.order)
    return canonical.digest("\n".join(frame.placed.digest for frame in in_order).encode())


def _answered(rows: Sequence[Found], said: Mapping[str, tuple[Response, ...]]) -> list[Found]:
    """Failures with management's responses."""
    if not said:
        return list(rows)
    return [replace(row, failure=replace(row.failure, responses=said.get(row.failure.digest, ()))) for row in rows]


def shown(
    made: Film, reading: Reading, trust: Trust, asked: Asked, weaker: Callable[[Check, str, Any], bool]
) -> Period:
    """What a film shows; samples and a close are said in the chain beside it."""
    policy = made.bases[-1].policy
    window = made.window
    lost = list(unsealed(reading))
    calendar = nights.nights(made, lost)
    found = _answered(failures.found(made), responses(reading, made.people))
    rows = populations.seen(made)
    population = populations.populations(made, rows)
    controls = conclusions.controls(made, found, rows, population, calendar)
    held = populations.inventory(made)
    dates = made.calendar.dates
    return Period(
        type_=asked.type_,
        organization=policy.organization.name,
        starts=(asked.ends if asked.type_ == 1 else asked.starts).isoformat(),
        ends=asked.ends.isoformat(),
        timezone=made.calendar.schedule.timezone,
        # The last frame's anchor is that of all before it.
        anchored=anchors.line(anchors.anchoring(reading, trust).of(made.frames[-1].placed.entry.sequence)),
        demonstration=trust.purpose == "demonstration",
        digest=inputs([*made.frames, *(frame for frame, _ in made.gone)]),
        frames=tuple(
            frame.shown(dates[look.night], people.caller(frame.seal, made.people))
            for frame, look in list(zip(made.frames, made.looks, strict=True))[window.begin : window.count]
        ),
        nights=calendar,
        coverage=nights.coverage(made),
        failures=tuple(row.failure for row in found),
        changes=changes.of_film(made, weaker, [row.failure for row in found]),
        populations=population,
        controls=controls,
        criteria=conclusions.criteria(made, controls),
        vendors=conclusions.vendors(made, calendar),
        entity_controls=policy.organization.programme.entity_controls,
        waivers=waived.waivers(made),
        inventory=held.at_end,
        appeared=held.appeared,
        gone=held.gone,
        not_retained=tuple(_not_retained(made)),
    )


def _not_retained(made: Film) -> Iterator[NotRetained]:
    first = made.calendar.dates[made.window.first_night]
    for frame, removal in made.gone:
        night = night_of(instant(frame.seal.as_of), made.calendar.schedule).isoformat()
        if night >= first:
            said = removal.run.verdicts
            counts = (said.passed, said.failed, said.unknown, said.not_applicable, said.waived)
            kept = made.summaries[frame.seal.asked.run]
            yield NotRetained(
                *(frame.moment, night, removal.at, removal.sequence, removal.rule, frame.seal.records.root, *counts),
                checks={id_: _tally(said) for id_, said in kept.checks.items()},
                controls={id_: _tally(said) for id_, said in kept.controls.items()},
            )


def _tally(said: Counts) -> Tally:
    return Tally(said.passed, said.failed, said.unknown, said.not_applicable)
