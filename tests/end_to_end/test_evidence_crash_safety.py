"""Killed at any moment, racing with another, or out of disk: the store stays valid and nothing of it is lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SealError
from engine.evidence import durable
from engine.evidence.keys import TRUST_FILE
from engine.evidence.trust import read_trust
from engine.evidence.verify import Report, verify
from tests.end_to_end.evidence_child import Countdown, one_run
from tests.unit.evidence.synthetic_runs import (
    ENCRYPTED,
    END,
    START,
    begun,
    content,
    judged,
    plan,
    record,
    reopened,
    sealed,
    store_in,
)

ROOT = Path(__file__).resolve().parents[2]


def child(*arguments: object, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.end_to_end.evidence_child", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, **more)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """A process's exit code, and what it said on stderr."""
    _, said = process.communicate()
    return process.returncode, said


def verified(folder: Path) -> Report:
    return verify(folder / "store", read_trust(folder / "config" / TRUST_FILE))


def store_with_a_run(folder: Path) -> Path:
    """One sealed run, which stored other content and no bodies."""
    made = judged()
    nothing = replace(made, findings=(), populations=(), waived={}, snapshot=replace(made.snapshot, resources=()))
    recorder = store_in(folder)
    sealed(begun(recorder, plan(), content(ENCRYPTED), START), nothing, END)
    return folder


def test_killed_between_any_two_writes_the_store_stays_valid_and_the_dead_run_visible(tmp_path: Path) -> None:
    prepared = store_with_a_run(tmp_path / "prepared")
    (tmp_path / "work").mkdir()
    assert ended(child("killed", prepared, tmp_path / "work")) == (0, "")
    folders = sorted((tmp_path / "work").iterdir())
    assert len(folders) > 80  # the run makes that many changes, and was killed at each
    states = set()
    for number, folder in enumerate(folders):
        report = verified(folder)
        assert report.problems == (), folder
        assert report.runs[0].state == "sealed"
        assert report.runs[0].records == 0
        begun = [run.state for run in report.runs[1:]]
        states.add(tuple(begun))
        if begun == ["unsealed"]:
            assert any(f"{report.runs[1].run} started at {START} and was never sealed" in note for note in report.notes)
        if number % 10 == 0:
            sealed = record(reopened(folder), judged(seed="next"))
            assert sealed.records == 12
            assert verified(folder).problems == ()
    assert states == {(), ("unsealed",), ("sealed",)}
    assert verified(folders[-1]).runs[1].state == "sealed"


def test_killed_while_it_is_made_a_store_can_be_made_again_and_used(tmp_path: Path) -> None:
    for name in ("prepared", "work"):
        (tmp_path / name).mkdir()
    assert ended(child("killed-init", tmp_path / "prepared", tmp_path / "work")) == (0, "")
    folders = sorted((tmp_path / "work").iterdir())
    assert len(folders) > 20
    for folder in folders:
        begun(store_in(folder), plan(), content(), START)
        assert verified(folder).problems == ()


def test_runs_of_two_processes_land_in_one_chain(tmp_path: Path) -> None:
    store_with_a_run(tmp_path)
    racing = [child("record", tmp_path, 4) for _ in range(2)]
    assert [ended(process) for process in racing] == [(0, ""), (0, "")]
    report = verified(tmp_path)
    assert report.problems == ()
    assert [run.state for run in report.runs] == ["sealed"] * 9
    assert report.head is not None
    assert report.head.sequence == 18
    assert read_trust(tmp_path / "config" / TRUST_FILE).head == report.head


def refusal(folder: Path) -> str:
    """Why a run could not be sealed; empty where it was."""
    try:
        one_run(folder)
    except SealError as error:
        return str(error)
    return ""


def test_a_disk_that_is_full_at_any_moment_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str, given: tuple[Any, ...]) -> None:
        if name != "unlink":
            raise OSError(28, "No space left on device")

    prepared = store_with_a_run(tmp_path / "prepared")
    for changes in range(2, 10_000, 5):
        folder = tmp_path / str(changes)
        shutil.copytree(prepared, folder)
        counted = Countdown(changes, full)
        with monkeypatch.context() as patched:
            patched.setattr(durable, "os", counted)
            said = refusal(folder)
        assert said == "" or "the disk is full" in said
        report = verified(folder)
        assert report.problems == (), changes
        assert report.runs[0].state == "sealed"
        if counted.left > 0:
            break
    assert said == ""
    assert changes > 60


@pytest.mark.parametrize("limit", [600, 1200, 2200, 4000, 9000])
def test_a_file_that_may_not_grow_is_an_error_of_sealing(tmp_path: Path, limit: int) -> None:
    """The operating system's own refusal, also for what the database writes."""
    store_with_a_run(tmp_path)
    before = verified(tmp_path)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, said = ended(child("record", tmp_path, 1, preexec_fn=limited))
    after = verified(tmp_path)
    assert after.problems == ()
    assert after.runs[0] == before.runs[0]
    if code == 0:
        assert limit == 9000
    else:
        assert code == 5
        assert str(tmp_path) in said
        assert all(run.state == "unsealed" for run in after.runs[1:])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mounted = tmp_path / "disk"
    mounted.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(mounted)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("mounting a small disk takes root")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


def test_a_really_full_disk_loses_nothing_and_the_next_run_succeeds_once_there_is_room(small_disk: Path) -> None:
    store_with_a_run(small_disk)
    filler = small_disk / "filler"
    free = os.statvfs(small_disk)
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - 60_000))
    code, said = ended(child("record", small_disk, 50))
    assert code == 5
    assert "the disk is full" in said or "No space left" in said
    report = verified(small_disk)
    assert report.problems == ()
    assert report.runs[0].state == "sealed"
    filler.unlink()
    assert record(reopened(small_disk)).records == 12
    assert verified(small_disk).problems == ()
