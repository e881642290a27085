"""``auditreel store``: what looks after an evidence store."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of

_SAID = {
    "same": "the index that was kept is the same",
    "missing": "there was no index",
    "stale": "the index that was kept is of fewer runs",
    "differs": "the index that was kept is another: it is wrong, or a newer version reads runs otherwise",
    "not ours": "the index that was kept was not made with this store's secret, or was altered since",
}
_HARMLESS = ("same", "missing", "stale")
TARGETS = ("athena", "trino", "spark", "duckdb")
FORMATS = ("hive", "iceberg")


@click.group("store", context_settings=options.CONTEXT)
def command() -> None:
    """Look after an evidence store."""


@command.command("compact", context_settings=options.CONTEXT)
@click.option(
    "--before", metavar="DATE", help="Only months that are over before this day (YYYY-MM-DD, UTC). Default: today."
)
@options.STORE
@options.CONFIG
@options.debug
def compact(before: str | None, store: str | None, config: Path | None) -> int:
    """Put what the runs of each past month stored into common files, in which what stayed the same stands once.

    Every root is computed again from the new files before the chain says so and the old ones go. Exits with 5 where a
    run does not verify.
    """
    from engine import custody
    from engine.cli import streams
    from engine.cli.clock import system_clock

    until = options.day(before) if before is not None else None
    found = custody.compact(store_of(store), config or settings.configuration(), until, system_clock())
    for row in found:
        streams.emit(
            f"{row.month}: {row.runs} runs in entry {row.entry.sequence}, {row.before:,} bytes are now {row.after:,}\n"
        )
    if not found:
        streams.emit("nothing to merge: a month has to be over, and to have two runs that stand alone\n")
    return 0


@command.command("expire", context_settings=options.CONTEXT)
@click.option("--yes", is_flag=True, help="Remove them. Without it, only what would be removed is told.")
@click.option("--unclosed", is_flag=True, help="Also runs of no closed period, by their own age.")
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def expire(yes: bool, unclosed: bool, policy: Path | None, store: str | None, config: Path | None) -> int:
    """Remove the runs that organization.yaml lets go: retention.days after the end of their closed period.

    A tombstone in the chain says which, when and by which rule, and keeps their roots and counts; what they found by
    check and control stays. Runs of a period that is not closed, or under a legal hold, are kept.
    """
    from engine import custody
    from engine.cli import streams
    from engine.cli.clock import system_clock

    folder = config or settings.configuration()
    found = custody.expire(store_of(store), folder, yes, unclosed, system_clock(), policy)
    for fate in found.fates:
        what = ("removed" if yes else "would be removed") if fate.due else "kept"
        streams.emit(f"{fate.run}: {what} ({fate.why})\n")
    due = sum(fate.due for fate in found.fates)
    entry = f" in entry {found.sequence}" if found.sequence is not None else ""
    done = f"removed{entry}" if yes else "due; --yes removes them, for good"
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
    from engine import custody
    from engine.cli import streams
    from engine.cli.clock import system_clock

    found = custody.lock(store_of(store), config or settings.configuration(), system_clock(), options.policy(policy))
    streams.emit(
        f"{found.objects:,} objects are locked as the policy says: {found.extended:,} for longer than before; "
        f"legal holds: {found.held:,} put, {found.released:,} released\n"
    )
    return 0


@command.command("rebuild", context_settings=options.CONTEXT)
@options.STORE
@options.CONFIG
@click.option("--compare", is_flag=True, help="Only say whether the index that is kept is the same; keep it.")
@options.debug
def rebuild(store: str | None, config: Path | None, compare: bool) -> int:
    """Make the index anew from the sealed runs, which are verified, and say what the one that was kept is beside it.

    The index is derived and holds nothing of its own. Exits with 5 where a run does not verify, or where the index that
    was kept is not what the runs say.
    """
    from engine import custody
    from engine.cli import streams

    found = custody.rebuild(store_of(store), config or settings.configuration(), compare)
    streams.emit(f"{_SAID[found.state]}\n")
    streams.emit(f"{found.frames:,} frames, {found.spans:,} spans, {found.size:,} bytes\n")
    return 0 if found.state in _HARMLESS else 5


@command.command("tables", context_settings=options.CONTEXT)
@click.option("--target", type=click.Choice(TARGETS), required=True, help="The engine that is to read the tables.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="hive",
    show_default=True,
    help="Tables of Parquet files in folders by night, or Iceberg tables over the same files (extra iceberg).",
)
@click.option(
    "--location", metavar="URI", help="Where the engine finds them, such as s3://BUCKET/PREFIX [default: the folder]."
)
@click.option("--output", type=options.FOLDER, metavar="DIR", help="Their folder [default: index/tables in the store].")
@click.option("--schema", metavar="NAME", default="auditreel", show_default=True, help="The schema to define them in.")
@click.option("--from", "from_", metavar="DATE", help="The first night asked about [default: the first there is].")
@click.option("--to", metavar="DATE", help="The last night asked about [default: the last there is].")
@options.STORE
@options.CONFIG
@options.debug
def tables(
    target: str,
    form: str,
    location: str | None,
    output: Path | None,
    schema: str,
    from_: str | None,
    to: str | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write the sealed runs as Parquet in a Hive layout, and print what defines and asks them in an engine's SQL.

    With --format iceberg they are Iceberg tables as well, in the folder iceberg beside them, over the same files. Later
    calls keep those up to date, whatever their format: one snapshot where something changed, none where nothing did.

    Each run is verified before it is written, and stands in the tables once, merged or not; runs that were not sealed,
    or are no longer kept, do not. Engines read the files and verify nothing. Exits with 5 where a run does not verify,
    or where files of the tables were altered since they were written (they are then written anew).
    """
    from engine import custody
    from engine.cli import streams
    from engine.dialects import fitting, script
    from engine.external import Wanted

    fitting(target, location or str(output or store_of(store)), schema)
    starts, ends = (options.day(text) if text is not None else None for text in (from_, to))
    place = location.rstrip("/") if location is not None else None
    iceberg = Wanted(schema, place) if form == "iceberg" else None
    made = custody.publish(store_of(store), config or settings.configuration(), output, iceberg)
    streams.emit(script(target, made, location, schema, starts, ends, form))
    streams.say(f"{made.folder}: {made.written} runs written, {made.kept} as they were, {made.removed} removed")
    for name in made.foreign:
        streams.say(f"{name} was altered or put there by somebody else: it was replaced or removed")
    return 5 if made.foreign else 0
