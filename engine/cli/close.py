"""``auditreel close``: the end of a period."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of


@click.command("close", context_settings=options.CONTEXT)
@options.period(required=True)
@options.STORE
@options.CONFIG
@options.debug
def command(from_: date, to: date, store: str | None, config: Path | None) -> int:
    """Freeze in the chain what a period is made of, and which failures were open at its end.

    The period has to be over. Reports of it say from then on when anything else is there. The next period starts on the
    day after.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import examination
    from engine.report.layout import counted

    folder = config or settings.configuration()
    sequence, period = examination.close(store_of(store), folder, from_, to, system_clock())
    still = sum(failure.ended == "open" for failure in period.failures)
    streams.emit(f"{period.anchored}\n")
    streams.emit(
        f"{period.starts} to {period.ends} closed in entry {sequence}: {counted(len(period.frames), 'run')}, "
        f"{counted(still, 'failure')} open, digest {period.digest}\n"
    )
    return 0
