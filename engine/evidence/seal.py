"""Recording a run: its intent before anything is collected, its seal when everything is judged.

    recorder = open_store(store, load_keys(config), config / "trust.json")
    run = recorder.begin(plan, content, started_at)
    ... collect, evaluate ...
    sealed = run.seal(judged, ended_at)          or: run.abandon(reason, at)

Between the two a crash leaves the intent in the chain, so the dead run stays visible; what it had written counts for
nothing, because only a seal names files.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.errors import SealError, VerificationError
from engine.evidence import canonical, catalogue, durable, ledger, merkle, personal, record, tables
from engine.evidence.catalogue import Catalogue, Content
from engine.evidence.chain import Chain, read
from engine.evidence.entries import (
    Abandon,
    FileFact,
    Groups,
    Intent,
    Link,
    Listings,
    RunKind,
    Seal,
    Tree,
    Verdicts,
)
from engine.evidence.keys import Keys, refuse_inside
from engine.evidence.layout import Layout, file_fact
from engine.evidence.personal import PrivateObjects
from engine.evidence.record import Bodies
from engine.evidence.trust import Trust, pin, read_trust
from engine.model import Finding, Population, Snapshot, Waiver

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run sets out to do. ``kind`` is scheduled, adhoc, gate or demo; ``trigger`` who or what started it.

    ``filters`` are the selection as asked (plain JSON values); ``dependencies`` the SHA-256 over the installed
    distributions, ``boundary`` that of the written boundary.
    """

    kind: RunKind
    trigger: str
    organization: str
    filters: Mapping[str, Any]
    engine_version: str
    dependencies: str
    boundary: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run found. ``waived`` maps an index in ``findings`` to the waiver that stands beside it."""

    snapshot: Snapshot
    findings: Sequence[Finding]
    populations: Sequence[Population] = ()
    waived: Mapping[int, Waiver] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a run was sealed: its entry is the head that each run prints, ``root`` is equal for equal evidence."""

    run: str
    sequence: int
    digest: str
    root: str
    records: int
    new_bodies: int
    size: int


