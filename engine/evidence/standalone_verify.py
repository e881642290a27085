#!/usr/bin/env python3
"""Verifies a bundle of auditreel. One file, standard library and `cryptography`; shares no code with auditreel.

    python verify_bundle.py BUNDLE.zip --key trust.json
    python verify_bundle.py BUNDLE.zip --key public-key.pem
    python verify_bundle.py BUNDLE.zip --allow-unanchored

The key must come from somewhere else than the bundle. Ends with 0 only if everything verified, the signature by that
key included; else with 5. With --allow-unanchored and no key, the key that the bundle claims for itself is used: that
shows that the bundle is whole, not who made it.

What is checked: the archive has one possible form; each chain entry is signed (DSSE v1, Ed25519) and follows the one
before; the seal names its intent and repeats it; records and ledger have the Merkle roots (RFC 6962) and the counts
that were sealed; every body, data file and private object has the SHA-256 that names it, none is missing, none is
more; evidence.jsonl is what records, ledger and seal say together. README.txt, verify_bundle.py and keys.json are
conveniences: the manifest lists their digests, no signature covers them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import sys
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOT_ANCHORED = "NOT ANCHORED: the key's holder could have rewritten or removed this"
PAYLOAD_TYPE = "application/vnd.auditreel.entry+json"
FAILED = 5
LINES = ("records.jsonl", "ledger.jsonl", "bodies.jsonl", "evidence.jsonl")
CONVENIENCES = ("README.txt", "verify_bundle.py", "keys.json")
GROUPS = ("checks", "controls", "policies", "schemas", "parameters")
LEDGER_KINDS = ("scope", "collection", "reader", "resource", "population", "waiver")
HEX = re.compile(r"[0-9a-f]{64}")

Keys = dict[str, Ed25519PublicKey]
Members = dict[str, bytes]
Entries = list[tuple[Any, str]]


class Unusable(Exception):
    """The bundle cannot be read far enough to go on; the message says why."""


def canonical(value: Any) -> bytes:
    """RFC 8785 for text, integers, booleans, null and ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _no_number(text: str) -> Any:
    raise ValueError("a number that is no integer: " + text)


def parse(data: bytes, name: str) -> Any:
    """The value of canonical JSON; raises Unusable for any other bytes."""
    try:
        value = json.loads(data, parse_float=_no_number, parse_constant=_no_number)
        same = canonical(value) == data
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{name}: no canonical JSON: {error}") from None
    if not same:
        raise Unusable(f"{name}: not in canonical form")
    return value


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def merkle_root(leaves: list[bytes]) -> str:
    """RFC 6962, section 2.1."""
    if not leaves:
        return sha256(b"")
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        above = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0].hex()


class Pinned:
    """What the reader brings: public keys by id, and of a trust file also the store's id and the head it has seen."""

    def __init__(self, keys: Keys, store: str | None = None, head: Any = None) -> None:
        self.keys, self.store, self.head = keys, store, head


def raw_key(raw: bytes) -> Keys:
    """A public key of 32 bytes, by its id."""
    return {sha256(raw): Ed25519PublicKey.from_public_bytes(raw)}


def pinned(source: str) -> Pinned:
    """Keys from a trust file, a PEM file, or the key itself in base64."""
    path = Path(source)
    data = path.read_bytes() if path.is_file() else source.encode()
    if data.lstrip().startswith(b"{"):
        trust = json.loads(data)
        keys: Keys = {}
        for text in trust["keys"].values():
            keys.update(raw_key(base64.b64decode(text, validate=True)))
        return Pinned(keys, trust["store"], trust["head"])
    if data.lstrip().startswith(b"-----BEGIN"):
        key = serialization.load_pem_public_key(data)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 public key")
        return Pinned(raw_key(key.public_bytes_raw()))
    return Pinned(raw_key(base64.b64decode(data.strip(), validate=True)))


def claimed(members: Members) -> Pinned:
    """The keys that a bundle claims for itself."""
    keys: Keys = {}
    for text in parse(members["keys.json"], "keys.json")["claims"].values():
        keys.update(raw_key(base64.b64decode(text, validate=True)))
    return Pinned(keys)


