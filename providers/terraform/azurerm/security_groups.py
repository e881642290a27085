"""Azure network security groups: their rules, inline and in resources of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.azure.network import GROUP
from providers.base import Unread
from providers.terraform.azurerm.naming import GROUP as RESOURCE_GROUP
from providers.terraform.azurerm.naming import NAME, RESOURCE, identity, referred, rows
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Mapping, Part, Split

_TEXTS: Final = ("name", "direction", "access", "priority", "protocol")
_ENDS: Final = ("source", "destination")
ELEMENT: Final = (
    *_TEXTS,
    *(f"{end}_{what}" for end in _ENDS for what in ("addresses", "security_groups", "ports")),
)
_PATHS: Final = (
    *_TEXTS,
    *(
        f"{end}_{what}"
        for end in _ENDS
        for what in (
            "address_prefix",
            "address_prefixes",
            "port_range",
            "port_ranges",
            "application_security_group_ids",
        )
    ),
)


def _together(block: Block, one: str, many: str) -> Any:
    """What stands in a singular attribute, a plural one, or both."""
    single, several = block.get(one, None), block.get(many, [])
    unread = next((value for value in (single, several) if isinstance(value, Unread)), None)
    if unread is not None:
        return unread
    return [single, *several] if single else list(several)


def _rule(block: Block) -> dict[str, Any]:
    found: dict[str, Any] = {name: block.get(name) for name in _TEXTS}
    for end in _ENDS:
        found[f"{end}_addresses"] = _together(block, f"{end}_address_prefix", f"{end}_address_prefixes")
        found[f"{end}_security_groups"] = referred(block, f"{end}_application_security_group_ids")
        found[f"{end}_ports"] = _together(block, f"{end}_port_range", f"{end}_port_ranges")
    return found


def _sorted(rules: Sequence[Any]) -> Any:
    return sorted(rules, key=lambda rule: (isinstance(rule["name"], str), str(rule["name"])))


_OWN: Final = Part(
    "azurerm_network_security_rule",
    "network_security_group_name",
    {"security_rules": Derived(_PATHS, lambda block: [_rule(block)])},
    same=RESOURCE_GROUP,
)

MAPPINGS: Final = (
    Mapping(
        type=GROUP,
        terraform="azurerm_network_security_group",
        keys=RESOURCE,
        name=NAME,
        identity=identity(GROUP),
        parts=(_OWN,),
        properties={
            "security_rules": Split(
                [],
                "Network API, NetworkSecurityGroups: a new group has no rules but the default ones",
                inline=Derived(("security_rule",), lambda block: rows(block, "security_rule", _rule)),
                group=_sorted,
                element=ELEMENT,
            ),
        },
    ),
)
