"""What checks read: one plan a provider, and the stored snapshots that can be judged instead of a cloud."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine import recording
from engine.collection.planner import Plan, plan
from engine.content.checks import CompiledCheck
from engine.model import LISTINGS, Snapshot
from providers import declared


def plans(checks: Iterable[CompiledCheck]) -> list[Plan]:
    """One plan a provider: what the checks read, closed over what reading that needs. Raises UsageError.

    That of listings comes first, since what other providers hold is joined to them.
    """
    reads: dict[str, dict[str, set[str]]] = {}
    for check in checks:
        for type_, names in check.reads.items():
            mine = reads.setdefault(_provider(check, type_), {})
            mine.setdefault(type_, set()).update(names)
    order = sorted(reads, key=lambda provider: (provider != LISTINGS, provider))
    return [plan(provider, declared(provider), reads[provider]) for provider in order]


def _provider(check: CompiledCheck, type_: str) -> str:
    """The one of a check's providers that reads a resource type."""
    first, *others = sorted(check.check.providers, key=lambda provider: (provider == LISTINGS, provider))
    return next((name for name in others if type_ in declared(name).types), first)


def stored(named: str, store: str | None, config: Path) -> Snapshot:
    """A snapshot file, or what a sealed run of a store read (by its id; a file of that name comes first).

    It is as it was stored: :func:`engine.collection.completed` makes it one for the checks of now. Raises InputError,
    UsageError and VerificationError.
    """
    from engine.collection.snapshot import read

    path = Path(named)
    if recording.is_run(named) and not path.exists():
        return recording.snapshot_of(named, store, config)
    return read(path)
