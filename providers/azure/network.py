"""Azure Virtual Network: network security groups with their rules, those that Azure adds to each included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from providers.azure.readers import bulk
from providers.azure.shapes import MALFORMED, Shape, always, ids, since
from providers.base import GLOBAL, MISSING, ResourceType

GROUP: Final = "Microsoft.Network/networkSecurityGroups"
TYPES: Final = (ResourceType(GROUP, GLOBAL),)


def _rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [_rule(rule["name"], rule["properties"]) for rule in rules]


def _rule(name: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule; an address or a port stands in a singular field, a plural one, or both."""
    return {
        "name": name,
        "direction": _given(rule, "direction"),
        "access": _given(rule, "access"),
        "priority": _given(rule, "priority"),
        "protocol": _given(rule, "protocol"),
        "source_addresses": _together(rule, "sourceAddressPrefix", "sourceAddressPrefixes"),
        # Groups of machines' interfaces, in the place of addresses.
        "source_security_groups": _groups(rule.get("sourceApplicationSecurityGroups")),
        "source_ports": _together(rule, "sourcePortRange", "sourcePortRanges"),
        "destination_addresses": _together(rule, "destinationAddressPrefix", "destinationAddressPrefixes"),
        "destination_security_groups": _groups(rule.get("destinationApplicationSecurityGroups")),
        "destination_ports": _together(rule, "destinationPortRange", "destinationPortRanges"),
    }


def _given(rule: Mapping[str, Any], key: str) -> Any:
    value = rule.get(key)
    return MISSING if value is None else value


def _together(rule: Mapping[str, Any], one: str, many: str) -> Any:
    single, several = rule.get(one), rule.get(many) or []
    if not isinstance(several, list) or not isinstance(single or "", str):
        return MALFORMED
    return [single, *several] if single else list(several)


def _groups(groups: Any) -> Any:
    try:
        return ids(groups or [])
    except (AttributeError, LookupError, TypeError):
        return MALFORMED


_GROUP: Final[Shape] = {
    "security_rules": always("properties.securityRules", _rules),
    "default_security_rules": always("properties.defaultSecurityRules", _rules),
    "subnet_ids": since("2015-06-15", "properties.subnets", [], ids),
    "network_interface_ids": since("2015-06-15", "properties.networkInterfaces", [], ids),
}

READERS: Final = (bulk(GROUP, _GROUP),)
