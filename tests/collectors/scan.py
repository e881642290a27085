"""Scans an account on the wire with the real adapter: what the collector tests have in common."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from engine.collection import Doubted, collect, combined, directory, entered
from engine.collection.conformance import conforming
from engine.collection.limiter import Limiter
from engine.collection.planner import plan
from engine.content.checks import CompiledCheck, compile_checks, load_checks
from engine.content.resources import ResourceSchema, load_types
from engine.content.root import find
from engine.errors import ContentError, Problem
from engine.judging.evaluate import evaluate
from engine.model import REGIONLESS, Check, Clock, Discovery, Finding, Snapshot
from engine.run.confirmation import doubted, grave
from providers import declared, opened
from providers.base import Directory
from tests import driven

AS_OF = "2026-11-23T12:00:00Z"
STILL = Clock(lambda: AS_OF, lambda: 0.0, lambda seconds: None)
"""A clock that stands still, for nothing waits."""


@cache
def types() -> Mapping[str, ResourceSchema]:
    """The resource types of the checkout."""
    return load_types(find().schemas)


@cache
def compiled(ids: tuple[str, ...]) -> tuple[CompiledCheck, ...]:
    """Checks of the checkout, by id."""
    return set_to(ids, {})


def set_to(ids: tuple[str, ...], parameters: Mapping[str, Mapping[str, Any]]) -> tuple[CompiledCheck, ...]:
    """Checks of the checkout, by id, with parameters that are not their defaults."""
    checks, problems = _loaded()
    wanted = [problem for problem in problems if any(id_.replace(".", "/") in str(problem.path) for id_ in ids)]
    if wanted:
        raise ContentError(wanted)
    return compile_checks([checks[id_] for id_ in ids], types(), parameters)


@cache
def _loaded() -> tuple[Mapping[str, Check], tuple[Problem, ...]]:
    """All checks of the checkout, and what is wrong with them."""
    problems: list[Problem] = []
    return load_checks(find(), problems), tuple(problems)


def reads(checks: Iterable[CompiledCheck]) -> dict[str, set[str]]:
    """What checks read, by resource type."""
    wanted: dict[str, set[str]] = {}
    for check in checks:
        for type_, names in check.reads.items():
            wanted.setdefault(type_, set()).update(names)
    return wanted


def everything(provider: str) -> dict[str, set[str]]:
    """All that a provider's readers read, by resource type."""
    wanted: dict[str, set[str]] = {}
    for reader in declared(provider).readers:
        for type_ in reader.lists:
            wanted.setdefault(type_, set())
        for type_, names in reader.fills.items():
            wanted.setdefault(type_, set()).update(names)
    return wanted


def accounts(provider: str, access: Mapping[str, Any] | None = None, timeout: float = 5.0) -> Directory:
    """The accounts that there are, of the provider that the environment points at. See :func:`read`."""
    adapter = opened(provider, timeout=timeout, access=access)
    try:
        return directory(adapter, Limiter(lambda seconds: None, threading.Event()))
    finally:
        adapter.close()


def read(
    wanted: Mapping[str, Iterable[str]],
    regions: Iterable[str] = ("us-east-1",),
    now: str = AS_OF,
    provider: str = "aws",
    access: Mapping[str, Any] | None = None,
    timeout: float = 5.0,
    doubts: Doubted | None = None,
) -> Snapshot:
    """A snapshot of the accounts that the environment points at, in these regions and what is in none.

    ``access`` is what the policy says of the provider's accounts; ``timeout`` how long a request may take, in seconds;
    what ``doubts`` names of what indexes told is confirmed.
    """
    adapter = opened(provider, timeout=timeout, access=access)
    limiter = Limiter(lambda seconds: None, threading.Event())
    try:
        known = directory(adapter, limiter)
        made = plan(provider, declared(provider), wanted)
        conform = conforming({name: schema.type for name, schema in types().items()})
        parts = [
            collect(
                made,
                adapter,
                _kept(entered(adapter, account, limiter), regions),
                limiter,
                lambda: now,
                conform,
                doubted=doubts,
            )
            for account in known.accounts
        ]
    finally:
        adapter.close()
    return replace(combined(parts), identity=known.identity)


def _kept(discovery: Discovery, regions: Iterable[str]) -> Discovery:
    """What was discovered, of some regions."""
    kept = {*REGIONLESS, *regions}
    return replace(
        discovery,
        scopes=tuple(scope for scope in discovery.scopes if scope.region in kept),
        found=tuple(item for item in discovery.found if item[0].region in kept),
    )


def scan(
    ids: Iterable[str],
    regions: Iterable[str] = ("us-east-1",),
    now: str = AS_OF,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    access: Mapping[str, Any] | None = None,
    timeout: float = 5.0,
) -> tuple[Snapshot, tuple[Finding, ...]]:
    """The snapshot that these checks take, and their findings. What each check was driven to counts as proved."""
    checks = set_to(tuple(ids), parameters) if parameters else compiled(tuple(ids))
    (provider,) = {check.check.provider for check in checks}
    serious = grave(checks)
    doubts = (lambda part: doubted(part, serious)) if serious else None
    snapshot = read(reads(checks), regions, now, provider, access, timeout, doubts)
    findings = evaluate(snapshot, checks)
    for finding in findings:
        driven.record(finding.check.id, finding.verdict)
    return snapshot, findings


def verdicts(findings: Iterable[Finding]) -> dict[tuple[str, str], str]:
    """(check id, resource name) -> verdict."""
    return {(finding.check.id, finding.subject.name): finding.verdict for finding in findings}
