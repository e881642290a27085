"""Tries a plan before it is relied on: who we are, what is denied, clock skew, versions."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata

import engine
from engine.collection import collect, directory, entered
from engine.collection.limiter import Limiter
from engine.collection.planner import Plan
from engine.collection.runner import Conforms
from engine.model import REGIONLESS, Clock, Discovery
from providers.base import Provider, place


@dataclass(frozen=True, slots=True)
class Denied:
    """A reader that will not read: its operations, why, and the permission that it lacks (if that is the cause)."""

    operations: str
    reason: str
    permission: str
    detail: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a trial of a provider showed.

    ``identity`` is who we are. ``regions`` are enabled (none where a provider lists an account as a whole),
    ``regions_off`` are not. ``tried`` is how many readers were tried (each once, in one region, the per-resource ones
    on one resource of each type); ``untried`` had no resource to be tried on. ``skew`` is the provider's clock less
    ours, in seconds, None where the provider's is not known.
    """

    provider: str
    identity: Mapping[str, str]
    regions: tuple[str, ...]
    regions_off: tuple[str, ...]
    tried: int
    untried: tuple[str, ...]
    denied: tuple[Denied, ...]
    skew: float | None
    versions: Mapping[str, str]


def diagnosis(plan: Plan, provider: Provider, limiter: Limiter, clock: Clock, conforms: Conforms) -> Diagnosis:
    """Run every reader of the plan once: in the first account, region and organization that has it, on one resource."""
    known = directory(provider, limiter)
    skew = _skew(known.answered_at, clock.now())
    trials = tuple(_trials(plan, provider, known.accounts, limiter))
    ledger = [
        row
        for trial in trials
        for row in collect(plan, provider, _narrowed(trial), limiter, clock.now, conforms, sample=1).ledger
    ]
    ran = {row.reader for row in ledger}
    # What kept accounts from being found is in no account's ledger.
    denied = {
        (operation, why.reason, why.permission or ""): Denied(
            operation, why.reason, why.permission or "", why.detail or ""
        )
        for operation, why in known.failures.items()
    } | {
        (row.reader, reason, permission): Denied(row.reader, reason, permission, detail)
        for row in ledger
        for _, reason, permission, detail in row.failures
    }
    return Diagnosis(
        provider=plan.provider,
        identity=known.identity,
        regions=tuple(scope.region for trial in trials for scope in trial.scopes if scope.region not in REGIONLESS),
        regions_off=tuple(row.scope.region for trial in trials for row in trial.regions_off),
        tried=len(ran),
        untried=tuple(sorted(reader.name for reader in plan.readers if reader.name not in ran)),
        denied=tuple(denied[key] for key in sorted(denied)),
        skew=skew,
        versions=versions(),
    )


def _trials(plan: Plan, provider: Provider, accounts: Iterable[str], limiter: Limiter) -> Iterator[Discovery]:
    """The first accounts that between them have every kind of scope that the plan's readers run in."""
    wanted = {reader.where for reader in plan.readers} | {type_.where for type_ in plan.types.values()}
    for account in accounts:
        found = entered(provider, account, limiter)
        places = {place(scope.region) for scope in found.scopes}
        if places & wanted or not places:
            yield found
        wanted -= places
        if not wanted:
            return


def _narrowed(found: Discovery) -> Discovery:
    """What was discovered, of the first region alone."""
    regions = [scope.region for scope in found.scopes if scope.region not in REGIONLESS]
    kept = {*REGIONLESS, *regions[:1]}
    return replace(
        found,
        scopes=tuple(scope for scope in found.scopes if scope.region in kept),
        found=tuple(item for item in found.found if item[0].region in kept),
    )


def _skew(theirs: str | None, ours: str) -> float | None:
    if theirs is None:
        return None
    return (datetime.fromisoformat(theirs) - datetime.fromisoformat(ours)).total_seconds()


def versions() -> dict[str, str]:
    """The versions that matter in a report of a fault."""
    names = {
        "azure-core",
        "azure-identity",
        "boto3",
        "botocore",
        "cryptography",
        "duckdb",
        "google-re2",
        "msgspec",
        "PyYAML",
        "requests",
    }
    installed = {item.name: item.version for item in metadata.distributions() if item.name in names}
    return {"auditreel": engine.__version__, "python": platform.python_version(), **dict(sorted(installed.items()))}
