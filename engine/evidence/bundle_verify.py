"""Verifies a bundle with the engine's own modules; ``standalone_verify.py`` is the other verifier. The two agree."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.evidence import anchors, canonical, catalogue, chain, ledger, personal, record
from engine.evidence.bundle import archive, commitments, joined, manifest_of
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Intent, Seal
from engine.evidence.faults import Fault
from engine.evidence.keyring import KeyRing
from engine.evidence.layout import SEQUENCE_DIGITS
from engine.evidence.runs import StoredRun, Tally, against_bodies, against_content, against_seal
from engine.evidence.trust import Trust
from engine.evidence.verify import Report, linked, run_states, unvouched

SPLIT_VIEW: Final = (
    "two packages that tell different stories each verify alone; with both at hand: auditreel verify A B"
)
_CONVENIENCES = frozenset({"README.txt", "verify_bundle.py", "keys.json", "manifest.json"})
_PRIVATE: Final = re.compile(r"private/[0-9a-f]{64}\.json")
_LINES = ("records.jsonl", "ledger.jsonl", "bodies.jsonl", "evidence.jsonl")


class _UnreadableError(ValueError):
    """A line of a member that cannot be read; ``place`` says which."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


def verify_bundle(bundle: Path, trust: Trust, allow_unanchored: bool = False) -> Report:
    """Verify a one-run bundle against a trust file. README, verifier and claimed keys are not covered by the seal.

    The bundle declares its run as its period, so that nothing can be cut off its end. ``allow_unanchored`` accepts time
    stamps of authorities that the trust file does not pin.
    """
    try:
        data = bundle.read_bytes()
        members = members_of(data)
    except Exception as error:  # zipfile raises what it likes on a damaged archive
        return _could_not(bundle.name, error)
    faults = (
        [] if archive(members) == data else [Fault(bundle.name, "is not an archive in the one form that is accepted")]
    )
    notes: list[str] = []
    try:
        reading = read_chain(members, trust)
        anchoring = anchors.anchoring(reading, trust)
        faults += [*reading.faults, *linked(reading), *unvouched(anchoring, allow_unanchored, notes)]
        placed = _seal(reading)
        found, erased = _contents(members, placed)
        faults += found
    except _UnreadableError as error:
        faults.append(Fault(error.place, f"could not be verified: {error}"))
        return Report(tuple(sorted(set(faults))), (), None, ())
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return _could_not(bundle.name, error, faults)
    if erased:
        notes.append(f"{erased} private objects were left out or erased: they cannot be replayed")
    notes.append(SPLIT_VIEW)
    anchor = anchoring.of(placed.entry.sequence)
    return Report(
        problems=tuple(sorted(set(faults))),
        notes=tuple(notes),
        head=reading.placed[-1].link,
        runs=tuple(run_states(reading).values()),
        demonstration=trust.purpose == "demonstration" or placed.entry.body.asked.kind == "demo",
        anchored=anchors.line(anchor),
        tail=anchors.wanting(placed, anchor, trust),
        lenient=allow_unanchored,
    )


def _seal(reading: Reading) -> Placed:
    """The seal of the run with whose intent the bundle begins. Raises ValueError where it holds none."""
    intent = next((placed for placed in reading.placed if placed.entry.kind != "key"), None)
    for placed, seal in reading.of_kind("seal"):
        if intent is not None and isinstance(intent.entry.body, Intent) and seal.intent == intent.link:
            return placed
    raise ValueError("its chain does not begin with the intent of a run that it holds the seal of")


def _could_not(place: str, error: Exception, faults: list[Fault] | None = None) -> Report:
    fault = Fault(place, f"could not be verified: {type(error).__name__}: {error}")
    return Report((*(faults or ()), fault), (), None, ())