def archive(members: Members) -> bytes:
    """The one form of an archive with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            target.writestr(info, members[name])
    return buffer.getvalue()


def read_archive(data: bytes) -> Members:
    """Members by name; raises Unusable for an archive that could have been written in another way."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            listed = source.infolist()
            if any(info.compress_type != zipfile.ZIP_STORED for info in listed):
                raise Unusable("the archive has compressed members")
            members = {info.filename: source.read(info) for info in listed}
    except Exception as error:  # zipfile raises what it likes on a damaged archive
        raise Unusable(f"no archive: {error}") from None
    if archive(members) != data:
        raise Unusable("the archive is not in the one form that is accepted (extra bytes, double names, dates)")
    return members


def lines(members: Members, name: str) -> list[bytes]:
    """The lines of a member."""
    data = members[name]
    if data and not data.endswith(b"\n"):
        raise Unusable(f"{name}: its last line is cut")
    return data.split(b"\n")[:-1]


def unbase64(text: str) -> bytes:
    """Bytes of base64 in its one form."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 with stray bits")
    return data


def open_entry(name: str, data: bytes, keys: Keys) -> Any:
    """The signed entry in an envelope (DSSE v1)."""
    envelope = parse(data, name)
    if not isinstance(envelope, dict) or sorted(envelope) != ["payload", "payloadType", "signatures"]:
        raise Unusable(f"{name}: no envelope")
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise Unusable(f"{name}: payload type {envelope['payloadType']!r}")
    signatures = envelope["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1 or sorted(signatures[0]) != ["keyid", "sig"]:
        raise Unusable(f"{name}: there must be one signature")
    key = keys.get(signatures[0]["keyid"])
    if key is None:
        raise Unusable(f"{name}: signed by a key that is not pinned ({signatures[0]['keyid']})")
    try:
        payload = unbase64(envelope["payload"])
        kind = PAYLOAD_TYPE.encode()
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        key.verify(unbase64(signatures[0]["sig"]), message)
    except (ValueError, TypeError) as error:
        raise Unusable(f"{name}: {error}") from None
    except InvalidSignature:
        raise Unusable(f"{name}: the signature does not verify") from None
    return parse(payload, name)


def read_chain(members: Members, pins: Pinned, problems: list[str]) -> Entries:
    """The entries, oldest first: (entry, digest of its file)."""
    entries: Entries = []
    for name in sorted(name for name in members if name.startswith("chain/")):
        if not re.fullmatch(r"chain/[0-9]{20}\.json", name):
            raise Unusable(f"{name}: no name of an entry")
        entry, digest = open_entry(name, members[name], pins.keys), sha256(members[name])
        if entry["schema"] != 1 or entry["kind"] not in ("intent", "seal", "abandon"):
            raise Unusable(f"{name}: an entry of unknown schema or kind")
        if entry["sequence"] != int(name[6:26]):
            raise Unusable(f"{name}: it is entry {entry['sequence']}")
        if pins.store is not None and entry["store"] != pins.store:
            raise Unusable(f"{name}: of another store")
        if entries:
            before, link = entries[-1]
            if (entry["sequence"], entry["previous"], entry["store"]) != (
                before["sequence"] + 1,
                link,
                before["store"],
            ):
                problems.append(f"{name}: does not follow the entry before it")
        if pins.head and pins.head["sequence"] == entry["sequence"] and pins.head["digest"] != digest:
            problems.append(f"{name}: is not the entry that was pinned")
        entries.append((entry, digest))
    if not entries or entries[-1][0]["kind"] != "seal":
        raise Unusable("chain: does not end with a seal")
    return entries


def check_chain(entries: Entries, problems: list[str]) -> None:
    """The first entry is the run's intent, the last its seal, and each run ends once at most."""
    intent, link = entries[0]
    seal = entries[-1][0]["body"]
    if intent["kind"] != "intent" or seal["intent"] != {"sequence": intent["sequence"], "digest": link}:
        problems.append("chain: does not begin with the intent that the seal names")
    begun: dict[tuple[int, str], Any] = {}
    ended = set()
    for entry, digest in entries:
        body = entry["body"]
        if entry["kind"] == "intent":
            if any(body["run"] == other["run"] for other in begun.values()):
                problems.append(f"chain: run {body['run']} begins a second time")
            begun[entry["sequence"], digest] = body
            continue
        named = (body["intent"]["sequence"], body["intent"]["digest"])
        run = body["asked"]["run"] if entry["kind"] == "seal" else body["run"]
        if named[0] >= intent["sequence"]:
            if named not in begun or begun[named]["run"] != run:
                problems.append(f"chain: entry {entry['sequence']} names no intent of its run")
            elif entry["kind"] == "seal" and begun[named] != body["asked"]:
                problems.append(f"chain: entry {entry['sequence']} does not repeat its intent")
        if named in ended:
            problems.append(f"chain: run {run} ends a second time")
        ended.add(named)


