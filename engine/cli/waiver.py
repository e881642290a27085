"""``auditreel waiver``: failures that the organisation accepts, for a time and in the open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from engine.cli import options

if TYPE_CHECKING:
    from engine.run.request import RunRequest
    from engine.workflows.waivers import Accepted

F = TypeVar("F", bound=Callable[..., object])
BASES = click.Choice(("risk_accepted", "compensating_control", "false_positive", "planned_fix"))
_EXPIRES = options.dated("--expires", text="The last day (YYYY-MM-DD, UTC).", required=True)
_START = options.dated("--start", text="The first day [default: the day of the approval].")
_APPROVED_ON = options.dated("--approved-on", text="The day of the approval [default: today, UTC].")


def _common(command: F) -> F:
    for decorate in (options.debug, options.CONFIG, options.STORE, options.POLICY):
        command = decorate(command)
    return command


@click.group("waiver", context_settings=options.CONTEXT)
def command() -> None:
    """Accept failures for a time: a file each, which has its effect from the commit that brings it.

    A waiver stands beside a failure and never changes a verdict. What fails later is a new failure.
    """


@command.command("add", context_settings=options.CONTEXT)
@click.argument("check")
@click.option("--basis", type=BASES, required=True, help="On what basis they may stand.")
@click.option("--owner", required=True, metavar="NAME", help="Who answers for the risk.")
@click.option("--approver", required=True, metavar="NAME", help="Who accepts it: another person than the owner.")
@click.option(
    "--reason",
    required=True,
    metavar="TEXT",
    help="Why they may stand, or what makes up for them; 20 characters at least.",
)
@_EXPIRES
@_START
@_APPROVED_ON
@click.option("--account", metavar="ID", help="The account, where the check fails in several.")
@click.option(
    "--resource", multiple=True, metavar="ID", help="Only this resource [default: all that fail]. Repeatable."
)
@click.option("--ticket", metavar="TEXT", help="Where it is tracked.")
@options.ID
@options.SNAPSHOT
@_common
def add(
    check: str,
    basis: str,
    owner: str,
    approver: str,
    reason: str,
    expires: date,
    start: date | None,
    approved_on: date | None,
    account: str | None,
    resource: tuple[str, ...],
    ticket: str | None,
    id_: str | None,
    snapshot: str | None,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write a waiver for what fails of CHECK now; it names each resource, for a new one is a new failure.

    What fails now is read from the newest run of the store, or from --snapshot.
    """
    from engine.cli.clock import today
    from engine.workflows import waivers

    approved = approved_on or today()
    terms = waivers.Terms(
        kind=basis,
        owner=owner,
        approver=approver,
        reason=reason,
        approved=approved,
        start=start or approved,
        expires=expires,
        ticket=ticket,
    )
    return _told(waivers.add(_request(snapshot, policy, store, config), check, account, resource, terms, id_))


@command.command("renew", context_settings=options.CONTEXT)
@click.argument("waiver")
@click.option("--approver", required=True, metavar="NAME", help="Who accepts it: another person than the owner.")
@_EXPIRES
@_START
@_APPROVED_ON
@click.option("--reason", metavar="TEXT", help="Why they may still stand [default: as before].")
@click.option("--ticket", metavar="TEXT", help="Where it is tracked.")
@options.SNAPSHOT
@_common
def renew(
    waiver: str,
    approver: str,
    expires: date,
    start: date | None,
    approved_on: date | None,
    reason: str | None,
    ticket: str | None,
    snapshot: str | None,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Give WAIVER a new period, by a new approval. What fails no more is no longer named; nothing is added.

    Its reason and its ticket stay where no other is given. What fails now is read as by auditreel waiver add.
    """
    from engine.cli.clock import today
    from engine.workflows import waivers

    approved = approved_on or today()
    changes = {
        "approver": approver,
        "approved_on": f"{approved}",
        "start": f"{start or approved}",
        "expires": f"{expires}",
        "reason": reason,
        "ticket": ticket,
    }
    said = {key: value for key, value in changes.items() if value is not None}
    return _told(waivers.renew(_request(snapshot, policy, store, config), waiver, said))


@command.command("expire", context_settings=options.CONTEXT)
@click.argument("waiver")
@options.dated("--on", text="The last day [default: today, UTC].")
@options.POLICY
@options.debug
def expire(waiver: str, on: date | None, policy: Path | None) -> int:
    """End WAIVER: its failures count again from the day after."""
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.workflows import waivers

    ended = waivers.expire(options.policy(policy), waiver, on or today())
    streams.emit(f"{ended.path}: ends on {ended.expires}\n")
    streams.say(f"Next: git add {ended.path} and commit. While it is changed and not committed, it waives nothing.")
    return 0


@command.command("list", context_settings=options.CONTEXT)
@options.SNAPSHOT
@options.output_format("text", "json")
@_common
def list_(format_: str, snapshot: str | None, policy: Path | None, store: str | None, config: Path | None) -> int:
    """Every waiver: in force, not yet, expired, without effect, and what it stands beside."""
    from engine.cli import streams
    from engine.cli.clock import system_clock, today
    from engine.report import waivers as shown
    from engine.workflows import waivers

    found = waivers.register(_request(snapshot, policy, store, config), system_clock().now())
    streams.emit(
        shown.render(found.states, found.seen_in, found.as_of, today(), format_, streams.options(), found.unseen)
    )
    return 0


def _request(snapshot: str | None, policy: Path | None, store: str | None, config: Path | None) -> RunRequest:
    """Where to read what fails. Filters that settings name are for runs: a waiver is judged on all that was read."""
    from engine.cli import settings
    from engine.run.request import RunRequest

    place = store or settings.merged({})["store"]
    return RunRequest(
        config=config or settings.configuration(), policy=options.policy(policy), store=place, snapshot=snapshot
    )


def _told(made: Accepted) -> int:
    from engine.cli import streams
    from engine.report.safe import safe

    of = made.waiver
    lines = [f"{of.path}", f"  {of.check} in {safe(of.account or '')}, {of.start} to {of.expires}"]
    lines += [f"  fails: {safe(name)}" for name in of.resources]
    lines += [f"  fails no more, no longer named: {safe(name)}" for name in made.left_out]
    lines.append(f"  as of {made.as_of}, in {safe(made.seen_in)}")
    if of.approval.self_approved:
        lines.append("  SELF-APPROVED: owner and approver are one person")
    streams.emit("".join(f"{line}\n" for line in lines))
    streams.say(
        f"Next: git add {of.path}, and let {safe(of.approval.approver)} sign the commit: the approval is corroborated "
        "then, else asserted. Until it is committed it waives nothing."
    )
    return 0