def members_of(data: bytes) -> dict[str, bytes]:
    """The members of a bundle by name. Raises what zipfile raises, and ValueError for one that is compressed."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        listed = source.infolist()
        if any(info.compress_type != zipfile.ZIP_STORED for info in listed):
            raise ValueError("a member is compressed")
        return {info.filename: source.read(info) for info in listed}


def read_chain(members: Mapping[str, bytes], trust: Trust) -> Reading:
    """The entries in a bundle: signed, consecutive, linked; where one of them was pinned, that very one.

    Before them may stand changes of keys, each in a place of its own. Raises ValueError for what is no entry.
    """
    placed: list[Placed] = []
    faults: list[Fault] = []
    ring = KeyRing(trust)
    for name in sorted(name for name in members if name.startswith("chain/")):
        sequence = int(name.removeprefix("chain/").removesuffix(".json"))
        if name != f"chain/{sequence:0{SEQUENCE_DIGITS}d}.json":
            raise ValueError(f"{name} is no name of an entry")
        try:
            found = chain.opened(sequence, members[name], ring.keys, trust.store)
            ring.admit(found)
        except ValueError as error:
            faults.append(Fault(name, f"does not verify: {error}"))
            continue
        before = placed[-1] if placed else None
        if before is not None and not _follows(found, before, all(item.entry.kind == "key" for item in placed)):
            faults.append(Fault(name, "does not follow the entry before it"))
        if trust.head is not None and trust.head.sequence == sequence and trust.head != found.link:
            faults.append(Fault(name, "is not the entry that was pinned"))
        placed.append(found)
    faults += ring.withdrawn(placed)
    return Reading(tuple(placed), tuple(faults))


def _follows(found: Placed, before: Placed, apart: bool) -> bool:
    """Whether an entry stands on the one before it. Entries may lie between where ``apart`` says so."""
    if apart and found.entry.sequence > before.entry.sequence + 1:
        return True
    return (found.entry.sequence, found.entry.previous) == (before.entry.sequence + 1, before.digest)


def _contents(members: Mapping[str, bytes], placed: Placed) -> tuple[list[Fault], int]:
    """Compare every member with the seal. Also returns how many private objects are not there."""
    seal: Seal = placed.entry.body
    faults: list[Fault] = []
    others = {name: data for name, data in members.items() if name != "manifest.json"}
    if members["manifest.json"] != canonical.encode(manifest_of(seal, placed.entry.store, others)):
        faults.append(Fault("manifest.json", "does not list the members as they are"))
    run, bodies = _stored(members, placed)
    messages = [*against_seal(run), *against_content(run), *against_bodies(run, bodies)]
    faults += [Fault("records.jsonl, ledger.jsonl", message) for message in messages]
    if not _in_order(run):
        faults.append(Fault("records.jsonl", "its records are not in their order, or not of the bodies in the ledger"))
    if not _says_together(members, run):
        faults.append(Fault("evidence.jsonl", "is not what records, ledger and seal say together"))
    needed = run.bodies() & bodies.keys()
    needed = run.bodies().union(*(bodies[digest] for digest in needed if isinstance(bodies[digest], list)))
    if [canonical.digest(line) for line in _lines(members, "bodies.jsonl")] != sorted(needed):
        faults.append(Fault("bodies.jsonl", "does not hold the bodies of the run, each once, by digest"))
    needed &= bodies.keys()
    private = commitments(run, needed, bodies)
    erased = sum(f"private/{digest}.json" not in members for digest in private)
    return faults + _addressed(members, run, private), erased


def _says_together(members: Mapping[str, bytes], run: StoredRun) -> bool:
    try:
        return _lines(members, "evidence.jsonl") == list(joined(run))
    except KeyError:  # a record of a resource that the ledger does not have
        return False


def _stored(members: Mapping[str, bytes], placed: Placed) -> tuple[StoredRun, dict[str, Any]]:
    seal: Seal = placed.entry.body
    leaves, rows, tally = _lines(members, "records.jsonl"), _lines(members, "ledger.jsonl"), Tally()
    for document in _documents(leaves, "records.jsonl"):
        tally.add(document)
    list(_documents(rows, "ledger.jsonl"))
    content = catalogue.load(msgspec.to_builtins(seal.asked.content), lambda digest: members.get(f"content/{digest}"))
    lines = _lines(members, "bodies.jsonl")
    found = _documents(lines, "bodies.jsonl")
    bodies = {canonical.digest(line): body for line, body in zip(lines, found, strict=True)}
    return StoredRun(placed, leaves, tally, rows, ledger.parse(rows), content), bodies


def _documents(lines: list[bytes], name: str) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        try:
            yield canonical.decode(line)
        except canonical.NotCanonicalError as error:
            raise _UnreadableError(f"{name} line {number}", str(error)) from error


def _in_order(run: StoredRun) -> bool:
    """Whether each record stands behind the one before it, and is of the body that the ledger gives its resource."""
    bodies = {ledger.resource_key(row): row["body"] for row in run.ledger["resource"]}
    places = []
    for document in map(canonical.decode, run.leaves):
        subject = document["subject"]
        if subject["kind"] == "resource":
            key = ledger.resource_key({**subject, "scope": document["scope"]})
            if document.get("body") != bodies.get(key, ""):
                return False
        places.append(record.order(document))
    return all(before < after for before, after in pairwise(places))


def _addressed(members: Mapping[str, bytes], run: StoredRun, private: set[str]) -> list[Fault]:
    """Content and private objects must be those of their names; content must be complete, and nothing else be there."""
    wanted = {*run.content.groups.values()}.union(*(group.values() for group in run.content.members.values()))
    absent = (f"content/{digest}" for digest in sorted(wanted) if f"content/{digest}" not in members)
    faults = [Fault(name, "is missing") for name in absent]
    for name, data in members.items():
        folder, _, rest = name.partition("/")
        if folder == "content" and (rest not in wanted or canonical.digest(data) != rest):
            faults.append(Fault(name, "is not content of the run, or its bytes are not those of its name"))
        elif folder == "private" and _PRIVATE.fullmatch(name):
            faults += _private_fault(name, rest.removesuffix(".json"), data, private)
        elif folder not in ("content", "chain") and name not in _CONVENIENCES and name not in _LINES:
            faults.append(Fault(name, "does not belong to a bundle"))
    return faults


def _private_fault(name: str, digest: str, data: bytes, wanted: set[str]) -> list[Fault]:
    try:
        personal.opened(digest, data)
    except ValueError as error:
        return [Fault(name, str(error))]
    return [] if digest in wanted and name == f"private/{digest}.json" else [Fault(name, "is not one of the run's")]


def _lines(members: Mapping[str, bytes], name: str) -> list[bytes]:
    data = members[name]
    if data and not data.endswith(b"\n"):
        raise ValueError(f"{name} does not end with a line's end")
    return data.split(b"\n")[:-1]
