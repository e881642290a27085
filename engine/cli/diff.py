"""``auditreel diff``: what changed between two recorded runs."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli import options, settings, streams
from engine.cli.verify import store_of

RUNS = click.argument("runs", nargs=-1, metavar="[RUN] [RUN]")


@click.command(
    "diff",
    context_settings=options.CONTEXT,
    epilog="Exit codes: 0 nothing worse, 2 usage, 3 new failures, 4 seen less.",
)
@RUNS
@options.within(14)
@options.FAIL_ON
@options.ALLOW_INCOMPLETE
@options.output_format("text", "json", "markdown")
@options.STORE
@options.CONFIG
@options.debug
def command(
    runs: tuple[str, ...],
    within: int,
    fail_on: str | None,
    allow_incomplete: bool | None,
    format_: str,
    store: str | None,
    config: Path | None,
) -> int:
    """Compare two sealed runs: what fails newly, what was fixed, what is not seen any more, and what judged.

    Without RUN: the newest run that read the clouds, and the last before it that was asked the same. With one: that one
    and the newest. A verdict that differs because its check changed is told apart, and is never fixed.
    """
    from engine.custody import examination
    from engine.diffs import exit_reasons
    from engine.report import diff as shown

    known = settings.merged({"fail_on": fail_on, "allow_incomplete": allow_incomplete, "store": store})
    found = examination.diff(pair(runs), store_of(store), config or settings.configuration(), within)
    reasons = exit_reasons(found, known["fail_on"], known["allow_incomplete"])
    streams.emit(shown.render(found, format_, streams.options(), reasons))
    for code, reason in sorted(reasons.items()):
        streams.say(f"exit {code}: {reason}" if code == min(reasons) else f"also {code}: {reason}")
    return min(reasons, default=0)


def pair(runs: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The ids of the two runs, as far as they are named. Raises click.UsageError for a third."""
    if len(runs) > 2:
        raise click.UsageError(f"{len(runs)} runs are named; two are compared")
    before, after = (*runs, None, None)[:2]
    return before, after
