#!/usr/bin/env python3
"""Verifies a bundle of auditreel. One file, standard library and `cryptography`; shares no code with auditreel.

    python verify_bundle.py BUNDLE.zip [OTHER.zip] --key trust.json      (or a public key: PEM, or 32 bytes in base64)
    python verify_bundle.py BUNDLE.zip --allow-unanchored

Keys must come from somewhere else than the bundle. Ends with 0 only if everything verified, and two bundles agree; else
with 5. With --allow-unanchored and no key, the key that the bundle claims for itself is used: that shows that it is
whole, not who made it; time stamps of authorities that no trust file pins are then only noted.

What nothing signs: README.txt, this file and keys.json, which are conveniences.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

NOT_ANCHORED = "NOT ANCHORED: the key's holder could have rewritten or removed this"
PAYLOAD_TYPE = "application/vnd.auditreel.entry+json"
TOLERANCE, LATE = timedelta(minutes=5), timedelta(days=7)
LINES = ("records.jsonl", "ledger.jsonl", "bodies.jsonl", "evidence.jsonl")
MEMBERS = {*LINES, "manifest.json", "README.txt", "verify_bundle.py", "keys.json"}
ROWS = ("scope", "collection", "reader", "resource", "population", "waiver")
VERDICTS = {"passed": "pass", "failed": "fail", "unknown": "unknown", "not_applicable": "not_applicable"}
KINDS = ("intent", "seal", "abandon", "timestamp", "key", "population", "nonce", "close")
# Each shape with its fields and what they hold: a shape, a pattern, [list], {values}; "?" may be missing.
_SHAPES = """link sequence=place digest=digest; tree count=count root=digest; fact digest=digest size=count
content checks=digest controls=digest policies=digest schemas=digest parameters=digest
verdicts passed=count failed=count unknown=count not_applicable=count waived=count
listings complete=count off=count failed=count; span starts=date ends=date timezone=text
entry schema=count store=store sequence=place previous=digest|null kind=string recorded_at=time body=object
intent run=run kind=run_kind trigger=string organization=string filters=object engine=string dependencies=digest \
    started_at=time content=content boundary?=digest|null witness?=text|null; abandon intent=link run=run reason=string
seal intent=link asked=intent caller={string} source=string as_of=time ended_at=time verdicts=verdicts \
    listings=listings records=tree ledger=tree files={fact} collected_until?=time|null
