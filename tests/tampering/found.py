"""What the verifiers find of what was tampered with; the tests and the benchmark share it."""

from __future__ import annotations

import io
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.evidence import standalone_verify
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.split import compare
from engine.evidence.trust import Trust, write_trust
from engine.evidence.verify import Report, verify
from tests.tampering.classes import Class, Tampered
from tests.tampering.world import World


@dataclass(frozen=True, slots=True)
class Found:
    """How both verifiers ended, and what they said. ``others`` is None where only ours can look."""

    ours: bool
    others: bool | None
    named: bool
    located: bool
    said: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Whether every verifier that can see it refused it."""
        return self.ours and self.others is not False


def tried(world: World, kind: Class, seed: str) -> Found:
    """Tamper once, and let both verifiers look."""
    made = kind.mutate(world, random.Random(seed))
    try:
        return _found(world, kind, made)
    finally:
        if made.store is not None:
            shutil.rmtree(made.store.parent)


def _found(world: World, kind: Class, made: Tampered) -> Found:
    if made.store is not None:
        return _judged(kind, made, _said(verify(made.store, made.trust)), None)
    paths = [world.folder / f"tampered-{index}.zip" for index in range(len(made.bundles))]
    for path, data in zip(paths, made.bundles, strict=True):
        path.write_bytes(data)
    ours: list[str] = []
    theirs: list[str] = []
    chains: list[standalone_verify.Entries] = []
    for path, data in zip(paths, made.bundles, strict=True):
        alone = _said(verify_bundle(path, made.trust)), other(data, made.trust, world.folder, chains)
        ours += alone[0]
        theirs += alone[1]
    if kind.reaches == "pair":
        assert not ours, ("each must verify alone, or it is another class", ours)
        assert not theirs, theirs
        ours = list(map(str, compare(paths[0], paths[1], made.trust)))
        theirs = standalone_verify.check_split(*chains)
    return _judged(kind, made, ours, theirs)


def _said(report: Report) -> list[str]:
    """Why a report is no success; empty where it is one."""
    said = [*map(str, report.problems), *([report.tail] if report.tail else [])]
    assert bool(said) == (report.exit_code == 5)
    return said


def other(data: bytes, trust: Trust, folder: Path, chains: list[standalone_verify.Entries] | None = None) -> list[str]:
    """What the other verifier says against a bundle."""
    path = folder / "auditor.json"
    write_trust(trust, path)
    try:
        problems, _, _, chain = standalone_verify.verify(
            io.BytesIO(data), standalone_verify.Pinned(path.read_bytes()), False
        )
    except Exception as error:
        return [f"could not be verified: {type(error).__name__}: {error}"]
    if chains is not None:
        chains.append(chain)
    return problems


def _judged(kind: Class, made: Tampered, ours: list[str], theirs: list[str] | None) -> Found:
    return Found(
        ours=bool(ours),
        others=None if theirs is None else bool(theirs),
        named=any(re.search(kind.says, line) for line in ours),
        located=any(re.search(made.at, line) for line in ours),
        said=tuple(ours),
    )
