"""A verifier of bundles by somebody who has docs/evidence-format.md, the JSON Schemas that it names, and nothing else.

It executes the page's code and follows its section 14, A, step by step. Nothing of the engine is imported.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from jsonschema import Draft202012Validator

Document = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "evidence-format.md").read_text()
FIELDS = Draft202012Validator(json.loads((ROOT / "schemas" / "chain-entry.schema.json").read_text()))
WORDS = {"passed": "pass", "failed": "fail", "unknown": "unknown", "not_applicable": "not_applicable"}
HASHES = {1: hashes.SHA256(), 2: hashes.SHA384(), 3: hashes.SHA512()}
LINKS = {  # section 5: the field in which a kind names others, and their kind
    "seal": ("intent", "intent"),
    "abandon": ("intent", "intent"),
    "timestamp": ("of", ""),
    "population": ("frames", "seal"),
    "nonce": ("population", "population"),
    "replacement": ("draw", "nonce"),
    "close": ("seals", "seal"),
    "compact": ("runs", "seal"),
    "tombstone": ("runs", "seal"),
    "response": ("first_bad", "seal"),
}


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def page() -> SimpleNamespace:
    """What the page's Python defines."""
    found: Document = {}
    for block in blocks("python"):
        exec(block, found)
    return SimpleNamespace(**found)


SAID = page()


def faults(data: bytes, trust: Document) -> list[str]:
    """What is wrong with a bundle, by a trust file; empty where it verifies."""
    try:
        return list(Stranger(data, trust).faults())
    except Exception as error:
        return [f"could not be verified: {type(error).__name__}: {error}"]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def place(document: Document, subject: Document) -> tuple[str, ...]:
    scope = document.get("scope", document)
    name = subject.get("id", subject.get("identity"))
    return scope["provider"], scope["account"], scope["region"], subject["type"], name, str("identity" in subject)


