"""``auditreel notify``: tell owners what changed in the night, and which runs are missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options, settings, streams
from engine.cli.diff import RUNS, pair
from engine.cli.verify import store_of
from engine.errors import DeliveryError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.delivery import Courier
    from engine.diffs import Notice
    from engine.report.notice import Message

VARIABLE = "AUDITREEL_NOTIFY"


@click.command(
    "notify",
    context_settings=options.CONTEXT,
    epilog="Exit codes: 0 told or nothing to tell, 2 usage, 4 not delivered, 5 told that the evidence does not verify.",
)
@RUNS
@options.within(14)
@click.option(
    "--recipients",
    "targets",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f'Addresses by owner (TOML: "*" = ["json://..."]), beside those for everyone in {VARIABLE}.',
)
@options.DRY_RUN
@options.STORE
@options.CONFIG
@options.debug
def command(
    runs: tuple[str, ...], within: int, targets: Path | None, dry_run: bool, store: str | None, config: Path | None
) -> int:
    """Tell owners what the night's run changed. Quiet where nothing did; never where a run failed or is missing.

    Everyone is told where the evidence does not verify, or cannot be read.

    Addresses are those of apprise (Slack, Teams, mail, PagerDuty, webhooks, ...); they are never printed. A message has
    no observed values and no person's name. With RUN, as auditreel diff.
    """
    from engine import delivery
    from engine.report.notice import UNREAD, messages

    courier = None if dry_run else delivery.Courier(delivery.targets(targets, os.environ.get(VARIABLE, "")))
    try:
        found = messages(_notice(runs, store_of(store), config or settings.configuration(), within))
    except VerificationError as error:
        try:
            _send([UNREAD], courier)
        except DeliveryError as undelivered:
            error.add_note(str(undelivered))
        raise
    if not found:
        streams.say("nothing changed: nobody is told")
    _send(found, courier)
    return 0


def _send(found: Iterable[Message], courier: Courier | None) -> None:
    """Send messages, or print them where there is no courier. Raises DeliveryError once all were tried."""
    from engine import delivery

    failed: list[str] = []
    for message in found:
        if courier is None:
            streams.emit(f"To: {message.owner}\nSubject: {message.title}\n\n{message.body}\n")
        else:
            failed += courier.send(message.owner, message.title, message.body)
    delivery.refused(failed)


def _notice(runs: tuple[str, ...], store: str, config: Path, within: int) -> Notice:
    from engine.cli.clock import system_clock
    from engine.custody import examination
    from engine.diffs import Notice

    before, after = pair(runs)
    if before is None:
        return examination.notice(store, config, system_clock(), within)
    found = examination.diff((before, after), store, config, within)
    return Notice(found.organization, found.demonstration, found.after.night, diff=found)
