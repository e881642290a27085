"""``auditreel store rebuild``: the index made anew, and what is wrong with the one that was kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.verbs import auditreel
from tests.unit.evidence.nightly import ENCRYPTED, made, recorded
from tests.unit.evidence.synthetic_runs import store_in

NEWLINE = b"\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = store_in(tmp_path)
    for day in (1, 2):
        recorded(store, f"2026-06-0{day}T01:00:00Z", {ENCRYPTED: {"a": "pass", "b": "fail"}})
    return tmp_path


def rebuild(folder: Path, *arguments: str) -> tuple[int, str]:
    done = auditreel(folder, "store", "rebuild", *arguments)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_an_index_is_made_and_compared(folder: Path) -> None:
    index = folder / "store" / "index" / "spans"

    code, said = rebuild(folder, "--compare")
    assert (code, said.splitlines()[0]) == (0, "there was no index")
    assert not index.exists()
    code, said = rebuild(folder)
    assert (code, said.splitlines()) == (
        0,
        ["there was no index", f"2 frames, 2 spans, {len(index.read_bytes().partition(NEWLINE)[2]):,} bytes"],
    )
    assert rebuild(folder, "--compare")[1].startswith("the index that was kept is the same\n")


def test_an_index_that_was_altered_ends_with_5_and_is_made_anew(folder: Path) -> None:
    made(folder, "2026-06-01", "2026-06-02")
    index = folder / "store" / "index" / "spans"
    good = index.read_bytes()
    index.write_bytes(good[:-5] + b"abcde")

    code, said = rebuild(folder, "--compare")
    assert code == 5
    assert "was altered since" in said
    assert index.read_bytes() != good
    assert rebuild(folder)[0] == 5
    assert index.read_bytes() == good
    assert rebuild(folder)[0] == 0


def test_a_run_that_does_not_verify_is_named_and_nothing_is_made(folder: Path) -> None:
    (run,) = sorted((folder / "store" / "runs").iterdir())[:1]
    (run / "ledger.parquet").unlink()

    code, said = rebuild(folder)
    assert code == 5
    assert f"runs/{run.name}/ledger.parquet" in said
    assert not (folder / "store" / "index" / "spans").exists()