timestamp of=link authority=text response=base64; rotate action=string key=digest public_key=base64
revoke action=string key=digest since=place reason=text; nonce population=link nonce=text|null internal=bool
population query=text unit=unit digest=digest count=count frames=[link] check?=text|null control?=text|null
close period=span seals=[link] inputs=digest open_failures=digest"""
SHAPES = {line.split()[0]: line.split()[1:] for line in re.split("[;\n]", _SHAPES)}
_PATTERNS = r"""digest=[0-9a-f]{64} store=[0-9a-f]{32} run=[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8} date=[0-9]{4}(-[0-9]{2}){2}
time=[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?Z base64=[A-Za-z0-9+/]+={0,2}
text=(?s:.{1,300}) string=(?s:.*) run_kind=scheduled|adhoc|gate|demo unit=items|nights|events"""
PATTERNS = dict(pair.split("=", 1) for pair in _PATTERNS.split())
# Object identifiers of RFC 3161, in hexadecimal: what a token is, and the algorithms that are accepted.
SIGNED_DATA, TST_INFO = "2a864886f70d010702", "2a864886f70d0109100104"
CONTENT_TYPE, MESSAGE_DIGEST = "2a864886f70d010903", "2a864886f70d010904"
_HASHES = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
SHA2 = {f"60864801650304020{n}": found for n, found in enumerate(_HASHES, 1)}
SIGNED_BY: dict[str, Any] = {"2a864886f70d010101": None}
SIGNED_BY |= {f"2a864886f70d01010{'bcd'[n]}": found for n, found in enumerate(_HASHES)}
SIGNED_BY |= {f"2a8648ce3d04030{n}": found for n, found in enumerate(_HASHES, 2)}
Entries = list[tuple[Any, str, str]]
ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, UnsupportedAlgorithm)


class Unusable(Exception):
    """The bundle cannot be read far enough to go on; the message says why."""


def need(right: Any, message: str, problems: list[str] | None = None) -> None:
    """Note a problem, unless it is right; without a list to note it in, give up."""
    if not right and problems is None:
        raise Unusable(message)
    if not right and problems is not None:
        problems.append(message)


def canonical(value: Any) -> bytes:
    """RFC 8785 for text, integers, booleans, null and ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(data: bytes, name: str) -> Any:
    """The value of canonical JSON without fractions; raises Unusable for any other bytes."""
    try:
        value = json.loads(data, parse_float=int, parse_constant=int)
        same = canonical(value) == data
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{name}: no canonical JSON: {error}") from None
    need(same, f"{name}: not in canonical form")
    return value


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def unbase64(text: str) -> bytes:
    """Bytes of base64 in its one form."""
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 with stray bits")
    return data


def fits(value: Any, kind: str) -> bool:
    """Whether a value has the shape or pattern called `kind`, with no field more and none less."""
    if kind.endswith("|null"):
        return value is None or fits(value, kind[:-5])
    if kind[0] in "[{":
        held = value.values() if isinstance(value, dict) and kind[0] == "{" else value
        return isinstance(value, list if kind[0] == "[" else dict) and all(fits(item, kind[1:-1]) for item in held)
    if kind in ("count", "place"):
        return type(value) is int and value >= (kind == "place")
    if kind in ("bool", "object"):
        return isinstance(value, bool if kind == "bool" else dict)
    if kind in PATTERNS:
        return isinstance(value, str) and re.fullmatch(PATTERNS[kind], value) is not None
    kinds = dict(part.split("=", 1) for part in SHAPES[kind])
    fields = {name.rstrip("?"): of for name, of in kinds.items()}
    known = isinstance(value, dict) and kinds.keys() & fields.keys() <= value.keys() <= fields.keys()
    return known and all(fits(value[name], fields[name]) for name in value)


class Pinned:
    """What the reader brings: a trust file, or a public key in PEM form or base64."""

    def __init__(self, data: bytes) -> None:
        trust: Any = json.loads(data) if data.startswith(b"{") else {"keys": {"": data}}
        if data.startswith(b"-----BEGIN"):
            key: Any = serialization.load_pem_public_key(data)
            trust = {"keys": {"": base64.b64encode(key.public_bytes_raw())}}
        raw_keys = [base64.b64decode(text, validate=True) for text in trust["keys"].values()]
        self.keys = {sha256(raw): ed25519.Ed25519PublicKey.from_public_bytes(raw) for raw in raw_keys}
        self.store, self.head = trust.get("store"), trust.get("head") or {"sequence": 0}
        self.until = dict(trust.get("until", {}))
        certificates = {name: map(base64.b64decode, listed) for name, listed in trust.get("authorities", {}).items()}
        self.authorities = {name: [*map(x509.load_der_x509_certificate, der)] for name, der in certificates.items()}


def read_archive(data: bytes) -> dict[str, bytes]:
    """Members by name; raises Unusable for an archive that could have been written in another way."""
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            members = {info.filename: source.read(info) for info in source.infolist()}
    except Exception as error:  # zipfile raises what it likes on a damaged archive
        raise Unusable(f"no archive: {error}") from None
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            target.writestr(info, members[name])
    need(buffer.getvalue() == data, "the archive is not in the one form (extra bytes, compression, double names)")
    return members


def open_entry(name: str, data: bytes, pins: Pinned) -> tuple[Any, str]:
    """The signed entry in an envelope (DSSE v1), and the id of the key that signed it."""
    envelope, kind = parse(data, name), PAYLOAD_TYPE.encode()
    whole = isinstance(envelope, dict) and sorted(envelope) == ["payload", "payloadType", "signatures"]
    need(whole and envelope["payloadType"] == PAYLOAD_TYPE, f"{name}: no envelope, or of another payload type")
    signatures = envelope["signatures"]
    one = isinstance(signatures, list) and len(signatures) == 1 and sorted(signatures[0]) == ["keyid", "sig"]
    need(one and signatures[0]["keyid"] in pins.keys, f"{name}: not signed once, by a key that is pinned: {signatures}")
    signer = signatures[0]["keyid"]
    try:
        payload = unbase64(envelope["payload"])
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        pins.keys[signer].verify(unbase64(signatures[0]["sig"]), message)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise Unusable(f"{name}: the signature does not verify {error}") from None
    entry = parse(payload, name)
    need(fits(entry, "entry") and entry["schema"] == 1 and entry["kind"] in KINDS, f"{name}: of unknown schema or kind")
    body, kinds = entry["body"], {"rotate": "rotate", "revoke": "revoke"}
    need(fits(body, kinds[body["action"]] if entry["kind"] == "key" else entry["kind"]), f"{name}: has other fields")
    right = (entry["sequence"], entry["store"]) == (int(name[6:26]), pins.store or entry["store"])
    need(right, f"{name}: is the entry of another place or store")
    return entry, signer


def read_chain(members: dict[str, bytes], pins: Pinned, problems: list[str]) -> Entries:
    """The entries, oldest first: (entry, digest of its file, key). Only changes of keys may stand before the rest."""
    entries, came = Entries(), set[str]()
    for name in sorted(name for name in members if name.startswith("chain/")):
        need(re.fullmatch(r"chain/[0-9]{20}\.json", name), f"{name}: no name of an entry")
        (entry, signer), digest = open_entry(name, members[name], pins), sha256(members[name])
        sequence, body = entry["sequence"], entry["body"]
        need(sequence <= pins.until.get(signer, sequence), f"{name}: signed by a replaced or withdrawn key ({signer})")
        if entry["kind"] == "key" and body["action"] == "rotate":
            raw, key = unbase64(body["public_key"]), body["key"]
            before = key == signer or key in came
            need(len(raw) == 32 and sha256(raw) == key and not before, f"{name}: a key not of its id, or there before")
            pins.keys[key], pins.until[signer] = ed25519.Ed25519PublicKey.from_public_bytes(raw), sequence
        elif entry["kind"] == "key":
            may = body["key"] != signer and body["key"] in pins.keys and body["since"] <= sequence
            need(may, f"{name}: withdraws a key that it cannot withdraw")
            pins.until[body["key"]] = min(pins.until.get(body["key"], sequence), body["since"] - 1)
        came |= {body["key"], signer} if entry["kind"] == "key" else set()
        if entries:
            expected = (entries[-1][0]["sequence"] + 1, entries[-1][1])
            apart = all(other["kind"] == "key" for other, _, _ in entries) and sequence > expected[0]
            follows = (apart or (sequence, entry["previous"]) == expected) and entry["store"] == entries[0][0]["store"]
            need(follows, f"{name}: does not follow the entry before it", problems)
        seen = pins.head["sequence"] != sequence or pins.head["digest"] == digest
        need(seen, f"{name}: is not the entry that was pinned", problems)
        entries.append((entry, digest, signer))
    for entry, _, signer in entries:
        need(entry["sequence"] <= pins.until.get(signer, entry["sequence"]), f"{signer}: was withdrawn", problems)
    return entries


def check_chain(entries: Entries, problems: list[str]) -> Any:
    """The first entry but changes of keys is the run's intent; returns its seal. Entries name what is before them."""
    first, link = next(((entry, digest) for entry, digest, _ in entries if entry["kind"] != "key"), ({"kind": ""}, ""))
    links: dict[tuple[int, str], Any] = {}
    used, closed = list[Any](), list[str]()
    seal = None

    def known(named: Any, kind: str) -> bool:
        before = links.get((named["sequence"], named["digest"]), {"kind": ""})
        return bool(named["sequence"] < first["sequence"] or before["kind"] == kind)

    for entry, digest, _ in entries:
        body, kind, right = entry["body"], entry["kind"], True
        if kind == "intent":
            right = body["run"] not in [other["body"]["run"] for other in links.values() if other["kind"] == "intent"]
        elif kind in ("seal", "abandon"):
            named, asked = body["intent"], body.get("asked", body)
            begun = links.get((named["sequence"], named["digest"]), {"body": asked})["body"]
            same = begun == asked if kind == "seal" else begun.get("run") == body["run"]
            right = known(named, "intent") and same and named not in used
            used.append(named)
            if kind == "seal" and named == {"sequence": first["sequence"], "digest": link} and seal is None:
                seal = entry
        elif kind == "population":
            right = all(known(item, "seal") for item in body["frames"])
        elif kind == "nonce":
            right = known(body["population"], "population") and (body["nonce"] is None) == body["internal"]
            right = right and body["population"] not in used
            used.append(body["population"])
        elif kind == "close":
            starts, ends, seals = body["period"]["starts"], body["period"]["ends"], body["seals"]
            right = all(left["sequence"] < right["sequence"] for left, right in pairwise(seals))
            right = right and all(known(item, "seal") for item in seals) and all(starts > other for other in closed)
            right = right and date.fromisoformat(starts) <= date.fromisoformat(ends)
            closed.append(ends)
        said = "names what is not before it, or says what was said before"
        need(right, f"chain: entry {entry['sequence']} ({kind}) {said}", problems)
        links[entry["sequence"], digest] = entry
    need(first["kind"] == "intent" and seal, "chain: does not begin with the intent of a run whose seal it holds")
    return seal


def der(data: bytes, tag: int | None = None) -> list[tuple[int, bytes, bytes]]:
    """The elements in DER: (tag, content, whole). With `tag`, those in the one element that `data` then is."""
    found, start = [], 0
    while start < len(data):
        size, body = data[start + 1], start + 2
        if size & 0x80:
            body += size & 0x7F
            size = int.from_bytes(data[start + 2 : body], "big")
            need(size >= 0x80 and data[start + 2], "DER: a length that is not in its one form")
        need(body + size <= len(data) and data[start] & 0x1F != 0x1F, "DER: cut off, or a tag of more than one byte")
        found.append((data[start], data[body : body + size], data[start : body + size]))
        start = body + size
    need(tag is None or [element[0] for element in found] == [tag], f"DER: not one element with tag {tag}")
    return found if tag is None else der(found[0][1])


def stamped_at(response: bytes, digest: str, pins: list[x509.Certificate]) -> datetime:
    """When a digest was there, by an authority's answer (RFC 3161); raises for any answer not to be believed."""
    status, token = der(response, 0x30)
    kind, signed = der(token[2], 0x30)
    ((data_tag, data, _),) = der(signed[2], 0xA0)
    parts = der(data)
    inner, octets = der(parts[2][1])
    ((wrapped, said, _),), ((form, signer, _),) = der(octets[2], 0xA0), der(parts[-1][2], 0x31)
    version, _, imprint, _, at, *_ = der(said, 0x30)
    algorithm, hashed = der(imprint[2], 0x30)
    _, _, by, attributes, how, signature, *_ = der(signer)
    pairs = (der(item[1]) for item in der(attributes[2], 0xA0))
    values = {key[1].hex(): [item[:2] for item in der(value[1])] for key, value in pairs}
    hasher, text = SHA2[der(by[1])[0][1].hex()], at[1].decode("ascii")
    granted, hashing = der(status[1])[0], der(algorithm[1])[0]
    tags = [item[0] for item in (granted, kind, inner, hashing, hashed, at)] + [data_tag, wrapped, form]
    right = tags == [2, 6, 6, 6, 4, 0x18, 0x30, 4, 0x30] and granted[1] in (b"\0", b"\1") and version[1] == b"\1"
    right = right and [item[1].hex() for item in (kind, inner, hashing)] == [SIGNED_DATA, TST_INFO, next(iter(SHA2))]
    right = right and hashed[1].hex() == digest and re.fullmatch(r"[0-9]{14}(\.[0-9]+)?Z", text) is not None
    right = right and [item[1].hex() for item in values[CONTENT_TYPE]] == [TST_INFO]
    right = right and values[MESSAGE_DIGEST] == [(4, hashlib.new(hasher.name, said).digest())]
    need(right, "it is about something else")
    moment = datetime.fromisoformat(f"{text[:8]}T{text[8:14]}+00:00")
    message, used = b"\x31" + attributes[2][1:], SIGNED_BY[der(how[1])[0][1].hex()] or hasher
    for certificate in pins:
        key: Any = certificate.public_key()
        usage = [item for item in certificate.extensions if item.critical and item.oid == x509.ExtendedKeyUsage.oid]
        only = [x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.TIME_STAMPING])] == [item.value for item in usage]
        if not only or not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            continue
        scheme = (padding.PKCS1v15(), used) if isinstance(key, rsa.RSAPublicKey) else (ec.ECDSA(used),)
        with suppress(InvalidSignature):
            key.verify(signature[1], message, *scheme)
            return moment
    raise Unusable("no certificate that is pinned, for time stamps alone and valid then, signed it")


