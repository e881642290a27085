"""The tamper corpus: 64 classes in 8 families, each a function that mutates a store or a bundle at random.

A class says which words must name what was done (``says``), and each instance where (``at``). ``reaches`` says what it
is done to; what is done to a bundle must be found by both verifiers. Where nothing is said of the attacker, it holds no
key and mends whatever is not signed; "with the key" holds every key that ever signed.
"""

from __future__ import annotations

import base64
import io
import json
import random
import re
import shutil
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from engine.evidence import canonical, dsse
from engine.evidence.archive import archive
from engine.evidence.layout import Layout
from engine.evidence.trust import Trust
from tests.tampering.world import (
    OTHER_ACCOUNT,
    Document,
    Envelope,
    Item,
    Package,
    World,
    another_authority,
    rechained,
    replaced,
    signed,
)
from tests.unit.evidence.authority import authority

Chance = random.Random
Made = Literal["store", "bundle", "pair"]


@dataclass(frozen=True, slots=True)
class Tampered:
    """What an attacker hands over: a store, or one bundle, or two. ``at`` must be found in where it is said to be."""

    at: str
    trust: Trust
    store: Path | None = None
    bundles: tuple[bytes, ...] = ()


Mutate = Callable[[World, Chance], Tampered]


@dataclass(frozen=True, slots=True)
class Class:
    """A way to tamper. ``says`` is a pattern that names it in what a verifier says."""

    family: str
    name: str
    reaches: Made
    says: str
    mutate: Mutate


CLASSES: Final[dict[str, Class]] = {}


def tampering(family: str, name: str, reaches: Made, says: str) -> Callable[[Mutate], Mutate]:
    """Register a class."""

    def registered(mutate: Mutate) -> Mutate:
        assert name not in CLASSES, name
        CLASSES[name] = Class(family, name, reaches, says, mutate)
        return mutate

    return registered


ROOT: Final = "Merkle root"
CHAIN: Final = "chain"
SIGNATURE: Final = "signature does not verify"


# --- the ways of the two attackers ---


def bundle_of(world: World, chance: Chance, which: int | None = None) -> Package:
    return Package(world.bundles[chance.randrange(3) if which is None else which], world.word)


def done(world: World, package: Package, at: str, keep: frozenset[str] = frozenset()) -> Tampered:
    return Tampered(at, world.auditor, bundles=(package.packed(keep),))


def changed_store(world: World, change: Callable[[Path], str], trust: Trust | None = None) -> Tampered:
    store = world.copy()
    return Tampered(change(store), trust or world.owner, store=store)


def rewritten(
    world: World, change: Callable[[list[Item]], str], trust: Trust | None = None, sealed: bool = True
) -> Tampered:
    """A store whose chain was written anew with the key."""

    def apply(store: Path) -> str:
        items: list[Item] = list(world.envelopes(store))
        at = change(items)
        replaced(store, rechained(items, world.keys))
        return at

    return changed_store(world, apply, trust or world.auditor)


def rewritten_bundle(world: World, package: Package, change: Callable[[list[Item]], str]) -> Tampered:
    """A bundle whose chain was written anew with the key."""
    items: list[Item] = list(package.envelopes())
    at = change(items)
    package.chained(rechained(items, world.keys, renumber=False))
    return done(world, package, at)


def say(world: World, item: Item, change: Callable[[Document], object]) -> Item:
    """An entry that says something else, signed with the same key."""
    assert isinstance(item, Envelope)
    payload = item.payload
    change(payload)
    return (payload, world.keys[item.signer], item.link)


def kinds(items: list[Item], kind: str) -> list[int]:
    return [index for index, item in enumerate(items) if isinstance(item, Envelope) and item.payload["kind"] == kind]


def further(world: World, items: list[Item], kind: str, body: Document, **changes: Any) -> None:
    """One more entry at the end of a chain, with the last key."""
    last = items[-1]
    assert isinstance(last, Envelope)
    payload = last.payload | {"kind": kind, "body": body} | {"sequence": last.payload["sequence"] + 1} | changes
    items.append((payload, world.keys[last.signer]))


def entry_at(sequence: int) -> str:
    return rf"chain/{sequence:020d}\.json|chain entry {sequence}|chain: entry {sequence}"


def pick(chance: Chance, found: list[Any]) -> Any:
    assert found, "the world has nothing to tamper with in this way"
    return chance.choice(found)


