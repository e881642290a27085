"""Flexible servers of PostgreSQL and MySQL, Cosmos DB accounts and Redis caches, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.azure.wire import AzureWire

POSTGRESQL, MYSQL = "Microsoft.DBforPostgreSQL/flexibleServers", "Microsoft.DBforMySQL/flexibleServers"
COSMOS, REDIS = "Microsoft.DocumentDB/databaseAccounts", "Microsoft.Cache/redis"
POSTGRESQL_PARAMETERS = tuple(
    f"azure.postgresql.flexible_{name}"
    for name in (
        "secure_transport",
        "minimum_tls_12",
        "connections_logged",
        "disconnections_logged",
        "checkpoints_logged",
    )
)
POSTGRESQL_SERVERS = tuple(
    f"azure.postgresql.flexible_{name}" for name in ("backup_retention", "geo_redundant_backup", "high_availability")
)
MYSQL_PARAMETERS = tuple(f"azure.mysql.flexible_{name}" for name in ("secure_transport", "minimum_tls_12", "audit_log"))
COSMOS_CHECKS = tuple(
    f"azure.cosmosdb.{name}" for name in ("network_restricted", "continuous_backup", "automatic_failover")
)
REDIS_CHECKS = ("azure.redis.tls_only", "azure.redis.minimum_tls_12")
STRICT = {
    "require_secure_transport": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_checkpoints": "on",
}
LAX = {**dict.fromkeys(STRICT, "off"), "ssl_min_protocol_version": "TLSv1"}
BACKED_UP = {"backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"}}


def server(azure: AzureWire, type_: str, name: str, parameters: dict[str, str], **properties: Any) -> None:
    shown = {"version": "16", "state": "Ready", **(BACKED_UP if type_ == POSTGRESQL else {}), **properties}
    id_ = azure.tenant.add(type_, name, shown, sku={"name": "Standard_D2ds_v4", "tier": "GeneralPurpose"})
    # Among hundreds of others, as text and with what is documented of each.
    for parameter, value in {"autovacuum": "on", **parameters}.items():
        row = {"value": value, "defaultValue": value, "dataType": "Boolean", "source": "system-default"}
        azure.tenant.add(f"{type_}/configurations", parameter, row, below=id_)


def cosmos(azure: AzureWire, name: str, regions: int = 1, **properties: Any) -> None:
    locations = [{"id": f"{name}-{number}", "locationName": f"Region {number}"} for number in range(regions)]
    shown = {
        "publicNetworkAccess": "Enabled",
        "enableAutomaticFailover": False,
        "isVirtualNetworkFilterEnabled": False,
        "locations": locations,
        "ipRules": [],
        "backupPolicy": {"type": "Periodic"},
        **properties,
    }
    azure.tenant.add(COSMOS, name, shown, kind="GlobalDocumentDB")


def test_parameters_of_postgresql_decide(azure: AzureWire) -> None:
    server(azure, POSTGRESQL, "strict", STRICT)
    server(azure, POSTGRESQL, "lax", LAX)
    azure.manager.page_size = 2
    _, findings = scan(POSTGRESQL_PARAMETERS)
    found = verdicts(findings)
    assert {name: {found[check, name] for check in POSTGRESQL_PARAMETERS} for name in ("strict", "lax")} == {
        "strict": {"pass"},
        "lax": {"fail"},
    }
    # All parameters of a server come with one listing.
    assert azure.traffic.calls[f"arm:{POSTGRESQL}/configurations"] == 6


def test_what_postgresql_keeps_and_where_decides(azure: AzureWire) -> None:
    good = {"backup": {"backupRetentionDays": 14, "geoRedundantBackup": "Enabled"}}
    server(azure, POSTGRESQL, "good", {}, **good, highAvailability={"mode": "ZoneRedundant", "state": "Healthy"})
    server(azure, POSTGRESQL, "bad", {}, backup={"backupRetentionDays": 1}, highAvailability={"mode": "Disabled"})
    server(azure, POSTGRESQL, "replica", {}, replicationRole="AsyncReplica")
    _, findings = scan(POSTGRESQL_SERVERS)
    found = verdicts(findings)
    assert {name: {found[check, name] for check in POSTGRESQL_SERVERS} for _, name in found} == {
        "good": {"pass"},
        "bad": {"fail"},
        "replica": {"not_applicable"},
    }


def test_parameters_of_mysql_decide(azure: AzureWire) -> None:
    good = {
        "require_secure_transport": "ON",
        "tls_version": "TLSv1.2,TLSv1.3",
        "audit_log_enabled": "ON",
        "audit_log_events": "CONNECTION,DDL",
    }
    server(azure, MYSQL, "good", good)
    # As a recording has it: in capitals.
    bad = {**good, "require_secure_transport": "OFF", "tls_version": "TLSV1.1", "audit_log_events": "DDL"}
    server(azure, MYSQL, "bad", bad)
    _, findings = scan(MYSQL_PARAMETERS)
    found = verdicts(findings)
    assert {name: {found[check, name] for check in MYSQL_PARAMETERS} for name in ("good", "bad")} == {
        "good": {"pass"},
        "bad": {"fail"},
    }


@pytest.mark.parametrize(("type_", "checks"), [(POSTGRESQL, POSTGRESQL_PARAMETERS), (MYSQL, MYSQL_PARAMETERS)])
def test_a_parameter_that_is_not_named_is_unknown(azure: AzureWire, type_: str, checks: tuple[str, ...]) -> None:
    server(azure, type_, "silent", {})
    _, findings = scan(checks)
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


@pytest.mark.parametrize(("type_", "checks"), [(POSTGRESQL, POSTGRESQL_PARAMETERS), (MYSQL, MYSQL_PARAMETERS)])
def test_parameters_that_are_denied_name_the_permission(azure: AzureWire, type_: str, checks: tuple[str, ...]) -> None:
    server(azure, type_, "denied", STRICT)
    azure.faults.add("denied", f"arm:{type_}/configurations")
    _, findings = scan(checks)
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "access_denied")}
    causes = {cause.unread.permission for f in findings for cause in f.causes}
    assert causes == {f"{type_}/configurations/read"}


def test_cosmos_accounts_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    continuous = {"type": "Continuous", "continuousModeProperties": {"tier": "Continuous7Days"}}
    cosmos(
        azure,
        "good",
        2,
        ipRules=[{"ipAddressOrRange": "203.0.113.7"}],
        backupPolicy=continuous,
        enableAutomaticFailover=True,
    )
    cosmos(azure, "bad", 2)
    cosmos(azure, "one", 1, isVirtualNetworkFilterEnabled=True, ipRules=[{"ipAddressOrRange": "0.0.0.0"}])
    _, findings = scan(COSMOS_CHECKS)
    found = verdicts(findings)
    assert {name: tuple(found[check, name] for check in COSMOS_CHECKS) for _, name in found} == {
        "good": ("pass", "pass", "pass"),
        "bad": ("fail", "fail", "fail"),
        "one": ("fail", "fail", "not_applicable"),
    }


def test_rules_of_cosmos_in_the_text_of_older_versions_are_not_no_rules(azure: AzureWire) -> None:
    cosmos(azure, "old", ipRangeFilter="203.0.113.7")
    azure.resource_graph.api_versions[COSMOS.lower()] = "2019-08-01"
    _, findings = scan(COSMOS_CHECKS[:2])
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


def test_caches_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    azure.tenant.add(REDIS, "good", {"enableNonSslPort": False, "minimumTlsVersion": "1.2"})
    azure.tenant.add(REDIS, "bad", {"enableNonSslPort": True})
    # Nobody documents what is meant where the port is not mentioned.
    azure.tenant.add(REDIS, "silent", {"minimumTlsVersion": "1.2"})
    _, findings = scan(REDIS_CHECKS)
    found = verdicts(findings)
    assert {name: {found[check, name] for check in REDIS_CHECKS} for name in ("good", "bad", "silent")} == {
        "good": {"pass"},
        "bad": {"fail"},
        "silent": {"pass", "unknown"},
    }


@pytest.mark.parametrize(
    ("type_", "checks"), [(POSTGRESQL, POSTGRESQL_SERVERS), (COSMOS, COSMOS_CHECKS), (REDIS, REDIS_CHECKS)]
)
def test_rows_that_are_withheld_are_unknown(azure: AzureWire, type_: str, checks: tuple[str, ...]) -> None:
    azure.tenant.add(type_, "unseen", {})
    azure.tenant.data["applications"][0]["notActions"] = [f"{type_}/read"]
    _, findings = scan(checks)
    assert sorted((f.check.id, f.verdict, f.reason) for f in findings) == [
        (check, "unknown", "access_denied") for check in sorted(checks)
    ]
