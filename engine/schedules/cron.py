"""A crontab, for cronie (which knows CRON_TZ) or a system whose clock is in the schedule's time zone."""

from __future__ import annotations

import shlex

from engine.schedules import MOST_HOURS, Job, head


def files(job: Job) -> dict[str, str]:
    """One crontab of the user that scans. In a crontab a percent sign ends the command, so it is escaped."""
    zone = job.schedule.timezone
    first = head(
        job,
        "Nightly run of auditreel, and its notification. Written by `auditreel schedule print --target cron`.",
        {
            "CRON_TZ": f"cronie knows it; another cron takes the machine's time zone, which must then be {zone}",
            **dict(job.variables.values()),
        },
    )
    told = ("--heartbeat", f"{job.config}/auditreel.prom", "--log-json", f"{job.config}/runs.jsonl")
    # The lock keeps a run that lasts from a second one; timeout sends SIGTERM, after which a run can be gone on with.
    run = ("flock", "-n", f"{job.config}/run.lock", "timeout", "-k", "120", f"{MOST_HOURS}h", *job.run, *told)
    lines = [
        f"CRON_TZ={zone}",
        f"AUDITREEL_CONFIG={job.config}",
        *(f"{name}={value}" for name, (value, _) in job.variables.items()),
        f"{job.cron(job.at)} {_command(run)} >/dev/null",
        f"{job.cron(job.notified)} {_command(job.notify)}",
    ]
    return {"auditreel.crontab": first + "\n".join(lines) + "\n"}


def _command(words: tuple[str, ...]) -> str:
    return shlex.join(words).replace("%", r"\%")
