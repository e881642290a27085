"""Planned infrastructure as a source: Terraform and OpenTofu plans, folded into the types of the live adapters.

The clouds are packages below this one, each with a ``CATALOGUE`` of mappings and ``whereabouts(plan, changes)``;
``ALSO_NAMED`` are further providers with the same types.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from providers.base import ModuleCall, Place, Resource, Scope
from providers.terraform.catalogue import Catalogue
from providers.terraform.folding import Sides
from providers.terraform.plan import Plan, Planned, read
from providers.terraform.reading import NotAPlan, about
from providers.terraform.settings import settings

__all__ = ["CLOUDS", "ControlResource", "Folded", "NotAPlan", "fills", "folded", "partial"]

CLOUDS: Final = ("aws", "azurerm", "google", "github")
"""The clouds whose Terraform providers are mapped; each is named as its provider is."""
BUILT_IN: Final = "terraform.io/builtin/terraform"
"""The provider of ``terraform_data``, which is no infrastructure."""


@dataclass(frozen=True, slots=True)
class ControlResource:
    """A resource that is itself a control (a trail, a detector): its type and id as the live adapter has them."""

    type: str
    id: str
    name: str
    scope: Scope
    place: Place


@dataclass(frozen=True, slots=True)
class Folded:
    """A plan, folded: the resources before and after, and what a reader should know of the rest.

    ``places`` maps (type, scope, id) to where it is written. ``unmapped`` counts resources by Terraform type
    of which nothing is read; ``orphans`` are parts whose owner is not in the plan, with whether the plan changes them.
    ``assumed`` are resources of which a plan does not tell whether dynamic blocks, not known yet, add to them.
    ``deleted`` are the controls that the plan deletes, ``controls`` those that stand after it and go with what makes
    them.
    """

    plan: Plan
    before: tuple[Resource, ...]
    after: tuple[Resource, ...]
    places: Mapping[tuple[str, Scope, str], Place]
    deleted: tuple[ControlResource, ...]
    actions: Mapping[str, int]
    unmapped: Mapping[str, int]
    orphans: Mapping[str, bool]
    assumed: frozenset[str] = frozenset()
    controls: tuple[ControlResource, ...] = ()


def folded(data: bytes, collected_at: str) -> Folded:
    """The plan in a file's bytes, folded as of ``collected_at`` (RFC 3339 UTC). Raises NotAPlan."""
    plan = read(data)
    with about("the plan"):
        return _folded(plan, collected_at)


def _folded(plan: Plan, collected_at: str) -> Folded:
    before: list[Resource] = []
    after: list[Resource] = []
    places: dict[tuple[str, Scope, str], Place] = {}
    deleted: list[ControlResource] = []
    controls: list[ControlResource] = []
    orphans: dict[str, bool] = {}
    mapped: set[str] = set()
    assumed: set[str] = set()
    for name in CLOUDS:
        cloud = import_module(f"{__name__}.{name}")
        mine = [change for change in plan.changes if change.type in cloud.CATALOGUE.types]
        other = next((change for change in mine if cloud_of(change) not in (name, *cloud.ALSO_NAMED)), None)
        if other is not None:
            raise NotAPlan(f"{other.address} is of provider {other.provider!r:.120}, and its type is of {name}")
        mapped.update(change.address for change in mine)
        if not mine:
            continue
        sides = Sides(plan, cloud.CATALOGUE, cloud.whereabouts(plan, mine), collected_at)
        for fold, found in ((sides.before, before), (sides.after, after)):
            for change, item in (*fold.resources(), *fold.owners_elsewhere()):
                found.append(item)
                places[item.type, item.scope, item.id] = _place(plan, change, item, sides)
            found += settings(fold)
            for change in fold.links.orphans:
                orphans[change.address] = change.actions != ("no-op",)
            assumed |= fold.assumed
        deleted += [item for item in _controls(sides, before, places) if item.place.actions == ("delete",)]
        controls += _controls(sides, after, places)
    counted = [change for change in plan.changes if change.provider != BUILT_IN]
    return Folded(
        plan=plan,
        before=_sorted(before),
        after=_sorted(after),
        places=places,
        deleted=tuple(deleted),
        actions=_counts("+".join(change.actions) for change in plan.changes),
        unmapped=_counts(change.type for change in counted if change.address not in mapped),
        orphans=orphans,
        assumed=frozenset(assumed),
        controls=tuple(controls),
    )


def fills() -> dict[str, frozenset[str]]:
    """The properties that plans can give, by resource type: what decides whether a check can be judged on one."""
    found: dict[str, frozenset[str]] = {}
    for name in CLOUDS:
        found.update(_catalogue(name).fills)
    return found


def partial() -> dict[str, frozenset[str]]:
    """The lists of accounts of which plans tell what they add, and never all, by resource type."""
    found: dict[str, frozenset[str]] = {}
    for name in CLOUDS:
        found.update(_catalogue(name).partial)
    return found


def _catalogue(name: str) -> Catalogue:
    known: Catalogue = import_module(f"{__name__}.{name}").CATALOGUE
    return known


def cloud_of(change: Planned) -> str:
    """The provider's own name: "aws" of registry.terraform.io/hashicorp/aws, of another registry's, and of "aws"."""
    return change.provider.rpartition("/")[2]


def _place(plan: Plan, change: Planned, item: Resource, sides: Sides) -> Place:
    at = change.at
    calls = tuple(
        ModuleCall(name, key, _source(plan.call(at.calls[: depth + 1]))) for depth, (name, key) in enumerate(at.modules)
    )
    return Place(
        address=change.address,
        type=at.type,
        name=at.name,
        modules=calls,
        actions=change.actions,
        previous_address=change.previous_address,
        parts=tuple(sorted({part for fold in (sides.before, sides.after) for part in fold.parts_of(change)})),
        item=sides.item(change, item),
    )


def _source(call: Mapping[str, Any]) -> str | None:
    source = call.get("source")
    return source if isinstance(source, str) else None


def _controls(
    sides: Sides, found: list[Resource], places: Mapping[tuple[str, Scope, str], Place]
) -> list[ControlResource]:
    controls = {row.type for rows in sides.cloud.mappings.values() for row in rows if row.control}
    return [
        ControlResource(item.type, item.id, item.name, item.scope, places[item.type, item.scope, item.id])
        for item in found
        if item.type in controls
    ]


def _sorted(resources: list[Resource]) -> tuple[Resource, ...]:
    return tuple(sorted(resources, key=lambda item: (item.type, item.account, item.region, item.id)))


def _counts(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
