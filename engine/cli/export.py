"""``auditreel export``: a recorded run, or the runs of a period, as a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options, settings
from engine.cli.options import day
from engine.cli.verify import store_of
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.periods import Period

_REDACTIONS = ("addresses", "people")


@click.command("export", context_settings=options.CONTEXT)
@click.option("--run", metavar="RUN", help="The run to export.")
@click.option("--from", "from_", metavar="DATE", help="First night of the period to export (YYYY-MM-DD).")
@click.option("--to", metavar="DATE", help="Last night of the period.")
@click.option(
    "--criterion",
    "criteria",
    multiple=True,
    metavar="C",
    help="Carry the records of these criteria only (security, CC6 or CC6.1); of the others the hashes. Repeatable.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="The bundle [default: RUN.zip, or FROM--TO.zip]."
)
@click.option("--redact", metavar="people,addresses", help="Leave these out; every hash still verifies.")
@click.option("--record", type=click.IntRange(min=0), metavar="N", help="Only the proof of record N, counted from 0.")
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def command(
    run: str | None,
    from_: str | None,
    to: str | None,
    criteria: tuple[str, ...],
    output: Path | None,
    redact: str | None,
    record: int | None,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write a recorded run, or a period, as a bundle that anyone can verify without auditreel.

    The bundle of a period is what an auditor receives: reports in every form, the records of each run with their
    bodies, and how to re-perform it. What does not verify is not exported.
    """
    from engine import handover, preflight
    from engine.cli import streams

    if (run is None) == (from_ is None or to is None) or (run is None) != (from_ is not None and to is not None):
        raise UsageError("exporting: name a run with --run, or a period with --from and --to")
    if record is not None and run is None:
        raise UsageError("exporting: --record takes the --run that the record is of")
    if criteria and run is not None:
        raise UsageError("exporting: --criterion takes a period, --from and --to; a run is exported whole")
    left_out = _left_out(redact)
    span = run or f"{from_}--{to}"
    target = output or Path(f"{span}.zip" if record is None else f"{run}-{record}.json")
    folder = config or settings.configuration()
    if run is not None:
        streams.check_target(target)
        if record is not None:
            handover.prove(run, record, store_of(store), folder, target)
            streams.emit(f"{target}\n")
            return 0
        handover.export(run, store_of(store), folder, target, left_out)
    else:
        window = day(from_ or ""), day(to or "")
        streams.check_target(target)
        chosen = preflight.criteria(criteria, options.policy(policy)) if criteria else None

        def pages(period: Period, names: Sequence[str]) -> Mapping[str, bytes]:
            from engine.report import period_bundle

            return period_bundle.pages(period, names, chosen, left_out)

        handover.export_period(store_of(store), folder, window, target, pages, chosen, left_out)
    streams.emit(f"{target}\n")
    streams.say(f"Hand it over with the public key. To verify it: auditreel verify {target}, or the released verifier.")
    return 0


def _left_out(redact: str | None) -> tuple[str, ...]:
    """What is to be redacted, sorted. Raises UsageError for what nobody can leave out."""
    named = {word.strip() for word in redact.split(",")} if redact is not None else set()
    for unknown in sorted(named - set(_REDACTIONS)):
        raise UsageError(f"exporting: --redact {unknown}: it is one of {', '.join(_REDACTIONS)}")
    return tuple(sorted(named))
