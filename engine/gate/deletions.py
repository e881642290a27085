"""Controls that a change deletes: a trail, a detector, a backup plan, by the checks that they serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.content.load import Content
from engine.gate.model import Change
from engine.gate.movements import guarding, severe
from engine.gate.planned import Planned
from engine.judging.waivers import states
from engine.model import Severity, Subject, Waiver
from providers import declared
from providers.terraform import ControlResource


def controls_deleted(
    plan: Planned, other: Planned | None, content: Content, fail_on: Severity, as_of: str
) -> Iterator[Change]:
    """A change for each control that the plan deletes, and that ``other`` (a base) holds and the plan does not.

    It stops where the gravest check that the control serves is at least ``fail_on`` and no waiver in force names it.
    """
    for item in _gone(plan, other):
        checks = guarding(item.type, content.checks.values(), declared(item.scope.provider).discovered)
        if not checks:
            continue
        waiver = _waiver(item, [check.id for check in checks], content.policy.waivers, as_of)
        first = max(checks, key=lambda check: severe(check, "critical") * 2 + severe(check, "high"))
        yield Change(
            check=first,
            subject=Subject("resource", item.type, item.id, item.name),
            scope=item.scope,
            movement="control_deleted",
            before=None,
            after=None,
            place=item.place,
            waiver=waiver,
            stops=waiver is None and severe(first, fail_on),
        )


def _gone(plan: Planned, other: Planned | None) -> Iterable[ControlResource]:
    """The controls that the plan deletes, and those of another plan or template that it does not hold."""
    held = {place.address for place in plan.places.values()}
    moved_from = {place.previous_address for place in plan.places.values()}
    yield from plan.deleted
    told = {item.place.address for item in plan.deleted} | held | moved_from
    yield from (item for item in (other.controls if other is not None else ()) if item.place.address not in told)


def _waiver(item: ControlResource, checks: Sequence[str], waivers: Sequence[Waiver], as_of: str) -> Waiver | None:
    """The waiver in force of a check that the control serves which names the control itself."""
    for state in states(waivers, (), frozenset(checks), as_of):
        waiver = state.waiver
        named = waiver.check in checks and waiver.account == item.scope.account and item.id in waiver.resources
        if named and state.state in ("in_force", "unmatched"):
            return waiver
    return None
