"""Every Azure check that a template can judge is driven to pass and to fail by one, with its own file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.collection.conformance import conforming
from engine.content.checks import compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.gate.judgeable import needs_live
from engine.judging.evaluate import evaluate
from engine.model import Collection, Resource, Scope, Snapshot
from providers.arm import NotATemplate, fills, folded
from tests.arm import GIVEN, SUBSCRIPTION, data, id_of, row

AT = "2026-11-26T00:00:00Z"
CONTEXT = ("Microsoft.Resources/subscriptions", "Microsoft.Graph/organization")
CONTENT = load(find())
CONFORM = conforming({name: schema.type for name, schema in CONTENT.types.items()})
Pair = tuple[bytes, bytes]

STORAGE, SQL, VAULT = "Microsoft.Storage/storageAccounts", "Microsoft.Sql/servers", "Microsoft.KeyVault/vaults"
NETWORK, GROUP = "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkSecurityGroups"
MACHINE, DISK = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/disks"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
SITE, REGISTRY = "Microsoft.Web/sites", "Microsoft.ContainerRegistry/registries"
CLUSTER, COSMOS = "Microsoft.ContainerService/managedClusters", "Microsoft.DocumentDB/databaseAccounts"
POSTGRES, MYSQL = "Microsoft.DBforPostgreSQL/flexibleServers", "Microsoft.DBforMySQL/flexibleServers"
SETTINGS = "Microsoft.Insights/diagnosticSettings"
GATEWAY = "Microsoft.Network/applicationGateways"
FIREWALL = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
ADDRESS = {"publicIPAddress": {"id": id_of("Microsoft.Network/publicIPAddresses", "ip")}}
PUBLIC_IP = row("Microsoft.Network/publicIPAddresses", "ip", "2023-04-01")


def made(*rows: dict[str, Any], **sections: Any) -> bytes:
    return data(list(rows), **sections)


def account(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return row(
        STORAGE, "st", "2023-01-01", properties, **{"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, **more}
    )


def storage(good: dict[str, Any], bad: dict[str, Any], **more: Any) -> Pair:
    return made(account(good, **more)), made(account(bad, **more))


def beside(owner: dict[str, Any], type_: str, version: str, good: Any, bad: Any, name: str = "default") -> Pair:
    """A pair of templates with a resource and a part of it, written below it and beside it."""
    leaf = type_.rpartition("/")[2]
    inside = {**owner, "resources": [row(leaf, name, version, good)]}
    return made(inside), made(owner, row(type_, f"{owner['name']}/{name}", version, bad))


def blobs(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return beside(account({}), f"{STORAGE}/blobServices", "2023-01-01", good, bad)


def lifecycle() -> Pair:
    def rule(filters: dict[str, Any]) -> dict[str, Any]:
        actions = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 90}}}
        definition = {"actions": actions, "filters": {"blobTypes": ["blockBlob"], **filters}}
        return {"policy": {"rules": [{"name": "r", "type": "Lifecycle", "definition": definition}]}}

    return beside(
        account({}), f"{STORAGE}/managementPolicies", "2023-01-01", rule({}), rule({"prefixMatch": ["logs/"]})
    )


def immutable() -> Pair:
    locked = account({}, tags={"retention": "locked"})
    container = row(f"{STORAGE}/blobServices/containers", "st/default/records", "2023-01-01", {})
    policy = row(
        f"{STORAGE}/blobServices/containers/immutabilityPolicies", "st/default/records/default", "2023-01-01", {}
    )
    return made(locked, container, policy), made(locked, container)


def vault(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return made(row(VAULT, "kv", "2023-07-01", good)), made(row(VAULT, "kv", "2023-07-01", bad))


def content(type_: str, good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    kind = f"{VAULT}/{type_}"
    enabled = {"attributes": {"enabled": True}}
    good = {**enabled, **good}
    return made(row(kind, "kv/x", "2023-07-01", good)), made(row(kind, "kv/x", "2023-07-01", {**enabled, **bad}))


def logs(owner: dict[str, Any], good: Any, bad: Any, scope: str = "") -> Pair:
    """A pair of diagnostic settings: with a scope, and in the older form below the resource."""
    to = {"workspaceId": id_of("Microsoft.OperationalInsights/workspaces", "w")}
    workspace = row("Microsoft.OperationalInsights/workspaces", "w", "2023-09-01", {"retentionInDays": 730})
    named = scope or id_of(owner["type"], owner["name"])
    new = row(SETTINGS, "audit", "2021-05-01-preview", {**to, "logs": [good]}, scope=named)
    if scope:
        old = row(SETTINGS, "audit", "2021-05-01-preview", {**to, "logs": [bad]}, scope=named)
    else:
        name = f"{owner['name']}/Microsoft.Insights/audit"
        old = row(f"{owner['type']}/providers/diagnosticSettings", name, "2021-05-01-preview", {**to, "logs": [bad]})
    return made(owner, workspace, new), made(owner, workspace, old)


def group(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    """A pair of security groups, with a rule of its own and with one inline."""
    rule = {
        "direction": "Inbound",
        "access": "Allow",
        "priority": 100,
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
    }
    alone = row(f"{GROUP}/securityRules", "nsg/in", "2023-04-01", {**rule, **good})
    inline = {"securityRules": [{"name": "in", "properties": {**rule, **bad}}]}
    return made(row(GROUP, "nsg", "2023-04-01", {}), alone), made(row(GROUP, "nsg", "2023-04-01", inline))


def opened(port: str, source: str = "*", protocol: str = "Tcp") -> dict[str, Any]:
    return {"protocol": protocol, "sourceAddressPrefix": source, "destinationPortRange": port}


def subnets() -> Pair:
    guarded = {"networkSecurityGroup": {"id": id_of(GROUP, "nsg")}}
    nsg = row(GROUP, "nsg", "2023-04-01", {})
    inline = row(NETWORK, "v", "2023-04-01", {"subnets": [{"name": "a", "properties": guarded}]})
    alone = row(f"{NETWORK}/subnets", "v/b", "2023-04-01", {"addressPrefix": "10.0.1.0/24"})
    return made(nsg, inline), made(nsg, inline, alone)


def gateway(config: Any, policy: Any = None) -> bytes:
    properties: dict[str, Any] = {
        "sku": {"tier": "WAF_v2"},
        "frontendIPConfigurations": [{"name": "f", "properties": ADDRESS}],
    }
    if config is not None:
        properties["webApplicationFirewallConfiguration"] = config
    rows = [PUBLIC_IP]
    if policy is not None:
        properties["firewallPolicy"] = {"id": id_of(FIREWALL, "waf")}
        rows.append(row(FIREWALL, "waf", "2023-04-01", {"policySettings": policy}))
    return made(*rows, row(GATEWAY, "gw", "2023-04-01", properties))


def machine(profile: dict[str, Any], **more: Any) -> dict[str, Any]:
    return row(MACHINE, "vm", "2023-07-01", profile, **more)


def attached(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    """A machine on a disk that was set up before."""
    system = {"osType": "Linux", "createOption": "Attach", "managedDisk": {"id": id_of(DISK, "os")}}
    disk = row(DISK, "os", "2023-04-02", {"hyperVGeneration": "V2"})

    def machines(uefi: dict[str, Any]) -> bytes:
        profile = {"securityType": "TrustedLaunch", "uefiSettings": uefi}
        return made(disk, machine({"storageProfile": {"osDisk": system}, "securityProfile": profile}))

    return machines(good), machines(bad)


def encrypted() -> Pair:
    def disks(at_host: bool) -> bytes:
        data_disks = [{"lun": 0, "createOption": "Attach", "managedDisk": {"id": id_of(DISK, "d")}}]
        properties = {"storageProfile": {"dataDisks": data_disks}, "securityProfile": {"encryptionAtHost": at_host}}
        return made(row(DISK, "d", "2023-04-02", {}), machine(properties))

    return disks(True), disks(False)


def passwords(disabled: bool) -> bytes:
    return made(machine({"osProfile": {"linuxConfiguration": {"disablePasswordAuthentication": disabled}}}))


def scaling(maximum: str) -> bytes:
    profile = {"name": "p", "capacity": {"minimum": "1", "maximum": maximum, "default": "1"}, "rules": [{}]}
    target = id_of(SCALE_SET, "vmss")
    properties = {"enabled": True, "targetResourceUri": target, "profiles": [profile]}
    return made(
        row(SCALE_SET, "vmss", "2023-07-01", {}),
        row("Microsoft.Insights/autoscaleSettings", "a", "2022-10-01", properties),
    )


def site(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    """A site with its configuration inline, and as a resource of its own that comes after it."""
    inline = row(SITE, "app", "2023-12-01", {"siteConfig": good}, kind="app")
    over = row(SITE, "app", "2023-12-01", {"siteConfig": good}, kind="app")
    return made(inline), made(over, row(f"{SITE}/config", "app/web", "2023-12-01", bad))


def one(type_: str, version: str, good: dict[str, Any], bad: dict[str, Any], **more: Any) -> Pair:
    return made(row(type_, "x", version, good, **more)), made(row(type_, "x", version, bad, **more))


def registry(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one(REGISTRY, "2023-07-01", good, bad, sku={"name": "Premium"})


def cluster(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one(CLUSTER, "2024-05-01", good, bad)


def cosmos(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one(COSMOS, "2024-05-15", good, bad)


def configured(type_: str, version: str, name: str, good: str, bad: str) -> Pair:
    def rows(value: str) -> bytes:
        part = row(f"{type_}/configurations", f"db/{name}", version, {"value": value, "source": "user-override"})
        return made(row(type_, "db", version, {"version": "16"}), part)

    return rows(good), rows(bad)


def postgres(name: str, good: str, bad: str) -> Pair:
    return configured(POSTGRES, "2024-08-01", name, good, bad)


def mysql(name: str, good: str, bad: str) -> Pair:
    return configured(MYSQL, "2023-12-30", name, good, bad)


def audited() -> Pair:
    def rows(state: str, name: str) -> bytes:
        values = {"logs": [{"category": "SQLSecurityAuditEvents", "enabled": True}], "workspaceId": "[variables('w')]"}
        monitor = {"state": state, "isAzureMonitorTargetEnabled": True}
        return made(
            row(SQL, "db", "2021-11-01", {}),
            row("Microsoft.OperationalInsights/workspaces", "w", "2023-09-01", {}),
            row(f"{SQL}/auditingSettings", "db/default", "2021-11-01", monitor),
            row(SETTINGS, "a", "2021-05-01-preview", values, scope=id_of(f"{SQL}/databases", "db", name)),
            variables={"w": id_of("Microsoft.OperationalInsights/workspaces", "w")},
        )

    return rows("Enabled", "master"), rows("Disabled", "master")


def mysql_audited() -> Pair:
    def rows(events: str) -> bytes:
        parts = [
            row(f"{MYSQL}/configurations", f"db/{name}", "2023-12-30", {"value": value})
            for name, value in (("audit_log_enabled", "ON"), ("audit_log_events", events))
        ]
        return made(row(MYSQL, "db", "2023-12-30", {"version": "8.0.21"}), *parts)

    return rows("CONNECTION,DDL"), rows("DDL")


def sql(type_: str, name: str, good: Any, bad: Any) -> Pair:
    return beside(row(SQL, "db", "2021-11-01", {}), f"{SQL}/{type_}", "2021-11-01", good, bad, name)


def database(type_: str, good: Any, bad: Any) -> Pair:
    owner = row(f"{SQL}/databases", "db/app", "2021-11-01", {}, sku={"name": "S0", "tier": "Standard"})
    leaf = f"{SQL}/databases/{type_}"
    return made(owner, row(leaf, "db/app/default", "2021-11-01", good)), made(
        owner, row(leaf, "db/app/default", "2021-11-01", bad)
    )


def zones() -> Pair:
    sku = {"name": "P1", "tier": "Premium"}
    return one_database({"zoneRedundant": True}, sku), one_database({"zoneRedundant": False}, sku)


def one_database(properties: dict[str, Any], sku: dict[str, Any]) -> bytes:
    return made(row(f"{SQL}/databases", "db/app", "2021-11-01", properties, sku=sku))


def assessed() -> Pair:
    def rows(state: str) -> bytes:
        return made(
            row(SQL, "db", "2021-11-01", {}),
            row(f"{SQL}/sqlVulnerabilityAssessments", "db/default", "2023-08-01-preview", {"state": state}),
            row(
                f"{SQL}/vulnerabilityAssessments", "db/default", "2021-11-01", {"recurringScans": {"isEnabled": False}}
            ),
        )

    return rows("Enabled"), rows("Disabled")


def entra(only: bool, kind: str = "ActiveDirectory") -> bytes:
    inline = {"administratorType": kind, "login": "dba", "sid": "s", "azureADOnlyAuthentication": only}
    return made(row(SQL, "db", "2021-11-01", {"administrators": inline}))


def queues() -> Pair:
    def rows(on: bool) -> bytes:
        part = row(
            "Microsoft.ServiceBus/namespaces/queues", "sb/q", "2021-11-01", {"deadLetteringOnMessageExpiration": on}
        )
        return made(row("Microsoft.ServiceBus/namespaces", "sb", "2021-11-01", sku={"name": "Standard"}), part)

    return rows(True), rows(False)


def events() -> Pair:
    to = {"deadLetterDestination": {"endpointType": "StorageBlob", "properties": {}}}
    topic = row("Microsoft.EventGrid/topics", "t", "2022-06-15")
    extension = row(
        "Microsoft.EventGrid/eventSubscriptions", "s", "2022-06-15", to, scope=id_of("Microsoft.EventGrid/topics", "t")
    )
    return made(topic, extension), made(
        topic, row("Microsoft.EventGrid/topics/eventSubscriptions", "t/s", "2022-06-15", {})
    )


def role(good: list[str], bad: list[str]) -> Pair:
    def rows(actions: list[str]) -> bytes:
        return made(
            row(
                "Microsoft.Authorization/roleDefinitions",
                "[guid(subscription().id, 'x')]",
                "2022-04-01",
                {
                    "roleName": "x",
                    "permissions": [{"actions": actions, "notActions": []}],
                    "assignableScopes": ["[subscription().id]"],
                },
            ),
            **{"$schema": SUBSCRIPTION},
        )

    return rows(good), rows(bad)


RECOVERY = "Microsoft.RecoveryServices/vaults"
LOG = "Microsoft.Network/networkWatchers/flowLogs"

PAIRS: dict[str, Pair] = {
    "azure.acr.admin_user_disabled": registry({}, {"adminUserEnabled": True}),
    "azure.acr.anonymous_pull_disabled": registry({}, {"anonymousPullEnabled": True}),
    "azure.acr.network_restricted": registry({"publicNetworkAccess": "Disabled"}, {}),
    "azure.aks.api_server_restricted": cluster({"apiServerAccessProfile": {"enablePrivateCluster": True}}, {}),
    "azure.aks.automatic_upgrades": cluster({"autoUpgradeProfile": {"upgradeChannel": "stable"}}, {}),
    "azure.aks.entra_integrated": cluster({"aadProfile": {"managed": True}}, {}),
    "azure.aks.local_accounts_disabled": cluster({"disableLocalAccounts": True}, {}),
    "azure.aks.policy_addon_enabled": cluster({"addonProfiles": {"azurepolicy": {"enabled": True}}}, {}),
    "azure.aks.rbac_enabled": cluster({"enableRBAC": True}, {"enableRBAC": False}),
    "azure.appservice.https_only": one(SITE, "2023-12-01", {"httpsOnly": True}, {"httpsOnly": False}),
    "azure.appservice.logging_enabled": logs(
        row(SITE, "app", "2023-12-01", {}, kind="app"),
        {"category": "AppServiceHTTPLogs", "enabled": True},
        {"category": "AppServiceHTTPLogs", "enabled": False},
    ),
    "azure.appservice.minimum_tls_12": site({"minTlsVersion": "1.2"}, {"minTlsVersion": "1.0"}),
    "azure.appservice.plain_ftp_disabled": site({"ftpsState": "Disabled"}, {"ftpsState": "AllAllowed"}),
    "azure.appservice.remote_debugging_disabled": site(
        {"remoteDebuggingEnabled": False}, {"remoteDebuggingEnabled": True}
    ),
    "azure.authorization.custom_roles_assign_no_roles": role(
        ["Microsoft.Compute/*/read"], ["Microsoft.Authorization/roleAssignments/*"]
    ),
    "azure.authorization.no_custom_owner_roles": role(["Microsoft.Compute/*/read"], ["*"]),
    "azure.compute.scale_set_scales": (scaling("5"), scaling("1")),
    "azure.compute.scale_set_zones": (
        made(row(SCALE_SET, "x", "2023-07-01", {}, zones=["1", "2", "3"])),
        made(row(SCALE_SET, "x", "2023-07-01", {})),
    ),
    "azure.compute.vm_disks_encrypted": encrypted(),
    "azure.compute.vm_placed": (made(machine({}, zones=["1"])), made(machine({}))),
    "azure.compute.vm_secure_boot": attached({"secureBootEnabled": True}, {"secureBootEnabled": False}),
    "azure.compute.vm_ssh_keys_only": (passwords(True), passwords(False)),
    "azure.compute.vm_vtpm": attached({"vTpmEnabled": True}, {}),
    "azure.cosmosdb.automatic_failover": cosmos(
        {
            "enableAutomaticFailover": True,
            "enableMultipleWriteLocations": False,
            "locations": [{"locationName": "a"}, {"locationName": "b"}],
        },
        {
            "enableAutomaticFailover": False,
            "enableMultipleWriteLocations": False,
            "locations": [{"locationName": "a"}, {"locationName": "b"}],
        },
    ),
    "azure.cosmosdb.continuous_backup": cosmos({"backupPolicy": {"type": "Continuous"}}, {}),
    "azure.cosmosdb.network_restricted": cosmos(
        {"publicNetworkAccess": "Disabled"}, {"publicNetworkAccess": "Enabled", "isVirtualNetworkFilterEnabled": False}
    ),
    "azure.datafactory.git_configured": one(
        "Microsoft.DataFactory/factories",
        "2018-06-01",
        {"repoConfiguration": {"type": "FactoryGitHubConfiguration"}},
        {},
    ),
    "azure.eventgrid.dead_letter_destination": events(),
    "azure.keyvault.key_rotation_or_expiry": content(
        "keys", {"rotationPolicy": {"lifetimeActions": [{"action": {"type": "Rotate"}}]}}, {}
    ),
    "azure.keyvault.logging_enabled": logs(
        row(VAULT, "kv", "2023-07-01", {}),
        {"categoryGroup": "audit", "enabled": True},
        {"category": "AzurePolicyEvaluationDetails", "enabled": True},
    ),
    "azure.keyvault.network_restricted": vault(
        {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7/32"}]}}, {}
    ),
    "azure.keyvault.purge_protection_enabled": vault({"enablePurgeProtection": True}, {}),
    "azure.keyvault.rbac_authorization": vault({"enableRbacAuthorization": True}, {}),
    "azure.keyvault.secret_expiry_set": content("secrets", {"attributes": {"enabled": True, "exp": 1798675200}}, {}),
    "azure.keyvault.soft_delete_enabled": vault({"enableSoftDelete": True}, {"enableSoftDelete": False}),
    "azure.monitor.log_retention": one(
        "Microsoft.OperationalInsights/workspaces", "2023-09-01", {"retentionInDays": 730}, {"retentionInDays": 30}
    ),
    "azure.mysql.flexible_audit_log": mysql_audited(),
    "azure.mysql.flexible_minimum_tls_12": mysql("tls_version", "TLSv1.2,TLSv1.3", "TLSv1.1,TLSv1.2"),
    "azure.mysql.flexible_secure_transport": mysql("require_secure_transport", "ON", "OFF"),
    "azure.network.flow_log_retention": one(
        LOG,
        "2023-04-01",
        {"enabled": True, "retentionPolicy": {"enabled": True, "days": 400}},
        {"enabled": True, "retentionPolicy": {"enabled": True, "days": 7}},
    ),
    "azure.network.nsg_no_open_admin_ports": group(opened("22", "10.0.0.0/8"), opened("20-30", "Internet")),
    "azure.network.nsg_no_open_data_ports": group(opened("1433", "VirtualNetwork"), opened("1433")),
    "azure.network.nsg_no_open_http": group(opened("443"), opened("80")),
    "azure.network.nsg_no_open_udp": group(opened("53"), opened("53", protocol="Udp")),
    "azure.network.subnet_has_nsg": subnets(),
    "azure.network.waf_enabled": (gateway(None, {"state": "Enabled"}), gateway(None)),
    "azure.network.waf_prevents": (
        gateway(None, {"state": "Enabled", "mode": "Prevention"}),
        gateway({"enabled": True, "firewallMode": "Detection"}),
    ),
    "azure.postgresql.flexible_backup_retention": one(
        POSTGRES, "2024-08-01", {"backup": {"backupRetentionDays": 14}}, {"backup": {"backupRetentionDays": 3}}
    ),
    "azure.postgresql.flexible_checkpoints_logged": postgres("log_checkpoints", "on", "off"),
    "azure.postgresql.flexible_connections_logged": postgres("log_connections", "on", "off"),
    "azure.postgresql.flexible_disconnections_logged": postgres("log_disconnections", "on", "off"),
    "azure.postgresql.flexible_geo_redundant_backup": one(
        POSTGRES, "2024-08-01", {"backup": {"geoRedundantBackup": "Enabled"}}, {}
    ),
    "azure.postgresql.flexible_high_availability": one(
        POSTGRES, "2024-08-01", {"highAvailability": {"mode": "ZoneRedundant"}}, {}
    ),
    "azure.postgresql.flexible_minimum_tls_12": postgres("ssl_min_protocol_version", "TLSv1.2", "TLSv1.1"),
    "azure.postgresql.flexible_secure_transport": postgres("require_secure_transport", "on", "off"),
    "azure.recoveryservices.vault_immutable": one(
        RECOVERY, "2024-04-01", {"securitySettings": {"immutabilitySettings": {"state": "Locked"}}}, {}
    ),
    "azure.recoveryservices.vault_soft_delete": one(
        RECOVERY,
        "2024-04-01",
        {"securitySettings": {"softDeleteSettings": {"softDeleteState": "AlwaysON"}}},
        {"securitySettings": {"softDeleteSettings": {"softDeleteState": "Disabled"}}},
    ),
    "azure.redis.minimum_tls_12": one(
        "Microsoft.Cache/redis", "2023-08-01", {"minimumTlsVersion": "1.2"}, {"minimumTlsVersion": "1.0"}
    ),
    "azure.redis.tls_only": one("Microsoft.Cache/redis", "2023-08-01", {}, {"enableNonSslPort": True}),
    "azure.servicebus.queues_dead_letter": queues(),
    "azure.sql.audit_retention": sql(
        "auditingSettings",
        "default",
        {"state": "Enabled", "storageEndpoint": "https://st.blob.core.windows.net", "retentionDays": 400},
        {"state": "Enabled", "storageEndpoint": "https://st.blob.core.windows.net", "retentionDays": 30},
    ),
    "azure.sql.auditing_enabled": audited(),
    "azure.sql.backup_retention": database(
        "backupShortTermRetentionPolicies", {"retentionDays": 14}, {"retentionDays": 2}
    ),
    "azure.sql.entra_admin_set": (entra(True), made(row(SQL, "db", "2021-11-01", {"administratorLogin": "sa"}))),
    "azure.sql.entra_only_sign_in": (entra(True), entra(False)),
    "azure.sql.minimum_tls_12": one(SQL, "2021-11-01", {"minimalTlsVersion": "1.2"}, {"minimalTlsVersion": "1.0"}),
    "azure.sql.no_open_firewall": (
        sql("firewallRules", "r", {"startIpAddress": "203.0.113.7", "endIpAddress": "203.0.113.7"}, {})[0],
        made(
            row(SQL, "db", "2021-11-01", {"publicNetworkAccess": "Enabled"}),
            row(
                f"{SQL}/firewallRules",
                "db/all",
                "2021-11-01",
                {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"},
            ),
        ),
    ),
    "azure.sql.tde_customer_key": sql(
        "encryptionProtector", "current", {"serverKeyType": "AzureKeyVault"}, {"serverKeyType": "ServiceManaged"}
    ),
    "azure.sql.tde_enabled": database("transparentDataEncryption", {"state": "Enabled"}, {"state": "Disabled"}),
    "azure.sql.vulnerability_assessment": assessed(),
    "azure.sql.zone_or_geo_redundant": zones(),
    "azure.storage.blob_public_access_disabled": storage(
        {"allowBlobPublicAccess": False}, {"allowBlobPublicAccess": True}
    ),
    "azure.storage.blob_soft_delete": blobs(
        {"deleteRetentionPolicy": {"enabled": True, "days": 14}}, {"deleteRetentionPolicy": {"enabled": False}}
    ),
    "azure.storage.blob_versioning": blobs({"isVersioningEnabled": True}, {}),
    "azure.storage.container_soft_delete": blobs({"containerDeleteRetentionPolicy": {"enabled": True, "days": 14}}, {}),
    "azure.storage.customer_managed_key": storage({"encryption": {"keySource": "Microsoft.Keyvault"}}, {}),
    "azure.storage.geo_redundant": (
        made(account({}, sku={"name": "Standard_GZRS"})),
        made(account({}, sku={"name": "Standard_LRS"})),
    ),
    "azure.storage.immutability_for_records": immutable(),
    "azure.storage.infrastructure_encryption": storage(
        {"encryption": {"requireInfrastructureEncryption": True}}, {}, tags={"sensitivity": "high"}
    ),
    "azure.storage.lifecycle_disposal": lifecycle(),
    "azure.storage.minimum_tls_12": storage({"minimumTlsVersion": "TLS1_2"}, {"minimumTlsVersion": "TLS1_0"}),
    "azure.storage.network_default_deny": storage({"networkAcls": {"defaultAction": "Deny"}}, {}),
    "azure.storage.secure_transfer_required": storage({}, {"supportsHttpsTrafficOnly": False}),
    "azure.storage.shared_key_disabled": storage({"allowSharedKeyAccess": False}, {}),
}
"""Templates that a check passes and fails."""


PLACED = frozenset(
    {
        "azure.authorization.no_custom_owner_roles",
        "azure.sql.backup_retention",
        "azure.sql.tde_enabled",
        "azure.sql.zone_or_geo_redundant",
    }
)
"""Checks that read an id, or an id in a property, which is known where it is told where the template is deployed to."""


def of_subscription(*rows: dict[str, Any]) -> bytes:
    return made(*rows, **{"$schema": SUBSCRIPTION})


def plan_of(name: str) -> dict[str, Any]:
    return row("Microsoft.Security/pricings", name, "2024-01-01", {"pricingTier": "Standard"})


DEFENDED = (
    *("VirtualMachines", "SqlServers", "AppServices", "StorageAccounts", "KeyVaults", "Arm", "Containers", "CosmosDbs"),
    *("OpenSourceRelationalDatabases", "SqlServerVirtualMachines", "CloudPosture"),
)
CONTACT = row(
    "Microsoft.Security/securityContacts",
    "default",
    "2023-12-01-preview",
    {
        "isEnabled": True,
        "emails": "soc@example.com",
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "Low"}],
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    },
)
SENDS = {
    "workspaceId": "/subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/z",
    "logs": [{"category": name, "enabled": True} for name in ("Administrative", "Security", "Alert", "Policy")],
}
ONE_SIDED: dict[str, tuple[bytes, bytes]] = {
    "azure.defender.cloud_apps_integration": (
        of_subscription(row("Microsoft.Security/settings", "MCAS", "2022-05-01", {"enabled": True})),
        of_subscription(row("Microsoft.Security/settings", "MCAS", "2022-05-01", {"enabled": False})),
    ),
    "azure.defender.endpoint_integration": (
        of_subscription(row("Microsoft.Security/settings", "WDATP", "2022-05-01", {"enabled": True})),
        of_subscription(row("Microsoft.Security/settings", "WDATP", "2022-05-01", {"enabled": False})),
    ),
    "azure.defender.owners_notified": (
        of_subscription(CONTACT),
        of_subscription({**CONTACT, "properties": {**CONTACT["properties"], "isEnabled": False}}),
    ),
    "azure.defender.plans_enabled": (of_subscription(*map(plan_of, DEFENDED)), of_subscription(plan_of("KeyVaults"))),
    "azure.defender.security_contact": (
        of_subscription(CONTACT),
        of_subscription({**CONTACT, "properties": {**CONTACT["properties"], "emails": ""}}),
    ),
    "azure.monitor.activity_log_exported": (
        of_subscription(row(SETTINGS, "log", "2021-05-01-preview", SENDS)),
        of_subscription(row(SETTINGS, "log", "2021-05-01-preview", {**SENDS, "logs": []})),
    ),
}
"""What a template says of a subscription is never all: it can let a check pass, and never fail."""
NO_TEMPLATE: dict[str, str] = {
    "azure.authorization.no_deleted_principals": (
        "a plan does not tell principal_exists of Microsoft.Authorization/roleAssignments"
    ),
    "azure.authorization.no_disabled_principals": (
        "a plan does not tell principal_enabled of Microsoft.Authorization/roleAssignments"
    ),
    "azure.authorization.no_guest_privileged_access": (
        "it looks at every Microsoft.Authorization/roleDefinitions of the account, of which a plan holds some"
    ),
    "azure.authorization.owners_limited": (
        "it looks at every Microsoft.Authorization/roleAssignments of the account, of which a plan holds some"
    ),
    "azure.authorization.resource_locks": (
        "it looks at every Microsoft.Authorization/locks of the account, of which a plan holds some"
    ),
    "azure.compute.patch_assessment_current": (
        "a plan does not tell patch_assessment of Microsoft.Compute/virtualMachines"
    ),
    "azure.datafactory.failure_alert": (
        "it looks at every Microsoft.Insights/metricAlerts of the account, of which a plan holds some"
    ),
    "azure.defender.alerts_handled": "a plan does not tell defender_alerts of Microsoft.Resources/subscriptions",
    "azure.defender.endpoint_protection_healthy": (
        "no plan that this version reads holds Microsoft.Security/assessments"
    ),
    "azure.defender.vulnerabilities_resolved": "no plan that this version reads holds Microsoft.Security/assessments",
    "azure.entra.application_credentials_current": (
        "no plan that this version reads holds Microsoft.Graph/applications"
    ),
    "azure.entra.application_secrets_short_lived": (
        "no plan that this version reads holds Microsoft.Graph/applications"
    ),
    "azure.entra.global_admins_limited": "no plan that this version reads holds Microsoft.Graph/organization",
    "azure.entra.guest_access_restricted": "no plan that this version reads holds Microsoft.Graph/organization",
    "azure.entra.guest_invitations_restricted": "no plan that this version reads holds Microsoft.Graph/organization",
    "azure.entra.legacy_authentication_blocked": (
        "it looks at every Microsoft.Graph/conditionalAccessPolicies of the account, of which a plan holds some"
    ),
    "azure.entra.mfa_required_for_admins": (
        "it looks at every Microsoft.Graph/conditionalAccessPolicies of the account, of which a plan holds some"
    ),
    "azure.entra.mfa_required_for_users": (
        "it looks at every Microsoft.Graph/conditionalAccessPolicies of the account, of which a plan holds some"
    ),
    "azure.entra.stale_users_disabled": "no plan that this version reads holds Microsoft.Graph/users",
    "azure.entra.user_app_consent_restricted": "no plan that this version reads holds Microsoft.Graph/organization",
    "azure.entra.user_mfa_registered": "no plan that this version reads holds Microsoft.Graph/users",
    "azure.entra.users_create_no_applications": "no plan that this version reads holds Microsoft.Graph/organization",
    "azure.entra.users_create_no_security_groups": (
        "no plan that this version reads holds Microsoft.Graph/organization"
    ),
    "azure.entra.users_create_no_tenants": "no plan that this version reads holds Microsoft.Graph/organization",
    "azure.functions.identity_not_privileged": (
        "it looks at every Microsoft.Authorization/roleAssignments of the account, of which a plan holds some"
    ),
    "azure.monitor.activity_log_storage_customer_key": (
        "a plan does not tell activity_log_accounts of Microsoft.Resources/subscriptions"
    ),
    "azure.monitor.activity_log_storage_not_public": (
        "a plan does not tell activity_log_accounts of Microsoft.Resources/subscriptions"
    ),
    "azure.monitor.alert_network_changes": (
        "it looks at every Microsoft.Insights/activityLogAlerts of the account, of which a plan holds some"
    ),
    "azure.monitor.alert_policy_and_security_changes": (
        "it looks at every Microsoft.Insights/activityLogAlerts of the account, of which a plan holds some"
    ),
    "azure.monitor.service_health_alert": (
        "it looks at every Microsoft.Insights/activityLogAlerts of the account, of which a plan holds some"
    ),
    "azure.network.flow_logs_enabled": (
        "it looks at every Microsoft.Network/networkWatchers/flowLogs of the account, of which a plan holds some"
    ),
    "azure.policy.baseline_assigned": (
        "it looks at every Microsoft.Authorization/policyAssignments of the account, of which a plan holds some"
    ),
    "azure.policy.locations_restricted": (
        "it looks at every Microsoft.Authorization/policyAssignments of the account, of which a plan holds some"
    ),
    "azure.purview.account_present": (
        "it looks at every Microsoft.Purview/accounts of the account, of which a plan holds some"
    ),
    "azure.recoveryservices.policy_retention": (
        "a plan does not tell protected_items of Microsoft.RecoveryServices/vaults/backupPolicies"
    ),
    "azure.recoveryservices.restore_proven": (
        "it looks at every Microsoft.RecoveryServices/vaults/backupProtectedItems of the account, "
        "of which a plan holds some"
    ),
    "azure.recoveryservices.vm_protected": (
        "no plan that this version reads holds Microsoft.RecoveryServices/vaults/backupProtectedItems"
    ),
    "azure.servicebus.dead_letter_alert": (
        "it looks at every Microsoft.Insights/metricAlerts of the account, of which a plan holds some"
    ),
    "azure.storage.key_rotated": "a plan does not tell key1_created_at of Microsoft.Storage/storageAccounts",
}
"""The Azure checks that no template drives, each with why the gate leaves it to the live account."""
EVERY: dict[str, Pair] = {**PAIRS, **ONE_SIDED}
COMPILED = {id_: tuple(compile_checks([CONTENT.checks[id_]], CONTENT.types)) for id_ in EVERY}


def verdicts(id_: str, file: bytes) -> set[str]:
    """What a check concludes of a template, but for what it is not about."""
    found = tuple(map(CONFORM, folded(file, AT, GIVEN if id_ in PLACED else {}).after))
    collections = tuple(Collection(type_, Scope("azure", "unknown", "global"), "complete", 1) for type_ in CONTEXT)
    snapshot = Snapshot(AT, "planned", {}, (), collections, found)
    return {str(finding.verdict) for finding in evaluate(snapshot, COMPILED[id_])} - {"not_applicable"}


def live() -> dict[str, str]:
    """The Azure checks that the gate leaves to the live account, and why."""
    known = fills()
    whole = [
        Resource(type_, "x", "x", "azure", "1", "r", {}, AT, dict.fromkeys(names)) for type_, names in known.items()
    ]
    compiled = compile_checks(
        [check for id_, check in CONTENT.checks.items() if id_.startswith("azure.")], CONTENT.types
    )
    return {row.check.id: row.why for row in needs_live(compiled, known, CONTEXT, whole)}


def test_every_azure_check_is_driven_by_a_template_or_has_a_reason() -> None:
    azure = {id_ for id_ in CONTENT.checks if id_.startswith("azure.")}
    assert live() == NO_TEMPLATE
    assert azure - NO_TEMPLATE.keys() == set(EVERY)


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_templates_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("id_", sorted(ONE_SIDED))
def test_what_a_template_says_of_a_subscription_passes_or_is_unknown(id_: str) -> None:
    good, bad = ONE_SIDED[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"unknown"})


# --- what is not known -----------------------------------------------------------------------------------------------

HIDDEN = "[reference('/subscriptions/x/resourceGroups/y/providers/Other.Service/things/z', '2020-01-01').it]"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a resource but those of its type and of what lies below it."""
    if path:
        yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key not in ("type", "resources") or path:
            yield from places(inner, (*path, key))


