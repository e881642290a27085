"""A period under examination: what its sealed runs show, its close, responses, samples, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.custody import stores
from engine.model import Clock

if TYPE_CHECKING:
    from engine.custody.stores import Moment
    from engine.diffs import Diff, Notice
    from engine.evidence.period.film import Film
    from engine.evidence.period.made import Asked
    from engine.evidence.sample import Draw, Frozen
    from engine.evidence.trust import Trust
    from engine.gate.model import Changes
    from engine.periods import Failure, Period
    from engine.tracked import Known


def period(store: str, config: Path, starts: date, ends: date, type_: Literal[1, 2] = 2) -> Period:
    """What the sealed runs from one night to another show, both included; ``type_`` 1: the night of ``ends`` alone.

    Raises VerificationError where what is read does not verify, and UsageError where there is no run to show.
    """
    from engine.evidence.period.made import Asked

    folder, trusted, trust = stores.readable(store, config)
    return seen(folder, trusted, trust, Asked(starts, ends, type_))[1]


@dataclass(frozen=True, slots=True)
class View:
    """A period as somebody may see it: all of it, or what is of some criteria and their ``checks``."""

    period: Period
    checks: frozenset[str] | None = None


def view(store: str | Moment, config: Path, window: tuple[date, date], criteria: tuple[str, ...] | None = None) -> View:
    """What the sealed runs of a period (first and last night) show of ``criteria`` (ids; None: of everything).

    Raises as :func:`period`.
    """
    from engine.evidence.period.limited import checks_in, limited
    from engine.evidence.period.made import Asked

    folder, trusted, trust = stores.readable(store, config)
    film, found = seen(folder, trusted, trust, Asked(*window))
    if criteria is None:
        return View(found)
    checks = checks_in(film, criteria)
    return View(limited(found, criteria, checks), checks)


def seen(folder: Path, trusted: Path, trust: Trust, asked: Asked) -> tuple[Film, Period]:
    """The frames of a period, and what they show, with what the chain says of it."""
    from engine.content.strictness import is_weaker
    from engine.evidence import closing
    from engine.evidence.layout import Layout
    from engine.evidence.period.made import filmed, shown
    from engine.evidence.sampling import samples

    film, reading = filmed(folder, trust, stores.secret_of(trusted), asked, stores.policy_of)
    found = shown(film, reading, trust, asked, is_weaker)
    layout, window = Layout(folder), film.window
    frames = (frame.placed.link for frame in film.frames[window.begin : window.count])
    return film, replace(
        found, samples=samples(reading, layout, frames), closed=closing.closed(reading, film, found, layout)
    )


def diff(pair: tuple[str | None, str | None], store: str | Moment, config: Path, within: int = 14) -> Diff:
    """What differs between two sealed runs, by their ids; waivers that end ``within`` so many days are told.

    (None, None): the newest run that read the clouds, and the last before it that was asked the same; (id, None): that
    run and the newest. Raises UsageError where there are no two, VerificationError where either does not verify.
    """
    from engine.content.strictness import is_weaker
    from engine.evidence.period.chosen import Runs
    from engine.evidence.period.diff import diff as compared

    folder, _, trust = stores.readable(store, config)
    return compared(folder, trust, Runs(*pair), stores.policy_of, is_weaker, within)


def compared(runs: tuple[str, str], store: str | Moment, config: Path, view: View) -> Diff:
    """What differs between two sealed runs of a period, as somebody may see it. Raises as :func:`diff`."""
    from engine.evidence.period.limited import limited_diff

    found = diff(runs, store, config)
    return found if view.checks is None else limited_diff(found, view.period, view.checks)


def notice(store: str, config: Path, clock: Clock, within: int = 14) -> Notice:
    """What people are to be told of the night that it is: what changed, and every run that is missing.

    Raises VerificationError where what is read does not verify.
    """
    from engine.content.strictness import is_weaker
    from engine.evidence.period.notice import notice as told

    now = clock.now()
    folder, _, trust = stores.readable(store, config)
    return told(folder, trust, now, stores.policy_of, is_weaker, within)


def known(store: str, config: Path, clock: Clock) -> Known:
    """Every failure that the sealed runs of a store saw, as it stands now.

    Raises VerificationError where what is read does not verify, NothingRecorded where no run read the clouds.
    """
    from engine.evidence.period.made import filmed
    from engine.evidence.period.tracked import known as tracked

    folder, trusted, trust = stores.readable(store, config)
    asked = _everything(folder, trust, clock.now())
    film, _ = filmed(folder, trust, stores.secret_of(trusted), asked, stores.policy_of)
    return tracked(film, trust.purpose == "demonstration")


def _everything(folder: Path, trust: Trust, now: str) -> Asked:
    """The days of all runs that a store holds. A night may begin a day before its run, or after it by the clock."""
    from engine.evidence.layout import Layout
    from engine.evidence.period import keeping
    from engine.evidence.period.made import Asked

    first = next(iter(keeping.verified_chain(Layout(folder), trust).placed), None)
    starts = date.fromisoformat((first.entry.recorded_at if first else now)[:10]) - timedelta(days=2)
    return Asked(starts, date.fromisoformat(now[:10]) + timedelta(days=1))


def changes(store: str, gates: Sequence[str], config: Path, gates_config: Path, starts: date, ends: date) -> Changes:
    """What was gated in a period, what is so now, and what changed without a gate.

    ``gates`` are the stores that gates were sealed in, by the trust file in ``gates_config`` (none: ``store`` itself).
    """
    from engine.evidence import gated

    folder, _, trust = stores.readable(store, config)
    live = (folder, trust)
    others = [(place, said) for place, _, said in (stores.readable(gate, gates_config) for gate in gates)]
    return gated.changes(live, others or [live], starts.isoformat(), ends.isoformat())


def close(store: str, config: Path, starts: date, ends: date, clock: Clock) -> tuple[int, Period]:
    """Freeze in the chain what a period is made of and what was still failing at its end.

    Gives the sequence of the entry, and the period. The next one starts on the day after. Raises UsageError for a
    period that is not over or does not follow the one before, VerificationError and SealError.
    """
    from engine.content.strictness import is_weaker
    from engine.evidence import closing
    from engine.evidence.period.made import Asked, filmed, shown

    recorder, asked = stores.recorder(store, config), Asked(starts, ends)
    film, reading = filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, asked, stores.policy_of)
    found = shown(film, reading, recorder.trust, asked, is_weaker)
    return closing.close(recorder, film, reading, found, clock.now()).sequence, found


def respond(store: str, config: Path, named: str, answer: Mapping[str, str], clock: Clock) -> tuple[int, Failure]:
    """Seal management's response to a failure by its id: its ``cause``, ``effect`` and ``correction``, and ``by`` whom.

    Gives the sequence of the entry, and the failure. Raises UsageError where there is no such failure, with the nearest
    ids; VerificationError and SealError.
    """
    from engine.evidence import responding
    from engine.evidence.period.made import filmed

    recorder, now = stores.recorder(store, config), clock.now()
    asked = _everything(recorder.layout.root, recorder.trust, now)
    film, _ = filmed(recorder.layout.root, recorder.trust, recorder.keys.secret, asked, stores.policy_of)
    link, failure = responding.respond(recorder, film, named, responding.Answer(**answer), now)
    return link.sequence, failure


def freeze(store: str, config: Path, check: str | None, starts: date, ends: date, clock: Clock) -> tuple[int, Frozen]:
    """Seal what a check was about in a period (``check`` None: the nights of it) before anything is drawn from it.

    Gives the sequence of the entry, and the list. Raises UsageError where there is nothing, VerificationError and
    SealError.
    """
    from engine.evidence import sampling
    from engine.evidence.period.made import Asked, filmed

    recorder = stores.recorder(store, config)
    film, reading = filmed(
        recorder.layout.root, recorder.trust, recorder.keys.secret, Asked(starts, ends), stores.policy_of
    )
    link, population = sampling.freeze(recorder, film, reading, check, clock.now())
    return link.sequence, population


def drawn(store: str, config: Path, sequence: int, size: int, nonce: str | None, clock: Clock) -> tuple[int, Draw]:
    """Draw ``size`` units from the population of an entry by the auditor's ``nonce`` (None: internal), once.

    Gives the sequence of the nonce's entry, and the sample. Raises UsageError, VerificationError and SealError.
    """
    from engine.evidence import sampling

    link, _, sample = sampling.drawn(stores.recorder(store, config), sequence, size, nonce, clock.now())
    return link.sequence, sample


def replaced(store: str, config: Path, sequence: int, unit: str, reason: str, clock: Clock) -> tuple[int, str]:
    """Put the next unit of a draw (from the population of an entry) in the place of one that cannot be tested.

    Gives the sequence of the entry that says why, and that unit. Raises UsageError, VerificationError and SealError.
    """
    from engine.evidence import sampling

    link, by = sampling.replace(stores.recorder(store, config), sequence, unit, reason, clock.now())
    return link.sequence, by