def edited_lines(
    world: World,
    chance: Chance,
    name: str,
    change: Callable[[bytes], bytes | None],
) -> Tampered:
    """One line of a member in another form, where ``change`` gives one; everything else agrees."""
    package = bundle_of(world, chance)
    name = next(member for member in package.members if member.endswith(name))
    lines = package.members[name].splitlines()
    able = [index for index, line in enumerate(lines) if change(line) not in (None, line)]
    index = pick(chance, able)
    lines[index] = change(lines[index]) or b""
    package.members[name] = b"".join(line + b"\n" for line in lines)
    return done(world, package, re.escape(name), frozenset({name}))


def swapped_content(
    world: World, chance: Chance, group: str, change: Callable[[bytes], bytes], wanted: str = ""
) -> Tampered:
    """A data file with other bytes under the old name."""
    package = bundle_of(world, chance)
    digest = package.seal["body"]["asked"]["content"][group]
    listed = json.loads(package.members[f"content/{digest}"])
    name = f"content/{pick(chance, [value for key, value in sorted(listed.items()) if wanted in key])}"
    before = package.members[name]
    package.members[name] = change(before)
    assert package.members[name] != before
    return done(world, package, re.escape(name) + "|content")


# --- content ---


@tampering("content", "bit flip", "store", "digest|does not verify|bytes|not the private object|canonical")
def bit_flip(world: World, chance: Chance) -> Tampered:
    def change(store: Path) -> str:
        files = sorted(path for path in store.rglob("*") if path.is_file())
        path = pick(chance, files)
        data = bytearray(path.read_bytes())
        position = chance.randrange(len(data) * 8)
        data[position // 8] ^= 1 << position % 8
        path.write_bytes(data)
        return re.escape(path.relative_to(store).as_posix())

    return changed_store(world, change)


@tampering("content", "field edit", "bundle", ROOT)
def field_edit(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    record = pick(chance, [record for record in package.records if "message" in record])
    record["message"] = f"made up {chance.random()}"
    return done(world, package, r"records\.jsonl")


@tampering("content", "number format", "bundle", "canonical|integer|no JSON")
def number_format(world: World, chance: Chance) -> Tampered:
    form = chance.choice([rb"\g<1>.0", rb"\g<1>e0", rb"0\g<1>", rb"\g<1>.", rb"+\g<1>"])
    return edited_lines(
        world, chance, "ledger.jsonl", lambda line: re.sub(rb"(?<=:)(\d+)(?=[,}])", form, line, count=1)
    )


@tampering("content", "Unicode look-alike", "bundle", f"{ROOT}|not in their order|body")
def look_alike(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    record = pick(chance, [record for record in package.records if "a" in record["subject"].get("id", "")])
    record["subject"]["id"] = record["subject"]["id"].replace("a", "\N{CYRILLIC SMALL LETTER A}", chance.randint(1, 3))
    return done(world, package, r"records\.jsonl")


@tampering("content", "key reorder with changed meaning", "bundle", "canonical")
def key_reorder(world: World, chance: Chance) -> Tampered:
    words = [b"pass", b"not_applicable", b"unknown"]

    def twice(line: bytes) -> bytes:
        return line[:-1] + b',"verdict":"' + word + b'"}' if b'"verdict":"fail"' in line else line

    word = chance.choice(words)
    return edited_lines(world, chance, "records.jsonl", twice)


@tampering("content", "white space", "bundle", "canonical")
def white_space(world: World, chance: Chance) -> Tampered:
    name = chance.choice(["records.jsonl", "ledger.jsonl", "bodies.jsonl"])
    space = chance.choice([b" ", b"\t", b"\r"])
    return edited_lines(world, chance, name, lambda line: line.replace(b",", b"," + space, 1))


@tampering("content", "body exchanged", "bundle", "bodies|body")
def body_exchanged(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    lines = package.members["bodies.jsonl"].splitlines()
    one = pick(chance, [index for index, line in enumerate(lines) if b"encryption_algorithm" in line])
    body = json.loads(lines[one])
    body["properties"]["encryption_algorithm"] = f"made-up-{chance.random()}"
    lines[one] = canonical.encode(body)
    package.members["bodies.jsonl"] = b"".join(line + b"\n" for line in lines)
    return done(world, package, r"bodies\.jsonl|records\.jsonl, ledger\.jsonl")


# --- order and time ---


@tampering("order and time", "records swapped", "bundle", f"order|{ROOT}")
def records_swapped(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    one, other = chance.sample(range(len(package.records)), 2)
    package.records[one], package.records[other] = package.records[other], package.records[one]
    return done(world, package, r"records\.jsonl")


@tampering("order and time", "run backdated, with the key", "store", "backdated|time stamp")
def backdated(world: World, chance: Chance) -> Tampered:
    def change(items: list[Item]) -> str:
        index = pick(chance, kinds(items, "intent")[1:])
        day = f"2026-11-{chance.randint(1, 22):02d}"

        def earlier(payload: Document) -> None:
            payload["recorded_at"] = payload["body"]["started_at"] = f"{day}T02:00:00Z"

        items[index] = say(world, items[index], earlier)
        body = items[index][0]["body"]  # type: ignore[index]
        items[index + 1] = say(world, items[index + 1], lambda payload: payload["body"].update(asked=body))
        return entry_at(index + 1)

    return rewritten(world, change)


@tampering("order and time", "clock rolled back, with the key", "bundle", "time stamp")
def rolled_back(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance, 2)

    def change(items: list[Item]) -> str:
        index = pick(chance, [index for index, item in enumerate(items) if item.payload["kind"] != "timestamp"][1:])  # type: ignore[union-attr]
        later = f"2027-{chance.randint(1, 12):02d}-01T00:00:00Z"
        items[index] = say(world, items[index], lambda payload: payload.update(recorded_at=later))
        return r"chain"

    return rewritten_bundle(world, package, change)


@tampering("order and time", "time zone shifted", "bundle", "evidence|says together")
def zone_shifted(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    package.packed()
    lines = package.members["evidence.jsonl"].splitlines()
    index = chance.randrange(len(lines))
    zone = f"{chance.choice('+-')}{chance.randint(1, 12):02d}:00"
    lines[index] = re.sub(rb"Z\"", f'{zone}"'.encode(), lines[index], count=chance.randint(1, 2))
    package.members["evidence.jsonl"] = b"".join(line + b"\n" for line in lines)
    return done(world, package, r"evidence\.jsonl", frozenset({"evidence.jsonl"}))


@tampering("order and time", "record twice", "bundle", f"order|{ROOT}")
def record_twice(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    index = chance.randrange(len(package.records))
    package.records.insert(index, package.records[index])
    return done(world, package, r"records\.jsonl")


@tampering("order and time", "replay from another organisation", "store", "another store|not pinned")
def replay_of_others(world: World, chance: Chance) -> Tampered:
    def change(store: Path) -> str:
        sequence = chance.randint(1, 2)
        shutil.copy(Layout(world.foreign).entry(sequence), Layout(store).entry(sequence))
        return entry_at(sequence)

    return changed_store(world, change)


@tampering("order and time", "entries swapped", "store", "it is entry")
def entries_swapped(world: World, chance: Chance) -> Tampered:
    def change(store: Path) -> str:
        one, other = (Layout(store).entry(number) for number in chance.sample(range(1, 14), 2))
        first = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(first)
        return re.escape(f"chain/{one.name}")

    return changed_store(world, change)


@tampering("order and time", "an old run sealed again, with the key", "store", "a second time")
def sealed_again(world: World, chance: Chance) -> Tampered:
    def change(items: list[Item]) -> str:
        index = pick(chance, kinds(items, "seal"))
        payload = items[index].payload  # type: ignore[union-attr]
        further(world, items, "seal", payload["body"], recorded_at="2026-11-26T02:03:20Z")
        return entry_at(len(items))

    return rewritten(world, change)


@tampering("order and time", "time stamp moved to another entry, with the key", "bundle", "time stamp")
def stamp_moved(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)

    def change(items: list[Item]) -> str:
        (index,) = kinds(items, "timestamp")
        link = pick(chance, [item.link for item in items[: index - 1] if item.payload["kind"] != "key"])  # type: ignore[union-attr]
        items[index] = say(world, items[index], lambda payload: payload["body"].update(of=link))
        return "chain"

    return rewritten_bundle(world, package, change)


# --- omission ---


def without(world: World, package: Package, gone: Callable[[Document], bool]) -> Tampered:
    """Records and ledger rows left out, and all counts of them mended."""
    package.records = [record for record in package.records if not gone(record)]
    package.ledger = [row for row in package.ledger if "scope" not in row or not gone(row)]
    package.recounted()
    return done(world, package, r"records\.jsonl|ledger\.jsonl")


@tampering("omission", "record left out", "bundle", ROOT)
def record_left_out(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    failed = [record for record in package.records if record["verdict"] == "fail"] or package.records
    victim = pick(chance, failed)
    return without(world, package, lambda row: row is victim)


@tampering("omission", "night left out", "store", "missing|digest of the entry before|cut off")
def night_left_out(world: World, chance: Chance) -> Tampered:
    def change(store: Path) -> str:
        run, entries = pick(chance, [(world.runs[0], (1, 2)), (world.runs[1], (5, 6)), (world.runs[2], (8, 9))])
        shutil.rmtree(store / "runs" / run)
        (store / "bodies" / f"{run}.parquet").unlink(missing_ok=True)
        for sequence in entries:
            Layout(store).entry(sequence).unlink()
        return entry_at(entries[-1] + 1)

    return changed_store(world, change)


@tampering("omission", "region left out", "bundle", ROOT)
def region_left_out(world: World, chance: Chance) -> Tampered:
    region = chance.choice(["eu-west-1", "global"])
    return without(world, bundle_of(world, chance), lambda row: row["scope"]["region"] == region)


@tampering("omission", "account left out", "bundle", ROOT)
def account_left_out(world: World, chance: Chance) -> Tampered:
    account = chance.choice([OTHER_ACCOUNT, "123456789012"])
    return without(world, bundle_of(world, chance), lambda row: row["scope"]["account"] == account)


@tampering("omission", "tail cut off", "store", "cut off")
def tail_cut(world: World, chance: Chance) -> Tampered:
    def change(store: Path) -> str:
        kept = chance.randint(1, 12)
        for sequence in range(kept + 1, 14):
            Layout(store).entry(sequence).unlink()
        return entry_at(13)

    return changed_store(world, change)


@tampering("omission", "whole log cut off", "store", "cut off")
def all_cut(world: World, chance: Chance) -> Tampered:
    def change(store: Path) -> str:
        for sequence in range(1, 14):
            Layout(store).entry(sequence).unlink()
        if chance.random() < 0.5:
            shutil.rmtree(store / "runs")
            (store / "runs").mkdir()
        return entry_at(13)

    return changed_store(world, change)


@tampering("omission", "tombstone in the place of a run, with the key", "store", "does not repeat what was sealed|kind")
def tombstone(world: World, chance: Chance) -> Tampered:
    """A run's files are gone, and what stands in their place tells less of it than its seal."""

    def change(store: Path) -> str:
        items: list[Item] = list(world.envelopes(store))
        sealed = items[pick(chance, kinds(items, "seal"))]
        assert isinstance(sealed, Envelope)
        seal = sealed.payload["body"]
        run = {
            "seal": sealed.link,
            "run": seal["asked"]["run"],
            **{name: dict(seal[name]) for name in ("verdicts", "records", "ledger")},
        }
        kind = chance.choice(["tombstone", "tombstone", "tombstone", "rumour"])
        part, name = chance.choice([("verdicts", "failed"), ("records", "count"), ("ledger", "count")])
        run[part][name] += 1 if part == "verdicts" else -1
        further(
            world,
            items,
            kind,
            {"rule": "retention of 90 days", "runs": [run], "summaries": seal["asked"]["content"]["checks"]},
        )
        shutil.rmtree(store / "runs" / run["run"])
        replaced(store, rechained(items, world.keys))
        return entry_at(len(items))

    return changed_store(world, change, world.auditor)


@tampering("omission", "denials left out of the ledger", "bundle", ROOT)
def denials_left_out(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    row = pick(chance, [row for row in package.ledger if row.get("failures")])
    row["failures"] = []
    package.ledger.sort(key=canonical.encode)
    return done(world, package, r"ledger\.jsonl")


@tampering("omission", "data file left out", "bundle", "missing")
def content_left_out(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    name = pick(chance, sorted(name for name in package.members if name.startswith("content/")))
    del package.members[name]
    return done(world, package, re.escape(name))


@tampering("omission", "tail cut off where no head is pinned", "store", "tail not anchored")
def open_tail(world: World, chance: Chance) -> Tampered:
    def change(store: Path) -> str:
        kept = pick(chance, [2, 5, 6, 9, 10, 11, 12])
        for sequence in range(kept + 1, 14):
            Layout(store).entry(sequence).unlink()
        return "tail"

    return changed_store(world, change, world.auditor)


@tampering(
    "omission", "shopped run left out, with the key", "store", "not the entry that was pinned|cut off|time stamp"
)
def shopped(world: World, chance: Chance) -> Tampered:
    def change(items: list[Item]) -> str:
        index = pick(chance, kinds(items, "intent"))
        del items[index : index + 2]
        return "chain"

    return rewritten(world, change, chance.choice([world.owner, world.auditor]))


# --- identity ---


def resigned(world: World, package: Package, sign: Callable[[bytes, int], bytes]) -> None:
    """Every entry of a bundle in an envelope of the attacker's."""
    package.chained(sign(item.data, index) for index, item in enumerate(package.envelopes()))


def envelope(data: bytes, **changes: Any) -> bytes:
    return canonical.encode(json.loads(data) | changes)


@tampering("identity", "key swapped", "bundle", "not pinned")
def key_swapped(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    resigned(world, package, lambda data, _: dsse.seal(canonical.encode(Envelope(data).payload), world.stranger))
    return done(world, package, CHAIN)


@tampering("identity", "key added inside the package", "bundle", "not pinned")
def key_added(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    claims = json.loads(package.members["keys.json"])
    claims["claims"][world.stranger.key_id] = base64.b64encode(world.stranger.public).decode()
    package.members["keys.json"] = canonical.encode(claims)
    package.resealed(dict.fromkeys(world.keys, world.stranger))
    return done(world, package, CHAIN)


@tampering("identity", "signature stripped", "bundle", "signature")
def signature_stripped(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    victim = chance.randrange(len(package.envelopes()))
    empty = chance.choice([{"signatures": []}, {"signatures": None}, {}])

    def strip(data: bytes, index: int) -> bytes:
        if index != victim:
            return data
        plain = json.loads(data)
        del plain["signatures"]
        return canonical.encode(plain | empty)

    chain = package.envelopes()
    package.chained([])
    for index, item in enumerate(chain):
        package.members[f"chain/{item.payload['sequence']:020d}.json"] = strip(item.data, index)
    return Tampered(CHAIN, world.auditor, bundles=(_mended(package, world, chance),))


def _mended(package: Package, world: World, chance: Chance) -> bytes:
    """A bundle whose chain cannot be read by its own maker: only the manifest's list of members is mended."""
    last = max(name for name in package.members if name.startswith("chain/"))
    signed(package.members, json.loads(package.members["manifest.json"]), int(last[6:26]), package.word)
    return archive(package.members)


@tampering("identity", "algorithm downgraded", "bundle", "signature|payload type|envelope")
def downgraded(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    how = chance.choice(["none", "hmac", "type"])

    def weaken(data: bytes, _: int) -> bytes:
        plain = json.loads(data)
        if how == "type":
            return envelope(data, payloadType=plain["payloadType"] + "; alg=none")
        key_id = plain["signatures"][0]["keyid"]
        signature = b"" if how == "none" else world.stranger.sign(world.auditor.store.encode())[:32]
        return envelope(data, signatures=[{"keyid": key_id, "sig": base64.b64encode(signature).decode()}])

    resigned(world, package, weaken)
    return Tampered(CHAIN, world.auditor, bundles=(_mended(package, world, chance),))


@tampering("identity", "key ids confused", "bundle", SIGNATURE)
def ids_confused(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)

    def pretend(data: bytes, _: int) -> bytes:
        forged = json.loads(dsse.seal(canonical.encode(Envelope(data).payload), world.stranger))
        forged["signatures"][0]["keyid"] = Envelope(data).signer
        return canonical.encode(forged)

    resigned(world, package, pretend)
    return done(world, package, CHAIN)


@tampering("identity", "second signature", "bundle", "signature")
def second_signature(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)

    def doubled(data: bytes, _: int) -> bytes:
        signatures = json.loads(data)["signatures"]
        forged = json.loads(dsse.seal(canonical.encode(Envelope(data).payload), world.stranger))["signatures"]
        return envelope(data, signatures=chance.choice([[*forged, *signatures], [*signatures, *forged]]))

    resigned(world, package, doubled)
    return Tampered(CHAIN, world.auditor, bundles=(_mended(package, world, chance),))


@tampering("identity", "key that no key vouched for", "bundle", "not pinned|was there before|not the one of its id")
def self_made_rotation(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance, chance.choice([1, 2]))
    raw = base64.b64encode(world.stranger.public).decode()
    honest = chance.random() < 0.5

    def foreign(data: bytes, index: int) -> bytes:
        payload = Envelope(data).payload
        if index == 0 and not honest:  # a key under the id of the one that the chain brings
            payload["body"]["public_key"] = raw
            return dsse.seal(canonical.encode(payload), world.keys[Envelope(data).signer])
        if index == 0:
            payload["body"] |= {"public_key": raw, "key": world.stranger.key_id}
        return dsse.seal(canonical.encode(payload), world.stranger)

    resigned(world, package, foreign)
    return done(world, package, CHAIN)


@tampering("identity", "replaced key signs on", "bundle", "replaced")
def old_key(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance, chance.choice([1, 2]))
    first = world.keys[next(iter(world.auditor.keys))]
    package.resealed(world.keys)
    items = package.envelopes()
    cut = chance.randrange(1, len(items))
    mixed: list[Item] = [item if index < cut else (item.payload, first, item.link) for index, item in enumerate(items)]
    package.chained(rechained(mixed, world.keys, renumber=False))
    return done(world, package, CHAIN)


@tampering("identity", "withdrawn key", "store", "withdrawn")
def withdrawn_key(world: World, chance: Chance) -> Tampered:
    def change(items: list[Item]) -> str:
        old = next(iter(world.auditor.keys))
        since = chance.randint(1, 4)
        further(world, items, "key", {"action": "revoke", "key": old, "since": since, "reason": "stolen"})
        return entry_at(since)

    return rewritten(world, change)


@tampering("identity", "another authority under the pinned name, with the key", "bundle", "vouches|signature")
def authority_swapped(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    other = another_authority()

    def change(items: list[Item]) -> str:
        (index,) = kinds(items, "timestamp")
        of = items[index].payload["body"]["of"]  # type: ignore[union-attr]
        response = other.response(of["digest"], f"2026-11-2{chance.randint(3, 5)}T03:05:00Z")
        items[index] = say(world, items[index], lambda payload: payload["body"].update(response=response))
        return CHAIN

    return rewritten_bundle(world, package, change)


# --- logic ---


@tampering("logic", "check swapped", "bundle", "bytes|content")
def check_swapped(world: World, chance: Chance) -> Tampered:
    return swapped_content(world, chance, "checks", lambda data: data + b"expression: true\n")


@tampering("logic", "parameter edited", "bundle", "bytes|content")
def parameter_edited(world: World, chance: Chance) -> Tampered:
    weaker = canonical.encode({"approved": ["aws:kms", f"none-{chance.random()}"]})
    return swapped_content(world, chance, "parameters", lambda data: weaker)


@tampering("logic", "engine swapped", "bundle", SIGNATURE)
def engine_swapped(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    version = f"9.{chance.randrange(100)}.0"

    def forged(data: bytes, _: int) -> bytes:
        payload = Envelope(data).payload
        for place in (payload["body"], payload["body"].get("asked", {})):
            if "engine" in place:
                place["engine"] = version
        return envelope(data, payload=base64.b64encode(canonical.encode(payload)).decode())

    resigned(world, package, forged)
    return done(world, package, CHAIN)


@tampering("logic", "control text edited", "bundle", "bytes|content")
def control_edited(world: World, chance: Chance) -> Tampered:
    return swapped_content(world, chance, "controls", lambda data: data.replace(b"...", f"{chance.random()}".encode()))


@tampering("logic", "criteria retagged", "bundle", "bytes|content")
def retagged(world: World, chance: Chance) -> Tampered:
    tag = f"criteria: [CC{chance.randint(1, 9)}.1]\n".encode()
    return swapped_content(world, chance, "checks", lambda data: tag + data)


@tampering("logic", "check version lowered", "bundle", ROOT)
def version_lowered(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    pick(chance, package.records)["check"]["version"] = chance.choice([0, 2, 17])
    return done(world, package, r"records\.jsonl")


@tampering("logic", "seal asks otherwise than its intent, with the key", "bundle", "repeat")
def asked_otherwise(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    filters = {"criteria": [f"CC{chance.randint(1, 9)}"]}
    package.resealed(world.keys, lambda body: body["asked"].update(filters=filters))
    return done(world, package, CHAIN)


# --- population ---


def population(package: Package, chance: Chance) -> Document:
    found: Document = pick(chance, [row for row in package.ledger if row["kind"] == "population" and row["listed"] > 1])
    return found


@tampering("population", "population shrunk", "bundle", f"{ROOT}|population")
def shrunk(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    row = population(package, chance)
    for name in ("failed", "unknown"):
        row["listed"] -= row[name]
        row[name] = 0
    row["listed"] -= 1
    package.ledger.sort(key=canonical.encode)
    return done(world, package, r"ledger\.jsonl")


@tampering("population", "population padded", "bundle", f"{ROOT}|body|bodies")
def padded(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    for number in range(chance.randint(1, 3)):
        record = json.loads(json.dumps(pick(chance, [row for row in package.records if row["verdict"] == "pass"])))
        record["subject"]["id"] = f"{record['subject'].get('id')}-{number}"
        package.records.append(record)
    package.records.sort(key=lambda row: (*row["scope"].values(), row["check"]["id"], json.dumps(row["subject"])))
    package.recounted()
    return done(world, package, r"records\.jsonl|bundle|zip")


@tampering("population", "second source's count edited", "bundle", ROOT)
def second_count(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    row = pick(chance, [row for row in package.ledger if row["kind"] == "collection" and row["state"] == "complete"])
    row["count"] += chance.choice([-1, 1, 10])
    package.ledger.sort(key=canonical.encode)
    return done(world, package, r"ledger\.jsonl")


@tampering("population", "seed rolled again, with the key", "bundle", "a second time")
def rolled_again(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance, 2)

    def change(items: list[Item]) -> str:
        (index,) = kinds(items, "nonce")
        (stamp,) = kinds(items, "timestamp")
        body = items[index].payload["body"] | {"nonce": f"{chance.random()}"}  # type: ignore[union-attr]
        payload = items[index].payload | {"body": body, "sequence": items[stamp].payload["sequence"] + 1}  # type: ignore[union-attr]
        items.append((payload | {"recorded_at": "2026-11-25T03:06:00Z"}, world.keys[items[index].signer]))  # type: ignore[union-attr]
        return entry_at(payload["sequence"])

    return rewritten_bundle(world, package, change)


@tampering("population", "frames that were never sealed, with the key", "store", "no seal before it")
def foreign_frames(world: World, chance: Chance) -> Tampered:
    def change(items: list[Item]) -> str:
        (index,) = kinds(items, "population")
        sequence = pick(chance, [1, 3, 4, 5, 7, 8])
        link = items[sequence - 1].link  # type: ignore[union-attr]
        items[index] = say(world, items[index], lambda payload: payload["body"].update(frames=[link]))
        return entry_at(index + 1)

    return rewritten(world, change)


@tampering("population", "internal draw passed off as the auditor's, with the key", "bundle", "internal")
def passed_off(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance, 2)
    body = chance.choice([{"nonce": None, "internal": False}, {"nonce": "4711", "internal": True}])

    def change(items: list[Item]) -> str:
        (index,) = kinds(items, "nonce")
        items[index] = say(world, items[index], lambda payload: payload["body"].update(body))
        return CHAIN

    return rewritten_bundle(world, package, change)


# --- waiver ---


def waiver_file(world: World, chance: Chance, change: Callable[[bytes], bytes]) -> Tampered:
    return swapped_content(world, chance, "policies", change, "waivers/")


def waiver_row(world: World, chance: Chance, change: Callable[[Document, Package], object]) -> Tampered:
    package = bundle_of(world, chance)
    row = pick(chance, [row for row in package.ledger if row["kind"] == "waiver"])
    change(row, package)
    package.ledger.sort(key=canonical.encode)
    return done(world, package, r"ledger\.jsonl")


@tampering("waiver", "waiver backdated", "bundle", "bytes|content")
def waiver_backdated(world: World, chance: Chance) -> Tampered:
    return waiver_file(world, chance, lambda data: data + f"\nstart: 2025-01-{chance.randint(10, 28)}".encode())


@tampering("waiver", "waiver extended", "bundle", ROOT)
def waiver_extended(world: World, chance: Chance) -> Tampered:
    expires = f"20{chance.randint(28, 99)}-01-01"
    return waiver_row(world, chance, lambda row, _: row["waiver"].update(expires=expires))


@tampering("waiver", "approver edited", "bundle", "bytes|content")
def approver_edited(world: World, chance: Chance) -> Tampered:
    return waiver_file(world, chance, lambda data: data + f"\napproved_by: N{chance.randrange(99)}".encode())


@tampering("waiver", "self-approval hidden", "bundle", "bytes|content")
def self_approval(world: World, chance: Chance) -> Tampered:
    return waiver_file(world, chance, lambda data: b"owner: " + f"{chance.random()}\n".encode() + data)


@tampering("waiver", "waiver deleted", "bundle", f"{ROOT}|waived")
def waiver_deleted(world: World, chance: Chance) -> Tampered:
    return waiver_row(world, chance, lambda row, package: package.ledger.remove(row))


@tampering("waiver", "raw outcome edited", "bundle", ROOT)
def raw_outcome(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    record = pick(chance, [record for record in package.records if record["verdict"] == "fail"])
    record["verdict"] = chance.choice(["pass", "not_applicable"])
    for name in ("message", "observed"):
        record.pop(name, None)
    package.recounted()
    return done(world, package, r"records\.jsonl")


@tampering("waiver", "waiver moved to another failure", "bundle", ROOT)
def waiver_moved(world: World, chance: Chance) -> Tampered:
    def change(row: Document, package: Package) -> None:
        others = [
            record for record in package.records if record["verdict"] != "pass" and record["subject"] != row["subject"]
        ]
        record = pick(chance, others)
        row |= {"subject": record["subject"], "scope": record["scope"], "check": record["check"]["id"]}

    return waiver_row(world, chance, change)


# --- package ---


@tampering("package", "path that leads out", "bundle", "does not belong|not content|archive|no name of an entry")
def leads_out(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    name = chance.choice(["../escape", "/etc/escape", "content/../escape", "C:\\escape", "private/../../escape"])
    package.members[name] = b"x"
    return done(world, package, re.escape(name))


@tampering("package", "names twice", "bundle", "archive|form")
def names_twice(world: World, chance: Chance) -> Tampered:
    buffer = io.BytesIO(world.bundles[chance.randrange(3)])
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as target:
        warnings.simplefilter("ignore")
        name = chance.choice(target.namelist())
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.create_system, info.external_attr = 3, 0o100644 << 16
        target.writestr(info, chance.choice([target.read(name), b"", b"{}"]))
    return Tampered("tampered-0", world.auditor, bundles=(buffer.getvalue(),))


@tampering("package", "extra file", "bundle", "does not belong|no content|not content|not one of the run's")
def extra_file(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    data = f"{chance.random()}".encode()
    name = chance.choice(["notes-2.txt", f"content/{canonical.digest(data)}", "report/index.html", "records.csv.bak"])
    package.members[name] = data
    return done(world, package, re.escape(name))


@tampering("package", "manifest edited", "bundle", "is not the one that was signed")
def manifest_edited(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    manifest = json.loads(package.members["manifest.json"])
    changes: list[Callable[[], object]] = [
        lambda: manifest["period"].update(to="2026-12-31T00:00:00Z"),
        lambda: manifest["period"].update({"from": "2026-01-01T00:00:00Z"}),
        lambda: manifest["members"].popitem(),
        lambda: manifest.update(runs=["20261123T020000Z-00000000"]),
        lambda: manifest["runs"].append("20261123T020000Z-00000000"),
        lambda: manifest.update(store="0" * 32),
        lambda: manifest.update(note="reviewed"),
        lambda: manifest.update(redacted=["people"]),
        lambda: manifest.update(criteria=["CC6.1"]),
    ]
    chance.choice(changes)()
    package.members["manifest.json"] = canonical.encode(manifest)
    return done(world, package, r"manifest\.json", frozenset({"manifest.json"}))


@tampering("package", "split view of two packages, with the key", "pair", "split view")
def split_view(world: World, chance: Chance) -> Tampered:
    """Two packages that verify alone: one genuine, one written anew before anybody had stamped anything."""
    which = chance.randrange(3)
    package = Package(world.bundles[which], world.word)
    failed = [record for record in package.records if record["verdict"] == "fail"] or package.records[:1]
    victim = pick(chance, failed)
    victim["message"] = f"made up {chance.random()}"
    victim["verdict"] = "fail"
    package.recounted()
    package.resealed(world.keys)
    restamped(package, world)
    packages = [world.bundles[which], package.packed()]
    chance.shuffle(packages)
    return Tampered(CHAIN, replace(world.auditor), bundles=tuple(packages))


def restamped(package: Package, world: World, at: str | None = None) -> None:
    """A time stamp that the authority gives of what is there now."""
    items: list[Item] = list(package.envelopes())
    (index,) = kinds(items, "timestamp")
    of = items[index].payload["body"]["of"]  # type: ignore[union-attr]
    when = at or items[index].payload["recorded_at"]  # type: ignore[union-attr]
    response = authority().response(of["digest"], when)
    items[index] = say(
        world,
        items[index],
        lambda payload: (payload["body"].update(response=response), payload.update(recorded_at=when)),
    )
    package.chained(rechained(items, world.keys, renumber=False))


@tampering(
    "package", "history written anew and stamped late, with the key", "bundle", "not anchored in time|not anchored"
)
def stamped_late(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    record = pick(chance, [record for record in package.records if record["verdict"] in ("fail", "unknown")])
    for name in ("message", "observed", "reason"):
        record.pop(name, None)
    record["verdict"] = "pass"
    package.ledger = [row for row in package.ledger if row["kind"] != "waiver"]
    package.recounted()
    package.resealed(world.keys)
    restamped(package, world, f"2027-{chance.randint(1, 12):02d}-0{chance.randint(1, 9)}T00:00:00Z")
    return done(world, package, f"entry {package.seal['sequence']}")


@tampering("package", "time stamp stripped", "bundle", "not anchored")
def stamp_stripped(world: World, chance: Chance) -> Tampered:
    package = bundle_of(world, chance)
    if chance.random() < 0.5:  # with the key, which wrote it anew
        pick(chance, package.records)["parameters"]
        package.resealed(world.keys, lambda body: body.update(source="recorded"))
    # A change of keys, which every bundle holds, may stand after it.
    last = max(item.payload["sequence"] for item in package.envelopes() if item.payload["kind"] == "timestamp")
    del package.members[f"chain/{last:020d}.json"]
    return done(world, package, f"entry {package.seal['sequence']}")


FAMILIES: Final = ("content", "order and time", "omission", "identity", "logic", "population", "waiver", "package")
