"""``auditreel report gap``: what is lacking for a report, ranked, with three dates; and the remediation plan."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options, outputs, settings, streams
from engine.report import FORMATS, GAP_FORMATS

if TYPE_CHECKING:
    from engine.programme.gap import Gap


@click.command("gap", context_settings=options.CONTEXT)
@options.SNAPSHOT
@click.option("--demo", is_flag=True, help="Judge a fictional company: no network, no account.")
@click.option(
    "--remediation",
    "plan",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write or bring up to date a remediation plan, such as policies/remediation.yaml.",
)
@options.written_format(*GAP_FORMATS)
@options.OUTPUT
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def command(
    policy: Path | None,
    store: str | None,
    snapshot: str | None,
    demo: bool,
    format_: str | None,
    output: Path | None,
    plan: Path | None,
    config: Path | None,
) -> int:
    """For every criterion in scope: what is failing, unproven or missing, who owns it, and what to do.

    The earliest Type I, start of the window and Type II stand at the top, each with what it waits for. With
    --remediation, what people wrote into the plan (owner, target, ticket, note) stays, and what the run shows done is
    ticked off.
    Without a store, a snapshot or --demo, nothing was scanned, and the report says so.
    """
    from engine.cli.clock import system_clock
    from engine.custody.inspection import is_run
    from engine.report import render_gap
    from engine.workflows import gap_analysis

    named = outputs.form(format_, output, {name: FORMATS[name].suffix for name in GAP_FORMATS})
    for path in (output, plan):
        if path is not None:
            streams.check_target(path)
    said = (("--policy", policy), ("--store", store), ("--snapshot", snapshot))
    arguments = [*(["--demo"] if demo else []), *(f"{name} {shlex.quote(str(value))}" for name, value in said if value)]
    place = None if demo or (snapshot and not is_run(snapshot)) else settings.merged({"store": store})["store"]
    request = gap_analysis.GapRequest(
        config=config or settings.configuration(),
        policy=options.policy(policy) if not demo or policy else None,
        store=store or place,
        snapshot=snapshot,
        demo=demo,
        plan=plan,
        arguments=" ".join(arguments),
    )
    found = gap_analysis.gap(request, system_clock())
    if plan is not None:
        _write_plan(found, plan)
    text = render_gap(found, named, streams.options())
    if output is None:
        streams.emit(text)
    else:
        streams.write(output, text)
    return 0


def _write_plan(found: Gap, path: Path) -> None:
    from engine.workflows import gap_analysis

    tasks = gap_analysis.plan(found)
    streams.write(path, gap_analysis.plan_file(tasks))
    open_ = sum(task.open for task in tasks)
    done = sum(task.done_on is not None for task in tasks)
    streams.say(f"{path}: {open_:,} open, {done:,} done, {len(tasks) - open_ - done:,} dropped")
