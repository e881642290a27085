"""Replays a sealed run: judges its stored snapshot again, by its stored checks, and compares record by record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.errors import AuditreelError, UsageError, VerificationError
from engine.evidence import canonical, chain, ledger, people, personal, record, regular, tables
from engine.evidence.anchors import NOT_ANCHORED
from engine.evidence.catalogue import Catalogue
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Seal
from engine.evidence.faults import Fault
from engine.evidence.layout import Layout
from engine.evidence.personal import RedactedError
from engine.evidence.record import Bodies, Document
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.seal import marks_by_type
from engine.evidence.trust import Trust, read_trust
from engine.model import Finding, Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NORMALISATION: Final = "normalisation not replayed: the answers of the clouds are not kept"
_MOST_DIFFERENCES: Final = 100

Private = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as it can be judged again: its seal, snapshot and content. ``parameters`` maps a check id to its values."""

    seal: Seal
    snapshot: Snapshot
    content: Catalogue
    parameters: Mapping[str, Mapping[str, Any]]

    def sources(self, group: str) -> dict[str, bytes]:
        """The data files of a group ("checks", "controls", "policies", "schemas") by name."""
        return {name: self.content.files[digest] for name, digest in self.content.members[group].items()}


@dataclass(frozen=True, slots=True)
class Engine:
    """What judges again: its version, and its semantics, which are raised where it could judge otherwise."""

    version: str
    semantics: int


Judge = Callable[[Recorded], Sequence[Finding]]
"""Compiles the stored checks and evaluates the stored snapshot, with the run's filters."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one record that came out otherwise. ``record`` is scope, check and subject."""

    record: str
    field: str
    sealed: Any
    replayed: Any

    def __str__(self) -> str:
        return f"{self.record}: {self.field}: sealed {self.sealed!r}, replayed {self.replayed!r}"


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying a run gave.

    ``missing`` says what is lacking where it cannot be replayed, ``faults`` what does not verify in the run, and
    ``statements`` what the reader must know in any case.
    """

    run: str
    outcome: Literal["identical", "differs", "cannot replay"]
    records: int = 0
    differences: tuple[Difference, ...] = ()
    missing: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    statements: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 where every record came out identical and verified, else 5."""
        return 0 if self.outcome == "identical" and not self.faults else 5

    def lines(self) -> tuple[str, ...]:
        """For a reader."""
        return (
            NOT_ANCHORED,
            *(f"problem: {fault}" for fault in self.faults),
            *(f"missing: {text}" for text in self.missing),
            *(f"differs: {difference}" for difference in self.differences),
            *(f"note: {text}" for text in self.statements),
            f"run {self.run}, {self.records} records: {self.outcome}",
        )


def replay(store: Path, trust: Trust, run: str, judge: Judge, at_hand: Engine) -> Replay:
    """Judge a sealed run again and compare.

    Raises VerificationError where the chain does not verify or holds no such run.
    """
    layout = Layout(store)
    with tables.connection() as database:
        placed, stored, reader = _read(layout, trust, run, database, altered=True)
        return _replayed(placed, stored, reader, layout, judge, at_hand, tuple(reader.faults))


def replays(store: Path, trust: Trust, window: tuple[str, str], judge: Judge, at_hand: Engine) -> Iterator[Replay]:
    """Judge the sealed runs of a period again, one after another, in the order of the chain.

    ``window`` are the first and the last day (YYYY-MM-DD, UTC), by the runs' as-of. Raises VerificationError where the
    chain does not verify.
    """
    layout = Layout(store)
    reading = _verified(layout, trust, f"the runs from {window[0]} to {window[1]}")
    with tables.connection() as database:
        reader = Reader(layout, database, reading, altered=True)
        for placed, seal in reading.of_kind("seal"):
            if window[0] <= seal.as_of[:10] <= window[1]:
                before = len(reader.faults)
                stored = reader.read(placed)
                yield _replayed(placed, stored, reader, layout, judge, at_hand, tuple(reader.faults[before:]))
            else:
                reader.read_bodies(placed)


def _replayed(
    placed: Placed,
    stored: StoredRun | None,
    reader: Reader,
    layout: Layout,
    judge: Judge,
    at_hand: Engine,
    faults: tuple[Fault, ...],
) -> Replay:
    seal: Seal = placed.entry.body
    statements = tuple(statements_of(seal, at_hand))
    if stored is None:
        missing = (str(reader.storage.removed.get(placed.link, "the run's files cannot be read")),)
        return Replay(seal.asked.run, "cannot replay", missing=missing, faults=faults, statements=statements)
    private = private_objects(layout, stored, reader.bodies)
    return judged_again(stored, reader.bodies, private, judge, faults, statements)


