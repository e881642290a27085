"""Azure networks: virtual networks with their subnets, flow logs, application gateways and their firewalls."""

from __future__ import annotations

from typing import Any, Final

from providers.azure.network import FIREWALL_POLICY, FLOW_LOG, GATEWAY, NETWORK
from providers.base import MISSING, Unread
from providers.terraform.azurerm.naming import GROUP as RESOURCE_GROUP
from providers.terraform.azurerm.naming import (
    NAME,
    NOT_HELD,
    PROVIDER,
    RESOURCE,
    exists,
    identity,
    known,
    refer,
    reference,
    rows,
)
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

ASSOCIATION: Final = "azurerm_subnet_network_security_group_association"
ALSO: Final = (ASSOCIATION,)


# --- subnets ---------------------------------------------------------------------------------------------------------


def _inline(row: Block) -> dict[str, Any]:
    id_ = row.get("id", None, computed=False)
    return {
        "id": id_.lower() if isinstance(id_, str) else id_ or MISSING,
        "name": row.get("name"),
        "network_security_group_id": refer(row, "security_group"),
    }


def _subnet(block: Block) -> list[dict[str, Any]]:
    """A subnet of its own; its security group stands in a resource that associates both."""
    id_ = block.get("id", None, computed=False)
    found = block.referring.pointing(ASSOCIATION, "subnet_id", ("id",))
    if isinstance(found, Unread):
        group: Any = found
    else:
        groups = [refer(row, "network_security_group_id") for row in found]
        # Of a subnet that exists, the association may be in another plan.
        group = groups[0] if groups else None if not exists(block) else NOT_HELD
    return [
        {
            "id": id_.lower() if isinstance(id_, str) else id_,
            "name": block.get("name"),
            "network_security_group_id": group,
        }
    ]


_SUBNET: Final = Part(
    "azurerm_subnet",
    "virtual_network_name",
    {"subnets": Derived(("id", "name"), _subnet)},
    same=RESOURCE_GROUP,
)


# --- flow logs -------------------------------------------------------------------------------------------------------


def _logged(block: Block) -> Any:
    """What a flow log is of: a security group until version 4.x, any of several since."""
    values = [refer(block, path, optional=True) for path in ("target_resource_id", "network_security_group_id")]
    told = next((value for value in values if isinstance(value, str)), None)
    return told or next((value for value in values if value is not None), MISSING)


def _retained(block: Block) -> Any:
    policy = block.block("retention_policy")
    if policy is None or isinstance(policy, Unread):
        return 0 if policy is None else policy
    enabled, days = policy.get("enabled"), policy.get("days")
    return enabled if isinstance(enabled, Unread) else days if enabled else 0


# --- application gateways --------------------------------------------------------------------------------------------


def _public(block: Block) -> Any:
    found = rows(block, "frontend_ip_configuration", lambda row: refer(row, "public_ip_address_id"))
    return found if isinstance(found, Unread) else [address for address in found if address is not None]


def _firewall(name: str) -> Derived:
    def read(block: Block) -> Any:
        own = block.block("waf_configuration")
        return own if own is None or isinstance(own, Unread) else own.get(name)

    return Derived((f"waf_configuration.{name}",), read)


def _settings(name: str, default: Any) -> Derived:
    def read(block: Block) -> Any:
        own = block.block("policy_settings")
        # No documentation says what a policy is that does not say.
        return MISSING if own is None else own if isinstance(own, Unread) else own.get(name, default)

    return Derived((f"policy_settings.{name}",), read, PROVIDER)


def _state(block: Block) -> Any:
    enabled = _settings("enabled", True).read(block)
    return enabled if isinstance(enabled, Unread) else "Enabled" if enabled else "Disabled"


MAPPINGS: Final = (
    Mapping(
        type=NETWORK,
        terraform="azurerm_virtual_network",
        keys=RESOURCE,
        name=NAME,
        identity=identity(NETWORK),
        parts=(_SUBNET,),
        properties={
            "subnets": Split(
                [],
                "Network API, VirtualNetworks: a new network has the subnets that are given",
                inline=Derived(("subnet",), lambda block: rows(block, "subnet", _inline)),
                group=list,
                element=("id", "name", "network_security_group_id"),
            )
        },
    ),
    Mapping(
        type=FLOW_LOG,
        terraform="azurerm_network_watcher_flow_log",
        name=NAME,
        identity=known(),
        control=True,
        properties={
            "enabled": Attribute("enabled"),
            "target_id": Derived(("target_resource_id", "network_security_group_id"), _logged),
            "retention_days": Derived(("retention_policy.enabled", "retention_policy.days"), _retained),
        },
    ),
    Mapping(
        type=GATEWAY,
        terraform="azurerm_application_gateway",
        keys=RESOURCE,
        name=NAME,
        identity=identity(GATEWAY),
        properties={
            "sku": Attribute("sku.tier"),
            "public_address_ids": Derived(("frontend_ip_configuration.public_ip_address_id",), _public),
            "firewall_enabled": _firewall("enabled"),
            "firewall_mode": _firewall("firewall_mode"),
            "firewall_policy_id": reference("firewall_policy_id", FIREWALL_POLICY),
        },
    ),
    Mapping(
        type=FIREWALL_POLICY,
        terraform="azurerm_web_application_firewall_policy",
        keys=RESOURCE,
        name=NAME,
        identity=identity(FIREWALL_POLICY),
        properties={
            "state": Derived(("policy_settings.enabled",), _state, PROVIDER),
            "mode": _settings("mode", "Prevention"),
        },
    ),
)
