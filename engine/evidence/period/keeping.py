"""Keeps the span index in the store: loaded where it is ours and of these seals, grown by new frames, else made anew.

It is believed only under the code of the store's secret (:mod:`engine.evidence.derived`). It holds the digests of the
seals that it was made of, and what they sealed is compared with the files before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from engine.errors import SealError, VerificationError
from engine.evidence import canonical, chain, derived, tables
from engine.evidence.chain import Reading
from engine.evidence.layout import Layout
from engine.evidence.period.frames import SealedFrame, frames
from engine.evidence.period.index import Builder, Index, Judging, decode, encode
from engine.evidence.runs import Reader
from engine.evidence.trust import Trust
from engine.evidence.verify import linked

_PURPOSE: Final = b"auditreel span index\n"
MOST_GROWN: Final = 50_000
"""Records that are read to bring the index up to date after a run. Measured: two nights of 100,000 records are read in
11 s of processor and 495 MB, which would come on top of what the run itself holds; thirty of 20,000 in 224 MB."""

State = Literal["same", "missing", "stale", "differs", "not ours"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an index that is kept is beside one that was made anew. ``size`` is in bytes."""

    state: State
    frames: int
    spans: int
    size: int


def verified_chain(layout: Layout, trust: Trust) -> Reading:
    """The chain. Raises VerificationError where anything in it does not verify."""
    if not layout.chain.is_dir():
        raise VerificationError(f"{layout.root} is no evidence store: could not verify")
    reading = chain.read(layout, trust)
    for fault in (*reading.faults, *linked(reading)):
        raise VerificationError(f"the chain of {layout.root} does not verify ({fault}); run `auditreel verify`")
    return reading


def current(layout: Layout, trust: Trust, reading: Reading, secret: bytes | None, reader: Reader) -> Index:
    """The index of everything that a chain seals. Raises VerificationError for a run that does not verify.

    ``secret`` is the store's, None where it is not at hand: then nothing that is kept can be believed.
    """
    wanted = frames(reading, trust.purpose == "demonstration")
    seals = [placed.digest for placed, _ in reading.of_kind("seal")]
    kept = _kept(layout, secret)
    if kept is not None and _continues(kept, wanted, seals):
        done = len(kept.frames)
        if kept.seals == seals:
            _compare_files(wanted, reader)
            return kept
        _compare_files(wanted[:done], reader)
        index = _grown(kept, wanted, seals, reader)
    else:
        index = _grown(Index(), wanted, seals, reader)
    if secret is not None:
        # A report can be made of a store that cannot be written to.
        with suppress(SealError):
            derived.keep(layout.index, encode(index), _PURPOSE, secret)
    return index


def indexed(wanted: Sequence[SealedFrame], reader: Reader) -> Index:
    """An index of these frames alone, which is not kept. Raises VerificationError for a run that does not verify."""
    return _grown(Index(), wanted, [frame.placed.digest for frame in wanted], reader)


def grow(layout: Layout, trust: Trust, secret: bytes) -> State:
    """Bring the index that is kept up to date, as after a seal, and say what it was.

    Only runs that it lacks are read. One that is missing, not ours or of other runs is made anew. Where that is more
    than :data:`MOST_GROWN` records, it is left to the next report: a run of an organisation is recorded in little
    memory, and reading it whole takes ten times that. Raises VerificationError where what is read does not verify.
    """
    reading = verified_chain(layout, trust)
    was = _kept_state(layout, secret, reading, trust)
    known = _kept(layout, secret) if was == "stale" else None
    done = frozenset(known.seals if known is not None else ())
    lacking = sum(seal.records.count for placed, seal in reading.of_kind("seal") if placed.digest not in done)
    if was == "same" or lacking > MOST_GROWN:
        return "same" if was == "same" else "stale"
    with tables.connection() as database:
        current(layout, trust, reading, secret, Reader(layout, database, reading))
    return was


