"""What a change does to verdicts: new failures, worse, unchanged, fixed, controls deleted, unknown. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.content.checks import CompiledCheck
from engine.gate.model import Change, Movement, Place
from engine.judging.evaluate import judge
from engine.judging.joins import related
from engine.model import SEVERITIES, Check, Finding, Resource, Severity, Waiver

Key = tuple[str, str, str]
"""What stays the same of a verdict: the check's id, the scope, and what the subject is known by."""

STOPPING: Final = frozenset({"new_failure", "worse", "control_deleted"})
"""Movements that stop the gate on their own."""


@dataclass(frozen=True, slots=True)
class Prior:
    """A verdict before the change. ``finding`` is null where only a baseline file tells of it."""

    verdict: str
    finding: Finding | None = None
    offending: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """What stops the gate: severities from ``fail_on`` on, every failure (``every``), what apply will tell too.

    ``scanned``: before the change is what a live scan read, whose own gaps are the scan's to tell.
    """

    fail_on: Severity = "low"
    every: bool = False
    strict: bool = False
    scanned: bool = False


def moved(
    before: Mapping[Key, Prior],
    after: Sequence[Finding],
    waived: Mapping[int, Waiver],
    key: Callable[[Finding], Key],
    place: Callable[[Finding], Place | None],
    checks: Mapping[str, CompiledCheck],
    as_of: str,
    rules: Rules,
) -> Iterator[Change]:
    """What became of each verdict, in the order of ``after``; then what is gone and failed before."""
    seen: set[Key] = set()
    for index, finding in enumerate(after):
        own = key(finding)
        seen.add(own)
        prior = before.get(own)
        change = _change(prior, finding, checks[finding.check.id], as_of)
        if change is not None:
            made = replace(change, place=place(finding), waiver=waived.get(index))
            yield replace(made, stops=_stops(made, prior, rules))
    for own, prior in before.items():
        gone = prior.finding
        if own not in seen and prior.verdict == "fail" and gone is not None:
            yield Change(gone.check, gone.subject, gone.scope, "fixed", "fail", None, gone, place(gone))


def _change(prior: Prior | None, finding: Finding, check: CompiledCheck, as_of: str) -> Change | None:
    was: Any = prior.verdict if prior is not None else None
    movement: Movement
    added: tuple[tuple[str, Any], ...] = ()
    if finding.verdict == "fail":
        if prior is None or was != "fail":
            movement = "new_failure"
        else:
            added = _added(prior, finding)
            movement = "worse" if added and _grew(prior, finding, check, as_of) else "unchanged_failure"
    elif finding.verdict == "unknown":
        movement = "unknown"
    elif was == "fail":
        movement = "fixed"
    else:
        return None
    return Change(finding.check, finding.subject, finding.scope, movement, was, finding.verdict, finding, None, added)


def _stops(change: Change, prior: Prior | None, rules: Rules) -> bool:
    if change.movement == "unknown":
        assert change.finding is not None  # noqa: S101 - an unknown is a verdict
        return _unknown_stops(change.finding, prior, rules)
    failing = change.movement in STOPPING or (rules.every and change.after == "fail")
    return failing and change.waiver is None and severe(change.check, rules.fail_on)


def severe(check: Check, least: Severity) -> bool:
    """Whether a check's severity is at least this."""
    return SEVERITIES.index(check.severity) >= SEVERITIES.index(least)


def _unknown_stops(finding: Finding, prior: Prior | None, rules: Rules) -> bool:
    """Whether nobody knowing is a reason to stop: not what only apply tells, nor what the change leaves as it was."""
    reasons: set[str | None] = {cause.unread.reason for cause in finding.causes} or {finding.reason}
    if reasons == {"known_after_apply"}:
        return rules.strict
    untouched = (
        prior is not None
        and prior.finding is not None
        and prior.verdict == "unknown"
        and {cause.unread.reason for cause in prior.finding.causes} == reasons
        and prior.finding.resource == finding.resource
    )
    # What another state holds is the live scan's to judge, and this change did not touch it.
    outside = rules.scanned or reasons <= {"not_collected", "known_after_apply"}
    return not (untouched and outside and not rules.every)


# --- worse in place --------------------------------------------------------------------------------------------------


def offending(finding: Finding) -> frozenset[str]:
    """The values that a failure was judged on, one each, as text: its path without positions, and the value."""
    return frozenset(_leaf(path, value) for path, value in _leaves(finding))


def _leaves(finding: Finding) -> Iterator[tuple[str, Any]]:
    for path, value in finding.observed:
        yield from _below(path.partition("[")[0], value)


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _below(path, item)
    else:
        yield path, value


def _leaf(path: str, value: Any) -> str:
    return f"{path}={json.dumps(value, sort_keys=True, default=str)}"


def _added(prior: Prior, finding: Finding) -> tuple[tuple[str, Any], ...]:
    known = offending(prior.finding) if prior.finding is not None else prior.offending
    fresh = {_leaf(path, value): (path, value) for path, value in _leaves(finding)}
    return tuple(pair for leaf, pair in sorted(fresh.items()) if leaf not in known)


def _grew(prior: Prior, finding: Finding, check: CompiledCheck, as_of: str) -> bool:
    """Whether what is new in lists fails by itself, where the resource without what is new and old would not.

    Where only a baseline file tells what was before, every value that is not in it counts.
    """
    was, now = prior.finding, finding.resource
    if was is None or was.resource is None or now is None:
        return prior.finding is None
    new = {name: _fresh(value, was.resource.properties.get(name)) for name, value in now.properties.items()}
    none = {name: _fresh(value, value) for name, value in now.properties.items()}
    return _fails(replace(now, properties=new), finding, check, as_of) and not _fails(
        replace(now, properties=none), finding, check, as_of
    )


def _fails(item: Resource, finding: Finding, check: CompiledCheck, as_of: str) -> bool:
    beside = {name: related(items) for name, items in finding.related.items()}
    return judge(check, item, beside, as_of).verdict == "fail"


def _fresh(now: Any, was: Any) -> Any:
    """A value without those elements of its lists that were there before; an element that changed keeps what is new."""
    if isinstance(now, list):
        known = was if isinstance(was, list) else []
        return [_fresh(item, _like(item, known)) for item in now if item not in known]
    if isinstance(now, dict) and isinstance(was, dict):
        return {key: _fresh(value, was.get(key)) for key, value in now.items()}
    return now


def _like(item: Any, known: Sequence[Any]) -> Any:
    """The element before that an element comes from: the one with the same plain values."""
    if not isinstance(item, dict):
        return None
    plain = {key: value for key, value in item.items() if not isinstance(value, (list, dict))}
    return next(
        (
            other
            for other in known
            if isinstance(other, dict)
            and {key: value for key, value in other.items() if not isinstance(value, (list, dict))} == plain
        ),
        None,
    )


# --- controls --------------------------------------------------------------------------------------------------------


def guarding(type_: str, checks: Iterable[Check], context: Collection[str]) -> tuple[Check, ...]:
    """The checks that a resource type serves, first those that ask whether there is one at all."""
    rows = [
        (check.resource_type not in context, check.resource_type != type_, check.id, check)
        for check in checks
        if check.resource_type == type_ or any(row.resource_type == type_ for row in check.related.values())
    ]
    return tuple(row[-1] for row in sorted(rows, key=lambda row: row[:3]))