def resource_key(scope: Any, type_: Any, subject: Any) -> tuple[str, ...]:
    """What joins a record, a ledger row and a body of one resource."""
    name = "identity" if "identity" in subject else "id"
    return (scope["provider"], scope["account"], scope["region"], type_, name, subject[name])


def record_key(scope: Any, check: str, subject: Any) -> tuple[str, ...]:
    """The place of a record: scope, check, subject."""
    named = subject.get("id") or subject.get("identity", "")
    where = (scope["provider"], scope["account"], scope["region"])
    return (*where, check, subject["type"], named, subject["kind"])


class Run:
    """A run as the bundle holds it."""

    def __init__(self, members: Members) -> None:
        self.leaves, self.rows = lines(members, "records.jsonl"), lines(members, "ledger.jsonl")
        self.records = [parse(leaf, "records.jsonl") for leaf in self.leaves]
        self.ledger: dict[str, list[Any]] = {kind: [] for kind in LEDGER_KINDS}
        for line in self.rows:
            row = parse(line, "ledger.jsonl")
            if row["kind"] not in self.ledger:
                raise Unusable("ledger.jsonl: a row of unknown kind")
            self.ledger[row["kind"]].append(row)
        self.resources = {resource_key(row["scope"], row["type"], row): row for row in self.ledger["resource"]}
        self.bodies = {sha256(line): parse(line, "bodies.jsonl") for line in lines(members, "bodies.jsonl")}


def check_roots(run: Run, seal: Any, problems: list[str]) -> None:
    """Merkle roots and counts, as they were sealed."""
    for name, found in (("records", run.leaves), ("ledger", run.rows)):
        if seal[name] != {"count": len(found), "root": merkle_root(found)}:
            problems.append(f"{name}.jsonl: has not the Merkle root that was sealed")
    verdicts = Counter(record["verdict"] for record in run.records)
    counted = {name: verdicts[name] for name in ("unknown", "not_applicable")}
    counted.update(passed=verdicts["pass"], failed=verdicts["fail"], waived=len(run.ledger["waiver"]))
    if seal["verdicts"] != counted:
        problems.append("records.jsonl: the verdicts that were sealed are not those of the records")
    states = Counter(row["state"] for row in run.ledger["collection"])
    if seal["listings"] != {name: states[name] for name in ("complete", "off", "failed")}:
        problems.append("ledger.jsonl: the listings that were sealed are not those of the ledger")
    judged = Counter((record["check"]["id"], record["verdict"]) for record in run.records)
    for row in run.ledger["population"]:
        pairs = (("pass", "passed"), ("fail", "failed"), ("unknown", "unknown"), ("not_applicable", "not_applicable"))
        if any(judged[row["check"], verdict] != row[column] for verdict, column in pairs):
            problems.append(f"ledger.jsonl: the population of {row['check']} is not that of the records")


def check_records(run: Run, problems: list[str]) -> None:
    """Records stand in their order, each with the body that the ledger gives its resource."""
    keys = [record_key(record["scope"], record["check"]["id"], record["subject"]) for record in run.records]
    if any(left >= right for left, right in pairwise(keys)):
        problems.append("records.jsonl: its records are not in their order")
    for record in run.records:
        subject = record["subject"]
        if subject["kind"] != "resource":
            continue
        row = run.resources.get(resource_key(record["scope"], subject["type"], subject))
        if row is None or row["body"] != record.get("body"):
            problems.append("records.jsonl: a record is not of the body that the ledger gives its resource")
            return