def rebuild(layout: Layout, trust: Trust, secret: bytes) -> Comparison:
    """Make the index anew and keep it; says what the one before was. Raises VerificationError, SealError."""
    index, found = _anew(layout, trust, secret)
    derived.keep(layout.index, encode(index), _PURPOSE, secret)
    return found


def compare(layout: Layout, trust: Trust, secret: bytes) -> Comparison:
    """Make the index anew and compare it with the one that is kept, which stays. Raises VerificationError."""
    return _anew(layout, trust, secret)[1]


def _anew(layout: Layout, trust: Trust, secret: bytes) -> tuple[Index, Comparison]:
    reading = verified_chain(layout, trust)
    seals = [placed.digest for placed, _ in reading.of_kind("seal")]
    with tables.connection() as database:
        wanted = frames(reading, trust.purpose == "demonstration")
        index = _grown(Index(), wanted, seals, Reader(layout, database, reading))
    made = encode(index)
    state = _kept_state(layout, secret, reading, trust)
    kept = _kept(layout, secret) if state == "same" else None
    if kept is not None and encode(kept) != made:
        state = "differs"
    return index, Comparison(state, len(index.frames), len(index.stream), len(made))


def _kept_state(layout: Layout, secret: bytes, reading: Reading, trust: Trust) -> State:
    """What the index that is kept is by what it says of itself: "same" where it is of the runs that a chain has."""
    if not layout.index.exists():
        return "missing"
    kept = _kept(layout, secret)
    if kept is None:
        return "not ours"
    wanted = [frame.placed.digest for frame in frames(reading, trust.purpose == "demonstration")]
    seals = [placed.digest for placed, _ in reading.of_kind("seal")]
    return "same" if (kept.seals, kept.frames) == (seals, wanted) else "stale"


def _continues(kept: Index, wanted: Sequence[SealedFrame], seals: Sequence[str]) -> bool:
    """Whether an index is of the first of these seals, and its frames the first of these frames."""
    return kept.seals == seals[: len(kept.seals)] and kept.frames == [
        frame.placed.digest for frame in wanted[: len(kept.frames)]
    ]


def _grown(index: Index, wanted: Sequence[SealedFrame], seals: Sequence[str], reader: Reader) -> Index:
    done = len(index.frames)
    builder = Builder(index, [_judging(frame, reader) for frame in wanted[:done]])
    reader.bodies.update(reader.kept_bodies() if done == 0 else {})
    for frame in wanted[done:]:
        run = reader.read(frame.placed, whole=False)
        bodies = dict(reader.bodies)
        reader.bodies.clear()
        _refuse_faults(reader)
        if run is None:
            raise VerificationError(f"run {frame.seal.asked.run} could not be read; run `auditreel verify`")
        builder.add(frame.placed.digest, _judging(frame, reader), run, bodies)
    index.seals = list(seals)
    return index


def _judging(frame: SealedFrame, reader: Reader) -> Judging:
    checks = reader.content(frame.seal.asked.content).members.get("checks", {})
    return Judging(frozenset(checks), _neutral(frame.names("accounts")), _neutral(frame.names("regions")))


def _neutral(names: Sequence[str]) -> tuple[str, ...]:
    """Names as records have them."""
    return tuple(map(canonical.neutral_text, names))


def _compare_files(wanted: Sequence[SealedFrame], reader: Reader) -> None:
    for frame in wanted:
        reader.compare_files(frame.placed)
    _refuse_faults(reader)


def _refuse_faults(reader: Reader) -> None:
    for fault in reader.faults:
        raise VerificationError(f"the store does not verify ({fault}); run `auditreel verify`")


def _kept(layout: Layout, secret: bytes | None) -> Index | None:
    """The index that stands in the store; None where there is none, or none that we made."""
    data = derived.kept(layout.index, _PURPOSE, secret) if secret is not None else None
    if data is None:
        return None
    try:
        return decode(data)
    except ValueError:
        return None
