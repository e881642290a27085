"""Web and function apps in templates."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import read, settings_of
from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import UNSET, Default, Mapping, shaped
from providers.arm.places import text
from providers.arm.unresolved import Unresolved, unresolved
from providers.arm.world import World
from providers.azure.web import CONFIGURATION_SHAPE, SITE, SITE_SHAPE

_CONFIG: Final = f"{SITE}/config"
_FLOOR: Final = "2018-02-01"
"""The api-version from which on a site's configuration has these properties ("Web Apps - Create Or Update")."""


def _configuration(item: Declared, world: World) -> Any:
    """What the site's own siteConfig says, and config/web, which comes after it, over that."""
    properties = item.properties
    inline = properties.get("siteConfig") if isinstance(properties, Fields) else properties
    if isinstance(inline, Unresolved):
        return inline.plain
    version = item.version
    if isinstance(version, str) and version[:10] >= _FLOOR:
        version = "9999-12-31"
    found = shaped(CONFIGURATION_SHAPE, Fields({"properties": inline}), version)
    certain, doubt = world.parts(item.key, _CONFIG)
    for part in certain:
        name = text(part.last)
        if name != "web" and "{" not in name:
            continue
        told = read(world, part, CONFIGURATION_SHAPE, None, _FLOOR)
        why = part.unsure or (part.last if isinstance(part.last, Unresolved) else None)
        found.update({key: value if why is None else why.plain for key, value in told.items() if value is not UNSET})
    return found if doubt is None else dict.fromkeys(found, doubt)


def _site(item: Declared, world: World) -> Any:
    """A body whose identity has a principal that is not known, as it is made with it."""
    identity = item.body.get("identity")
    if not isinstance(identity, Fields):
        return item.body
    made = unresolved("identity.principalId", "an identity is made when it is deployed")
    kind = identity.get("type")
    own = {"principalId": made} if isinstance(kind, str) and "systemassigned" in kind.lower() else {}
    users = identity.get("userAssignedIdentities")
    if isinstance(users, Fields):
        users = Fields({name: Fields({"principalId": made}) for name in users})
    return Fields({**item.body, "identity": Fields({**identity, **own, "userAssignedIdentities": users})})


MAPPINGS: Final = (
    Mapping(
        SITE,
        SITE_SHAPE,
        defaults={
            "identity_principal_ids": Default([], "Web Apps - Create Or Update: an app has the identities it is given"),
        },
        derived={"configuration": _configuration, "diagnostic_settings": settings_of},
        prepared=_site,
        parts=(_CONFIG,),
    ),
)