def check_bodies(run: Run, members: Members, problems: list[str]) -> set[str]:
    """Every body that the run names is there, is that of its resource, and no other is. Returns the private digests."""
    named = {row["body"] for row in run.ledger["resource"]}
    for record in run.records:
        named.update(record.get("related", {}).values())
    needed = set(named)
    for digest in named:
        if isinstance(run.bodies.get(digest), list):
            needed.update(run.bodies[digest])
    if [sha256(line) for line in lines(members, "bodies.jsonl")] != sorted(needed):
        problems.append("bodies.jsonl: does not hold the bodies of the run, each once, by digest")
    for key, row in run.resources.items():
        body = run.bodies.get(row["body"])
        if not isinstance(body, dict) or resource_key(body, body.get("type"), body) != key:
            problems.append(f"bodies.jsonl: body {row['body']} is not that of the resource in the ledger")
    return private_digests(run, needed)


def private_digests(run: Run, needed: set[str]) -> set[str]:
    """Digests of the private objects of a run."""
    holders = [run.bodies[digest] for digest in needed if isinstance(run.bodies.get(digest), dict)]
    holders += run.records + [record["subject"] for record in run.records] + run.ledger["resource"]
    holders += [failure for row in run.ledger["reader"] for failure in row["failures"]]
    return {holder[name] for holder in holders for name in ("private", "identity") if name in holder}


def check_content(run: Run, seal: Any, members: Members, problems: list[str]) -> set[str]:
    """The data files are those of their names, all there; returns their digests."""
    wanted: set[str] = set()
    listed: dict[str, Any] = {}
    for group in GROUPS:
        digest = seal["asked"]["content"][group]
        wanted.add(digest)
        if f"content/{digest}" in members:
            listed[group] = parse(members[f"content/{digest}"], f"content/{digest}")
            wanted.update(listed[group].values())
    present = {name.removeprefix("content/"): sha256(data) for name, data in members.items()}
    wrong = (digest for digest in sorted(wanted) if present.get(digest) != digest)
    problems.extend(f"content/{digest}: is missing, or its bytes are not those of its name" for digest in wrong)
    for record in run.records:
        check = record["check"]
        known = listed.get("checks", {}).get(check["id"]), listed.get("parameters", {}).get(check["id"])
        if known != (check["digest"], record["parameters"]):
            problems.append(f"records.jsonl: check {check['id']} or its parameters are not those of the content")
            break
    return wanted


def check_private(name: str, data: bytes) -> bool:
    """Whether a private object is the one of its name: SHA-256(salt || canonical object)."""
    content = parse(data, name)
    if (
        not isinstance(content, dict)
        or sorted(content) != ["object", "salt"]
        or not isinstance(content["object"], dict)
    ):
        return False
    salt = content["salt"]
    if not isinstance(salt, str) or not HEX.fullmatch(salt):
        return False
    return name == f"private/{sha256(bytes.fromhex(salt) + canonical(content['object']))}.json"


def check_names(members: Members, content: set[str], private: set[str], problems: list[str]) -> None:
    """Nothing is in the bundle that does not belong there."""
    for name, data in members.items():
        folder, _, rest = name.partition("/")
        if folder == "private" and rest:
            if rest.removesuffix(".json") not in private or not check_private(name, data):
                problems.append(f"{name}: is not the private object of its name, or not one of the run's")
        elif folder == "content" and rest:
            if rest not in content:
                problems.append(f"{name}: is no content of the run")
        elif not name.startswith("chain/") and name not in (*LINES, *CONVENIENCES, "manifest.json"):
            problems.append(f"{name}: does not belong to a bundle")


