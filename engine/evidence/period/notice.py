"""What people are to be told of a night: the difference to the run before, and every run that is missing.

Nothing is remembered between two notices. A difference is told in the night of its newer run, so that a night without a
run does not tell the one before again; what is missing is told until there is a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec

from engine.diffs import Notice
from engine.evidence import canonical, tables
from engine.evidence.chain import Reading
from engine.evidence.layout import Layout
from engine.evidence.period import diff, keeping
from engine.evidence.period.changes import Weaker
from engine.evidence.period.chosen import before
from engine.evidence.period.film import Bases, ReadPolicy
from engine.evidence.period.frames import SealedFrame, frames, unsealed
from engine.evidence.period.schedule import Calendar, instant, night_of
from engine.evidence.runs import Reader
from engine.evidence.trust import Trust
from engine.model import Schedule

_AHEAD = timedelta(days=1)


def notice(store: Path, trust: Trust, now: str, read_policy: ReadPolicy, weaker: Weaker, within: int) -> Notice:
    """What is to be told at ``now`` (RFC 3339 UTC). Raises VerificationError where what is read does not verify."""
    layout = Layout(store)
    reading = keeping.verified_chain(layout, trust)
    demonstration = trust.purpose == "demonstration"
    live = _regular(frames(reading, demonstration))
    if not live:
        night = night_of(instant(now), Schedule()).isoformat()
        return Notice("", demonstration, night, unsealed=_unsealed(reading, None), empty=True)
    newest = live[-1]
    with tables.connection() as database:
        organization = Bases(Reader(layout, database, reading), read_policy).of(newest).policy.organization
    seen = night_of(instant(newest.seal.as_of), organization.schedule)
    calendar = Calendar(organization.schedule, seen, max(seen, night_of(instant(now), organization.schedule)) + _AHEAD)
    place = max(0, calendar.position(instant(now)))
    told = Notice(
        organization=organization.name,
        demonstration=demonstration,
        night=calendar.dates[place],
        overdue=tuple(
            calendar.dates[night] for night in range(1, place + 1) if instant(now) >= calendar.late_from(night)
        ),
        unsealed=_unsealed(reading, newest),
    )
    if place > 0:
        return told
    previous = before(live)
    if previous is None:
        counts = msgspec.structs.asdict(newest.seal.verdicts)
        return replace(told, first=diff.side(newest, calendar.dates[0]), counts=counts)
    found = diff.of_pair([previous, newest], layout, reading, trust, read_policy, weaker, within)
    return replace(told, diff=found)


def _regular(live: Sequence[SealedFrame]) -> list[SealedFrame]:
    """The frames that were asked what the last scheduled one was: a look at one account stands for no night."""
    scheduled = [frame for frame in live if frame.seal.asked.kind == "scheduled"] or list(live)
    return [frame for frame in live if frame.seal.asked.filters == scheduled[-1].seal.asked.filters]


def _unsealed(reading: Reading, newest: SealedFrame | None) -> tuple[tuple[str, str], ...]:
    """The runs that began after the newest frame and have no seal."""
    since = instant(newest.seal.as_of) if newest is not None else None
    rows: Sequence[tuple[str, str, str]] = tuple(unsealed(reading))
    return tuple(
        (run, canonical.original_text(why)) for began, run, why in rows if since is None or instant(began) > since
    )
