"""``auditreel store``: what looks after an evidence store."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options, settings
from engine.cli.verify import store_of
from engine.dialects import FORMATS, TARGETS
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.sealed import Listed

_SAID = {
    "same": "the index that was kept is the same",
    "missing": "there was no index",
    "stale": "the index that was kept is of fewer runs",
    "differs": "the index that was kept is another: it is wrong, or a newer version reads runs otherwise",
    "not ours": "the index that was kept was not made with this store's secret, or was altered since",
}
_HARMLESS = ("same", "missing", "stale")


@click.group("store", context_settings=options.CONTEXT)
def command() -> None:
    """Look after an evidence store."""


@command.command("list", context_settings=options.CONTEXT)
@options.output_format("text", "json")
@options.STORE
@options.CONFIG
@options.debug
def list_(format_: str, store: str | None, config: Path | None) -> int:
    """The sealed runs of a store, oldest first: the id of each, when it read, what started it, and what it found.

    They are told by the chain, which is verified; what the runs stored is verified by auditreel verify.
    """
    from dataclasses import asdict

    from engine.cli import streams
    from engine.custody import inspection
    from engine.report import records

    anchored, rows = inspection.runs(store_of(store), config or settings.configuration())
    if format_ == "json":
        streams.emit(records.encoded({"anchored": anchored, "runs": [asdict(row) for row in rows]}, indent=2) + "\n")
        return 0
    streams.emit(f"{anchored}\n" + "".join(f"{_line(row)}\n" for row in rows))
    streams.say("auditreel replay, export and diff take these ids" if rows else "no run was sealed here")
    return 0


def _line(row: Listed) -> str:
    from engine.report.layout import counted

    kind = row.kind if row.source == "live" else f"{row.kind}, {row.source}"
    part = ", a part only" if row.filtered else ""
    found = f"{counted(row.records, 'record')}: {row.failures:,} fail, {row.unknown:,} unknown{part}"
    return f"{row.run}  {row.as_of}  {kind:<9}  {found}" + ("" if row.kept else "; no longer kept")


@command.command("compact", context_settings=options.CONTEXT)
@options.dated("--before", text="Only months that are over before this day [default: today, UTC].")
@options.STORE
@options.CONFIG
@options.debug
def compact(before: date | None, store: str | None, config: Path | None) -> int:
    """Put what the runs of each past month stored into common files, in which what stayed the same stands once.

    Every root is computed again from the new files before the chain says so and the old ones go. Exits with 5 where a
    run does not verify.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import upkeep

    found = upkeep.compact(store_of(store), config or settings.configuration(), before, system_clock())
    for row in found:
        streams.emit(
            f"{row.month}: {row.runs} runs in entry {row.entry.sequence}, {row.before:,} bytes are now {row.after:,}\n"
        )
    if not found:
        streams.emit("nothing to merge: a month has to be over, and to have two runs that stand alone\n")
    return 0


@command.command("expire", context_settings=options.CONTEXT)
@click.option("--remove", is_flag=True, help="Remove them, for good. Without it, only what would be removed is told.")
@click.option("--unclosed", is_flag=True, help="Also runs of no closed period, by their own age.")
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def expire(remove: bool, unclosed: bool, policy: Path | None, store: str | None, config: Path | None) -> int:
    """Remove the runs that organization.yaml lets go: retention.days after the end of their closed period.

    A tombstone in the chain says which, when and by which rule, and keeps their roots and counts; what they found by
    check and control stays. Runs of a period that is not closed, or under a legal hold, are kept.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import upkeep

    folder = config or settings.configuration()
    found = upkeep.expire(store_of(store), folder, remove, unclosed, system_clock(), policy)
    for fate in found.fates:
        what = ("removed" if remove else "would be removed") if fate.due else "kept"
        streams.emit(f"{fate.run}: {what} ({fate.why})\n")
    due = sum(fate.due for fate in found.fates)
    entry = f" in entry {found.sequence}" if found.sequence is not None else ""
    done = f"removed{entry}" if remove else "due; --remove removes them, for good"
    streams.emit(f"{due} of {len(found.fates)} runs {done}\n")
    if found.sequence is not None and found.published:
        streams.say("the tables in the store still say what was removed: auditreel store tables makes them anew")
    return 0


@command.command("lock", context_settings=options.CONTEXT)
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def lock(policy: Path | None, store: str | None, config: Path | None) -> int:
    """Bring Object Lock and legal holds of a store in S3 in line with organization.yaml (retention).

    What is written is locked at once. This extends what has to be kept longer since: when a period was closed, a hold
    was declared, or a run rests on what was stored long ago. Objects that may have to be erased are never locked.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import upkeep

    found = upkeep.lock(store_of(store), config or settings.configuration(), system_clock(), options.policy(policy))
    streams.emit(
        f"{found.objects:,} objects are locked as the policy says: {found.extended:,} for longer than before; "
        f"legal holds: {found.held:,} put, {found.released:,} released\n"
    )
    return 0


