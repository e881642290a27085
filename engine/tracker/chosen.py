"""Which failures are told to a tracker, by provider, criterion, check, severity and owner; none that is waived."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from engine.errors import UsageError
from engine.model import SEVERITIES, Severity, providers_of
from engine.tracked import Known, Tracked


@dataclass(frozen=True, slots=True)
class Choice:
    """Filters; one that is empty leaves everything. ``criteria`` are ids, ``patterns`` globs of check ids."""

    providers: tuple[str, ...] = ()
    criteria: tuple[str, ...] | None = None
    patterns: tuple[str, ...] = ()
    severity: Severity | None = None
    owners: tuple[str, ...] = ()


def chosen(known: Known, choice: Choice) -> frozenset[str]:
    """The keys of the failures that a choice leaves. Raises UsageError for one that means nothing there."""
    providers = frozenset[str]().union(*(providers_of(check) for check in known.checks))
    for provider in choice.providers:
        if provider not in providers:
            raise UsageError(
                f"choosing failures: no run had a check of the provider {provider}{_nearest(provider, providers)}"
            )
    for pattern in choice.patterns:
        if not any(fnmatchcase(check, pattern) for check in known.checks):
            raise UsageError(f"choosing failures: no run had a check {pattern}{_nearest(pattern, known.checks)}")
    for owner in choice.owners:
        if owner not in known.owners:
            raise UsageError(f"choosing failures: no control has the owner {owner}{_nearest(owner, known.owners)}")
    return frozenset(row.key for row in known.rows if row.accepted is None and _left(row, choice))


def _left(row: Tracked, choice: Choice) -> bool:
    return (
        (not choice.providers or providers_of(row.check) <= set(choice.providers))
        and (choice.criteria is None or bool(set(choice.criteria).intersection(row.criteria)))
        and (not choice.patterns or any(fnmatchcase(row.check, pattern) for pattern in choice.patterns))
        and (choice.severity is None or SEVERITIES.index(row.severity) >= SEVERITIES.index(choice.severity))
        and (not choice.owners or bool(set(choice.owners).intersection(row.owners)))
    )


def _nearest(name: str, known: Collection[str]) -> str:
    near: Iterable[str] = get_close_matches(name, known, 1)
    return "".join(f"; did you mean {one}?" for one in near)
