"""Tries a plan before it is relied on: who we are, what is denied, clock skew, versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata

import engine
from engine.collection import collect, directory, entered
from engine.collection.limiter import Limiter
from engine.collection.planner import Plan
from engine.collection.runner import Conforms
from engine.model import GLOBAL, Clock
from providers.base import Provider


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

    ``identity`` is who we are. ``regions`` are enabled, ``regions_off`` are not. ``tried`` is how many readers were
    tried (each once, in one region, the per-resource ones on one resource of each type); ``untried`` had no resource to
    be tried on. ``skew`` is the provider's clock less ours, in seconds, None where the provider's is not known.
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
    """Run every reader of the plan once: global ones, and regional ones in the first region, on one resource a type."""
    known = directory(provider, limiter)
    found = entered(provider, min(known.accounts), limiter)
    skew = _skew(known.answered_at, clock.now())
    regions = tuple(scope.region for scope in found.scopes if scope.region != GLOBAL)
    kept = {GLOBAL, *regions[:1]}
    trial = replace(
        found,
        scopes=tuple(scope for scope in found.scopes if scope.region in kept),
        found=tuple(item for item in found.found if item[0].region in kept),
    )
    snapshot = collect(plan, provider, trial, limiter, clock.now, conforms, sample=1)
    ran = {row.reader for row in snapshot.ledger}
    denied = {
        (row.reader, reason, permission): Denied(row.reader, reason, permission, detail)
        for row in snapshot.ledger
        for _, reason, permission, detail in row.failures
    }
    return Diagnosis(
        provider=plan.provider,
        identity=known.identity,
        regions=regions,
        regions_off=tuple(row.scope.region for row in found.regions_off),
        tried=len(ran),
        untried=tuple(sorted(reader.name for reader in plan.readers if reader.name not in ran)),
        denied=tuple(denied[key] for key in sorted(denied)),
        skew=skew,
        versions=versions(),
    )


def _skew(theirs: str | None, ours: str) -> float | None:
    if theirs is None:
        return None
    return (datetime.fromisoformat(theirs) - datetime.fromisoformat(ours)).total_seconds()


def versions() -> dict[str, str]:
    """The versions that matter in a report of a fault."""
    names = ("boto3", "botocore", "duckdb", "cryptography", "google-re2", "msgspec", "PyYAML")
    installed = {item.name: item.version for item in metadata.distributions() if item.name in names}
    return {"auditreel": engine.__version__, "python": platform.python_version(), **dict(sorted(installed.items()))}
