"""A bundle: one run, taken out of its store so that a stranger can verify it.

Everything is canonical JSON lines in a zip archive; the same run gives the same bytes everywhere, so members are
stored, not deflated. Whatever does not verify stops the export, and nothing half-written is left.

    manifest.json            digest and size of every other member, and which run this is
    README.txt               how to verify it            verify_bundle.py   a verifier, as a convenience
    keys.json                public keys, as a claim: whoever verifies must have them from somewhere else
    chain/<sequence>.json    the entries from the run's intent to its seal, on to the time stamp that covers it, and
                             the changes of keys before
    records.jsonl            the leaves, in order         ledger.jsonl       the ledger's rows, in order
    bodies.jsonl             bodies, by digest            content/<sha256>   checks, controls, policies, schemas
    evidence.jsonl           each record with when it was collected and sealed, by which run, and what was accepted
    private/<digest>.json    private objects, unless they were erased or left out
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import SealError
from engine.evidence import canonical, chain, durable, ledger, merkle, personal, record
from engine.evidence.chain import Placed
from engine.evidence.entries import Seal
from engine.evidence.handed_over import sound
from engine.evidence.layout import Layout
from engine.evidence.record import Document
from engine.evidence.runs import StoredRun
from engine.evidence.trust import Trust

SCHEMA: Final = 1
VERIFIER: Final = Path(__file__).with_name("standalone_verify.py")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3

README: Final = """\
This archive holds the evidence of one run of auditreel: what was asked, what was read, what was judged, and how.

To verify it you need Python 3.11, the package "cryptography", a verifier, and the public key of the organisation,
which you must have from somewhere else than this archive. The verifier in here is a convenience: take yours from the
release, and compare its SHA-256 with the one that is printed there.

    python verify_bundle.py BUNDLE.zip --key trust.json        (or a public key in PEM form)

It ends with 0 only if everything verified. Without it: each line of records.jsonl is a leaf of a Merkle tree (RFC 6962)
whose root is in the seal; the seal is the payload of a file in chain/, signed with Ed25519 (DSSE v1); each file in
content/ is named by its SHA-256, as is each line of bodies.jsonl in the records. A time stamp is an entry of chain/
over the SHA-256 of the file that it names: `openssl ts -verify -data FILE -in RESPONSE -CAfile CERTIFICATE`.

