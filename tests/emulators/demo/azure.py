"""The company's people and its reporting: a tenant of Microsoft Entra ID, and a subscription in which reports are made.

Its auditing application may not read the audit logs of the directory, so nobody knows who registered a second factor.
"""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.azure.tenant import GRAPH_ROLES, SUBSCRIPTION, Tenant, simple, subscription
from tests.emulators.demo.times import ago, epoch

PATH: Final = f"/subscriptions/{SUBSCRIPTION}"
GROUP: Final = "reporting"
ACTIONS: Final = f"{PATH}/resourceGroups/{GROUP}/providers/microsoft.insights/actionGroups/on-call"
OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR: Final = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER: Final = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
BENCHMARK: Final = "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
_ID: Final = "05e40000-0000-4000-8000-{:012}"
PEOPLE: Final = {
    "ana.lopez": _ID.format(1),
    "ben.carter": _ID.format(2),
    "kim.tanaka": _ID.format(3),
    "mia.olsen": _ID.format(4),
    "break.glass": _ID.format(5),
}
PROGRAMS: Final = {"report-scheduler": _ID.format(11), "github-deploy": _ID.format(12)}
GONE: Final = _ID.format(21)
"""The principal of somebody who left: the account is deleted, the role assignment is not."""


def tenant() -> Tenant:
    """The company's tenant."""
    made = Tenant(simple())
    made.data["displayName"] = "Northwind Ledger"
    made.data["subscriptions"] = [subscription(SUBSCRIPTION, "Northwind Reporting")]
    roles = [role for role in GRAPH_ROLES if role != "AuditLog.Read.All"]
    made.data["applications"][0]["roles"] = roles
    _directory(made.directory)
    logs = _add(made, "Microsoft.OperationalInsights/workspaces", "nw-logs", {"retentionInDays": 90})
    _governed(made)
    _watched(made, logs)
    _stored(made)
    vault = _vault(made, logs)
    _database(made, logs)
    _apps(made, logs)
    _network(made)
    _machine(made, vault)
    return made


def _add(made: Tenant, type_: str, name: str, properties: dict[str, Any], **more: Any) -> str:
    return made.add(type_, name, properties, group=GROUP, **more)


def _logged(made: Tenant, of: str, logs: str, *categories: str) -> None:
    """The logs of a resource go to the company's workspace."""
    sent = [{"category": name, "enabled": True} for name in categories] or [{"categoryGroup": "audit", "enabled": True}]
    made.add("Microsoft.Insights/diagnosticSettings", "to-logs", {"workspaceId": logs, "logs": sent}, below=of)


def _directory(directory: dict[str, Any]) -> None:
    directory["policies/identitySecurityDefaultsEnforcementPolicy"]["isEnabled"] = False
    directory["policies/authorizationPolicy"]["allowInvitesFrom"] = "everyone"
    directory["users"] = [
        {
            "id": id_,
            "userPrincipalName": f"{name}@northwind.example",
            "userType": "Member",
            "accountEnabled": True,
            "createdDateTime": ago(800),
        }
        for name, id_ in PEOPLE.items()
    ]
    directory["servicePrincipals"] = [{"id": id_, "accountEnabled": True} for id_ in PROGRAMS.values()]
    everyone = {"includeUsers": ["All"], "excludeUsers": [PEOPLE["break.glass"]]}
    anywhere = {"users": everyone, "applications": {"includeApplications": ["All"]}}
    directory["identity/conditionalAccess/policies"] = [
        {
            "id": _ID.format(31),
            "displayName": "Everyone signs in with a second factor",
            "state": "enabled",
            "conditions": {**anywhere, "clientAppTypes": ["all"]},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        },
        {
            "id": _ID.format(32),
            "displayName": "No legacy protocols (on trial)",
            "state": "enabledForReportingButNotEnforced",
            "conditions": {**anywhere, "clientAppTypes": ["exchangeActiveSync", "other"]},
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        },
    ]
    held = {"roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    directory["roleManagement/directory/roleAssignments"] = [
        {
            "id": f"admin-{name}",
            "principalId": PEOPLE[name],
            "principal": {"@odata.type": "#microsoft.graph.user", "id": PEOPLE[name]},
            **held,
        }
        for name in ("ana.lopez", "kim.tanaka", "break.glass")
    ]
    secret = {"keyId": _ID.format(41), "startDateTime": ago(700), "endDateTime": ago(-1125)}
    directory["applications"] = [
        {"id": _ID.format(42), "displayName": "Northwind Reports", "passwordCredentials": [], "keyCredentials": []},
        {"id": _ID.format(43), "displayName": "Mail import", "passwordCredentials": [secret], "keyCredentials": []},
    ]


