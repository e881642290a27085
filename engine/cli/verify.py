"""``auditreel verify``: a store or a bundle, completely and offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from engine.cli import options, settings
from engine.errors import UsageError


@click.command("verify", context_settings=options.CONTEXT)
@click.argument("target", required=False, metavar="[STORE|BUNDLE]")
@options.CONFIG
@options.debug
def command(target: str | None, config: Path | None) -> int:
    """Verify everything in a STORE or a BUNDLE against the trust file. Exits with 5 where anything does not verify."""
    from engine import pipeline

    place = target or store_of(None)
    if not Path(place).exists():
        raise UsageError(f"verifying {place}: it is not there")
    verdict = pipeline.verify(place, config or settings.configuration())
    return told(verdict.lines, verdict.exit_code)


def store_of(flag: str | None) -> str:
    """The store that a flag, the environment or a file names. Raises UsageError where none does."""
    place = settings.merged({"store": flag})["store"]
    if place is None:
        raise UsageError("finding the evidence store: none is named; use --store DIR, or auditreel init")
    return str(place)


def told(lines: Sequence[str], code: int) -> int:
    """Print what verifying or replaying showed, and why where it ends with another code than 0; gives the code."""
    from engine.cli import streams
    from engine.report.safe import safe

    streams.emit("".join(f"{safe(line, 4000)}\n" for line in lines))
    if code:
        # The first line is how it is anchored, the next one why it is no evidence.
        streams.say(f"exit {code}: {safe(next(iter(lines[1:]), 'it does not verify'), 400)}")
    return code