def snapshot_of(store: Path, run: str, trust_file: Path) -> Snapshot:
    """The snapshot that a sealed run judged, to judge it anew.

    Raises VerificationError where the run does not verify, is not there, or holds something that was erased.
    """
    layout = Layout(store)
    with tables.connection() as database:
        placed, stored, reader = _read(layout, read_trust(trust_file), run, database)
    if placed.link in reader.storage.removed:
        raise VerificationError(f"reading run {run}: {reader.storage.removed[placed.link]}")
    if reader.faults or stored is None:
        raise VerificationError(f"reading run {run}: it does not verify ({reader.faults[0]}); run `auditreel verify`")
    try:
        return snapshot(stored, reader.bodies, private_objects(layout, stored, reader.bodies))
    except RedactedError as error:
        raise VerificationError(f"reading run {run}: private object {error} was erased") from error


def seal_of(store: Path, run: str, trust_file: Path) -> Placed:
    """The entry of the chain that seals a run which read the clouds.

    Raises VerificationError where the chain does not verify or holds no such run, UsageError where the run judged
    something else: a plan, or a stored snapshot.
    """
    reading = _verified(Layout(store), read_trust(trust_file), f"run {run}")
    for placed, seal in reading.of_kind("seal"):
        if seal.asked.run == run:
            if seal.source != "live":
                raise UsageError(f"reading run {run}: it judged a stored snapshot, and read no cloud")
            return placed
    raise VerificationError(f"{store} holds no sealed run {run}; `auditreel store list` has all")


def latest(store: Path, trust_file: Path) -> str:
    """The id of the newest sealed run that read the clouds: no gate, and nothing that judged a stored snapshot.

    Raises VerificationError where the chain does not verify, UsageError where it holds no such run.
    """
    reading = _verified(Layout(store), read_trust(trust_file), "the last run")
    runs: list[str] = [
        seal.asked.run
        for _, seal in reading.of_kind("seal")
        if seal.source == "live" and seal.asked.kind in ("scheduled", "adhoc")
    ]
    if not runs:
        raise UsageError(f"reading the last run: {store} holds no run that read a cloud; make one: auditreel run")
    return runs[-1]


def _read(
    layout: Layout, trust: Trust, run: str, database: DuckDBPyConnection, altered: bool = False
) -> tuple[Placed, StoredRun | None, Reader]:
    """A run's seal and what it stored, and the reader, which has the bodies that earlier runs stored for it."""
    reading = _verified(layout, trust, f"run {run}")
    reader = Reader(layout, database, reading, altered)
    for placed, seal in reading.of_kind("seal"):
        if seal.asked.run == run:
            return placed, reader.read(placed), reader
        reader.read_bodies(placed)
    raise VerificationError(f"{layout.root} holds no sealed run {run}; `auditreel store list` has all")


def _verified(layout: Layout, trust: Trust, what: str) -> Reading:
    reading = chain.read(layout, trust)
    if reading.faults:
        raise VerificationError(
            f"reading {what}: the chain does not verify ({reading.faults[0]}); run `auditreel verify`"
        )
    return reading


def statements_of(seal: Seal, at_hand: Engine) -> Iterator[str]:
    """What a reader must know of every replay of a run."""
    if seal.asked.engine != at_hand.version:
        yield f"another engine version: sealed by {seal.asked.engine}, replayed by {at_hand.version}"
    judged = seal.asked.semantics or 1
    if judged != at_hand.semantics:
        yield f"other semantics: sealed by {judged}, replayed by {at_hand.semantics}; a verdict may differ for it"
    yield NORMALISATION


