"""Verifies a bundle of auditreel. One file, standard library and `cryptography`; shares no code with auditreel.

    python verify_bundle.py BUNDLE.zip [OTHER.zip] --key trust.json      (or a public key: PEM, or 32 bytes in base64)

Keys must come from elsewhere. Ends with 0 only if all verified, and two bundles agree; else with 5. --allow-unanchored
takes the key that the bundle claims, and notes time stamps that nobody pinned. Pages stand by the manifest's signature.
"""

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
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

NOT_ANCHORED = "NOT ANCHORED: the key's holder could have rewritten or removed this"
TOLERANCE, LATE, moment = timedelta(minutes=5), timedelta(days=7), datetime.fromisoformat
PAGES = r"[A-Z_a-z]+\.[a-z]+|chain/.*|(csv|pages|samples)/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+"
TYPES: dict[str, Any] = {"count": int, "place": int, "bool": bool, "object": dict}
ROWS = ("scope", "collection", "reader", "resource", "population", "waiver")
VERDICTS = {"passed": "pass", "failed": "fail", "unknown": "unknown", "not_applicable": "not_applicable"}
# Each kind of entry: the field in which it names others, their kind, and what it may say of each of them only once.
_ABOUT = """timestamp key intent///begun seal/intent/intent/ended abandon/intent/intent/ended population/frames/seal
nonce/population/population/drawn replacement/draw/nonce/replaced close/seals/seal response/first_bad/seal
compact/runs/seal/merged tombstone/runs/seal/removed accesses"""
ABOUT = {line.split("/")[0]: [*line.split("/")[1:], "", "", ""] for line in _ABOUT.split()}
# Each shape, its fields ("?": may be missing) and what they hold or are called: shape, pattern, [list], [some]+, {map}.
_SHAPES = """link sequence=place digest; tree count root=digest; fact digest size=count; window from,to=time; content
checks,controls,policies,schemas,parameters=digest; verdicts passed,failed,unknown,not_applicable,waived=count; listings
complete,off,failed=count; part first,last=place; span starts,ends=date timezone=text; entry schema=count store
sequence=place previous=digest|null kind=string recorded_at=time body=object; intent run kind=run_kind
trigger,organization,engine=string filters=object dependencies=digest started_at=time content boundary?=digest|null
witness?=text|null semantics?=place|null; seal intent=link asked=intent caller={string} source=string
as_of,ended_at=time verdicts listings records,ledger=tree files={fact} collected_until?=time|null
resumed_at?=[time]+|null; abandon intent=link run reason=string; timestamp of=link authority=text response=base64;
rotate action=string key=digest public_key=base64; revoke action=string key=digest since=place reason=text; population
query=text unit digest count frames=[link] check?,control?=text|null; nonce population=link nonce=text|null
internal=bool size?=place; replacement draw=link unit,by=string reason=digest; close period=span seals=[link]
inputs,open_failures=digest; compact runs=[link]+ findings,ledger=fact bodies?=fact|null; removed seal=link run verdicts
records,ledger=tree; tombstone rule=text runs=[removed]+ summaries=digest bodies?=fact|null; counts
passed,failed,unknown,not_applicable=count; summary run as_of=time waived=count checks,controls={counts}; response
failure,said=digest check=text subject=string first_bad=link; accesses log=text count digest; private object
salt=digest; manifest schema=count store runs=[run] left_out={string} period=window chain=part redacted=[string]
demonstration=bool members={fact} criteria?=[string]|null nights?=span|null"""
SHAPES = {line.split()[0]: line.split()[1:] for line in _SHAPES.split(";")}
_PATTERNS = r"""digest=[0-9a-f]{64} store=[0-9a-f]{32} run=[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8} date=[0-9]{4}(-[0-9]{2}){2}
time=[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?Z base64=[A-Za-z0-9+/]+={0,2} text=(?s:.{1,300})
string=(?s:.*) run_kind=scheduled|adhoc|gate|demo unit=items|nights|events"""
PATTERNS = dict(pair.split("=", 1) for pair in _PATTERNS.split())
# Object identifiers of RFC 3161, in hexadecimal: what a token is, and the algorithms that are accepted.
SIGNED_DATA, TST_INFO, TYPE, MESSAGE_DIGEST = ("2a864886f70d01" + end for end in ("0702", "09100104", "0903", "0904"))
SHA2 = {f"60864801650304020{n}": at for n, at in enumerate((hashes.SHA256(), hashes.SHA384(), hashes.SHA512()), 1)}
SIGNED_BY: dict[str, Any] = {f"2a864886f70d01010{'1bcd'[n]}": at for n, at in enumerate((None, *SHA2.values()))}
SIGNED_BY |= {f"2a8648ce3d04030{n}": found for n, found in enumerate(SHA2.values(), 2)}
Entries = list[tuple[Any, str, str]]


