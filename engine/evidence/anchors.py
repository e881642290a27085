"""How a chain is anchored in time: the time stamps in it that a pinned authority vouches for, and what they rule out.

A stamp over an entry says that this entry, and with it all before, was there at the latest then. Whoever holds the
signing key can write a chain anew, but cannot have it stamped in the past.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.evidence.entries import Link, TimeStamp
from engine.evidence.faults import Fault
from engine.evidence.timestamps import TimeStampError, checked
from engine.evidence.trust import Trust

if TYPE_CHECKING:
    from engine.evidence.chain import Placed, Reading

NOT_ANCHORED: Final = "NOT ANCHORED: the key's holder could have rewritten or removed this"
TOLERANCE: Final = timedelta(minutes=5)
"""How far the clocks of a recorder and of an authority may be apart."""
LATE: Final = timedelta(days=7)
"""A stamp that comes later than this shows less than its reader will think: meanwhile all could be written anew."""


@dataclass(frozen=True, slots=True, order=True)
class Anchor:
    """A time stamp that was verified: entry ``stamped`` and all before it were there ``at`` (RFC 3339 UTC).

    ``entry`` is where the stamp itself stands in the chain; ``lag`` how long after the stamped entry was recorded.
    """

    entry: int
    stamped: int
    at: str
    authority: str
    lag: timedelta

    @property
    def line(self) -> str:
        """The first line of whatever is made of the chain."""
        return f"anchored to {self.at} by {self.authority}"


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The anchors of a chain in its order, what contradicts them, and the stamps that nobody pinned could vouch for."""

    anchors: tuple[Anchor, ...] = ()
    faults: tuple[Fault, ...] = ()
    unverified: tuple[Fault, ...] = ()

    def of(self, sequence: int) -> Anchor | None:
        """The first anchor of an entry: by when it was there at the latest."""
        covering = (anchor for anchor in self.anchors if anchor.stamped >= sequence)
        return min(covering, key=lambda anchor: anchor.at, default=None)

    @property
    def last(self) -> Anchor | None:
        """The anchor that covers most of the chain."""
        return max(self.anchors, key=lambda anchor: (anchor.stamped, anchor.entry), default=None)


def line(anchor: Anchor | None) -> str:
    """The first line of every report: by whom the chain is anchored in time, or that it is not."""
    return NOT_ANCHORED if anchor is None else anchor.line


def anchoring(reading: Reading, trust: Trust) -> Anchoring:
    """Verify every time stamp of a chain, or of a part of one, against the authorities of a trust file."""
    known = {placed.link: placed for placed in reading.placed}
    first = next((placed.entry.sequence for placed in reading.placed if placed.entry.kind != "key"), 1)
    anchors, faults, unverified = [], [], []
    for placed, body in reading.of_kind("timestamp"):
        name = place(placed)
        stamped = known.get(body.of)
        if body.of.sequence >= placed.entry.sequence or (stamped is None and body.of.sequence >= first):
            faults.append(Fault(name, "stamps no entry that stands before it"))
        elif body.authority not in trust.authorities:
            unverified.append(Fault(name, f"by {body.authority}, cannot be verified: no certificate of it is pinned"))
        else:
            try:
                anchors.append(_anchor(placed, body, stamped, trust))
            except (TimeStampError, ValueError) as error:
                faults.append(Fault(name, f"the time stamp of {body.authority} does not verify: {error}"))
    faults += _contradictions(reading, anchors)
    return Anchoring(tuple(anchors), tuple(faults), tuple(unverified))


def wanting(seal: Placed, anchor: Anchor | None, trust: Trust) -> str | None:
    """Why a sealed run is not anchored as whoever pins an authority expects; None where it is, or nobody expects it."""
    if not trust.authorities:
        return None
    sequence = seal.entry.sequence
    if anchor is None:
        return f"not anchored: an authority is pinned, and no time stamp of it covers the seal, entry {sequence}"
    after = _time(anchor.at) - _time(seal.entry.recorded_at)
    if after <= LATE:
        return None
    return f"not anchored in time: the seal, entry {sequence}, was stamped {after.days} days after it was recorded"


def place(placed: Placed) -> str:
    """The name of an entry in a store and in a bundle."""
    return f"chain/{placed.entry.sequence:020d}.json"


def _anchor(placed: Placed, body: TimeStamp, stamped: Placed | None, trust: Trust) -> Anchor:
    response = base64.b64decode(body.response, validate=True)
    if base64.b64encode(response).decode() != body.response:
        raise ValueError("base64 with stray bits")
    at = checked(response, body.of.digest, trust.authorities[body.authority]).at
    recorded = (stamped or placed).entry.recorded_at
    return Anchor(placed.entry.sequence, body.of.sequence, at, body.authority, _time(at) - _time(recorded))


def _contradictions(reading: Reading, anchors: list[Anchor]) -> Iterator[Fault]:
    """Entries that say a time which a stamp rules out: after the stamp that covers them, or before one they follow."""
    timed = [(_time(anchor.at), anchor) for anchor in anchors]
    for placed in reading.placed:
        sequence, said = placed.entry.sequence, placed.entry.recorded_at
        covering = min((item for item in timed if sequence <= item[1].stamped), default=None)
        followed = max((item for item in timed if sequence > item[1].entry), default=None)
        if covering is not None and _time(said) > covering[0] + TOLERANCE:
            yield Fault(place(placed), f"says {said}, and was time stamped before that, at {covering[1].at}")
        elif followed is not None and _time(said) < followed[0] - TOLERANCE:
            yield Fault(place(placed), f"says {said}, and follows a time stamp of {followed[1].at}: it is backdated")


def pending(reading: Reading) -> Link | None:
    """What waits for a time stamp: the last entry that is none itself, where no stamp covers it.

    One stamp covers everything before it too, so that this is all of the queue, and it lies in the chain itself.
    """
    last = next((placed for placed in reversed(reading.placed) if placed.entry.kind != "timestamp"), None)
    covered = max((body.of.sequence for _, body in reading.of_kind("timestamp")), default=0)
    return last.link if last is not None and last.entry.sequence > covered else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