def private_objects(layout: Layout, run: StoredRun, bodies: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The private objects that the run names and that were not erased."""
    named = (
        run.commitments()
        | {*people.named([run.placed])}
        | {
            bodies[row["body"]][key]
            for row in run.ledger["resource"]
            for key in ("identity", "private")
            if key in bodies.get(row["body"], {})
        }
    )
    found: dict[str, dict[str, Any]] = {}
    for digest in named:
        try:
            found[digest] = personal.opened(digest, regular.read(layout.private(digest)))
        except (OSError, ValueError):
            continue
    return found


def judged_again(
    stored: StoredRun,
    bodies: Mapping[str, Any],
    private: Private,
    judge: Judge,
    faults: tuple[Fault, ...],
    statements: tuple[str, ...],
    whole: bool = True,
) -> Replay:
    """Judge what was stored of a run again and compare. What is lacking raises nothing: the outcome says it.

    With ``whole`` false only a part of the records is there, and what is judged beside them is not compared.
    """
    run, count = stored.seal.asked.run, len(stored.leaves)
    missing = sorted({*_missing_content(stored.content), *_missing_bodies(stored, bodies), *_redacted(stored, private)})
    differences: list[Difference] = []
    if not missing:
        try:
            again = _leaves(judge(recorded(stored, bodies, private)), stored, private)
            if not whole:
                places = _by_place(stored.leaves).keys()
                again = [leaf for leaf in again if record.order(canonical.decode(leaf)) in places]
            differences = list(compared(stored.leaves, again))
        except RedactedError as error:
            missing = [f"redacted: private object {error}"]
        except AuditreelError as error:
            missing = [f"the stored content cannot be used by this version: {error}"]
    outcome: Literal["identical", "differs", "cannot replay"] = "differs" if differences else "identical"
    return Replay(
        run=run,
        outcome="cannot replay" if missing else outcome,
        records=count,
        differences=tuple(differences[:_MOST_DIFFERENCES]),
        missing=tuple(missing),
        faults=faults,
        statements=statements,
    )


def _missing_content(content: Catalogue) -> Iterator[str]:
    for group, digest in content.groups.items():
        if group not in content.members:
            yield f"the list of {group} (content {digest})"
    for group, members in content.members.items():
        for name, digest in members.items():
            if digest not in content.files:
                yield f"{group}: {name} (content {digest})"


def _missing_bodies(stored: StoredRun, bodies: Mapping[str, Any]) -> Iterator[str]:
    return (f"body {digest}" for digest in stored.bodies() if digest not in bodies)


def _redacted(stored: StoredRun, private: Private) -> Iterator[str]:
    return (f"redacted: private object {digest}" for digest in stored.commitments() if digest not in private)


def recorded(stored: StoredRun, bodies: Mapping[str, Any], private: Private) -> Recorded:
    """A run as it can be judged again. Raises RedactedError where a private object that it needs was erased."""
    content = stored.content
    parameters = {
        check: canonical.original(canonical.decode(content.files[digest]))
        for check, digest in content.members["parameters"].items()
    }
    return Recorded(stored.seal, snapshot(stored, bodies, private), content, parameters)


def snapshot(stored: StoredRun, bodies: Mapping[str, Any], private: Private) -> Snapshot:
    """The snapshot that a run judged. Raises RedactedError where a private object that it needs was erased."""
    seal, rows = stored.seal, stored.ledger
    resources = [record.resource(bodies[row["body"]], row["collected_at"], private) for row in rows["resource"]]
    return Snapshot(
        as_of=seal.as_of,
        source=seal.source,
        identity=people.identity(seal, private),
        scopes=ledger.scopes(rows),
        collections=ledger.collections(rows),
        resources=tuple(sorted(resources, key=lambda item: (item.type, item.account, item.region, item.id))),
        ledger=ledger.readers(rows, private),
        left_out=ledger.left_out(rows),
        finished_at=seal.collected_until,
        groups=ledger.groups(rows),
    )


def _leaves(findings: Iterable[Finding], stored: StoredRun, private: Private) -> list[bytes]:
    """The records of new findings. Private objects keep the digests that they were sealed with."""
    known = {canonical.encode(value): digest for digest, value in private.items()}

    def commit(value: Mapping[str, Any]) -> str:
        data = canonical.encode(value)
        return known.get(data) or personal.commitment(b"", data)  # a new object has no digest that was sealed

    bodies = Bodies(marks_by_type(stored.content), commit)
    leaves = record.leaves(findings, stored.content.members["parameters"], bodies)
    return [leaf.data for leaf in leaves]


def compared(sealed: Sequence[bytes], replayed: Sequence[bytes]) -> Iterator[Difference]:
    """What differs between two lists of leaves, record by record and field by field."""
    if list(sealed) == list(replayed):
        return
    ours, theirs = _by_place(sealed), _by_place(replayed)
    for place in sorted(ours.keys() | theirs.keys()):
        name = " ".join(place[:-1])
        if place not in theirs or place not in ours:
            there = "there" if place in ours else None
            yield Difference(name, "the record", there, None if there else "there")
            continue
        yield from (Difference(name, *field) for field in _fields(ours[place], theirs[place], ""))


def _by_place(leaves: Iterable[bytes]) -> dict[tuple[str, ...], Document]:
    documents = (canonical.decode(leaf) for leaf in leaves)
    return {record.order(document): document for document in documents}


def _fields(ours: Any, theirs: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from _fields(ours.get(key), theirs.get(key), f"{path}.{key}" if path else key)
    elif ours != theirs:
        yield path, ours, theirs