def need(right: Any, message: str, problems: list[str] | None = None) -> None:
    """Note a problem unless it is right; without a list to note it in, give up."""
    if not right and problems is None:
        raise ValueError(message)
    if problems is not None:
        problems += [] if right else [message]


def canonical(value: Any) -> bytes:
    """RFC 8785 for text, integers, booleans, null and ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(data: bytes, name: str) -> Any:
    """The value of canonical JSON without fractions; raises ValueError for any other bytes."""
    hooks: Any = {"parse_int": lambda text: int(text) if abs(int(text)) < 2**53 else None, "parse_float": int}
    hooks |= {"object_hook": lambda found: found if all(map(str.isascii, found)) else None, "parse_constant": int}
    need(canonical(value := json.loads(data, **hooks)) == data, f"{name}: not in canonical form")
    return value


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def merkle(leaves: list[str]) -> Any:
    """Count and root of the tree (RFC 6962, section 2.1) over leaves of which these are the hashes."""
    level = [*map(bytes.fromhex, leaves)] or [hashlib.sha256().digest()]
    while len(level) > 1:
        above = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = above + level[len(level) - len(level) % 2 :]
    return {"count": len(leaves), "root": level[0].hex()}


def unbase64(text: str) -> bytes:
    """Bytes of base64 in its one form."""
    need(base64.b64encode(base64.b64decode(text, validate=True)).decode() == text, "base64 with stray bits")
    return base64.b64decode(text)


def fits(value: Any, kind: str) -> bool:
    """Whether a value has the shape or pattern called `kind`, with no field more and none less."""
    if kind.endswith("|null"):
        return value is None or fits(value, kind[:-5])
    if kind[0] in "[{":
        held = value.values() if isinstance(value, dict) and kind[0] == "{" else value
        right = isinstance(value, list if kind[0] == "[" else dict) and len(value) >= (kind[-1] == "+")
        return right and all(fits(item, kind.strip("[{}]+")) for item in held)
    if kind in TYPES:
        return type(value) is TYPES[kind] and (kind == "object" or value >= (kind == "place"))
    if kind in PATTERNS:
        return isinstance(value, str) and re.fullmatch(PATTERNS[kind], value) is not None
    kinds = {name: part.split("=")[-1] for part in SHAPES[kind] for name in part.split("=")[0].split(",")}
    fields = {name.rstrip("?"): of for name, of in kinds.items()}
    known = isinstance(value, dict) and kinds.keys() & fields.keys() <= value.keys() <= fields.keys()
    return known and all(fits(value[name], fields[name]) for name in value)


class Pinned:
    """What the reader brings: a trust file, or a public key in PEM form or base64."""

    def __init__(self, data: bytes) -> None:
        if data.startswith(b"-----BEGIN"):
            key: Any = serialization.load_pem_public_key(data)
            data = base64.b64encode(key.public_bytes_raw())
        trust: Any = json.loads(data) if data.startswith(b"{") else {"keys": {"": data.decode()}}
        raw_keys, self.until = map(unbase64, trust["keys"].values()), trust.get("until", {})
        self.keys = {sha256(raw): ed25519.Ed25519PublicKey.from_public_bytes(raw) for raw in raw_keys}
        self.store, self.head = trust.get("store"), trust.get("head") or {"sequence": 0}
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
    inner, octets = der((parts := der(data))[2][1])
    ((wrapped, said, _),), ((form, signer, _),) = der(octets[2], 0xA0), der(parts[-1][2], 0x31)
    version, _, imprint, _, at, *_ = der(said, 0x30)
    algorithm, hashed = der(imprint[2], 0x30)
    _, _, by, attributes, how, signature, *_ = der(signer)
    pairs = (der(item[1]) for item in der(attributes[2], 0xA0))
    values = {key[1].hex(): [item[:2] for item in der(value[1])] for key, value in pairs}
    hasher, text = SHA2[der(by[1])[0][1].hex()], at[1].decode("ascii")
    granted, hashing = der(status[1])[0], der(algorithm[1])[0]
    tags = [*(item[0] for item in (granted, kind, inner, hashing, hashed, at)), data_tag, wrapped, form]
    right = tags == [2, 6, 6, 6, 4, 0x18, 0x30, 4, 0x30] and granted[1] in (b"\0", b"\1") and version[1] == b"\1"
    right = right and [item[1].hex() for item in (kind, inner, hashing)] == [SIGNED_DATA, TST_INFO, next(iter(SHA2))]
    right = right and hashed[1].hex() == digest and re.fullmatch(r"[0-9]{14}(\.[0-9]+)?Z", text) is not None
    right = right and [item[1].hex() for item in values[TYPE]] == [TST_INFO]
    right = right and values[MESSAGE_DIGEST] == [(4, hashlib.new(hasher.name, said).digest())]
    need(right, "a time stamp is about something else")
    when = moment(f"{text[:8]}T{text[8:14]}+00:00")
    message, used = b"\x31" + attributes[2][1:], SIGNED_BY[der(how[1])[0][1].hex()] or hasher
    for certificate in pins:
        key: Any = certificate.public_key()
        usage = [item for item in certificate.extensions if item.critical and item.oid == x509.ExtendedKeyUsage.oid]
        only = [x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.TIME_STAMPING])] == [item.value for item in usage]
        scheme = (padding.PKCS1v15(), used) if isinstance(key, rsa.RSAPublicKey) else (ec.ECDSA(used),)
        with suppress(Exception):
            key.verify(signature[1], message, *scheme)
            if only and certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
                return when
    raise ValueError("no certificate that is pinned, for time stamps alone and valid then, signed a time stamp")


def key_of(scope: Any, subject: Any, *more: str) -> tuple[str, ...]:
    """What joins a record, a ledger row and a body of one resource; with more, the place of a record."""
    name = subject.get("id") or subject.get("identity", "")
    kind = (subject["type"], name, subject["kind"]) if more else (subject["type"], "identity" in subject, name)
    return (scope["provider"], scope["account"], scope["region"], *more, *kind)


def agrees(kind: str, body: Any, named: Any, about: Any) -> bool:
    """Whether an entry, which names another so, repeats what that one says."""
    if kind == "tombstone":
        sealed = {**about["body"], "seal": named["seal"], "run": about["body"]["asked"]["run"]}
        return {**sealed, **named} == sealed
    asked = {"seal": about["body"], "abandon": {"run": about["body"].get("run")}}
    return kind not in asked or asked[kind] == body.get("asked", {"run": body.get("run")})


class Bundle:
    """A bundle that is being verified: what is wrong with it, and what its reader must know."""

    def __init__(self, file: BinaryIO, pins: Pinned | None, lenient: bool) -> None:
        """Read the archive, whose one form is: stored, sorted, without times, nothing before, between or after."""
        self.file, self.places, self.facts, self.problems = file, dict[str, int](), dict[str, Any](), list[str]()
        self.notes, listed, start, last, right = list[str](), b"", 0, b"", True
        while right and (head := file.read(30))[:4] == b"PK\3\4":
            code, size, length = struct.unpack("<14xI4xIH2x", head)
            name, common = file.read(length), struct.pack("<5H3I2H", 20, 0, 0, 0, 0x21, code, size, size, length, 0)
            self.places[name.decode("ascii")], data = file.tell(), file.read(size)
            self.facts[name.decode()] = {"digest": sha256(data), "size": len(data)}
            right = head == b"PK\3\4" + common and name > last and zlib.crc32(data) == code and len(data) == size
            listed += b"PK\1\2" + bytes([20, 3]) + common + struct.pack("<3H2I", 0, 0, 0, 0o100644 << 16, start) + name
            start, last = file.tell(), name
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(self.facts), len(self.facts), len(listed), start, 0)
        need(right and head + file.read(len(listed + end)) == listed + end, "the archive is not in the one form")
        self.unsure = self.notes if lenient else self.problems
        need(pins, "no pinned key: who signed this is the bundle's own claim", self.unsure)
        self.pins = pins or Pinned(canonical({"keys": parse(self._read("keys.json"), "keys.json")["claims"]}))
        self.manifest, self.entries = parse(self._read("manifest.json"), "manifest.json"), Entries()
        need(fits(self.manifest, "manifest") and self.manifest["schema"] == 2, "manifest.json: of an unknown form")
        self.read_chain()

    def _read(self, name: str) -> bytes:
        self.file.seek(self.places[name])
        return self.file.read(self.facts[name]["size"])

    def _lines(self, name: str) -> list[bytes]:
        *lines, rest = self._read(name).split(b"\n")
        need(not rest, f"{name}: its last line is cut")
        return lines

    def envelope(self, name: str, of: str) -> tuple[Any, str]:
        """What is signed in an envelope (DSSE v1), and the id of the key that signed it."""
        envelope, kind = parse(self._read(name), name), f"application/vnd.auditreel.{of}+json"
        (signature,), payload, body = envelope["signatures"], unbase64(envelope["payload"]), envelope.pop("body", ...)
        right = sorted(envelope) == ["payload", "payloadType", "signatures"] and envelope["payloadType"] == kind
        right = right and sorted(signature) == ["keyid", "sig"] and signature["keyid"] in self.pins.keys
        need(right, f"{name}: no envelope of its kind that is signed once, by a key that is pinned")
        message, said = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload), parse(payload, name)
        self.pins.keys[signature["keyid"]].verify(unbase64(signature["sig"]), message)
        if body is not ...:  # schema 2: what is signed names the body, which stands beside it, by digest and size
            fact = {"digest": sha256(beside := unbase64(body)), "size": len(beside)}
            need((of, said["schema"], said["body"]) == ("entry", 2, fact), f"{name}: another body than was signed")
            said |= {"schema": 1, "body": parse(beside, name)}
        return said, signature["keyid"]

    def read_chain(self) -> None:
        """The entries, oldest first: (entry, digest of its file, key). Changes of keys may stand before and after."""
        entries, came, pins, head = self.entries, set[str](), self.pins, self.pins.head
        for name in (name for name in self.places if name.startswith("chain/")):
            (entry, signer), digest = self.envelope(name, "entry"), self.facts[name]["digest"]
            need(fits(entry, "entry") and entry["schema"] == 1 and entry["kind"] in ABOUT, f"{name}: of unknown kind")
            sequence, body, key_change = entry["sequence"], entry["body"], entry["kind"] == "key"
            kind = body["action"] if key_change else entry["kind"]
            right = fits(body, kind) and name == f"chain/{sequence:020d}.json"
            right = right and entry["store"] == (pins.store or self.manifest["store"]) == self.manifest["store"]
            need(right, f"{name}: has other fields, or is the entry of another place or store")
            need(sequence <= pins.until.get(signer, sequence), f"{name}: by a replaced or withdrawn key, {signer}")
            if kind == "rotate":
                raw, key = unbase64(body["public_key"]), body["key"]
                right = len(raw) == 32 and sha256(raw) == key != signer and key not in came
                pins.keys[key], pins.until[signer] = ed25519.Ed25519PublicKey.from_public_bytes(raw), sequence
            elif kind == "revoke":
                right = body["key"] != signer and body["key"] in pins.keys and body["since"] <= sequence
                pins.until[body["key"]] = min(pins.until.get(body["key"], sequence), body["since"] - 1)
            need(right, f"{name}: a key that is not of its id, or was there before, or that it cannot withdraw")
            came |= {body["key"], signer} if key_change else set()
            before, link = (entries[-1][0]["sequence"], entries[-1][1]) if entries else (0, entry["previous"])
            apart = key_change or all(other["kind"] == "key" for other, _, _ in entries)
            follows = (sequence, entry["previous"]) == (before + 1, link) or (apart and sequence > before + 1)
            need(follows, f"{name}: does not follow the entry before it", self.problems)
            need(head["sequence"] != sequence or head["digest"] == digest, f"{name}: not as pinned", self.problems)
            entries.append((entry, digest, signer))
        self.first = next((entry["sequence"] for entry, _, _ in entries if entry["kind"] != "key"), 1)
        right = all(one["sequence"] <= pins.until.get(by, one["sequence"]) for one, _, by in entries)
        need(right, "chain: an entry is signed by a key that was withdrawn", self.problems)
        self.check_chain()

    def check_chain(self) -> None:
        """What entries say of others is about what is before them, agrees with it, and is said once where it must."""
        links, said, closed = dict[tuple[int, str], Any](), set[Any](), date.min
        for entry, digest, _ in self.entries:
            body, kind, (field, of, once, *_) = entry["body"], entry["kind"], ABOUT[entry["kind"]]
            named = body[field] if isinstance(body.get(field), list) else [body[field]] if field else []
            places = [(link["sequence"], link["digest"]) for link in (one.get("seal", one) for one in named)]
            here = [links.get(at) if links.get(at, {}).get("kind") == of else None for at in places]
            right = all(one or at[0] < self.first for one, at in zip(here, places, strict=True))
            right = right and all(agrees(kind, body, *pair) for pair in zip(named, here, strict=True) if pair[1])
            keys = [body["run"]] if kind == "intent" else places
            saying = {(once, key, body.get("unit")) for key in keys if once}
            right = right and said.isdisjoint(saying) and (not once or len(saying) == len(keys))
            right = right and (kind != "nonce" or (body["nonce"] is None) == body["internal"])
            if kind == "compact":
                right = right and len(places) <= 64 and said.isdisjoint(("removed", at, None) for at in places)
            elif kind == "close":
                starts, ends = (date.fromisoformat(body["period"][name]) for name in ("starts", "ends"))
                right = right and closed < starts <= ends and all(one[0] < other[0] for one, other in pairwise(places))
                closed = max(closed, ends)
            need(right, f"chain: {kind} {entry['sequence']} names what is not before it, or what was", self.problems)
            links[entry["sequence"], digest], said = entry, said | saying

    def check_manifest(self) -> list[Any]:
        """It is signed, lists the members, and names each seal of its part of the chain. Returns the runs' seals."""
        manifest, last, runs = self.manifest, self.entries[-1][0]["sequence"], self.manifest["runs"]
        first, end, nights = manifest["chain"]["first"], manifest["chain"]["last"], manifest.get("nights")
        said, signer = self.envelope("signature.json", "bundle")
        signed = {"manifest": self.facts["manifest.json"]["digest"], "sequence": last, "store": manifest["store"]}
        right = said == signed and last <= self.pins.until.get(signer, last)
        need(right, "manifest.json: is not the one that was signed, for this chain, by a key in force", self.problems)
        files = {name: self.facts[name] for name in self.facts.keys() - {"manifest.json", "signature.json"}}
        need(manifest["members"] == files, "manifest.json: does not list the members as they are", self.problems)
        inside = [entry for entry, _, _ in self.entries if first <= entry["sequence"] <= end]
        keys = sum(entry["kind"] == "key" and entry not in inside for entry, _, _ in self.entries)
        need(len(inside) == end - first + 1 == len(self.entries) - keys, "chain: is not the part that is declared")
        starts, ends = (moment(manifest["period"][name]) for name in ("from", "to"))
        early, head = moment(inside[-1]["recorded_at"]) < ends, self.pins.head["sequence"]
        right = (first == 1 or moment(inside[0]["recorded_at"]) <= starts) and head * early <= end
        need(right, "chain: begins after, or is cut off before the end of, the period that is declared", self.problems)
        need(not early or head, "tail not anchored: it ends before its period, and no head is pinned", self.unsure)
        seals, gone = [entry for entry in inside if entry["kind"] == "seal"], dict[str, str]()
        for one in (entry for entry in inside if entry["kind"] == "tombstone"):
            why = f"not retained: removed at {one['recorded_at']} by entry {one['sequence']} ({one['body']['rule']})"
            gone |= {run["run"]: why for run in one["body"]["runs"]}
        demo, right = manifest["demonstration"], starts <= ends and (nights or len(runs) == 1)
        for seal, asked in ((entry["body"], entry["body"]["asked"]) for entry in seals):
            here, why = asked["run"] in runs, manifest["left_out"].get(asked["run"])
            frame = asked["kind"] == "demo" if demo else seal["source"] == "live" and asked["kind"] in "scheduled adhoc"
            span = starts <= moment(seal["as_of"]) < ends and frame
            right = right and here == (why is None) == (span and asked["run"] not in gone if nights else here)
            right = right and (not nights or not span or why == gone.get(asked["run"], why))
            alone = not nights and here and manifest["period"] != {"from": asked["started_at"], "to": seal["ended_at"]}
            need(right and not alone, f"manifest.json: run {asked['run']} is held or left out wrongly", self.problems)
            need(why is None, f"run {asked['run']} is not in it: {why}", self.notes)
        mine = [entry for entry in seals if entry["body"]["asked"]["run"] in runs]
        named = [entry["body"]["asked"]["run"] for entry in mine], len(seals) - len(mine)
        need(mine and named == (runs, len(manifest["left_out"])), "manifest.json: names other runs than are sealed")
        demo = demo or any(entry["body"]["asked"]["kind"] == "demo" for entry in mine)
        need(not demo, "demonstration, not evidence", self.problems)
        self.notes.append(f"{len(mine)} runs of {mine[-1]['body']['asked']['organization']!r}")
        return mine

    def check_stamps(self, seals: list[Any]) -> str:
        """Time stamps verify and contradict no entry. Returns the first line: by whom the last seal is anchored."""
        links, anchors = {(e["sequence"], link) for e, link, _ in self.entries}, list[tuple[datetime, int, int, str]]()
        for entry in (entry for entry, _, _ in self.entries if entry["kind"] == "timestamp"):
            of, name, here = entry["body"]["of"], entry["body"]["authority"], entry["sequence"]
            right = (of["sequence"] < self.first or (of["sequence"], of["digest"]) in links) and of["sequence"] < here
            need(right, f"chain: entry {here} stamps no entry that stands before it", self.problems)
            if right and name not in self.pins.authorities:
                self.unsure.append(f"entry {here}: its time stamp is unverified: no certificate of {name} is pinned")
            elif right:
                at = stamped_at(unbase64(entry["body"]["response"]), of["digest"], self.pins.authorities[name])
                anchors.append((at, of["sequence"], here, name))
        for entry, _, _ in self.entries:
            said, here = moment(entry["recorded_at"]), entry["sequence"]
            wrong = any(here <= of and said > at + TOLERANCE for at, of, _, _ in anchors)
            wrong = wrong or any(here > stamp and said < at - TOLERANCE for at, _, stamp, _ in anchors)
            need(not wrong, f"chain: entry {here} says a time that a time stamp rules out", self.problems)
        for seal in seals:
            covering = sorted((at, name) for at, of, _, name in anchors if of >= seal["sequence"])
            soon = not self.pins.authorities or (covering and covering[0][0] - moment(seal["recorded_at"]) <= LATE)
            need(soon, f"not anchored: no time stamp within a week of entry {seal['sequence']}", self.unsure)
        return f"anchored to {covering[0][0]:%Y-%m-%dT%H:%M:%SZ} by {covering[0][1]}" if covering else NOT_ANCHORED

    def check_runs(self, seals: list[Any]) -> None:
        """Everything that the seals name is there, in order, and says the same; narrowed, all that failed."""
        known = {sha256(b"\0" + line): parse(line, "records.jsonl") for line in self._lines("records.jsonl")}
        keyed = {leaf: key_of(one["scope"], one["subject"], one["check"]["id"]) for leaf, one in known.items()}
        told, before, other, criteria = dict[str, None](), dict[str, Any](), 0, self.manifest.get("criteria")
        bodies = {sha256(line): parse(line, "bodies.jsonl") for line in self._lines("bodies.jsonl")}
        files = {name[8:]: self._read(name) for name in self.places if name.startswith("content/")}
        needed, evidence, content, lists = set[str](), list[bytes](), set[str](), dict[str, Any]()
        unnamed = {"controls", "policies"} if "people" in self.manifest["redacted"] else set[str]()
        for entry in seals:
            seal, asked, run = entry["body"], entry["body"]["asked"], entry["body"]["asked"]["run"]
            rows, leaves = (self._lines(f"runs/{run}/{name}") for name in ("ledger.jsonl", "leaves.txt"))
            hashes, ledger = [line.decode() for line in leaves], {kind: list[Any]() for kind in ROWS}
            here, place = [leaf for leaf in hashes if leaf in known], {leaf: index for index, leaf in enumerate(hashes)}
            records, of = [known[leaf] for leaf in here], Counter(known[leaf]["verdict"] for leaf in here)
            for row in (parse(line, "ledger.jsonl") for line in rows):
                ledger[row["kind"]].append(row)
            trees = merkle(hashes), merkle([sha256(b"\0" + row) for row in rows])
            right = Counter(row["state"] for row in ledger["collection"]) == Counter(seal["listings"])
            right = right and fits(hashes, "[digest]") and trees == (seal["records"], seal["ledger"])
            need(right, f"{run}: have not the Merkle roots or the listings that were sealed", self.problems)
            groups = {group: name for group, name in asked["content"].items() if group not in unnamed}
            lists = {group: parse(files[name], name) for group, name in groups.items()}
            content |= {*groups.values()}.union(*(group.values() for group in lists.values()))
            judged, populations = Counter((one["check"]["id"], one["verdict"]) for one in records), ledger["population"]
            whole = VERDICTS if criteria is None else {name: VERDICTS[name] for name in ("failed", "unknown")}
            right = all(row[name] == judged[row["check"], whole[name]] for row in populations for name in whole)
            right = right and all(of[word] == seal["verdicts"][name] for name, word in whole.items())
            right = right and (len(whole) < 4 or here == hashes) and seal["verdicts"]["waived"] == len(ledger["waiver"])
            need(right, f"{run}: records are missing, or not those that were counted", self.problems)
            other += len(hashes) - len(here)
            related = set[str]().union(*(record.get("related", {}).values() for record in records))
            mine = related | {record["body"] for record in records if "body" in record}
            mine |= {row["body"] for row in ledger["resource"]} if criteria is None else set()
            mine = mine.union(*(bodies[digest] for digest in related if isinstance(bodies[digest], list)))
            resources = {key_of(row["scope"], row): row for row in ledger["resource"] if row["body"] in mine}
            right = all(key_of(bodies[row["body"]], bodies[row["body"]]) == key for key, row in resources.items())
            right = right and all(one < other for one, other in pairwise(keyed[leaf] for leaf in here))
            waivers = {key_of(row["scope"], row["subject"], row["check"]): row["waiver"] for row in ledger["waiver"]}
            common, now = {"schema": 1, "run": run, "as_of": seal["as_of"], "sealed_at": entry["recorded_at"]}, {}
            for leaf, record in zip(here, records, strict=True):
                check, row = record["check"], resources.get(key_of(record["scope"], record["subject"]), {"body": ""})
                is_resource, now[leaf] = record["subject"]["kind"] == "resource", waivers.get(keyed[leaf])
                right = right and (not is_resource or row["body"] == record.get("body"))
                known_as = lists["checks"].get(check["id"]), lists["parameters"].get(check["id"])
                right = right and known_as == (check["digest"], record["parameters"])
                if leaf not in before or before[leaf] != now[leaf]:
                    document = {**common, "record": record, "leaf": leaf, "index": place[leaf]}
                    document |= {"collected_at": row.get("collected_at")} if is_resource else {}
                    evidence.append(canonical(document | ({"waiver": now[leaf]} if now[leaf] is not None else {})))
            need(right, f"{run}: records: out of order, or not of the body or check that was sealed", self.problems)
            told, before, needed = told | dict.fromkeys(here), now, needed | mine
        right = [*told] == [sha256(b"\0" + line) for line in self._lines("records.jsonl")]
        right = right and evidence == self._lines("evidence.jsonl")
        right = right and [*map(sha256, self._lines("bodies.jsonl"))] == sorted(needed)
        need(not other, f"of {criteria} and all failures; of {other} records the hashes alone", self.notes)
        frozen = [one["body"] for one, _, _ in self.entries if one["kind"] == "population"]
        right = right and all(len(parse(files[one["digest"]], one["query"])) == one["count"] for one in frozen)
        for one in (entry["body"] for entry, _, _ in self.entries if entry["kind"] == "tombstone"):
            found, content = parse(files[one["summaries"]], "summaries"), content | {one["summaries"]}
            sums = [{name: sum(by[name] for by in each["checks"].values()) for name in VERDICTS} for each in found]
            said = [(each["run"], {**total, "waived": each["waived"]}) for each, total in zip(found, sums, strict=True)]
            right = right and fits(found, "[summary]") and said == [(it["run"], it["verdicts"]) for it in one["runs"]]
        need(right, "records, bodies, evidence .jsonl, content: not what runs and populations have", self.problems)
        wanted = {f"checks/{check.replace('.', '/')}.yaml": digest for check, digest in lists["checks"].items()}
        wanted |= {f"content/{digest}": digest for digest in content | {one["digest"] for one in frozen}}
        need(wanted.keys() <= self.facts.keys(), "content/, checks/: a member is missing", self.problems)
        own = {f"runs/{run}/{name}" for run in self.manifest["runs"] for name in ("leaves.txt", "ledger.jsonl")}
        for name, fact in self.facts.items():
            right = name in own or wanted.get(name) == fact["digest"] or re.fullmatch(PAGES, name) is not None
            if name.startswith("private/") and not self.manifest["redacted"]:
                held = parse(self._read(name), name)
                hidden = sha256(bytes.fromhex(held["salt"]) + canonical(held["object"]))
                right = fits(held, "private") and name == f"private/{hidden}.json"
            need(right, f"{name}: does not belong to the bundle, or is not of its name", self.problems)


