#!/usr/bin/env python3
"""Verifies a bundle of auditreel. One file, standard library and `cryptography`; shares no code with auditreel.

    python verify_bundle.py BUNDLE.zip [OTHER.zip] --key trust.json      (or a public key: PEM, or 32 bytes in base64)
    python verify_bundle.py BUNDLE.zip --allow-unanchored

Keys must come from somewhere else than the bundle. Ends with 0 only if everything verified, and two bundles agree; else
with 5. With --allow-unanchored and no key, the key that the bundle claims for itself is used: that shows that it is
whole, not who made it; time stamps of authorities that no trust file pins are then only noted.
What people read in a bundle (index.html, workpaper.xlsx, ...) stands by the signature of the manifest alone.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import zlib
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

NOT_ANCHORED = "NOT ANCHORED: the key's holder could have rewritten or removed this"
TOLERANCE, LATE, moment = timedelta(minutes=5), timedelta(days=7), datetime.fromisoformat
PAGES = re.compile(r"(csv|pages|samples)/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
STEMS = (
    "README REPERFORM bodies evidence index keys manifest ocsf oscal records report signature verify_bundle workpaper"
)
ROWS = ("scope", "collection", "reader", "resource", "population", "waiver")
VERDICTS = {"passed": "pass", "failed": "fail", "unknown": "unknown", "not_applicable": "not_applicable"}
FRAMES = ("scheduled", "adhoc")
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
close period=span seals=[link] inputs=digest open_failures=digest
window from=time to=time; part first=place last=place
manifest schema=count store=store runs=[run] left_out={string} period=window chain=part redacted=[string] \
    demonstration=bool members={fact} criteria?=[string]|null nights?=span|null"""
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
ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, struct.error)
ERRORS += (InvalidSignature, UnsupportedAlgorithm)


class Unusable(Exception):
    """The bundle cannot be read far enough to go on; the message says why."""


def need(right: Any, message: str) -> None:
    """Give up unless it is right."""
    if not right:
        raise Unusable(message)


