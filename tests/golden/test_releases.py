"""What every release sealed replays on this engine: byte for byte, or this engine says that it judges otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine
from engine.custody import inspection, rejudging
from tests.golden.releases import FOLDER, kept, unpacked

RELEASES = sorted(FOLDER.glob("*.tar.xz"))


def test_this_version_has_sealed_what_later_ones_replay() -> None:
    """`python -m tests.golden.releases` writes it when a version is made."""
    assert kept(engine.__version__) in RELEASES


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name.removesuffix(".tar.xz"))
def test_the_run_of_a_release_replays_identically_or_by_other_semantics(release: Path, tmp_path: Path) -> None:
    store = str(unpacked(release, tmp_path))
    (run,) = inspection.runs(store, tmp_path)[1]
    verdict = rejudging.replay(run.run, store, tmp_path)
    others = [line for line in verdict.lines if line.startswith("note: other semantics")]
    assert others or verdict.lines[-1].endswith("identical"), verdict.lines
    assert verdict.exit_code == 0 or others
