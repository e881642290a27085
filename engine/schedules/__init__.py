"""What starts a run every night, as manifests of what runs jobs already.

One module a target, each with ``files(job) -> {name: text}``. What is to be filled in stands in them in capitals and is
listed in their first lines. A night's run may begin late and never early: what begins before it is due counts for the
night before. Owners are notified by a job of its own, so that a run that never began is told too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from typing import Final
from zoneinfo import ZoneInfo

from engine import permissions
from engine.evidence.objects.address import Address, parse
from engine.model import Schedule
from engine.permissions import buckets

TARGETS: Final[Mapping[str, str]] = {
    "cron": "engine.schedules.cron",
    "systemd": "engine.schedules.systemd",
    "k8s": "engine.schedules.kubernetes",
    "github": "engine.schedules.github",
    "eventbridge": "engine.schedules.eventbridge",
}
"""The targets, each with its module."""

MOST_HOURS: Final = 6
"""After which a run is stopped, and can be gone on with."""
GRACE_SECONDS: Final = 120
"""For requests in flight, between SIGTERM and SIGKILL."""
LATEST_NOTICE: Final = 12
"""Hours after a run is due by which owners are notified, however long the schedule's grace is."""
ASSUME: Final = "sts:AssumeRole"
USER: Final = 10001
"""Of the container image."""
CACHE: Final = "/cache"
"""Where a bucket's working copy is kept in a container: below it, as in XDG_CACHE_HOME."""
_WHERE: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "s3": {"AWS_REGION": ("BUCKET_REGION", "the region of the bucket")},
    "gs": {},
    "az": {"AZURE_STORAGE_ACCOUNT_NAME": ("STORAGE_ACCOUNT", "the storage account of the container")},
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What whoever scans may do at a provider: actions that read, and those that find and enter accounts."""

    reading: tuple[str, ...]
    entering: tuple[str, ...]

    @property
    def everywhere(self) -> tuple[str, ...]:
        """The actions that may be granted on everything: all of them but to assume a role."""
        return tuple(name for name in (*self.reading, *self.entering) if name != ASSUME)

    @property
    def assumes(self) -> bool:
        """Whether it takes on the roles of other accounts, which is granted on these roles alone."""
        return ASSUME in self.entering


@dataclass(frozen=True, slots=True)
class Job:
    """A nightly run. ``needs`` are the permissions by provider, ``skipped`` a night on which its local time is not.

    ``store``, ``config`` and ``policy`` are folders where the run is made; with a ``bucket`` the store is its URL, and
    what is written where the run is made is a cache.
    """

    schedule: Schedule
    needs: Mapping[str, Needs]
    image: str
    store: str
    config: str
    policy: str | None
    skipped: date | None = None
    bucket: Address | None = None

    @property
    def providers(self) -> tuple[str, ...]:
        """The clouds that are read."""
        return tuple(sorted(self.needs))

    @property
    def clouds(self) -> tuple[str, ...]:
        """The clouds that are entered: those that are read, and that of the bucket."""
        return tuple(sorted({*self.needs, *([buckets.cloud(self.bucket)] if self.bucket is not None else [])}))

    @property
    def extras(self) -> str:
        """What of the distribution is installed for it."""
        return ",".join((*self.clouds, "notify", *(["remote"] if self.bucket is not None else [])))

    @property
    def place(self) -> tuple[str, str]:
        """What the folder beside configuration and policy is called where volumes are mounted, and where it is."""
        return ("evidence", "/evidence") if self.bucket is None else ("cache", CACHE)

    @property
    def mounted(self) -> str:
        """The store, where folders are mounted."""
        return self.place[1] if self.bucket is None else self.store

    @property
    def variables(self) -> Mapping[str, tuple[str, str]]:
        """What says where the bucket is: by variable, what is to be filled in and what that is."""
        return _WHERE[self.bucket.scheme] if self.bucket is not None else {}

    @property
    def at(self) -> tuple[int, int]:
        """Hour and minute at which it is due."""
        due = time.fromisoformat(self.schedule.at)
        return due.hour, due.minute

    @property
    def notified(self) -> tuple[int, int]:
        """Hour and minute at which owners are notified: when a run that has not begun is late."""
        hour, minute = self.at
        return (hour + min(self.schedule.grace_hours, LATEST_NOTICE)) % 24, minute

    def cron(self, at: tuple[int, int]) -> str:
        """Every day at a time, as five fields of cron."""
        return f"{at[1]} {at[0]} * * *"

    @property
    def run(self) -> tuple[str, ...]:
        """The words of the run, without where it is told of."""
        policy = ("--policy", self.policy) if self.policy is not None else ()
        return ("auditreel", "run", "--trigger", "scheduled", "--store", self.store, *policy)

    @property
    def notify(self) -> tuple[str, ...]:
        """The words of the notification."""
        return ("auditreel", "notify", "--store", self.store)

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever uses the manifests must know."""
        told = []
        if self.skipped is not None:
            said = f"on {self.skipped} the clocks of {self.schedule.timezone} skip {self.schedule.at}"
            told.append(f"{said}: some schedulers leave that night out; a time that no clock skips is safer")
        if any(needs.assumes for needs in self.needs.values()):
            told.append(f"who scans needs {ASSUME} as well, on the roles of the accounts and on nothing else")
        if self.bucket is not None:
            role = f"role-{buckets.role(self.bucket)[0]}"
            told.append(
                f"evidence goes to {self.store}: whoever scans needs what {role} (--output writes it) grants on it, "
                "and keeps a working copy in a cache that may be lost"
            )
        return tuple(told)


