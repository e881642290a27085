"""``auditreel review``: who has access, what people decided of it, and whether what they revoked is gone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options

if TYPE_CHECKING:
    from engine.run.request import RunRequest

INCOMPLETE = 4
FAILURES = 3


@click.group("review", context_settings=options.CONTEXT)
def command() -> None:
    """Review who has access: begin a campaign of a recorded run, sign what was decided, verify what was revoked."""


@command.command("new", context_settings=options.CONTEXT)
@click.argument("id_", metavar="[ID]", required=False)
@options.RUN
@options.ACCOUNT
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def new(
    id_: str | None,
    run: str | None,
    account: tuple[str, ...],
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write a table of every identity and right that a run read, for reviewers to fill in with a spreadsheet.

    In each line somebody says keep or revoke, by whom and on which day. What the run could not see is a line too.
    """
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.report import reviews as shown
    from engine.workflows import reviews

    made = reviews.new(_request(policy, store, config), run, account, id_, today())
    streams.emit(shown.begun(made.campaign, made.folder))
    streams.say(f"Next: fill in decision, by and on; then auditreel review sign {made.campaign.id} --by NAME")
    return 0


@command.command("show", context_settings=options.CONTEXT)
@click.argument("id_", metavar="[ID]", required=False)
@options.output_format("text", "json")
@options.POLICY
@options.debug
def show(id_: str | None, format_: str, policy: Path | None) -> int:
    """How a campaign stands, or all of them: lines that are open, changed or improper, and what was signed."""
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.report import reviews as shown
    from engine.workflows import reviews

    streams.emit(shown.status(reviews.show(options.policy(policy), id_, today()), format_))
    return 0


@command.command("sign", context_settings=options.CONTEXT)
@click.argument("id_", metavar="ID")
@options.BY
@options.OCCURRENCE
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def sign(id_: str, by: str, occurrence: str | None, policy: Path | None, store: str | None, config: Path | None) -> int:
    """Record a campaign that is decided as evidence, which the next run seals.

    Refused, with every line named, where something is not decided, where the table is not that of the run any more, and
    where somebody decided on their own access.
    """
    from engine.cli import streams
    from engine.cli.clock import system_clock, today
    from engine.report import reviews as shown
    from engine.workflows import reviews

    request = _request(policy, store, config)
    signed = reviews.sign(request, id_, by, today(), system_clock().now(), occurrence)
    streams.emit(shown.signed(signed.status, signed.added.record))
    path = signed.added.record.path
    streams.say(
        f"Next: git add {path} {path.with_suffix('')} and commit; revoke what is to be revoked, run, and "
        f"auditreel review verify {id_}"
    )
    return 0


@command.command("verify", context_settings=options.CONTEXT)
@click.argument("id_", metavar="ID")
@options.RUN
@options.output_format("text", "json")
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def verify(id_: str, run: str | None, format_: str, policy: Path | None, store: str | None, config: Path | None) -> int:
    """Whether what a signed campaign revoked is gone: by the newest run, made after it was signed.

    Ends with 3 where something is still there, and with 4 where the run did not see it, or none was made.
    """
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.report import reviews as shown
    from engine.workflows import reviews

    found = reviews.verify(_request(policy, store, config), id_, run, today())
    streams.emit(shown.verified(found.campaign, found.outcomes, found.run, found.as_of, format_))
    if found.of("still_there"):
        return FAILURES
    return INCOMPLETE if found.of("unseen") else 0


def _request(policy: Path | None, store: str | None, config: Path | None) -> RunRequest:
    request, _ = options.request({"policy": policy, "store": store, "config": config})
    return request
