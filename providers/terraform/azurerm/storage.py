"""Azure Storage: accounts, and the resources that configure their network, keys, containers and lifecycle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.azure.storage import ACCOUNT
from providers.base import MISSING, Unread
from providers.terraform.azurerm.naming import ACCESS, NAME, PROVIDER, RESOURCE, either, identity, rows
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

IMMUTABILITY: Final = "azurerm_storage_container_immutability_policy"
ALSO: Final = (IMMUTABILITY,)
KEYS: Final = ("key_vault_key_id", "managed_hsm_key_id")
_BLOBS: Final = "blob_properties"
_OPEN: Final = "Storage API, NetworkRuleSet: without rules all networks are let in"


def _sku(block: Block) -> Any:
    parts = [block.get(name) for name in ("account_tier", "account_replication_type")]
    return next((part for part in parts if isinstance(part, Unread)), "_".join(str(part) for part in parts))


# --- the blob service ------------------------------------------------------------------------------------------------


def _days(service: Block, name: str) -> Any:
    """Days of a retention policy; none where there is no policy, which the provider then sends as disabled."""
    policy = service.block(name, optional=True)
    if policy is None or isinstance(policy, Unread):
        return policy
    return policy.get("days", 7)


def _blob_service(block: Block) -> Any:
    kind = block.get("account_kind", "StorageV2")
    if kind == "FileStorage" or isinstance(kind, Unread):
        # It has no blob service (Storage documentation, "Types of storage accounts").
        return None if isinstance(kind, str) else kind
    service = block.block(_BLOBS)
    if service is None or isinstance(service, Unread):
        # What a new account has that does not say it depends on who makes it: no documentation tells it of the API.
        return MISSING if service is None else service
    return {
        "delete_retention_days": _days(service, "delete_retention_policy"),
        "container_delete_retention_days": _days(service, "container_delete_retention_policy"),
        "versioning_enabled": service.get("versioning_enabled", False, optional=True),
    }


def _container(block: Block) -> list[dict[str, Any]]:
    policies = block.referring.pointing(
        IMMUTABILITY, "storage_container_resource_manager_id", ("id", "resource_manager_id")
    )
    held = block.get("has_immutability_policy", False, optional=True)
    if isinstance(policies, Unread):
        held = policies
    elif policies:
        held = True
    return [
        {
            "name": block.get("name"),
            "immutability_policy": held,
            "legal_hold": block.get("has_legal_hold", False, optional=True),
        }
    ]


def _set(attribute: str) -> Callable[[Block], Any]:
    return lambda block: block.get(attribute, None, optional=True, computed=False) not in (None, "")


# --- lifecycle -------------------------------------------------------------------------------------------------------


def _deletes(rule: Block, path: str, *names: str) -> Any:
    """Whether a rule deletes after some days; -1 is what the provider has where it does not."""
    actions = rule.block(path)
    if actions is None or isinstance(actions, Unread):
        return False if actions is None else actions
    days = [actions.get(name, None, optional=True) for name in names]
    if any(isinstance(day, int) and day >= 0 for day in days):
        return True
    return next((day for day in days if isinstance(day, Unread)), False)


def _rule(rule: Block) -> dict[str, Any]:
    tags = rows(rule, "filters.match_blob_index_tag", lambda row: row.get("name"), optional=True)
    return {
        "name": rule.get("name"),
        "enabled": rule.get("enabled"),
        "deletes_blobs": _deletes(
            rule,
            "actions.base_blob",
            "delete_after_days_since_modification_greater_than",
            "delete_after_days_since_last_access_time_greater_than",
            "delete_after_days_since_creation_greater_than",
        ),
        "deletes_versions": _deletes(rule, "actions.version", "delete_after_days_since_creation"),
        "blob_types": rule.get("filters.blob_types", []),
        "prefixes": rule.get("filters.prefix_match", []),
        "index_tags": tags,
    }


def _immutability(block: Block) -> Any:
    policy = block.block("immutability_policy", optional=True)
    return policy if policy is None or isinstance(policy, Unread) else policy.get("state")


def _key_source(block: Block) -> Any:
    own = block.block("customer_managed_key", optional=True)
    return COMPUTED if own is None else own if isinstance(own, Unread) else "Microsoft.Keyvault"


PARTS: Final = (
    Part(
        "azurerm_storage_account_network_rules",
        "storage_account_id",
        {
            "default_network_action": Attribute("default_action"),
            "allowed_ip_ranges": Attribute("ip_rules", []),
        },
    ),
    Part(
        "azurerm_storage_account_customer_managed_key",
        "storage_account_id",
        {"key_source": Constant("Microsoft.Keyvault", f"{PROVIDER}: a key of a vault or of a managed HSM")},
    ),
    *(
        Part(
            "azurerm_storage_container",
            link,
            {"containers": Derived(("name", "has_immutability_policy", "has_legal_hold"), _container)},
            _set(link),
        )
        for link in ("storage_account_id", "storage_account_name")
    ),
    Part(
        "azurerm_storage_management_policy",
        "storage_account_id",
        {"lifecycle_rules": Derived(("rule",), lambda block: rows(block, "rule", _rule))},
    ),
)

MAPPINGS: Final = (
    Mapping(
        type=ACCOUNT,
        terraform="azurerm_storage_account",
        keys=RESOURCE,
        name=NAME,
        identity=identity(ACCOUNT),
        parts=PARTS,
        properties={
            "kind": Attribute("account_kind", "StorageV2", PROVIDER),
            "sku": Derived(("account_tier", "account_replication_type"), _sku),
            "https_traffic_only": either("https_traffic_only_enabled", "enable_https_traffic_only"),
            # What holds where these are not set differs by version of the provider, which writes it into the plan.
            "minimum_tls_version": Attribute("min_tls_version"),
            "allow_blob_public_access": either("allow_nested_items_to_be_public", "allow_blob_public_access"),
            "allow_shared_key_access": Attribute("shared_access_key_enabled"),
            "public_network_access": Attribute("public_network_access_enabled", convert=ACCESS),
            "default_network_action": Split(
                None, _OPEN, inline=Attribute("network_rules.default_action", None), removed="Allow"
            ),
            "allowed_ip_ranges": Split([], _OPEN, inline=Attribute("network_rules.ip_rules", [])),
            "key_source": Split(
                "Microsoft.Storage",
                "Storage API, Encryption: keySource",
                inline=Derived(("customer_managed_key",), _key_source),
                optional=True,
            ),
            "infrastructure_encryption": Attribute("infrastructure_encryption_enabled", False, PROVIDER),
            "hierarchical_namespace": Attribute("is_hns_enabled", None),
            "blob_service": Derived((_BLOBS, "account_kind"), _blob_service),
            "immutability_state": Derived(("immutability_policy",), _immutability),
            "containers": Split(
                [],
                "Storage API: a new account has none",
                group=list,
                element=("name", "immutability_policy", "legal_hold"),
            ),
            "lifecycle_rules": Split([], "Storage API, ManagementPolicies: none until one is made"),
        },
    ),
)
