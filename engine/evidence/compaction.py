"""Puts what the runs of a month stored into common files, in which a row that is equal on many nights stands once.

Nothing is lost: before the entry that says so is appended, every record, ledger row and body of each run is read back
from the new files and its roots are computed again. Only then are the old files removed; a crash in between leaves
files that no entry names any more, which the next time removes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import SealError
from engine.evidence import durable, tables
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import MOST_MERGED, Compact, FileFact, Link, Seal
from engine.evidence.layout import MERGED, Layout, file_fact
from engine.evidence.period.keeping import verified_chain
from engine.evidence.runs import Reader
from engine.evidence.seal import Recorder
from engine.evidence.storage import Storage
from engine.evidence.tables import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Merged:
    """Runs that stand together now: the month (YYYY-MM, UTC), the entry, and bytes before and after."""

    month: str
    entry: Link
    runs: int
    before: int
    after: int


def compact(recorder: Recorder, before: str, now: str) -> list[Merged]:
    """Merge what the runs of each month stored that ended before a date (YYYY-MM-DD, UTC). ``now`` is RFC 3339 UTC.

    Raises VerificationError where a run does not verify, SealError where something cannot be written or anything else
    was recorded meanwhile. What was merged until then stays so.
    """
    found = []
    reading = verified_chain(recorder.layout, recorder.trust)
    clear(recorder.layout, Storage(recorder.layout, reading))
    for month, seals in _due(reading, Storage(recorder.layout, reading), before):
        found.append(_merge(recorder, reading, month, seals, now))
        reading = verified_chain(recorder.layout, recorder.trust)
    return found


def clear(layout: Layout, storage: Storage) -> None:
    """Remove files that entries replaced or removed, and merged ones that no entry names: what a crash left.

    In a bucket the latter stay: whoever merges elsewhere uploads them before the entry that names them.
    """
    used = storage.names()
    with durable.doing(f"removing what was replaced in {layout.place}"):
        layout.remove(sorted(storage.left()))
        if layout.mirror is not None:
            return
        folder = layout.root / MERGED
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if layout.relative(path) not in used:
                durable.remove(path)


def _due(reading: Reading, storage: Storage, before: str) -> Iterator[tuple[str, list[Placed]]]:
    """The runs of each month that is over, as many as fit into one file. One alone has nothing to share."""
    seals = [placed for placed in storage.retained() if not storage.is_merged(placed)]
    seals.sort(key=lambda placed: (_seal(placed).as_of[:7], placed.entry.sequence))
    for month, those in groupby(seals, key=lambda placed: _seal(placed).as_of[:7]):
        every = list(those)
        for start in range(0, len(every), MOST_MERGED) if month < before[:7] else ():
            group = every[start : start + MOST_MERGED]
            if len(group) > 1:
                yield month, group


def _seal(placed: Placed) -> Seal:
    found: Seal = placed.entry.body
    return found


def _merge(recorder: Recorder, reading: Reading, month: str, seals: Sequence[Placed], now: str) -> Merged:
    layout, storage = recorder.layout, Storage(recorder.layout, reading)
    staged: dict[Table, Path] = {}
    try:
        with durable.doing(f"merging the runs of {month} in {layout.root}"), tables.connection() as database:
            written: dict[Table, FileFact] = {}
            for table in ("findings", "ledger", "bodies"):
                paths = [_path(layout, storage, placed, table) for placed in seals]
                if any(paths):
                    staged[table] = durable.staged(layout.staging, f"{table}.parquet")
                    tables.merge(database, paths, table, staged[table])
                    written[table] = file_fact(staged[table])
            body = Compact(
                runs=tuple(placed.link for placed in seals),
                findings=written["findings"],
                ledger=written["ledger"],
                bodies=written.get("bodies"),
            )
            durable.make_folder(layout.root / MERGED)
            for table, path in staged.items():
                adopt(path, layout.merged(written[table].digest))
            _refuse_other_rows(database, layout, reading, seals, body)
        link = recorder.chain().append("compact", body, now, after=reading.placed[-1].link)
        recorder.pin(link)
    finally:
        for path in staged.values():
            durable.discard(path)
    old = [fact for placed in seals for fact in storage.of(placed).facts.values()]
    clear(layout, Storage(layout, verified_chain(layout, recorder.trust)))
    return Merged(month, link, len(seals), sum(fact.size for fact in old), sum(fact.size for fact in written.values()))


def adopt(staged: Path, path: Path) -> None:
    """Give a file the name of its content; what has that name already is the same."""
    if not path.exists():
        durable.adopt(staged, path)


def _path(layout: Layout, storage: Storage, placed: Placed, table: Table) -> Path | None:
    name = storage.of(placed).names.get(table)
    return layout.root / name if name is not None else None


def _refuse_other_rows(
    database: DuckDBPyConnection, layout: Layout, reading: Reading, seals: Sequence[Placed], body: Compact
) -> None:
    """Read every run from the files that it would stand in: its roots are those that were sealed, its bodies equal."""
    now, then = Reader(layout, database, reading), Reader(layout, database, reading)
    then.storage.merge(body)
    for placed in seals:
        now.read_bodies(placed)
        stored = then.read(placed, whole=False)
        faults = [*now.faults, *then.faults]
        if faults or stored is None or now.bodies != then.bodies:
            run = _seal(placed).asked.run
            why = faults[0] if faults else "its bodies are others when they are read back"
            raise SealError(f"merging run {run}: it does not verify ({why}); nothing was changed")
        now.bodies.clear()
        then.bodies.clear()
