"""A record's proof is small, leads to the sealed root, and to no other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SealError
from engine.evidence import canonical, merkle
from engine.evidence.inclusion import LARGEST, prove, verify_proof
from engine.evidence.seal import Recorder, Sealed
from engine.evidence.trust import read_trust
from tests.unit.evidence.synthetic_runs import judged, record, store_in


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=70), st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_from_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [merkle.leaf_digest(leaf) for leaf in leaves]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.path(hashes, index)
    assert merkle.root_by(hashes[index], index, len(leaves), path) == merkle.root(leaves)
    assert merkle.root_by(merkle.leaf_digest(b"other"), index, len(leaves), path) != merkle.root(leaves)
    assert merkle.root_by(hashes[index], index, len(leaves), [*path, b"x" * 32]) is None
    assert merkle.root_by(hashes[index], len(leaves), len(leaves), path) is None
    if path:
        assert merkle.root_by(hashes[index], index, len(leaves), path[:-1]) is None


def test_paths_are_those_of_rfc_6962() -> None:
    """The example of its section 2.1.3: seven leaves, and the paths of d0, d3, d4 and d6."""
    a, b, c, d, e, f, j = hashes = [merkle.leaf_digest(b"%d" % n) for n in range(7)]
    node = lambda *parts: bytes.fromhex(merkle.root_of(b"".join(parts)))  # noqa: E731 - as short as in the RFC
    g, h, i = node(a, b), node(c, d), node(e, f)
    k, m = node(a, b, c, d), node(e, f, j)
    assert merkle.path(hashes, 0) == [b, h, m]
    assert merkle.path(hashes, 3) == [c, g, m]
    assert merkle.path(hashes, 4) == [f, j, k]
    assert merkle.path(hashes, 6) == [i, k]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recorder, Sealed]:
    recorder = store_in(tmp_path_factory.mktemp("proofs"))
    return recorder, record(recorder, judged(buckets=40))


def proof(made: tuple[Recorder, Sealed], index: int = 3) -> bytes:
    recorder, sealed = made
    return prove(recorder.layout.root, recorder.trust, recorder.keys.signing, sealed.run, index)


def test_every_record_has_a_proof_under_two_kilobytes(made: tuple[Recorder, Sealed]) -> None:
    recorder, sealed = made
    for index in range(0, sealed.records, 5):
        data = proof(made, index)
        assert len(data) < LARGEST
        report = verify_proof(data, read_trust(recorder.trust_file), recorder.layout.root)
        assert (report.problems, report.exit_code) == ((), 0)


def test_a_year_of_twenty_thousand_records_a_night_stays_under_two_kilobytes(made: tuple[Recorder, Sealed]) -> None:
    """Fifteen hashes instead of six; the record is counted in."""
    longer = len(proof(made)) + (15 - 6) * 47
    assert longer < LARGEST


def test_without_the_chain_a_proof_says_what_was_not_looked_at(made: tuple[Recorder, Sealed]) -> None:
    report = verify_proof(proof(made), read_trust(made[0].trust_file))
    assert report.exit_code == 0
    assert "was not looked at" in report.notes[1]


def changed(data: bytes, *where: str | int, to: Any) -> bytes:
    plain = json.loads(data)
    node = plain
    for key in where[:-1]:
        node = node[key]
    node[where[-1]] = to
    return canonical.encode(plain) + b"\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda data: changed(data, "record", "verdict", to="pass"),
        lambda data: changed(data, "record", "subject", "id", to="other"),
        lambda data: changed(data, "index", to=4),
        lambda data: changed(data, "path", 0, to="A" * 43 + "="),
        lambda data: changed(data, "path", to=[]),
        lambda data: changed(data, "reference", "signatures", to=[]),
        lambda data: changed(data, "reference", "payload", to="e30="),
        lambda data: changed(data, "reference", "payloadType", to="application/vnd.auditreel.entry+json"),
        lambda data: changed(data, "note", to="more"),
        lambda data: b"{}",
        lambda data: b"",
        lambda data: data.replace(b'"index":', b'"index": '),
    ],
)
def test_a_changed_proof_does_not_verify(made: tuple[Recorder, Sealed], change: Any) -> None:
    before = next(data for n in range(40) if json.loads(data := proof(made, n))["record"]["verdict"] == "fail")
    assert verify_proof(change(before), read_trust(made[0].trust_file)).exit_code == 5


def test_a_proof_is_of_one_store_one_key_and_the_pinned_seal(made: tuple[Recorder, Sealed], tmp_path: Path) -> None:
    other = store_in(tmp_path)
    trust = read_trust(made[0].trust_file)
    head = trust.head
    assert head is not None
    wrong = replace(trust, head=type(head)(sequence=head.sequence, digest="0" * 64))
    for judge in (other.trust, replace(trust, store=other.trust.store), wrong, replace(trust, keys=other.trust.keys)):
        assert verify_proof(proof(made), judge).exit_code == 5
    assert verify_proof(proof(made), trust, other.layout.root).exit_code == 5


def test_a_demonstrations_proof_is_no_evidence(tmp_path: Path) -> None:
    recorder = store_in(tmp_path, demonstration=True)
    sealed = record(recorder, kind="demo")
    data = prove(recorder.layout.root, recorder.trust, recorder.keys.signing, sealed.run, 0)
    assert verify_proof(data, recorder.trust).exit_code == 5


def test_what_does_not_verify_or_is_not_there_has_no_proof(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    sealed = record(recorder)
    args = (recorder.layout.root, recorder.trust, recorder.keys.signing)
    with pytest.raises(SealError, match="counted from 0"):
        prove(*args, sealed.run, sealed.records)
    with pytest.raises(SealError, match="no such sealed run"):
        prove(*args, "20000101T000000Z-00000000", 0)
    path = recorder.layout.findings(sealed.run)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SealError, match="does not verify"):
        prove(*args, sealed.run, 0)
