"""A store with everything in it that can be tampered with, its bundles, and what an attacker can make of them.

Two attackers: one who holds no key and mends whatever is not signed, and the one that matters, who holds every key that
ever signed and writes history anew. Neither can make a time stamp of the past.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.collection import combined
from engine.evidence import canonical, chain, dsse, merkle, stamping
from engine.evidence.archive import archive
from engine.evidence.bundle import signature
from engine.evidence.entries import Close, Nonce, Population, Span
from engine.evidence.exporting import export_run
from engine.evidence.keys import SigningKey, load_keys
from engine.evidence.layout import Layout
from engine.evidence.rotation import rotate, trust_authority
from engine.evidence.seal import Judged, Recorder, Sealed
from engine.evidence.trust import Trust, read_trust
from engine.model import Finding
from engine.model import Population as Counted
from tests.unit.evidence.authority import NAME, Authority, authority
from tests.unit.evidence.synthetic_runs import begun, content, judged, plan, reopened, store_in

Document = dict[str, Any]
OTHER_ACCOUNT = "210987654321"


@dataclass(frozen=True, slots=True)
class Envelope:
    """An entry of a chain: its bytes, what it says, and the key that signed it."""

    data: bytes

    @property
    def payload(self) -> Document:
        found: Document = json.loads(base64.b64decode(json.loads(self.data)["payload"]))
        return found

    @property
    def signer(self) -> str:
        return str(json.loads(self.data)["signatures"][0]["keyid"])

    @property
    def link(self) -> Document:
        return {"sequence": self.payload["sequence"], "digest": canonical.digest(self.data)}


@dataclass(frozen=True, slots=True)
class World:
    """The genuine thing. ``owner`` trusts the head as well, ``auditor`` the first key and the authority only."""

    folder: Path
    owner: Trust
    auditor: Trust
    keys: Mapping[str, SigningKey]
    runs: tuple[str, ...]
    bundles: tuple[bytes, ...]
    stranger: SigningKey
    foreign: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def word(self) -> SigningKey:
        """The key that is in force, which signs manifests."""
        return list(self.keys.values())[-1]

    def copy(self) -> Path:
        """A store to tamper with; whoever asks removes the folder above it."""
        target = Path(tempfile.mkdtemp(dir=self.folder)) / "store"
        shutil.copytree(self.store, target)
        return target

    def envelopes(self, store: Path) -> list[Envelope]:
        return [Envelope(path.read_bytes()) for path in sorted((store / "chain").iterdir())]


def build(folder: Path) -> World:
    """Three runs in two accounts, before and after a change of keys, a population that was drawn from, time stamps."""
    recorder = store_in(folder)
    trust_authority(folder / "config", NAME, authority().pem)
    first = read_trust(recorder.trust_file)
    recorder = reopened(folder)
    signing = {recorder.keys.signing.key_id: recorder.keys.signing}
    one = _recorded(recorder, "AES256", "2026-11-23")
    _stamped(recorder, "2026-11-23T02:05:00Z")
    rotate(folder / "store", folder / "config", "2026-11-24T01:00:00Z", environment={})
    recorder = reopened(folder)
    signing[recorder.keys.signing.key_id] = recorder.keys.signing
    two = _recorded(recorder, "other", "2026-11-24", kind="scheduled", witness="the auditor's nonce")
    _stamped(recorder, "2026-11-24T02:05:00Z")
    three = _recorded(recorder, "aws:kms", "2026-11-25")
    _said(recorder)
    _stamped(recorder, "2026-11-25T03:05:00Z")
    owner = read_trust(recorder.trust_file)
    bundles = []
    for sealed in (one, two, three):
        export_run(folder / "store", owner, recorder.keys.signing, sealed.run, folder / "out.zip")
        bundles.append((folder / "out.zip").read_bytes())
    other = store_in(folder / "foreign")
    _recorded(other, "AES256", "2026-11-23")
    return World(
        folder=folder,
        owner=owner,
        auditor=replace(first, head=None),
        keys=signing,
        runs=(one.run, two.run, three.run),
        bundles=tuple(bundles),
        stranger=SigningKey(Ed25519PrivateKey.generate()),
        foreign=folder / "foreign" / "store",
    )


def _recorded(recorder: Recorder, seed: str, day: str, **changes: Any) -> Sealed:
    """A night of two accounts, the second of which looks like the first."""
    what = judged(seed=seed, collected_at=f"{day}T02:00:07Z")
    parts = [what, _elsewhere(what)]
    run = begun(recorder, plan(**changes), content(), f"{day}T02:00:00Z")
    for part in parts:
        run.add(replace(part.snapshot, as_of=f"{day}T02:00:00Z"), part.findings)
    findings = sorted((found for part in parts for found in part.findings), key=lambda found: found.order)
    waived = {findings.index(part.findings[index]): waiver for part in parts for index, waiver in part.waived.items()}
    snapshot = replace(combined([part.snapshot for part in parts]), as_of=f"{day}T02:00:00Z", finished_at=None)
    return run.seal(Judged(snapshot, findings, _populations(findings), waived), f"{day}T02:03:20Z")


def _elsewhere(what: Judged) -> Judged:
    """The same in another account."""
    moved = {id(item): replace(item, account=OTHER_ACCOUNT) for item in what.snapshot.resources}

    def scope(of: Any) -> Any:
        return replace(of, account=OTHER_ACCOUNT)

    def finding(of: Finding) -> Finding:
        mine = next((moved[id(item)] for item in what.snapshot.resources if item is of.resource), None)
        related = {name: tuple(moved[id(item)] for item in listed) for name, listed in of.related.items()}
        subject = of.subject if of.subject.kind == "resource" else replace(of.subject, id=str(scope(of.scope)))
        return replace(of, scope=scope(of.scope), resource=mine, related=related, subject=subject)

    snapshot = replace(
        what.snapshot,
        scopes=tuple(map(scope, what.snapshot.scopes)),
        collections=tuple(replace(row, scope=scope(row.scope)) for row in what.snapshot.collections),
        resources=tuple(moved[id(item)] for item in what.snapshot.resources),
        ledger=tuple(replace(row, scope=scope(row.scope)) for row in what.snapshot.ledger),
        left_out=tuple(replace(row, scope=scope(row.scope)) for row in what.snapshot.left_out),
    )
    return Judged(snapshot, [finding(found) for found in what.findings], (), what.waived)


def _populations(findings: Iterable[Finding]) -> list[Counted]:
    found: dict[str, list[str]] = {}
    for item in findings:
        found.setdefault(item.check.id, []).append(item.verdict)
    words = ("pass", "fail", "unknown", "not_applicable")
    return [
        Counted(name, len(said), *(said.count(word) for word in words), complete=True, queries=("s3:ListBuckets",))
        for name, said in sorted(found.items())
    ]


def _stamped(recorder: Recorder, at: str) -> None:
    found = stamping.stamp(reopened(recorder.trust_file.parents[1]), {NAME: ""}, lambda: at, authority().answers(at))
    assert found.waiting is None, found


def _said(recorder: Recorder) -> None:
    """A population, its draw, and the end of a period."""
    appending = recorder.chain()
    seals = tuple(placed.link for placed, _ in chain.read(recorder.layout, recorder.trust).of_kind("seal"))
    listed = canonical.encode(["a", "b", "c", "d", "e"])
    recorder.layout.content(canonical.digest(listed)).write_bytes(listed)
    frozen = Population(
        query="s3:ListBuckets",
        unit="items",
        digest=canonical.digest(listed),
        count=5,
        frames=seals,
        check="aws.made.encrypted",
    )
    at = "2026-11-25T03:00:00Z"
    link = appending.append("population", frozen, at)
    appending.append("nonce", Nonce(population=link, nonce="4711", internal=False), at)
    closed = Close(
        period=Span(starts="2026-11-23", ends="2026-11-25", timezone="Europe/Berlin"),
        seals=seals,
        inputs=canonical.digest(b"inputs"),
        open_failures=canonical.digest(b"[]"),
    )
    recorder.layout.content(closed.open_failures).write_bytes(b"[]")
    appending.append("close", closed, at)


# --- what an attacker does ---


Item = Envelope | tuple[Any, ...]
"""An entry as it was; or what it is to say, the key that signs it, and, where it replaces one, how that was named."""


def rechained(items: Iterable[Item], keys: Mapping[str, SigningKey], renumber: bool = True) -> list[bytes]:
    """A chain, signed anew from the first change on, in which every entry names the others as they are now.

    With ``renumber`` places close up where an entry is missing, as in a store; a part of a chain keeps its places.
    """
    links: dict[str, Document] = {}
    written: list[bytes] = []
    previous: Document | None = None
    for item in items:
        old, payload, key = _parts(item, keys)
        if previous is None and renumber:
            payload |= {"sequence": 1, "previous": None}
        elif previous is not None:
            following = previous["sequence"] + 1
            if renumber or payload["sequence"] <= following:
                payload |= {"sequence": following, "previous": previous["digest"]}
        payload["body"] = _renamed(payload["body"], links)
        data = dsse.seal(canonical.encode(payload), key)
        previous = Envelope(data).link
        if old is not None:
            links[old["digest"]] = previous
        written.append(data)
    return written


def _parts(item: Any, keys: Mapping[str, SigningKey]) -> tuple[Document | None, Document, SigningKey]:
    if isinstance(item, Envelope):
        return item.link, item.payload, keys[item.signer]
    payload, key, *old = item
    return (old[0] if old else None), dict(payload), key


def _renamed(value: Any, links: Mapping[str, Document]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"sequence", "digest"}:
            return links.get(value["digest"], value)
        return {name: _renamed(item, links) for name, item in value.items()}
    return [_renamed(item, links) for item in value] if isinstance(value, list) else value


def replaced(store: Path, chained: list[bytes]) -> None:
    """Put another chain in the place of a store's."""
    for path in (store / "chain").iterdir():
        path.unlink()
    for data in chained:
        Layout(store).entry(Envelope(data).payload["sequence"]).write_bytes(data)


