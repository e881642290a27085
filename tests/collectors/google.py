"""Scans an organization on the emulated Google Cloud with the real adapter: what the GCP collector tests share."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from engine.collection import collect, combined, directory, entered
from engine.collection.conformance import conforming
from engine.collection.limiter import Limiter
from engine.collection.planner import plan
from engine.evaluate import evaluate
from engine.model import Finding, Snapshot
from providers import declared, opened
from providers.base import Directory
from tests import driven
from tests.collectors.scan import AS_OF, compiled, reads, set_to, types

ORGANIZATION = {"projects": "organization"}


def everything() -> dict[str, set[str]]:
    """All that the provider's readers read, by type."""
    wanted: dict[str, set[str]] = {}
    for reader in declared("gcp").readers:
        for type_ in reader.lists:
            wanted.setdefault(type_, set())
        for type_, names in reader.fills.items():
            wanted.setdefault(type_, set()).update(names)
    return wanted


def found(access: Mapping[str, Any] | None = None) -> Directory:
    """The projects that there are."""
    adapter = opened("gcp", timeout=5.0, access=access)
    try:
        return directory(adapter, _limiter())
    finally:
        adapter.close()


def read(
    wanted: Mapping[str, Iterable[str]],
    access: Mapping[str, Any] | None = None,
    projects: Iterable[str] = (),
    now: str = AS_OF,
) -> Snapshot:
    """A snapshot of the projects that the credentials see (``projects`` of them; empty: all)."""
    adapter, limiter = opened("gcp", timeout=5.0, access=access), _limiter()
    known = directory(adapter, limiter, frozenset(projects))
    made = plan("gcp", declared("gcp"), wanted)
    conform = conforming({name: schema.type for name, schema in types().items()})
    parts = [
        collect(made, adapter, entered(adapter, account, limiter), limiter, lambda: now, conform)
        for account in sorted(known.accounts)
    ]
    adapter.close()
    return combined(parts)


def scan(
    ids: Iterable[str],
    access: Mapping[str, Any] | None = None,
    projects: Iterable[str] = (),
    now: str = AS_OF,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Snapshot, tuple[Finding, ...]]:
    """The snapshot that these checks take, and their findings. What each check was driven to counts as proved."""
    checks = set_to(tuple(ids), parameters) if parameters else compiled(tuple(ids))
    snapshot = read(reads(checks), access, projects, now)
    findings = evaluate(snapshot, checks)
    for finding in findings:
        driven.record(finding.check.id, finding.verdict)
    return snapshot, findings


def _limiter() -> Limiter:
    return Limiter(lambda seconds: None, threading.Event())
