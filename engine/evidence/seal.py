"""Recording a run: its intent before anything is collected, its seal when everything is judged.

    recorder = open_store(store, load_keys(config), config / "trust.json")
    run = recorder.begin(*recorder.intended(plan, content, started_at))
    ... collect, evaluate ...                    and for each account: run.add(snapshot, findings)
    sealed = run.seal(judged, ended_at)          or: run.abandon(reason, at)

Between the two a crash leaves the intent in the chain, so the dead run stays visible; what it had written counts for
nothing, because only a seal names files.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.errors import SealError, VerificationError
from engine.evidence import canonical, catalogue, durable, known_bodies, ledger, people, personal, tables
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
from engine.evidence.ledger import NOTHING_OUT, Out
from engine.evidence.personal import PrivateObjects
from engine.evidence.record import Bodies
from engine.evidence.spool import Spool
from engine.evidence.storage import Storage
from engine.evidence.trust import Trust, pin, read_trust
from engine.model import Finding, Population, Snapshot, Waiver

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.evidence.objects.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run sets out to do. ``kind`` is scheduled, adhoc, gate or demo; ``trigger`` who or what started it.

    ``filters`` are the selection as asked (plain JSON values); ``dependencies`` the SHA-256 over the installed
    distributions, ``boundary`` that of the written boundary; ``witness`` the nonce of an auditor who watches;
    ``semantics`` those of the engine (:data:`engine.SEMANTICS`).
    """

    kind: RunKind
    trigger: str
    organization: str
    filters: Mapping[str, Any]
    engine_version: str
    dependencies: str
    boundary: str | None = None
    witness: str | None = None
    semantics: int = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run found on the whole; its resources were added before, part by part.

    ``waived`` maps an index in ``findings`` to the waiver that stands beside it.
    """

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


def open_store(store: Path, keys: Keys, trust_file: Path, mirror: Mirror | None = None) -> Recorder:
    """Open a store for recording. ``mirror`` is the bucket of which the folder is the working copy, brought up to date.

    Raises SealError where store, keys and trust file do not belong together, VerificationError where the trust file
    cannot be used.
    """
    refuse_inside(store, trust_file)
    trust = read_trust(trust_file)
    if keys.signing.key_id not in trust.keys:
        raise SealError(f"the signing key {keys.signing.key_id[:16]}... is not pinned in {trust_file}")
    if keys.signing.key_id in trust.until:
        raise SealError(
            f"the signing key {keys.signing.key_id[:16]}... was replaced or withdrawn at entry "
            f"{trust.until[keys.signing.key_id]}, says {trust_file}; sign with the new one"
        )
    if not (store / "chain").is_dir():
        raise SealError(f"{store} is no evidence store; run `auditreel init`")
    layout = Layout(store, mirror)
    if mirror is not None:
        mirror.forget(Storage(layout, read(layout, trust)).left())
    return Recorder(layout, keys, trust_file, trust)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes runs into one store."""

    layout: Layout
    keys: Keys
    trust_file: Path
    trust: Trust

    def intended(self, plan: Plan, content: Content, started_at: str) -> tuple[Intent, Catalogue]:
        """What a run would say of itself before it collects, and its content. ``started_at`` is RFC 3339 UTC.

        Raises SealError for a demonstration in a store for evidence, and the other way round.
        """
        if (plan.kind == "demo") != (self.trust.purpose == "demonstration"):
            raise SealError(f"a run of kind {plan.kind} does not belong into a store for {self.trust.purpose}")
        found = catalogue.catalogue(content)
        intent = Intent(
            run=self.run_id(started_at),
            kind=plan.kind,
            trigger=canonical.neutral_text(plan.trigger),
            organization=canonical.neutral_text(plan.organization),
            filters=canonical.neutral(plan.filters),
            engine=plan.engine_version,
            dependencies=plan.dependencies,
            started_at=started_at,
            content=Groups(**found.groups),
            boundary=plan.boundary,
            witness=None if plan.witness is None else canonical.neutral_text(plan.witness),
            semantics=plan.semantics if plan.semantics > 1 else None,
        )
        return intent, found

    def begin(self, intent: Intent, content: Catalogue) -> Run:
        """Append a run's intent and store its content, before anything is collected.

        Raises SealError; then the run must not go on as if it were recorded.
        """
        chain = self.chain()
        chain.refuse_rollback()
        link = chain.append("intent", intent, intent.started_at)
        self.pin(link)
        catalogue.store(content, self.layout)
        return Run(self, intent, link, content)

    def unsealed(self) -> dict[str, tuple[Intent, Link]]:
        """The runs that have an intent in the chain and neither a seal nor a word of their end."""
        reading = read(self.layout, self.trust)
        ended = {body.asked.run for _, body in reading.of_kind("seal")}
        ended |= {body.run for _, body in reading.of_kind("abandon")}
        intents = ((body, placed.link) for placed, body in reading.of_kind("intent"))
        return {intent.run: (intent, link) for intent, link in intents if intent.run not in ended}

    def run_id(self, started_at: str) -> str:
        """The start, to the second, and 32 random bits: sortable, and different for runs of the same second."""
        return f"{started_at[:19].replace('-', '').replace(':', '')}Z-{secrets.token_hex(4)}"

    def chain(self) -> Chain:
        """The end of the store's chain."""
        return Chain(self.layout, self.trust, self.keys.signing)

    def pin(self, link: Link) -> None:
        """Keep in the trust file that an entry was seen, so that it cannot be cut off unnoticed."""
        try:
            pin(self.trust_file, link)
        except (SealError, VerificationError) as error:
            raise SealError(f"entry {link.sequence} stands in the chain, but was not pinned: {error}") from error


