"""Azure SQL Database: servers and databases, and the resources that configure them."""

from __future__ import annotations

from ipaddress import ip_address, summarize_address_range
from typing import Any, Final

from providers.azure.sql import DATABASE, SERVER
from providers.base import Unread
from providers.terraform.azurerm.diagnostics import SPLIT, settings
from providers.terraform.azurerm.naming import (
    ACCESS,
    GROUP,
    NAME,
    NOT_HELD,
    PROVIDER,
    RESOURCE,
    child,
    exists,
    identity,
    rows,
)
from providers.terraform.block import COMPUTED, KNOWN_AFTER_APPLY, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

ASSESSMENT: Final = "azurerm_mssql_server_vulnerability_assessment"
FAILOVER: Final = "azurerm_mssql_failover_group"
ALSO: Final = (ASSESSMENT, FAILOVER)
_TERRAFORM: Final = "azurerm_mssql_server"
_KEY: Final = "transparent_data_encryption_key_vault_key_id"
_KEYS: Final = ("key_vault_key_id", "managed_hsm_key_id")
_SECONDARY: Final = ("Secondary", "OnlineSecondary")
_OFF: Final = {"state": "Disabled", "storage_endpoint": None, "retention_days": 0, "azure_monitor_target": False}
DEFAULT_DAYS: Final = 7


# --- servers ---------------------------------------------------------------------------------------------------------


def _ranges(block: Block) -> Any:
    ends = [block.get(name) for name in ("start_ip_address", "end_ip_address")]
    unread = next((end for end in ends if isinstance(end, Unread)), None)
    if unread is not None:
        return unread
    return [str(network) for network in summarize_address_range(*map(ip_address, ends))]


def _auditing(block: Block) -> dict[str, Any]:
    enabled = block.get("enabled", True, optional=True)
    endpoint = _named(block, "storage_endpoint")
    return {
        "state": enabled if isinstance(enabled, Unread) else "Enabled" if enabled else "Disabled",
        "storage_endpoint": endpoint or None,
        "retention_days": block.get("retention_in_days", 0),
        "azure_monitor_target": block.get("log_monitoring_enabled", True),
    }


def _administrators(block: Block) -> Any:
    return rows(
        block,
        "azuread_administrator",
        lambda row: {
            "administrator_type": "ActiveDirectory",
            "entra_only": row.get("azuread_authentication_only", False, optional=True),
        },
    )


def _own_key(block: Block) -> Any:
    key = _named(block, _KEY)
    return key if isinstance(key, Unread) else "AzureKeyVault" if key else COMPUTED


def _key(block: Block) -> Any:
    keys = [_named(block, name) for name in _KEYS]
    if any(isinstance(key, str) and key for key in keys):
        return "AzureKeyVault"
    return next((key for key in keys if isinstance(key, Unread)), "ServiceManaged")


def _named(block: Block, path: str) -> Any:
    """What an attribute names; what stands for a resource of this plan, where that is what it names."""
    value = block.get(path, None, optional=True)
    if isinstance(value, Unread) and value.reason == "known_after_apply":
        found = block.referring.one(block.references(path))
        return value if found is None else found[1]
    return value


def _express(block: Block) -> Any:
    on = block.get("express_vulnerability_assessment_enabled", False, optional=True)
    return [{"state": on if isinstance(on, Unread) else "Enabled" if on else "Disabled"}]


def _classic(block: Block) -> Any:
    """The vulnerability assessment that names this security alert policy of the server."""
    found = block.referring.pointing(ASSESSMENT, "server_security_alert_policy_id", ("id",))
    return found if isinstance(found, Unread) else [_assessment(row) for row in found]


def _assessment(block: Block) -> dict[str, Any]:
    path = block.get("storage_container_path", "")
    if isinstance(path, Unread) and block.references("storage_container_path"):
        # It is made of what other resources give, and so is not empty.
        path = "known after apply"
    return {
        "recurring": block.get("recurring_scans.enabled", False),
        "stored": path if isinstance(path, Unread) else bool(path),
    }


