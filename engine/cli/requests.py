"""``auditreel requests``: an auditor's list of requests, from the file that was sent to the answers handed over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from engine.cli import options, settings
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.workflows.answering import Answered
    from engine.workflows.requests import Imported

_STATES: Final = ("open", "stale", "answered")
_NAMED: Final = 8
_INCOMPLETE: Final = 4


@click.group("requests", context_settings=options.CONTEXT)
def command() -> None:
    """Tie what an auditor asks for to evidence, see what is open, and hand over the answers. docs/audit.md shows it."""


@command.command("import", context_settings=options.CONTEXT)
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path))
@options.ID
@click.option("--sheet", metavar="NAME", help="Only this sheet [default: each on which requests are found].")
@click.option("--dates", type=click.Choice(("day", "month")), help="What stands first in dates like 03/04/2027.")
@options.POLICY
@options.debug
def import_(file: Path, id_: str | None, sheet: str | None, dates: str | None, policy: Path | None) -> int:
    """Read the auditor's LIST (XLSX, CSV or JSON) into the policy folder, and tie each line to what would answer it.

    Columns are known by their words, whatever their order. A list that is sent again, by the same --id or file's
    name, keeps what people decided, and shows which lines are new, changed or dropped.
    """
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.workflows import requests

    made = requests.import_(file, options.policy(policy), today(), id_, sheet, dates)
    streams.emit(_imported(made))
    name = made.requests.id
    streams.say(f"Next: auditreel requests show {name}; what is tied wrongly: auditreel requests tie {name} LINE ...")
    return 0


def _imported(made: Imported) -> str:
    from engine.report.layout import named
    from engine.report.safe import safe

    lines = made.requests.standing
    tied = [row for row in lines if row.ties]
    certain = sum(all(tie.sure == "certain" for tie in row.ties) for row in tied)
    told = [f"{made.requests.path}"]
    told.append(
        f"  {len(lines):,} lines, {len(tied):,} tied ({certain:,} for certain), {len(lines) - len(tied):,} to none"
    )
    merge = made.merge
    for what, ids in (("changed", merge.changed), ("dropped", merge.dropped), ("back again", merge.back)):
        told += [f"  {what}: {named(map(safe, ids), _NAMED)}"] if ids else []
    if merge.new and len(merge.new) < len(lines):
        told.append(f"  new: {named(map(safe, merge.new), _NAMED)}")
    again = [row.id for row in lines if row.was is not None]
    told += [f"  changed since a person tied them, to be looked at: {named(map(safe, again), _NAMED)}"] if again else []
    told += [f"  NOT IMPORTED: {safe(text, 400)}" for text in made.passed_over]
    told += [f"  {safe(text, 1000)}" for text in made.notes[:_NAMED]]
    told += [f"  and {len(made.notes) - _NAMED} more like these"] if len(made.notes) > _NAMED else []
    return "".join(f"{line}\n" for line in told)


@command.command("tie", context_settings=options.CONTEXT)
@click.argument("list_", metavar="LIST")
@click.argument("line")
@options.BY
@click.option("--kind", multiple=True, metavar="KIND", help="A kind of evidence answers it: training, ... Repeatable.")
@click.option("--check", multiple=True, metavar="GLOB", help="What runs show of these checks does. Repeatable.")
@click.option("--control", multiple=True, metavar="CONTROL", help="All that this control names does. Repeatable.")
@click.option("--part", multiple=True, metavar="NAME", help="What we state does: system, subservices, ... Repeatable.")
@click.option("--evidence", multiple=True, metavar="ID", help="This record of evidence does. Repeatable.")
@click.option("--document", multiple=True, metavar="ID", help="This policy document does. Repeatable.")
@click.option(
    "--file",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="This file of the policy folder does. Repeatable.",
)
@click.option("--nothing", is_flag=True, help="Nothing that is kept answers it.")
@click.option("--words", is_flag=True, help="Its own words decide again.")
@click.option("--owner", metavar="NAME", help="The role or person who answers it.")
@click.option("--note", metavar="TEXT", help="What the auditor is told beside the answer.")
@options.POLICY
@options.debug
def tie(
    list_: str,
    line: str,
    by: str,
    kind: tuple[str, ...],
    check: tuple[str, ...],
    control: tuple[str, ...],
    part: tuple[str, ...],
    evidence: tuple[str, ...],
    document: tuple[str, ...],
    file: tuple[Path, ...],
    nothing: bool,
    words: bool,
    owner: str | None,
    note: str | None,
    policy: Path | None,
) -> int:
    """Say what answers LINE of LIST; all that is named is needed. It stays when the list is imported again."""
    from engine.cli import streams
    from engine.cli.clock import today
    from engine.report.safe import safe
    from engine.workflows import requests

    decision = requests.Decision(by, kind, check, control, part, evidence, document, file, nothing, words, owner, note)
    now = requests.decide(options.policy(policy), list_, line, decision, today())
    told = ", ".join(one.name for one in now.ties) or "nothing"
    streams.emit(f"{safe(now.id)}: {safe(now.text, 200)}\n  tied to {safe(told, 400)} by {safe(now.tied_by)}\n")
    streams.say(f"Next: auditreel requests show {list_}")
    return 0


@command.command("show", context_settings=options.CONTEXT)
@click.argument("list_", metavar="[LIST]", required=False)
@click.option("--state", multiple=True, type=click.Choice(_STATES), help="Only these [default: all]. Repeatable.")
@options.output_format("text", "json")
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def show(
    list_: str | None,
    state: tuple[str, ...],
    format_: str,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Every line of LIST as it stands today: open, stale or answered, with what, whose it is, and why."""
    from engine.cli import streams
    from engine.report import requests as shown

    of = _answered(list_, policy, store, config)
    told = shown.render(
        of.requests, of.answers, of.organization, of.on, of.runs.said, format_, streams.options(),
        state or _STATES,
    )  # fmt: skip
    streams.emit(told)
    return 0


