"""What sealed runs say as Parquet in a Hive layout, for engines that know nothing of a chain.

Engines find what to read by folders. A store cannot be read so: a folder of it may hold a run that was never sealed, a
file the rows of sixty runs, and what a tombstone removed is told by the chain alone. So the tables are derived: each
frame (:mod:`engine.evidence.period.frames`) that is kept stands in them once, in the folder of its night, after it was
read and verified. A gate judged a plan, and a run from a stored snapshot what another run had seen: neither stands in
them, or the same fact would be counted twice. The tables hold nothing of their own and can be deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from engine.errors import UsageError, VerificationError
from engine.evidence import canonical, durable, published_rows, tables
from engine.evidence.entries import FileFact
from engine.evidence.layout import Layout
from engine.evidence.parquet import columns_of
from engine.evidence.period import frames as framed
from engine.evidence.period.film import Bases, ReadPolicy
from engine.evidence.period.frames import SealedFrame
from engine.evidence.period.keeping import verified_chain
from engine.evidence.period.schedule import instant, night_of
from engine.evidence.published_folder import Folder, Lake, Manifest, RunFiles, held, manifest, metadata_of
from engine.evidence.published_rows import Night
from engine.evidence.runs import Reader
from engine.evidence.trust import Trust
from engine.external import Published, Table, Wanted, uri
from engine.model import Schedule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NIGHTLY: Final = ("findings", "checks", "listings", "resources", "ledger")
"""The tables with a folder for each night, in it a file for each run."""
WHOLE: Final = ("runs", "bodies")
"""The tables of one file."""

_RUNS: Final = "runs/runs.parquet"
_BODIES: Final = "bodies/bodies.parquet"
_FORM: Final = hashlib.sha256(repr(("numbered columns", published_rows.DEFINITIONS)).encode()).hexdigest()
"""How the tables are made: where it changes, all of them are made anew."""


def publish(
    layout: Layout,
    trust: Trust,
    secret: bytes,
    folder: Path,
    read_policy: ReadPolicy,
    iceberg: Wanted | None = None,
) -> Published:
    """Bring the tables in a folder up to date: runs that are new to it are read, verified and written.

    Of runs that it holds already, the files in the store are compared with what was sealed. With ``iceberg`` they are
    Iceberg tables as well, and stay so with later calls. Another process that makes tables there is waited for. Raises
    VerificationError where anything does not verify; UsageError where the store holds no frame that is kept, the folder
    something else, or pyiceberg is not installed; SealError where a file cannot be written.
    """
    manifest(folder, secret)  # What is somebody else's is not even locked.
    with durable.doing(f"making tables in {folder}"), held(folder):
        return _published(layout, trust, secret, folder, read_policy, iceberg)


def _published(
    layout: Layout, trust: Trust, secret: bytes, folder: Path, read_policy: ReadPolicy, iceberg: Wanted | None
) -> Published:
    reading = verified_chain(layout, trust)
    demonstration = trust.purpose == "demonstration"
    wanted = framed.frames(reading, demonstration)
    known = manifest(folder, secret)
    if not wanted and not known.runs:
        raise UsageError(f"making tables of {layout.root}: it holds no sealed run that is kept; record one first")
    with tables.connection() as database:
        target = Folder(folder, known, (*WHOLE, *NIGHTLY), database)
        if not wanted:
            target.finish(Manifest(form=_FORM), secret)
            raise UsageError(
                f"making tables of {layout.root}: no sealed run of it is kept any more; they are empty now"
            )
        reader = Reader(layout, database, reading)
        bases = Bases(reader, read_policy)
        # The schedule that is in force says which night a run is of, as it does in reports.
        schedule = bases.of(wanted[-1]).policy.organization.schedule
        nights = [_night(frame, schedule) for frame in wanted]
        removed = [_night(frame, schedule) for frame, _ in framed.removed(reading, demonstration)]
        _refuse_other_files(reader)
        kept = {night.run: known.runs[night.run] for night in nights if _stays(night, known, target)}
        runs = {night.run: kept.get(night.run) or _written(night, layout, reader, bases, target) for night in nights}
        packs = reader.storage.packs()
        made_of = canonical.digest(canonical.encode({name: fact.digest for name, fact in packs.items()}))
        same_bodies = (known.form, known.packs) == (_FORM, made_of) and _BODIES in target.current
        whole = {
            _RUNS: target.rows(_RUNS, published_rows.RUN_FIELDS, published_rows.runs(nights, removed)),
            _BODIES: known.whole[_BODIES]
            if same_bodies
            else target.query(_BODIES, published_rows.bodies(tables.rows_of(layout.root / name) for name in packs)),
        }
        new = Manifest(form=_FORM, packs=made_of, runs=runs, whole=whole)
        shapes = tuple(_shape(name, new, target, database) for name in (*WHOLE, *NIGHTLY))
        lake = _lake(_place(known.lake, iceberg, folder), known.lake, target, shapes, new, database)
        target.finish(msgspec.structs.replace(new, lake=lake), secret)
    return Published(
        folder=str(folder),
        tables=shapes,
        metadata=metadata_of(lake) if lake is not None else {},
        nights=tuple(sorted({night.night for night in nights})),
        written=len(runs) - len(kept),
        kept=len(kept),
        removed=len(known.runs.keys() - runs.keys()),
        foreign=tuple(sorted(target.foreign)),
    )


def _place(known: Lake | None, wanted: Wanted | None, folder: Path) -> Lake | None:
    """Where the Iceberg tables are to be: where they are wanted, else where they are."""
    if wanted is not None:
        return Lake(uri(wanted.location or str(folder)), wanted.schema, {})
    return known


def _lake(
    place: Lake | None,
    known: Lake | None,
    target: Folder,
    shapes: Sequence[Table],
    new: Manifest,
    database: DuckDBPyConnection,
) -> Lake | None:
    """The Iceberg tables, brought up to date. That of runs comes last: without its row a run is not asked about."""
    if place is None:
        return None
    try:
        from engine.evidence import iceberg  # 0.6 s
    except ImportError as error:
        raise UsageError(
            f"making Iceberg tables: {error.name} is not installed: pip install 'auditreel[iceberg]'"
        ) from error
    return iceberg.bring(iceberg.Parts(target, database, new.tables(), known, place), shapes[::-1])


def _night(frame: SealedFrame, schedule: Schedule) -> Night:
    return Night(frame, night_of(instant(frame.seal.as_of), schedule).isoformat())


def _stays(night: Night, known: Manifest, target: Folder) -> bool:
    """Whether the files of a run can stay: of the same seal and night, made as today, and as they were written."""
    files = known.runs.get(night.run)
    return (
        files is not None
        and known.form == _FORM
        and (files.seal, files.night) == (night.frame.placed.digest, night.night)
        and files.files.keys() <= target.current
    )


def _written(night: Night, layout: Layout, reader: Reader, bases: Bases, target: Folder) -> RunFiles:
    """Write the files of a run, which is read and verified first."""
    placed = night.frame.placed
    stored = reader.read(placed, whole=False)
    reader.bodies.clear()
    _refuse_faults(reader)
    if stored is None:
        raise VerificationError(f"run {night.run} could not be read; run `auditreel verify`")
    where = reader.storage.of(placed)
    findings, ledger = (
        tables.rows_of(layout.root / where.names[table], where.number) for table in ("findings", "ledger")
    )
    queries = {
        "findings": published_rows.findings(night, findings, ledger),
        "resources": published_rows.resources(night, ledger),
        "ledger": published_rows.ledger(night, ledger),
    }
    judged = bases.of(night.frame).policy.checks
    rows = {
        "checks": (published_rows.CHECK_FIELDS, published_rows.checks(night, stored.content, judged)),
        "listings": (published_rows.LISTING_FIELDS, published_rows.listings(night, stored)),
    }
    files: dict[str, FileFact] = {}
    for table, query in queries.items():
        files[night.name(table)] = target.query(night.name(table), query)
    for table, (fields, found) in rows.items():
        files[night.name(table)] = target.rows(night.name(table), fields, found)
    return RunFiles(placed.digest, night.night, files)


def _shape(name: str, new: Manifest, target: Folder, database: DuckDBPyConnection) -> Table:
    """A table with the columns that its files have."""
    file = next(file for file in sorted(new.tables()) if file.startswith(f"{name}/"))
    return Table(name, columns_of(database, target.path(file)), name in NIGHTLY)


def _refuse_other_files(reader: Reader) -> None:
    """What the tables hold was verified when it was written, and the store must still be what it was then."""
    for placed in reader.storage.retained():
        reader.compare_files(placed)
    reader.kept_bodies()
    _refuse_faults(reader)


def _refuse_faults(reader: Reader) -> None:
    for fault in reader.faults:
        raise VerificationError(f"the store does not verify ({fault}); run `auditreel verify`")