class Run:
    """A run that has begun."""

    def __init__(self, recorder: Recorder, intent: Intent, link: Link, content: Catalogue) -> None:
        self.recorder, self.intent, self.link, self.content = recorder, intent, link, content
        self.chain = recorder.chain()
        self._spool: Spool | None = None
        self._marks: Mapping[str, personal.Marks] | None = None

    @property
    def id(self) -> str:
        """The run's id."""
        return self.intent.run

    def add(self, snapshot: Snapshot, findings: Sequence[Finding], out: Out = NOTHING_OUT) -> None:
        """Record a part: what was read, what of it is ``out`` of the boundary, and every verdict on it.

        Raises SealError; then the run cannot be sealed.
        """
        _refuse_foreign_checks(findings, self.content)
        private = PrivateObjects(self.recorder.keys.secret)
        self._spooled().add(snapshot, findings, self._bodies(private), out)
        with durable.doing(f"keeping private objects in {self.recorder.layout.root}"):
            people.keep(private, self.recorder.layout)

    def seal(self, judged: Judged, ended_at: str, resumed_at: Sequence[str] = ()) -> Sealed:
        """Seal what was added; ``resumed_at`` is when the run went on after it had stopped, each time.

        Raises SealError; then nothing of the run counts, nothing else is lost.
        """
        layout, spool = self.recorder.layout, self._spooled()
        try:
            _refuse_other_sums(judged, spool)
            waived = [(judged.findings[index], waiver) for index, waiver in judged.waived.items()]
            bodies = self._bodies(PrivateObjects(self.recorder.keys.secret))
            spool.add_rows(ledger.rows_of_run(judged.populations, waived, bodies))
            with durable.doing(f"sealing run {self.id} in {layout.place}"), tables.connection() as database:
                records, rows = spool.records(), spool.ledger()
                files = _store(database, layout, self.id, spool)
        finally:
            spool.discard()
        body = self._seal(judged, records, rows, files, ended_at, resumed_at)
        link = self.chain.append("seal", body, ended_at)
        self.recorder.pin(link)
        return Sealed(
            run=self.id,
            sequence=link.sequence,
            digest=link.digest,
            root=body.records.root,
            records=body.records.count,
            new_bodies=spool.new_bodies,
            size=sum(fact.size for fact in files.values()),
        )

    def abandon(self, reason: str, at: str) -> Link:
        """Say in the chain that the run was given up, and why."""
        self.discard()
        body = Abandon(intent=self.link, run=self.id, reason=canonical.neutral_text(reason))
        link = self.chain.append("abandon", body, at)
        self.recorder.pin(link)
        return link

    def discard(self) -> None:
        """Remove what was added. The intent stays in the chain."""
        if self._spool is not None:
            self._spool.discard()

    def _seal(
        self,
        judged: Judged,
        records: Tree,
        rows: Tree,
        files: dict[str, FileFact],
        ended_at: str,
        resumed_at: Sequence[str],
    ) -> Seal:
        snapshot = judged.snapshot
        spool = self._spooled()
        verdicts, states = spool.verdicts, spool.listings
        return Seal(
            intent=self.link,
            asked=self.intent,
            caller=self._caller(snapshot.identity),
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
            records=records,
            ledger=rows,
            files=files,
            resumed_at=tuple(resumed_at) or None,
        )

    def _caller(self, identity: Mapping[str, str]) -> dict[str, str]:
        layout, private = self.recorder.layout, PrivateObjects(self.recorder.keys.secret)
        caller = people.caller_of(identity, private)
        with durable.doing(f"keeping private objects in {layout.root}"):
            people.keep(private, layout)
        return caller

    def _bodies(self, private: PrivateObjects) -> Bodies:
        if self._marks is None:
            self._marks = marks_by_type(self.content)
        return Bodies(self._marks, private.commit)

    def _spooled(self) -> Spool:
        if self._spool is None:
            layout = self.recorder.layout
            with durable.doing(f"looking for bodies in {layout.root}"), tables.connection() as database:
                stored = self._stored_bodies(database)
            self._spool = Spool(layout.staging, self.content.members["parameters"], stored)
        return self._spool

    def _stored_bodies(self, database: DuckDBPyConnection) -> frozenset[str]:
        """The bodies that sealed runs have stored. A pack that is not what the chain says holds nothing to rely on."""
        layout = self.recorder.layout
        packs = []
        for name, fact in Storage(layout, read(layout, self.recorder.trust)).packs().items():
            path = layout.root / name
            if path.exists() and file_fact(path) == fact:
                packs.append((path, fact.digest))
        try:
            return known_bodies.of_packs(packs, layout, self.recorder.keys.secret, database)
        except VerificationError as error:
            raise SealError(f"looking for bodies that are stored already: {error}; run `auditreel verify`") from error


