"""``auditreel export``: a recorded run as a bundle."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of


@click.command("export", context_settings=options.CONTEXT)
@click.option("--run", required=True, metavar="RUN", help="The run to export.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="The bundle [default: RUN.zip].")
@click.option("--redacted", is_flag=True, help="Leave personal data out; every hash still verifies.")
@click.option("--record", type=click.IntRange(min=0), metavar="N", help="Only the proof of record N, counted from 0.")
@options.STORE
@options.CONFIG
@options.debug
def command(
    run: str, output: Path | None, redacted: bool, record: int | None, store: str | None, config: Path | None
) -> int:
    """Write a recorded run as a bundle that anyone can verify without auditreel.

    A run that does not verify is not exported.
    """
    from engine import pipeline
    from engine.cli import streams

    target = output or Path(f"{run}.zip" if record is None else f"{run}-{record}.json")
    streams.check_target(target)
    if record is not None:
        pipeline.prove(run, record, store_of(store), config or settings.configuration(), target)
        streams.emit(f"{target}\n")
        return 0
    pipeline.export(run, store_of(store), config or settings.configuration(), target, redacted)
    streams.emit(f"{target}\n")
    streams.say(f"Hand it over with the public key. To verify it: auditreel verify {target}, or the released verifier.")
    return 0
