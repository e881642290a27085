"""``auditreel timestamp``: what waits for a time stamp is sent now."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli import options, settings
from engine.cli.verify import store_of, told


@click.command("timestamp", context_settings=options.CONTEXT)
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def command(store: str | None, policy: Path | None, config: Path | None) -> int:
    """Have the end of the evidence chain time stamped, which every run does as well. Exits with 5 where it still waits.

    organization.yaml names the authorities (time_stamps); auditreel key trust pins their certificates.
    """
    from engine.cli.clock import system_clock
    from engine.custody import upkeep

    folder = config or settings.configuration()
    verdict = upkeep.time_stamp(store_of(store), folder, system_clock(), options.policy(policy))
    return told(verdict.lines, verdict.exit_code)
