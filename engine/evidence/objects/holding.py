"""Brings the locks of a bucket in line with the policy: retention that has to be longer, legal holds put and released.

What is written is locked for the days of the policy after that day, or after the period that is prepared. That a period
was closed, that a hold was declared, or that a run of today rests on a check that was first stored a year ago, is known
later: then locks are extended, which a retention in compliance mode allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from engine.errors import SealError
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Seal
from engine.evidence.expiry import covers, on_hold
from engine.evidence.layout import Layout
from engine.evidence.objects.bucket import WIDTH, StoreUnavailable
from engine.evidence.objects.locked import PRIVATE, Lock, Locker, moment
from engine.evidence.objects.mirror import MARKER, Mirror
from engine.evidence.storage import Storage
from engine.model import Retention

_SHARED: Final = ("chain/", "content/", "merged/")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an object is to be locked: until when, and whether a legal hold is to be on it."""

    until: datetime
    hold: bool

    def __or__(self, other: Wanted) -> Wanted:
        return Wanted(max(self.until, other.until), self.hold or other.hold)


@dataclass(frozen=True, slots=True)
class Locked:
    """How many objects are locked as the policy says, and of these, what had to be done for it."""

    objects: int
    extended: int
    held: int
    released: int


def lock(mirror: Mirror, layout: Layout, reading: Reading, retention: Retention, how: Lock, today: date) -> Locked:
    """Lock every object of a bucket as the policy says, but for what may have to be erased.

    Raises UsageError for a bucket that is not of S3, SealError where it cannot lock, or denies; what was locked until
    then stays so.
    """
    locker = Locker(mirror.address)
    locker.refuse_unlockable()
    wanted = _wanted(reading, layout, retention, how, today)

    def brought(name: str) -> tuple[bool, bool, bool]:
        want, held = wanted[name], locker.held(name)
        extends = held.until is None or held.until < want.until
        if extends:
            locker.retain(name, held.mode or how.mode, want.until)
        if held.hold != want.hold:
            locker.hold(name, want.hold)
        return extends, want.hold and not held.hold, held.hold and not want.hold

    try:
        names = sorted(name for name in mirror.bucket.list() if name in wanted)
        with ThreadPoolExecutor(WIDTH) as pool:
            rows = list(pool.map(brought, names))
    except StoreUnavailable as error:
        raise SealError(f"locking objects of {mirror.address}: {error}; run it again once that is mended") from error
    return Locked(len(rows), *(sum(row[index] for row in rows) for index in range(3)))


def _wanted(reading: Reading, layout: Layout, retention: Retention, how: Lock, today: date) -> Mapping[str, Wanted]:
    storage = Storage(layout, reading)
    found: dict[str, Wanted] = {}
    every = Wanted(moment(max(today, how.ends or today) + timedelta(days=how.days)), hold=False)
    for placed in storage.retained():
        want = _of_run(placed, reading, retention, how)
        every |= want
        for name in storage.of(placed).facts:
            found[name] = found[name] | want if name in found else want
    # What runs share is kept as long as the last of them; any of them may rest on the bodies of any before.
    found |= dict.fromkeys(storage.packs(), every)
    left = storage.left()
    for path in sorted(layout.root.rglob("*")):
        name = layout.relative(path)
        if name.startswith(_SHARED) and path.is_file() and name not in found and name not in left:
            found[name] = every
    return {name: want for name, want in found.items() if not name.startswith(PRIVATE) and name != MARKER}


def _of_run(placed: Placed, reading: Reading, retention: Retention, how: Lock) -> Wanted:
    seal: Seal = placed.entry.body
    day = date.fromisoformat(seal.as_of[:10])
    closed = (body for _, body in reading.of_kind("close") if placed.link in body.seals or covers(body, day))
    ends = [date.fromisoformat(body.period.ends) for body in closed]
    if not ends and how.ends is not None and day <= how.ends:
        ends = [how.ends]
    until = moment(max((day, *ends)) + timedelta(days=how.days))
    return Wanted(until, any(on_hold(hold, day) for hold in retention.holds))
