"""``auditreel waiver``: failures that the organisation accepts, for a time and in the open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from engine.cli import options

if TYPE_CHECKING:
    from engine.request import RunRequest
    from engine.workflows.waivers import Accepted

F = TypeVar("F", bound=Callable[..., object])
KINDS = click.Choice(("risk_accepted", "compensating_control", "false_positive", "planned_fix"))
_SNAPSHOT = click.option(
    "--snapshot", metavar="FILE|RUN", help="What fails is read from here. Default: the newest run of the store."
)


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
@click.option("--check", required=True, metavar="ID", help="The check whose failures are accepted.")
@click.option("--kind", type=KINDS, required=True, help="Why they may stand.")
@click.option("--owner", required=True, metavar="NAME", help="Who answers for the risk.")
@click.option("--approver", required=True, metavar="NAME", help="Who accepts it: another person.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, or what makes up for it; 20 characters at least.")
@click.option("--expires", required=True, metavar="DATE", help="The last day (UTC).")
@click.option("--start", metavar="DATE", help="The first day. Default: the day of the approval.")
@click.option("--approved-on", metavar="DATE", help="The day of the approval. Default: today.")
@click.option("--account", metavar="A", help="The account, where the check fails in several.")
@click.option("--resource", multiple=True, metavar="ID", help="Only this resource. Repeatable. Default: all that fail.")
@click.option("--ticket", metavar="T", help="Where it is tracked.")
@click.option(
    "--id", "id_", metavar="ID", help="The waiver's id: its file's name. Default: made of check and resource."
)
@_SNAPSHOT
@_common
def add(
    check: str,
    kind: str,
    owner: str,
    approver: str,
    reason: str,
    expires: str,
    start: str | None,
    approved_on: str | None,
    account: str | None,
    resource: tuple[str, ...],
    ticket: str | None,
    id_: str | None,
    snapshot: str | None,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write a waiver for what fails of a check now; it names each resource, for a new one is a new failure."""
    from engine.cli.clock import today
    from engine.workflows import waivers

    approved = options.day(approved_on) if approved_on else today()
    terms = waivers.Terms(
        kind=kind,
        owner=owner,
        approver=approver,
        reason=reason,
        approved=approved,
        start=options.day(start) if start else approved,
        expires=options.day(expires),
        ticket=ticket,
    )
    return _told(waivers.add(_request(snapshot, policy, store, config), check, account, resource, terms, id_))


@command.command("renew", context_settings=options.CONTEXT)
@click.argument("waiver")
@click.option("--approver", required=True, metavar="NAME", help="Who accepts it anew.")
@click.option("--expires", required=True, metavar="DATE", help="The last day of the new period (UTC).")
@click.option("--start", metavar="DATE", help="Its first day. Default: the day of the approval.")
@click.option("--approved-on", metavar="DATE", help="The day of the new approval. Default: today.")
@click.option("--reason", metavar="TEXT", help="Why it may still stand. Default: as before.")
@click.option("--ticket", metavar="T", help="Where it is tracked. Default: as before.")
@_SNAPSHOT
@_common
def renew(
    waiver: str,
    approver: str,
    expires: str,
    start: str | None,
    approved_on: str | None,
    reason: str | None,
    ticket: str | None,
    snapshot: str | None,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Give WAIVER a new period, by a new approval. What fails no more is no longer named; nothing is added."""
    from engine.cli.clock import today
    from engine.workflows import waivers

    approved = options.day(approved_on) if approved_on else today()
    changes = {
        "approver": approver,
        "approved_on": f"{approved}",
        "start": f"{options.day(start) if start else approved}",
        "expires": f"{options.day(expires)}",
        "reason": reason,
        "ticket": ticket,
    }
    said = {key: value for key, value in changes.items() if value is not None}
    return _told(waivers.renew(_request(snapshot, policy, store, config), waiver, said))


@command.command("expire", context_settings=options.CONTEXT)
@click.argument("waiver")
@click.option("--on", metavar="DATE", help="The last day (UTC). Default: today.")
@options.POLICY
@options.debug
def expire(waiver: str, on: str | None, policy: Path | None) -> int:
    """End WAIVER: its failures count again from the day after."""
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.workflows import waivers

    ended = waivers.expire(options.policy(policy), waiver, options.day(on) if on else today())
    streams.emit(f"{ended.path}: ends on {ended.expires}\n")
    streams.say(f"Next: git add {ended.path} and commit. While it is changed and not committed, it waives nothing.")
    return 0


@command.command("list", context_settings=options.CONTEXT)
@options.output_format("text", "json")
@_SNAPSHOT
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
    from engine.request import RunRequest

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