def check_stamps(entries: Entries, seal: Any, pins: Pinned, problems: list[str], unsure: list[str]) -> str:
    """Time stamps verify and contradict no entry. Returns the first line: by whom the seal is anchored in time."""
    links = [{"sequence": entry["sequence"], "digest": digest} for entry, digest, _ in entries]
    anchors: list[tuple[datetime, int, int, str]] = []
    for entry in (entry for entry, _, _ in entries if entry["kind"] == "timestamp"):
        of, name, place = entry["body"]["of"], entry["body"]["authority"], f"chain: entry {entry['sequence']}"
        before = of["sequence"] < seal["body"]["intent"]["sequence"] or of in links
        if of["sequence"] >= entry["sequence"] or not before:
            problems.append(f"{place} stamps no entry that stands before it")
        elif name not in pins.authorities:
            unsure.append(f"{place}: no certificate of {name} is pinned: its time stamp cannot be verified")
        else:
            try:
                at = stamped_at(unbase64(entry["body"]["response"]), of["digest"], pins.authorities[name])
                anchors.append((at, of["sequence"], entry["sequence"], name))
            except (Unusable, *ERRORS) as error:
                problems.append(f"{place}: the time stamp of {name} does not verify: {error}")
    for entry, _, _ in entries:
        said, place = datetime.fromisoformat(entry["recorded_at"]), entry["sequence"]
        wrong = any(place <= of and said > at + TOLERANCE for at, of, _, _ in anchors)
        wrong = wrong or any(place > stamp and said < at - TOLERANCE for at, _, stamp, _ in anchors)
        need(not wrong, f"chain: entry {place} says a time that a time stamp rules out", problems)
    covering = sorted((at, name) for at, of, _, name in anchors if of >= seal["sequence"])
    soon = not pins.authorities or (covering and covering[0][0] - datetime.fromisoformat(seal["recorded_at"]) <= LATE)
    need(soon, "not anchored: no time stamp of a pinned authority within a week of the seal", unsure)
    return f"anchored to {covering[0][0]:%Y-%m-%dT%H:%M:%SZ} by {covering[0][1]}" if covering else NOT_ANCHORED


