"""Reading sealed runs: everything that a seal names, compared with what stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from engine.errors import VerificationError
from engine.evidence import canonical, catalogue, ledger, merkle, regular, summaries, tables
from engine.evidence.catalogue import Catalogue
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Close, FileFact, Groups, Listings, Population, Seal, Tombstone, Tree, Verdicts
from engine.evidence.faults import Fault
from engine.evidence.layout import Layout, file_fact
from engine.evidence.leaves import Leaves, Tally
from engine.evidence.record import Document
from engine.evidence.storage import Storage, Stored
from engine.evidence.summaries import Summary

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A sealed run as it was stored: leaves and ledger rows as canonical JSON in order, and what they say.

    ``hashes`` are those of all records that were sealed, one after another, also where not all of them are at hand.
    """

    placed: Placed
    leaves: list[bytes]
    tally: Tally
    rows: list[bytes]
    ledger: Mapping[str, list[Document]]
    content: Catalogue
    hashes: bytes = b""

    @property
    def seal(self) -> Seal:
        """What the run's seal says."""
        found: Seal = self.placed.entry.body
        return found

    def bodies(self) -> set[str]:
        """Digests of the bodies of its resources and relations."""
        return self.tally.relations.keys() | {row["body"] for row in self.ledger["resource"]}

    def commitments(self) -> set[str]:
        """Digests of the private objects that its records and its ledger name."""
        found = {row["identity"] for row in self.ledger["resource"] if "identity" in row}
        failures = (failure for row in self.ledger["reader"] for failure in row["failures"])
        return self.tally.commitments.keys() | found | {item["identity"] for item in failures if "identity" in item}


