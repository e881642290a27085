"""What holds once for a subscription: where its activity log goes, what Defender protects and whom it tells."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan
from tests.emulators.azure.tenant import SUBSCRIPTION, TENANT, subscription
from tests.emulators.azure.wire import AzureWire

ACTIVITY, PLANS, CONTACT, OWNERS = CHECKS = (
    "azure.monitor.activity_log_exported",
    "azure.defender.plans_enabled",
    "azure.defender.security_contact",
    "azure.defender.owners_notified",
)
TYPE = "Microsoft.Resources/subscriptions"
PATH = f"/subscriptions/{SUBSCRIPTION}"
CATEGORIES = ("Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale")
NAMES = (
    "VirtualMachines",
    "SqlServers",
    "AppServices",
    "StorageAccounts",
    "KeyVaults",
    "Arm",
    "Containers",
    "OpenSourceRelationalDatabases",
    "CosmosDbs",
    "SqlServerVirtualMachines",
    "CloudPosture",
)


def exported(azure: AzureWire, **properties: Any) -> None:
    logs = [{"category": name, "enabled": True} for name in CATEGORIES]
    known = {"logs": logs, "workspaceId": "/subscriptions/s/workspaces/logs", **properties}
    azure.tenant.add("Microsoft.Insights/diagnosticSettings", "export", known, below=PATH)


def plans(azure: AzureWire, tier: str = "Standard", names: tuple[str, ...] = NAMES, **more: Any) -> None:
    for name in names:
        azure.tenant.add("Microsoft.Security/pricings", name, {"pricingTier": tier, **more}, below=PATH)


def contact(azure: AzureWire, **properties: Any) -> None:
    known = {
        "emails": "security@contoso.example",
        "isEnabled": True,
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        **properties,
    }
    azure.tenant.add("Microsoft.Security/securityContacts", "default", known, below=PATH)


def outcome(checks: tuple[str, ...] = CHECKS) -> dict[str, tuple[str, str | None]]:
    return {f.check.id: (f.verdict, f.reason) for f in scan(checks)[1]}


def test_a_subscription_that_is_watched_passes(azure: AzureWire) -> None:
    exported(azure)
    plans(azure)
    contact(azure)
    assert outcome() == dict.fromkeys(CHECKS, ("pass", None))


def test_a_subscription_of_which_nothing_was_set_fails(azure: AzureWire) -> None:
    assert outcome() == dict.fromkeys(CHECKS, ("fail", None))


@pytest.mark.parametrize(
    ("coverage", "verdict"), [("FullyCovered", "pass"), ("PartiallyCovered", "fail"), ("NotCovered", "fail")]
)
def test_a_plan_that_is_off_for_some_resources_fails(azure: AzureWire, coverage: str, verdict: str) -> None:
    plans(azure, names=NAMES[1:])
    plans(azure, names=NAMES[:1], resourcesCoverageStatus=coverage)
    assert outcome(("azure.defender.plans_enabled",)) == {"azure.defender.plans_enabled": (verdict, None)}


def test_what_is_set_by_halves_fails(azure: AzureWire) -> None:
    exported(azure, workspaceId=None)
    plans(azure, names=NAMES[1:])
    contact(azure, emails=" ; ", notificationsByRole={"state": "Off", "roles": ["Owner"]})
    assert outcome() == dict.fromkeys(CHECKS, ("fail", None))


def test_a_resource_provider_that_is_not_registered_is_off(azure: AzureWire) -> None:
    azure.tenant.subscriptions[0]["unregistered"] = ["Microsoft.Security", "microsoft.insights"]
    snapshot, findings = scan(CHECKS)
    assert {f.check.id: f.verdict for f in findings} == dict.fromkeys(CHECKS, "fail")
    words = {row.reader: dict(row.outcomes) for row in snapshot.ledger if row.reader.startswith("arm:Microsoft.S")}
    assert words == {
        "arm:Microsoft.Security/pricings": {"off": 1},
        "arm:Microsoft.Security/securityContacts": {"off": 1},
    }


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("denied", "access_denied"),
        ("policy_denied", "policy_denied"),
        ("throttled", "throttled"),
        ("server_error", "unavailable"),
        ("expired_token", "access_denied"),
        ("hollow", "malformed_response"),
        ("truncated", "malformed_response"),
        ("empty", "malformed_response"),
        ("html", "malformed_response"),
        ("cut", "unavailable"),
        ("cut_body", "unavailable"),
    ],
)
def test_what_is_not_answered_is_unknown_and_says_why(azure: AzureWire, kind: Any, reason: str) -> None:
    exported(azure)
    plans(azure)
    contact(azure)
    azure.faults.add(kind, "arm:Microsoft.Security/*")
    azure.faults.add(kind, "arm:Microsoft.Insights/*")
    assert outcome() == dict.fromkeys(CHECKS, ("unknown", reason))


def test_a_missing_subscription_is_no_subscription_that_vanished(azure: AzureWire) -> None:
    azure.faults.add("error", "arm:Microsoft.Security/*", code="ResourceNotFound", status=404)
    assert outcome((PLANS,)) == {PLANS: ("unknown", "unavailable")}


def test_subscriptions_lie_below_management_groups(azure: AzureWire) -> None:
    azure.tenant.subscriptions.append(subscription("5ab5c21a-0000-4000-8000-000000000002", "Sandbox"))
    azure.tenant.subscriptions[1]["managementGroups"] = [TENANT]
    found = {
        item.name: item.properties for item in read({TYPE: {"management_groups", "state"}}, provider="azure").resources
    }
    assert found == {
        "Production": {"management_groups": ["landing-zones", TENANT], "state": "Enabled"},
        "Sandbox": {"management_groups": [TENANT], "state": "Enabled"},
    }