def merkle(leaves: list[bytes]) -> Any:
    """Count and root of RFC 6962, section 2.1."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves] or [hashlib.sha256().digest()]
    while len(level) > 1:
        above = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = above + level[len(level) - len(level) % 2 :]
    return {"count": len(leaves), "root": level[0].hex()}


def key_of(scope: Any, subject: Any, *more: str) -> tuple[str, ...]:
    """What joins a record, a ledger row and a body of one resource; with more, the place of a record."""
    name = subject.get("id") or subject.get("identity", "")
    kind = (subject["type"], name, subject["kind"]) if more else (subject["type"], "identity" in subject, name)
    return (scope["provider"], scope["account"], scope["region"], *more, *kind)


def check_run(members: dict[str, bytes], entry: Any, problems: list[str]) -> int:
    """Records, ledger, bodies, data files and private objects are those of the seal; returns how many are erased."""
    seal, asked = entry["body"], entry["body"]["asked"]
    for name in LINES:
        need(not members[name] or members[name].endswith(b"\n"), f"{name}: its last line is cut")
    leaves, rows, packed, evidence = (members[name].split(b"\n")[:-1] for name in LINES)
    records = [parse(leaf, "records.jsonl") for leaf in leaves]
    ledger: dict[str, list[Any]] = {kind: [] for kind in ROWS}
    for row in (parse(line, "ledger.jsonl") for line in rows):
        ledger[row["kind"]].append(row)
    resources = {key_of(row["scope"], row): row for row in ledger["resource"]}
    bodies = {sha256(line): parse(line, "bodies.jsonl") for line in packed}
    said = Counter(record["verdict"] for record in records)
    states = Counter(row["state"] for row in ledger["collection"])
    verdicts = {name: said[word] for name, word in VERDICTS.items()} | {"waived": len(ledger["waiver"])}
    listings = {name: states[name] for name in ("complete", "off", "failed")}
    sealed = (seal["records"], seal["ledger"], seal["verdicts"], seal["listings"])
    right = sealed == (merkle(leaves), merkle(rows), verdicts, listings)
    need(right, "records.jsonl, ledger.jsonl: have not the Merkle roots or the counts that were sealed", problems)
    judged = Counter((record["check"]["id"], record["verdict"]) for record in records)
    for row in ledger["population"]:
        right = all(judged[row["check"], word] == row[name] for name, word in VERDICTS.items())
        need(right, f"ledger.jsonl: the population of {row['check']} is not that of the records", problems)
    # Every body that the run names is there, is that of its resource, and no other is.
    needed = {row["body"] for row in ledger["resource"]}.union(*(item.get("related", {}).values() for item in records))
    needed = needed.union(*(bodies[digest] for digest in needed if isinstance(bodies.get(digest), list)))
    need([*map(sha256, packed)] == sorted(needed), "bodies.jsonl: holds not just the run's, in order", problems)
    for key, row in resources.items():
        body = bodies.get(row["body"])
        right = isinstance(body, dict) and key_of(body, body) == key
        need(right, f"bodies.jsonl: body {row['body']} is not that of the resource in the ledger", problems)
    # The data files are those of their names, and all there.
    content = {name[8:]: sha256(data) for name, data in members.items() if name.startswith("content/")}
    listed = {group: parse(members.get(f"content/{name}", b"{}"), name) for group, name in asked["content"].items()}
    wanted = set(asked["content"].values()).union(*(group.values() for group in listed.values()))
    for digest in sorted(wanted):
        need(content.get(digest) == digest, f"content/{digest}: is missing, or is not of its name", problems)
    # Records stand in their order, each with the body of its resource, and judged by a check of the content.
    keys = [key_of(record["scope"], record["subject"], record["check"]["id"]) for record in records]
    need(all(a < b for a, b in pairwise(keys)), "records.jsonl: its records are not in their order", problems)
    rows_of = [resources.get(key_of(item["scope"], item["subject"])) for item in records]
    for record, row in zip(records, rows_of, strict=True):
        right = record["subject"]["kind"] != "resource" or (row or {"body": ""})["body"] == record.get("body")
        need(right, "records.jsonl: a record is not of the body that the ledger gives its resource", problems)
        check, known = record["check"]["id"], (record["check"]["digest"], record["parameters"])
        right = (listed["checks"].get(check), listed["parameters"].get(check)) == known
        need(right, f"records.jsonl: check {check} or its parameters are not those of the content", problems)
    # Private objects: SHA-256(salt || canonical object). Those that are missing were erased or left out.
    holders = records + [item["subject"] for item in records] + ledger["resource"]
    holders += [bodies[digest] for digest in needed if isinstance(bodies.get(digest), dict)]
    holders += [failure for row in ledger["reader"] for failure in row["failures"]]
    private = {f"private/{item[key]}.json" for item in holders for key in ("private", "identity") if key in item}
    for name, data in members.items():
        if name in private:
            held = parse(data, name)
            whole = sorted(held) == ["object", "salt"] and re.fullmatch("[0-9a-f]{64}", held["salt"]) is not None
            need(whole and isinstance(held["object"], dict), f"{name}: is no private object")
            hidden = sha256(bytes.fromhex(held["salt"]) + canonical(held["object"]))
            need(name == f"private/{hidden}.json", f"{name}: is not the private object of its name", problems)
        elif name.startswith("content/"):
            need(name[8:] in wanted, f"{name}: does not belong to the bundle", problems)
        elif not name.startswith("chain/"):
            need(name in MEMBERS, f"{name}: does not belong to the bundle", problems)
    # The manifest lists the members; each exported record is the leaf with what seal and ledger say of it.
    files = {name: {"digest": sha256(data), "size": len(data)} for name, data in members.items()}
    del files["manifest.json"]
    period = {"from": asked["started_at"], "to": seal["ended_at"]}
    manifest = {"schema": 1, "store": entry["store"], "runs": [asked["run"]], "period": period, "members": files}
    same = members["manifest.json"] == canonical(manifest | {"demonstration": asked["kind"] == "demo"})
    need(same, "manifest.json: does not list the members as they are", problems)
    waivers = {key_of(row["scope"], row["subject"], row["check"]): row["waiver"] for row in ledger["waiver"]}
    common = {"schema": 1, "run": asked["run"], "as_of": seal["as_of"], "sealed_at": entry["recorded_at"]}
    expected = []
    for index, (leaf, record, key, row) in enumerate(zip(leaves, records, keys, rows_of, strict=True)):
        document = {**common, "record": record, "leaf": sha256(b"\x00" + leaf), "index": index}
        document |= {"collected_at": row["collected_at"]} if row and record["subject"]["kind"] == "resource" else {}
        expected.append(canonical(document | ({"waiver": waivers[key]} if key in waivers else {})))
    need(evidence == expected, "evidence.jsonl: is not what records, ledger and seal say together", problems)
    return len(private - members.keys())


def verify(data: bytes, pins: Pinned | None, lenient: bool) -> tuple[list[str], list[str], str, Entries]:
    """Verify the bytes of a bundle. Returns problems, notes, the first line, and its chain."""
    problems, notes = list[str](), list[str]()
    members, unsure = read_archive(data), notes if lenient else problems
    if pins is None:
        unsure.append("no pinned key: who signed this is the bundle's own claim")
        pins = Pinned(canonical({"keys": parse(members["keys.json"], "keys.json")["claims"]}))
    entries = read_chain(members, pins, problems)
    entry = check_chain(entries, problems)
    first = check_stamps(entries, entry, pins, problems, unsure)
    erased = check_run(members, entry, problems)
    seal, asked = entry["body"], entry["body"]["asked"]
    need(asked["kind"] != "demo", "demonstration, not evidence", problems)
    need(not erased, f"{erased} private objects were left out or erased", notes)
    notes.append(f"this run only: {asked['run']} of {asked['organization']!r}; root {seal['records']['root']}")
    return problems, notes, first, entries


def check_split(one: Entries, other: Entries) -> list[str]:
    """Two chains of one store must be the same where both reach, and one must reach the other."""
    first, second = ({entry["sequence"]: (entry["previous"], link) for entry, link, _ in some} for some in (one, other))
    shared = first.keys() & second.keys()
    pairs = [(a[at][1], b[at + 1][0]) for a, b in ((first, second), (second, first)) for at in a if at + 1 in b]
    if any(first[at] != second[at] for at in shared) or any(link != previous for link, previous in pairs):
        return ["split view: the two hold different entries in one place"]
    return [] if shared or pairs else ["could not be compared: the two share no entry, nor does one follow the other"]


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", type=Path, nargs="+", help="one to verify; two to compare as well")
    parser.add_argument("--key", help="trust file, public key in PEM form, or 32 bytes in base64")
    parser.add_argument("--allow-unanchored", action="store_true", help="accept what only the bundle itself claims")
    asked = parser.parse_args(arguments)
    out, chains = list[str](), list[Entries]()
    for bundle in asked.bundles:
        first, notes = NOT_ANCHORED, list[str]()
        try:
            given = asked.key and (Path(asked.key).read_bytes() if Path(asked.key).is_file() else asked.key.encode())
            pins = Pinned(given.strip()) if given else None
        except ERRORS as error:
            parser.error(f"--key {asked.key}: not usable: {error}")
        try:
            problems, notes, first, chain = verify(bundle.read_bytes(), pins, asked.allow_unanchored)
            chains.append(chain)
        except (Unusable, *ERRORS) as error:
            problems = [str(error) if isinstance(error, Unusable) else f"could not be verified: {error!r}"]
        out += [first, *(f"problem: {text}" for text in problems), *(f"note: {text}" for text in notes)]
    if len(asked.bundles) > 1:
        out += [f"problem: {text}" for text in (check_split(*chains) if len(chains) == 2 else ["not compared"])]
    failed = any(line.startswith("problem: ") for line in out)
    text = "\n".join([*out, "DOES NOT VERIFY" if failed else "verified"]).encode("ascii", "backslashreplace").decode()
    print("".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text))  # noqa: T201
    return 5 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