class Stranger:
    """One bundle, and what its reader pinned."""

    def __init__(self, data: bytes, trust: Document) -> None:
        self.trust = trust
        self.members: dict[str, bytes] = SAID.members_of(data)  # step 1
        self.manifest = SAID.read(self.members["manifest.json"])  # step 2
        optional = {"nights", "criteria"}
        known = {"schema", "store", "runs", "left_out", "period", "chain", "redacted", "demonstration", "members"}
        if self.manifest["schema"] != 2 or not known <= self.manifest.keys() <= known | optional:
            raise ValueError("manifest of an unknown form")
        self.keys = {name: SAID.unbase64(text) for name, text in trust["keys"].items()}
        self.until: dict[str, int] = dict(trust.get("until", {}))
        self.entries: list[tuple[Document, str, str]] = []
        self.bodies: Document = {}

    def faults(self) -> Iterator[str]:
        yield from self.chain()
        yield from self.statements()
        yield from self.signature()
        yield from self.part()
        yield from self.division()
        yield from self.runs()
        yield from self.stamps()

    def lines(self, name: str) -> list[bytes]:
        *lines, rest = self.members[name].split(b"\n")
        if rest:
            raise ValueError(f"{name}: its last line is cut")
        return lines

    def of_kind(self, kind: str) -> list[Document]:
        return [entry for entry, _, _ in self.entries if entry["kind"] == kind]

    def chain(self) -> Iterator[str]:
        """Step 3."""
        seen: set[str] = set()
        head = self.trust.get("head") or {"sequence": 0}
        for name in sorted(name for name in self.members if name.startswith("chain/")):
            entry, signer = SAID.opened(self.members[name], "entry", self.keys)
            FIELDS.validate(entry)
            sequence, digest = entry["sequence"], SAID.sha256(self.members[name])
            if name != f"chain/{sequence:020d}.json":
                raise ValueError(f"{name}: of another place")
            if {entry["store"]} != {self.manifest["store"], self.trust["store"]} and entry["store"] != self.trust[
                "store"
            ]:
                yield f"{name}: of another store"
            if self.manifest["store"] != self.trust["store"]:
                yield "the manifest is of another store"
            if sequence > self.until.get(signer, sequence):
                yield f"{name}: by a key that is not in force"
            if entry["kind"] == "key":
                self.change(entry, signer, seen)
            if sequence == head["sequence"] and digest != head["digest"]:
                yield f"{name}: not the pinned head"
            if self.entries:
                before, link, _ = self.entries[-1]
                follows = (sequence, entry["previous"]) == (before["sequence"] + 1, link)
                apart = entry["kind"] == "key" or all(other["kind"] == "key" for other, _, _ in self.entries)
                if not follows and not (apart and sequence > before["sequence"] + 1):
                    yield f"{name}: does not follow"
            self.entries.append((entry, digest, signer))
        for entry, _, signer in self.entries:
            if entry["sequence"] > self.until.get(signer, entry["sequence"]):
                yield f"entry {entry['sequence']}: by a key that was withdrawn"

    def change(self, entry: Document, signer: str, seen: set[str]) -> None:
        """Section 6."""
        body, sequence = entry["body"], entry["sequence"]
        if body["action"] == "rotate":
            raw = SAID.unbase64(body["public_key"])
            if len(raw) != 32 or SAID.sha256(raw) != body["key"] or body["key"] in {signer, *seen}:
                raise ValueError("a key that must not come")
            self.keys[body["key"]] = raw
            self.until[signer] = min(self.until.get(signer, sequence), sequence)
        else:
            if body["key"] == signer or body["key"] not in self.keys or body["since"] > sequence:
                raise ValueError("a key that cannot be withdrawn so")
            self.until[body["key"]] = min(self.until.get(body["key"], sequence), body["since"] - 1)
        seen |= {body["key"], signer}

    @property
    def first(self) -> int:
        return next(entry["sequence"] for entry, _, _ in self.entries if entry["kind"] != "key")

    def statements(self) -> Iterator[str]:
        """Step 4."""
        before: dict[tuple[int, str], Document] = {}
        once: set[Any] = set()
        closed = ""
        for entry, digest, _ in self.entries:
            body, kind = entry["body"], entry["kind"]
            field, of = LINKS.get(kind, ("", ""))
            named = body[field] if isinstance(body.get(field), list) else [body[field]] if field else []
            links = [(item.get("seal", item)["sequence"], item.get("seal", item)["digest"]) for item in named]
            for item, link in zip(named, links, strict=True):
                other = before.get(link)
                if other is None and (link[0] >= self.first):
                    yield f"entry {entry['sequence']} names what is not before it"
                if other is not None and of and other["kind"] != of:
                    yield f"entry {entry['sequence']} names what is no {of}"
                if other is not None and kind in ("seal", "abandon"):
                    run = body["asked"]["run"] if kind == "seal" else body["run"]
                    if other["body"].get("run") != run or (kind == "seal" and other["body"] != body["asked"]):
                        yield f"entry {entry['sequence']} does not repeat its intent"
                if other is not None and kind == "tombstone":
                    sealed = {name: other["body"].get(name) for name in ("verdicts", "records", "ledger")}
                    if item != {**sealed, "run": other["body"]["asked"]["run"], "seal": item["seal"]}:
                        yield f"entry {entry['sequence']} does not repeat what was sealed"
            said: list[Any] = []
            if kind == "intent":
                said = [("begins", body["run"])]
            elif kind in ("seal", "abandon"):
                said = [("ends", *links)]
            elif kind == "nonce":
                said = [("drawn", *links)]
                if (body["nonce"] is None) != body["internal"]:
                    yield f"entry {entry['sequence']} is neither the auditor's nor internal"
            elif kind == "replacement":
                said = [("replaced", *links, body["unit"])]
            elif kind in ("compact", "tombstone"):
                said = [(kind, link) for link in links]
                if kind == "compact" and any(("tombstone", link) in once for link in links):
                    yield f"entry {entry['sequence']} merges what was removed"
            if len(set(said)) < len(said) or once.intersection(said):
                yield f"entry {entry['sequence']} says a second time what is said once"
            once.update(said)
            if kind == "close":
                starts, ends = body["period"]["starts"], body["period"]["ends"]
                if starts > ends or (closed and starts <= closed) or any(a[0] >= b[0] for a, b in pairwise(links)):
                    yield f"entry {entry['sequence']} closes no period of its own"
                closed = max(closed, ends)
            before[entry["sequence"], digest] = entry

    def signature(self) -> Iterator[str]:
        """Steps 5 and 6."""
        said, signer = SAID.opened(self.members["signature.json"], "bundle", self.keys)
        last = self.entries[-1][0]["sequence"]
        signed = {"manifest": SAID.sha256(self.members["manifest.json"]), "sequence": last}
        if said != {**signed, "store": self.manifest["store"]} or last > self.until.get(signer, last):
            yield "the manifest is not the one that was signed by a key in force"
        facts = {name: {"digest": SAID.sha256(data), "size": len(data)} for name, data in self.members.items()}
        del facts["manifest.json"], facts["signature.json"]
        if facts != self.manifest["members"]:
            yield "the manifest does not list the members as they are"

    def part(self) -> Iterator[str]:
        """Step 7."""
        first, last = self.manifest["chain"]["first"], self.manifest["chain"]["last"]
        inside = [entry for entry, _, _ in self.entries if first <= entry["sequence"] <= last]
        beside = [entry for entry, _, _ in self.entries if entry not in inside]
        if [entry["sequence"] for entry in inside] != list(range(first, last + 1)):
            yield "the part of the chain is not whole"
        if any(entry["kind"] != "key" for entry in beside):
            yield "beside the part of the chain stand other entries than keys"
        starts, ends = instant(self.manifest["period"]["from"]), instant(self.manifest["period"]["to"])
        if first > 1 and instant(inside[0]["recorded_at"]) > starts:
            yield "the chain begins after the period"
        head = self.trust.get("head")
        if instant(inside[-1]["recorded_at"]) < ends:
            if head is None:
                yield "tail not anchored"
            elif head["sequence"] > last:
                yield "the chain is cut off before the end of the period"

    def division(self) -> Iterator[str]:
        """Step 8."""
        manifest = self.manifest
        nights, runs, left_out = manifest.get("nights"), manifest["runs"], manifest["left_out"]
        starts, ends = instant(manifest["period"]["from"]), instant(manifest["period"]["to"])
        seals = self.of_kind("seal")
        names = [entry["body"]["asked"]["run"] for entry in seals]
        if starts > ends or (not nights and len(runs) != 1):
            yield "no period, or several runs without nights"
        if [name for name in names if name in runs] != runs or {*names} != {*runs, *left_out}:
            yield "other runs than are sealed"
        gone = {
            run["run"]: f"not retained: removed at {entry['recorded_at']} by entry {entry['sequence']} "
            f"({entry['body']['rule']})"
            for entry in self.of_kind("tombstone")
            for run in entry["body"]["runs"]
        }
        for entry in seals:
            body, asked = entry["body"], entry["body"]["asked"]
            held = asked["run"] in runs
            if held == (asked["run"] in left_out):
                yield f"run {asked['run']} is neither here nor left out"
            if not nights:
                if held and manifest["period"] != {"from": asked["started_at"], "to": body["ended_at"]}:
                    yield "the period is not that of the run"
                continue
            live = body["source"] == "live" and asked["kind"] in ("scheduled", "adhoc")
            frame = asked["kind"] == "demo" if manifest["demonstration"] else live
            within = starts <= instant(body["as_of"]) < ends and frame
            if held != (within and asked["run"] not in gone):
                yield f"run {asked['run']} is held or left out wrongly"
            if within and not held and left_out.get(asked["run"]) != gone.get(asked["run"]):
                yield f"run {asked['run']} is left out for another reason"
        demo = any(entry["body"]["asked"]["kind"] == "demo" for entry in seals if entry["body"]["asked"]["run"] in runs)
        if demo or manifest["demonstration"]:
            yield "a demonstration is no evidence"

    def runs(self) -> Iterator[str]:
        """Steps 9, 10 and 11."""
        known = {SAID.leaf_hash(line).hex(): SAID.read(line) for line in self.lines("records.jsonl")}
        self.bodies = {SAID.sha256(line): SAID.read(line) for line in self.lines("bodies.jsonl")}
        said: list[bytes] = []
        order: dict[str, None] = {}
        before: Document = {}
        needed: set[str] = set()
        content: set[str] = set()
        checks: Document = {}
        for entry in self.of_kind("seal"):
            if entry["body"]["asked"]["run"] not in self.manifest["runs"]:
                continue
            run = _Run(self, entry, known)
            yield from run.faults()
            before, lines = run.evidence(before)
            said += lines
            order |= dict.fromkeys(run.here)
            needed |= run.needed
            content |= run.content
            checks = run.lists["checks"]
        if list(order) != [SAID.leaf_hash(line).hex() for line in self.lines("records.jsonl")]:
            yield "records.jsonl is not what the runs make it"
        if said != self.lines("evidence.jsonl"):
            yield "evidence.jsonl is not what the runs make it"
        if sorted(needed) != [SAID.sha256(line) for line in self.lines("bodies.jsonl")]:
            yield "bodies.jsonl is not what the runs make it"
        yield from self.lists(content)
        yield from self.names(content, {f"checks/{name.replace('.', '/')}.yaml": d for name, d in checks.items()})

    def lists(self, content: set[str]) -> Iterator[str]:
        for entry in self.of_kind("population"):
            content.add(entry["body"]["digest"])
            if len(SAID.read(self.members[f"content/{entry['body']['digest']}"])) != entry["body"]["count"]:
                yield "a population is not as long as it was frozen"
        for entry in self.of_kind("tombstone"):
            content.add(entry["body"]["summaries"])
            found = SAID.read(self.members[f"content/{entry['body']['summaries']}"])
            sums = [
                (one["run"], {name: sum(by[name] for by in one["checks"].values()) for name in WORDS}, one["waived"])
                for one in found
            ]
            sealed = [(run["run"], dict(run["verdicts"])) for run in entry["body"]["runs"]]
            if sealed != [(run, {**counts, "waived": waived}) for run, counts, waived in sums]:
                yield "summaries do not add up to what was sealed"

    def names(self, content: set[str], shown: dict[str, str]) -> Iterator[str]:
        wanted = {f"content/{digest}": digest for digest in content} | shown
        yield from (f"{name} is missing" for name in wanted if name not in self.members)
        own = {f"runs/{run}/{name}" for run in self.manifest["runs"] for name in ("leaves.txt", "ledger.jsonl")}
        for name, data in self.members.items():
            folder = name.partition("/")[0]
            if folder in ("content", "checks"):
                right = wanted.get(name) == SAID.sha256(data)
            elif folder == "private":
                right = not self.manifest["redacted"] and name == f"private/{SAID.private_name(data)}.json"
            else:
                pages = r"[A-Za-z_]+\.[a-z]+|(csv|pages|samples)/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+"
                right = name in own or folder == "chain" or re.fullmatch(pages, name) is not None
            if not right:
                yield f"{name} does not belong to the bundle"

    def stamps(self) -> Iterator[str]:
        """Step 12, by section 10."""
        files = {(entry["sequence"], digest) for entry, digest, _ in self.entries}
        found: list[tuple[datetime, int, int]] = []
        for entry in self.of_kind("timestamp"):
            of, name = entry["body"]["of"], entry["body"]["authority"]
            if of["sequence"] >= self.first and (of["sequence"], of["digest"]) not in files:
                yield "a stamp of no entry"
            if name not in self.trust.get("authorities", {}):
                yield f"a stamp of {name}, which is not pinned"
                continue
            certificates = [
                x509.load_der_x509_certificate(SAID.unbase64(text)) for text in self.trust["authorities"][name]
            ]
            at = stamped(SAID.unbase64(entry["body"]["response"]), of["digest"], certificates)
            found.append((at, of["sequence"], entry["sequence"]))
        slack = timedelta(minutes=5)
        for entry, _, _ in self.entries:
            here, at = entry["sequence"], instant(entry["recorded_at"])
            if any((here <= of and at > when + slack) or (here > by and at < when - slack) for when, of, by in found):
                yield f"entry {here} says a time that a stamp rules out"
        for entry in self.of_kind("seal"):
            covering = [when for when, of, _ in found if of >= entry["sequence"]]
            late = not covering or min(covering) - instant(entry["recorded_at"]) > timedelta(days=7)
            if late and self.trust.get("authorities") and entry["body"]["asked"]["run"] in self.manifest["runs"]:
                yield f"entry {entry['sequence']} was not stamped within a week"