def check_manifest(members: Members, entry: Any, problems: list[str]) -> None:
    """The manifest lists the members as they are."""
    asked = entry["body"]["asked"]
    others = {name: data for name, data in members.items() if name != "manifest.json"}
    expected = {
        "schema": 1,
        "store": entry["store"],
        "runs": [asked["run"]],
        "period": {"from": asked["started_at"], "to": entry["body"]["ended_at"]},
        "demonstration": asked["kind"] == "demo",
        "members": {name: {"digest": sha256(data), "size": len(data)} for name, data in others.items()},
    }
    if members["manifest.json"] != canonical(expected):
        problems.append("manifest.json: does not list the members as they are")


def check_evidence(run: Run, entry: Any, members: Members, problems: list[str]) -> None:
    """Each exported record is the leaf with what seal and ledger say of it."""
    waivers = {record_key(row["scope"], row["check"], row["subject"]): row["waiver"] for row in run.ledger["waiver"]}
    expected = []
    for index, (leaf, record) in enumerate(zip(run.leaves, run.records, strict=True)):
        subject = record["subject"]
        document = {
            "schema": 1,
            "record": record,
            "leaf": sha256(b"\x00" + leaf),
            "index": index,
            "run": entry["body"]["asked"]["run"],
            "as_of": entry["body"]["as_of"],
            "sealed_at": entry["recorded_at"],
        }
        if subject["kind"] == "resource":
            row = run.resources[resource_key(record["scope"], subject["type"], subject)]
            document["collected_at"] = row["collected_at"]
        place = record_key(record["scope"], record["check"]["id"], subject)
        if place in waivers:
            document["waiver"] = waivers[place]
        expected.append(canonical(document))
    if lines(members, "evidence.jsonl") != expected:
        problems.append("evidence.jsonl: is not what records, ledger and seal say together")


def verify(data: bytes, pins: Pinned | None, allow_unanchored: bool) -> tuple[list[str], list[str]]:
    """Verify the bytes of a bundle. Returns (problems, notes)."""
    problems: list[str] = []
    notes: list[str] = []
    members = read_archive(data)
    if pins is None:
        message = "no pinned key: who signed this is the bundle's own claim"
        (notes if allow_unanchored else problems).append(message)
        pins = claimed(members)
    entries = read_chain(members, pins, problems)
    check_chain(entries, problems)
    entry = entries[-1][0]
    run = Run(members)
    check_roots(run, entry["body"], problems)
    check_records(run, problems)
    private = check_bodies(run, members, problems)
    content = check_content(run, entry["body"], members, problems)
    check_names(members, content, private, problems)
    check_manifest(members, entry, problems)
    check_evidence(run, entry, members, problems)
    if entry["body"]["asked"]["kind"] == "demo":
        problems.append("demonstration, not evidence")
    erased = sum(f"private/{digest}.json" not in members for digest in private)
    if erased:
        notes.append(f"{erased} private objects were left out or erased")
    asked = entry["body"]["asked"]
    notes.append(f"run {asked['run']} of {asked['organization']!r}, store {entry['store']}")
    notes.append(f"period {asked['started_at']} to {entry['body']['ended_at']}: this run only")
    notes.append(f"{len(run.leaves)} records, Merkle root {entry['body']['records']['root']}")
    return problems, notes


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", help="trust file, public key in PEM form, or 32 bytes in base64")
    parser.add_argument("--allow-unanchored", action="store_true", help="accept the key that the bundle claims")
    asked = parser.parse_args(arguments)
    out = [NOT_ANCHORED]
    try:
        pins = pinned(asked.key) if asked.key else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        parser.error(f"--key {asked.key}: not usable: {error}")
    try:
        problems, notes = verify(asked.bundle.read_bytes(), pins, asked.allow_unanchored)
    except Unusable as error:
        problems, notes = [str(error)], []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        problems, notes = [f"could not be verified: {type(error).__name__}: {error}"], []
    out += [f"problem: {text}" for text in problems] + [f"note: {text}" for text in notes]
    out.append("DOES NOT VERIFY" if problems else "verified")
    text = "\n".join(out).encode("ascii", "backslashreplace").decode()
    sys.stdout.write(
        "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text) + "\n"
    )
    return FAILED if problems else 0


if __name__ == "__main__":
    sys.exit(main())