def hidden(file: bytes, path: tuple[Any, ...], by: str = HIDDEN) -> bytes:
    """A template with the value at one place behind what only the deployment tells."""
    whole = json.loads(file)
    holder: Any = whole["resources"]
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = by
    return json.dumps(whole).encode()


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_no_value_of_a_failing_template_that_is_hidden_lets_it_pass(id_: str) -> None:
    bad = PAIRS[id_][1]
    rows = json.loads(bad)["resources"]
    passed = {path for path in places(rows) if len(path) > 1 and "pass" in told(id_, hidden(bad, path))}
    assert passed == set()


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_no_value_of_a_conforming_template_that_is_hidden_makes_it_fail(id_: str) -> None:
    good = PAIRS[id_][0]
    rows = json.loads(good)["resources"]
    silent = {path: told(id_, hidden(good, path)) for path in places(rows) if len(path) > 1}
    assert {path for path, found in silent.items() if "fail" in found} == set()


def told(id_: str, file: bytes) -> set[str]:
    """What a check concludes of a template, or that it is none."""
    try:
        return verdicts(id_, file)
    except NotATemplate:
        return {"no template"}


@pytest.mark.parametrize("id_", sorted(EVERY))
def test_a_template_of_which_no_property_is_known_has_no_verdict(id_: str) -> None:
    for file in EVERY[id_]:
        whole = json.loads(file)
        for item in whole["resources"]:
            item.update(
                {key: HIDDEN for key in item if key not in ("type", "name", "apiVersion", "resources", "scope")}
            )
            item["properties"] = item["zones"] = HIDDEN
            for inner in item.get("resources", ()):
                inner["properties"] = HIDDEN
        assert verdicts(id_, json.dumps(whole).encode()) <= {"unknown"}
