"""Apps, functions, clusters, registries, queues and events: what runs, who may reach it, and what gets lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import scan, verdicts
from tests.collectors.test_azure_authorization import OWNER, READER, assign, principal
from tests.emulators.azure.tenant import SUBSCRIPTION
from tests.emulators.azure.wire import AzureWire

PATH = f"/subscriptions/{SUBSCRIPTION}"
SITE, CONFIG = "Microsoft.Web/sites", "Microsoft.Web/sites/config"
CLUSTER, REGISTRY = "Microsoft.ContainerService/managedClusters", "Microsoft.ContainerRegistry/registries"
BUS, EVENTS = "Microsoft.ServiceBus/namespaces", "Microsoft.EventGrid/eventSubscriptions"
HTTPS, LOGS, IDENTITY = (
    "azure.appservice.https_only",
    "azure.appservice.logging_enabled",
    "azure.functions.identity_not_privileged",
)
CONFIGURED = (
    "azure.appservice.minimum_tls_12",
    "azure.appservice.plain_ftp_disabled",
    "azure.appservice.remote_debugging_disabled",
)
CLUSTERS = (
    "azure.aks.api_server_restricted",
    "azure.aks.automatic_upgrades",
    "azure.aks.entra_integrated",
    "azure.aks.local_accounts_disabled",
    "azure.aks.policy_addon_enabled",
    "azure.aks.rbac_enabled",
)
REGISTRIES = (
    "azure.acr.admin_user_disabled",
    "azure.acr.anonymous_pull_disabled",
    "azure.acr.network_restricted",
)
QUEUES, ALERT = "azure.servicebus.queues_dead_letter", "azure.servicebus.dead_letter_alert"
DEAD = "azure.eventgrid.dead_letter_destination"


def site(azure: AzureWire, name: str, kind: str = "app,linux", **more: Any) -> str:
    config = more.pop("config", {"minTlsVersion": "1.2", "ftpsState": "Disabled", "remoteDebuggingEnabled": False})
    id_ = azure.tenant.add(
        SITE, name, {"httpsOnly": True, "siteConfig": None, **more.pop("properties", {})}, kind=kind, **more
    )
    if config is not None:
        azure.tenant.add(CONFIG, "web", config, below=id_)
    return id_


def test_apps_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    bad = {"minTlsVersion": "1.0", "ftpsState": "AllAllowed", "remoteDebuggingEnabled": True}
    site(azure, "good")
    site(azure, "bad", config=bad, properties={"httpsOnly": False})
    found = verdicts(scan((HTTPS, *CONFIGURED))[1])
    assert {name: {found[check, name] for check in (HTTPS, *CONFIGURED)} for name in ("good", "bad")} == {
        "good": {"pass"},
        "bad": {"fail"},
    }


def test_a_list_of_apps_says_nothing_of_their_configuration(azure: AzureWire) -> None:
    site(azure, "unseen")
    azure.faults.add("denied", f"arm:{CONFIG}")
    azure.resource_graph.api_versions["microsoft.web/sites"] = None
    assert {f.check.id: f.verdict for f in scan(CONFIGURED)[1]} == dict.fromkeys(CONFIGURED, "unknown")
    azure.edit("resourcegraph:resources", lambda body: body["data"][0]["properties"].pop("httpsOnly"))
    assert {f.verdict for f in scan((HTTPS,))[1]} == {"unknown"}


def test_a_configuration_without_its_properties_is_malformed(azure: AzureWire) -> None:
    site(azure, "hollow")
    azure.edit(f"arm:{CONFIG}", lambda body: body.pop("properties"))
    assert {(f.verdict, f.reason) for f in scan(CONFIGURED)[1]} == {("unknown", "malformed_response")}


def test_logs_of_apps_go_somewhere_or_nowhere(azure: AzureWire) -> None:
    for name, kind, log in (
        ("web", "app", {"category": "AppServiceHTTPLogs", "enabled": True}),
        ("all", "app", {"categoryGroup": "allLogs", "enabled": True}),
        ("function", "functionapp", {"category": "FunctionAppLogs", "enabled": True}),
        ("wrong", "functionapp", {"category": "AppServiceHTTPLogs", "enabled": True}),
    ):
        known = {"logs": [log], "workspaceId": "/subscriptions/s/logs"}
        azure.tenant.add("Microsoft.Insights/diagnosticSettings", "export", known, below=site(azure, name, kind))
    site(azure, "none")
    found = {name: verdict for (_, name), verdict in verdicts(scan((LOGS,))[1]).items()}
    assert found == {"web": "pass", "all": "pass", "function": "pass", "wrong": "fail", "none": "fail"}
    azure.faults.add("throttled", "arm:Microsoft.Insights/diagnosticSettings")
    assert {f.verdict for f in scan((LOGS,))[1]} == {"unknown"}


def test_identities_of_functions_are_judged_by_their_roles(azure: AzureWire) -> None:
    own, given = principal(azure, 1, "ServicePrincipal"), principal(azure, 2, "ServicePrincipal")
    user = {"type": "UserAssigned", "userAssignedIdentities": {"/i": {"principalId": given, "clientId": "c"}}}
    site(azure, "own", "functionapp", identity={"type": "SystemAssigned", "principalId": own})
    site(azure, "given", "functionapp,linux", identity=user)
    site(azure, "bare", "functionapp")
    site(azure, "nameless", "functionapp", identity={"type": "SystemAssigned"})
    site(azure, "web", "app", identity=user)
    assign(azure, own, "ServicePrincipal", role=READER)
    assign(azure, own, "ServicePrincipal", at=f"{PATH}/resourceGroups/rg/providers/{SITE}/own")
    assign(azure, given, "ServicePrincipal", role=OWNER, at=f"{PATH}/resourceGroups/rg")
    found = {name: verdict for (_, name), verdict in verdicts(scan((IDENTITY,))[1]).items()}
    assert found == {
        "own": "pass",
        "given": "fail",
        "bare": "pass",
        # An identity that is there, and whose id is not told.
        "nameless": "unknown",
        "web": "not_applicable",
    }
    azure.faults.add("denied", "arm:Microsoft.Authorization/roleAssignments")
    found = {name: verdict for (_, name), verdict in verdicts(scan((IDENTITY,))[1]).items()}
    assert found["own"] == found["given"] == "unknown"


# --- containers ---

GOOD = {
    "kubernetesVersion": "1.31",
    "apiServerAccessProfile": {"authorizedIPRanges": ["203.0.113.0/24"]},
    "enableRBAC": True,
    "aadProfile": {"managed": True},
    "disableLocalAccounts": True,
    "addonProfiles": {"azurePolicy": {"enabled": True, "config": None}},
    "autoUpgradeProfile": {"upgradeChannel": "patch"},
}
BARE = {"kubernetesVersion": "1.31", "enableRBAC": False}


def test_clusters_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    azure.tenant.add(CLUSTER, "good", GOOD)
    azure.tenant.add(CLUSTER, "bare", BARE)
    found = verdicts(scan(CLUSTERS)[1])
    assert {name: {found[check, name] for check in CLUSTERS} for name in ("good", "bare")} == {
        "good": {"pass"},
        "bare": {"fail"},
    }


def test_what_an_older_api_version_does_not_define_of_a_cluster_is_unread(azure: AzureWire) -> None:
    azure.tenant.add(CLUSTER, "old", GOOD)
    azure.resource_graph.api_versions["microsoft.containerservice/managedclusters"] = "2019-04-01"
    found = {f.check.id: f.verdict for f in scan(CLUSTERS)[1]}
    assert found["azure.aks.local_accounts_disabled"] == found["azure.aks.api_server_restricted"] == "unknown"


@pytest.mark.parametrize("kind", ["denied", "html", "truncated"])
def test_clusters_and_registries_that_are_not_seen_are_unknown(azure: AzureWire, kind: Any) -> None:
    azure.tenant.add(CLUSTER, "unseen", GOOD)
    azure.tenant.add(REGISTRY, "unseen", {"adminUserEnabled": False}, sku={"name": "Premium"})
    azure.faults.add(kind, "resourcegraph:resources")
    assert {f.verdict for f in scan((*CLUSTERS, *REGISTRIES))[1]} == {"unknown"}


def test_registries_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    closed = {"adminUserEnabled": False, "anonymousPullEnabled": False, "publicNetworkAccess": "Disabled"}
    opened = {"adminUserEnabled": True, "anonymousPullEnabled": True, "publicNetworkAccess": "Enabled"}
    endpoint = {"privateEndpointConnections": [{"id": "/e"}]}
    azure.tenant.add(REGISTRY, "closed", {**closed, **endpoint}, sku={"name": "Premium"})
    azure.tenant.add(REGISTRY, "open", {**opened, **endpoint}, sku={"name": "Premium"})
    found = verdicts(scan(REGISTRIES)[1])
    assert {name: {found[check, name] for check in REGISTRIES} for name in ("closed", "open")} == {
        "closed": {"pass"},
        "open": {"fail"},
    }


# --- messages and events ---


def queue(azure: AzureWire, bus: str, name: str, kept: bool | None = True) -> None:
    known: dict[str, Any] = {"maxDeliveryCount": 10}
    known |= {} if kept is None else {"deadLetteringOnMessageExpiration": kept}
    azure.tenant.add(f"{BUS}/queues", name, known, below=bus)


def watch(azure: AzureWire, scope: str, metric: str = "DeadletteredMessages", **more: Any) -> None:
    known = {
        "enabled": True,
        "scopes": [scope],
        "criteria": {"odata.type": "x", "allOf": [{"metricName": metric, "metricNamespace": BUS}]},
        "actions": [{"actionGroupId": "/g"}],
        **more,
    }
    azure.tenant.add("Microsoft.Insights/metricAlerts", f"m{len(azure.tenant.resources)}", known, location="global")


def test_queues_pass_and_fail_by_what_becomes_of_messages(azure: AzureWire) -> None:
    names = ("kept", "dropped", "none", "unsaid")
    kept, dropped, _, unsaid = (azure.tenant.add(BUS, name, {}, sku={"name": "Standard"}) for name in names)
    queue(azure, kept, "a")
    queue(azure, dropped, "a")
    queue(azure, dropped, "b", kept=False)
    queue(azure, unsaid, "a", kept=None)
    watch(azure, kept)
    watch(azure, dropped, enabled=False)
    watch(azure, dropped, "ActiveMessages")
    found = verdicts(scan((QUEUES, ALERT))[1])
    assert {name: (found[QUEUES, name], found[ALERT, name]) for name in names} == {
        "kept": ("pass", "pass"),
        "dropped": ("fail", "fail"),
        "none": ("not_applicable", "not_applicable"),
        "unsaid": ("unknown", "fail"),
    }


def test_an_alert_on_a_resource_group_watches_what_is_in_it(azure: AzureWire) -> None:
    queue(azure, azure.tenant.add(BUS, "bus", {}, sku={"name": "Standard"}), "a")
    watch(azure, f"{PATH}/resourceGroups/RG", targetResourceType=BUS)
    assert {f.verdict for f in scan((ALERT,))[1]} == {"pass"}
    azure.faults.add("denied", f"arm:{BUS}/queues")
    assert {f.verdict for f in scan((ALERT,))[1]} == {"unknown"}


def events(azure: AzureWire, name: str, below: str, **properties: Any) -> None:
    azure.tenant.add(EVENTS, name, properties, below=below)


def test_event_subscriptions_are_found_wherever_there_are_sources(azure: AzureWire) -> None:
    topic = azure.tenant.add("Microsoft.EventGrid/topics", "orders", {})
    system = azure.tenant.add("Microsoft.EventGrid/systemTopics", "blobs", {}, location="North Europe")
    azure.tenant.add("Microsoft.EventGrid/systemTopics", "group", {}, location="global")
    blob = {"deadLetterDestination": {"endpointType": "StorageBlob", "properties": {}}}
    events(azure, "kept", topic, **blob)
    events(azure, "dropped", topic)
    identity = {"identity": {"type": "SystemAssigned"}, **blob}
    events(azure, "identity", system, deadLetterWithResourceIdentity=identity)
    events(azure, "global", f"{PATH}/resourceGroups/rg")
    found = {name: verdict for (_, name), verdict in verdicts(scan((DEAD,))[1]).items()}
    assert found == {"kept": "pass", "dropped": "fail", "identity": "pass", "global": "fail"}
    assert azure.traffic.calls[f"arm:{EVENTS}"] == 1
    assert azure.traffic.calls["arm:Microsoft.EventGrid/locations/eventSubscriptions"] == 2


def test_event_subscriptions_of_a_location_that_does_not_answer_are_a_gap(azure: AzureWire) -> None:
    events(azure, "kept", azure.tenant.add("Microsoft.EventGrid/topics", "orders", {}))
    azure.faults.add("server_error", "arm:Microsoft.EventGrid/locations/eventSubscriptions")
    snapshot, findings = scan((DEAD,))
    assert [row.state for row in snapshot.collections] == ["failed"]
    assert {f.verdict for f in findings} == {"unknown"}