def bucket_of(store: str) -> Address | None:
    """The bucket that a store's name means; None where it means a folder. Raises UsageError for a URL that is none."""
    return parse(store) if "://" in store else None


def on(job: Job, day: date) -> Job:
    """The job as of a day: with the first night in the year after it on which its time is skipped."""
    return replace(job, skipped=skipped(job.schedule, day))


def files(target: str, job: Job) -> dict[str, str]:
    """The manifests of a target, by the name of the file."""
    made: dict[str, str] = import_module(TARGETS[target]).files(job)
    return made


def roles(job: Job) -> dict[str, str]:
    """The read-only role of each cloud in the form that it takes, by the name of the file; it enters accounts too.

    Beside them what is granted on the bucket, if there is one.
    """
    found = {}
    if job.bucket is not None:
        name, text = buckets.role(job.bucket)
        found[f"role-{name}"] = text
    for provider, needs in job.needs.items():
        form, suffix = _FORMS.get(provider, ("policy", "txt"))
        found[f"role-{provider}.{suffix}"] = (
            f"{permissions.granting(form, provider, (*needs.reading, *needs.entering))}\n"
        )
    return found


_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "aws": ("cloudformation", "yaml"),
    "azure": ("policy", "json"),
    "gcp": ("policy", "yaml"),
    "github": ("policy", "json"),
}


def skipped(schedule: Schedule, first: date) -> date | None:
    """The first night of the year from ``first`` on whose local time the clocks skip; None where there is none."""
    zone = ZoneInfo(schedule.timezone)
    for days in range(366):
        local = datetime.combine(first + timedelta(days), time.fromisoformat(schedule.at), zone)
        if local.astimezone(UTC).astimezone(zone).time() != local.time():
            return local.date()
    return None


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with the value of each ``@NAME@``."""
    return re.sub("@([A-Z]+)@", lambda found: values[found[1]], template)


def head(job: Job, what: str, fill: Mapping[str, str], comment: str = "#") -> str:
    """The first lines of a manifest: what it is, what is to be filled in, and what is to be known."""
    lines = [what, *job.notes, *(f"  {name}: {text}" for name, text in fill.items())]
    return "\n".join(f"{comment} {line}".rstrip() for line in lines) + "\n"
