"""Role assignments and definitions, policy assignments, locks and resource groups in templates."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import FALSE, NONE, NULL, named
from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import Default, Mapping
from providers.arm.world import World
from providers.azure.authorization import (
    ASSIGNMENT,
    ASSIGNMENT_SHAPE,
    DEFINITION,
    DEFINITION_SHAPE,
    LOCK,
    LOCK_SHAPE,
    POLICY,
    POLICY_SHAPE,
    RESOURCE_GROUP,
)


def _scoped(item: Declared, world: World) -> Any:
    """A body with the scope at which it is made, which a template tells by where it stands."""
    body = named(item)
    scope = item.scope if not isinstance(item.scope, str) or item.scope else item.where.id
    properties = item.properties
    return (
        Fields({**body, "properties": Fields({**properties, "scope": scope})})
        if isinstance(properties, Fields)
        else body
    )


MAPPINGS: Final = (
    # Whether who is named is still there, and is a guest, the tenant knows.
    Mapping(ASSIGNMENT, ASSIGNMENT_SHAPE, defaults={"condition": NULL}, prepared=_scoped),
    Mapping(DEFINITION, DEFINITION_SHAPE, prepared=lambda item, world: named(item)),
    Mapping(
        POLICY,
        POLICY_SHAPE,
        defaults={
            "enforcement_mode": Default("Default", "Policy Assignments - Create: enforcementMode"),
            "excluded_scopes": NONE,
            "limited_to_selected": FALSE,
            "effect_overridden": FALSE,
            "allowed_locations": NULL,
        },
        prepared=_scoped,
    ),
    Mapping(LOCK, LOCK_SHAPE, prepared=lambda item, world: named(item)),
    Mapping(RESOURCE_GROUP, {}, templates=("Microsoft.Resources/resourceGroups",)),
)
