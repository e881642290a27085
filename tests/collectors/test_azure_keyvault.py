"""Key vaults, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.azure.wire import AzureWire

VAULT = "Microsoft.KeyVault/vaults"
SETTINGS = "Microsoft.Insights/diagnosticSettings"
LOGGING = "azure.keyvault.logging_enabled"
CHECKS = (
    "azure.keyvault.soft_delete_enabled",
    "azure.keyvault.purge_protection_enabled",
    "azure.keyvault.network_restricted",
    "azure.keyvault.rbac_authorization",
)
GOOD = {
    "enableSoftDelete": True,
    "enablePurgeProtection": True,
    "enableRbacAuthorization": True,
    "publicNetworkAccess": "disabled",
}
BAD = {"enableSoftDelete": False, "publicNetworkAccess": "Enabled"}
WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs"


def setting(azure: AzureWire, vault: str, logs: list[dict[str, Any]], **destination: Any) -> None:
    azure.tenant.add(SETTINGS, f"setting-{len(azure.tenant.resources)}", {"logs": logs, **destination}, below=vault)


def test_vaults_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    azure.tenant.add(VAULT, "good", GOOD)
    azure.tenant.add(VAULT, "bad", BAD)
    _, findings = scan(CHECKS)
    found = verdicts(findings)
    assert {name: {found[check, name] for check in CHECKS} for name in ("good", "bad")} == {
        "good": {"pass"},
        "bad": {"fail"},
    }


def test_what_an_older_api_version_does_not_define_is_unread(azure: AzureWire) -> None:
    azure.tenant.add(VAULT, "old", GOOD)
    azure.resource_graph.api_versions["microsoft.keyvault/vaults"] = "2016-10-01"
    _, findings = scan(CHECKS)
    assert {f.check.id: f.verdict for f in findings} == {
        CHECKS[0]: "pass",
        CHECKS[1]: "unknown",
        CHECKS[2]: "unknown",
        CHECKS[3]: "unknown",
    }


@pytest.mark.parametrize("kind", ["denied", "server_error", "throttled", "hollow", "truncated", "html", "cut_body"])
def test_a_query_that_is_not_answered_leaves_every_vault_unknown(azure: AzureWire, kind: Any) -> None:
    azure.tenant.add(VAULT, "unseen", GOOD)
    azure.faults.add(kind, "resourcegraph:resources")
    _, findings = scan(CHECKS)
    assert {f.verdict for f in findings} == {"unknown"}
    assert {f.check.id for f in findings} == set(CHECKS)


def test_audit_events_must_go_somewhere(azure: AzureWire) -> None:
    audit = [{"category": "AuditEvent", "enabled": True}]
    group = [{"categoryGroup": "audit", "enabled": True}]
    setting(azure, azure.tenant.add(VAULT, "category", GOOD), audit, workspaceId=WORKSPACE)
    setting(azure, azure.tenant.add(VAULT, "group", GOOD), group, storageAccountId="/subscriptions/s/x")
    setting(azure, azure.tenant.add(VAULT, "nowhere", GOOD), audit)
    setting(azure, azure.tenant.add(VAULT, "off", GOOD), [{**audit[0], "enabled": False}], workspaceId=WORKSPACE)
    azure.tenant.add(VAULT, "none", GOOD)
    _, findings = scan((LOGGING,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "category": "pass",
        "group": "pass",
        "nowhere": "fail",
        "off": "fail",
        "none": "fail",
    }


def test_a_log_of_which_nobody_says_whether_it_is_on_is_unknown(azure: AzureWire) -> None:
    setting(azure, azure.tenant.add(VAULT, "unsaid", GOOD), [{"category": "AuditEvent"}], workspaceId=WORKSPACE)
    _, findings = scan((LOGGING,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]
