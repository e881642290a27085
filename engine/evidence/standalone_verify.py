#!/usr/bin/env python3
"""Verifies a bundle of auditreel. One file, standard library and `cryptography`; shares no code with auditreel.

    python verify_bundle.py BUNDLE.zip --key trust.json [--authority tsa.pem]    (or a public key: PEM, or base64)
    python verify_bundle.py ONE.zip OTHER.zip --key trust.json                   the same, and whether they agree
    python verify_bundle.py BUNDLE.zip --allow-unanchored

Keys must come from somewhere else than the bundle. Ends with 0 only if everything verified, the signature by that key
included; else with 5. With --allow-unanchored and no key, the key that the bundle claims for itself is used: that shows
that the bundle is whole, not who made it; time stamps of authorities that are not pinned are then only noted.

What is checked: the archive has one possible form; each chain entry has the fields of its kind, is signed (DSSE v1,
Ed25519) by a pinned key or one that a key in force vouched for, and follows the one before; time stamps (RFC 3161) are
by a pinned authority and contradict no entry; the seal names its intent and repeats it; records and ledger have the
Merkle roots (RFC 6962) and the counts that were sealed; every body, data file and private object has the SHA-256 that
names it, none is missing, none is more; evidence.jsonl is what records, ledger and seal say together. README.txt,
verify_bundle.py and keys.json are conveniences: the manifest lists their digests, no signature covers them.
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
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOT_ANCHORED = "NOT ANCHORED: the key's holder could have rewritten or removed this"
PAYLOAD_TYPE = "application/vnd.auditreel.entry+json"
FAILED = 5
TOLERANCE, LATE = timedelta(minutes=5), timedelta(days=7)
LINES = ("records.jsonl", "ledger.jsonl", "bodies.jsonl", "evidence.jsonl")
CONVENIENCES = ("README.txt", "verify_bundle.py", "keys.json")
GROUPS = ("checks", "controls", "policies", "schemas", "parameters")
LEDGER_KINDS = ("scope", "collection", "reader", "resource", "population", "waiver")
SHAPES = {
    "link": "sequence:place digest:digest",
    "tree": "count:count root:digest",
    "fact": "digest:digest size:count",
    "content": "checks:digest controls:digest policies:digest schemas:digest parameters:digest",
    "verdicts": "passed:count failed:count unknown:count not_applicable:count waived:count",
    "listings": "complete:count off:count failed:count",
    "span": "starts:date ends:date timezone:text",
    "entry": "schema:count store:store sequence:place previous:digest|null kind:string recorded_at:time body:object",
    "intent": "run:run kind:run_kind trigger:string organization:string filters:object engine:string "
    "dependencies:digest started_at:time content:content boundary?:digest|null witness?:text|null",
    "seal": "intent:link asked:intent caller:{string} source:string as_of:time ended_at:time verdicts:verdicts "
    "listings:listings records:tree ledger:tree files:{fact} collected_until?:time|null",
    "abandon": "intent:link run:run reason:string",
    "timestamp": "of:link authority:text response:base64",
    "rotate": "action:string key:digest public_key:base64",
    "revoke": "action:string key:digest since:place reason:text",
    "population": "query:text unit:unit digest:digest count:count frames:[link] check?:text|null control?:text|null",
    "nonce": "population:link nonce:text|null internal:bool",
    "close": "period:span seals:[link] inputs:digest open_failures:digest",
}
KINDS = ("intent", "seal", "abandon", "timestamp", "key", "population", "nonce", "close")
PATTERNS = {
    "digest": "[0-9a-f]{64}",
    "store": "[0-9a-f]{32}",
    "run": "[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}",
    "time": r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?Z",
    "date": "[0-9]{4}(-[0-9]{2}){2}",
    "base64": "[A-Za-z0-9+/]+={0,2}",
    "text": "(?s:.{1,300})",
    "string": "(?s:.*)",
    "run_kind": "scheduled|adhoc|gate|demo",
    "unit": "items|nights|events",
}
SHA2 = {"608648016503040201": "sha256", "608648016503040202": "sha384", "608648016503040203": "sha512"}
SIGNED_BY = {
    "2a864886f70d010101": "",
    "2a864886f70d01010b": "sha256",
    "2a864886f70d01010c": "sha384",
    "2a864886f70d01010d": "sha512",
    "2a8648ce3d040302": "sha256",
    "2a8648ce3d040303": "sha384",
    "2a8648ce3d040304": "sha512",
}
ALGORITHMS = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
SIGNED_DATA, TST_INFO = "2a864886f70d010702", "2a864886f70d0109100104"
CONTENT_TYPE, MESSAGE_DIGEST = "2a864886f70d010903", "2a864886f70d010904"

Keys = dict[str, Ed25519PublicKey]
Members = dict[str, bytes]
Entries = list[tuple[Any, str, str]]
Element = tuple[int, bytes, bytes]


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
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves] or [hashlib.sha256().digest()]
    while len(level) > 1:
        above = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = above + level[len(level) - len(level) % 2 :]
    return level[0].hex()


def unbase64(text: str) -> bytes:
    """Bytes of base64 in its one form."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 with stray bits")
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
    fields = dict(field.split(":", 1) for field in SHAPES[kind].split())
    if not isinstance(value, dict) or not value.keys() <= {name.rstrip("?") for name in fields}:
        return False
    return all(
        fits(value[name.rstrip("?")], of) if name.rstrip("?") in value else name.endswith("?")
        for name, of in fields.items()
    )