def _governed(made: Tenant) -> None:
    """Who may do what, and which policies hold."""
    users = {name: ("User", id_) for name, id_ in PEOPLE.items()}
    programs = {name: ("ServicePrincipal", id_) for name, id_ in PROGRAMS.items()}
    assigned = (
        (users["ana.lopez"], OWNER),
        (users["kim.tanaka"], OWNER),
        (users["ben.carter"], READER),
        (programs["github-deploy"], CONTRIBUTOR),
        (programs["report-scheduler"], CONTRIBUTOR),
        (("User", GONE), CONTRIBUTOR),
    )
    for number, ((type_, id_), role) in enumerate(assigned, 51):
        held = {"principalId": id_, "principalType": type_, "scope": PATH, "roleDefinitionId": f"{PATH}/r/{role}"}
        made.add("Microsoft.Authorization/roleAssignments", _ID.format(number), held, below=PATH)
    benchmark = {"policyDefinitionId": BENCHMARK, "scope": PATH, "enforcementMode": "Default"}
    made.add("Microsoft.Authorization/policyAssignments", "benchmark", benchmark, below=PATH)
    group = {"id": f"{PATH}/resourceGroups/{GROUP}", "name": GROUP, "type": "Microsoft.Resources/resourceGroups"}
    made.resources.append({**group, "location": "westeurope", "tags": {"criticality": "high"}, "properties": {}})


def _watched(made: Tenant, logs: str) -> None:
    """The activity log, its alerts, and Defender for Cloud."""
    _logged(made, PATH, logs, "Administrative", "Security", "Alert", "Policy")
    conditions = [
        {"field": "category", "equals": "Administrative"},
        {
            "anyOf": [
                {"field": "operationName", "equals": f"Microsoft.Network/{type_}/{verb}"}
                for type_ in ("networkSecurityGroups", "publicIPAddresses")
                for verb in ("write", "delete")
            ]
        },
    ]
    alert = {"enabled": True, "scopes": [PATH], "condition": {"allOf": conditions}}
    called = {"actions": {"actionGroups": [{"actionGroupId": ACTIONS}]}}
    _add(made, "Microsoft.Insights/activityLogAlerts", "network-changes", {**alert, **called}, location="global")
    health = {"allOf": [{"field": "category", "equals": "ServiceHealth"}]}
    healthy = {**alert, **called, "condition": health}
    _add(made, "Microsoft.Insights/activityLogAlerts", "service-health", healthy, location="global")
    on = ("VirtualMachines", "SqlServers", "KeyVaults", "Arm", "CloudPosture")
    off = ("AppServices", "StorageAccounts", "Containers", "OpenSourceRelationalDatabases", "CosmosDbs")
    for name in (*on, *off, "SqlServerVirtualMachines"):
        tier = {"pricingTier": "Standard" if name in on else "Free"}
        made.add("Microsoft.Security/pricings", name, tier, below=PATH)
    contact = {
        "emails": "security@northwind.example",
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "Medium"}],
    }
    made.add("Microsoft.Security/securityContacts", "default", contact, below=PATH)
    made.add("Microsoft.Security/settings", "WDATP", {"enabled": True}, below=PATH)


