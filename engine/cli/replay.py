"""``auditreel replay``: a recorded run, judged again."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of, told


@click.command("replay", context_settings=options.CONTEXT)
@click.argument("run")
@options.STORE
@options.CONFIG
@options.debug
def command(run: str, store: str | None, config: Path | None) -> int:
    """Judge the recorded RUN again, by its own checks on its own snapshot, and compare every record.

    Exits with 5 where a record differs or cannot be replayed.
    """
    from engine import pipeline

    verdict = pipeline.replay(run, store_of(store), config or settings.configuration())
    return told(verdict.lines, verdict.exit_code)
