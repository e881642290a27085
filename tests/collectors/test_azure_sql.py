"""SQL servers and databases, built to pass and to fail, and what lies below each of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.azure.wire import AzureWire

SERVER = "Microsoft.Sql/servers"
DATABASE = f"{SERVER}/databases"
SETTINGS = "Microsoft.Insights/diagnosticSettings"
SERVERS = (
    "azure.sql.minimum_tls_12",
    "azure.sql.no_open_firewall",
    "azure.sql.auditing_enabled",
    "azure.sql.audit_retention",
    "azure.sql.entra_admin_set",
    "azure.sql.entra_only_sign_in",
    "azure.sql.tde_customer_key",
    "azure.sql.vulnerability_assessment",
)
DATABASES = ("azure.sql.tde_enabled", "azure.sql.backup_retention", "azure.sql.zone_or_geo_redundant")
FIREWALL, AUDITING = "azure.sql.no_open_firewall", "azure.sql.auditing_enabled"
WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs"
DENIED = {
    "azure.sql.no_open_firewall": f"{SERVER}/firewallRules",
    "azure.sql.auditing_enabled": f"{SERVER}/auditingSettings",
    "azure.sql.audit_retention": f"{SERVER}/auditingSettings",
    "azure.sql.entra_admin_set": f"{SERVER}/administrators",
    "azure.sql.entra_only_sign_in": f"{SERVER}/administrators",
    "azure.sql.tde_customer_key": f"{SERVER}/encryptionProtector",
    "azure.sql.vulnerability_assessment": f"{SERVER}/sqlVulnerabilityAssessments",
    "azure.sql.tde_enabled": f"{DATABASE}/transparentDataEncryption",
    "azure.sql.backup_retention": f"{DATABASE}/backupShortTermRetentionPolicies",
    "azure.sql.zone_or_geo_redundant": f"{DATABASE}/replicationLinks",
}


def server(azure: AzureWire, name: str, **properties: Any) -> str:
    """A server as it is made by default, with ``master``; ``audit`` and ``protector`` replace what each has."""
    audit = properties.pop("audit", {"state": "Disabled"})
    protector = properties.pop("protector", {"serverKeyType": "ServiceManaged"})
    shown = {"state": "Ready", "version": "12.0", "publicNetworkAccess": "Enabled", **properties}
    id_ = azure.tenant.add(SERVER, name, shown, kind="v12.0")
    retention = {"retentionDays": 0, "isAzureMonitorTargetEnabled": False, "storageEndpoint": ""}
    azure.tenant.add(f"{SERVER}/auditingSettings", "default", {**retention, **audit}, below=id_)
    azure.tenant.add(f"{SERVER}/encryptionProtector", "current", protector, below=id_)
    azure.tenant.add(DATABASE, "master", {"zoneRedundant": False}, below=id_, kind="v12.0,system")
    return id_


def rule(azure: AzureWire, below: str, start: str, end: str) -> None:
    version = "IPv6" if ":" in start else "Ip"
    kind = "ipv6FirewallRules" if ":" in start else "firewallRules"
    properties = {f"start{version}Address": start, f"end{version}Address": end}
    azure.tenant.add(f"{SERVER}/{kind}", f"rule-{len(azure.tenant.resources)}", properties, below=below)


def administrator(azure: AzureWire, below: str, only: bool) -> None:
    properties = {"administratorType": "ActiveDirectory", "login": "dba", "sid": "s", "azureADOnlyAuthentication": only}
    azure.tenant.add(f"{SERVER}/administrators", "ActiveDirectory", properties, below=below)


def database(azure: AzureWire, below: str, name: str, **properties: Any) -> str:
    """A database with what each has below it; ``days``, ``tde`` and ``kind`` say otherwise."""
    days, tde, kind = properties.pop("days", 7), properties.pop("tde", "Enabled"), properties.pop("kind", "v12.0,user")
    id_ = azure.tenant.add(DATABASE, name, {"status": "Online", "zoneRedundant": False, **properties}, below=below)
    azure.tenant.resources[-1]["kind"] = kind
    azure.tenant.add(f"{DATABASE}/transparentDataEncryption", "current", {"state": tde}, below=id_)
    if "datawarehouse" not in kind:
        type_ = f"{DATABASE}/backupShortTermRetentionPolicies"
        azure.tenant.add(type_, "default", {"retentionDays": days, "diffBackupIntervalInHours": 12}, below=id_)
    return id_


def link(azure: AzureWire, below: str, state: str = "CATCH_UP", kind: str = "GEO") -> None:
    properties = {"linkType": kind, "role": "Primary", "partnerRole": "Secondary", "replicationState": state}
    azure.tenant.add(f"{DATABASE}/replicationLinks", "4891ca10", properties, below=below)


def test_servers_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    audited = {"state": "Enabled", "storageEndpoint": "https://logs.blob.core.windows.net/", "retentionDays": 365}
    good = server(azure, "good", minimalTlsVersion="1.2", audit=audited, protector={"serverKeyType": "AzureKeyVault"})
    rule(azure, good, "203.0.113.0", "203.0.113.15")
    administrator(azure, good, only=True)
    azure.tenant.add(f"{SERVER}/sqlVulnerabilityAssessments", "default", {"state": "Enabled"}, below=good)
    bad = server(azure, "bad", audit={**audited, "retentionDays": 30})
    rule(azure, bad, "0.0.0.0", "255.255.255.255")
    bare = server(azure, "bare", minimalTlsVersion="None")
    rule(azure, bare, "0.0.0.0", "0.0.0.0")
    _, findings = scan(SERVERS)
    found = verdicts(findings)
    assert {check for check in SERVERS if found[check, "good"] != "pass"} == set()
    assert {check for check in SERVERS if found[check, "bad"] != "fail"} == {AUDITING}
    assert {check for check in SERVERS if found[check, "bare"] != "fail"} == {"azure.sql.audit_retention"}
    assert found["azure.sql.audit_retention", "bare"] == "not_applicable"


def test_firewalls_are_open_by_what_their_rules_admit_together(azure: AzureWire) -> None:
    halves = server(azure, "halves")
    rule(azure, halves, "1.0.0.0", "127.255.255.255")
    rule(azure, halves, "128.0.0.0", "255.255.255.255")
    rule(azure, server(azure, "sixth"), "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    rule(azure, server(azure, "quarter"), "0.0.0.0", "63.0.0.1")
    closed = server(azure, "closed", publicNetworkAccess="Disabled")
    rule(azure, closed, "0.0.0.0", "255.255.255.255")
    office = server(azure, "office")
    rule(azure, office, "2001:db8::", "2001:db8::ff")
    server(azure, "none")
    _, findings = scan((FIREWALL,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "halves": "fail",
        "sixth": "fail",
        "quarter": "fail",
        "closed": "pass",
        "office": "pass",
        "none": "pass",
    }


def test_all_of_azure_is_let_pass_where_the_policy_says_so(azure: AzureWire) -> None:
    rule(azure, server(azure, "azure"), "0.0.0.0", "0.0.0.0")
    _, findings = scan((FIREWALL,), parameters={FIREWALL: {"allow_azure_services": True}})
    assert [f.verdict for f in findings] == ["pass"]


def test_a_rule_of_which_the_end_is_not_an_address_is_malformed(azure: AzureWire) -> None:
    rule(azure, server(azure, "odd"), "203.0.113.0", "everything")
    _, findings = scan((FIREWALL,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


def test_audit_events_go_on_from_azure_monitor_by_a_setting_of_master(azure: AzureWire) -> None:
    monitored = {"state": "Enabled", "isAzureMonitorTargetEnabled": True}
    logs = [{"category": "SQLSecurityAuditEvents", "enabled": True}]
    for name, where in (("workspace", {"workspaceId": WORKSPACE}), ("nowhere", {})):
        id_ = server(azure, name, audit=monitored)
        azure.tenant.add(SETTINGS, "audit", {"logs": logs, **where}, below=f"{id_}/databases/master")
    server(azure, "unset", audit=monitored)
    _, findings = scan((AUDITING,))
    assert {f.subject.name: f.verdict for f in findings} == {"workspace": "pass", "nowhere": "fail", "unset": "fail"}


def test_servers_are_scanned_in_one_configuration_or_the_other(azure: AzureWire) -> None:
    stored = {"storageContainerPath": "https://scans.blob.core.windows.net/va/"}
    for name, scans in (("classic", {"isEnabled": True}), ("once", {"isEnabled": False})):
        properties = {**stored, "recurringScans": {**scans, "emails": ["somebody@example.com"]}}
        azure.tenant.add(f"{SERVER}/vulnerabilityAssessments", "default", properties, below=server(azure, name))
    server(azure, "without-defender")
    azure.faults.add(
        "error",
        f"arm:{SERVER}/vulnerabilityAssessments",
        code="VulnerabilityAssessmentADSIsDisabled",
        status=400,
        where=lambda exchange: "/without-defender/" in exchange.request.target,
    )
    snapshot, findings = scan(("azure.sql.vulnerability_assessment",))
    assert {f.subject.name: f.verdict for f in findings} == {
        "classic": "pass",
        "once": "fail",
        "without-defender": "fail",
    }
    assert "somebody@example.com" not in repr(snapshot)


def test_databases_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    id_ = server(azure, "server")
    database(azure, id_, "zones", zoneRedundant=True, days=35)
    link(azure, database(azure, id_, "regions"))
    database(azure, id_, "bad", days=1, tde="Disabled")
    link(azure, database(azure, id_, "stopped"), state="SUSPENDED")
    link(azure, database(azure, id_, "named"), kind="NAMED")
    database(azure, id_, "warehouse", kind="v12.0,user,datawarehouse")
    _, findings = scan(DATABASES)
    found = verdicts(findings)
    assert {name: tuple(found[check, name] for check in DATABASES) for _, name in found} == {
        "zones": ("pass", "pass", "pass"),
        "regions": ("pass", "pass", "pass"),
        "bad": ("fail", "fail", "fail"),
        "stopped": ("pass", "pass", "fail"),
        "named": ("pass", "pass", "fail"),
        "warehouse": ("pass", "not_applicable", "not_applicable"),
        "master": ("not_applicable", "not_applicable", "not_applicable"),
    }
    # master is asked nothing.
    assert azure.traffic.calls[f"arm:{DATABASE}/transparentDataEncryption"] == 6


@pytest.mark.parametrize("check", DENIED)
def test_what_is_denied_is_unknown_and_names_the_permission(azure: AzureWire, check: str) -> None:
    audited = {"state": "Enabled", "storageEndpoint": "https://logs.blob.core.windows.net/"}
    database(azure, server(azure, "server", audit=audited), "orders")
    azure.faults.add("denied", f"arm:{DENIED[check]}")
    _, findings = scan((check,))
    (finding,) = [f for f in findings if f.subject.name in ("orders", "server")]
    assert (finding.verdict, finding.reason) == ("unknown", "access_denied")
    assert {cause.unread.permission for cause in finding.causes} == {f"{DENIED[check]}/read"}


def test_what_an_older_api_version_does_not_define_is_unread(azure: AzureWire) -> None:
    server(azure, "old", minimalTlsVersion="1.2")
    azure.resource_graph.api_versions["microsoft.sql/servers"] = "2015-05-01-preview"
    _, findings = scan(("azure.sql.minimum_tls_12",))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_a_server_deleted_since_resource_graph_saw_it_is_gone(azure: AzureWire) -> None:
    server(azure, "gone")
    azure.faults.add("error", f"arm:{SERVER}/administrators", code="SubscriptionDoesNotHaveServer", status=404)
    (row,) = read({SERVER: {"administrators"}}, provider="azure").collections
    assert (row.state, row.count) == ("complete", 0)