def _stored(made: Tenant) -> None:
    """Reports are kept in one storage account; another was opened so that a customer could fetch exports."""
    type_ = "Microsoft.Storage/storageAccounts"
    for name, public, age in (("nwreportfiles", False, 55), ("nwexports", True, 610)):
        properties: dict[str, Any] = {
            "supportsHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_0" if public else "TLS1_2",
            "allowBlobPublicAccess": public,
            "allowSharedKeyAccess": True,
            "publicNetworkAccess": "Enabled",
            "networkAcls": {"defaultAction": "Allow" if public else "Deny", "ipRules": []},
            "encryption": {"keySource": "Microsoft.Storage", "requireInfrastructureEncryption": False},
            "isHnsEnabled": False,
            "keyCreationTime": {"key1": ago(age), "key2": ago(age)},
        }
        sku = {"name": "Standard_LRS" if public else "Standard_GRS"}
        account = _add(made, type_, name, properties, sku=sku, kind="StorageV2")
        kept = {"enabled": not public, **({} if public else {"days": 30})}
        service: dict[str, Any] = {"deleteRetentionPolicy": kept, "containerDeleteRetentionPolicy": kept}
        service["isVersioningEnabled"] = not public
        made.add(f"{type_}/blobServices", "default", service, below=account)
        actions = {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 730.0}}}
        definition = {"actions": actions, "filters": {"blobTypes": ["blockBlob"]}}
        rule = {"name": "dispose", "enabled": not public, "type": "Lifecycle", "definition": definition}
        made.add(f"{type_}/managementPolicies", "default", {"policy": {"rules": [rule]}}, below=account)


def _vault(made: Tenant, logs: str) -> str:
    """The secrets of reporting, and the vault of its backups, whose id is given."""
    type_ = "Microsoft.KeyVault/vaults"
    properties = {
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enablePurgeProtection": True,
        "enableRbacAuthorization": True,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"defaultAction": "Allow", "ipRules": []},
    }
    vault = _add(made, type_, "nw-reporting", properties)
    _logged(made, vault, logs)
    for name, until in (("sql-connection", {"exp": epoch(-120)}), ("mail-import", {})):
        attributes = {"enabled": True, "created": epoch(240), "updated": epoch(240), **until}
        made.add(f"{type_}/secrets", name, {"attributes": attributes}, below=vault, location="westeurope")
    settings = {
        "softDeleteSettings": {"softDeleteState": "Enabled"},
        "immutabilitySettings": {"state": "Disabled"},
    }
    return _add(made, "Microsoft.RecoveryServices/vaults", "nw-backups", {"securitySettings": settings})


def _database(made: Tenant, logs: str) -> None:
    type_ = "Microsoft.Sql/servers"
    server = _add(
        made, type_, "nw-reporting", {"minimalTlsVersion": "1.2", "publicNetworkAccess": "Enabled"}, kind="v12.0"
    )
    audit = {"state": "Enabled", "isAzureMonitorTargetEnabled": True, "storageEndpoint": "", "retentionDays": 0}
    for below, name, properties in (
        ("administrators", "ActiveDirectory", {"administratorType": "ActiveDirectory"}),
        ("auditingSettings", "default", audit),
        ("encryptionProtector", "current", {"serverKeyType": "ServiceManaged"}),
        # "Allow Azure services": whatever runs in Azure, of whichever customer.
        ("firewallRules", "AllowAllWindowsAzureIps", {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}),
        ("firewallRules", "office", {"startIpAddress": "203.0.113.0", "endIpAddress": "203.0.113.15"}),
        ("sqlVulnerabilityAssessments", "default", {"state": "Enabled"}),
        ("vulnerabilityAssessments", "default", {"storageContainerPath": "", "recurringScans": {"isEnabled": False}}),
    ):
        made.add(f"{type_}/{below}", name, properties, below=server)
    # What a server sends elsewhere is a setting of its database "master".
    west = {"location": "westeurope"}
    master = made.add(f"{type_}/databases", "master", {"status": "Online"}, below=server, kind="v12.0,system", **west)
    _logged(made, master, logs, "SQLSecurityAuditEvents")
    database = made.add(
        f"{type_}/databases",
        "reports",
        {"status": "Online", "zoneRedundant": False},
        below=server,
        kind="v12.0,user",
        **west,
    )
    kept = {"retentionDays": 14, "diffBackupIntervalInHours": 12}
    made.add(f"{type_}/databases/transparentDataEncryption", "current", {"state": "Enabled"}, below=database)
    made.add(f"{type_}/databases/backupShortTermRetentionPolicies", "default", kept, below=database)


