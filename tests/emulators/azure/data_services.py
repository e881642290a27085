"""A tenant's databases, machines and backups: one of each, with all that is documented to lie below it."""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.azure.tenant import Tenant

_STORAGE: Final = "Microsoft.Storage/storageAccounts"
_SQL: Final = "Microsoft.Sql/servers"
_BACKUP: Final = "Microsoft.RecoveryServices/vaults"
_WEST: Final = {"location": "westeurope"}


def fill(tenant: Tenant, account: str, vault: str, export: dict[str, Any]) -> None:
    """Add them to a tenant that has a storage account and a key vault with these ids; ``export`` is a log's setting."""
    tenant.named(account)["tags"] = {"retention": "locked"}  # type: ignore[index]
    _below_account(tenant, account)
    attributes = {"enabled": True, "created": 1596493796, "updated": 1596493796}
    for kind in ("keys", "secrets"):
        tenant.add(f"Microsoft.KeyVault/vaults/{kind}", kind, {"attributes": attributes}, below=vault, **_WEST)
    _sql(tenant, export)
    _other_databases(tenant)
    _compute(tenant)
    tenant.add("Microsoft.DataFactory/factories", "etl", {"provisioningState": "Succeeded"})
    criteria = {"odata.type": "x", "allOf": [{"metricName": "PipelineFailedRuns"}]}
    alert = {"enabled": True, "scopes": ["/subscriptions/s"], "criteria": criteria, "actions": []}
    tenant.add("Microsoft.Insights/metricAlerts", "failed", alert)
    tenant.add("Microsoft.Purview/accounts", "catalogue", {"provisioningState": "Succeeded"})


def _below_account(tenant: Tenant, account: str) -> None:
    container = {"hasImmutabilityPolicy": False, "hasLegalHold": False, "publicAccess": "None"}
    service = f"{account}/blobServices/default"
    tenant.add(f"{_STORAGE}/blobServices/containers", "uploads", container, below=service)
    actions = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 365.0}}}
    definition = {"actions": actions, "filters": {"blobTypes": ["blockBlob"]}}
    rule = {"name": "dispose", "enabled": True, "type": "Lifecycle", "definition": definition}
    tenant.add(f"{_STORAGE}/managementPolicies", "default", {"policy": {"rules": [rule]}}, below=account)


def _sql(tenant: Tenant, export: dict[str, Any]) -> None:
    server = tenant.add(_SQL, "sql", {"minimalTlsVersion": "1.2", "publicNetworkAccess": "Enabled"}, kind="v12.0")
    audit = {"state": "Enabled", "storageEndpoint": "https://logs.blob.core.windows.net/", "retentionDays": 90}
    below: dict[str, tuple[str, dict[str, Any]]] = {
        "administrators": ("ActiveDirectory", {"administratorType": "ActiveDirectory"}),
        "auditingSettings": ("default", {**audit, "isAzureMonitorTargetEnabled": True}),
        "encryptionProtector": ("current", {"serverKeyType": "ServiceManaged"}),
        "firewallRules": ("office", {"startIpAddress": "203.0.113.0", "endIpAddress": "203.0.113.15"}),
        "ipv6FirewallRules": ("six", {"startIPv6Address": "2001:db8::", "endIPv6Address": "2001:db8::ff"}),
        "sqlVulnerabilityAssessments": ("default", {"state": "Disabled"}),
        "vulnerabilityAssessments": ("default", {"storageContainerPath": "", "recurringScans": {"isEnabled": False}}),
    }
    for type_, (name, properties) in below.items():
        tenant.add(f"{_SQL}/{type_}", name, properties, below=server)
    master = tenant.add(f"{_SQL}/databases", "master", {}, below=server, kind="v12.0,system", **_WEST)
    tenant.add("Microsoft.Insights/diagnosticSettings", "audit", export, below=master)
    database = tenant.add(f"{_SQL}/databases", "orders", {}, below=server, kind="v12.0,user", **_WEST)
    link = {"linkType": "GEO", "role": "Primary", "replicationState": "CATCH_UP"}
    tenant.add(f"{_SQL}/databases/transparentDataEncryption", "current", {"state": "Enabled"}, below=database)
    days = {"retentionDays": 7, "diffBackupIntervalInHours": 12}
    tenant.add(f"{_SQL}/databases/backupShortTermRetentionPolicies", "default", days, below=database)
    tenant.add(f"{_SQL}/databases/replicationLinks", "4891ca10", link, below=database)


