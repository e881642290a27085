"""``auditreel run``, also installed as ``run-checks``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

import engine
from engine.cli import heartbeat, options, outputs, settings
from engine.errors import DiscoveryError, Interrupted, UsageError
from engine.report import FORMATS

if TYPE_CHECKING:
    from engine.cli.watch import Watch
    from engine.model import Assessment
    from engine.run.request import RunRequest


_STOPPED: Final = (
    "No verdict was reached, none was recorded. A store keeps that the run began, and what was read of it: the same "
    "command goes on where it stopped, within the hours of --resume-within."
)
_CODES: Final = (
    "Exit codes: 0 no failure, 1 defect, 2 usage, 3 failures, 4 incomplete, 5 not sealed, 130 and 143 stopped."
)


@click.command("run", context_settings=options.CONTEXT, epilog=_CODES)
@options.filters
@options.places
@options.SNAPSHOT
@click.option(
    "--demo",
    is_flag=False,
    flag_value="recorded",
    type=click.Choice(["recorded", "live"]),
    metavar="[live]",
    help="Judge a fictional company: no network, no account.",
)
@click.option("--plan", is_flag=True, help="Print the calls that would be made, and make none.")
@options.FAIL_ON
@options.ALLOW_INCOMPLETE
@click.option("--trigger", type=click.Choice(settings.TRIGGERS), help="What started it [default: adhoc].")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long one request may take [default: 20].",
)
@click.option(
    "--resume-within",
    type=click.FloatRange(min=0),
    metavar="HOURS",
    help="Go on with an equal run that died no longer ago; 0: never [default: 12].",
)
@click.option(
    "--executor",
    metavar="dask://HOST:PORT",
    help="Have a Dask cluster read the accounts of AWS [default: threads, of this machine].",
)
@click.option("--witness", metavar="NONCE", help="Record the nonce of an auditor who watches the run.")
@click.option(
    "--heartbeat",
    "beat",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.prom",
    help="Keep metrics of the run for Prometheus' textfile collector, also where it fails.",
)
@click.option("--log-json", metavar="FILE", help="Append a line of JSON about the run; -: to the error stream.")
@options.ACCESS_LOG
@click.option("--format", type=click.Choice(tuple(FORMATS)), help="Form of the output [default: text].")
@options.reports(FORMATS.values())
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
@click.version_option(engine.__version__, message="auditreel %(version)s")
@click.pass_obj
def command(
    watch: Watch,
    /,
    plan: bool,
    output: tuple[Path, ...],
    beat: Path | None,
    log_json: str | None,
    access_log: Path | None,
    **flags: Any,
) -> int:
    """Read cloud configuration, judge it by criterion, record the verdicts where --store says, and report.

    run-checks --demo: a fictional company, offline. run-checks --criterion security --plan: what would be called.
    run-checks --criterion security: your account, with the cloud's own default credentials.
    """
    if plan:
        from engine.cli.plan import show

        request, known = options.request(flags)
        outputs.formats(output)
        return show(request, known["format"])
    with heartbeat.beating(_told(flags, beat, log_json), watch) as pulse:
        request, known = options.request(flags)
        pulse.policy = request.policy
        files = outputs.formats(output)
        if access_log is not None and not access_log.is_file():
            raise UsageError(
                f"sealing how {access_log} stands: it is not there; it is the log that auditreel serve keeps"
            )
        assessment = pulse.assessment = _judged(request, watch, _executor(flags, known))
        outputs.show(assessment, known["format"], files)
        if access_log is not None:
            _seal_accesses(access_log, request, assessment)
    return assessment.exit_code


def _seal_accesses(log: Path, request: RunRequest, assessment: Assessment) -> None:
    """Say in the chain of the run how a log of accesses stands. Raises SealError, VerificationError, UsageError."""
    from engine.cli.clock import system_clock
    from engine.custody import upkeep
    from engine.serve.accesses import standing

    if assessment.sealed is None:
        if 5 in assessment.exit_reasons:
            return  # the run could not be sealed, which was told
        raise UsageError(f"sealing how {log} stands: the run was recorded in no store; name one with --store")
    place = str(assessment.sealed["store"])
    found = standing(log, upkeep.sealed_accesses(place, request.config, log.name))
    upkeep.seal_accesses(place, request.config, log.name, (found.count, found.digest), system_clock())


def _told(flags: Mapping[str, Any], beat: Path | None, log: str | None) -> heartbeat.Told:
    """Where the run is told of. Raises UsageError for one that does not read the clouds."""
    told = heartbeat.Told(beat, log)
    if told and (flags.get("demo") or flags.get("snapshot")):
        raise UsageError("telling of a run: a demonstration or a stored snapshot is no sign of life of the nightly run")
    return told


def _executor(flags: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """The address of the cluster that reads; None where this machine does. Raises UsageError."""
    stored = flags.get("demo") or flags.get("snapshot")
    if flags.get("executor") and stored:
        raise UsageError("choosing an executor: a demonstration or a stored snapshot reads no account; leave it out")
    return None if stored or known["executor"] == "threads" else known["executor"]


def _judged(request: RunRequest, watch: Watch, executor: str | None) -> Assessment:
    from engine.cli.clock import system_clock
    from engine.cli.progress import progress
    from engine.cli.traces import traced
    from engine.collection.observer import Several
    from engine.run import pipeline

    quiet = request.demo == "recorded" or request.snapshot is not None
    cluster = pipeline.cluster(executor, system_clock) if executor is not None else None
    try:
        with watch.orderly() as cancelled, progress(quiet) as bar, traced() as spans:
            return pipeline.run(request, system_clock(cancelled), Several(bar, spans), cancelled, cluster)
    except (Interrupted, DiscoveryError) as error:
        if watch.received is None:
            raise
        stopped = Interrupted(watch.received)
        stopped.add_note(_STOPPED)
        raise stopped from error