def _apps(made: Tenant, logs: str) -> None:
    """The portal of reports, and the program that makes them each night."""
    own = {"type": "SystemAssigned", "principalId": PROGRAMS["report-scheduler"]}
    for name, kind, transfer, identity in (
        ("nw-reports", "app,linux", "FtpsOnly", {}),
        ("nw-report-scheduler", "functionapp,linux", "AllAllowed", {"identity": own}),
    ):
        app = _add(made, "Microsoft.Web/sites", name, {"httpsOnly": True}, kind=kind, **identity)
        settings = {"minTlsVersion": "1.2", "ftpsState": transfer, "remoteDebuggingEnabled": False}
        made.add("Microsoft.Web/sites/config", "web", settings, below=app)
        if "functionapp" not in kind:
            _logged(made, app, logs, "AppServiceHTTPLogs")


def _rule(name: str, priority: int, port: str, source: str, access: str = "Allow") -> dict[str, Any]:
    return {
        "name": name,
        "properties": {
            "protocol": "Tcp" if port != "*" else "*",
            "sourcePortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": "*",
            "destinationPortRange": port,
            "access": access,
            "priority": priority,
            "direction": "Inbound",
        },
    }


def _network(made: Tenant) -> None:
    deny = _rule("DenyAllInBound", 65500, "*", "*", "Deny")
    rules = [_rule("office-rdp", 300, "3389", "203.0.113.0/28")]
    closed = {"securityRules": rules, "defaultSecurityRules": [deny]}
    group = _add(made, "Microsoft.Network/networkSecurityGroups", "gateway", closed)
    path = f"{PATH}/resourceGroups/{GROUP}/providers/Microsoft.Network/virtualNetworks/reporting/subnets"
    subnets = [
        {"id": f"{path}/gateway", "name": "gateway", "properties": {"networkSecurityGroup": {"id": group}}},
        {"id": f"{path}/integration", "name": "integration", "properties": {}},
    ]
    network = _add(made, "Microsoft.Network/virtualNetworks", "reporting", {"subnets": subnets})
    watcher = _add(made, "Microsoft.Network/networkWatchers", "westeurope", {})
    kept = {"enabled": True, "targetResourceId": network, "retentionPolicy": {"enabled": True, "days": 30}}
    made.add("Microsoft.Network/networkWatchers/flowLogs", "reporting", kept, below=watcher, location="westeurope")


def _machine(made: Tenant, vault: str) -> None:
    """The data gateway: a Windows machine that is backed up, and a restore of which was tried in spring."""
    disk = _add(
        made,
        "Microsoft.Compute/disks",
        "gateway-os",
        {
            "hyperVGeneration": "V2",
            "diskState": "Attached",
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        },
    )
    properties = {
        "storageProfile": {"osDisk": {"osType": "Windows", "managedDisk": {"id": disk}}},
        "osProfile": {"windowsConfiguration": {"provisionVMAgent": True}},
        "securityProfile": {
            "securityType": "TrustedLaunch",
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        },
    }
    type_ = "Microsoft.Compute/virtualMachines"
    machine = _add(made, type_, "gateway", properties, zones=["1"])
    made.named(disk)["managedBy"] = machine  # type: ignore[index]
    patches = {
        "status": "Succeeded",
        "lastModifiedDateTime": ago(1),
        "availablePatchCountByClassification": {"critical": 0, "security": 3},
    }
    made.add(f"{type_}/patchAssessmentResults", "latest", patches, below=machine)
    backup = "Microsoft.RecoveryServices/vaults"
    item = {
        "backupManagementType": "AzureIaasVM",
        "sourceResourceId": machine,
        "protectionState": "Protected",
        "lastRecoveryPoint": ago(0.6),
    }
    container = f"{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;gateway"
    made.add(f"{backup}/backupFabrics/protectionContainers/protectedItems", "VM;gateway", item, below=container)
    duration = {"dailySchedule": {"retentionDuration": {"count": 35, "durationType": "Days"}}}
    kept = {"retentionPolicyType": "LongTermRetentionPolicy", **duration}
    policy = {"backupManagementType": "AzureIaasVM", "protectedItemsCount": 1, "retentionPolicy": kept}
    made.add(f"{backup}/backupPolicies", "daily", policy, below=vault)
    restore = {"backupManagementType": "AzureIaasVM", "operation": "Restore", "status": "Completed"}
    made.add(f"{backup}/backupJobs", "restore", {**restore, "endTime": ago(190)}, below=vault)
