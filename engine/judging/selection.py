"""From filters to checks: what a run was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import chain

from engine.errors import UsageError
from engine.judging.scope import applies
from engine.model import LISTINGS, REGIONLESS, SEVERITIES, Check, Control, Criterion, Scope, Selection, Severity


def select(
    checks: Mapping[str, Check],
    controls: Sequence[Control],
    criteria: Mapping[str, Criterion],
    *,
    providers: Sequence[str] = (),
    wanted: Sequence[str] = (),
    patterns: Sequence[str] = (),
    severity: Severity | None = None,
    used: Collection[str] | None = None,
    categories: Collection[str] | None = None,
) -> Selection:
    """The checks that the filters select, and the filters.

    ``wanted`` holds criteria: a category ("security"), a series ("CC6") or an id ("CC6.1"); they select by tag.
    ``patterns`` are globs of check ids. ``used`` are the clouds that the organisation uses (None: all): of another one
    only those checks are selected whose provider is asked for, or that a pattern must mean. A check that only asks for
    one vendor's product, or that reads listings, is selected where a control or a pattern names it: which listings an
    organisation hands in, its controls say. ``categories`` are those of the report (None: all): without a criterion or
    a pattern only what serves one of them is selected, by its own tags or in a control that does. Raises UsageError for
    a filter that matches nothing, and when nothing is selected.
    """
    named = _named(controls)
    ids = _criteria(wanted, criteria)
    matched = _matching(patterns, checks)
    _known("provider", providers, {check.provider for check in checks.values()})
    clouds = providers or (None if used is None else _clouds(patterns, used, checks))
    chosen = [
        check
        for check in checks.values()
        if ((check.product is None and check.provider != LISTINGS) or check.id in named or check.id in matched)
        and (not wanted or ids.intersection(check.criteria))
        and (not patterns or check.id in matched)
        and (clouds is None or check.providers <= set(clouds))
        and (severity is None or SEVERITIES.index(check.severity) >= SEVERITIES.index(severity))
    ]
    left: tuple[Check, ...] = ()
    if categories is not None and not wanted and not patterns:
        relied_on = _named(control for control in controls if applies(control, criteria, categories))
        serving = {id_ for id_, criterion in criteria.items() if criterion.category in categories}
        asked = {row.id for row in chosen if serving.intersection(row.criteria) or row.id in relied_on}
        left = tuple(row for row in chosen if row.id not in asked)
        chosen = [row for row in chosen if row.id in asked]
    if not chosen:
        raise UsageError("selecting checks: no check matches all of the filters; see `auditreel check list`")
    return Selection(
        checks=tuple(sorted(chosen, key=lambda check: check.id)),
        providers=tuple(sorted({check.provider for check in chosen})),
        criteria=tuple(wanted),
        patterns=tuple(patterns),
        severity=severity,
        not_chosen=tuple(sorted(left, key=lambda check: check.id)),
    )


def within(accounts: Sequence[str], regions: Sequence[str], scope: Scope) -> bool:
    """Whether the filters leave a scope to be judged.

    What is in no region belongs to every one, and listings to every account; the region "*" may be any.
    """
    mine = not accounts or scope.account in accounts or scope.provider == LISTINGS
    return mine and (not regions or scope.region in (*regions, *REGIONLESS, "*"))


def _named(controls: Iterable[Control]) -> set[str]:
    """The checks that controls name, be it as one of several alternatives."""
    return {id_ for control in controls for id_ in (*control.checks, *chain(*control.alternatives))}


def named_criteria(wanted: Iterable[str], criteria: Mapping[str, Criterion]) -> tuple[str, ...]:
    """The ids of what ``wanted`` names: a category, a series or an id. Raises UsageError for what names none."""
    return tuple(sorted(_criteria(wanted, criteria)))


def _criteria(wanted: Iterable[str], criteria: Mapping[str, Criterion]) -> set[str]:
    groups: dict[str, set[str]] = {}
    for criterion in criteria.values():
        for name in (criterion.id, criterion.series, criterion.category):
            groups.setdefault(name, set()).add(criterion.id)
    spelt = {name.lower(): name for name in groups}
    names = [spelt.get(name.lower(), name) for name in wanted]
    _known("criterion", names, groups)
    return {id_ for name in names for id_ in groups[name]}


def _clouds(patterns: Iterable[str], used: Collection[str], checks: Mapping[str, Check]) -> set[str]:
    """The clouds that are used, and those that a pattern must mean, since it hits nothing of these."""
    clouds = set(used)
    for pattern in patterns:
        hit = [check.providers for id_, check in checks.items() if fnmatchcase(id_, pattern)]
        clouds |= set() if any(needed <= set(used) for needed in hit) else {name for needed in hit for name in needed}
    return clouds


def _matching(patterns: Iterable[str], checks: Mapping[str, Check]) -> set[str]:
    matched: set[str] = set()
    for pattern in patterns:
        hits = [id_ for id_ in checks if fnmatchcase(id_, pattern)]
        if not hits:
            _known("check", [pattern], checks)
        matched.update(hits)
    return matched


def _known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"selecting checks: unknown {kind} {name!r}{hint}")
