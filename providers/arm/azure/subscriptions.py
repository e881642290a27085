"""What a template says of the subscription that it is deployed to.

It is never all there is: others may send the activity log elsewhere, and a template that leaves a plan of Defender out
does not take it away. One more element, of which nothing is known, stands for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.arm.azure.values import FALSE, NONE, NULL, read
from providers.arm.declared import Declared
from providers.arm.world import World
from providers.azure.monitor import SETTING_SHAPE, SETTINGS
from providers.azure.security import CONTACT_SHAPE, PLAN_SHAPE
from providers.azure.security import SETTING_SHAPE as DEFENDER_SHAPE
from providers.azure.shapes import Shape
from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import Unread

BESIDE: Final = Unread("not_collected", detail="the subscription may have more of them")
_SENDING: Final = {
    **dict.fromkeys(
        ("storage_account_id", "workspace_id", "event_hub_authorization_rule_id", "marketplace_partner_id"), NULL
    ),
    "logs": NONE,
}
_CONTACT: Final = {"has_email": FALSE, "alert_minimal_severity": NULL, "notified_roles": NONE}
_PLAN: Final = {"sub_plan": NULL, "deprecated": FALSE, "coverage": NULL}

_SETTERS: Final[Mapping[str, tuple[str, Shape, Mapping[str, Any], str]]] = {
    "diagnostic_settings": (SETTINGS, SETTING_SHAPE, _SENDING, "2017-05-01"),
    "defender_plans": ("Microsoft.Security/pricings", PLAN_SHAPE, _PLAN, ""),
    "security_contacts": ("Microsoft.Security/securityContacts", CONTACT_SHAPE, _CONTACT, ""),
    "defender_settings": ("Microsoft.Security/settings", DEFENDER_SHAPE, {}, ""),
}

TYPES: Final = tuple(type_ for type_, *_ in _SETTERS.values())
FILLS: Final = {SUBSCRIPTION: frozenset(_SETTERS)}


def _read(world: World, shape: Shape, defaults: Mapping[str, Any], floor: str) -> Callable[[Declared], dict[str, Any]]:
    return lambda item: read(world, item, shape, defaults, floor)


def said(key: str, world: World) -> dict[str, Any]:
    """The properties of the subscription with a key that a template sets something of."""
    found = {}
    for name, (type_, shape, defaults, floor) in _SETTERS.items():
        rows = world.many(key, (type_,), _read(world, shape, defaults, floor), shape)
        if rows:
            found[name] = [*rows, dict.fromkeys(shape, BESIDE)]
    return found
