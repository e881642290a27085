"""Removes runs that need not be kept any longer, by the organisation's rule, and says so in the chain.

A run is kept while its period is open, for the days of the rule after the end of the period that was closed with it,
and as long as a legal hold covers it. What stays is the tombstone, with the roots and counts that were sealed, the
summaries of what was found, the checks and policies that it was judged by, and the bodies that later runs rest on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine.errors import SealError
from engine.evidence import canonical, durable, people, summaries, tables
from engine.evidence.bundle import commitments, needed_bodies
from engine.evidence.chain import Placed, Reading
from engine.evidence.compaction import adopt, clear
from engine.evidence.entries import Close, FileFact, Link, Removed, Seal, Tombstone
from engine.evidence.layout import MERGED, Layout, file_fact
from engine.evidence.period.film import Bases, ReadPolicy
from engine.evidence.period.frames import SealedFrame
from engine.evidence.period.keeping import verified_chain
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.seal import Recorder
from engine.evidence.storage import Storage, removals
from engine.evidence.summaries import Summary
from engine.model import Hold, Retention

_DAY = timedelta(days=1)
UNDER_WAY = timedelta(days=2)
"""How long a run that has no end yet may still be under way."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a run: the rule by which it is to be removed (None: it is kept), and why in either case."""

    placed: Placed
    why: str
    due: bool

    @property
    def run(self) -> str:
        """The run's id."""
        seal: Seal = self.placed.entry.body
        return seal.asked.run


def fates(reading: Reading, layout: Layout, retention: Retention, today: date, unclosed: bool) -> list[Fate]:
    """What the rule says of each run that is there. ``unclosed`` lets runs of no closed period go by their own age."""
    closed = [body for _, body in reading.of_kind("close")]
    storage = Storage(layout, reading)
    found = [Fate(placed, *_fate(placed, closed, retention, today, unclosed)) for placed in storage.retained()]
    due = {fate.placed.link for fate in found if fate.due}
    # What stands in one file is removed together.
    return [
        Fate(fate.placed, "its rows stand in one file with those of runs that are kept", due=False)
        if fate.due and not due.issuperset(storage.beside(fate.placed))
        else fate
        for fate in found
    ]


def _fate(
    placed: Placed, closed: Sequence[Close], retention: Retention, today: date, unclosed: bool
) -> tuple[str, bool]:
    seal: Seal = placed.entry.body
    day = date.fromisoformat(seal.as_of[:10])
    for hold in retention.holds:
        if on_hold(hold, day):
            return f"legal hold from {hold.starts} to {hold.ends}: {hold.reason}", False
    within = [body.period for body in closed if placed.link in body.seals or covers(body, day)]
    if not within and not unclosed:
        return "its period is not closed", False
    ends = max((date.fromisoformat(period.ends) for period in within), default=day)
    since = f"the end of the period that was closed on {ends}" if within else "the run, which is of no closed period"
    until = ends + timedelta(days=retention.days)
    return f"kept for {retention.days} days after {since}: until {until}", until < today


def on_hold(hold: Hold, day: date) -> bool:
    """Whether a legal hold covers a run of a day (UTC)."""
    # Holds have local dates; a day more on either side keeps a run too many, never one too few.
    return hold.starts - _DAY <= day <= hold.ends + _DAY


def covers(body: Close, day: date) -> bool:
    """Whether a closed period covers a day."""
    return date.fromisoformat(body.period.starts) <= day <= date.fromisoformat(body.period.ends)