_NEW: Final = "SQL API: what a new server has"
_SERVER_PARTS: Final = (
    Part(
        "azurerm_mssql_firewall_rule",
        "server_id",
        {"firewall_ranges": Derived(("start_ip_address", "end_ip_address"), _ranges)},
    ),
    Part(
        "azurerm_mssql_server_extended_auditing_policy",
        "server_id",
        {
            "auditing": Derived(
                ("enabled", "storage_endpoint", "retention_in_days", "log_monitoring_enabled"), _auditing, PROVIDER
            )
        },
    ),
    Part(
        "azurerm_mssql_server_transparent_data_encryption",
        "server_id",
        {"key_type": Derived(_KEYS, _key, PROVIDER)},
    ),
    Part(
        "azurerm_mssql_server_security_alert_policy",
        "server_name",
        {"classic_assessments": Derived(("id",), _classic)},
        same=GROUP,
    ),
    settings(SERVER, (_TERRAFORM,), "master_diagnostic_settings", "/databases/master"),
)

# --- databases -------------------------------------------------------------------------------------------------------


def _warehouse(block: Block) -> Any:
    sku = block.get("sku_name", "")
    return sku if isinstance(sku, Unread) else sku.upper().startswith("DW")


def _kind(block: Block) -> Any:
    warehouse = _warehouse(block)
    return warehouse if isinstance(warehouse, Unread) else f"v12.0,user{',datawarehouse' if warehouse else ''}"


def _zones(block: Block) -> Any:
    own = block.get("zone_redundant", None)
    if own is None:
        pool = block.get("elastic_pool_id", None)
        # A database in a pool is where its pool is.
        return False if pool in (None, "") else Unread("not_collected", detail="its elastic pool decides")
    return own


def _retention(block: Block) -> Any:
    warehouse = _warehouse(block)
    if warehouse is True or isinstance(warehouse, Unread):
        return warehouse if isinstance(warehouse, Unread) else None
    return block.get("short_term_retention_policy.retention_days", DEFAULT_DAYS)


def _links(block: Block) -> Any:
    """Links to copies in other regions: a failover group makes them, and whoever makes a secondary."""
    found = block.referring.pointing(FAILOVER, "databases", ("id",))
    if isinstance(found, Unread):
        return found
    if found and not exists(block):
        return [{"type": "GEO", "role": "Primary", "state": KNOWN_AFTER_APPLY}]
    if exists(block):
        return NOT_HELD
    mode = block.get("create_mode", "Default")
    return KNOWN_AFTER_APPLY if isinstance(mode, Unread) or mode in _SECONDARY else []


MAPPINGS: Final = (
    Mapping(
        type=SERVER,
        terraform=_TERRAFORM,
        keys=RESOURCE,
        name=NAME,
        identity=identity(SERVER),
        parts=_SERVER_PARTS,
        properties={
            "minimum_tls_version": Attribute(
                "minimum_tls_version", convert=lambda version: "None" if version == "Disabled" else version
            ),
            "public_network_access": Attribute("public_network_access_enabled", True, PROVIDER, convert=ACCESS),
            "firewall_ranges": Split([], _NEW, group=list),
            # No resource of the provider makes them.
            "ipv6_firewall_ranges": Split([], _NEW),
            "auditing": Split(_OFF, "SQL documentation, 'Auditing': it is on once it is set up", removed=_OFF),
            "master_diagnostic_settings": SPLIT,
            "administrators": Derived(("azuread_administrator",), _administrators, PROVIDER),
            "key_type": Split(
                "ServiceManaged",
                "SQL documentation, 'Transparent data encryption': by default with a key of the service",
                inline=Derived((_KEY,), _own_key),
                optional=True,
            ),
            "express_assessments": Derived(("express_vulnerability_assessment_enabled",), _express, PROVIDER),
            "classic_assessments": Split([], _NEW, group=list, element=("recurring", "stored")),
        },
    ),
    Mapping(
        type=DATABASE,
        terraform="azurerm_mssql_database",
        name=NAME,
        identity=child(DATABASE, "server_id", SERVER),
        properties={
            "kind": Derived(("sku_name",), _kind),
            "zone_redundant": Derived(("zone_redundant", "elastic_pool_id"), _zones),
            "transparent_data_encryption": Attribute(
                "transparent_data_encryption_enabled", True, PROVIDER, convert=ACCESS, optional=True
            ),
            "backup_retention_days": Derived(
                ("short_term_retention_policy.retention_days", "sku_name"),
                _retention,
                "SQL documentation, 'Automated backups': seven days unless it is changed",
            ),
            "replication_links": Derived(("create_mode",), _links),
        },
    ),
)
