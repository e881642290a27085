"""What the mappings of several services share: bodies of parts, and the diagnostic settings of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import Default, shaped
from providers.arm.unresolved import Unresolved
from providers.arm.world import World
from providers.azure.monitor import SETTING_SHAPE, SETTINGS
from providers.azure.shapes import Shape

NULL: Final = Default(None, "an answer of the same api-version leaves out what was never set (the shape's own source)")
NONE: Final = Default([], "an answer of the same api-version leaves out what there is none of (the shape's own source)")
FALSE: Final = Default(False, "an answer of the same api-version leaves out what is not on (the shape's own source)")


def named(item: Declared) -> Fields:
    """The body of a resource with its name and its id, as an answer has them."""
    return Fields({**item.body, "name": item.last, "id": item.id if item.id is not None else item.address})


def read(
    world: World, item: Declared, shape: Shape, defaults: Mapping[str, Default] | None = None, floor: str = ""
) -> dict[str, Any]:
    """What a shape reads of a part.

    ``floor``: its properties are defined from this api-version on, though the shape is of a later one.
    """
    version = item.version
    if floor and isinstance(version, str) and version[:10] >= floor:
        version = max(version, _LATE)
    return shaped(shape, world.anchored(named(item)), version, defaults)


_LATE: Final = "9999-12-31"

_SETTING_DEFAULTS: Final = {
    # What a setting does not name, it does not send to.
    **dict.fromkeys(
        ("storage_account_id", "workspace_id", "event_hub_authorization_rule_id", "marketplace_partner_id"), NULL
    ),
    "logs": NONE,
}


def diagnostic_settings(owner: str, world: World) -> list[dict[str, Any]]:
    """The diagnostic settings of the resource with a key.

    Since 2017-05-01-preview settings have names and all these properties ("Diagnostic Settings - Create Or Update").
    """
    return world.many(
        owner,
        (SETTINGS,),
        lambda item: read(world, item, SETTING_SHAPE, _SETTING_DEFAULTS, "2017-05-01"),
        SETTING_SHAPE,
    )


def settings_of(item: Declared, world: World) -> list[dict[str, Any]]:
    """The diagnostic settings of a declared resource."""
    return diagnostic_settings(item.key, world)


def given(value: Any) -> Any:
    """A value that is not known as plain Unread; others as they are."""
    return value.plain if isinstance(value, Unresolved) else value
