"""A bundle: runs taken out of their store so that a stranger can verify them. One run, or those of a period.

Everything is canonical JSON lines in an archive of one form (:mod:`engine.evidence.archive`), so that the same runs
give the same bytes everywhere. What many nights share is there once. :mod:`engine.evidence.exporting` writes it,
:mod:`engine.evidence.bundle_verify` and ``standalone_verify.py`` read it.

    manifest.json             which runs of which period, what was left out and why, digest and size of all members
    signature.json            the signer's word for the manifest (DSSE); only these two it does not list
    README.txt                how to verify it            verify_bundle.py   a verifier, as a convenience
    keys.json                 public keys, as a claim: whoever verifies must have them from somewhere else
    chain/<sequence>.json     the entries that the manifest names, without a gap, and all changes of keys
    records.jsonl             the records, each once, in the order in which the runs have them first
    evidence.jsonl            each with its run, times and waiver: where the run before had it not, or not so
    runs/<run>/leaves.txt     the hashes of all records of a run in their order: the leaves under the root of its seal
    runs/<run>/ledger.jsonl   the rows of its ledger, in order
    bodies.jsonl              bodies, each once, by digest
    content/<sha256>          checks, controls, policies, schemas, parameters, frozen populations,
                              summaries of runs that are not retained
    checks/<path>.yaml        the checks of the last run by name        samples/   what was drawn from populations
    private/<digest>.json     private objects, unless they were erased or left out
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from engine.evidence import canonical, dsse, ledger, merkle, record
from engine.evidence.archive import Archive
from engine.evidence.catalogue import Catalogue
from engine.evidence.chain import Placed, Reading
from engine.evidence.dsse import Signer
from engine.evidence.entries import Digest, FileFact, Place, RunId, Span, StoreId, Time
from engine.evidence.record import Document
from engine.evidence.runs import StoredRun

SCHEMA: Final = 1
"""Version of the exported record (``schemas/evidence-record.schema.json``)."""
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
PAYLOAD_TYPE: Final = "application/vnd.auditreel.bundle+json"
VERIFIER: Final = Path(__file__).with_name("standalone_verify.py")
_PAGES: Final = re.compile(r"[A-Z_a-z]+\.[a-z]+|(csv|pages|samples)/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")

README: Final = """\
This archive holds the evidence of one run of auditreel: what was asked, what was read, what was judged, and how.

To verify it you need Python 3.11, the package "cryptography", a verifier, and the public key of the organisation,
which you must have from somewhere else than this archive. The verifier in here is a convenience: take yours from the
release, and compare its SHA-256 with the one that is printed there.

    python verify_bundle.py BUNDLE.zip --key trust.json        (or a public key in PEM form)

It ends with 0 only if everything verified. Without it: each line of records.jsonl is a record. SHA-256 of a zero byte
and the line is a line of leaves.txt of the run, whose lines are the leaves of a Merkle tree (RFC 6962) whose root is in
the seal; the seal is the payload of a file in chain/, signed with Ed25519 (DSSE v1). Each file in content/ is named by
its SHA-256, as is each line of bodies.jsonl in the records, and every file in manifest.json, for which signature.json
is the word of the signer. A time stamp is an entry of chain/ over the SHA-256 of the file that it names:
`openssl ts -verify -data FILE -in RESPONSE -CAfile CERTIFICATE`.

What it cannot show: that the cloud answered truthfully, and, unless it is anchored in time by someone else, that the
holder of the key did not rewrite it.
"""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """No field that is not declared."""


class Window(
    _Strict,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    rename={"starts": "from", "ends": "to"},
):
    """From one time to another (RFC 3339 UTC)."""

    starts: Time
    ends: Time


class Part(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The entries of a chain from one sequence to another, both included."""

    first: Place
    last: Place


