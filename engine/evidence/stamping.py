"""Having a chain time stamped.

The queue is the chain's own end, where no stamp covers it yet: one stamp covers all of it. What could not be sent waits
for the next run, and the lag stays visible.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.evidence import anchors, chain, timestamps
from engine.evidence.anchors import TOLERANCE, Anchor
from engine.evidence.entries import Link, TimeStamp
from engine.evidence.timestamps import TimeStampError

if TYPE_CHECKING:
    from engine.evidence.seal import Recorder

TIMEOUT: Final = 10.0
"""Seconds that an authority may take."""

Ask = Callable[[str, bytes, float], bytes]


@dataclass(frozen=True, slots=True)
class Stamping:
    """What came of it: the last anchor of the chain, and where something still waits, since which entry and why."""

    anchor: Anchor | None
    waiting: Link | None = None
    why: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """For a reader."""
        first = anchors.line(self.anchor)
        if self.waiting is None:
            return (first,)
        return (first, f"entry {self.waiting.sequence} waits for a time stamp: {self.why}")


def stamp(
    recorder: Recorder, authorities: Mapping[str, str], now: Callable[[], str], ask: Ask = timestamps.ask
) -> Stamping:
    """Have the end of a chain stamped by the first of ``authorities`` (name to URL) that answers.

    What an authority answers is appended only where it verifies by the certificates that the trust file pins for it.
    Raises SealError where the entry cannot be written.
    """
    reading = chain.read(recorder.layout, recorder.trust)
    known = anchors.anchoring(reading, recorder.trust)
    waiting = anchors.pending(reading)
    if waiting is None:
        return Stamping(known.last)
    recorded = next(placed.entry.recorded_at for placed in reading.placed if placed.link == waiting)
    why = ["no authority is configured"] if not authorities else []
    for name, url in authorities.items():
        try:
            body, at = _stamped(waiting, name, url, recorder.trust.authorities.get(name, ()), ask)
            recorded_at = now()
            _refuse_wrong_clock(at, recorded, recorded_at)
        except TimeStampError as error:
            why.append(f"{name}: {error}")
            continue
        link = recorder.chain().append("timestamp", body, recorded_at)
        recorder.pin(link)
        lag = datetime.fromisoformat(at) - datetime.fromisoformat(recorded)
        return Stamping(Anchor(link.sequence, waiting.sequence, at, name, lag))
    return Stamping(known.last, waiting, "; ".join(why))


def _stamped(of: Link, name: str, url: str, certificates: Sequence[bytes], ask: Ask) -> tuple[TimeStamp, str]:
    if not certificates:
        raise TimeStampError("the trust file pins no certificate of it: auditreel key trust")
    nonce = secrets.randbits(63)
    response = ask(url, timestamps.query(of.digest, nonce), TIMEOUT)
    found = timestamps.checked(response, of.digest, certificates)
    if found.nonce != nonce:
        raise TimeStampError("it answers another question (its nonce is not ours)")
    return TimeStamp(of=of, authority=name, response=base64.b64encode(response).decode()), found.at


def _refuse_wrong_clock(at: str, recorded: str, now: str) -> None:
    """A stamp that contradicts the chain would be a fault in it for ever."""
    if datetime.fromisoformat(recorded) > datetime.fromisoformat(at) + TOLERANCE:
        raise TimeStampError(f"it says {at}, before {recorded}, when the entry was recorded: set this machine's clock")
    if datetime.fromisoformat(now) < datetime.fromisoformat(at) - TOLERANCE:
        raise TimeStampError(f"it says {at}, and this machine's clock {now}: set it")
