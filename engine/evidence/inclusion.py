"""Proof that a record stands in a sealed run, in under 2 KB beside the record itself.

It holds the audit path of RFC 6962, section 2.1.1, and the signer's word on which root which seal holds: who has
neither store nor bundle needs no more than this and the public key.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from engine.errors import SealError
from engine.evidence import anchors, canonical, chain, dsse, merkle, regular
from engine.evidence.anchors import Anchor
from engine.evidence.dsse import Signer
from engine.evidence.entries import Count, Link, RunId, StoreId, Time, Tree
from engine.evidence.faults import Fault
from engine.evidence.handed_over import sound
from engine.evidence.keyring import KeyRing
from engine.evidence.layout import Layout
from engine.evidence.trust import Trust
from engine.evidence.verify import Report, RunState

PAYLOAD_TYPE: Final = "application/vnd.auditreel.inclusion+json"
LARGEST: Final = 2048
"""Bytes of a proof, the record apart."""
_LARGEST_FILE: Final = 1 << 24


class _Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed: which seal of which store holds which root, and in which state of the chain that was said."""

    schema: Literal[1]
    store: StoreId
    run: RunId
    seal: Link
    sealed_at: Time
    records: Tree


class _Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record as it was sealed, its place, the hashes beside its way to the root, and the signed reference."""

    schema: Literal[1]
    record: dict[str, Any]
    index: Count
    path: Annotated[list[str], msgspec.Meta(max_length=64)]
    reference: dict[str, Any]


def prove(store: Path, trust: Trust, signer: Signer, run: str, index: int) -> bytes:
    """The proof of the record at ``index`` of a sealed run, as the bytes of a file.

    Raises SealError where there is no such record, or where anything of the run does not verify.
    """
    found = sound(Layout(store), trust, run, f"proving a record of run {run}")
    stored, wanted = found.stored, found.seal
    if not 0 <= index < len(stored.leaves):
        raise SealError(f"proving record {index} of run {run}: it has {len(stored.leaves)} records, counted from 0")
    reference = {
        "schema": 1,
        "store": trust.store,
        "run": run,
        "seal": msgspec.to_builtins(wanted.link),
        "sealed_at": wanted.entry.recorded_at,
        "records": msgspec.to_builtins(stored.seal.records),
    }
    hashes = [merkle.leaf_digest(leaf) for leaf in stored.leaves]
    proof = {
        "schema": 1,
        "record": canonical.decode(stored.leaves[index]),
        "index": index,
        "path": [base64.b64encode(part).decode() for part in merkle.path(hashes, index)],
        "reference": canonical.decode(dsse.seal(canonical.encode(reference), signer, PAYLOAD_TYPE)),
    }
    return canonical.encode(proof) + b"\n"


def is_proof(path: Path) -> bool:
    """Whether a file may be a proof, by its first byte: a bundle begins otherwise."""
    try:
        with regular.opened(path.resolve()) as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def verify_file(path: Path, trust: Trust, store: Path | None = None) -> Report:
    """Verify the proof in a file; see :func:`verify_proof`."""
    try:
        data = regular.read(path.resolve(), _LARGEST_FILE)
    except OSError as error:
        return Report((Fault(path.name, f"could not be verified: {error.strerror}"),), (), None, ())
    return verify_proof(data, trust, store)


def verify_proof(data: bytes, trust: Trust, store: Path | None = None) -> Report:
    """Verify a proof against a trust file, and against the chain of ``store`` where that is at hand.

    Without the chain, nothing says that the seal was not withdrawn or time stamped since.
    """
    try:
        proof = msgspec.convert(canonical.decode(data.removesuffix(b"\n")), _Proof)
        ring = KeyRing(trust)
        payload, key_id, _ = dsse.unseal(canonical.encode(proof.reference), ring.keys, PAYLOAD_TYPE)
        said = msgspec.convert(canonical.decode(payload), _Reference)
        faults = list(_wrong(proof, said, trust))
        if key_id in trust.until and said.seal.sequence > trust.until[key_id]:
            faults.append(Fault("reference", "is signed by a key that was replaced or withdrawn before the seal"))
    except (ValueError, msgspec.ValidationError, binascii.Error) as error:
        return Report((Fault("proof", f"could not be verified: {error}"),), (), None, ())
    anchor: Anchor | None = None
    notes = [f"record {proof.index} of run {said.run}: {proof.record.get('verdict')}, sealed at {said.sealed_at}"]
    if store is not None and (store / "chain").is_dir():
        reading = chain.read(Layout(store), trust)
        faults += reading.faults
        if all(placed.link != said.seal for placed, _ in reading.of_kind("seal")):
            faults.append(Fault("reference", f"names a seal that is not in the chain of {store}"))
        anchor = anchors.anchoring(reading, trust).of(said.seal.sequence)
    else:
        notes.append("the chain was not at hand: whether the seal still stands in it was not looked at")
    states = (RunState(said.run, "", "sealed", said.sealed_at, 1, said.records.root),)
    return Report(
        problems=tuple(sorted(faults)),
        notes=tuple(notes),
        head=said.seal,
        runs=states,
        demonstration=trust.purpose == "demonstration",
        anchored=anchors.line(anchor),
    )


def _wrong(proof: _Proof, said: _Reference, trust: Trust) -> list[Fault]:
    leaf = merkle.leaf_digest(canonical.encode(proof.record))
    path = [base64.b64decode(part, validate=True) for part in proof.path]
    found = []
    if merkle.root_by(leaf, proof.index, said.records.count, path) != said.records.root:
        found.append(Fault("record", "is not the one at its place in the sealed run"))
    if said.store != trust.store:
        found.append(Fault("reference", f"is of another store ({said.store})"))
    if trust.head is not None and trust.head.sequence == said.seal.sequence and trust.head != said.seal:
        found.append(Fault("reference", "names a seal that is not the entry that was pinned"))
    return found
