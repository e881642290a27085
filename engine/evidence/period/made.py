"""Makes a period of a store: verifies what it reads, then looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from engine.errors import UsageError
from engine.evidence import anchors, canonical, tables
from engine.evidence.chain import Reading
from engine.evidence.layout import Layout
from engine.evidence.period import changes, conclusions, failures, keeping, nights, populations, waived
from engine.evidence.period.film import Bases, Film, ReadPolicy, film
from engine.evidence.period.frames import frames, removed, unsealed
from engine.evidence.period.schedule import instant, night_of
from engine.evidence.runs import Reader
from engine.evidence.trust import Trust
from engine.model import Check
from engine.periods import NotRetained, Period


@dataclass(frozen=True, slots=True)
class Asked:
    """What a period is asked for: dates, both included; ``type_`` 1 is a photograph of the night of ``ends``."""

    starts: date
    ends: date
    type_: Literal[1, 2] = 2


def period(
    store: Path,
    trust: Trust,
    secret: bytes | None,
    asked: Asked,
    read_policy: ReadPolicy,
    weaker: Callable[[Check, str, Any], bool],
) -> Period:
    """The period of a store. ``secret`` is the store's, without which the index is made anew each time.

    Raises VerificationError, naming what, where anything that is read does not verify, and UsageError where there is no
    frame to show.
    """
    made, reading = filmed(store, trust, secret, asked, read_policy)
    return shown(made, reading, trust, asked, weaker)


def filmed(
    store: Path, trust: Trust, secret: bytes | None, asked: Asked, read_policy: ReadPolicy
) -> tuple[Film, Reading]:
    """The frames that a period is made of, and the chain that they are in. Raises as :func:`period` does."""
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
    if made is None:
        what = f"of the night of {asked.ends}" if asked.type_ == 1 else f"up to {asked.ends}"
        lost = f"; {len(gone)} runs are not retained" if gone else ""
        raise UsageError(f"reading {store}: it holds no run {what}{lost}")
    return made, reading


def shown(
    made: Film, reading: Reading, trust: Trust, asked: Asked, weaker: Callable[[Check, str, Any], bool]
) -> Period:
    """What a film shows."""
    policy = made.bases[-1].policy
    window = made.window
    lost = list(unsealed(reading))
    calendar = nights.nights(made, lost)
    found = failures.found(made)
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
        digest=canonical.digest("\n".join(_seals(made)).encode()),
        frames=tuple(
            made.frames[number].shown(dates[made.looks[number].night]) for number in range(window.begin, window.count)
        ),
        nights=calendar,
        coverage=nights.coverage(made),
        failures=tuple(row.failure for row in found),
        changes=changes.of_film(made, weaker),
        populations=population,
        controls=controls,
        criteria=conclusions.criteria(policy, controls),
        waivers=waived.waivers(made),
        inventory=held.at_end,
        appeared=held.appeared,
        gone=held.gone,
        not_retained=tuple(_not_retained(made)),
    )


def _seals(made: Film) -> list[str]:
    """The digests of the seals of all frames up to the end, also of those that are kept no longer: what they were."""
    every = [*made.frames, *(frame for frame, _ in made.gone)]
    return [frame.placed.digest for frame in sorted(every, key=lambda frame: frame.order)]


def _not_retained(made: Film) -> Iterator[NotRetained]:
    first = made.calendar.dates[made.window.first_night]
    for frame, removal in made.gone:
        night = night_of(instant(frame.seal.as_of), made.calendar.schedule).isoformat()
        if night >= first:
            said = removal.run.verdicts
            counts = (said.passed, said.failed, said.unknown, said.not_applicable, said.waived)
            yield NotRetained(
                frame.moment, night, removal.at, removal.sequence, removal.rule, frame.seal.records.root, *counts
            )
