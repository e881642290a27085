"""The split view: two packages of one store that tell different stories. Each verifies alone; only both show it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.evidence import chain, regular
from engine.evidence.archive import Archive
from engine.evidence.bundle_verify import read_chain
from engine.evidence.chain import Reading
from engine.evidence.faults import Fault
from engine.evidence.layout import Layout
from engine.evidence.trust import Trust


def compare(one: Path, other: Path, trust: Trust) -> tuple[Fault, ...]:
    """What two stores or bundles say differently. Both must have been verified, each alone."""
    try:
        return tuple(_differences(_reading(one, trust), _reading(other, trust), f"{one.name} and {other.name}"))
    except Exception as error:  # zipfile raises what it likes on a damaged archive
        return (Fault(f"{one.name} and {other.name}", f"could not be compared: {type(error).__name__}: {error}"),)


def _reading(path: Path, trust: Trust) -> Reading:
    if path.is_dir():
        return chain.read(Layout(path), trust)
    with regular.opened(path.resolve()) as file:
        return read_chain(Archive(file), trust)


def _differences(one: Reading, other: Reading, names: str) -> Iterator[Fault]:
    first = {placed.entry.sequence: placed for placed in one.placed}
    second = {placed.entry.sequence: placed for placed in other.placed}
    shared = sorted(first.keys() & second.keys())
    for sequence in shared:
        if first[sequence].digest != second[sequence].digest:
            yield Fault(f"chain/{sequence:020d}.json", f"split view: {names} hold different entries in this place")
            return
    joined = False
    for before, after in ((first, second), (second, first)):
        for sequence, placed in before.items():
            following = after.get(sequence + 1)
            if following is not None:
                joined = True
                if following.entry.previous != placed.digest:
                    yield Fault(f"chain/{sequence + 1:020d}.json", f"split view: {names} stand on different entries")
                    return
    if not shared and not joined:
        yield Fault(names, "could not be compared: they share no entry, nor does one follow the other")