class Pinned:
    """What the reader brings: keys by id, and of a trust file what else it says. Certificates under "" fit any name."""

    def __init__(self, keys: Keys, trust: Any = None, authorities: Any = None) -> None:
        trust = trust or {}
        self.keys, self.store, self.head = keys, trust.get("store"), trust.get("head")
        self.until: dict[str, int] = dict(trust.get("until", {}))
        self.authorities: dict[str, list[x509.Certificate]] = {
            name: [x509.load_der_x509_certificate(base64.b64decode(text, validate=True)) for text in listed]
            for name, listed in trust.get("authorities", {}).items()
        }


def raw_key(raw: bytes) -> Keys:
    """A public key of 32 bytes, by its id."""
    return {sha256(raw): Ed25519PublicKey.from_public_bytes(raw)}


def several(listed: Any) -> Keys:
    """Public keys in base64."""
    return {name: key for text in listed for name, key in raw_key(base64.b64decode(text, validate=True)).items()}


def pinned(source: str) -> Pinned:
    """Keys from a trust file, a PEM file, or the key itself in base64."""
    path = Path(source)
    data = path.read_bytes() if path.is_file() else source.encode()
    if data.lstrip().startswith(b"{"):
        trust = json.loads(data)
        return Pinned(several(trust["keys"].values()), trust)
    if data.lstrip().startswith(b"-----BEGIN"):
        key = serialization.load_pem_public_key(data)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 public key")
        return Pinned(raw_key(key.public_bytes_raw()))
    return Pinned(raw_key(base64.b64decode(data.strip(), validate=True)))


def read_archive(data: bytes) -> Members:
    """Members by name; raises Unusable for an archive that could have been written in another way."""
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            if any(info.compress_type != zipfile.ZIP_STORED for info in source.infolist()):
                raise Unusable("the archive has compressed members")
            members = {info.filename: source.read(info) for info in source.infolist()}
    except Exception as error:  # zipfile raises what it likes on a damaged archive
        raise Unusable(f"no archive: {error}") from None
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            target.writestr(info, members[name])
    if buffer.getvalue() != data:
        raise Unusable("the archive is not in the one form that is accepted (extra bytes, double names, dates)")
    return members


def lines(members: Members, name: str) -> list[bytes]:
    """The lines of a member."""
    data = members[name]
    if data and not data.endswith(b"\n"):
        raise Unusable(f"{name}: its last line is cut")
    return data.split(b"\n")[:-1]