class Reader:
    """Reads runs in the order of the chain, and notes each fault with its place.

    ``reading`` is the chain, which says where the runs stand (``storage``). ``seen`` are the files that belong to what
    was read; ``bodies`` holds every body of the packs read so far, by digest, in memory or where the caller keeps them.
    ``altered`` reads records also from a file that is not the one that was sealed, to say what was changed in it.
    """

    def __init__(
        self,
        layout: Layout,
        database: DuckDBPyConnection,
        reading: Reading,
        altered: bool = False,
        bodies: MutableMapping[str, Any] | None = None,
    ) -> None:
        self._layout, self._database, self._altered = layout, database, altered
        self.storage = Storage(layout, reading)
        self._leaves = Leaves(database)
        self._facts: dict[str, FileFact] = {}
        self._unreadable: set[str] = set()
        self._kept: dict[str, Any] | None = None
        self._content: dict[str, bytes | None] = {}
        self._catalogues: dict[Groups, Catalogue] = {}
        self.bodies: MutableMapping[str, Any] = {} if bodies is None else bodies
        self.faults: list[Fault] = []
        self.seen: set[str] = set()

    def read(self, placed: Placed, whole: bool = True) -> StoredRun | None:
        """A sealed run, or None where its files cannot be read; what is wrong with it is in ``faults``.

        Also None, and no fault, for one that was removed (``storage.removed``). With ``whole`` false it is not looked
        for whether every body that it names is there: that takes the packs of all runs before it, and who only reads
        records needs none.
        """
        seal: Seal = placed.entry.body
        run = seal.asked.run
        fresh = self.read_bodies(placed)
        content = self.content(seal.asked.content)
        for name in seal.files.keys() - self._own(run):
            self._fault(name, "is no file of the run, though its seal names it")
        if placed.link in self.storage.removed:
            return None
        where = self.storage.of(placed)
        matches = [self._matches(where.names[table], where) for table in ("findings", "ledger")]
        if not all(matches) and (not self._altered or self._unreadable.intersection(where.names.values())):
            return None
        try:
            stored = self._stored(placed, where, content)
        except (VerificationError, ValueError, KeyError, TypeError) as error:
            self._fault(f"runs/{run}", f"cannot be read: {error}")
            return None
        self._compare(stored, fresh, whole)
        return stored

    def _own(self, run: str) -> set[str]:
        layout = self._layout
        return {layout.relative(path) for path in (layout.findings(run), layout.ledger(run), layout.bodies(run))}

    def compare_files(self, placed: Placed) -> None:
        """Compare the files in which a run stands with what the chain says of them, byte for byte, and read none."""
        where = self.storage.of(placed)
        for name in sorted(where.facts):
            self._matches(name, where)

    def read_bodies(self, placed: Placed) -> dict[str, Any]:
        """The bodies that a run stored, by digest; they join ``bodies``. Of a removed run, those that others need."""
        if placed.link in self.storage.removed:
            self.bodies.update(self.kept_bodies())
            return {}
        where = self.storage.of(placed)
        name = where.names.get("bodies")
        fresh = self._pack(name, where.number) if name is not None and self._matches(name, where) else {}
        self.bodies.update(fresh)
        return fresh

    def kept_bodies(self) -> dict[str, Any]:
        """The bodies of removed runs that others need."""
        if self._kept is None:
            self._kept = {}
            if self.storage.kept is not None:
                name, fact = self.storage.kept
                if self._matches(name, Stored({"bodies": name}, {name: fact})):
                    self._kept = self._pack(name)
        return self._kept

    def _stored(self, placed: Placed, where: Stored, content: Catalogue) -> StoredRun:
        root, names, number = self._layout.root, where.names, where.number
        read = tables.read_ledger(self._database, root / names["ledger"], number)
        rows, parsed = [line for line, _ in read], ledger.by_kind(row for _, row in read)
        resources = {ledger.resource_key(row): row["body"] for row in parsed["resource"]}
        if len(resources) != len(parsed["resource"]):
            raise ValueError("the ledger lists a resource twice")
        found = self._leaves.read(root / names["findings"], resources, number)
        return StoredRun(placed, found.leaves, found.tally, rows, parsed, content, found.hashes)

    def _matches(self, name: str, where: Stored) -> bool:
        self.seen.add(name)
        if name not in where.facts:
            self._fault(name, "is not among the files of the run's seal")
            return False
        path = self._layout.root / name
        try:
            if regular.size(path) != where.facts[name].size:
                self._fault(name, "its size is not the one that was sealed")
                return False
            # A file of several runs is compared once.
            found = self._facts[name] if name in self._facts else file_fact(path)
        except OSError as error:
            self._unreadable.add(name)
            self._fault(name, f"cannot be read: {error.strerror}")
            return False
        self._facts[name] = found
        if found != where.facts[name]:
            self._fault(name, "its digest is not the one that was sealed")
        return found == where.facts[name]

    def _pack(self, name: str, number: int | None = None) -> dict[str, Any]:
        """The bodies of a pack, by digest."""
        bodies = {}
        try:
            for digest, data in tables.read_bodies(self._database, self._layout.root / name, number).items():
                if canonical.digest(data) != digest:
                    raise ValueError(f"body {digest} has other content")
                bodies[digest] = canonical.decode(data)
        except (VerificationError, ValueError) as error:
            self._fault(name, str(error))
        return bodies

    def content(self, groups: Groups, complete: bool = True) -> Catalogue:
        """The content of a run, as far as it is there; what is missing is a fault unless ``complete`` is false."""
        known = self._catalogues.get(groups)
        if known is None:
            try:
                known = catalogue.load(msgspec.to_builtins(groups), partial(self._content_file, complete=complete))
            except ValueError as error:
                self._fault("content", str(error))
                known = Catalogue(msgspec.to_builtins(groups), {}, {})
            self._catalogues[groups] = known
        return known

    def population(self, frozen: Population) -> None:
        """Note what is wrong with the list of a population that was frozen."""
        data = self._content_file(frozen.digest, complete=True)
        if data is not None and len(canonical.decode(data)) != frozen.count:
            self._fault(self._layout.relative(self._layout.content(frozen.digest)), "is not as long as it was frozen")

    def open_failures(self, close: Close) -> None:
        """Note what is wrong with the list of failures that were open when a period was closed."""
        self._content_file(close.open_failures, complete=True)

    def summaries(self, tombstone: Tombstone) -> list[Summary]:
        """The summaries of removed runs. Notes what is wrong with them: they must add up to what was sealed."""
        data = self._content_file(tombstone.summaries, complete=True)
        if data is None:
            return []
        if not summaries.fit(data, tombstone):
            place = self._layout.relative(self._layout.content(tombstone.summaries))
            self._fault(place, summaries.UNFIT)
            return []
        return summaries.decode(data)

    def _content_file(self, digest: str, complete: bool) -> bytes | None:
        if digest not in self._content:
            path = self._layout.content(digest)
            name = self._layout.relative(path)
            self._content[digest] = None
            if not complete and not path.exists():
                return None
            self.seen.add(name)
            try:
                data = regular.read(path)
            except OSError as error:
                self._fault(name, f"cannot be read: {error.strerror}")
            else:
                if canonical.digest(data) == digest:
                    self._content[digest] = data
                else:
                    self._fault(name, "its bytes are not those of its name")
        return self._content[digest]

    def _compare(self, run: StoredRun, fresh: Mapping[str, Any], whole: bool) -> None:
        """Compare what a run's files say with its seal, with its content, and with the bodies."""
        place = f"runs/{run.seal.asked.run}"
        bodies = against_bodies(run, self.bodies) if whole else ()
        for message in (*against_seal(run), *against_content(run), *bodies):
            self._fault(place, message)
        for digest in sorted(fresh.keys() - run.bodies()):
            self._fault(self.storage.of(run.placed).names["bodies"], f"body {digest} is not one of the run's")

    def _fault(self, place: str, message: str) -> None:
        self.faults.append(Fault(place, message))


