"""A tenant with one subscription in which every reader of the adapter has something to read."""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.azure import data_services
from tests.emulators.azure.tenant import SUBSCRIPTION, Tenant

ID: Final = "05e40000-0000-4000-8000-{:012}"
OWNER: Final = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def fill(tenant: Tenant) -> None:
    """Add to a tenant with one subscription so that every reader has something to read."""
    path = f"/subscriptions/{SUBSCRIPTION}"
    add = tenant.add
    account = add(
        "Microsoft.Storage/storageAccounts",
        "data",
        {"supportsHttpsTrafficOnly": True},
        sku={"name": "Standard_LRS"},
        kind="StorageV2",
    )
    policy = {"deleteRetentionPolicy": {"enabled": True, "days": 7}}
    add("Microsoft.Storage/storageAccounts/blobServices", "default", policy, below=account)
    vault = add("Microsoft.KeyVault/vaults", "secrets", {"enableSoftDelete": True}, location="northeurope")
    export = {"logs": [{"categoryGroup": "audit", "enabled": True}], "workspaceId": "/subscriptions/s/logs"}
    add("Microsoft.Insights/diagnosticSettings", "audit", export, below=vault)
    add("Microsoft.Insights/diagnosticSettings", "activity", export, below=path)
    add("Microsoft.Network/networkSecurityGroups", "web", {"securityRules": [], "defaultSecurityRules": []})
    add("Microsoft.Security/pricings", "VirtualMachines", {"pricingTier": "Standard"}, below=path)
    contact = {"emails": "security@contoso.example", "isEnabled": True}
    contact |= {"notificationsByRole": {"state": "On", "roles": ["Owner"]}, "notificationsSources": []}
    add("Microsoft.Security/securityContacts", "default", contact, below=path)
    data_services.fill(tenant, account, vault, export)
    _authorized(tenant, path)
    _running(tenant, path)
    _filled(tenant.directory)


def _authorized(tenant: Tenant, path: str) -> None:
    """A role held by a user, by a program and by a group, a role of one's own, a lock and a policy."""
    add, directory = tenant.add, tenant.directory
    directory["servicePrincipals"].append({"id": ID.format(5), "accountEnabled": True})
    directory["groups"].append({"id": ID.format(6)})
    for number, type_ in ((1, "User"), (5, "ServicePrincipal"), (6, "Group")):
        known = {"principalId": ID.format(number), "principalType": type_, "scope": path, "roleDefinitionId": OWNER}
        add("Microsoft.Authorization/roleAssignments", f"a{number}", known, below=path)
    directory[f"groups/{ID.format(6)}/transitiveMembers"] = []
    role = {"roleName": "Ours", "type": "CustomRole", "permissions": [], "assignableScopes": [path]}
    add("Microsoft.Authorization/roleDefinitions", ID.format(7), role, below=path)
    group = {"id": f"{path}/resourceGroups/rg", "name": "rg", "type": "Microsoft.Resources/resourceGroups"}
    critical = {"location": "westeurope", "tags": {"criticality": "high"}, "properties": {}}
    tenant.resources.append({**group, **critical})
    add("Microsoft.Authorization/locks", "keep", {"level": "CanNotDelete"}, below=path)
    policy = {"policyDefinitionId": "/p", "scope": path, "enforcementMode": "Default"}
    add("Microsoft.Authorization/policyAssignments", "p", policy, below=path)


def _running(tenant: Tenant, path: str) -> None:
    """An app, a cluster, a registry, a network behind a gateway, queues, events, and what watches over them."""
    add = tenant.add
    app = add("Microsoft.Web/sites", "app", {"httpsOnly": True}, kind="functionapp")
    add("Microsoft.Web/sites/config", "web", {"minTlsVersion": "1.2", "ftpsState": "Disabled"}, below=app)
    cluster = {"kubernetesVersion": "1.31", "enableRBAC": True}
    add("Microsoft.ContainerService/managedClusters", "cluster", cluster)
    add("Microsoft.ContainerRegistry/registries", "images", {"adminUserEnabled": False}, sku={"name": "Basic"})
    network = add("Microsoft.Network/virtualNetworks", "net", {"subnets": []})
    watcher = add("Microsoft.Network/networkWatchers", "watcher", {})
    retention = {"days": 0, "enabled": False}
    recorded = {"enabled": True, "targetResourceId": network, "retentionPolicy": retention}
    add("Microsoft.Network/networkWatchers/flowLogs", "f", recorded, below=watcher, location="westeurope")
    firewalls = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
    front = {
        "frontendIPConfigurations": [{"properties": {"publicIPAddress": {"id": "/ip"}}}],
        "sku": {"tier": "WAF_v2"},
    }
    policy = {"firewallPolicy": {"id": add(firewalls, "rules", {"policySettings": {"state": "Enabled"}})}}
    add("Microsoft.Network/applicationGateways", "front", {**front, **policy})
    bus = add("Microsoft.ServiceBus/namespaces", "bus", {}, sku={"name": "Standard"})
    queue = {"deadLetteringOnMessageExpiration": True, "maxDeliveryCount": 10}
    add("Microsoft.ServiceBus/namespaces/queues", "orders", queue, below=bus)
    watched = {"enabled": True, "scopes": [bus], "criteria": {"allOf": [{"metricName": "DeadletteredMessages"}]}}
    add("Microsoft.Insights/metricAlerts", "dead", {**watched, "actions": []})
    changes = {"enabled": True, "scopes": [path], "condition": {"allOf": []}, "actions": {"actionGroups": []}}
    add("Microsoft.Insights/activityLogAlerts", "changes", changes)
    add("Microsoft.OperationalInsights/workspaces", "logs", {"retentionInDays": 30})
    for kind in ("topics", "domains", "systemTopics"):
        add("Microsoft.EventGrid/eventSubscriptions", kind, below=add(f"Microsoft.EventGrid/{kind}", kind, {}))
    machine = f"{path}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/m"
    healthy = {"displayName": "EDR", "status": {"code": "Healthy"}}
    add("Microsoft.Security/assessments", "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c", healthy, below=machine)
    add("Microsoft.Security/settings", "WDATP", {"enabled": True}, below=path)
    export = next(item for item in tenant if item["name"] == "activity")
    export["properties"]["storageAccountId"] = (
        f"{path}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/data"
    )


def _filled(directory: dict[str, Any]) -> None:
    """A directory whose administrators are in a group, with a user who signs in and an application."""
    user = {"id": ID.format(1), "userType": "Member", "accountEnabled": True, "createdDateTime": "2026-01-02T03:04:05Z"}
    signed_in = {"signInActivity": {"lastSuccessfulSignInDateTime": "2026-11-01T00:00:00Z"}}
    directory["users"].append({**user, "userPrincipalName": "dana@contoso.example", **signed_in})
    report = "reports/authenticationMethods/userRegistrationDetails"
    directory[report].append({"id": ID.format(1), "isMfaRegistered": True, "isMfaCapable": True})
    directory["applications"].append(
        {"id": ID.format(2), "displayName": "App", "passwordCredentials": [], "keyCredentials": []}
    )
    group = {"@odata.type": "#microsoft.graph.group", "id": ID.format(3)}
    role = {"roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10", "directoryScopeId": "/"}
    directory["roleManagement/directory/roleAssignments"].append(
        {"id": "admins", "principalId": group["id"], "principal": group, **role}
    )
    directory[f"groups/{group['id']}/transitiveMembers"] = [{"@odata.type": "#microsoft.graph.user", **user}]
    directory["policies/identitySecurityDefaultsEnforcementPolicy"]["isEnabled"] = False