class _Run:
    """One run of a bundle."""

    def __init__(self, bundle: Stranger, entry: Document, known: Document) -> None:
        self.bundle, self.entry, self.seal = bundle, entry, entry["body"]
        self.run = self.seal["asked"]["run"]
        self.narrow = bundle.manifest.get("criteria") is not None
        self.hashes = [line.decode() for line in bundle.lines(f"runs/{self.run}/leaves.txt")]
        self.rows = bundle.lines(f"runs/{self.run}/ledger.jsonl")
        self.ledger: list[Document] = [SAID.read(line) for line in self.rows]
        self.here = [code for code in self.hashes if code in known]
        self.records: list[Document] = [known[code] for code in self.here]
        hidden = {"controls", "policies"} if "people" in bundle.manifest["redacted"] else set()
        groups = {name: code for name, code in self.seal["asked"]["content"].items() if name not in hidden}
        self.lists = {name: SAID.read(bundle.members[f"content/{code}"]) for name, code in groups.items()}
        self.content = {*groups.values()}.union(*(found.values() for found in self.lists.values()))
        related = {code for record in self.records for code in record.get("related", {}).values()}
        self.needed = related | {record["body"] for record in self.records if "body" in record}
        if not self.narrow:
            self.needed |= {row["body"] for row in self.kind("resource")}
        for code in related:
            found = bundle.bodies[code]
            self.needed |= set(found) if isinstance(found, list) else set()
        self.resources = {place(row, row): row for row in self.kind("resource") if row["body"] in self.needed}

    def kind(self, kind: str) -> list[Document]:
        return [row for row in self.ledger if row["kind"] == kind]

    def faults(self) -> Iterator[str]:
        seal, counted = self.seal, Counter(record["verdict"] for record in self.records)
        trees = {"records": [bytes.fromhex(code) for code in self.hashes], "ledger": map(SAID.leaf_hash, self.rows)}
        for name, leaves in trees.items():
            listed = list(leaves)
            if seal[name] != {"count": len(listed), "root": SAID.root(listed).hex()}:
                yield f"run {self.run}: {name} have not the root that was sealed"
        if any(len(code) != 64 or code != code.lower() for code in self.hashes):
            yield f"run {self.run}: leaves.txt holds what is no hash"
        if Counter(row["state"] for row in self.kind("collection")) != Counter(seal["listings"]):
            yield f"run {self.run}: other listings"
        words = {name: WORDS[name] for name in ("failed", "unknown")} if self.narrow else WORDS
        if any(counted[word] != seal["verdicts"][name] for name, word in words.items()):
            yield f"run {self.run}: other verdicts"
        if not self.narrow and self.here != self.hashes:
            yield f"run {self.run}: records are missing"
        if seal["verdicts"]["waived"] != len(self.kind("waiver")):
            yield f"run {self.run}: other waivers"
        judged = Counter((record["check"]["id"], record["verdict"]) for record in self.records)
        for row in self.kind("population"):
            if any(row[name] != judged[row["check"], word] for name, word in words.items()):
                yield f"run {self.run}: the population of {row['check']} counts otherwise"
        places = [_order(record) for record in self.records]
        if any(one >= other for one, other in pairwise(places)):
            yield f"run {self.run}: records are not in order"
        for record in self.records:
            if record["subject"]["kind"] == "resource":
                row = self.resources.get(place(record, record["subject"]), {})
                if "body" not in row or row["body"] != record.get("body"):
                    yield f"run {self.run}: a record is not of the body in the ledger"
            check = record["check"]
            known = self.lists["checks"].get(check["id"]), self.lists["parameters"].get(check["id"])
            if known != (check["digest"], record["parameters"]):
                yield f"run {self.run}: a record is of another check or parameters"
        for key, row in self.resources.items():
            body = self.bundle.bodies[row["body"]]
            if place(body, body) != key:
                yield f"run {self.run}: a body is not of the resource in the ledger"

    def evidence(self, before: Document) -> tuple[Document, list[bytes]]:
        """What this run adds to evidence.jsonl, and what the next compares with."""
        waivers = {
            _order({"scope": row["scope"], "check": {"id": row["check"]}, "subject": row["subject"]}): row["waiver"]
            for row in self.kind("waiver")
        }
        index = {code: number for number, code in enumerate(self.hashes)}
        lines, now = [], Document()
        for code, record in zip(self.here, self.records, strict=True):
            now[code] = waivers.get(_order(record))
            if code in before and before[code] == now[code]:
                continue
            said: Document = {"schema": 1, "record": record, "leaf": code, "index": index[code], "run": self.run}
            said |= {"as_of": self.seal["as_of"], "sealed_at": self.entry["recorded_at"]}
            if record["subject"]["kind"] == "resource":
                row = self.resources.get(place(record, record["subject"]), {})
                said["collected_at"] = row.get("collected_at")
            if now[code] is not None:
                said["waiver"] = now[code]
            lines.append(SAID.canonical(said))
        return now, lines