def canonical(value: Any) -> bytes:
    """RFC 8785 for text, integers, booleans, null and ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(data: bytes, name: str) -> Any:
    """The value of canonical JSON without fractions; raises Unusable or ValueError for any other bytes."""
    value = json.loads(data, parse_float=int, parse_constant=int)
    need(canonical(value) == data, f"{name}: not in canonical form")
    return value


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def merkle(level: list[bytes]) -> Any:
    """Count and root of the tree over the hashes of leaves."""
    count, level = len(level), level or [hashlib.sha256().digest()]
    while len(level) > 1:
        above = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = above + level[len(level) - len(level) % 2 :]
    return {"count": count, "root": level[0].hex()}


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


def key_of(scope: Any, subject: Any, *more: str) -> tuple[str, ...]:
    """What joins a record, a ledger row and a body of one resource; with more, the place of a record."""
    name = subject.get("id") or subject.get("identity", "")
    kind = (subject["type"], name, subject["kind"]) if more else (subject["type"], "identity" in subject, name)
    return (scope["provider"], scope["account"], scope["region"], *more, *kind)


def named(names: Any) -> re.Pattern[bytes]:
    """Any of these names, where it is no part of a longer one."""
    return re.compile(rb"(?<![\w.])(?:" + b"|".join(re.escape(name.encode()) for name in sorted(names)) + rb")(?!\w)")


def carried(lists: Any, files: dict[str, bytes], criteria: list[str]) -> set[str]:
    """The checks whose files name one of the criteria, or that an item of a control file names together with one."""
    wanted = named(criteria)
    found = {check for check, digest in lists["checks"].items() if wanted.search(files[digest])}
    for file in (files[digest] for digest in lists["controls"].values()):
        starts = [(len(match[1]), match.start()) for match in re.finditer(rb"(?m)^( *)- id:", file)]
        places = [0, *(start for depth, start in starts if depth == min(starts)[0]), len(file)]
        items = [file[begin:end] for begin, end in pairwise(places) if wanted.search(file[begin:end])]
        found |= {check for check in lists["checks"] if any(named([check]).search(item) for item in items)}
    return found


class Bundle:
    """A bundle that is being verified: what is wrong with it, and what its reader must know."""

    def __init__(self, file: BinaryIO, pins: Pinned | None, lenient: bool) -> None:
        """Read the archive, whose one form is: stored, sorted, without times, nothing before, between or after."""
        self.file, self.places, self.facts, self.problems = file, dict[str, int](), dict[str, Any](), list[str]()
        self.notes, listed, start, last = list[str](), b"", 0, b""
        self.unsure = self.notes if lenient else self.problems
        while (head := file.read(30))[:4] == b"PK\3\4":
            code, size, length = struct.unpack("<14xI4xIH2x", head)
            name = file.read(length)
            common = struct.pack("<5H3I2H", 20, 0, 0, 0, 0x21, code, size, size, length, 0)
            self.places[name.decode("ascii")], data = file.tell(), file.read(size)
            right = head == b"PK\3\4" + common and name > last and zlib.crc32(data) == code and len(data) == size
            need(right, "the archive is not in the one form (extra bytes, compression, double names)")
            self.facts[name.decode()] = {"digest": sha256(data), "size": size}
            listed += b"PK\1\2" + bytes([20, 3]) + common + struct.pack("<3H2I", 0, 0, 0, 0o100644 << 16, start) + name
            start, last = file.tell(), name
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(self.facts), len(self.facts), len(listed), start, 0)
        need(head + file.read() == listed + end, "the archive is not in the one form (extra bytes, or cut off)")
        self.need(pins, "no pinned key: who signed this is the bundle's own claim", self.unsure)
        self.pins = pins or Pinned(canonical({"keys": parse(self.read("keys.json"), "keys.json")["claims"]}))
        self.manifest = parse(self.read("manifest.json"), "manifest.json")
        need(fits(self.manifest, "manifest") and self.manifest["schema"] == 2, "manifest.json: of an unknown form")
        self.entries, self.private, self.other = Entries(), set[str](), 0

    def need(self, right: Any, message: str, problems: list[str] | None = None) -> None:
        """Note a problem unless it is right."""
        if not right:
            (self.problems if problems is None else problems).append(message)

    def read(self, name: str) -> bytes:
        """A member."""
        need(name in self.places, f"{name}: is missing")
        self.file.seek(self.places[name])
        return self.file.read(self.facts[name]["size"])

    def lines(self, name: str) -> list[bytes]:
        """The lines of a member."""
        *lines, rest = self.read(name).split(b"\n")
        need(not rest, f"{name}: its last line is cut")
        return lines

    def envelope(self, name: str, of: str) -> tuple[Any, str]:
        """What is signed in an envelope (DSSE v1), and the id of the key that signed it."""
        envelope, kind = parse(self.read(name), name), f"application/vnd.auditreel.{of}+json"
        whole = sorted(envelope) == ["payload", "payloadType", "signatures"] and envelope["payloadType"] == kind
        need(whole, f"{name}: no envelope, or of another payload type")
        (signature,), payload = envelope["signatures"], unbase64(envelope["payload"])
        right = sorted(signature) == ["keyid", "sig"] and signature["keyid"] in self.pins.keys
        need(right, f"{name}: not signed by a key that is pinned")
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        self.pins.keys[signature["keyid"]].verify(unbase64(signature["sig"]), message)
        return parse(payload, name), signature["keyid"]

    def read_chain(self) -> None:
        """The entries, oldest first: (entry, digest of its file, key). Changes of keys may stand before and after."""
        entries, came, pins = self.entries, set[str](), self.pins
        for name in (name for name in self.places if name.startswith("chain/")):
            need(re.fullmatch(r"chain/[0-9]{20}\.json", name), f"{name}: no name of an entry")
            (entry, signer), digest = self.envelope(name, "entry"), self.facts[name]["digest"]
            right = fits(entry, "entry") and entry["schema"] == 1 and entry["kind"] in KINDS
            need(right, f"{name}: of unknown schema or kind")
            sequence, body, key_change = entry["sequence"], entry["body"], entry["kind"] == "key"
            kind = {"rotate": "rotate", "revoke": "revoke"}[body["action"]] if key_change else entry["kind"]
            right = fits(body, kind) and (sequence, entry["store"]) == (int(name[6:26]), pins.store or entry["store"])
            need(right, f"{name}: has other fields, or is the entry of another place or store")
            need(sequence <= pins.until.get(signer, sequence), f"{name}: by a replaced or withdrawn key, {signer}")
            if kind == "rotate":
                raw, key = unbase64(body["public_key"]), body["key"]
                right = len(raw) == 32 and sha256(raw) == key and key != signer and key not in came
                need(right, f"{name}: a key not of its id, or there before")
                pins.keys[key], pins.until[signer] = ed25519.Ed25519PublicKey.from_public_bytes(raw), sequence
            elif kind == "revoke":
                may = body["key"] != signer and body["key"] in pins.keys and body["since"] <= sequence
                need(may, f"{name}: withdraws a key that it cannot withdraw")
                pins.until[body["key"]] = min(pins.until.get(body["key"], sequence), body["since"] - 1)
            came |= {body["key"], signer} if key_change else set()
            before = entries[-1] if entries else (entry | {"sequence": sequence - 1}, entry["previous"], "")
            apart = key_change or all(other["kind"] == "key" for other, _, _ in entries)
            follows = (sequence, entry["previous"]) == (before[0]["sequence"] + 1, before[1])
            follows = follows or (apart and sequence > before[0]["sequence"] + 1)
            follows = follows and entry["store"] == before[0]["store"]
            self.need(follows, f"{name}: does not follow the entry before it")
            seen = pins.head["sequence"] != sequence or pins.head["digest"] == digest
            self.need(seen, f"{name}: is not the entry that was pinned")
            entries.append((entry, digest, signer))
        for entry, _, signer in entries:
            self.need(entry["sequence"] <= pins.until.get(signer, entry["sequence"]), f"{signer}: was withdrawn")

    def check_chain(self) -> None:
        """What entries say of others is about what is before them, and is said once."""
        first = next((entry["sequence"] for entry, _, _ in self.entries if entry["kind"] != "key"), 1)
        links: dict[tuple[int, str], Any] = {}
        used, closed = list[Any](), list[str]()
        for entry, digest, _ in self.entries:
            body, kind, right = entry["body"], entry["kind"], True
            of = {"seal": "intent", "abandon": "intent", "population": "seal", "nonce": "population", "close": "seal"}
            about = body.get("frames", body.get("seals", [body.get("intent", body.get("population"))]))
            for named in about if kind in of else ():
                begun = links.get((named["sequence"], named["digest"]), {"kind": ""})
                right = right and (named["sequence"] < first or begun["kind"] == of[kind])
            if kind == "intent":
                right = body["run"] not in [one["body"]["run"] for one in links.values() if one["kind"] == "intent"]
            elif kind in ("seal", "abandon", "nonce"):
                right = right and about[0] not in used
                asked = begun["body"] if begun["kind"] == "intent" else body.get("asked", body)
                right = right and (kind != "seal" or asked == body["asked"])
                right = right and (kind != "abandon" or asked["run"] == body["run"])
                right = right and (kind != "nonce" or (body["nonce"] is None) == body["internal"])
                used.append(about[0])
            elif kind == "close":
                starts, ends = body["period"]["starts"], body["period"]["ends"]
                right = right and all(left["sequence"] < right["sequence"] for left, right in pairwise(body["seals"]))
                right = right and date.fromisoformat(starts) <= date.fromisoformat(ends)
                right = right and all(starts > other for other in closed)
                closed.append(ends)
            place = f"chain: entry {entry['sequence']} ({kind})"
            self.need(right, f"{place} names what is not before it, or says what was said before")
            links[entry["sequence"], digest] = entry

    def check_manifest(self) -> list[Any]:
        """It is signed, lists the members, and names each seal of its part of the chain. Returns the runs' seals."""
        manifest, part, last = self.manifest, self.manifest["chain"], self.entries[-1][0]["sequence"]
        said, signer = self.envelope("signature.json", "bundle")
        signed = {"manifest": self.facts["manifest.json"]["digest"], "sequence": last, "store": manifest["store"]}
        right = said == signed and last <= self.pins.until.get(signer, last)
        self.need(right, "manifest.json: is not the one that was signed, for this chain, by a key in force")
        files = {name: fact for name, fact in self.facts.items() if name not in ("manifest.json", "signature.json")}
        self.need(manifest["members"] == files, "manifest.json: does not list the members as they are")
        inside = [entry for entry, _, _ in self.entries if part["first"] <= entry["sequence"] <= part["last"]]
        right = len(inside) == part["last"] - part["first"] + 1 and inside[0]["store"] == manifest["store"]
        right = right and all(entry in inside or entry["kind"] == "key" for entry, _, _ in self.entries)
        need(right, "chain: is not the part that is declared: an entry is missing, or too many")
        starts, ends = (moment(manifest["period"][name]) for name in ("from", "to"))
        nights, runs, demo = manifest.get("nights"), manifest["runs"], manifest["demonstration"]
        self.need(starts <= ends and (nights or len(runs) == 1), "manifest.json: declares no such period")
        right = part["first"] == 1 or moment(inside[0]["recorded_at"]) <= starts
        self.need(right, "chain: begins after the period that is declared")
        if moment(inside[-1]["recorded_at"]) < ends:
            self.need(self.pins.head["sequence"] <= part["last"], "chain: is cut off before the end of the period")
            self.notes.append("its chain ends before the period that it declares: what came later is not in it")
        seals, names = [entry for entry in inside if entry["kind"] == "seal"], list[str]()
        for seal, asked in ((entry["body"], entry["body"]["asked"]) for entry in seals):
            here, left_out = asked["run"] in runs, manifest["left_out"].get(asked["run"])
            frame = asked["kind"] == "demo" if demo else seal["source"] == "live" and asked["kind"] in FRAMES
            right = here == (starts <= moment(seal["as_of"]) < ends and frame) if nights else True
            span = {"from": asked["started_at"], "to": seal["ended_at"]}
            right = right and here == (left_out is None) and (nights or not here or manifest["period"] == span)
            self.need(right, f"manifest.json: run {asked['run']} is held or left out against the period")
            names += [asked["run"]] * here
            self.notes += [] if left_out is None else [f"run {asked['run']} is not in it: {left_out}"]
        need(names == runs, "manifest.json: does not name its runs in their order")
        self.need(len(seals) == len(runs) + len(manifest["left_out"]), "manifest.json: names runs that are not sealed")
        mine = [entry for entry in seals if entry["body"]["asked"]["run"] in runs]
        right = demo == any(entry["body"]["asked"]["kind"] == "demo" for entry in mine)
        self.need(right and not demo, "demonstration, not evidence")
        return mine

    def check_stamps(self, seals: list[Any]) -> str:
        """Time stamps verify and contradict no entry. Returns the first line: by whom the last seal is anchored."""
        begin = next((entry["sequence"] for entry, _, _ in self.entries if entry["kind"] != "key"), 1)
        links = [{"sequence": entry["sequence"], "digest": digest} for entry, digest, _ in self.entries]
        anchors: list[tuple[datetime, int, int, str]] = []
        for entry in (entry for entry, _, _ in self.entries if entry["kind"] == "timestamp"):
            of, name, place = entry["body"]["of"], entry["body"]["authority"], f"chain: entry {entry['sequence']}"
            before = of["sequence"] < begin or of in links
            if of["sequence"] >= entry["sequence"] or not before:
                self.problems.append(f"{place} stamps no entry that stands before it")
            elif name not in self.pins.authorities:
                self.unsure.append(f"{place}: no certificate of {name} is pinned: its time stamp cannot be verified")
            else:
                try:
                    at = stamped_at(unbase64(entry["body"]["response"]), of["digest"], self.pins.authorities[name])
                    anchors.append((at, of["sequence"], entry["sequence"], name))
                except (Unusable, *ERRORS) as error:
                    self.problems.append(f"{place}: the time stamp of {name} does not verify: {error}")
        for entry, _, _ in self.entries:
            said, place = datetime.fromisoformat(entry["recorded_at"]), entry["sequence"]
            wrong = any(place <= of and said > at + TOLERANCE for at, of, _, _ in anchors)
            wrong = wrong or any(place > stamp and said < at - TOLERANCE for at, _, stamp, _ in anchors)
            self.need(not wrong, f"chain: entry {place} says a time that a time stamp rules out")
        covering = list[tuple[datetime, str]]()
        for seal in seals:
            covering = sorted((at, name) for at, of, _, name in anchors if of >= seal["sequence"])
            soon = not self.pins.authorities or (covering and covering[0][0] - moment(seal["recorded_at"]) <= LATE)
            late = f"not anchored: no time stamp of a pinned authority within a week of entry {seal['sequence']}"
            self.need(soon, late, self.unsure)
        return f"anchored to {covering[0][0]:%Y-%m-%dT%H:%M:%SZ} by {covering[0][1]}" if covering else NOT_ANCHORED

    def check_runs(self, seals: list[Any]) -> None:
        """Everything that the seals name is there, is of its digest, and says the same."""
        read = [(leaf_hash(line), parse(line, "records.jsonl")) for line in self.lines("records.jsonl")]
        known, told, before = dict(read), dict[bytes, None](), dict[bytes, Any]()
        packed = self.lines("bodies.jsonl")
        bodies = {sha256(line): parse(line, "bodies.jsonl") for line in packed}
        files = {name[8:]: self.read(name) for name in self.places if name.startswith("content/")}
        self.need(all(sha256(data) == name for name, data in files.items()), "content/: a file is not of its name")
        needed, evidence, people, content, lists = set[str](), list[bytes](), set[str](), set[str](), dict[str, Any]()
        criteria = self.manifest.get("criteria")
        for entry in seals:
            seal, asked, run = entry["body"], entry["body"]["asked"], entry["body"]["asked"]["run"]
            leaves = [bytes.fromhex(line.decode()) for line in self.lines(f"runs/{run}/leaves.txt")]
            right = [leaf.hex().encode() for leaf in leaves] == self.lines(f"runs/{run}/leaves.txt")
            place, here = {leaf: index for index, leaf in enumerate(leaves)}, [leaf for leaf in leaves if leaf in known]
            records, rows = [known[leaf] for leaf in here], self.lines(f"runs/{run}/ledger.jsonl")
            ledger: dict[str, list[Any]] = {kind: [] for kind in ROWS}
            for row in (parse(line, "ledger.jsonl") for line in rows):
                ledger[row["kind"]].append(row)
            states = Counter(row["state"] for row in ledger["collection"])
            listings = {name: states[name] for name in ("complete", "off", "failed")}
            sealed = (seal["records"], seal["ledger"], seal["listings"])
            right = right and sealed == (merkle(leaves), merkle([*map(leaf_hash, rows)]), listings)
            self.need(right, f"{run}: records, ledger: have not the Merkle roots or listings that were sealed")
            # The data files: lists of them by group, which are files themselves.
            lists = {group: parse(files.get(name, b"{}"), name) for group, name in asked["content"].items()}
            content |= {*asked["content"].values()}.union(*(group.values() for group in lists.values()))
            people |= {item for name, item in lists["policies"].items() if name.startswith("waivers/")}
            # Verdicts are those of the records; of what is left out, those of the populations that are sealed.
            judged = Counter((record["check"]["id"], record["verdict"]) for record in records)
            populations = {row["check"]: {name: row[name] for name in VERDICTS} for row in ledger["population"]}
            checks = populations if criteria is None else carried(lists, files, criteria)
            of = {check: {name: judged[check, word] for name, word in VERDICTS.items()} for check in checks}
            right = all(populations.get(check) == row for check, row in of.items())
            count = {name: sum(judged[key] for key in judged if key[1] == word) for name, word in VERDICTS.items()}
            if criteria is not None:
                right = right and {check for check, _ in judged} <= checks
                count = {name: sum(row[name] for row in populations.values()) for name in VERDICTS}
                self.other += len(leaves) - len(here)
            count["waived"] = len(ledger["waiver"]) if criteria is None else seal["verdicts"]["waived"]
            right = right and count == seal["verdicts"] and (criteria is not None or here == leaves)
            self.need(right, f"{run}: records are missing, or not those that were counted")
            # Every body that the run names is there, and is that of its resource.
            related = set[str]().union(*(record.get("related", {}).values() for record in records))
            mine = related | {record["body"] for record in records if "body" in record}
            mine |= {row["body"] for row in ledger["resource"]} if criteria is None else set()
            mine = mine.union(*(bodies[digest] for digest in related if isinstance(bodies.get(digest), list)))
            needed |= mine
            resources = {key_of(row["scope"], row): row for row in ledger["resource"] if row["body"] in mine}
            right = all(key_of(bodies[row["body"]], bodies[row["body"]]) == key for key, row in resources.items())
            self.need(right, f"{run}: bodies.jsonl: a body is not that of the resource in the ledger")
            # Records stand in their order, each of the body of its resource, and judged by a check of the content.
            keys = [key_of(record["scope"], record["subject"], record["check"]["id"]) for record in records]
            right = all(one < other for one, other in pairwise(keys))
            waivers = {key_of(row["scope"], row["subject"], row["check"]): row["waiver"] for row in ledger["waiver"]}
            common, now = {"schema": 1, "run": run, "as_of": seal["as_of"], "sealed_at": entry["recorded_at"]}, {}
            for leaf, record, key in zip(here, records, keys, strict=True):
                check, row = record["check"], resources.get(key_of(record["scope"], record["subject"]))
                is_resource, waiver = record["subject"]["kind"] == "resource", waivers.get(key)
                right = right and (not is_resource or (row or {}).get("body", "") == record.get("body"))
                right = right and lists["checks"].get(check["id"]) == check["digest"]
                right = right and lists["parameters"].get(check["id"]) == record["parameters"]
                now[leaf] = waiver
                if leaf not in before or before[leaf] != waiver:
                    document = {**common, "record": record, "leaf": leaf.hex(), "index": place[leaf]}
                    document |= {"collected_at": row["collected_at"]} if row and is_resource else {}
                    evidence.append(canonical(document | ({} if waiver is None else {"waiver": waiver})))
            self.need(right, f"{run}: records.jsonl: out of order, or not of the body or check that was sealed")
            told, before = told | dict.fromkeys(here), now
            holders = records + [item["subject"] for item in records] + [*resources.values()]
            holders += [bodies[digest] for digest in mine if isinstance(bodies.get(digest), dict)]
            holders += [failure for row in ledger["reader"] for failure in row["failures"]]
            for key in ("private", "identity"):
                self.private |= {f"private/{holder[key]}.json" for holder in holders if key in holder}
        self.need(
            [*told] == [leaf for leaf, _ in read], "records.jsonl: not in the order of the runs, or more than theirs"
        )
        self.need(evidence == self.lines("evidence.jsonl"), "evidence.jsonl: not what records, ledgers and seals say")
        self.need([*map(sha256, packed)] == sorted(needed), "bodies.jsonl: holds not just the runs', in order")
        frozen = {
            entry["body"]["digest"]: entry["body"]["count"] for entry, _, _ in self.entries if "frames" in entry["body"]
        }
        right = all(len(parse(files[digest], digest)) == count for digest, count in frozen.items())
        self.need(right, "content/: a population is not as long as it was frozen")
        content = content - people if "people" in self.manifest["redacted"] else content
        shown = {f"checks/{check.replace('.', '/')}.yaml": digest for check, digest in lists["checks"].items()}
        own = {f"runs/{run}/{name}" for run in self.manifest["runs"] for name in ("leaves.txt", "ledger.jsonl")}
        self.check_members({f"content/{digest}" for digest in content | frozen.keys()} | own, shown)

    def check_members(self, wanted: set[str], shown: dict[str, str]) -> None:
        """Nothing is missing, and nothing is there that does not belong."""
        self.need(wanted | shown.keys() <= self.places.keys(), "content/, checks/: a member is missing")
        for name in self.places:
            right = name in wanted or name.startswith("chain/") or PAGES.fullmatch(name)
            right = right or name.partition(".")[0] in STEMS.split()
            if name in self.private and not self.manifest["redacted"]:
                held = parse(self.read(name), name)
                whole = sorted(held) == ["object", "salt"] and re.fullmatch("[0-9a-f]{64}", held["salt"])
                need(whole and isinstance(held["object"], dict), f"{name}: is no private object")
                right = name == f"private/{sha256(bytes.fromhex(held['salt']) + canonical(held['object']))}.json"
            right = right or shown.get(name) == self.facts[name]["digest"]
            self.need(right, f"{name}: does not belong to the bundle, or is not of its name")


def verify(file: BinaryIO, pins: Pinned | None, lenient: bool) -> tuple[list[str], list[str], str, Entries]:
    """Verify an open bundle. Returns problems, notes, the first line, and its chain."""
    bundle = Bundle(file, pins, lenient)
    bundle.read_chain()
    bundle.check_chain()
    seals = bundle.check_manifest()
    first = bundle.check_stamps(seals)
    bundle.check_runs(seals)
    erased, of = len(bundle.private - bundle.places.keys()), bundle.manifest["period"]
    bundle.need(not erased, f"{erased} private objects were left out or erased", bundle.notes)
    said = f"of {bundle.other} other records it holds the hashes alone: {bundle.manifest.get('criteria')}"
    bundle.need(not bundle.other, said, bundle.notes)
    bundle.notes.append(
        f"{len(seals)} runs of {seals[-1]['body']['asked']['organization']!r}, {of['from']} to {of['to']}"
    )
    return bundle.problems, bundle.notes, first, bundle.entries


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
            with bundle.open("rb") as file:
                problems, notes, first, chain = verify(file, pins, asked.allow_unanchored)
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
