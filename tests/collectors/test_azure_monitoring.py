"""Alerts, workspaces, the storage of activity logs, and what Defender for Cloud finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import scan, verdicts
from tests.collectors.test_azure_subscriptions import plans
from tests.emulators.azure.tenant import SUBSCRIPTION
from tests.emulators.azure.wire import AzureWire

PATH = f"/subscriptions/{SUBSCRIPTION}"
ALERTS = POLICIES, NETWORKS, HEALTH = (
    "azure.monitor.alert_policy_and_security_changes",
    "azure.monitor.alert_network_changes",
    "azure.monitor.service_health_alert",
)
STORAGE = PUBLIC, KEY = (
    "azure.monitor.activity_log_storage_not_public",
    "azure.monitor.activity_log_storage_customer_key",
)
RETENTION = "azure.monitor.log_retention"
INTEGRATED = ("azure.defender.endpoint_integration", "azure.defender.cloud_apps_integration")
HANDLED = "azure.defender.alerts_handled"
ASSESSED = ENDPOINT, VULNERABLE = (
    "azure.defender.endpoint_protection_healthy",
    "azure.defender.vulnerabilities_resolved",
)
OPERATIONS = {
    POLICIES: (
        "Microsoft.Authorization/policyAssignments/write",
        "Microsoft.Authorization/policyAssignments/delete",
        "Microsoft.Security/securitySolutions/write",
        "Microsoft.Security/securitySolutions/delete",
        "Microsoft.Sql/servers/firewallRules/write",
        "Microsoft.Sql/servers/firewallRules/delete",
    ),
    NETWORKS: (
        "Microsoft.Network/networkSecurityGroups/write",
        "Microsoft.Network/networkSecurityGroups/delete",
        "Microsoft.Network/publicIPAddresses/write",
        "Microsoft.Network/publicIPAddresses/delete",
    ),
}
GROUP = {"actionGroupId": f"{PATH}/resourceGroups/RG/providers/Microsoft.Insights/actionGroups/Team"}


def alert(azure: AzureWire, *conditions: dict[str, Any], **more: Any) -> None:
    """An alert as Azure answers it: each of its conditions has one of equals, containsAny and anyOf."""
    known = {
        "enabled": True,
        "scopes": [PATH.upper().replace("/SUBSCRIPTIONS", "/subscriptions")],
        "condition": {"allOf": list(conditions)},
        "actions": {"actionGroups": [GROUP]},
        **more,
    }
    name = f"alert-{len(azure.tenant.resources)}"
    azure.tenant.add("Microsoft.Insights/activityLogAlerts", name, known, location="Global")


def equals(field: str, value: str) -> dict[str, Any]:
    return {"field": field, "equals": value, "containsAny": None}


def judged(checks: tuple[str, ...]) -> dict[str, str]:
    return {f.check.id: f.verdict for f in scan(checks)[1]}


def watched(azure: AzureWire, **more: Any) -> None:
    for operations in OPERATIONS.values():
        for operation in operations:
            alert(azure, equals("category", "Administrative"), equals("operationName", operation), **more)
    alert(azure, equals("category", "ServiceHealth"), **more)


def test_a_subscription_whose_changes_raise_alerts_passes(azure: AzureWire) -> None:
    watched(azure)
    assert judged(ALERTS) == dict.fromkeys(ALERTS, "pass")


def test_one_alert_may_watch_several_operations(azure: AzureWire) -> None:
    any_of = {"anyOf": [equals("operationName", name) for name in OPERATIONS[NETWORKS]]}
    listed = {"field": "operationName", "containsAny": list(OPERATIONS[POLICIES])}
    for condition in (any_of, listed):
        alert(azure, equals("category", "Administrative"), condition)
    assert judged((POLICIES, NETWORKS)) == {POLICIES: "pass", NETWORKS: "pass"}


@pytest.mark.parametrize(
    "more",
    [{"enabled": False}, {"actions": {"actionGroups": []}}, {"scopes": [f"{PATH}/resourceGroups/rg"]}],
)
def test_alerts_that_are_off_call_nobody_or_watch_a_part_fail(azure: AzureWire, more: dict[str, Any]) -> None:
    watched(azure, **more)
    assert judged(ALERTS) == dict.fromkeys(ALERTS, "fail")


def test_an_alert_on_what_failed_alone_fails(azure: AzureWire) -> None:
    for name in OPERATIONS[NETWORKS]:
        conditions = (equals("category", "Administrative"), equals("operationName", name), equals("status", "Failed"))
        alert(azure, *conditions)
    assert judged((NETWORKS,)) == {NETWORKS: "fail"}


def test_alerts_that_are_withheld_are_unknown(azure: AzureWire) -> None:
    watched(azure)
    azure.tenant.data["applications"][0]["notActions"] = ["Microsoft.Insights/activityLogAlerts/read"]
    assert judged(ALERTS) == dict.fromkeys(ALERTS, "unknown")


def test_workspaces_pass_and_fail_by_how_long_they_keep(azure: AzureWire) -> None:
    kind = "Microsoft.OperationalInsights/workspaces"
    azure.tenant.add(kind, "long", {"retentionInDays": 730})
    azure.tenant.add(kind, "short", {"retentionInDays": 30})
    azure.tenant.add(kind, "unsaid", {})
    assert verdicts(scan((RETENTION,))[1]) == {
        (RETENTION, "long"): "pass",
        (RETENTION, "short"): "fail",
        (RETENTION, "unsaid"): "unknown",
    }


# --- where the activity log goes ---


def logs(azure: AzureWire, **properties: Any) -> str:
    account = azure.tenant.add("Microsoft.Storage/storageAccounts", "logs", properties)
    known = {"logs": [{"category": "Administrative", "enabled": True}], "storageAccountId": account}
    azure.tenant.add("Microsoft.Insights/diagnosticSettings", "export", known, below=PATH)
    return account


def test_an_activity_log_in_guarded_storage_passes(azure: AzureWire) -> None:
    logs(azure, allowBlobPublicAccess=False, encryption={"keySource": "Microsoft.Keyvault"})
    assert judged(STORAGE) == dict.fromkeys(STORAGE, "pass")


def test_an_activity_log_in_open_storage_fails(azure: AzureWire) -> None:
    logs(azure, encryption={"keySource": "Microsoft.Storage"})
    assert judged(STORAGE) == dict.fromkeys(STORAGE, "fail")


def test_an_activity_log_that_goes_to_no_storage_is_not_applicable(azure: AzureWire) -> None:
    assert judged(STORAGE) == dict.fromkeys(STORAGE, "not_applicable")


def test_storage_of_a_subscription_that_cannot_be_read_is_unknown(azure: AzureWire) -> None:
    logs(azure, allowBlobPublicAccess=False)
    azure.tenant.resources[0]["id"] = "/subscriptions/5ab5c21a-0000-4000-8000-00000000000f/x"
    assert judged(STORAGE) == dict.fromkeys(STORAGE, "unknown")


# --- Defender for Cloud ---


def finding(azure: AzureWire, severity: str, started: str, status: str = "Active") -> None:
    known = {"alertDisplayName": "Sign-in", "severity": severity, "status": status, "startTimeUtc": started}
    place = f"{PATH}/providers/Microsoft.Security/locations/westeurope/alerts/a{len(azure.tenant.resources)}"
    azure.tenant.resources.append({"id": place, "name": "a", "type": "Microsoft.Security/alerts", "properties": known})


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([], "pass"),
        ([("High", "2026-11-20T00:00:00.1234567Z", "Active")], "pass"),
        ([("High", "2026-11-01T00:00:00Z", "Active")], "fail"),
        ([("High", "2026-11-01T00:00:00Z", "InProgress")], "fail"),
        ([("High", "2026-11-01T00:00:00Z", "Resolved"), ("Low", "2026-11-01T00:00:00Z", "Active")], "pass"),
    ],
)
def test_alerts_of_defender_must_not_lie(azure: AzureWire, rows: list[tuple[str, str, str]], verdict: str) -> None:
    plans(azure)
    for severity, started, status in rows:
        finding(azure, severity, started, status)
    assert judged((HANDLED,)) == {HANDLED: verdict}


def test_no_alerts_where_nobody_looks_are_none_to_rely_on(azure: AzureWire) -> None:
    assert judged((HANDLED,)) == {HANDLED: "fail"}


def test_alerts_of_defender_that_are_not_seen_are_unknown(azure: AzureWire) -> None:
    plans(azure)
    azure.faults.add("denied", "arm:Microsoft.Security/alerts")
    assert judged((HANDLED,)) == {HANDLED: "unknown"}


def setting(azure: AzureWire, name: str, **properties: Any) -> None:
    azure.tenant.add("Microsoft.Security/settings", name, properties, below=PATH, kind="DataExportSettings")


def test_integrations_pass_and_fail_by_whether_they_are_on(azure: AzureWire) -> None:
    setting(azure, "Sentinel")
    assert judged(INTEGRATED) == dict.fromkeys(INTEGRATED, "fail")
    setting(azure, "WDATP", enabled=True)
    setting(azure, "MCAS", enabled=True)
    assert judged(INTEGRATED) == dict.fromkeys(INTEGRATED, "pass")
    azure.faults.add("server_error", "arm:Microsoft.Security/settings")
    assert judged(INTEGRATED) == dict.fromkeys(INTEGRATED, "unknown")


def assessment(azure: AzureWire, machine: str, key: str, code: str) -> None:
    below = f"{PATH}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{machine}"
    known = {"displayName": f"Assessment of {machine}", "status": {"code": code} if code else {}}
    azure.tenant.add("Microsoft.Security/assessments", key, known, below=below)


def test_assessments_pass_and_fail_by_their_status(azure: AzureWire) -> None:
    keys = {ENDPOINT: "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c", VULNERABLE: "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"}
    codes = {"well": "Healthy", "ill": "Unhealthy", "other": "NotApplicable", "unsaid": ""}
    for machine, code in codes.items():
        for key in keys.values():
            assessment(azure, machine, key, code)
        assessment(azure, machine, "00000000-0000-4000-8000-000000000000", "Unhealthy")
    found: dict[tuple[str, str], set[str]] = {}
    for row in scan(ASSESSED)[1]:
        machine = row.subject.id.split("/virtualmachines/")[1].split("/")[0]
        found.setdefault((row.check.id, machine), set()).add(row.verdict)
    for check in ASSESSED:
        assert found[check, "well"] == {"pass", "not_applicable"}
        assert found[check, "ill"] == {"fail", "not_applicable"}
        assert found[check, "other"] == {"not_applicable"}
        assert found[check, "unsaid"] == {"unknown", "not_applicable"}


def test_packages_that_are_vulnerable_are_one_finding_of_their_resource(azure: AzureWire) -> None:
    assessment(azure, "ill", "ffff0522-1e88-47fc-8382-2a80ba848f5d", "Healthy")
    for number, code in enumerate(("Unhealthy", "Unhealthy", "Healthy")):
        assessment(azure, "ill", f"00000000-0000-4000-8000-00000000000{number}", code)
    for item in azure.tenant:
        if item["name"].startswith("00000000"):
            item["properties"]["metadata"] = {"recommendationCategory": "SoftwareUpdate"}
    found = [(row.subject.id.rpartition("/")[2], row.verdict) for row in scan((VULNERABLE,))[1]]
    assert sorted(found) == [("ffff0522-1e88-47fc-8382-2a80ba848f5d", "pass"), ("softwareupdate", "fail")]


@pytest.mark.parametrize("kind", ["denied", "throttled", "hollow"])
def test_assessments_that_are_not_seen_are_no_empty_listing(azure: AzureWire, kind: Any) -> None:
    azure.faults.add(kind, "resourcegraph:securityresources")
    snapshot, _ = scan(ASSESSED)
    assert {row.state for row in snapshot.collections} == {"failed"}
