"""Which checks a plan can judge: those whose deciding properties it can tell, of every resource that they read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from engine.content.checks import CompiledCheck
from engine.content.resources import IDENTITY
from engine.gate.model import NeedsLive
from engine.model import Relation, Resource


def needs_live(
    checks: Iterable[CompiledCheck],
    fills: Mapping[str, Collection[str]],
    context: Collection[str],
    resources: Iterable[Resource],
    partial: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> tuple[NeedsLive, ...]:
    """The checks that a plan cannot judge, each with why, in the order given.

    ``fills`` are the properties that plans can tell by resource type, ``context`` the types of accounts and regions,
    ``resources`` what the plan holds on either side: of an account it tells only what it sets itself. ``partial`` are
    lists of accounts to which plans add and of which they never tell all: where one adds nothing, it tells nothing.
    """
    told: dict[str, set[str]] = {}
    for item in resources:
        if item.type in context:
            names = told.setdefault(item.type, set())
            names.update(item.properties)
            names.update(pointer.split("/")[1] for pointer in item.unread)
    found = ((check, _why(check, fills, context, told, partial)) for check in checks)
    return tuple(NeedsLive(check.check, why) for check, why in found if why is not None)


def _why(
    check: CompiledCheck,
    fills: Mapping[str, Collection[str]],
    context: Collection[str],
    told: Mapping[str, Collection[str]],
    partial: Mapping[str, Collection[str]],
) -> str | None:
    subject = check.check.resource_type
    for relation in check.check.related.values():
        if relation.resource_type not in context and not _by_identity(relation):
            return f"it looks at every {relation.resource_type} of the account, of which a plan holds some"
    for type_, names in sorted(check.decisive.items()):
        if type_ not in fills:
            return f"no plan that this version reads holds {type_}"
        missing = sorted(set(names) - set(fills[type_]) - IDENTITY)
        if missing:
            return f"a plan does not tell {missing[0]} of {type_}"
        unsaid = sorted(set(names) & set(partial.get(type_, ())) - set(told.get(type_, ())))
        if unsaid:
            return f"this plan adds nothing to {unsaid[0]} of {type_}"
    if subject in context and not set(check.decisive[subject]) & set(told.get(subject, ())):
        return f"this plan sets nothing of {subject} that it reads"
    return None


def _by_identity(relation: Relation) -> bool:
    """Whether a relation is one by an id, on either end, or by the name in a region: what a plan shows can be all."""
    return "id" in relation.on or "id" in relation.on.values() or {"region", "name"} <= relation.on.keys()
