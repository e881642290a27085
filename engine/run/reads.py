"""What checks read: one plan a provider, and the stored snapshots that can be judged instead of a cloud."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.collection.planner import Plan, plan
from engine.content.checks import CompiledCheck
from engine.custody import inspection
from engine.errors import NoReader
from engine.judging.boundary import needs_tags
from engine.model import LISTINGS, Snapshot
from engine.programme.model import BoundaryRule
from providers import Declared, declared


def plans(checks: Iterable[CompiledCheck], boundary: Sequence[BoundaryRule] = ()) -> list[Plan]:
    """One plan a provider: what the checks read, and the tags that a boundary asks for, closed over what these need.

    That of listings comes first, since what other providers hold is joined to them. Raises UsageError.
    """
    checks = tuple(checks)
    reads: dict[str, dict[str, set[str]]] = {}
    for check in checks:
        for type_, names in check.reads.items():
            mine = reads.setdefault(_provider(check, type_), {})
            mine.setdefault(type_, set()).update(names)
    for provider, types in reads.items() if boundary else ():
        tagged = _tagged(declared(provider))
        for type_, wanted in types.items():
            if type_ in tagged and needs_tags(boundary, provider, type_):
                wanted.add("tags")
    order = sorted(reads, key=lambda provider: (provider != LISTINGS, provider))
    try:
        return [plan(provider, declared(provider), reads[provider]) for provider in order]
    except NoReader as error:
        for check in checks:
            if error.type in check.reads and (not error.name or error.name in check.reads[error.type]):
                error.add_note(f"  {check.check.path} reads it")
        raise


def _provider(check: CompiledCheck, type_: str) -> str:
    """The one of a check's providers that reads a resource type."""
    first, *others = sorted(check.check.providers, key=lambda provider: (provider == LISTINGS, provider))
    return next((name for name in others if type_ in declared(name).types), first)


def _tagged(provider: Declared) -> frozenset[str]:
    """The types whose tags somebody reads."""
    filled = {type_ for reader in provider.readers for type_, names in reader.fills.items() if "tags" in names}
    return frozenset(filled | {type_ for type_, names in provider.discovered.items() if "tags" in names})


def stored(named: str, store: str | None, config: Path) -> Snapshot:
    """A snapshot file, or what a sealed run of a store read (by its id; a file of that name comes first).

    It is as it was stored: :func:`engine.collection.completed` makes it one for the checks of now. Raises InputError,
    UsageError and VerificationError.
    """
    from engine.collection.snapshot import read

    path = Path(named)
    if inspection.is_run(named) and not path.exists():
        return inspection.snapshot_of(named, store, config)
    return read(path)