def open_entry(name: str, data: bytes, pins: Pinned) -> tuple[Any, str]:
    """The signed entry in an envelope (DSSE v1), and the id of the key that signed it."""
    envelope = parse(data, name)
    if not isinstance(envelope, dict) or sorted(envelope) != ["payload", "payloadType", "signatures"]:
        raise Unusable(f"{name}: no envelope")
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise Unusable(f"{name}: payload type {envelope['payloadType']!r}")
    signatures = envelope["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1 or sorted(signatures[0]) != ["keyid", "sig"]:
        raise Unusable(f"{name}: there must be one signature")
    signer = signatures[0]["keyid"]
    if signer not in pins.keys:
        raise Unusable(f"{name}: signed by a key that is not pinned ({signer})")
    try:
        payload = unbase64(envelope["payload"])
        kind = PAYLOAD_TYPE.encode()
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        pins.keys[signer].verify(unbase64(signatures[0]["sig"]), message)
    except (ValueError, TypeError) as error:
        raise Unusable(f"{name}: {error}") from None
    except InvalidSignature:
        raise Unusable(f"{name}: the signature does not verify") from None
    entry = parse(payload, name)
    if not fits(entry, "entry") or entry["schema"] != 1 or entry["kind"] not in KINDS:
        raise Unusable(f"{name}: an entry of unknown schema or kind")
    body = entry["body"]
    if not fits(body, entry["kind"] if entry["kind"] != "key" else "revoke" if "since" in body else "rotate"):
        raise Unusable(f"{name}: not the fields of its kind")
    if entry["sequence"] != int(name[6:26]) or (pins.store is not None and entry["store"] != pins.store):
        raise Unusable(f"{name}: it is entry {entry['sequence']} of store {entry['store']}")
    return entry, signer


def change_keys(name: str, entry: Any, signer: str, pins: Pinned, came: set[str]) -> None:
    """Refuse a key that was not in force; take in one that a key in force vouches for, or withdraws."""
    sequence, body = entry["sequence"], entry["body"]
    if sequence > pins.until.get(signer, sequence):
        raise Unusable(f"{name}: signed by a key that was replaced or withdrawn ({signer})")
    if entry["kind"] != "key":
        return
    key = body["key"]
    if body["action"] == "rotate":
        raw = unbase64(body["public_key"])
        if len(raw) != 32 or sha256(raw) != key or key == signer or key in came or key in pins.until:
            raise Unusable(f"{name}: brings a key that is not the one of its id, or was there before")
        pins.keys.update(raw_key(raw))
        came.add(key)
        pins.until[signer] = sequence
    elif body["action"] == "revoke" and key != signer and key in pins.keys and body["since"] <= sequence:
        pins.until[key] = min(pins.until.get(key, sequence), body["since"] - 1)
    else:
        raise Unusable(f"{name}: withdraws a key that it cannot withdraw")


def read_chain(members: Members, pins: Pinned, problems: list[str]) -> Entries:
    """The entries, oldest first: (entry, digest of its file, key). Only changes of keys may stand before the rest."""
    entries: Entries = []
    came: set[str] = set()
    for name in sorted(name for name in members if name.startswith("chain/")):
        if not re.fullmatch(r"chain/[0-9]{20}\.json", name):
            raise Unusable(f"{name}: no name of an entry")
        (entry, signer), digest = open_entry(name, members[name], pins), sha256(members[name])
        change_keys(name, entry, signer, pins, came)
        if entries:
            before, link, _ = entries[-1]
            expected = (before["sequence"] + 1, link, before["store"])
            apart = all(other["kind"] == "key" for other, _, _ in entries) and entry["sequence"] > expected[0]
            if not apart and (entry["sequence"], entry["previous"], entry["store"]) != expected:
                problems.append(f"{name}: does not follow the entry before it")
        if pins.head and pins.head["sequence"] == entry["sequence"] and pins.head["digest"] != digest:
            problems.append(f"{name}: is not the entry that was pinned")
        entries.append((entry, digest, signer))
    for entry, _, signer in entries:
        if entry["sequence"] > pins.until.get(signer, entry["sequence"]):
            problems.append(f"chain: entry {entry['sequence']} is signed by a key that was withdrawn later")
    return entries


def check_chain(entries: Entries, problems: list[str]) -> Any:
    """The first entry but changes of keys is the run's intent; returns its seal. Entries name what is before them."""
    first, link, _ = next(item for item in entries if item[0]["kind"] != "key")
    links: dict[tuple[int, str], Any] = {}
    ended, drawn = set(), set()
    closed: list[str] = []
    seal = None

    def known(named: Any, kind: str) -> bool:
        before = links.get((named["sequence"], named["digest"]))
        return named["sequence"] < first["sequence"] or (before is not None and before["kind"] == kind)

    for entry, digest, _ in entries:
        body, kind, wrong = entry["body"], entry["kind"], ""
        if kind == "intent" and any(
            other["kind"] == "intent" and body["run"] == other["body"]["run"] for other in links.values()
        ):
            wrong = "begins a run a second time"
        elif kind in ("seal", "abandon"):
            named = (body["intent"]["sequence"], body["intent"]["digest"])
            asked = body["asked"] if kind == "seal" else None
            begun = links.get(named, {}).get("body", {})
            if named[0] >= first["sequence"]:
                if begun.get("run") != (asked or body)["run"] or links[named]["kind"] != "intent":
                    wrong = "names no intent of its run"
                elif kind == "seal" and begun != asked:
                    wrong = "does not repeat its intent"
            wrong = "ends a run a second time" if named in ended else wrong
            ended.add(named)
            if kind == "seal" and named == (first["sequence"], link) and seal is None:
                seal = entry
        elif kind == "population" and not all(known(frame, "seal") for frame in body["frames"]):
            wrong = "names a frame that is no seal before it"
        elif kind == "nonce":
            named = (body["population"]["sequence"], body["population"]["digest"])
            if not known(body["population"], "population") or named in drawn:
                wrong = "draws from no population before it, or a second time"
            elif (body["nonce"] is None) != body["internal"]:
                wrong = "is neither an auditor's draw nor marked as internal"
            drawn.add(named)
        elif kind == "close":
            starts, ends = body["period"]["starts"], body["period"]["ends"]
            ordered = all(left["sequence"] < right["sequence"] for left, right in pairwise(body["seals"]))
            if not ordered or not all(known(item, "seal") for item in body["seals"]):
                wrong = "does not name seals before it, in their order"
            elif date.fromisoformat(starts) > date.fromisoformat(ends) or any(starts <= other for other in closed):
                wrong = "closes no period, or one that begins before the end of one closed earlier"
            closed.append(ends)
        if wrong:
            problems.append(f"chain: entry {entry['sequence']} {wrong}")
        links[entry["sequence"], digest] = entry
    if first["kind"] != "intent" or seal is None:
        raise Unusable("chain: does not begin with the intent of a run that it holds the seal of")
    return seal


def der(data: bytes) -> list[Element]:
    """The elements in DER: (tag, content, whole)."""
    found, start = [], 0
    while start < len(data):
        size, body = data[start + 1], start + 2
        if size & 0x80:
            body += size & 0x7F
            size = int.from_bytes(data[start + 2 : body], "big")
            if size < 0x80 or data[start + 2] == 0:
                raise ValueError("DER: a length that is not in its one form")
        if body + size > len(data) or data[start] & 0x1F == 0x1F:
            raise ValueError("DER: cut off, or a tag of more than one byte")
        found.append((data[start], data[body : body + size], data[start : body + size]))
        start = body + size
    return found


def content(element: Element, tag: int) -> bytes:
    """What an element with this tag encloses."""
    if element[0] != tag:
        raise ValueError(f"DER: tag {element[0]} where {tag} must stand")
    return element[1]


def vouches(certificate: x509.Certificate, name: Element, pins: list[x509.Certificate]) -> bool:
    """Whether a certificate is the one that a signer names, and is pinned or issued by one that is."""
    if name[0] == 0x80:
        known = [item.value for item in certificate.extensions if item.oid == x509.SubjectKeyIdentifier.oid]
        if [getattr(item, "digest", None) for item in known] != [name[1]]:
            return False
    else:
        issuer, serial = der(content(name, 0x30))
        if (issuer[2], int.from_bytes(serial[1], "big", signed=True)) != (
            certificate.issuer.public_bytes(),
            certificate.serial_number,
        ):
            return False
    for pin in pins:
        try:
            certificate.verify_directly_issued_by(pin)
            if pin.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
                return True
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            continue
    return certificate in pins


def stamped_at(response: bytes, digest: str, pins: list[x509.Certificate]) -> datetime:
    """When a digest was there, by an authority's answer (RFC 3161); raises for any answer not to be believed."""
    (outer,) = der(response)
    status, token = der(content(outer, 0x30))
    kind, signed = der(content(token, 0x30))
    (data,) = der(content(signed, 0xA0))
    parts = der(content(data, 0x30))
    inner, octets = der(parts[2][1])
    (holder,) = der(content(octets, 0xA0))
    said, (signer,) = content(holder, 0x04), der(content(parts[-1], 0x31))
    (info,) = der(said)
    version, _, imprint, _, at, *_ = der(content(info, 0x30))
    algorithm, hashed = der(content(imprint, 0x30))
    _, name, by, attributes, how, signature, *_ = der(content(signer, 0x30))
    text, values = content(at, 0x18).decode("ascii"), {}
    for attribute in der(content(attributes, 0xA0)):
        named, value = der(attribute[1])
        values[named[1].hex()] = [item[1] for item in der(value[1])]
    hasher, signed_by = SHA2[der(by[1])[0][1].hex()], SIGNED_BY[der(how[1])[0][1].hex()]
    right = (
        content(der(status[1])[0], 2) in (b"\0", b"\1"),
        (content(kind, 6).hex(), content(inner, 6).hex()) == (SIGNED_DATA, TST_INFO),
        version[1] == b"\1" and SHA2.get(content(der(algorithm[1])[0], 6).hex()) == "sha256",
        content(hashed, 4).hex() == digest and re.fullmatch(r"[0-9]{14}(\.[0-9]+)?Z", text),
        [item.hex() for item in values[CONTENT_TYPE]] == [TST_INFO],
        values[MESSAGE_DIGEST] == [hashlib.new(hasher, said).digest()],
    )
    if not all(right):
        raise ValueError("it is about something else")
    embedded = [item[2] for part in parts[3:-1] if part[0] == 0xA0 for item in der(part[1]) if item[0] == 0x30]
    offered = [*pins, *map(x509.load_der_x509_certificate, embedded)]
    certificate = next((item for item in offered if vouches(item, name, pins)), None)
    if certificate is None:
        raise ValueError("no certificate that is pinned vouches for who signed it")
    moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)  # noqa: UP017 - any Python 3
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if list(usage.value) != [x509.oid.ExtendedKeyUsageOID.TIME_STAMPING] or not usage.critical:
        raise ValueError("the certificate is not for time stamps alone")
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        raise ValueError("the certificate was not valid then")
    key, message, chosen = certificate.public_key(), b"\x31" + attributes[2][1:], ALGORITHMS[signed_by or hasher]
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature[1], message, padding.PKCS1v15(), chosen)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature[1], message, ec.ECDSA(chosen))
    else:
        raise ValueError("it is signed with neither RSA nor ECDSA")
    return moment


