"""Reads the runs in a bundle, one after another, and compares every member with what was sealed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any, Final

import msgspec

from engine.evidence import bundle, canonical, catalogue, ledger, merkle, narrowing, personal, record, summaries
from engine.evidence.archive import Archive
from engine.evidence.bundle import Exported, Manifest
from engine.evidence.chain import Placed, Reading
from engine.evidence.faults import Fault
from engine.evidence.leaves import Tally
from engine.evidence.runs import (
    StoredRun,
    against_bodies,
    against_content,
    against_counts,
    against_roots,
)

_PRIVATE: Final = re.compile(r"private/[0-9a-f]{64}\.json")
_HASH: Final = re.compile(rb"[0-9a-f]{64}")


class UnreadableError(ValueError):
    """A line of a member that cannot be read; ``place`` says which."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


class Contents:
    """What a bundle holds of its runs. ``bodies`` are all bodies by digest; ``private`` the private objects named."""

    def __init__(self, members: Archive, manifest: Manifest) -> None:
        """Read what all runs share. Raises ValueError and KeyError for what cannot be read."""
        self._members, self._manifest = members, manifest
        records = list(_documents(members, "records.jsonl"))
        self._known = {merkle.leaf_digest(line): line for line, _ in records}
        self._documents = dict(records)
        self.bodies: dict[str, Any] = {}
        self._order: list[str] = []
        for line, body in _documents(members, "bodies.jsonl"):
            self._order.append(canonical.digest(line))
            self.bodies[self._order[-1]] = body
        self.private: set[str] = set()
        self.left_out = 0

    @property
    def erased(self) -> int:
        """How many private objects are named and not there."""
        return sum(f"private/{digest}.json" not in self._members for digest in self.private)

    def run(self, placed: Placed) -> StoredRun:
        """A run as far as the bundle holds it. Raises as the constructor."""
        return self._run(placed)[0]

    def faults(self, seals: list[Placed], reading: Reading) -> Iterator[Fault]:
        """Everything that differs between the members and what was sealed. Pages are none of it."""
        exported = Exported()
        records, evidence = self._members.lines("records.jsonl"), self._members.lines("evidence.jsonl")
        needed, wanted, names = set[str](), set[str](), dict[str, str]()
        for placed in seals:
            run, hashes, messages = self._run(placed)
            place = f"runs/{run.seal.asked.run}: records.jsonl, ledger.jsonl"
            yield from (Fault(place, message) for message in messages)
            if not self._in_order(run):
                yield Fault("records.jsonl", "its records are not in their order, or not of the bodies in the ledger")
            try:
                new, said = exported.add(run, {code: number for number, code in enumerate(hashes)})
            except KeyError:
                yield Fault(
                    "evidence.jsonl", "is not what records, ledger and seal say together: a resource is missing"
                )
                continue
            if list(islice(records, len(new))) != new:
                yield Fault("records.jsonl", "does not hold the records in the order in which the runs have them first")
            if list(islice(evidence, len(said))) != said:
                yield Fault("evidence.jsonl", "is not what records, ledger and seal say together")
            mine = bundle.needed_bodies(run, self.bodies)
            needed |= mine
            self.private |= bundle.commitments(run, mine & self.bodies.keys(), self.bodies)
            wanted |= {*run.content.groups.values()}.union(*(group.values() for group in run.content.members.values()))
            names = dict(run.content.members.get("checks", {}))
        if next(records, None) is not None:
            yield Fault("records.jsonl", "holds records that no run has")
        if next(evidence, None) is not None:
            yield Fault("evidence.jsonl", "holds more than records, ledger and seal say together")
        if self._order != sorted(needed):
            yield Fault("bodies.jsonl", "does not hold the bodies of the runs, each once, by digest")
        wanted |= {population.digest for _, population in reading.of_kind("population")}
        wanted |= {tombstone.summaries for _, tombstone in reading.of_kind("tombstone")}
        yield from self._addressed(wanted, names)
        yield from self._listed(reading)

    def _run(self, placed: Placed) -> tuple[StoredRun, list[bytes], list[str]]:
        name = placed.entry.body.asked.run
        hashes = [_hash(line, name) for line in self._members.lines(bundle.leaves_of(name))]
        leaves = [self._known[code] for code in hashes if code in self._known]
        tally, rows = Tally(), [line for line, _ in _documents(self._members, bundle.ledger_of(name))]
        for leaf in leaves:
            tally.add(self._documents[leaf])
        groups = msgspec.to_builtins(placed.entry.body.asked.content)
        content = catalogue.load(groups, self._content)
        if self._manifest.without_people:
            content = bundle.without_people(content)
        run = StoredRun(placed, leaves, tally, rows, ledger.parse(rows), content, b"".join(hashes))
        messages = [*against_roots(run), *against_content(run)]
        if self._manifest.criteria is not None:
            messages += narrowing.against_counts(run)
            run = narrowing.narrowed(run, self.bodies, None)
            self.left_out += len(hashes) - len(leaves)
        else:
            messages += against_counts(run)
            if len(leaves) != len(hashes):
                messages.append(f"{len(hashes) - len(leaves)} records are missing")
        return run, hashes, messages + list(against_bodies(run, self.bodies))

    def _in_order(self, run: StoredRun) -> bool:
        """Whether each record stands behind the one before it, and is of the body that the ledger gives it."""
        bodies = {ledger.resource_key(row): row["body"] for row in run.ledger["resource"]}
        places = []
        for document in map(self._documents.__getitem__, run.leaves):
            subject = document["subject"]
            if subject["kind"] == "resource":
                key = ledger.resource_key({**subject, "scope": document["scope"]})
                if document.get("body") != bodies.get(key, ""):
                    return False
            places.append(record.order(document))
        return all(before < after for before, after in pairwise(places))

    def _content(self, digest: str) -> bytes | None:
        name = f"content/{digest}"
        return self._members.read(name) if name in self._members else None

    def _addressed(self, wanted: set[str], checks: dict[str, str]) -> Iterator[Fault]:
        """Content and private objects must be those of their names; what is needed must be there, and nothing else."""
        members, facts = self._members, self._members.facts
        absent = (f"content/{digest}" for digest in sorted(wanted) if f"content/{digest}" not in members)
        yield from (Fault(name, "is missing") for name in absent)
        shown = {bundle.check_file(check): digest for check, digest in checks.items()}
        yield from (Fault(name, "is missing") for name in sorted(shown) if name not in members)
        own = {name for run in self._manifest.runs for name in (bundle.leaves_of(run), bundle.ledger_of(run))}
        for name in members.names():
            folder, _, rest = name.partition("/")
            if folder == "content" and (rest not in wanted or facts[name].digest != rest):
                yield Fault(name, "is not content of the runs, or its bytes are not those of its name")
            elif folder == "checks" and shown.get(name) != facts[name].digest:
                yield Fault(name, "is not the check of its name in the last run: it does not belong to the bundle")
            elif folder == "private" and _PRIVATE.fullmatch(name):
                yield from self._private(name, rest.removesuffix(".json"))
            elif not (folder in ("content", "chain", "checks") or name in own or bundle.is_page(name)):
                yield Fault(name, "does not belong to a bundle")

    def _private(self, name: str, digest: str) -> Iterator[Fault]:
        try:
            personal.opened(digest, self._members.read(name))
        except ValueError as error:
            yield Fault(name, str(error))
            return
        if self._manifest.redacted:
            yield Fault(name, "is a private object, and the manifest says that they were left out")

    def _listed(self, reading: Reading) -> Iterator[Fault]:
        """The lists of populations must be as long as they were frozen; summaries add up to what was sealed."""
        for _, population in reading.of_kind("population"):
            data = self._content(population.digest)
            if data is not None and len(canonical.decode(data)) != population.count:
                yield Fault(f"content/{population.digest}", "is not as long as it was frozen")
        for _, tombstone in reading.of_kind("tombstone"):
            data = self._content(tombstone.summaries)
            if data is not None and not summaries.fit(data, tombstone):
                yield Fault(f"content/{tombstone.summaries}", summaries.UNFIT)


def _hash(line: bytes, run: str) -> bytes:
    if not _HASH.fullmatch(line):
        raise UnreadableError(bundle.leaves_of(run), "a line of it is no hash")
    return bytes.fromhex(line.decode())


def _documents(members: Archive, name: str) -> Iterator[tuple[bytes, Any]]:
    for number, line in enumerate(members.lines(name), 1):
        yield line, _document(line, f"{name} line {number}")


def _document(line: bytes, place: str) -> Any:
    try:
        return canonical.decode(line)
    except canonical.NotCanonicalError as error:
        raise UnreadableError(place, str(error)) from error
