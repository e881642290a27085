"""Folds the resources of a template into the types of the Azure adapter, each with where it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from providers.arm.azure import BY_TYPE, PARTS, SETTERS, subscriptions
from providers.arm.declared import Declared, Expanded
from providers.arm.mapping import Mapping as Mapped
from providers.arm.places import text
from providers.arm.template import ELSEWHERE
from providers.arm.unresolved import Unresolved, settled
from providers.arm.world import World, owner_of
from providers.azure.shapes import region
from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import GLOBAL, Place, Resource, Scope, Unread
from providers.terraform import ControlResource, Folded
from providers.terraform.addresses import Address
from providers.terraform.making import assembled
from providers.terraform.mapping import UNKNOWN
from providers.terraform.plan import Plan, Planned
from providers.terraform.reading import about

_MAKING_DISKS: Final = ("microsoft.compute/virtualmachines", "microsoft.compute/virtualmachinescalesets")
DECLARED: Final = ("declared",)
"""The action of what a template holds: it does not tell what is there before."""
NOT_TOLD: Final = Unread("not_collected", detail="the template does not tell it")
NOT_THERE_YET: Final = Unread("known_after_apply", detail="it does not exist yet")


def fold(found: Expanded, collected_at: str) -> Folded:
    """The resources of a template, folded as of ``collected_at`` (RFC 3339 UTC)."""
    world = World(found)
    made: list[tuple[Declared, Resource]] = []
    taken: set[tuple[str, str]] = set()
    for item in found.resources:
        mapping = BY_TYPE.get(item.type.lower())
        if mapping is None:
            continue
        # Two that are made under conditions may be one resource in the end: both are judged.
        key = item.key if (mapping.type, item.key) not in taken else f"{item.key}#{len(taken)}"
        taken.add((mapping.type, key))
        with about(f"line {found.document.line(item.at)}: {item.address}"):
            made.append((item, _resource(item, mapping, world, key, collected_at)))
    places = {(one.type, one.scope, one.id): _place(found, item, PARTS, SETTERS, world) for item, one in made}
    context, set_by = _subscriptions(world, made, collected_at)
    for one, writers in set_by:
        places[one.type, one.scope, one.id] = replace(
            _place(found, writers[0], PARTS, SETTERS, world), parts=tuple(sorted(item.address for item in writers[1:]))
        )
    plan = Plan(
        format_version=found.version,
        tool=found.tool,
        changes=tuple(map(_planned, found.resources)),
        configuration={},
        variables={},
        incomplete=tuple(_incomplete(found)),
        statements=tuple(_statements(found)),
    )
    read_types = {*BY_TYPE, *PARTS, *SETTERS}
    return Folded(
        plan=plan,
        before=(),
        after=tuple(
            sorted((*(one for _, one in made), *context), key=lambda one: (one.type, one.account, one.region, one.id))
        ),
        places=places,
        deleted=(),
        actions={"declared": len(found.resources)} if found.resources else {},
        unmapped=dict(
            sorted(Counter(item.type for item in found.resources if item.type.lower() not in read_types).items())
        ),
        orphans=dict.fromkeys(_orphans(found, world), True),
        controls=tuple(
            ControlResource(one.type, one.id, one.name, one.scope, places[one.type, one.scope, one.id])
            for item, one in made
            if BY_TYPE[item.type.lower()].control
        ),
    )


def _resource(item: Declared, mapping: Mapped, world: World, key: str, collected_at: str) -> Resource:
    subscription = item.where.subscription
    where = _location(item, world)
    scope = Scope(
        "azure",
        subscription if isinstance(subscription, str) else UNKNOWN,
        where if isinstance(where, str) else UNKNOWN,
    )
    name = item.last if isinstance(item.last, str) else item.last.text
    properties = settled(mapping.properties(item, world))
    tags = item.body.get("tags")
    properties["tags"] = settled({} if tags is None else dict(tags) if isinstance(tags, dict) else tags)
    one = assembled(mapping.type, key, name, scope, properties, collected_at)
    unsure: dict[str, Unread] = {}
    if not isinstance(subscription, str):
        unsure["/account"] = NOT_TOLD
    if not isinstance(where, str):
        unsure["/region"] = where.plain
    if not isinstance(item.id, str):
        unsure["/id"] = NOT_THERE_YET
    if not isinstance(item.last, str):
        unsure["/name"] = item.last.plain
    return replace(one, unread={**one.unread, **unsure})


def _location(item: Declared, world: World) -> str | Unresolved:
    """Where a resource lies: what does not say lies where its parent does, or in no region."""
    said = item.body.get("location")
    if isinstance(said, Unresolved):
        return said
    if isinstance(said, str) and said:
        return region(said) or GLOBAL
    parent = world.by_key(owner_of(item))
    return _location(parent, world) if parent is not None else GLOBAL


def _place(found: Expanded, item: Declared, parts: frozenset[str], setters: frozenset[str], world: World) -> Place:
    below = [
        other.address
        for other in found.resources
        if other.type.lower() in parts | setters and (owner_of(other) or "").startswith(item.key) and other is not item
    ]
    return Place(
        address=item.address,
        type=item.type,
        name=item.address,
        actions=DECLARED,
        parts=tuple(sorted(below)),
        line=found.document.line(item.at),
    )


def _planned(item: Declared) -> Planned:
    return Planned(
        address=item.address,
        at=Address((), False, item.type, item.address, None),
        provider="azure",
        actions=DECLARED,
        before=None,
        after={},
        unknown={},
        sensitive={"before": {}, "after": {}},
        unsure=item.unsure,
    )


def _subscriptions(
    world: World, made: list[tuple[Declared, Resource]], collected_at: str
) -> tuple[list[Resource], list[tuple[Resource, list[Declared]]]]:
    """The subscriptions that a template touches, with what it says of them, and which resources say it."""
    touched = {text(item.where.of_subscription): item.where.subscription for item in world.expanded.resources}
    found, written = [], []
    for key, subscription in touched.items():
        known = isinstance(subscription, str)
        account = subscription if isinstance(subscription, str) else UNKNOWN
        scope = Scope("azure", account, GLOBAL)
        properties = settled(subscriptions.said(key, world))
        one = assembled(SUBSCRIPTION, key if known else UNKNOWN, account, scope, properties, collected_at)
        unsure = {} if known else {"/account": NOT_TOLD, "/id": NOT_TOLD, "/name": NOT_TOLD}
        one = replace(one, unread={**one.unread, **unsure})
        found.append(one)
        writers = [item for item in world.all(*subscriptions.TYPES) if owner_of(item) == key]
        if writers:
            written.append((one, writers))
    return found, written


def _orphans(found: Expanded, world: World) -> Iterator[str]:
    """The addresses of parts whose owner the template does not hold."""
    for item in found.resources:
        if item.type.lower() in PARTS and world.holder(item) is None:
            yield item.address


def _incomplete(found: Expanded) -> Iterator[str]:
    if found.linked:
        first = found.linked[0]
        yield f"{len(found.linked)} linked deployments are not read, such as {first}; judge their templates too"
    if found.endless:
        yield f"the length of {len(found.endless)} loops is not known, such as {found.endless[0]}; one turn is judged"
    if found.foreign:
        yield f"it uses extensions of the language, which are not read: {', '.join(sorted(found.foreign))}"
    elsewhere = [item.address for item in found.resources if item.type.lower() in ELSEWHERE]
    if elsewhere:
        yield f"{len(elsewhere)} resources deploy templates of their own, which are not read, such as {elsewhere[0]}"
    yield from sorted(set(found.left))


def _statements(found: Expanded) -> Iterator[str]:
    if found.without:
        yield f"{len(found.without)} resources are not made, since their condition is false, such as {found.without[0]}"
    perhaps = [item.address for item in found.resources if item.unsure is not None]
    if perhaps:
        yield (
            f"{len(perhaps)} resources are made only if a condition holds that is not known here, such as "
            f"{perhaps[0]}: they are judged as if they were, and what they add to others is not known"
        )
    if found.unset:
        yield f"{len(found.unset)} parameters have no value here, such as {found.unset[0]}; give them with --parameters"
    machines = [item.address for item in found.resources if item.type.lower() in _MAKING_DISKS]
    if machines:
        yield (
            f"the disks that {len(machines)} machines and scale sets make themselves are no resources of it and are "
            f"not judged, such as those of {machines[0]}"
        )
    untold = [item for item in found.resources if not isinstance(item.where.id, str)]
    if untold:
        yield (
            "it does not tell where it will be deployed; give subscription().subscriptionId, resourceGroup().name and "
            "resourceGroup().location with --parameters"
        )
