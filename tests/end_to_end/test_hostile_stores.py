"""Stores and bundles that were made to stop, to fill or to mislead whoever verifies them: exit 5, soon, in words."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from engine.cli import group, main
from engine.evidence import dsse, standalone_verify
from engine.evidence.archive import archive
from engine.evidence.exporting import export_run
from engine.evidence.keys import load_keys
from tests.tampering.world import Package, signed
from tests.unit.evidence.synthetic_runs import record, store_in

SECONDS: Final = 30
"""Within which each must be answered; they take tenths."""
HUGE: Final = 1 << 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of two runs, its configuration, and the bundle of the first."""
    folder = tmp_path_factory.mktemp("made")
    recorder = store_in(folder)
    first = record(recorder)
    record(recorder, start="2026-11-24T02:00:00Z")
    export_run(folder / "store", recorder.trust, recorder.keys.signing, first.run, folder / "audit.zip")
    return folder


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "mine", symlinks=True)
    return tmp_path / "mine"


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """Who waits for what never comes is woken, and fails."""

    def woken(*_: object) -> None:
        raise AssertionError("it waits for what never comes")

    before = signal.signal(signal.SIGALRM, woken)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def verified(target: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(group, ["verify", str(target), "--config", str(target.parent / "config")], "auditreel")
    return code, capsys.readouterr().out


def entry(store: Path) -> Path:
    return store / "chain" / f"{2:020d}.json"


def content(store: Path) -> Path:
    return min((store / "content").iterdir())


def findings(store: Path) -> Path:
    return min((store / "runs").rglob("findings.parquet"))


def ledger(store: Path) -> Path:
    return min((store / "runs").rglob("ledger.parquet"))


def pack(store: Path) -> Path:
    return min((store / "bodies").iterdir())


def private(store: Path) -> Path:
    return min((store / "private").iterdir())


PLACES: Final = (entry, content, findings, ledger, pack, private)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(
    mine: Path, capsys: pytest.CaptureFixture[str], place: Callable[[Path], Path]
) -> None:
    path = place(mine / "store")
    path.unlink()
    os.mkfifo(path)
    code, said = verified(mine / "store", capsys)
    assert (code, f"{path.relative_to(mine / 'store')}: is no regular file" in said) == (5, True), said


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_link_is_named_and_not_followed_be_it_to_the_same_bytes_or_to_a_device_without_an_end(
    mine: Path, capsys: pytest.CaptureFixture[str], place: Callable[[Path], Path]
) -> None:
    path = place(mine / "store")
    name = path.relative_to(mine / "store")
    path.rename(mine / "elsewhere")
    for target in (mine / "elsewhere", Path("/dev/zero")):
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        code, said = verified(mine / "store", capsys)
        assert (code, f"{name}: is no regular file" in said) == (5, True), said


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_file_of_a_terabyte_is_refused_by_its_size(
    mine: Path, capsys: pytest.CaptureFixture[str], place: Callable[[Path], Path]
) -> None:
    path = place(mine / "store")
    with path.open("r+b") as file:
        file.truncate(HUGE)
    code, said = verified(mine / "store", capsys)
    assert (code, str(path.relative_to(mine / "store")) in said) == (5, True), said


def test_folders_within_folders_end_as_a_fault(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    descriptor = os.open(mine / "store", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("a", dir_fd=descriptor)
        below = os.open("a", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    code, said = verified(mine / "store", capsys)
    subprocess.run(["rm", "-rf", mine / "store"], check=True)  # Python runs out of depth
    assert (code, "does not belong to the store" in said) == (5, True), said[-300:]


DEEP: Final = [10**power for power in (2, 3, 5)] + list(
    range(sys.getrecursionlimit() - 100, sys.getrecursionlimit(), 3)
)
NO_ENTRIES: Final = {
    "an integer of 10,000 digits": b"9" * 10_000,
    "NaN": b"NaN",
    "no JSON": b"\xff" * 100,
    "a key twice": b'{"payload":"e30=","payload":"e30=","payloadType":"x","signatures":[]}',
    "nothing": b"",
    "a million brackets": b"[" * 1_000_000,
}


@pytest.mark.parametrize("data", NO_ENTRIES.values(), ids=NO_ENTRIES)
def test_what_is_no_entry_is_named(mine: Path, capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    entry(mine / "store").write_bytes(data)
    code, said = verified(mine / "store", capsys)
    assert (code, f"chain/{2:020d}.json: does not verify" in said) == (5, True), said


def test_brackets_of_any_depth_are_no_entry_and_no_crash() -> None:
    for depth in DEEP:
        with pytest.raises(dsse.EnvelopeError):
            dsse.unseal(b"[" * depth + b"]" * depth, {})
        with pytest.raises((ValueError, RecursionError)):
            standalone_verify.parse(b"[" * depth + b" " + b"]" * depth, "deep")


def test_names_of_files_cannot_write_on_the_screen(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "store" / "\x1b[2J\u202e\n0 problems: verified").touch()
    (mine / "store" / os.fsdecode(b"\xff\xfe")).touch()
    code, said = verified(mine / "store", capsys)
    assert (code, said.count("does not belong to the store")) == (5, 2)
    assert not {"\x1b", "\u202e"}.intersection(said)
    assert "0 problems: verified" not in said.splitlines()


@pytest.mark.parametrize("start", ["the bundle", "a header alone"])
def test_a_bundle_that_goes_on_for_a_terabyte_is_no_archive(
    mine: Path, capsys: pytest.CaptureFixture[str], start: str
) -> None:
    bundle = mine / "audit.zip"
    if start != "the bundle":
        bundle.write_bytes(b"PK\3\4")
    with bundle.open("r+b") as file:
        file.truncate(HUGE)
    code, said = verified(bundle, capsys)
    assert (code, "could not be verified" in said, "MemoryError" in said) == (5, True, False), said
    assert standalone_verify.main([str(bundle), "--key", str(mine / "config" / "trust.json")]) == 5
    said = capsys.readouterr().out
    assert ("one form" in said, "MemoryError" in said) == (True, False), said


def test_a_bundle_is_read_through_a_link_that_its_reader_made_and_not_from_a_pipe(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mine / "latest.zip").symlink_to("audit.zip")
    assert verified(mine / "latest.zip", capsys)[0] == 0
    os.mkfifo(mine / "pipe.zip")
    code, said = verified(mine / "pipe.zip", capsys)
    assert (code, "is no regular file" in said) == (5, True), said


NAMES: Final = (
    "../../evil",
    "/etc/passwd",
    "chain/../keys.json",
    "a\\b",
    "C:x",
    "pages/..",
    "pages/.hidden",
    "con\x1b[2J.x",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_member_with_a_name_that_leads_elsewhere_belongs_to_no_bundle_though_the_key_signed_it(
    mine: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    signer = load_keys(mine / "config", {}).signing
    package = Package((mine / "audit.zip").read_bytes(), signer)
    package.members[name] = b"x"
    manifest = json.loads(package.members["manifest.json"])
    signed(package.members, manifest, manifest["chain"]["last"], signer)
    (mine / "audit.zip").write_bytes(archive(package.members))
    code, said = verified(mine / "audit.zip", capsys)
    assert (code, "does not belong to a bundle" in said or "no name of an entry" in said) == (5, True), said
    assert "\x1b" not in said
    assert standalone_verify.main([str(mine / "audit.zip"), "--key", str(mine / "config" / "trust.json")]) == 5