@command.command("rebuild", context_settings=options.CONTEXT)
@click.option("--compare", is_flag=True, help="Only say whether the index that is kept is the same; keep it.")
@options.STORE
@options.CONFIG
@options.debug
def rebuild(store: str | None, config: Path | None, compare: bool) -> int:
    """Make the index anew from the sealed runs, which are verified, and say what the one that was kept is beside it.

    The index is derived and holds nothing of its own. Exits with 5 where a run does not verify, or where the index that
    was kept is not what the runs say.
    """
    from engine.cli import streams
    from engine.custody import upkeep

    found = upkeep.rebuild(store_of(store), config or settings.configuration(), compare)
    streams.emit(f"{_SAID[found.state]}\n")
    streams.emit(f"{found.frames:,} frames, {found.spans:,} spans, {found.size:,} bytes\n")
    return 0 if found.state in _HARMLESS else 5


@command.command("tables", context_settings=options.CONTEXT)
@click.option(
    "--target", type=click.Choice(tuple(TARGETS)), required=True, help="The engine that is to read the tables."
)
@click.option(
    "--layout",
    "form",
    type=click.Choice(FORMATS),
    default="hive",
    show_default=True,
    help="Tables of Parquet files in folders by night, or Iceberg tables over the same files (extra iceberg).",
)
@click.option(
    "--location", metavar="URI", help="Where the engine finds them, such as s3://BUCKET/PREFIX [default: the folder]."
)
@click.option("--schema", metavar="NAME", default="auditreel", show_default=True, help="The schema to define them in.")
@options.period(required=False)
@click.option("--output", type=options.FOLDER, metavar="DIR", help="Their folder [default: index/tables in the store].")
@options.STORE
@options.CONFIG
@options.debug
def tables(
    target: str,
    form: str,
    location: str | None,
    schema: str,
    from_: date | None,
    to: date | None,
    output: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write the sealed runs as Parquet in a Hive layout, and print what defines and asks them in an engine's SQL.

    With --layout iceberg they are Iceberg tables as well, in the folder iceberg beside them, over the same files. Later
    calls keep those up to date, whatever their layout: one snapshot where something changed, none where nothing did.

    Each run is verified before it is written, and stands in the tables once, merged or not; runs that were not sealed,
    or are no longer kept, do not. Engines read the files and verify nothing. Exits with 5 where a run does not verify,
    or where files of the tables were altered since they were written (they are then written anew).
    """
    from engine.cli import streams
    from engine.custody import upkeep
    from engine.dialects import fitting, script
    from engine.external import Wanted

    place = store_of(store)
    if "://" in place and output is None:
        raise UsageError(
            f"making tables of {place}: its working copy is a cache, where no engine looks; name their folder with "
            "--output, and with --location where the engine will find it"
        )
    fitting(target, location or str(output or place), schema)
    iceberg = Wanted(schema, location.rstrip("/") if location is not None else None) if form == "iceberg" else None
    made = upkeep.publish(place, config or settings.configuration(), output, iceberg)
    streams.emit(script(target, made, location, schema, from_, to, form))
    streams.say(f"{made.folder}: {made.written} runs written, {made.kept} as they were, {made.removed} removed")
    for name in made.foreign:
        streams.say(f"{name} was altered or put there by somebody else: it was replaced or removed")
    return 5 if made.foreign else 0
