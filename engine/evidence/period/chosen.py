"""Which two runs of a store are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import UsageError
from engine.evidence.chain import Reading
from engine.evidence.period.frames import SealedFrame, frames, removed
from engine.evidence.trust import Trust

_GATE: Final = "it is of a gate, which judged a plan; `auditreel report changes` shows gates beside live runs"


@dataclass(frozen=True, slots=True)
class Runs:
    """Which runs are asked for: the ids of two, of the first alone (then the newest is the second), or of none."""

    before: str | None = None
    after: str | None = None


def chosen(reading: Reading, trust: Trust, asked: Runs, store: Path) -> list[SealedFrame]:
    """The two runs. Raises UsageError where there are no two such, or one of them is kept no longer."""
    live = frames(reading, trust.purpose == "demonstration")
    if asked.before is not None and asked.before == asked.after:
        raise UsageError(f"comparing runs of {store}: {asked.before} is named twice; name two runs")
    if asked.before is None:
        if not live:
            raise UsageError(f"comparing runs of {store}: it holds no run that read the clouds")
        same = before(live)
        if same is None:
            found = f"its newest run ({live[-1].seal.asked.run}) has none before it"
            raise UsageError(f"comparing runs of {store}: {found} that read the clouds and was asked the same")
        return [same, live[-1]]
    first = _named(reading, trust, asked.before, store)
    if asked.after is not None:
        return [first, _named(reading, trust, asked.after, store)]
    later = [row for row in live if row.order > first.order]
    if not later:
        raise UsageError(f"comparing runs of {store}: no run that read the clouds came after {asked.before}")
    return [first, later[-1]]


def before(live: Sequence[SealedFrame]) -> SealedFrame | None:
    """The last frame before the newest one that was asked the same; None where there is none."""
    same = (row for row in reversed(live[:-1]) if row.seal.asked.filters == live[-1].seal.asked.filters)
    return next(same, None)


def _named(reading: Reading, trust: Trust, run: str, store: Path) -> SealedFrame:
    lost = {frame.seal.asked.run: why for frame, why in removed(reading, trust.purpose == "demonstration")}
    if run in lost:
        raise UsageError(f"comparing runs of {store}: {lost[run]}")
    for placed, seal in reading.of_kind("seal"):
        if seal.asked.run == run:
            if seal.asked.kind == "gate":
                raise UsageError(f"comparing run {run}: {_GATE}")
            return SealedFrame(placed)
    raise UsageError(f"comparing runs of {store}: it holds no sealed run {run}; `auditreel store list` has all")
