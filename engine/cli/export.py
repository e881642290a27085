"""``auditreel export``: a recorded run, or the runs of a period, as a bundle."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import options, settings
from engine.cli.verify import store_of
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.periods import Period

_REDACTIONS = ("addresses", "people")


@click.command("export", context_settings=options.CONTEXT)
@click.option("--run", metavar="RUN", help="One recorded run, whole.")
@options.period(required=False)
@options.CRITERION
@click.option("--redact", metavar="people,addresses", help="Leave these out; every hash still verifies.")
@click.option("--proof", type=click.IntRange(min=0), metavar="N", help="Only the proof of record N, counted from 0.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="The bundle [default: RUN.zip, or FROM--TO.zip]."
)
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def command(
    run: str | None,
    from_: date | None,
    to: date | None,
    criterion: tuple[str, ...],
    redact: str | None,
    proof: int | None,
    output: Path | None,
    policy: Path | None,
    store: str | None,
    config: Path | None,
) -> int:
    """Write a recorded run, or a period, as a bundle that anyone can verify without auditreel.

    The bundle of a period is what an auditor receives: reports in every form, the records of each run with their
    bodies, and how to re-perform it. With --criterion it carries the records of these criteria, and of the others the
    hashes. What does not verify is not exported.
    """
    from engine.cli import streams
    from engine.custody import handover, stores
    from engine.run import preflight

    if (run is None) == (from_ is None or to is None) or (run is None) != (from_ is not None and to is not None):
        raise UsageError("exporting: name a run with --run, or a period with --from and --to")
    if proof is not None and run is None:
        raise UsageError("exporting: --proof takes the run that the record is of, --run")
    if criterion and run is not None:
        raise UsageError("exporting: --criterion takes a period, --from and --to; a run is exported whole")
    left_out = _left_out(redact)
    span = run or f"{from_}--{to}"
    target = output or Path(f"{span}.zip" if proof is None else f"{run}-{proof}.json")
    folder, place = config or settings.configuration(), store_of(store)
    if run is not None:
        streams.check_target(target)
        if proof is not None:
            handover.prove(run, proof, place, folder, target)
            streams.emit(f"{target}\n")
            return 0
        handover.export(run, place, folder, target, left_out)
    elif from_ is not None and to is not None:
        streams.check_target(target)
        chosen = preflight.criteria(criterion, options.policy(policy)) if criterion else None

        def pages(period: Period, names: Sequence[str]) -> Mapping[str, bytes]:
            from engine.report import period_bundle

            return period_bundle.pages(period, names, chosen, left_out)

        handover.export_period(place, folder, (from_, to), target, pages, chosen, left_out)
    streams.emit(f"{target}\n")
    trusted = stores.trust_folder(place, folder)
    told = "" if trusted == settings.configuration() else f" --config {shlex.quote(str(trusted))}"
    verify = f"auditreel verify {shlex.quote(str(target))}{told}"
    streams.say(f"Hand it over, and {trusted / 'trust.json'} by another way. To verify it: {verify}")
    return 0


def _left_out(redact: str | None) -> tuple[str, ...]:
    """What is to be redacted, sorted. Raises UsageError for what nobody can leave out."""
    named = {word.strip() for word in redact.split(",")} if redact is not None else set()
    for unknown in sorted(named - set(_REDACTIONS)):
        raise UsageError(f"exporting: --redact {unknown}: it is one of {', '.join(_REDACTIONS)}")
    return tuple(sorted(named))