def _order(record: Document) -> tuple[str, ...]:
    scope, subject = record["scope"], record["subject"]
    name = subject.get("id", subject.get("identity"))
    where = (scope["provider"], scope["account"], scope["region"])
    return (*where, record["check"]["id"], subject["type"], name, subject["kind"])


# --- RFC 3161, by the page's section 10 ---


def stamped(response: bytes, digest: str, certificates: list[x509.Certificate]) -> datetime:
    """When an authority says that a digest was there; raises for any answer not to be believed."""
    status, token = _inside(response)
    kind, content = _inside(token)
    signed = _inside(_value(content))
    inner, octets = _inside(signed[2])
    (signer,) = _inside(signed[-1])
    said = _value(_value(octets))
    version, _, imprint, _, at, *_ = _inside(said)
    by, attributes, how, signature = _inside(signer)[2:6]
    values = {_value(_inside(item)[0]): _inside(_inside(item)[1]) for item in _inside(attributes)}
    hasher = HASHES[_value(_inside(by)[0])[-1]]
    ours = bytes.fromhex("2a864886f70d01")
    wanted = [
        _value(_inside(status)[0]) in (b"\0", b"\1"),
        _value(kind) == ours + b"\x07\x02",
        _value(inner) == ours + bytes.fromhex("09100104"),
        _value(version) == b"\1",
        _value(_inside(_inside(imprint)[0])[0]) == bytes.fromhex("608648016503040201"),
        _value(_inside(imprint)[1]).hex() == digest,
        [_value(one) for one in values[ours + b"\x09\x03"]] == [ours + bytes.fromhex("09100104")],
        [_value(one) for one in values[ours + b"\x09\x04"]] == [hashlib.new(hasher.name, said).digest()],
    ]
    if not all(wanted):
        raise ValueError("a stamp of something else")
    name = _value(_inside(how)[0])
    own = {2: 1, 3: 2, 4: 3} if name.startswith(bytes.fromhex("2a8648ce3d0403")) else {11: 1, 12: 2, 13: 3}
    used = HASHES[own[name[-1]]] if name[-1] in own else hasher
    when = datetime.strptime(_value(at).decode()[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    for certificate in certificates:
        key: Any = certificate.public_key()
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        alone = usage.critical and list(usage.value) == [x509.oid.ExtendedKeyUsageOID.TIME_STAMPING]
        scheme = (padding.PKCS1v15(), used) if isinstance(key, rsa.RSAPublicKey) else (ec.ECDSA(used),)
        key.verify(_value(signature), b"\x31" + attributes[1:], *scheme)
        if alone and certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
            return when
    raise ValueError("no certificate for time stamps")


def _split(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Elements of DER: (content, whole)."""
    while data:
        size, start = data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            raise ValueError("cut off")
        yield data[start : start + size], data[: start + size]
        data = data[start + size :]


def _value(element: bytes) -> bytes:
    ((content, _),) = _split(element)
    return content


def _inside(element: bytes) -> list[bytes]:
    return [whole for _, whole in _split(_value(element))]
