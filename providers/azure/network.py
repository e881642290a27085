"""Azure networks: security groups with their rules, networks and their flow logs, application gateways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from providers.azure.readers import bulk
from providers.azure.shapes import MALFORMED, Shape, always, arm_id, ids, since
from providers.base import GLOBAL, MISSING, ResourceType, Unread

GROUP: Final = "Microsoft.Network/networkSecurityGroups"
NETWORK: Final = "Microsoft.Network/virtualNetworks"
FLOW_LOG: Final = "Microsoft.Network/networkWatchers/flowLogs"
GATEWAY: Final = "Microsoft.Network/applicationGateways"
FIREWALL_POLICY: Final = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
TYPES: Final = tuple(ResourceType(name, GLOBAL) for name in (GROUP, NETWORK, FLOW_LOG, GATEWAY, FIREWALL_POLICY))


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
    single, several = rule.get(one), rule.get(many)
    # Of a template, either may be what nobody knows yet.
    unknown = next((value for value in (single, several) if isinstance(value, Unread)), None)
    if unknown is not None:
        return unknown
    several = several or []
    if not isinstance(several, list) or not isinstance(single or "", str):
        return MALFORMED
    return [single, *several] if single else list(several)


def _groups(groups: Any) -> Any:
    try:
        return ids(groups or [])
    except (AttributeError, LookupError, TypeError):
        return MALFORMED


GROUP_SHAPE: Final[Shape] = {
    "security_rules": always("properties.securityRules", _rules),
    "default_security_rules": always("properties.defaultSecurityRules", _rules),
    "subnet_ids": since("2015-06-15", "properties.subnets", [], ids),
    "network_interface_ids": since("2015-06-15", "properties.networkInterfaces", [], ids),
}


def _subnets(subnets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": arm_id(subnet["id"]),
            "name": subnet["name"],
            "network_security_group_id": _reference(subnet["properties"].get("networkSecurityGroup")),
        }
        for subnet in subnets
    ]


def _reference(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else arm_id(value["id"])


def _retention(policy: Mapping[str, Any]) -> int:
    """Days after which records are deleted; 0 where they never are."""
    return int(policy["days"]) if policy["enabled"] else 0


def _public(frontends: Sequence[Mapping[str, Any]]) -> list[str]:
    addresses = [frontend["properties"].get("publicIPAddress") for frontend in frontends]
    return ids([address for address in addresses if address is not None])


NETWORK_SHAPE: Final[Shape] = {"subnets": always("properties.subnets", _subnets)}
FLOW_LOG_SHAPE: Final[Shape] = {
    "enabled": always("properties.enabled"),
    "target_id": always("properties.targetResourceId", arm_id),
    # Its members have defaults; no documentation says that it may be left out.
    "retention_days": always("properties.retentionPolicy", _retention),
}
GATEWAY_SHAPE: Final[Shape] = {
    "sku": always("properties.sku.tier"),
    "public_address_ids": always("properties.frontendIPConfigurations", _public),
    "firewall_enabled": since("2017-03-01", "properties.webApplicationFirewallConfiguration.enabled"),
    "firewall_mode": since("2017-03-01", "properties.webApplicationFirewallConfiguration.firewallMode"),
    "firewall_policy_id": since("2018-12-01", "properties.firewallPolicy.id", None, arm_id),
}
FIREWALL_POLICY_SHAPE: Final[Shape] = {
    # No documentation says what a policy is that does not say.
    "state": always("properties.policySettings.state"),
    "mode": since("2019-09-01", "properties.policySettings.mode"),
}

READERS: Final = (
    bulk(GROUP, GROUP_SHAPE, confirmed="2024-05-01"),
    bulk(NETWORK, NETWORK_SHAPE),
    bulk(FLOW_LOG, FLOW_LOG_SHAPE),
    bulk(GATEWAY, GATEWAY_SHAPE),
    bulk(FIREWALL_POLICY, FIREWALL_POLICY_SHAPE),
)
