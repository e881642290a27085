"""``auditreel evidence``: what people did, recorded with its files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options

if TYPE_CHECKING:
    from engine.programme.needs import Need
    from engine.workflows.evidence import Added


@click.group("evidence", context_settings=options.CONTEXT)
def command() -> None:
    """Record what people did, and see which evidence the controls ask for."""


@command.command("add", context_settings=options.CONTEXT)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--kind", required=True, metavar="KIND", help="What controls ask for: training, restore_test, ...")
@click.option("--title", required=True, metavar="TEXT", help="What it is, in a line.")
@options.BY
@options.dated("--effective", text="The day for which it speaks. Without one it counts for nothing.")
@options.dated("--received", text="The day on which it came to you [default: today, UTC].")
@options.dated("--until", text="The last day for which it is good [default: a year after --effective].")
@options.OCCURRENCE
@click.option("--control", multiple=True, metavar="CONTROL", help="Only for this control. Repeatable.")
@options.POLICY
@options.debug
def add(
    files: tuple[Path, ...],
    kind: str,
    title: str,
    by: str,
    effective: date | None,
    received: date | None,
    until: date | None,
    occurrence: str | None,
    control: tuple[str, ...],
    policy: Path | None,
) -> int:
    """Copy FILEs into the policy folder, with a record that says what they show, when and by whom.

    The record counts from the day for which it speaks; each run seals it with its files. Commit it as you would code.
    """
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.workflows import evidence

    on = today()
    asked = evidence.Evidence(
        files=files,
        kind=kind,
        title=title,
        by=by,
        received=received or on,
        effective=effective,
        until=until,
        occurrence=occurrence,
        supports=control,
    )
    added = evidence.record(asked, options.policy(policy), on)
    streams.emit(f"{added.record.path}\n" + "".join(f"{line}\n" for line in _lines(added)))
    path = added.record.path
    streams.say(f"Next: git add {path} {path.with_suffix('')} and commit; the next run seals it.")
    return 0


def _lines(added: Added) -> Iterator[str]:
    from engine.report.safe import safe

    for id_ in added.again:
        yield f"  the same file is in the record {safe(id_)}"
    if added.record.effective_on is None:
        yield "  counts for nothing: it says no day for which it speaks (effective_on)"
    for need in added.needs:
        yield f"  {need.demand.control} ({safe(need.demand.owner)}): {safe(_said(added, need), 2000)}"
        waiting = [f"{row.name} ({row.state}, due {row.due})" for row in need.occurrences if row.lacking]
        if waiting:
            yield f"    still without: {', '.join(waiting)}"


def _said(added: Added, need: Need) -> str:
    from engine.programme.sentences import stands

    if need.demand.recurrence is None:
        return stands(need.standing)
    parts = [f"{row.name}, {row.state.replace('_', ' ')}" for row in added.filled(need)]
    parts += [f"came too late for {row.name}, which closed on {row.closes}" for row in added.belated(need)]
    return "; ".join(parts) or f"speaks for no occurrence that is expected; {stands(need.standing)}"


@command.command("history", context_settings=options.CONTEXT)
@options.output_format("text", "json")
@options.POLICY
@options.debug
def history(format_: str, policy: Path | None) -> int:
    """Who wrote and who approved policy documents and controls, by the commits that brought them as they stand.

    A good signature of somebody else than the author corroborates; a line "Reviewed-by" or "Approved-by" is a word.
    """
    from engine.cli import streams
    from engine.report import history as shown
    from engine.workflows import history

    streams.emit(shown.render(history.reviewed(options.policy(policy)), format_, streams.options()))
    return 0


@command.command("list", context_settings=options.CONTEXT)
@options.output_format("text", "json")
@options.POLICY
@options.debug
def list_(format_: str, policy: Path | None) -> int:
    """Every kind of evidence that controls name: how it stands, what is missing, what is due longest first."""
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.report import needs
    from engine.workflows import evidence

    on = today()
    streams.emit(needs.render(evidence.listed(options.policy(policy), on), on, format_, streams.options()))
    return 0