class Manifest(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a bundle is and holds.

    ``runs`` stand in the order of their seals; ``left_out`` says of every other seal in the part of the ``chain`` why
    it is not here. ``nights`` are the local dates of a period. ``criteria`` are those whose records are carried (None:
    all are). ``redacted`` names what was left out of it for the sake of persons.
    """

    schema: Literal[2]
    store: StoreId
    runs: tuple[RunId, ...]
    left_out: dict[RunId, str]
    period: Window
    chain: Part
    redacted: tuple[str, ...]
    demonstration: bool
    members: dict[str, FileFact]
    criteria: tuple[str, ...] | None = None
    nights: Span | None = None

    def encode(self) -> bytes:
        """The bytes of the member."""
        return canonical.encode(msgspec.to_builtins(self))

    @property
    def without_people(self) -> bool:
        """Whether files in which people are named were left out."""
        return "people" in self.redacted


class Signed(_Strict, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The signer's word for a manifest; ``sequence`` is the last entry in the bundle, after which it was given."""

    manifest: Digest
    sequence: Place
    store: StoreId


def read_manifest(members: Archive) -> Manifest:
    """The manifest of a bundle. Raises ValueError for anything else, KeyError where there is none."""
    return msgspec.convert(canonical.decode(members.read(MANIFEST)), Manifest)


def signature(manifest: bytes, sequence: int, store: str, signer: Signer) -> bytes:
    """The signer's word for a manifest."""
    said = {"manifest": canonical.digest(manifest), "sequence": sequence, "store": store}
    return dsse.seal(canonical.encode(said), signer, PAYLOAD_TYPE)


def is_page(name: str) -> bool:
    """Whether a member is vouched for by the signature of the manifest alone: what people read, and conveniences."""
    return _PAGES.fullmatch(name) is not None


def leaves_of(run: str) -> str:
    """The member that holds the hashes of a run's records."""
    return f"runs/{run}/leaves.txt"


def ledger_of(run: str) -> str:
    """The member that holds the ledger of a run."""
    return f"runs/{run}/ledger.jsonl"


def check_file(check: str) -> str:
    """The member that shows a check by its name."""
    return f"checks/{check.replace('.', '/')}.yaml"


def claims(keys: Mapping[str, bytes]) -> Document:
    """Public keys as they are claimed."""
    listed = {key_id: base64.b64encode(raw).decode() for key_id, raw in keys.items()}
    return {"claims": listed, "note": "a claim: have the key from somewhere else"}


def needed_bodies(run: StoredRun, bodies: Mapping[str, Any]) -> set[str]:
    """Digests of the bodies of a run's resources and relations, and of what the relations list."""
    lists = (bodies[digest] for digest in run.tally.relations if digest in bodies)
    return run.bodies().union(*(found for found in lists if isinstance(found, list)))


def commitments(run: StoredRun, needed: Iterable[str], bodies: Mapping[str, Any]) -> set[str]:
    """Digests of the private objects of a run: those of its records, its ledger and its bodies."""
    found = run.commitments()
    for digest in needed:
        body = bodies.get(digest)
        if isinstance(body, dict):
            found |= {body[key] for key in ("identity", "private") if key in body}
    return found


def people_in(content: Catalogue) -> frozenset[str]:
    """The digests of files of a policy that name people by their nature: who approved a waiver, who took a listing."""
    policies = content.members.get("policies", {}).items()
    return frozenset(digest for name, digest in policies if name.startswith(("waivers/", "tables/")))


def part_of(reading: Reading, part: Part) -> list[Placed]:
    """The entries of a chain that a bundle of a part of it holds: that part, and all changes of keys."""
    return [
        placed
        for placed in reading.placed
        if part.first <= placed.entry.sequence <= part.last or placed.entry.kind == "key"
    ]


class Exported:
    """Records run after run, as the lines of a bundle: what is said once, and what is said again.

    :meth:`records` and :meth:`evidence` are to be asked once of each run, in their order.
    """

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._before: dict[bytes, Any] = {}

    def add(self, run: StoredRun, places: Mapping[bytes, int]) -> tuple[list[bytes], list[bytes]]:
        """The lines of a run for ``records.jsonl`` and for ``evidence.jsonl``.

        ``places`` maps the hash of a leaf to its place among all leaves of the run.
        """
        collected = {ledger.resource_key(row): row["collected_at"] for row in run.ledger["resource"]}
        waivers = {_waived(row): row["waiver"] for row in run.ledger["waiver"]}
        new, said, now = list[bytes](), list[bytes](), dict[bytes, Any]()
        for leaf in run.leaves:
            code = merkle.leaf_digest(leaf)
            document = canonical.decode(leaf)
            waiver = now[code] = waivers.get(record.order(document))
            if code not in self._known:
                self._known.add(code)
                new.append(leaf)
            if code not in self._before or self._before[code] != waiver:
                said.append(canonical.encode(_joined(run, document, code, places[code], collected, waiver)))
        self._before = now
        return new, said


def joined(run: StoredRun) -> Iterator[bytes]:
    """Every record of a run with its context (``schemas/evidence-record.schema.json``): run, times, waiver."""
    places = {merkle.leaf_digest(leaf): index for index, leaf in enumerate(run.leaves)}
    return iter(Exported().add(run, places)[1])


def _joined(
    run: StoredRun,
    document: Document,
    code: bytes,
    index: int,
    collected: Mapping[tuple[str, ...], str],
    waiver: Document | None,
) -> Document:
    context: Document = {
        "schema": SCHEMA,
        "record": document,
        "leaf": code.hex(),
        "index": index,
        "run": run.seal.asked.run,
        "as_of": run.seal.as_of,
        "sealed_at": run.placed.entry.recorded_at,
    }
    if document["subject"]["kind"] == "resource":
        context["collected_at"] = collected[ledger.resource_key({**document["subject"], "scope": document["scope"]})]
    return context if waiver is None else {**context, "waiver": waiver}


def _waived(row: Document) -> tuple[str, ...]:
    return record.order({"scope": row["scope"], "subject": row["subject"], "check": {"id": row["check"]}})