def _other_databases(tenant: Tenant) -> None:
    parameters = {
        "Microsoft.DBforPostgreSQL/flexibleServers": {
            "require_secure_transport": "on",
            "ssl_min_protocol_version": "TLSv1.2",
            "log_connections": "on",
            "log_disconnections": "off",
            "log_checkpoints": "on",
        },
        "Microsoft.DBforMySQL/flexibleServers": {
            "require_secure_transport": "ON",
            "tls_version": "TLSv1.2",
            "audit_log_enabled": "OFF",
            "audit_log_events": "CONNECTION",
        },
    }
    backup = {"backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"}}
    for type_, values in parameters.items():
        server = tenant.add(type_, "db", {"version": "8.0", **(backup if "PostgreSQL" in type_ else {})})
        for name, value in values.items():
            tenant.add(f"{type_}/configurations", name, {"value": value}, below=server)
    regions = [{"locationName": "West Europe"}, {"locationName": "North Europe"}]
    tenant.add("Microsoft.DocumentDB/databaseAccounts", "documents", {"locations": regions, "ipRules": []})
    tenant.add("Microsoft.Cache/redis", "cache", {"enableNonSslPort": False, "minimumTlsVersion": "1.2"})


def _compute(tenant: Tenant) -> None:
    disk = tenant.add("Microsoft.Compute/disks", "os", {"hyperVGeneration": "V2", "diskState": "Attached"})
    started = {"osType": "Linux", "managedDisk": {"id": disk}}
    profile = {"linuxConfiguration": {"disablePasswordAuthentication": True}}
    machine = tenant.add(
        "Microsoft.Compute/virtualMachines", "vm", {"storageProfile": {"osDisk": started}, "osProfile": profile}
    )
    found = {
        "status": "Succeeded",
        "lastModifiedDateTime": "2026-11-20T00:00:00Z",
        "availablePatchCountByClassification": {"critical": 0, "security": 2},
    }
    tenant.add("Microsoft.Compute/virtualMachines/patchAssessmentResults", "latest", found, below=machine)
    tenant.named(disk)["managedBy"] = machine  # type: ignore[index]
    scale = tenant.add("Microsoft.Compute/virtualMachineScaleSets", "web", {}, zones=["1", "2"])
    capacity = {"name": "default", "capacity": {"minimum": "2", "maximum": "6"}, "rules": [{}]}
    scaling = {"enabled": True, "targetResourceUri": scale, "profiles": [capacity]}
    tenant.add("Microsoft.Insights/autoscaleSettings", "web", scaling)
    _backup(tenant, machine)


def _backup(tenant: Tenant, machine: str) -> None:
    vault = tenant.add(_BACKUP, "backups", {"provisioningState": "Succeeded"})
    item = {
        "backupManagementType": "AzureIaasVM",
        "sourceResourceId": machine,
        "protectionState": "Protected",
        "lastRecoveryPoint": "2026-11-22T20:00:00Z",
    }
    container = f"{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;vm"
    tenant.add(f"{_BACKUP}/backupFabrics/protectionContainers/protectedItems", "VM;vm", item, below=container)
    duration = {"dailySchedule": {"retentionDuration": {"count": 30, "durationType": "Days"}}}
    kept = {"retentionPolicyType": "LongTermRetentionPolicy", **duration}
    policy = {"backupManagementType": "AzureIaasVM", "protectedItemsCount": 1, "retentionPolicy": kept}
    tenant.add(f"{_BACKUP}/backupPolicies", "daily", policy, below=vault)
    restore = {"backupManagementType": "AzureIaasVM", "operation": "Restore", "status": "Completed"}
    tenant.add(f"{_BACKUP}/backupJobs", "restore", {**restore, "endTime": "2026-06-01T00:00:00Z"}, below=vault)
