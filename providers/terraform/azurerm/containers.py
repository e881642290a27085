"""Azure Kubernetes Service and Azure Container Registry."""

from __future__ import annotations

from typing import Any, Final

from providers.azure.containers import CLUSTER, REGISTRY
from providers.base import Unread
from providers.terraform.azurerm.naming import ACCESS, NAME, PROVIDER, RESOURCE, either, identity, rows
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_SWITCHES: Final = {
    "azure_policy_enabled": "azurepolicy",
    "http_application_routing_enabled": "httpapplicationrouting",
    "open_service_mesh_enabled": "openservicemesh",
}
"""Add-ons that an attribute switches on, by what the service calls them."""
_BLOCKS: Final = {
    "aci_connector_linux": "aciconnectorlinux",
    "ingress_application_gateway": "ingressapplicationgateway",
    "key_vault_secrets_provider": "azurekeyvaultsecretsprovider",
    "oms_agent": "omsagent",
}
"""Add-ons that a block switches on."""


def _addons(block: Block) -> Any:
    # No default: in version 2 of the provider, which lacks the attribute, add-ons stand in a block of their own.
    on = {own: block.get(path, False) for path, own in _SWITCHES.items()}
    on |= {own: _there(block, path) for path, own in _BLOCKS.items()}
    unread = next((value for value in on.values() if isinstance(value, Unread)), None)
    return unread if unread is not None else sorted(own for own, value in on.items() if value)


def _there(block: Block, path: str) -> Any:
    found = block.blocks(path, optional=True)
    return found if isinstance(found, Unread) else bool(found)


def _entra(block: Block) -> Any:
    own = block.block("azure_active_directory_role_based_access_control", optional=True)
    # Version 3 has the older way too, which is not managed by AKS; version 4 has none but this one.
    return own if own is None or isinstance(own, Unread) else own.get("managed", True, optional=True)


def _ranges(block: Block) -> Any:
    return rows(block, "network_rule_set.ip_rule", lambda row: row.get("ip_range"))


MAPPINGS: Final = (
    Mapping(
        type=CLUSTER,
        terraform="azurerm_kubernetes_cluster",
        keys=RESOURCE,
        name=NAME,
        identity=identity(CLUSTER),
        properties={
            "kubernetes_version": Attribute("kubernetes_version", computed=False),
            "private_api_server": Attribute("private_cluster_enabled", False, PROVIDER),
            "authorized_ip_ranges": either(
                "api_server_access_profile.authorized_ip_ranges",
                "api_server_authorized_ip_ranges",
                default=[],
                source=PROVIDER,
            ),
            "rbac_enabled": Attribute("role_based_access_control_enabled", True, PROVIDER),
            "entra_managed": Derived(("azure_active_directory_role_based_access_control",), _entra, PROVIDER),
            "local_accounts_disabled": Attribute("local_account_disabled", False, PROVIDER),
            "addons": Derived((*_SWITCHES, *_BLOCKS), _addons, PROVIDER),
            "upgrade_channel": either(
                "automatic_upgrade_channel", "automatic_channel_upgrade", default=None, source=PROVIDER
            ),
        },
    ),
    Mapping(
        type=REGISTRY,
        terraform="azurerm_container_registry",
        keys=RESOURCE,
        name=NAME,
        identity=identity(REGISTRY),
        properties={
            "sku": Attribute("sku"),
            "admin_user_enabled": Attribute("admin_enabled", False, PROVIDER),
            "anonymous_pull_enabled": Attribute("anonymous_pull_enabled", False, PROVIDER),
            "public_network_access": Attribute("public_network_access_enabled", True, PROVIDER, convert=ACCESS),
            # Without rules there is no default action (Registries API, NetworkRuleSet).
            "default_network_action": Attribute("network_rule_set.default_action", None),
            "allowed_ip_ranges": Derived(("network_rule_set.ip_rule.ip_range",), _ranges),
        },
    ),
)
