"""Entries are linked, exclusive, and never built on what does not verify."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import SealError
from engine.evidence import canonical, chain, dsse, durable, entries
from engine.evidence.chain import Chain
from engine.evidence.entries import Abandon, Link
from engine.evidence.trust import read_trust
from tests.unit.evidence.synthetic_runs import (
    END,
    START,
    begun,
    content,
    plan,
    record,
    reopened,
    store_in,
)

BODY = Abandon(intent=Link(sequence=1, digest="0" * 64), run="20261123T020000Z-00000000", reason="made up")


def entry(**changes: Any) -> dict[str, Any]:
    plain = {
        "schema": 1,
        "store": "0" * 32,
        "sequence": 2,
        "previous": "0" * 64,
        "kind": "abandon",
        "recorded_at": START,
        "body": msgspec.to_builtins(BODY),
    }
    return plain | changes


def test_an_entry_comes_back_typed() -> None:
    assert entries.decode(canonical.encode(entry())).body == BODY


@pytest.mark.parametrize("kind", ["rumour", "Seal", ""])
def test_an_unknown_kind_never_verifies(kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        entries.decode(canonical.encode(entry(kind=kind)))


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"sequence": 0},
        {"store": "x"},
        {"previous": "0" * 63},
        {"previous": "0" * 64 + "\n"},
        {"recorded_at": "2026-11-23T02:00:00+01:00"},
        {"recorded_at": "yesterday"},
        {"note": "more"},
        {"body": {}},
        {"body": msgspec.to_builtins(BODY) | {"note": "more"}},
        {"body": msgspec.to_builtins(BODY) | {"run": "x"}},
    ],
)
def test_an_entry_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        entries.decode(canonical.encode(entry(**changes)))


def test_every_entry_holds_the_digest_of_the_file_before_it(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    for _ in range(2):
        record(recorder)
    files = sorted(recorder.layout.chain.iterdir())
    reading = chain.read(recorder.layout, recorder.trust)
    assert [path.name for path in files] == [f"{n:020d}.json" for n in (1, 2, 3, 4)]
    digests = [None, *(canonical.digest(path.read_bytes()) for path in files)]
    assert [found.entry.previous for found in reading.placed] == digests[:-1]
    assert [found.entry.kind for found in reading.placed] == ["intent", "seal", "intent", "seal"]
    assert reading.faults == ()


def test_who_loses_the_race_for_a_place_signs_again_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = store_in(tmp_path)
    faster = Chain(recorder.layout, recorder.trust, recorder.keys.signing)
    slower = Chain(recorder.layout, recorder.trust, recorder.keys.signing)
    create, raced = durable.create, []

    def overtaken(path: Path, data: bytes, staging: Path) -> None:
        if not raced:
            raced.append(path)
            raced.append(faster.append("abandon", BODY, START))
        create(path, data, staging)

    monkeypatch.setattr(durable, "create", overtaken)
    link = slower.append("abandon", BODY, END)
    placed = chain.read(recorder.layout, recorder.trust).placed
    assert [found.entry.recorded_at for found in placed] == [START, END]
    assert link == placed[1].link
    assert raced[1] == placed[0].link


@pytest.mark.parametrize("damage", ["flip", "foreign"])
def test_nothing_is_appended_to_a_head_that_does_not_verify(tmp_path: Path, damage: str) -> None:
    recorder = store_in(tmp_path / "ours")
    record(recorder)
    head = recorder.layout.entry(2)
    if damage == "flip":
        head.write_bytes(head.read_bytes().replace(b"A", b"B", 1))
    else:
        other = store_in(tmp_path / "theirs")
        record(other)
        head.write_bytes(other.layout.entry(2).read_bytes())
    with pytest.raises(SealError, match="verify"):
        begun(recorder, plan(), content(), START)
    assert not recorder.layout.entry(3).exists()


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_nothing_is_appended_to_a_chain_that_was_cut(tmp_path: Path, kept: int) -> None:
    recorder = store_in(tmp_path)
    for _ in range(2):
        record(recorder)
    for sequence in range(kept + 1, 5):
        recorder.layout.entry(sequence).unlink()
    with pytest.raises(SealError, match="cut or rewritten"):
        begun(reopened(tmp_path), plan(), content(), START)


def test_a_truncated_chain_is_named_by_the_entry_that_was_pinned(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    recorder.layout.entry(2).unlink()
    (fault,) = chain.read(recorder.layout, read_trust(recorder.trust_file)).faults
    assert fault.place == "chain/00000000000000000002.json"
    assert "cut off" in fault.message


def test_a_rewritten_chain_is_not_the_one_that_was_pinned(tmp_path: Path) -> None:
    """Even the key's holder cannot replace what a trust file has seen."""
    recorder = store_in(tmp_path)
    record(recorder)
    pinned = read_trust(recorder.trust_file)
    for sequence in (1, 2):
        recorder.layout.entry(sequence).unlink()
    writer = Chain(recorder.layout, recorder.trust, recorder.keys.signing)
    writer.append("abandon", BODY, START)
    writer.append("abandon", BODY, END)
    (fault,) = chain.read(recorder.layout, pinned).faults
    assert fault.place == "chain/00000000000000000002.json"
    assert "not the entry that was pinned" in fault.message


def test_an_entry_signed_for_another_place_does_not_verify(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    body = chain.read(recorder.layout, recorder.trust).placed[1].entry
    moved = msgspec.structs.replace(body, sequence=3, previous="0" * 64)
    recorder.layout.entry(3).write_bytes(dsse.seal(entries.encode(moved), recorder.keys.signing))
    (fault,) = chain.read(recorder.layout, recorder.trust).faults
    assert fault.place == "chain/00000000000000000003.json"
    assert "digest of the entry before" in fault.message