def _refuse_other_sums(judged: Judged, spool: Spool) -> None:
    """What was concluded is about what was added, all of it and nothing else."""
    verdicts = Counter(finding.verdict for finding in judged.findings)
    listings = Counter(row.state for row in judged.snapshot.collections)
    if (verdicts, listings) != (spool.verdicts, spool.listings):
        raise SealError("what the run concludes on is not what was added to it; this is a defect, please report it")


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


def _store(database: DuckDBPyConnection, layout: Layout, run: str, spool: Spool) -> dict[str, FileFact]:
    """Write the files of a run; returns what the seal says of each."""
    writers = {
        layout.findings(run): partial(tables.write_findings, database, spool.findings()),
        layout.ledger(run): partial(tables.write_ledger, database, spool.rows()),
    }
    if spool.new_bodies:
        writers[layout.bodies(run)] = partial(tables.write_bodies, database, spool.bodies())
    facts = {}
    for path, write in writers.items():
        temporary = durable.staged(layout.staging, path.name)
        try:
            write(temporary)
            facts[layout.relative(path)] = file_fact(temporary)
            durable.make_folder(path.parent)
            try:
                durable.adopt(temporary, path)
            except FileExistsError:
                # It is of this run, from before it went on, and no entry names it.
                durable.move(temporary, path)
        finally:
            durable.discard(temporary)
    return facts