def open_store(store: Path, keys: Keys, trust_file: Path) -> Recorder:
    """Open a store for recording.

    Raises SealError where store, keys and trust file do not belong together, VerificationError where the trust file
    cannot be used.
    """
    refuse_inside(store, trust_file)
    trust = read_trust(trust_file)
    if keys.signing.key_id not in trust.keys:
        raise SealError(f"the signing key {keys.signing.key_id[:16]}... is not pinned in {trust_file}")
    if not (store / "chain").is_dir():
        raise SealError(f"{store} is no evidence store; run `auditreel init`")
    return Recorder(Layout(store), keys, trust_file, trust)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes runs into one store."""

    layout: Layout
    keys: Keys
    trust_file: Path
    trust: Trust

    def begin(self, plan: Plan, content: Content, started_at: str) -> Run:
        """Append a run's intent and store its content, before anything is collected. ``started_at`` is RFC 3339 UTC.

        Raises SealError; then the run must not go on as if it were recorded.
        """
        if (plan.kind == "demo") != (self.trust.purpose == "demonstration"):
            raise SealError(f"a run of kind {plan.kind} does not belong into a store for {self.trust.purpose}")
        found = catalogue.catalogue(content)
        intent = Intent(
            run=_run_id(started_at),
            kind=plan.kind,
            trigger=canonical.neutral_text(plan.trigger),
            organization=canonical.neutral_text(plan.organization),
            filters=canonical.neutral(plan.filters),
            engine=plan.engine_version,
            dependencies=plan.dependencies,
            started_at=started_at,
            content=Groups(**found.groups),
            boundary=plan.boundary,
        )
        chain = Chain(self.layout, self.trust, self.keys.signing)
        chain.refuse_rollback()
        link = chain.append("intent", intent, started_at)
        self.pin(link)
        catalogue.store(found, self.layout)
        return Run(self, chain, intent, link, found)

    def pin(self, link: Link) -> None:
        """Keep in the trust file that an entry was seen, so that it cannot be cut off unnoticed."""
        try:
            pin(self.trust_file, link)
        except (SealError, VerificationError) as error:
            raise SealError(f"entry {link.sequence} stands in the chain, but was not pinned: {error}") from error


def _run_id(started_at: str) -> str:
    """The start, to the second, and 32 random bits: sortable, and different for runs of the same second."""
    return f"{started_at[:19].replace('-', '').replace(':', '')}Z-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun."""

    recorder: Recorder
    chain: Chain
    intent: Intent
    link: Link
    content: Catalogue

    @property
    def id(self) -> str:
        """The run's id."""
        return self.intent.run

    def seal(self, judged: Judged, ended_at: str) -> Sealed:
        """Record what was found and seal it. Raises SealError; then nothing of the run counts, nothing else is lost."""
        layout = self.recorder.layout
        private = PrivateObjects(self.recorder.keys.secret)
        recorded = _recorded(judged, self.content, private)
        with durable.doing(f"sealing run {self.id} in {layout.root}"), tables.connection() as database:
            _store_private(private.files, layout)
            new = self._new_bodies(database, recorded.bodies)
            files = _store(database, layout, self.id, recorded, new)
        body = self._seal(judged, recorded, files, ended_at)
        link = self.chain.append("seal", body, ended_at)
        self.recorder.pin(link)
        return Sealed(
            run=self.id,
            sequence=link.sequence,
            digest=link.digest,
            root=body.records.root,
            records=body.records.count,
            new_bodies=len(new),
            size=sum(fact.size for fact in files.values()),
        )

    def abandon(self, reason: str, at: str) -> Link:
        """Say in the chain that the run was given up, and why."""
        body = Abandon(intent=self.link, run=self.id, reason=canonical.neutral_text(reason))
        link = self.chain.append("abandon", body, at)
        self.recorder.pin(link)
        return link

    def _seal(self, judged: Judged, recorded: _Recorded, files: dict[str, FileFact], ended_at: str) -> Seal:
        snapshot = judged.snapshot
        verdicts = Counter(finding.verdict for finding in judged.findings)
        states = Counter(row.state for row in snapshot.collections)
        return Seal(
            intent=self.link,
            asked=self.intent,
            caller=canonical.neutral(snapshot.identity),
            source=snapshot.source,
            as_of=snapshot.as_of,
            collected_until=snapshot.finished_at,
            ended_at=ended_at,
            verdicts=Verdicts(
                passed=verdicts["pass"],
                failed=verdicts["fail"],
                unknown=verdicts["unknown"],
                not_applicable=verdicts["not_applicable"],
                waived=len(judged.waived),
            ),
            listings=Listings(complete=states["complete"], off=states["off"], failed=states["failed"]),
            records=Tree(count=len(recorded.leaves), root=merkle.root(recorded.leaves)),
            ledger=Tree(count=len(recorded.ledger), root=merkle.root(recorded.ledger)),
            files=files,
        )

    def _new_bodies(self, database: DuckDBPyConnection, bodies: Mapping[str, bytes]) -> dict[str, bytes]:
        """The bodies that no sealed run has stored. A pack that is not what its seal says holds nothing to rely on."""
        layout = self.recorder.layout
        packs = []
        for _, seal in read(layout, self.recorder.trust).of_kind("seal"):
            path = layout.bodies(seal.asked.run)
            if path.exists() and file_fact(path) == seal.files.get(layout.relative(path)):
                packs.append(path)
        try:
            known = tables.body_digests(database, packs)
        except VerificationError as error:
            raise SealError(f"looking for bodies that are stored already: {error}; run `auditreel verify`") from error
        return {digest: data for digest, data in bodies.items() if digest not in known}


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What a run stores: its leaves in order, its ledger rows, its bodies by digest."""

    leaves: list[bytes]
    ledger: list[bytes]
    bodies: dict[str, bytes]


def _recorded(judged: Judged, content: Catalogue, private: PrivateObjects) -> _Recorded:
    _refuse_foreign_checks(judged.findings, content)
    bodies = Bodies(marks_by_type(content), private.commit)
    leaves = record.leaves(judged.findings, content.members["parameters"], bodies)
    waivers = {id(judged.findings[index]): waiver for index, waiver in judged.waived.items()}
    waived = [(leaf, waivers[id(leaf.finding)]) for leaf in leaves if id(leaf.finding) in waivers]
    try:
        rows = ledger.rows(judged.snapshot, judged.populations, waived, bodies)
    except canonical.NotCanonicalError as error:
        raise SealError(f"recording the ledger: {error}; it holds text, integers, booleans and null") from error
    _refuse_twice((leaf.order for leaf in leaves), "two verdicts of one check on one subject")
    found = ledger.parse(rows)["resource"]
    _refuse_twice(map(ledger.resource_key, found), "two resources of one scope, type and id")
    return _Recorded([leaf.data for leaf in leaves], rows, bodies.documents)


def _refuse_twice(keys: Iterable[tuple[str, ...]], what: str) -> None:
    """Neither records nor bodies could be told apart later."""
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise SealError(f"the run holds {what}: {' '.join(twice[0])}; the reader that lists it gives it twice")


def _refuse_foreign_checks(findings: Iterable[Finding], content: Catalogue) -> None:
    """A verdict of a check that the intent does not name could never be replayed."""
    for check in {id(finding.check): finding.check for finding in findings}.values():
        if content.members["checks"].get(check.id) != check.digest:
            raise SealError(
                f"check {check.id} is not among the checks that the run's intent names, or not in that version"
            )
        if check.id not in content.members["parameters"]:
            raise SealError(f"the parameters of check {check.id} were not handed in with the run's intent")


def marks_by_type(content: Catalogue) -> dict[str, personal.Marks]:
    """What is personal in each resource type, by its schema. Raises SealError for one that cannot be followed."""
    found = {}
    for resource_type, digest in content.members["schemas"].items():
        try:
            found[resource_type] = personal.marks(msgspec.json.decode(content.files[digest], type=dict[str, Any]))
        except (ValueError, msgspec.DecodeError) as error:
            raise SealError(f"the schema of {resource_type} cannot be used: {error}") from error
    return found


def _store_private(files: Mapping[str, bytes], layout: Layout) -> None:
    for name, data in sorted(files.items()):
        path = layout.private(name)
        if not path.exists():
            with suppress(FileExistsError):
                durable.create(path, data, layout.staging)


def _store(
    database: DuckDBPyConnection, layout: Layout, run: str, recorded: _Recorded, new: dict[str, bytes]
) -> dict[str, FileFact]:
    """Write the files of a run; returns what the seal says of each."""
    findings = partial(tables.write_findings, database, recorded.leaves)
    rows = partial(tables.write_ledger, database, recorded.ledger)
    bodies = partial(tables.write_bodies, database, new)
    writers = {layout.findings(run): findings, layout.ledger(run): rows}
    if new:
        writers[layout.bodies(run)] = bodies
    facts = {}
    for path, write in writers.items():
        temporary = durable.staged(layout.staging, path.name)
        try:
            write(temporary)
            facts[layout.relative(path)] = file_fact(temporary)
            durable.make_folder(path.parent)
            durable.adopt(temporary, path)
        finally:
            durable.discard(temporary)
    return facts
