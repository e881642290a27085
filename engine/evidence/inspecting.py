"""A store and its sealed runs, opened to be looked into; a run only where all that was sealed of it is still there.

Unlike :mod:`engine.evidence.handed_over` it does not read the packs of all runs before: a body is looked up when
somebody asks for it, and compared with its digest then.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.errors import VerificationError
from engine.evidence import anchors, canonical, merkle, regular, tables
from engine.evidence.chain import Placed
from engine.evidence.layout import Layout
from engine.evidence.period.frames import SealedFrame, frames
from engine.evidence.period.keeping import verified_chain
from engine.evidence.record import Document
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.storage import removals
from engine.evidence.trust import Trust
from engine.model import Scope, Subject
from engine.sealed import Listed, Overview, SealedRecord, SealedRow, SealedRun, resource_key

_Key = tuple[str, ...]


def overview(store: Path, trust: Trust) -> Overview:
    """What a store holds, by its chain. Raises VerificationError where anything of that does not verify."""
    reading = verified_chain(Layout(store), trust)
    found = frames(reading, trust.purpose == "demonstration")
    anchoring = anchors.anchoring(reading, trust)
    for fault in anchoring.faults:
        raise VerificationError(f"the chain of {store} does not verify ({fault}); run `auditreel verify`")
    return Overview(
        name=trust.store,
        organization=canonical.original_text(found[-1].seal.asked.organization) if found else "",
        anchored=anchors.line(anchoring.of(found[-1].placed.entry.sequence) if found else None),
        demonstration=trust.purpose == "demonstration",
        frames=len(found),
        first=found[0].moment.as_of[:10] if found else None,
        last=found[-1].moment.as_of[:10] if found else None,
        closed=tuple((close.period.starts, close.period.ends) for _, close in reading.of_kind("close")),
    )


def listed(store: Path, trust: Trust) -> tuple[str, tuple[Listed, ...]]:
    """How a store is anchored, and its sealed runs in the order of its chain. Raises VerificationError.

    What the runs stored is not read: their seals are, which the chain vouches for.
    """
    reading = verified_chain(Layout(store), trust)
    anchoring = anchors.anchoring(reading, trust)
    for fault in anchoring.faults:
        raise VerificationError(f"the chain of {store} does not verify ({fault}); run `auditreel verify`")
    gone = removals(reading)
    seals = list(reading.of_kind("seal"))
    rows = tuple(
        Listed(
            run=seal.asked.run,
            kind=seal.asked.kind,
            source=seal.source,
            as_of=seal.as_of,
            records=seal.records.count,
            failures=seal.verdicts.failed,
            unknown=seal.verdicts.unknown,
            filtered=SealedFrame(placed).filtered,
            kept=placed.link not in gone,
        )
        for placed, seal in seals
    )
    return anchors.line(anchoring.of(seals[-1][0].entry.sequence) if seals else None), rows


@dataclass(frozen=True)
class Inspected:
    """A sealed run that is open: what it stored, and the ``envelope`` of its seal as it stands in the chain."""

    stored: StoredRun
    envelope: bytes
    packs: tuple[Path, ...]

    @cached_property
    def run(self) -> SealedRun:
        """The run with all of its records."""
        placed, seal = self.stored.placed, self.stored.seal
        return SealedRun(
            run=seal.asked.run,
            kind=seal.asked.kind,
            as_of=seal.as_of,
            sealed_at=placed.entry.recorded_at,
            engine=seal.asked.engine,
            sequence=placed.entry.sequence,
            digest=placed.digest,
            root=seal.records.root,
            total=seal.records.count,
            rows=tuple(self._row(index, canonical.decode(leaf)) for index, leaf in enumerate(self.stored.leaves)),
            started_at=seal.asked.started_at,
            resumed_at=seal.resumed_at or (),
        )

    def _row(self, index: int, document: Document) -> SealedRow:
        scope, subject = canonical.original(document["scope"]), canonical.original(document["subject"])
        id_ = subject.get("id", subject.get("identity"))
        waiver = self._waivers.get(_key(document))
        place = Scope(scope["provider"], scope["account"], scope["region"])
        about = Subject(subject["kind"], subject["type"], id_, id_)
        return SealedRow(
            index=index,
            check=document["check"]["id"],
            version=document["check"]["version"],
            scope=place,
            subject=about,
            resource=resource_key(place, about),
            verdict=document["verdict"],
            reason=document.get("reason"),
            waiver=None if waiver is None else canonical.original_text(waiver["id"]),
        )

    @cached_property
    def _hashes(self) -> list[bytes]:
        return merkle.split(self.stored.hashes)

    @cached_property
    def _collected(self) -> Mapping[_Key, str]:
        return {_place(row["scope"], row): row["collected_at"] for row in self.stored.ledger["resource"]}

    @cached_property
    def _waivers(self) -> Mapping[_Key, Document]:
        rows = self.stored.ledger["waiver"]
        return {(row["check"], *_place(row["scope"], row["subject"])): row["waiver"] for row in rows}

    def record(self, index: int) -> SealedRecord:
        """The record at a place, counted from 0, which must be one of the run's.

        Raises VerificationError where its way does not lead to the root that was sealed, or its body is not at hand or
        another one.
        """
        document, sealed = canonical.decode(self.stored.leaves[index]), self.stored.seal.records
        leaf, path = merkle.leaf_digest(self.stored.leaves[index]), merkle.path(self._hashes, index)
        if merkle.root_by(leaf, index, sealed.count, path) != sealed.root:
            raise VerificationError(f"record {index} of run {self.run.run} does not lead to the root that was sealed")
        waiver = self._waivers.get(_key(document))
        return SealedRecord(
            row=self.run.rows[index],
            document=canonical.original(document),
            leaf=leaf.hex(),
            path=tuple(part.hex() for part in path),
            waiver=None if waiver is None else canonical.original(waiver),
            collected_at=self._collected.get(_place(document["scope"], document["subject"])),
            body=canonical.original(self._body(document["body"])) if "body" in document else None,
        )

    def _body(self, digest: str) -> Document:
        with tables.connection() as database:
            found = tables.bodies_of(database, (path for path in self.packs if path.exists()), (digest,)).get(digest)
        if found is None or canonical.digest(found) != digest:
            said = "is not at hand" if found is None else "has other content"
            raise VerificationError(f"body {digest} {said}; run `auditreel verify`")
        body: Document = canonical.decode(found)
        return body

    def proof(self, index: int) -> bytes:
        """What proves a record to whoever has the public key: it, its path, and the seal as it was signed, as JSON.

        Nothing is signed for it (:func:`engine.evidence.inclusion.prove` does): the seal's own signature suffices.
        """
        said: dict[str, Any] = {
            "schema": 1,
            "record": canonical.decode(self.stored.leaves[index]),
            "index": index,
            "count": self.stored.seal.records.count,
            "path": [base64.b64encode(bytes.fromhex(part)).decode() for part in self.record(index).path],
            "seal": canonical.decode(self.envelope),
        }
        return canonical.encode(said) + b"\n"


def inspect(store: Path, trust: Trust, run: str) -> Inspected:
    """Open a sealed run of a store.

    Raises VerificationError where the chain, or what the run stored, does not verify, or there is no such run.
    """
    layout = Layout(store)
    reading = verified_chain(layout, trust)
    placed = next((placed for placed, seal in reading.of_kind("seal") if seal.asked.run == run), None)
    if placed is None:
        raise VerificationError(f"{store} holds no sealed run {run}; `auditreel store list` has all")
    with tables.connection() as database:
        reader = Reader(layout, database, reading)
        stored = reader.read(placed, whole=False)
    if placed.link in reader.storage.removed:
        raise VerificationError(f"reading run {run}: {reader.storage.removed[placed.link]}")
    if reader.faults or stored is None:
        why = reader.faults[0] if reader.faults else "its files cannot be read"
        raise VerificationError(f"reading run {run}: it does not verify ({why}); run `auditreel verify`")
    return Inspected(stored, _envelope(layout, placed), tuple(layout.root / name for name in reader.storage.packs()))


def _envelope(layout: Layout, placed: Placed) -> bytes:
    data = regular.read(layout.entry(placed.entry.sequence))
    if canonical.digest(data) != placed.digest:
        raise VerificationError(f"{layout.entry(placed.entry.sequence)} was altered meanwhile; run `auditreel verify`")
    return data


def _key(document: Document) -> _Key:
    """What names a record in its run: its check, its scope, and its subject."""
    return (document["check"]["id"], *_place(document["scope"], document["subject"]))


def _place(scope: Mapping[str, Any], about: Mapping[str, Any]) -> _Key:
    # A row of the ledger is about a resource, and says so by having no such kind.
    kind = "scope" if about.get("kind") == "scope" else "resource"
    hidden = "identity" if "identity" in about else "id"
    return (scope["provider"], scope["account"], scope["region"], kind, about["type"], about[hidden], hidden)