def expire(
    recorder: Recorder, retention: Retention, now: str, unclosed: bool, read_policy: ReadPolicy
) -> tuple[Link, list[Fate]] | None:
    """Remove the runs that are due; gives the tombstone and what was removed, None where nothing was due.

    ``now`` is RFC 3339 UTC. Raises VerificationError where anything that is kept or removed does not verify: what is
    altered is not buried. Raises SealError where a run is under way or begins meanwhile, or something cannot be
    written.
    """
    layout = recorder.layout
    reading = verified_chain(layout, recorder.trust)
    _refuse_under_way(recorder, now)
    clear(layout, Storage(layout, reading))
    going = [fate for fate in fates(reading, layout, retention, date.fromisoformat(now[:10]), unclosed) if fate.due]
    if not going:
        return None
    with tables.connection() as database:
        reader = Reader(layout, database, reading)
        read = _Read(reader, {fate.placed.link for fate in going}, Bases(reader, read_policy))
        rule = f"retention of {retention.days} days" + (", also of runs of no closed period" if unclosed else "")
        bodies = {digest: canonical.encode(reader.bodies[digest]) for digest in read.needed}
        with durable.doing(f"removing runs from {layout.place}"):
            fact = _keep(database, layout, bodies) if bodies else None
            listed = summaries.encode(read.summaries)
            path = layout.content(canonical.digest(listed))
            if not path.exists():
                durable.create(path, listed, layout.staging)
    body = Tombstone(
        rule=rule,
        runs=tuple(_removed(fate.placed) for fate in going),
        summaries=canonical.digest(listed),
        bodies=fact,
    )
    link = recorder.chain().append("tombstone", body, now, after=reading.placed[-1].link)
    recorder.pin(link)
    if layout.mirror is not None:
        layout.mirror.follow()
    after = verified_chain(layout, recorder.trust)
    clear(layout, Storage(layout, after))
    if after.placed[-1].link != link:
        # What has begun since may rest on an object of the same person.
        raise SealError(
            f"removing private objects from {layout.place}: a run began meanwhile; they are left as they are"
        )
    with durable.doing(f"removing private objects from {layout.place}"):
        gone = removals(after)
        callers = set(people.named(placed for placed in after.placed if placed.link in gone))
        needed = set(people.named(placed for placed in after.placed if placed.link not in gone))
        layout.remove(layout.relative(layout.private(digest)) for digest in sorted((read.private | callers) - needed))
        layout.create()
    return link, going


def _removed(placed: Placed) -> Removed:
    seal: Seal = placed.entry.body
    return Removed(
        seal=placed.link, run=seal.asked.run, verdicts=seal.verdicts, records=seal.records, ledger=seal.ledger
    )


class _Read:
    """One pass over everything that is still there.

    ``needed`` are the bodies of runs that go, or went before, which others rest on; ``private`` the private objects
    that nothing names any more; ``summaries`` those of the runs that go.
    """

    def __init__(self, reader: Reader, going: set[Link], bases: Bases) -> None:
        self.summaries: list[Summary] = []
        leaving = set(reader.kept_bodies())
        resting: set[str] = set()
        named: dict[bool, set[str]] = {True: set(), False: set()}
        reader.bodies.update(reader.kept_bodies())
        for placed in reader.storage.retained():
            stored = reader.read(placed)
            for fault in reader.faults:
                raise SealError(f"removing runs: the store does not verify ({fault}); run `auditreel verify`")
            if stored is None:
                raise SealError(f"removing runs: run {placed.entry.body.asked.run} could not be read")
            needed, goes = needed_bodies(stored, reader.bodies), placed.link in going
            named[goes] |= commitments(stored, needed, reader.bodies)
            if goes:
                leaving |= reader.read_bodies(placed).keys()
                self.summaries.append(_summary(stored, bases))
            else:
                resting |= needed
        self.needed = sorted(leaving & resting)
        self.private = named[True] - named[False]


def _summary(stored: StoredRun, bases: Bases) -> Summary:
    controls = bases.of(SealedFrame(stored.placed)).policy.controls
    return summaries.summary(stored.seal, stored.tally.verdicts, controls)


def _keep(database: Any, layout: Layout, bodies: Mapping[str, bytes]) -> FileFact:
    staged = durable.staged(layout.staging, "bodies.parquet")
    try:
        tables.write_bodies(database, tables.body_lines(bodies), staged)
        fact = file_fact(staged)
        durable.make_folder(layout.root / MERGED)
        adopt(staged, layout.merged(fact.digest))
    finally:
        durable.discard(staged)
    return fact


def _refuse_under_way(recorder: Recorder, now: str) -> None:
    """A run that has begun may rest on bodies that would go."""
    for intent, _ in recorder.unsealed().values():
        if _moment(now) - _moment(intent.started_at) < UNDER_WAY:
            raise SealError(
                f"removing runs: run {intent.run} began at {intent.started_at} and has no end yet; wait for it"
            )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:19] + "+00:00")