@command.command("export", context_settings=options.CONTEXT)
@click.argument("list_", metavar="[LIST]", required=False)
@options.ALLOW_INCOMPLETE
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="A file .xlsx or .csv: the list; a file .zip or a new folder: with all files and a manifest of digests.",
)
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def export(
    list_: str | None,
    allow_incomplete: bool | None,
    output: Path,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write LIST back with the auditor's columns and the answers, and the files that these rest on.

    Exits with 4 where a line is open or stale: what is handed over says so, too.
    """
    from engine.cli import streams
    from engine.workflows import answering

    suffix = output.suffix.lower()
    if suffix in (".xlsx", ".csv", ".zip"):
        streams.check_target(output)
    elif output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"writing {output}: it is there already; name a new folder, or a file .zip, .xlsx or .csv")
    of = _answered(list_, policy, store, config)
    if suffix in (".xlsx", ".csv"):
        streams.write(output, _list(of, suffix, {}))
        streams.say("The files that the answers rest on are not in it: name a folder or a file .zip")
    else:
        places = answering.places(of)
        pages = {f"requests{form}": _list(of, form, places) for form in (".xlsx", ".csv")}
        members = answering.handed(of, {**pages, **_work_paper(of)})
        if suffix == ".zip":
            streams.write(output, answering.archived(members, output))
        else:
            answering.lay_out(members, output)
    streams.emit(f"{output}\n")
    if of.whole:
        return 0
    counts = of.counts
    told = f"{counts['open']:,} open and {counts['stale']:,} stale of {len(of.answers):,} requests"
    written = "the answers say so (with --allow-incomplete: exit 0)"
    streams.say(told if allow_incomplete else f"exit {_INCOMPLETE}: {told}; {written}")
    return 0 if allow_incomplete else _INCOMPLETE


def _answered(list_: str | None, policy: Path | None, store: str | None, config: Path | None) -> Answered:
    from engine.cli.clock import today
    from engine.workflows import answering

    place = settings.merged({"store": store})["store"]
    return answering.answered(options.policy(policy), list_, today(), place, config or settings.configuration())


def _list(of: Answered, form: str, places: Mapping[Path, str]) -> bytes:
    from engine.report import requests as shown

    if form == ".csv":
        return shown.table(of.requests, of.answers, places).encode()
    from engine.report import requests_xlsx

    return requests_xlsx.render(of.requests, of.answers, of.organization, of.on, of.runs.said, places)


def _work_paper(of: Answered) -> Mapping[str, bytes]:
    """What the runs show, where answers rest on them."""
    from engine.report import PERIOD_FORMATS, Options

    if of.period is None or of.runs.why is not None:
        return {}
    return {"runs/workpaper.xlsx": PERIOD_FORMATS["xlsx"].render(of.period, Options())}