class Package:
    """A bundle of one run taken apart. :meth:`packed` puts it together so that all the rest agrees, and is signed anew.

    ``word`` is the key that signs the manifest: what is tampered with is to be found without it.
    """

    def __init__(self, data: bytes, word: SigningKey) -> None:
        self.word = word
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            self.members = {name: source.read(name) for name in source.namelist()}
        (self.run,) = json.loads(self.members["manifest.json"])["runs"]
        self.records: list[Document] = self._read("records.jsonl")
        self.ledger: list[Document] = self._read(f"runs/{self.run}/ledger.jsonl")
        self.times = {
            json.dumps([row["scope"], row["type"], row.get("id", row.get("identity"))]): row["collected_at"]
            for row in self.ledger
            if row["kind"] == "resource"
        }

    def _read(self, name: str) -> list[Document]:
        return [json.loads(line) for line in self.members[name].splitlines()]

    @cached_property
    def entries(self) -> list[str]:
        return sorted(name for name in self.members if name.startswith("chain/"))

    def envelopes(self) -> list[Envelope]:
        return [Envelope(self.members[name]) for name in sorted(self.members) if name.startswith("chain/")]

    @property
    def seal(self) -> Document:
        first = next(item for item in self.envelopes() if item.payload["kind"] != "key")
        run = first.payload["body"]["run"]
        return next(
            item.payload
            for item in self.envelopes()
            if item.payload["kind"] == "seal" and item.payload["body"]["asked"]["run"] == run
        )

    def chained(self, chained: Iterable[bytes]) -> None:
        for name in [name for name in self.members if name.startswith("chain/")]:
            del self.members[name]
        for data in chained:
            self.members[f"chain/{Envelope(data).payload['sequence']:020d}.json"] = data

    def packed(self, keep: frozenset[str] = frozenset()) -> bytes:
        """The bundle, with records, ledger, evidence and manifest as they are now, but for those to ``keep``."""
        records = [canonical.encode(record) for record in self.records]
        lines = {
            "records.jsonl": records,
            f"runs/{self.run}/leaves.txt": [merkle.leaf_hash(record).encode() for record in records],
            f"runs/{self.run}/ledger.jsonl": [canonical.encode(row) for row in self.ledger],
            "evidence.jsonl": list(self._evidence()) if "evidence.jsonl" not in keep else [],
        }
        for name, listed in lines.items():
            if name not in keep:
                self.members[name] = b"".join(line + b"\n" for line in listed)
        if "manifest.json" not in keep:
            body, others = self.seal["body"], [item.payload for item in self.envelopes()]
            numbers = [item["sequence"] for item in others if item["kind"] != "key"]
            manifest = json.loads(self.members["manifest.json"]) | {
                "store": self.seal["store"],
                "period": {"from": body["asked"]["started_at"], "to": body["ended_at"]},
                "chain": {"first": numbers[0], "last": numbers[-1]},
            }
            signed(self.members, manifest, others[-1]["sequence"], self.word)
        return archive(self.members)

    def _evidence(self) -> Iterable[bytes]:
        waivers = {
            json.dumps([row["scope"], row["check"], row["subject"]]): row["waiver"]
            for row in self.ledger
            if row["kind"] == "waiver"
        }
        seal = self.seal
        for index, record in enumerate(self.records):
            subject = record["subject"]
            said: Document = {
                "schema": 1,
                "record": record,
                "leaf": merkle.leaf_hash(canonical.encode(record)),
                "index": index,
                "run": seal["body"]["asked"]["run"],
                "as_of": seal["body"]["as_of"],
                "sealed_at": seal["recorded_at"],
            }
            if subject["kind"] == "resource":
                key = json.dumps([record["scope"], subject["type"], subject.get("id", subject.get("identity"))])
                said["collected_at"] = self.times.get(key, seal["body"]["as_of"])
            place = json.dumps([record["scope"], record["check"]["id"], subject])
            if place in waivers:
                said["waiver"] = waivers[place]
            yield canonical.encode(said)

    def resealed(self, keys: Mapping[str, SigningKey], change: Callable[[Document], None] = lambda body: None) -> None:
        """Seal what is in it now with the key: roots, counts and signatures agree. ``change`` is made to the body."""
        seal = self.seal
        items: list[Any] = []
        for item in self.envelopes():
            if item.payload != seal:
                items.append(item)
                continue
            body = seal["body"]
            body["records"] = self._tree(self.records)
            body["ledger"] = self._tree(self.ledger)
            said = [record["verdict"] for record in self.records]
            words = {"passed": "pass", "failed": "fail", "unknown": "unknown", "not_applicable": "not_applicable"}
            body["verdicts"] = {name: said.count(word) for name, word in words.items()}
            body["verdicts"]["waived"] = sum(row["kind"] == "waiver" for row in self.ledger)
            states = [row["state"] for row in self.ledger if row["kind"] == "collection"]
            body["listings"] = {name: states.count(name) for name in ("complete", "off", "failed")}
            change(body)
            items.append((seal, keys[item.signer], item.link))
        self.chained(rechained(items, keys, renumber=False))

    @staticmethod
    def _tree(documents: list[Document]) -> Document:
        leaves = [canonical.encode(document) for document in documents]
        return {"count": len(leaves), "root": merkle.root(leaves)}

    def recounted(self) -> None:
        """Let the populations of the ledger agree with the records."""
        for row in self.ledger:
            if row["kind"] != "population":
                continue
            said = [record["verdict"] for record in self.records if record["check"]["id"] == row["check"]]
            row |= {"passed": said.count("pass"), "failed": said.count("fail"), "unknown": said.count("unknown")}
            row |= {"not_applicable": said.count("not_applicable"), "listed": len(said)}
        self.ledger.sort(key=canonical.encode)


def signed(members: dict[str, bytes], manifest: Document, sequence: int, key: SigningKey) -> None:
    """Put a manifest that lists the members as they are now among them, and the word of a key for it."""
    own = ("manifest.json", "signature.json")
    manifest["members"] = {
        name: {"digest": canonical.digest(data), "size": len(data)} for name, data in members.items() if name not in own
    }
    members["manifest.json"] = canonical.encode(manifest)
    members["signature.json"] = signature(members["manifest.json"], sequence, manifest["store"], key)


def keys_of(folder: Path) -> SigningKey:
    return load_keys(folder / "config", {}).signing


def another_authority() -> Authority:
    """Somebody who signs time stamps under the name of the one that is pinned."""
    return Authority(NAME)
