"""``auditreel respond``: what management says of a failure."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of


@click.command("respond", context_settings=options.CONTEXT)
@click.argument("failure")
@click.option("--cause", required=True, metavar="TEXT", help="Why it happened.")
@click.option("--effect", required=True, metavar="TEXT", help="What came of it.")
@click.option("--correction", required=True, metavar="TEXT", help="How it was or is to be corrected.")
@options.BY
@options.STORE
@options.CONFIG
@options.debug
def command(
    failure: str, cause: str, effect: str, correction: str, by: str, store: str | None, config: Path | None
) -> int:
    """Seal management's response to FAILURE, whose id reports show.

    It stands beside the failure in every report from then on, and changes nothing of it. A further response is added;
    none is replaced.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock
    from engine.custody import examination
    from engine.report.safe import safe

    answer = {"cause": cause, "effect": effect, "correction": correction, "by": by}
    folder = config or settings.configuration()
    sequence, found = examination.respond(store_of(store), folder, failure, answer, system_clock())
    streams.emit(
        f"entry {sequence} responds to {found.id}: {found.check} on {safe(found.subject.name)}, failing since the run "
        f"of {found.first_bad.as_of}\n"
    )
    return 0
