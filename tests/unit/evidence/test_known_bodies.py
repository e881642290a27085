"""What packs hold is remembered, and never believed where it could be wrong: a body would be lost."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.evidence import derived, known_bodies, tables
from engine.evidence.keys import load_secret
from engine.evidence.layout import Layout
from engine.evidence.seal import Sealed
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from tests.unit.evidence.synthetic_runs import judged, record, reopened, store_in

NIGHT = "2026-11-{:02d}T02:00:00Z"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three nights, of which the first two brought bodies."""
    monkeypatch.setattr(known_bodies, "LEAST", 1)
    store_in(tmp_path)
    for day, seed in ((1, "AES256"), (2, "DES"), (3, "DES")):
        night(tmp_path, day, seed)
    return tmp_path


def night(folder: Path, day: int, seed: str = "AES256") -> Sealed:
    return record(reopened(folder), judged(seed=seed), start=NIGHT.format(day))


def intact(folder: Path) -> bool:
    return verify(folder / "store", read_trust(folder / "config" / "trust.json")).verified


def test_packs_are_read_once_and_no_body_is_stored_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    digests = tables.body_digests
    monkeypatch.setattr(tables, "body_digests", lambda database, paths: read.extend(paths) or digests(database, paths))

    assert night(folder, 4).new_bodies == 0
    assert read == []
    assert night(folder, 5, "ROT13").new_bodies > 0
    assert night(folder, 6, "ROT13").new_bodies == 0
    assert len(read) == 1
    assert intact(folder)


@pytest.mark.parametrize("fault", ["gone", "altered", "forged", "no list"])
def test_a_memory_that_is_not_ours_is_not_believed(folder: Path, fault: str) -> None:
    path, secret = Layout(folder / "store").known_bodies, load_secret(folder / "config")
    data = path.read_bytes()
    # A forger lets a pack hold the body that tomorrow's run is going to need.
    lies = msgspec.msgpack.encode({"0" * 64: bytes(32)})
    if fault == "gone":
        path.unlink()
    elif fault == "altered":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif fault == "forged":
        derived.keep(path, lies, b"auditreel known bodies\n", bytes(32))
    else:
        derived.keep(path, b"\xc1", b"auditreel known bodies\n", secret)

    assert night(folder, 4).new_bodies == 0
    assert night(folder, 5, "ROT13").new_bodies > 0
    assert intact(folder)


def test_bodies_of_a_pack_that_was_altered_or_lost_are_stored_again(folder: Path) -> None:
    pack = min((folder / "store" / "bodies").iterdir())
    data = pack.read_bytes()
    pack.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert night(folder, 4).new_bodies > 0
    pack.unlink()
    assert night(folder, 5).new_bodies == 0
    assert not intact(folder)


def test_few_packs_are_not_remembered(tmp_path: Path) -> None:
    store_in(tmp_path)
    night(tmp_path, 1)
    night(tmp_path, 2)

    assert not Layout(tmp_path / "store").known_bodies.exists()
