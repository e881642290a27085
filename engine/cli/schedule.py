"""``auditreel schedule``: manifests that start a run every night."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import engine
from engine.cli import options, settings, streams

if TYPE_CHECKING:
    from engine.schedules import Job

TARGETS = ("cron", "systemd", "k8s", "github", "eventbridge")


@click.group("schedule", context_settings=options.CONTEXT)
def command() -> None:
    """Have a run made every night by what makes jobs already."""


@command.command("print", context_settings=options.CONTEXT)
@click.option("--target", type=click.Choice(TARGETS), required=True, help="What is to start the runs.")
@click.option("--image", metavar="NAME", help="The container image, best with its digest.")
@click.option(
    "--output", type=options.FOLDER, metavar="DIR", help="Write the manifests here, with the roles of each cloud."
)
@options.POLICY
@options.STORE
@options.CONFIG
@options.debug
def print_(
    target: str, image: str | None, output: Path | None, store: str | None, policy: Path | None, config: Path | None
) -> int:
    """Print complete manifests by the schedule in organization.yaml: the run, and when owners are notified.

    With --output the read-only role of each cloud in use is written beside them, as auditreel permissions prints it,
    and what a store in a bucket takes.
    """
    from engine import schedules
    from engine.cli.clock import today

    known = settings.merged({"store": store, "policy": policy})
    folder = known["policy"]
    job = _job(Path(folder) if folder else None, image, known["store"], config)
    job = schedules.on(job, today())
    found = schedules.files(target, job)
    if output is None:
        for name, text in found.items():
            streams.emit(f"# {name}\n{text}" if len(found) > 1 else text)
        streams.say(f"the role of {', '.join(job.providers)}: --output DIR writes it too, or auditreel permissions")
    else:
        streams.make_folder(output)
        for name, text in {**found, **schedules.roles(job)}.items():
            streams.write(output / name, text)
            streams.say(str(output / name))
    for note in job.notes:
        streams.say(f"note: {note}")
    return 0


def _job(policy: Path | None, image: str | None, store: str | None, config: Path | None) -> Job:
    from engine.custody import stores
    from engine.run import preflight
    from engine.run.request import RunRequest
    from engine.schedules import Job, Needs, bucket_of

    place = store or stores.stated(policy) or "/var/lib/auditreel/evidence"
    bucket = bucket_of(place)
    request = RunRequest(config=config or settings.configuration(), policy=policy)
    schedule, found = preflight.scheduled(request)
    return Job(
        schedule=schedule,
        needs={name: Needs(needed.reading, needed.entering) for name, needed in found.items()},
        image=image or f"registry.example.org/auditreel:{engine.__version__}",
        store=str(Path(place).absolute() if bucket is None else bucket),
        config=str((config or Path("/var/lib/auditreel/config")).absolute()),
        policy=str(policy.absolute()) if policy is not None else None,
        bucket=bucket,
    )