What it cannot show: that the cloud answered truthfully, and, unless it is anchored in time by someone else, that the
holder of the key did not rewrite it.
"""


def export_run(store: Path, trust: Trust, run: str, output: Path, redacted: bool = False) -> Document:
    """Write a run as a bundle; returns its manifest. ``redacted`` leaves private objects out.

    Raises SealError where anything of the run is missing or altered, or ``output`` cannot be written.
    """
    layout = Layout(store)
    with durable.doing(f"exporting run {run}"):
        found = sound(layout, trust, run, f"exporting run {run}")
        stored, entries = found.stored, _needed(found.reading, found.seal)
        members = dict(_members(stored, entries, found.bodies, layout, trust, redacted))
        manifest = manifest_of(stored.seal, stored.placed.entry.store, members)
        members["manifest.json"] = canonical.encode(manifest)
        durable.replace(output, archive(members))
    return manifest


def _needed(reading: chain.Reading, seal: Placed) -> list[Placed]:
    """The entries from a run's intent to its seal, and on to the first time stamp that covers it, where there is one.

    The changes of keys before it go with them: whoever pins the first key needs them.
    """
    first, last = seal.entry.body.intent.sequence, seal.entry.sequence
    stamps = (placed.entry.sequence for placed, body in reading.of_kind("timestamp") if body.of.sequence >= last)
    end = next(stamps, last)
    return [
        placed
        for placed in reading.placed
        if first <= placed.entry.sequence <= end or (placed.entry.kind == "key" and placed.entry.sequence < first)
    ]


def _members(
    run: StoredRun, entries: list[Placed], bodies: Mapping[str, Any], layout: Layout, trust: Trust, redacted: bool
) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", README.encode()
    yield "verify_bundle.py", VERIFIER.read_bytes()
    yield "keys.json", canonical.encode(claims(trust.keys))
    for placed in entries:
        path = layout.entry(placed.entry.sequence)
        yield layout.relative(path), path.read_bytes()
    yield "records.jsonl", _lines(run.leaves)
    yield "ledger.jsonl", _lines(run.rows)
    yield "evidence.jsonl", _lines(joined(run))
    needed = needed_bodies(run, bodies)
    yield "bodies.jsonl", _lines(canonical.encode(bodies[digest]) for digest in sorted(needed))
    for digest, data in run.content.files.items():
        yield f"content/{digest}", data
    for digest in sorted(commitments(run, needed, bodies)):
        path = layout.private(digest)
        if not redacted and path.exists():
            yield layout.relative(path), _private(path, digest)


def _private(path: Path, digest: str) -> bytes:
    data = path.read_bytes()
    try:
        personal.opened(digest, data)
    except ValueError as error:
        raise SealError(f"{path} is not the private object of its name ({error}); run `auditreel verify`") from error
    return data


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def claims(keys: Mapping[str, bytes]) -> Document:
    """Public keys as they are claimed."""
    listed = {key_id: base64.b64encode(raw).decode() for key_id, raw in keys.items()}
    return {"claims": listed, "note": "a claim: have the key from somewhere else"}


def needed_bodies(run: StoredRun, bodies: Mapping[str, Any]) -> set[str]:
    """Digests of the bodies of a run's resources and relations, and of what the relations list."""
    found = run.bodies()
    return found.union(*(bodies[digest] for digest in found if isinstance(bodies.get(digest), list)))


def commitments(run: StoredRun, needed: Iterable[str], bodies: Mapping[str, Any]) -> set[str]:
    """Digests of the private objects of a run: those of its records, its ledger and its bodies."""
    found = run.commitments()
    for digest in needed:
        body = bodies.get(digest)
        if isinstance(body, dict):
            found |= {body[key] for key in ("identity", "private") if key in body}
    return found


def joined(run: StoredRun) -> Iterator[bytes]:
    """Every record with its context (``schemas/evidence-record.schema.json``): run, times, waiver."""
    collected = {ledger.resource_key(row): row["collected_at"] for row in run.ledger["resource"]}
    waivers = {_waived(row): row["waiver"] for row in run.ledger["waiver"]}
    for index, leaf in enumerate(run.leaves):
        document = canonical.decode(leaf)
        context: Document = {
            "schema": SCHEMA,
            "record": document,
            "leaf": merkle.leaf_hash(leaf),
            "index": index,
            "run": run.seal.asked.run,
            "as_of": run.seal.as_of,
            "sealed_at": run.placed.entry.recorded_at,
        }
        place = record.order(document)
        if document["subject"]["kind"] == "resource":
            context["collected_at"] = collected[
                ledger.resource_key({**document["subject"], "scope": document["scope"]})
            ]
        if place in waivers:
            context["waiver"] = waivers[place]
        yield canonical.encode(context)


def _waived(row: Document) -> tuple[str, ...]:
    return record.order({"scope": row["scope"], "subject": row["subject"], "check": {"id": row["check"]}})


def manifest_of(seal: Seal, store: str, members: Mapping[str, bytes]) -> Document:
    """What the manifest of a bundle with these members says."""
    return {
        "schema": SCHEMA,
        "store": store,
        "runs": [seal.asked.run],
        "period": {"from": seal.asked.started_at, "to": seal.ended_at},
        "demonstration": seal.asked.kind == "demo",
        "members": {
            name: {"digest": canonical.digest(data), "size": len(data)} for name, data in sorted(members.items())
        },
    }


def archive(members: Mapping[str, bytes]) -> bytes:
    """The members as a zip archive: sorted, stored, without times; equal members give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name, data in sorted(members.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = _UNIX, _MODE
            target.writestr(info, data)
    return buffer.getvalue()
