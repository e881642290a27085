"""Every Azure check that a plan of azurerm can judge is driven to pass and to fail by a plan, with its own file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.planned import SUBSCRIPTION, Pair, Rows, judged_alone, one, unknown, verdicts
from tests.plans import UNKNOWN, Ref

IN: dict[str, Any] = {"resource_group_name": "rg", "location": "westeurope"}
"""What everything in a resource group says."""
ACCOUNT = {
    **{"name": "records", "account_tier": "Standard", "account_replication_type": "GRS", "account_kind": "StorageV2"},
    **{"min_tls_version": "TLS1_2", "allow_nested_items_to_be_public": False, "shared_access_key_enabled": False},
    **{"public_network_access_enabled": True, "https_traffic_only_enabled": True},
    **IN,
}
SERVER = {"name": "sql", "version": "12.0", "minimum_tls_version": "1.2", **IN}
DATABASE = {"name": "orders", "server_id": Ref("azurerm_mssql_server.s.id"), "sku_name": "GP_Gen5_2"}
WORKSPACE = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs"


def inside(kind: str, good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    """A pair of plans with one resource of a kind in a resource group."""
    return one(kind, good, bad, name="x", **IN, **both)


def account(good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    return {"azurerm_storage_account.x": {**ACCOUNT, **both, **good}}, {
        "azurerm_storage_account.x": {**ACCOUNT, **both, **bad}
    }


def blobs(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return account({"blob_properties": [good]}, {"blob_properties": [bad]})


def beside(owner: str, values: dict[str, Any], part: str, good: dict[str, Any], bad: dict[str, Any] | None) -> Pair:
    """A pair of plans with an owner and a part of it, or without the part."""
    base: Rows = {owner: values}
    return {**base, f"{part}.p": good}, dict(base) if bad is None else {**base, f"{part}.p": bad}


def lifecycle(version: dict[str, Any], bad: dict[str, Any]) -> Pair:
    def rule(delete: dict[str, Any], **more: Any) -> dict[str, Any]:
        actions = [{"base_blob": [delete], "version": [version]}]
        return {
            "storage_account_id": Ref("azurerm_storage_account.x.id"),
            "rule": [{"name": "old", "enabled": True, "actions": actions, **more}],
        }

    gone = {"delete_after_days_since_modification_greater_than": 400}
    owner = {**ACCOUNT, "blob_properties": [{"versioning_enabled": True}]}
    return beside(
        "azurerm_storage_account.x", owner, "azurerm_storage_management_policy", rule(gone), rule(gone, **bad)
    )


def logged(owner: str, values: dict[str, Any], category: str, other: str, below: str = "") -> Pair:
    """A diagnostic setting of a resource that sends a category, or another one only."""

    def setting(name: str) -> dict[str, Any]:
        return {
            "name": "audit",
            "target_resource_id": Ref(f"{owner}.id"),
            "log_analytics_workspace_id": WORKSPACE,
            "enabled_log": [{"category": name}],
        }

    return beside(owner, values, "azurerm_monitor_diagnostic_setting", setting(category), setting(other))


def of_server(part: str, good: dict[str, Any], bad: dict[str, Any] | None, link: str = "server_id") -> Pair:
    own = {link: Ref("azurerm_mssql_server.s.id")}
    return beside("azurerm_mssql_server.s", SERVER, part, {**own, **good}, None if bad is None else {**own, **bad})


def database(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return tuple(  # type: ignore[return-value]
        {"azurerm_mssql_server.s": SERVER, "azurerm_mssql_database.d": {**DATABASE, **values}} for values in (good, bad)
    )


def parameter(kind: str, good: dict[str, str], bad: dict[str, str]) -> Pair:
    """Parameters of a flexible server, each a resource of its own."""

    def plan(values: dict[str, str]) -> Rows:
        rows: dict[str, dict[str, Any]] = {f"azurerm_{kind}.s": {"name": "db", "version": "16", **IN}}
        link = (
            {"server_id": Ref(f"azurerm_{kind}.s.id")}
            if kind.startswith("postgresql")
            else {"server_name": "DB", "resource_group_name": "RG"}
        )
        for name, value in values.items():
            rows[f"azurerm_{kind}_configuration.{name}"] = {"name": name, "value": value, **link}
        return rows

    return plan(good), plan(bad)


def postgresql(name: str, good: str, bad: str) -> Pair:
    return parameter("postgresql_flexible_server", {name: good}, {name: bad})


def rule(port: str, **more: Any) -> dict[str, Any]:
    return {
        **{"name": "in", "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp"},
        **{"source_port_range": "*", "destination_port_range": port, "source_address_prefix": "*"},
        **{"destination_address_prefix": "*"},
        **more,
    }


def group(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    """A security group with its rule inline, and with the rule in a resource that names the group in another case."""
    own = {"name": "web", **IN}
    named = {"network_security_group_name": "WEB", "resource_group_name": "rg"}
    return {"azurerm_network_security_group.g": {**own, "security_rule": [good]}}, {
        "azurerm_network_security_group.g": {**own},
        "azurerm_network_security_rule.r": {**bad, **named},
    }


def subnets() -> Pair:
    base: dict[str, dict[str, Any]] = {
        "azurerm_virtual_network.n": {"name": "net", **IN},
        "azurerm_subnet.s": {
            "name": "apps",
            "virtual_network_name": "net",
            "resource_group_name": "rg",
        },
        "azurerm_network_security_group.g": {"name": "web", **IN},
    }
    guarded = {
        "azurerm_subnet_network_security_group_association.a": {
            "subnet_id": Ref("azurerm_subnet.s.id"),
            "network_security_group_id": Ref("azurerm_network_security_group.g.id"),
        }
    }
    return {**base, **guarded}, base


def gateway(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    """A gateway on a new public address, with a firewall policy of its own."""

    def plan(settings: dict[str, Any]) -> Rows:
        return {
            "azurerm_web_application_firewall_policy.p": {"name": "waf", **IN, "policy_settings": [settings]},
            "azurerm_public_ip.a": {"name": "front"},
            "azurerm_application_gateway.g": {
                "name": "gw",
                **IN,
                "sku": [{"name": "WAF_v2", "tier": "WAF_v2"}],
                "frontend_ip_configuration": [{"name": "front", "public_ip_address_id": Ref("azurerm_public_ip.a.id")}],
                "firewall_policy_id": Ref("azurerm_web_application_firewall_policy.p.id"),
            },
        }

    return plan(good), plan(bad)


def machine(good: dict[str, Any], bad: dict[str, Any], kind: str = "linux") -> Pair:
    disk = [{"id": UNKNOWN, "name": "os", "caching": "ReadWrite", "storage_account_type": "Premium_LRS"}]
    return inside(f"azurerm_{kind}_virtual_machine", good, bad, os_disk=disk)


def disks() -> Pair:
    disk = {"name": "data", **IN, "disk_encryption_set_id": Ref("azurerm_disk_encryption_set.e.id")}
    kept = {"name": "set", **IN, "encryption_type": "EncryptionAtRestWithCustomerKey"}
    return {"azurerm_managed_disk.d": disk, "azurerm_disk_encryption_set.e": kept}, {
        "azurerm_managed_disk.d": {**disk, "disk_encryption_set_id": None}
    }


def scaled() -> Rows:
    return {
        "azurerm_linux_virtual_machine_scale_set.s": {"name": "web", **IN, "zones": ["1", "2"]},
        "azurerm_monitor_autoscale_setting.a": {
            "name": "load",
            **IN,
            "enabled": True,
            "target_resource_id": Ref("azurerm_linux_virtual_machine_scale_set.s.id"),
            "profile": [{"name": "p", "capacity": [{"default": 1, "minimum": 1, "maximum": 3}], "rule": [{}]}],
        },
    }


def protected(good: int, bad: int) -> Pair:
    """A policy, and the machine that it protects."""

    def plan(days: int) -> Rows:
        return {
            "azurerm_backup_policy_vm.p": {
                "name": "daily",
                "recovery_vault_name": "v",
                "resource_group_name": "rg",
                "retention_daily": [{"count": days}],
            },
            "azurerm_backup_protected_vm.m": {
                "backup_policy_id": Ref("azurerm_backup_policy_vm.p.id"),
                "source_vm_id": "/subscriptions/1/x",
                "recovery_vault_name": "v",
            },
        }

    return plan(good), plan(bad)


def plans_of_defender(last: str) -> Rows:
    from providers.terraform.azurerm.security import PLANS

    return {
        f"azurerm_security_center_subscription_pricing.p{number}": {
            "resource_type": name,
            "tier": last if name == "KeyVaults" else "Standard",
        }
        for number, name in enumerate(PLANS)
    }


def integration(name: str) -> Pair:
    return one("azurerm_security_center_setting", {"enabled": True}, {"enabled": False}, setting_name=name)


def role(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    scope = f"/subscriptions/{SUBSCRIPTION}"
    return one("azurerm_role_definition", {"permissions": [good]}, {"permissions": [bad]}, name="ops", scope=scope)


def web(good: dict[str, Any], bad: dict[str, Any], kind: str = "linux_web_app") -> Pair:
    site = {"minimum_tls_version": "1.2", "ftps_state": "Disabled", "remote_debugging_enabled": False}
    return inside(f"azurerm_{kind}", {"site_config": [{**site, **good}]}, {"site_config": [{**site, **bad}]})


def records() -> Pair:
    base: dict[str, dict[str, Any]] = {
        "azurerm_storage_account.x": {**ACCOUNT, "tags": {"retention": "locked"}},
        "azurerm_storage_container.c": {
            "name": "kept",
            "storage_account_id": Ref("azurerm_storage_account.x.id"),
            "has_immutability_policy": False,
        },
    }
    held = {
        "azurerm_storage_container_immutability_policy.p": {
            "storage_container_resource_manager_id": Ref("azurerm_storage_container.c.id"),
            "immutability_period_in_days": 400,
        }
    }
    return {**base, **held}, base


def assessed() -> Pair:
    def plan(stored: str) -> Rows:
        return {
            "azurerm_mssql_server.s": SERVER,
            "azurerm_mssql_server_security_alert_policy.a": {
                "server_name": "sql",
                "resource_group_name": "rg",
                "state": "Enabled",
            },
            "azurerm_mssql_server_vulnerability_assessment.v": {
                "server_security_alert_policy_id": Ref("azurerm_mssql_server_security_alert_policy.a.id"),
                "storage_container_path": stored,
                "recurring_scans": [{"enabled": True}],
            },
        }

    return plan("https://a.blob.core.windows.net/scans/"), plan("")


_VAULT = {"name": "kv", **IN}
_CLUSTER = "azurerm_kubernetes_cluster"
_REGISTRY = "azurerm_container_registry"
_ACL = {"bypass": "AzureServices", "default_action": "Deny"}
_AUDIT = "azurerm_mssql_server_extended_auditing_policy"
_BLOB = "https://a.blob.core.windows.net/"
_KEY = {"key_vault_id": "/subscriptions/1/x", "name": "k"}
_FLOW = {"name": "f", "enabled": True, "network_watcher_name": "w", "resource_group_name": "rg"}
_REPLICA = {"create_mode": "Default", "version": "16"}

PAIRS: Mapping[str, Pair] = {
    "azure.acr.admin_user_disabled": inside(_REGISTRY, {"admin_enabled": False}, {"admin_enabled": True}),
    "azure.acr.anonymous_pull_disabled": inside(
        _REGISTRY, {"anonymous_pull_enabled": False}, {"anonymous_pull_enabled": True}
    ),
    "azure.acr.network_restricted": inside(
        _REGISTRY,
        {"network_rule_set": [{"default_action": "Deny", "ip_rule": [{"ip_range": "192.0.2.0/24"}]}]},
        {"network_rule_set": [{"default_action": "Deny", "ip_rule": [{"ip_range": "0.0.0.0/0"}]}]},
        public_network_access_enabled=True,
    ),
    "azure.aks.api_server_restricted": inside(
        _CLUSTER,
        {"api_server_access_profile": [{"authorized_ip_ranges": ["192.0.2.0/24"]}]},
        {"api_server_access_profile": []},
    ),
    "azure.aks.automatic_upgrades": inside(
        _CLUSTER, {"automatic_upgrade_channel": "stable"}, {"automatic_upgrade_channel": None}
    ),
    "azure.aks.entra_integrated": inside(
        _CLUSTER,
        {"azure_active_directory_role_based_access_control": [{"azure_rbac_enabled": True}]},
        {"azure_active_directory_role_based_access_control": []},
    ),
    "azure.aks.local_accounts_disabled": inside(
        _CLUSTER, {"local_account_disabled": True}, {"local_account_disabled": False}
    ),
    "azure.aks.policy_addon_enabled": inside(_CLUSTER, {"azure_policy_enabled": True}, {"azure_policy_enabled": False}),
    "azure.aks.rbac_enabled": inside(
        _CLUSTER, {"role_based_access_control_enabled": True}, {"role_based_access_control_enabled": False}
    ),
    "azure.appservice.https_only": inside(
        "azurerm_windows_function_app", {"https_only": True}, {"https_only": False}, site_config=[{}]
    ),
    "azure.appservice.logging_enabled": logged(
        "azurerm_linux_function_app.f", {"name": "f", **IN}, "FunctionAppLogs", "AppServiceHTTPLogs"
    ),
    "azure.appservice.minimum_tls_12": web({}, {"minimum_tls_version": "1.0"}),
    "azure.appservice.plain_ftp_disabled": web({}, {"ftps_state": "AllAllowed"}, "windows_web_app"),
    "azure.appservice.remote_debugging_disabled": web({}, {"remote_debugging_enabled": True}),
    "azure.authorization.custom_roles_assign_no_roles": role(
        {"actions": ["Microsoft.Compute/*"]}, {"actions": ["Microsoft.Authorization/*"]}
    ),
    "azure.authorization.no_custom_owner_roles": role({"actions": ["Microsoft.Compute/*"]}, {"actions": ["*"]}),
    "azure.compute.scale_set_zones": inside(
        "azurerm_orchestrated_virtual_machine_scale_set", {"zones": ["1", "2"]}, {"zones": ["1"]}
    ),
    "azure.compute.vm_disks_encrypted": disks(),
    "azure.compute.vm_placed": machine({"zone": "1"}, {"zone": None}),
    "azure.compute.vm_secure_boot": machine(
        {"secure_boot_enabled": True, "vtpm_enabled": True}, {"secure_boot_enabled": False, "vtpm_enabled": True}
    ),
    "azure.compute.vm_ssh_keys_only": machine(
        {"disable_password_authentication": True}, {"disable_password_authentication": False}
    ),
    "azure.compute.vm_vtpm": machine(
        {"secure_boot_enabled": True, "vtpm_enabled": True},
        {"secure_boot_enabled": True, "vtpm_enabled": False},
        "windows",
    ),
    "azure.cosmosdb.automatic_failover": inside(
        "azurerm_cosmosdb_account",
        {"automatic_failover_enabled": True},
        {"automatic_failover_enabled": False},
        geo_location=[{"location": "westeurope"}, {"location": "northeurope"}],
    ),
    "azure.cosmosdb.continuous_backup": inside(
        "azurerm_cosmosdb_account", {"backup": [{"type": "Continuous"}]}, {"backup": [{"type": "Periodic"}]}
    ),
    "azure.cosmosdb.network_restricted": inside(
        "azurerm_cosmosdb_account", {"ip_range_filter": ["192.0.2.0/24"]}, {"ip_range_filter": ["0.0.0.0"]}
    ),
    "azure.datafactory.git_configured": inside(
        "azurerm_data_factory",
        {"github_configuration": [{"repository_name": "pipelines"}]},
        {"github_configuration": []},
    ),
    "azure.defender.cloud_apps_integration": integration("MCAS"),
    "azure.defender.endpoint_integration": integration("WDATP"),
    "azure.defender.plans_enabled": (plans_of_defender("Standard"), plans_of_defender("Free")),
    "azure.eventgrid.dead_letter_destination": one(
        "azurerm_eventgrid_event_subscription",
        {
            "storage_blob_dead_letter_destination": [{"storage_account_id": "/x"}],
            "dead_letter_identity": [{"type": "SystemAssigned"}],
        },
        {"storage_blob_dead_letter_destination": [], "dead_letter_identity": []},
        name="e",
        scope="/x",
    ),
    "azure.keyvault.key_rotation_or_expiry": one(
        "azurerm_key_vault_key",
        {"rotation_policy": [{"automatic": [{"time_before_expiry": "P30D"}]}]},
        {"rotation_policy": [{"expire_after": "P90D"}]},
        **_KEY,
    ),
    "azure.keyvault.logging_enabled": logged("azurerm_key_vault.v", _VAULT, "AuditEvent", "AllMetrics"),
    "azure.keyvault.network_restricted": inside(
        "azurerm_key_vault", {"network_acls": [_ACL]}, {"network_acls": [{**_ACL, "default_action": "Allow"}]}
    ),
    "azure.keyvault.purge_protection_enabled": inside(
        "azurerm_key_vault", {"purge_protection_enabled": True}, {"purge_protection_enabled": False}
    ),
    "azure.keyvault.rbac_authorization": inside(
        "azurerm_key_vault", {"rbac_authorization_enabled": True}, {"enable_rbac_authorization": False}
    ),
    "azure.keyvault.secret_expiry_set": one(
        "azurerm_key_vault_secret",
        {"expiration_date": "2027-01-01T00:00:00Z"},
        {"expiration_date": None},
        **_KEY,
        value="never read",
    ),
    "azure.keyvault.soft_delete_enabled": inside("azurerm_key_vault", {}, {"soft_delete_enabled": False}),
    "azure.monitor.log_retention": inside(
        "azurerm_log_analytics_workspace", {"retention_in_days": 365}, {"retention_in_days": 30}
    ),
    "azure.mysql.flexible_audit_log": parameter(
        "mysql_flexible_server",
        {"audit_log_enabled": "ON", "audit_log_events": "CONNECTION,DDL"},
        {"audit_log_enabled": "OFF", "audit_log_events": "CONNECTION"},
    ),
    "azure.mysql.flexible_minimum_tls_12": parameter(
        "mysql_flexible_server", {"tls_version": "TLSv1.2"}, {"tls_version": "TLSv1,TLSv1.2"}
    ),
    "azure.mysql.flexible_secure_transport": parameter(
        "mysql_flexible_server", {"require_secure_transport": "ON"}, {"require_secure_transport": "OFF"}
    ),
    "azure.network.flow_log_retention": one(
        "azurerm_network_watcher_flow_log",
        {"retention_policy": [{"enabled": True, "days": 365}], "target_resource_id": "/x"},
        {"retention_policy": [{"enabled": True, "days": 7}], "network_security_group_id": "/x"},
        **_FLOW,
    ),
    "azure.network.nsg_no_open_admin_ports": group(rule("443"), rule("20-25")),
    "azure.network.nsg_no_open_data_ports": group(rule("443"), rule("*", source_address_prefix="Internet")),
    "azure.network.nsg_no_open_http": group(rule("443"), rule("80")),
    "azure.network.nsg_no_open_udp": group(rule("443"), rule("53", protocol="Udp")),
    "azure.network.subnet_has_nsg": subnets(),
    "azure.network.waf_enabled": gateway({"enabled": True, "mode": "Detection"}, {"enabled": False}),
    "azure.network.waf_prevents": gateway({"enabled": True, "mode": "Prevention"}, {"mode": "Detection"}),
    "azure.postgresql.flexible_backup_retention": inside(
        "azurerm_postgresql_flexible_server", {"backup_retention_days": 14}, {"backup_retention_days": 3}, **_REPLICA
    ),
    "azure.postgresql.flexible_checkpoints_logged": postgresql("log_checkpoints", "on", "off"),
    "azure.postgresql.flexible_connections_logged": postgresql("log_connections", "on", "off"),
    "azure.postgresql.flexible_disconnections_logged": postgresql("log_disconnections", "on", "off"),
    "azure.postgresql.flexible_geo_redundant_backup": inside(
        "azurerm_postgresql_flexible_server",
        {"geo_redundant_backup_enabled": True},
        {"geo_redundant_backup_enabled": False},
        **_REPLICA,
    ),
    "azure.postgresql.flexible_high_availability": inside(
        "azurerm_postgresql_flexible_server",
        {"high_availability": [{"mode": "ZoneRedundant"}]},
        {"high_availability": []},
        **_REPLICA,
    ),
    "azure.postgresql.flexible_minimum_tls_12": postgresql("ssl_min_protocol_version", "TLSv1.2", "TLSv1"),
    "azure.postgresql.flexible_secure_transport": postgresql("require_secure_transport", "on", "off"),
    "azure.recoveryservices.policy_retention": protected(30, 7),
    "azure.recoveryservices.vault_immutable": inside(
        "azurerm_recovery_services_vault", {"immutability": "Locked"}, {"immutability": "Disabled"}
    ),
    "azure.recoveryservices.vault_soft_delete": inside(
        "azurerm_recovery_services_vault", {"soft_delete_enabled": True}, {"soft_delete_enabled": False}
    ),
    "azure.redis.minimum_tls_12": inside(
        "azurerm_redis_cache", {"minimum_tls_version": "1.2"}, {"minimum_tls_version": "1.0"}
    ),
    "azure.redis.tls_only": inside(
        "azurerm_redis_cache", {"non_ssl_port_enabled": False}, {"non_ssl_port_enabled": True}
    ),
    "azure.servicebus.queues_dead_letter": beside(
        "azurerm_servicebus_namespace.n",
        {"name": "bus", "sku": "Standard", **IN},
        "azurerm_servicebus_queue",
        {
            "name": "q",
            "namespace_id": Ref("azurerm_servicebus_namespace.n.id"),
            "dead_lettering_on_message_expiration": True,
        },
        {
            "name": "q",
            "namespace_id": Ref("azurerm_servicebus_namespace.n.id"),
            "dead_lettering_on_message_expiration": False,
        },
    ),
    "azure.sql.audit_retention": of_server(
        _AUDIT,
        {"storage_endpoint": _BLOB, "retention_in_days": 365},
        {"storage_endpoint": _BLOB, "retention_in_days": 30},
    ),
    "azure.sql.auditing_enabled": of_server(_AUDIT, {"storage_endpoint": _BLOB}, None),
    "azure.sql.backup_retention": database(
        {"short_term_retention_policy": [{"retention_days": 14}]},
        {"short_term_retention_policy": [{"retention_days": 3}]},
    ),
    "azure.sql.entra_admin_set": inside(
        "azurerm_mssql_server",
        {"azuread_administrator": [{"login_username": "dba", "object_id": "1"}]},
        {"azuread_administrator": []},
    ),
    "azure.sql.entra_only_sign_in": inside(
        "azurerm_mssql_server",
        {"azuread_administrator": [{"azuread_authentication_only": True}]},
        {"azuread_administrator": [{"azuread_authentication_only": False}]},
    ),
    "azure.sql.minimum_tls_12": inside(
        "azurerm_mssql_server", {"minimum_tls_version": "1.2"}, {"minimum_tls_version": "Disabled"}
    ),
    "azure.sql.no_open_firewall": of_server(
        "azurerm_mssql_firewall_rule",
        {"name": "office", "start_ip_address": "192.0.2.0", "end_ip_address": "192.0.2.255"},
        {"name": "all", "start_ip_address": "0.0.0.0", "end_ip_address": "255.255.255.255"},
    ),
    "azure.sql.tde_customer_key": of_server(
        "azurerm_mssql_server_transparent_data_encryption",
        {"key_vault_key_id": "https://kv.vault.azure.net/keys/k/1"},
        {"key_vault_key_id": None},
    ),
    "azure.sql.tde_enabled": database(
        {"transparent_data_encryption_enabled": True}, {"transparent_data_encryption_enabled": False}
    ),
    "azure.sql.vulnerability_assessment": assessed(),
    "azure.sql.zone_or_geo_redundant": database({"zone_redundant": True}, {"zone_redundant": False}),
    "azure.storage.blob_public_access_disabled": account({}, {"allow_nested_items_to_be_public": True}),
    "azure.storage.blob_soft_delete": blobs({"delete_retention_policy": [{"days": 30}]}, {}),
    "azure.storage.blob_versioning": blobs({"versioning_enabled": True}, {"versioning_enabled": False}),
    "azure.storage.container_soft_delete": blobs({"container_delete_retention_policy": [{"days": 30}]}, {}),
    "azure.storage.customer_managed_key": beside(
        "azurerm_storage_account.x",
        ACCOUNT,
        "azurerm_storage_account_customer_managed_key",
        {"storage_account_id": Ref("azurerm_storage_account.x.id"), "key_name": "k"},
        None,
    ),
    "azure.storage.geo_redundant": account({}, {"account_replication_type": "LRS"}),
    "azure.storage.immutability_for_records": records(),
    "azure.storage.infrastructure_encryption": account(
        {"infrastructure_encryption_enabled": True},
        {"infrastructure_encryption_enabled": False},
        tags={"sensitivity": "high"},
    ),
    "azure.storage.lifecycle_disposal": lifecycle(
        {"delete_after_days_since_creation": 90},
        {"filters": [{"prefix_match": ["logs/"], "blob_types": ["blockBlob"]}]},
    ),
    "azure.storage.minimum_tls_12": account({}, {"min_tls_version": "TLS1_0"}),
    "azure.storage.network_default_deny": beside(
        "azurerm_storage_account.x",
        ACCOUNT,
        "azurerm_storage_account_network_rules",
        {"storage_account_id": Ref("azurerm_storage_account.x.id"), "default_action": "Deny"},
        {
            "storage_account_id": Ref("azurerm_storage_account.x.id"),
            "default_action": "Deny",
            "ip_rules": ["0.0.0.0/0"],
        },
    ),
    "azure.storage.secure_transfer_required": account({}, {"https_traffic_only_enabled": False}),
    "azure.storage.shared_key_disabled": account({}, {"shared_access_key_enabled": True}),
}

_CONTACT = {"name": "default1", "email": "security@northwind.example"}
_EXPORTED = {
    "azurerm_monitor_diagnostic_setting.s": {
        "name": "activity",
        "target_resource_id": f"/subscriptions/{SUBSCRIPTION}",
        "log_analytics_workspace_id": WORKSPACE,
        "enabled_log": [{"category": name} for name in ("Administrative", "Security", "Alert", "Policy")],
    }
}
ONE_SIDED: Mapping[str, tuple[Rows, str, str]] = {
    "azure.compute.scale_set_scales": (
        scaled(),
        "pass",
        "what scales a set may be in another plan; over a run it is driven to both",
    ),
    "azure.defender.owners_notified": (
        {"azurerm_security_center_contact.c": {**_CONTACT, "alert_notifications": True, "alerts_to_admins": False}},
        "fail",
        "the provider does not say which roles are told, only that admins are",
    ),
    "azure.defender.security_contact": (
        {"azurerm_security_center_contact.c": {**_CONTACT, "alert_notifications": False, "alerts_to_admins": False}},
        "fail",
        "the provider does not say from which severity on alerts are told",
    ),
    "azure.monitor.activity_log_exported": (
        _EXPORTED,
        "pass",
        "a subscription may have settings that this plan does not hold",
    ),
}
"""Checks that a plan alone can show one side of only: the plan, what it shows, and why not the other."""


def test_every_azure_check_that_a_plan_can_judge_is_driven() -> None:
    judgeable = {id_ for id_ in judged_alone() if id_.startswith("azure.")}
    assert judgeable - ONE_SIDED.keys() == set(PAIRS)


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_plans_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("id_", sorted(id_ for id_, pair in PAIRS.items() if unknown(pair) not in (None, pair[0])))
def test_what_is_known_only_after_apply_is_neither_passed_nor_failed(id_: str) -> None:
    rows = unknown(PAIRS[id_])
    assert rows is not None
    assert verdicts(id_, rows) == {"unknown"}


@pytest.mark.parametrize("id_", sorted(ONE_SIDED))
def test_a_plan_shows_one_side_of_a_check(id_: str) -> None:
    rows, expected, _ = ONE_SIDED[id_]
    assert verdicts(id_, rows) == {expected}
