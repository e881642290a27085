"""Frames: the sealed runs that looked at the world as it was, in the order of their moments.

A gate judges a plan, and a run from a stored snapshot judges again what another run saw: neither is a frame, or a file
handed in could fill a night that nobody looked at. In a demonstration's store the demonstrations are the frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.evidence import canonical
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Seal
from engine.evidence.storage import Removal, removals
from engine.periods import Frame, Moment


@dataclass(frozen=True, slots=True)
class SealedFrame:
    """A frame as the chain has it."""

    placed: Placed

    @property
    def seal(self) -> Seal:
        """What its seal says."""
        found: Seal = self.placed.entry.body
        return found

    @property
    def moment(self) -> Moment:
        """When it was taken."""
        return Moment(self.seal.as_of, self.seal.asked.run)

    @property
    def order(self) -> tuple[str, str]:
        """Its place among frames. Fractions of a second come after the second that they are of."""
        return self.seal.as_of.removesuffix("Z"), self.seal.asked.run

    def names(self, filter_: str) -> tuple[str, ...]:
        """The values of a filter that is a list of names; empty for none."""
        value = canonical.original(self.seal.asked.filters.get(filter_)) or ()
        return tuple(value) if isinstance(value, (list, tuple)) else (str(value),)

    @property
    def filtered(self) -> bool:
        """Whether it judged only a part of what was selected."""
        return any(bool(value) for value in self.seal.asked.filters.values())

    @property
    def resumption(self) -> str | None:
        """That it had stopped and went on, in words; None where it ran in one piece."""
        seal = self.seal
        if seal.resumed_at is None:
            return None
        return f"began at {seal.asked.started_at}, stopped, and went on at {', '.join(seal.resumed_at)}"

    def shown(self, night: str, caller: str) -> Frame:
        """The frame as reports show it, of that night; ``caller`` is who asked the clouds for it."""
        seal, asked = self.seal, self.seal.asked
        return Frame(
            moment=self.moment,
            kind=asked.kind,
            sequence=self.placed.entry.sequence,
            started_at=asked.started_at,
            sealed_at=self.placed.entry.recorded_at,
            night=night,
            records=seal.records.count,
            root=seal.records.root,
            engine=asked.engine,
            caller=caller,
            filtered=self.filtered,
            resumed_at=seal.resumed_at or (),
        )


def frames(reading: Reading, demonstration: bool) -> list[SealedFrame]:
    """The frames of a chain that are kept, by moment."""
    gone = removals(reading)
    return [frame for frame in _all(reading, demonstration) if frame.placed.link not in gone]


def removed(reading: Reading, demonstration: bool) -> list[tuple[SealedFrame, Removal]]:
    """The frames of a chain that are kept no longer, by moment, and what removed each."""
    gone = removals(reading)
    every = _all(reading, demonstration)
    return [(frame, gone[frame.placed.link]) for frame in every if frame.placed.link in gone]


def _all(reading: Reading, demonstration: bool) -> list[SealedFrame]:
    return sorted(
        (SealedFrame(placed) for placed, seal in reading.of_kind("seal") if is_frame(seal, demonstration)),
        key=lambda frame: frame.order,
    )


def is_frame(seal: Seal, demonstration: bool) -> bool:
    """Whether a sealed run looked at the world."""
    if demonstration:
        return seal.asked.kind == "demo"
    return seal.source == "live" and seal.asked.kind in ("scheduled", "adhoc")


def unsealed(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Runs that began and were not sealed: when (RFC 3339 UTC), which, and why as far as the chain says."""
    sealed = {seal.asked.run for _, seal in reading.of_kind("seal")}
    reasons = {
        abandon.run: f"abandoned: {canonical.original_text(abandon.reason)}"
        for _, abandon in reading.of_kind("abandon")
    }
    for _, intent in reading.of_kind("intent"):
        if intent.run not in sealed:
            yield intent.started_at, intent.run, reasons.get(intent.run, "never sealed")