def against_seal(run: StoredRun) -> Iterator[str]:
    """What differs between a run's records and ledger and the numbers and roots of its seal."""
    yield from against_roots(run)
    yield from against_counts(run)


def against_roots(run: StoredRun) -> Iterator[str]:
    """What differs between the roots in a run's seal and its ledger, its listings, and the hashes of its records."""
    seal = run.seal
    if Tree(count=len(run.hashes) // merkle.SIZE, root=merkle.root_of(run.hashes)) != seal.records:
        yield "findings.parquet: its records do not have the Merkle root that was sealed"
    if Tree(count=len(run.rows), root=merkle.root(run.rows)) != seal.ledger:
        yield "ledger.parquet: its rows do not have the Merkle root that was sealed"
    states = Counter(row["state"] for row in run.ledger["collection"])
    if Listings(complete=states["complete"], off=states["off"], failed=states["failed"]) != seal.listings:
        yield "the listings that were sealed are not those of the ledger"


def against_counts(run: StoredRun) -> Iterator[str]:
    """What differs between the verdicts that were sealed, the populations of the ledger, and the records."""
    seal, tally = run.seal, run.tally
    counted = Verdicts(
        passed=tally.count("pass"),
        failed=tally.count("fail"),
        unknown=tally.count("unknown"),
        not_applicable=tally.count("not_applicable"),
        waived=len(run.ledger["waiver"]),
    )
    if counted != seal.verdicts:
        yield "the verdicts that were sealed are not those of the records"
    for row in run.ledger["population"]:
        judged = [tally.verdicts[row["check"], verdict] for verdict in ("pass", "fail", "unknown", "not_applicable")]
        if judged != [row["passed"], row["failed"], row["unknown"], row["not_applicable"]]:
            yield f"the population of {row['check']} is not that of the records"


def against_content(run: StoredRun) -> Iterator[str]:
    """Records of a check or of parameters that the run's content does not hold."""
    if run.content.members.keys() != run.content.groups.keys():
        return  # a list that cannot be read has been named
    checks, parameters = run.content.members["checks"], run.content.members["parameters"]
    for check, digest, values in sorted(run.tally.checks):
        if checks.get(check) != digest or parameters.get(check) != values:
            yield f"check {check} or its parameters are not those of the run's content"


def against_bodies(run: StoredRun, bodies: Mapping[str, Any]) -> Iterator[str]:
    """Bodies that are missing, and bodies of another resource than the ledger says."""
    for digest in sorted(run.bodies()):
        if digest not in bodies:
            yield f"body {digest} is not in the store"
        elif isinstance(bodies[digest], list):
            for inner in bodies[digest]:
                if inner not in bodies:
                    yield f"body {inner}, of a relation, is not in the store"
    for row in run.ledger["resource"]:
        body = bodies.get(row["body"])
        if body is not None and (not isinstance(body, dict) or body_key(body) != ledger.resource_key(row)):
            yield f"body {row['body']} is not that of the resource that the ledger names"


def body_key(body: Mapping[str, Any]) -> tuple[str, ...]:
    """:func:`ledger.resource_key` of a body."""
    scope = {name: body[name] for name in ("provider", "account", "region")}
    return ledger.resource_key({**body, "scope": scope})