def check_stamps(
    entries: Entries, seal: Any, pins: Pinned, lenient: bool, problems: list[str], notes: list[str]
) -> str:
    """Time stamps verify and contradict no entry. Returns the first line: by whom the seal is anchored in time."""
    links = {(entry["sequence"], digest) for entry, digest, _ in entries}
    anchors: list[tuple[datetime, int, int, str]] = []
    for entry in (entry for entry, _, _ in entries if entry["kind"] == "timestamp"):
        of, name = entry["body"]["of"], entry["body"]["authority"]
        certificates = [*pins.authorities.get(name, ()), *pins.authorities.get("", ())]
        there = of["sequence"] < seal["body"]["intent"]["sequence"] or (of["sequence"], of["digest"]) in links
        if of["sequence"] >= entry["sequence"] or not there:
            problems.append(f"chain: entry {entry['sequence']} stamps no entry that stands before it")
        elif not certificates:
            said = f"chain: the time stamp of {name} cannot be verified: no certificate of it is pinned"
            (notes if lenient else problems).append(said)
        else:
            try:
                at = stamped_at(unbase64(entry["body"]["response"]), of["digest"], certificates)
                anchors.append((at, of["sequence"], entry["sequence"], name))
            except (ValueError, KeyError, IndexError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
                problems.append(f"chain: the time stamp of {name} does not verify: {error or 'wrong signature'}")
    for entry, _, _ in entries:
        said_at, place = datetime.fromisoformat(entry["recorded_at"]), entry["sequence"]
        early = any(place <= of and said_at > at + TOLERANCE for at, of, _, _ in anchors)
        if early or any(place > stamp and said_at < at - TOLERANCE for at, _, stamp, _ in anchors):
            problems.append(f"chain: entry {place} says a time that a time stamp rules out")
    covering = [(at, name) for at, of, _, name in anchors if of >= seal["sequence"]]
    at, name = min(covering, default=(None, ""))
    if pins.authorities and (at is None or at - datetime.fromisoformat(seal["recorded_at"]) > LATE):
        (notes if lenient else problems).append("not anchored: no time stamp of a pinned authority soon after the seal")
    if at is None:
        return NOT_ANCHORED
    return f"anchored to {at.strftime('%Y-%m-%dT%H:%M:%SZ')} by {name}"


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
    if not isinstance(salt, str) or not re.fullmatch("[0-9a-f]{64}", salt):
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


def verify(
    data: bytes, pins: Pinned | None, allow_unanchored: bool, chains: list[Entries] | None = None
) -> tuple[list[str], list[str], str]:
    """Verify the bytes of a bundle. Returns problems, notes and the first line; its chain is added to `chains`."""
    problems: list[str] = []
    notes: list[str] = []
    members = read_archive(data)
    if pins is None:
        message = "no pinned key: who signed this is the bundle's own claim"
        (notes if allow_unanchored else problems).append(message)
        pins = Pinned(several(parse(members["keys.json"], "keys.json")["claims"].values()))
    entries = read_chain(members, pins, problems)
    if chains is not None:
        chains.append(entries)
    entry = check_chain(entries, problems)
    first = check_stamps(entries, entry, pins, allow_unanchored, problems, notes)
    run = Run(members)
    check_roots(run, entry["body"], problems)
    check_records(run, problems)
    private = check_bodies(run, members, problems)
    content = check_content(run, entry["body"], members, problems)
    check_names(members, content, private, problems)
    check_manifest(members, entry, problems)
    check_evidence(run, entry, members, problems)
    asked = entry["body"]["asked"]
    if asked["kind"] == "demo":
        problems.append("demonstration, not evidence")
    erased = sum(f"private/{digest}.json" not in members for digest in private)
    if erased:
        notes.append(f"{erased} private objects were left out or erased")
    notes.append(f"run {asked['run']} of {asked['organization']!r}, store {entry['store']}")
    notes.append(f"period {asked['started_at']} to {entry['body']['ended_at']}: this run only")
    notes.append(f"{len(run.leaves)} records, Merkle root {entry['body']['records']['root']}")
    return problems, notes, first


def check_split(one: Entries, other: Entries) -> list[str]:
    """Two chains of one store must be the same where both reach, and one must reach the other."""
    first, second = ({entry["sequence"]: (entry["previous"], link) for entry, link, _ in some} for some in (one, other))
    shared = sorted(first.keys() & second.keys())
    pairs = [(a[at][1], b[at + 1][0]) for a, b in ((first, second), (second, first)) for at in a if at + 1 in b]
    if any(first[at] != second[at] for at in shared) or any(link != previous for link, previous in pairs):
        return ["split view: the two hold different entries in one place"]
    return [] if shared or pairs else ["the two share no entry, nor does one follow the other: could not be compared"]


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", type=Path, nargs="+", help="one to verify; two to compare as well")
    parser.add_argument("--key", help="trust file, public key in PEM form, or 32 bytes in base64")
    parser.add_argument("--authority", type=Path, action="append", default=[], help="certificate (PEM) for time stamps")
    parser.add_argument("--allow-unanchored", action="store_true", help="accept what only the bundle itself claims")
    asked = parser.parse_args(arguments)
    out: list[str] = []
    failed, chains = len(asked.bundles) > 2, list[Entries]()
    for bundle in asked.bundles:
        first = NOT_ANCHORED
        try:
            pins = pinned(asked.key) if asked.key else None
            if pins is not None:
                for path in asked.authority:
                    found = x509.load_pem_x509_certificates(path.read_bytes())
                    pins.authorities.setdefault("", []).extend(found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
            parser.error(f"--key {asked.key}: not usable: {error}")
        try:
            problems, notes, first = verify(bundle.read_bytes(), pins, asked.allow_unanchored, chains)
        except Unusable as error:
            problems, notes = [str(error)], []
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            problems, notes = [f"could not be verified: {type(error).__name__}: {error}"], []
        except StopIteration:
            problems, notes = ["could not be verified: its chain holds no entry"], []
        out += [first, *(f"problem: {text}" for text in problems), *(f"note: {text}" for text in notes)]
        failed = failed or bool(problems)
    if len(asked.bundles) > 1:
        split = check_split(*chains) if len(chains) == 2 else ["could not be compared"]
        out += [f"problem: {text}" for text in split]
        failed = failed or bool(split)
    out.append("DOES NOT VERIFY" if failed else "verified")
    text = "\n".join(out).encode("ascii", "backslashreplace").decode()
    sys.stdout.write(
        "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text) + "\n"
    )
    return FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())