def verify(file: BinaryIO, pins: Pinned | None, lenient: bool) -> tuple[list[str], list[str], str, Entries]:
    """Verify an open bundle. Returns problems, notes, the first line, and its chain."""
    bundle = Bundle(file, pins, lenient)
    bundle.check_runs(seals := bundle.check_manifest())
    return bundle.problems, bundle.notes, bundle.check_stamps(seals), bundle.entries


def check_split(one: Entries, other: Entries) -> list[str]:
    """Two chains of one store must be the same where both reach, and one must reach the other."""
    first, second = ({entry["sequence"]: (entry["previous"], link) for entry, link, _ in some} for some in (one, other))
    pairs = [(a[at][1], b[at + 1][0]) for a, b in ((first, second), (second, first)) for at in a if at + 1 in b]
    same = [(first[at], second[at]) for at in first if at in second]
    if any(a != b for a, b in (*pairs, *same)):
        return ["split view: the two hold different entries in one place"]
    return [] if pairs or same else ["could not be compared: the two share no entry, nor does one follow the other"]


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", type=Path, nargs="+", help="one to verify; two to compare as well")
    parser.add_argument("--key", help="trust file, public key in PEM form, or 32 bytes in base64")
    parser.add_argument("--allow-unanchored", action="store_true", help="accept what only the bundle itself claims")
    asked, out, chains = parser.parse_args(arguments), list[str](), list[Entries]()
    for bundle in asked.bundles:
        try:
            given = asked.key and (Path(asked.key).read_bytes() if Path(asked.key).is_file() else asked.key.encode())
            pins = Pinned(given.strip()) if given else None
        except Exception as error:
            parser.error(f"--key {asked.key}: not usable: {error}")
        try:
            with bundle.open("rb") as file:
                problems, notes, first, chain = verify(file, pins, asked.allow_unanchored)
            out += [first, *(f"problem: {text}" for text in problems), *(f"note: {text}" for text in notes)]
            chains.append(chain)
        except Exception as error:
            out += [NOT_ANCHORED, f"problem: could not be verified: {error!r}"]
    if len(asked.bundles) > 1:
        out += [f"problem: {text}" for text in (check_split(*chains) if len(chains) == 2 else ["not compared"])]
    failed = any(line.startswith("problem: ") for line in out)
    for line in [*out, "DOES NOT VERIFY" if failed else "verified"]:
        print(line if line.isascii() and line.isprintable() else ascii(line)[1:-1])  # noqa: T201
    return 5 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
