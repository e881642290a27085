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


@click.group("store", context_settings=options.CONTEXT)
def command() -> None:
    """Look after an evidence store."""


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
    from engine import pipeline
    from engine.cli import streams

    found = pipeline.rebuild(store_of(store), config or settings.configuration(), compare)
    streams.emit(f"{_SAID[found.state]}\n")
    streams.emit(f"{found.frames:,} frames, {found.spans:,} spans, {found.size:,} bytes\n")
    return 0 if found.state in _HARMLESS else 5
