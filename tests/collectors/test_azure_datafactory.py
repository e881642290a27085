"""Data factories with and without version control and alerts."""

from __future__ import annotations

from typing import Any

from tests.collectors.scan import scan, verdicts
from tests.emulators.azure.tenant import SUBSCRIPTION
from tests.emulators.azure.wire import AzureWire

FACTORY, ALERT = "Microsoft.DataFactory/factories", "Microsoft.Insights/metricAlerts"
GIT, ALERTED = "azure.datafactory.git_configured", "azure.datafactory.failure_alert"
REPOSITORY = {
    "type": "FactoryGitHubConfiguration",
    "accountName": "a",
    "repositoryName": "r",
    "collaborationBranch": "m",
}


def alert(azure: AzureWire, name: str, scope: str, metric: str = "PipelineFailedRuns", **more: Any) -> None:
    criteria = {
        "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        "allOf": [{"metricName": metric, "operator": "GreaterThan", "threshold": 0.0}],
    }
    properties = {
        "enabled": True,
        "severity": 2,
        "scopes": [scope.replace("/resourceGroups/rg", "/resourceGroups/RG")],
        "criteria": criteria,
        "actions": [{"actionGroupId": "/subscriptions/s/resourceGroups/rg/providers/x/actionGroups/ops"}],
        **more,
    }
    azure.tenant.add(ALERT, name, properties, location="global")


def test_factories_pass_and_fail_by_what_there_is(azure: AzureWire) -> None:
    good = azure.tenant.add(FACTORY, "good", {"repoConfiguration": REPOSITORY})
    alert(azure, "good", good)
    alert(azure, "off", azure.tenant.add(FACTORY, "off", {}), enabled=False)
    alert(azure, "other", azure.tenant.add(FACTORY, "other", {}), metric="PipelineSucceededRuns")
    alert(azure, "silent", azure.tenant.add(FACTORY, "silent", {}), actions=[])
    azure.tenant.add(FACTORY, "bare", {})
    _, findings = scan((GIT, ALERTED))
    found = verdicts(findings)
    assert {name: (found[GIT, name], found[ALERTED, name]) for _, name in found} == {
        "good": ("pass", "pass"),
        "off": ("fail", "fail"),
        "other": ("fail", "fail"),
        "silent": ("fail", "fail"),
        "bare": ("fail", "fail"),
    }


def test_an_alert_of_a_group_is_of_the_factories_of_one_region(azure: AzureWire) -> None:
    azure.tenant.add(FACTORY, "west", {})
    azure.tenant.add(FACTORY, "north", {}, location="northeurope")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
    alert(azure, "group", group, targetResourceRegion="West Europe", targetResourceType=FACTORY)
    _, findings = scan((ALERTED,))
    assert {f.subject.name: f.verdict for f in findings} == {"west": "pass", "north": "fail"}


def test_what_is_not_told_is_unknown(azure: AzureWire) -> None:
    azure.tenant.add(FACTORY, "unseen", {})
    azure.resource_graph.api_versions[FACTORY.lower()] = None
    azure.tenant.data["applications"][0]["notActions"] = [f"{ALERT}/read"]
    _, findings = scan((GIT, ALERTED))
    assert {(f.check.id, f.verdict, f.reason) for f in findings} == {
        (GIT, "unknown", "missing_attribute"),
        (ALERTED, "unknown", "access_denied"),
    }
