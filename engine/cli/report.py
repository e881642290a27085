"""``auditreel report``: what the sealed runs of a period show, for who prepares an examination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from engine.cli import options, outputs, settings, streams
from engine.cli.gap import command as gap
from engine.cli.verify import store_of
from engine.errors import UsageError
from engine.report import FORMATS, PERIOD_FORMATS

if TYPE_CHECKING:
    from engine.periods import Period

F = TypeVar("F", bound=Callable[..., object])
_INDEX: Final = "index.html"
_STATUS: Final = ("text", "markdown", "html")
_BINARY: Final = frozenset({"xlsx", "pdf"})


def _common(command: F) -> F:
    for decorate in (
        options.debug,
        options.CONFIG,
        options.STORE,
        options.OUTPUT,
        options.written_format(*PERIOD_FORMATS),
    ):
        command = decorate(command)
    return command


@click.group("report", context_settings=options.CONTEXT)
def command() -> None:
    """Show what the sealed runs of a store say of a date or a period, by criterion and control.

    Prepared by management and not examined: it holds no opinion. What does not verify is not reported; exits with 5.
    """


@command.command("type1", context_settings=options.CONTEXT)
@options.dated("--at", text="The night to show (YYYY-MM-DD, UTC).", required=True)
@_common
def type1(at: date, format_: str | None, output: Path | None, store: str | None, config: Path | None) -> int:
    """Design and implementation at a date, from the run of that night.

    HTML that is large becomes several pages where --output is a folder.
    """
    from engine.custody import examination

    named = outputs.form(format_, output, {name: row.suffix for name, row in PERIOD_FORMATS.items()})
    _refuse(named, output)
    return _told(examination.period(store_of(store), config or settings.configuration(), at, at, 1), named, output)


@command.command("type2", context_settings=options.CONTEXT)
@options.period(required=True)
@_common
def type2(
    from_: date, to: date, format_: str | None, output: Path | None, store: str | None, config: Path | None
) -> int:
    """Operation through a period: coverage first, then every failure with its bounds.

    HTML that is large becomes several pages where --output is a folder.
    """
    from engine.custody import examination

    named = outputs.form(format_, output, {name: row.suffix for name, row in PERIOD_FORMATS.items()})
    _refuse(named, output)
    return _told(examination.period(store_of(store), config or settings.configuration(), from_, to), named, output)


@command.command("changes", context_settings=options.CONTEXT)
@options.period(required=True)
@click.option("--gates", multiple=True, metavar="DIR|URL", help="A store that gates were sealed in. Repeatable.")
@click.option("--gates-config", type=options.FOLDER, metavar="DIR", help="Folder of the trust file of these stores.")
@options.output_format("text", "json")
@options.STORE
@options.CONFIG
@options.debug
def changes(
    from_: date,
    to: date,
    gates: tuple[str, ...],
    gates_config: Path | None,
    format_: str,
    store: str | None,
    config: Path | None,
) -> int:
    """What was gated, what is so now, and what changed without a gate (CC8.1)."""
    from engine.custody import examination
    from engine.report import gate_changes

    folder = config or settings.configuration()
    if from_ > to:
        raise UsageError(f"reporting changes: the period ends on {to}, before it begins on {from_}")
    found = examination.changes(store_of(store), gates, folder, gates_config or folder, from_, to)
    streams.emit(gate_changes.render(found, format_, streams.options()))
    return 0


@command.command("due", context_settings=options.CONTEXT)
@options.within(30)
@options.output_format("text", "json")
@options.POLICY
@options.debug
def due(within: int, format_: str, policy: Path | None) -> int:
    """What people have to do, by owner: evidence, reviews, approvals, waivers, vendors' reports, auditors' requests."""
    from engine.cli.clock import today
    from engine.report import due as shown
    from engine.workflows.agenda import agenda

    found = agenda(options.policy(policy), today(), within)
    days = (found.on, found.until)
    told = shown.render(found.organization, days, found.rows, found.people, found.lacking, format_, streams.options())
    streams.emit(told)
    return 0


@command.command("status", context_settings=options.CONTEXT)
@click.option("--for-customers", is_flag=True, help="Only what may be sent: no verdicts, no counts.")
@options.written_format(*_STATUS)
@options.OUTPUT
@options.POLICY
@options.debug
def status(for_customers: bool, format_: str | None, output: Path | None, policy: Path | None) -> int:
    """Scope, window, auditor and what is planned, for customers who ask before there is an opinion."""
    from engine.cli.clock import today
    from engine.report import status as shown
    from engine.workflows.status import status as stated

    if not for_customers:
        raise UsageError("reporting the status: it is written for customers: --for-customers")
    named = outputs.form(format_, output, {name: FORMATS[name].suffix for name in _STATUS})
    if output is not None:
        streams.check_target(output)
    told = shown.render(stated(options.policy(policy)), today(), named, streams.options())
    if output is not None:
        streams.write(output, told)
    else:
        streams.emit(told)
    return 0


def _refuse(format_: str, output: Path | None) -> None:
    """Say before any work what would fail after it."""
    if output is not None and format_ == "html" and output.is_dir():
        streams.check_target(output / _INDEX)
    elif output is not None:
        streams.check_target(output)
    elif format_ in _BINARY:
        raise UsageError(f"reporting as {format_}: it is no text for a terminal; name a file with --output")


def _told(period: Period, format_: str, output: Path | None) -> int:
    form = PERIOD_FORMATS[format_]
    if format_ == "html" and output is not None and (output.is_dir() or output.suffix not in (".html", ".htm")):
        return _pages(form.files(period, streams.options()), output)
    data = form.render(period, streams.options())
    if output is None:
        streams.emit(data.decode())
    else:
        streams.write(output, data)
    return 0


def _pages(pages: Mapping[str, bytes], output: Path) -> int:
    """Write pages below a folder, which is made where it is not there; a page alone into a file where none is."""
    if len(pages) == 1 and not output.is_dir():
        streams.write(output, pages[_INDEX])
        return 0
    # The index comes last: while it is not there, or old, nobody takes half of the pages for the whole.
    for name in sorted(pages, key=lambda name: (name == _INDEX, name)):
        streams.make_folder((output / name).parent)
        streams.write(output / name, pages[name])
    streams.say(f"{len(pages):,} pages; open {output / _INDEX}")
    return 0


command.add_command(gap)
