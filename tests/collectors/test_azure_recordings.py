"""What Azure answered to others, read by the real adapter: see ``tests/emulators/azure/recordings.py``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from providers import declared
from tests.collectors.scan import read
from tests.emulators.azure.errors import answered
from tests.emulators.azure.recordings import CASSETTES, EXPORT, cassettes, interactions, lend
from tests.emulators.azure.wire import AzureWire

ACCOUNT, VAULT, GROUP = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.KeyVault/vaults",
    "Microsoft.Network/networkSecurityGroups",
)
APPS: Final = (
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.ServiceBus/namespaces",
    "Microsoft.Web/sites",
)
SQL, DATABASE, MYSQL = (
    "Microsoft.Sql/servers",
    "Microsoft.Sql/servers/databases",
    "Microsoft.DBforMySQL/flexibleServers",
)
COSMOS, DISK = "Microsoft.DocumentDB/databaseAccounts", "Microsoft.Compute/disks"
MACHINE, SCALE_SET = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachineScaleSets"
RECORDED_TYPES = (ACCOUNT, VAULT, GROUP, SQL, DATABASE, MYSQL, COSMOS, DISK, MACHINE, SCALE_SET, *APPS)
EXPLAINED: Final[Mapping[tuple[str, str], str]] = {
    (ACCOUNT, "minimum_tls_version"): "asked with 2019-04-01 or 2019-06-01, to which it was added a year later",
    (ACCOUNT, "allow_blob_public_access"): "asked with 2019-04-01 or 2019-06-01, to which it was added a year later",
    (ACCOUNT, "allow_shared_key_access"): "asked with 2019-04-01 or 2019-06-01, which do not define it",
    (ACCOUNT, "infrastructure_encryption"): "asked with 2019-04-01 or 2019-06-01",
    (ACCOUNT, "public_network_access"): "asked with versions before 2021-06-01, which do not define it",
    (ACCOUNT, "private_endpoint_connection_ids"): "asked with 2019-04-01, which does not define it",
    (ACCOUNT, "key1_created_at"): "asked with versions before 2021-02-01, which do not define it",
    (ACCOUNT, "key2_created_at"): "asked with versions before 2021-02-01, which do not define it",
    (ACCOUNT, "immutability_state"): "asked with versions before 2021-06-01, which do not define it",
    (ACCOUNT, "blob_service"): "the blob service of this account was not recorded",
    (ACCOUNT, "containers"): "the blob service of this account was not recorded",
    (ACCOUNT, "lifecycle_rules"): "the management policy of this account was not recorded",
    (APPS[0], "private_api_server"): "asked with 2019-04-01, which does not define it",
    (APPS[0], "authorized_ip_ranges"): "asked with 2019-04-01, which has it elsewhere",
    (APPS[0], "entra_managed"): "asked with 2019-04-01, which does not define it",
    (APPS[0], "local_accounts_disabled"): "asked with 2019-04-01, which does not define it",
    (APPS[0], "upgrade_channel"): "asked with 2019-04-01, which does not define it",
    (APPS[4], "configuration"): "the configuration of this app was not recorded",
    (VAULT, "rbac_authorization_enabled"): "asked with 2019-09-01, to which it was added later",
    (VAULT, "public_network_access"): "asked with 2019-09-01, which does not define it",
    (SQL, "minimum_tls_version"): "asked with 2015-05-01-preview, which does not define it",
    (SQL, "public_network_access"): "asked with 2015-05-01-preview, which does not define it",
    (SQL, "auditing"): "the auditing of this server was not recorded",
    (SQL, "key_type"): "the encryption protector of this server was not recorded",
    (SQL, "master_diagnostic_settings"): "the databases of this server were not recorded, master among them",
    (DATABASE, "transparent_data_encryption"): "the encryption of this database was not recorded",
    (DATABASE, "backup_retention_days"): "the retention of this database was not recorded",
    (MYSQL, "parameters"): "one parameter of each server was recorded",
    (COSMOS, "public_network_access"): "asked with 2015-04-08, which does not define it",
    (COSMOS, "allowed_ip_ranges"): "asked with 2015-04-08, which has them in a text",
    (COSMOS, "backup_type"): "asked with 2015-04-08, which does not define it",
    (DISK, "encryption_type"): "asked with 2018-09-30, which does not define it",
    (DISK, "hyper_v_generation"): "asked with 2018-09-30, to which it was added later",
    (SCALE_SET, "encryption_at_host"): "asked with 2019-03-01, which does not define it",
    (MACHINE, "encryption_at_host"): "asked with 2019-03-01, which does not define it",
    (MACHINE, "scale_set_id"): "asked with 2019-03-01, to which it was added later",
    (MACHINE, "secure_boot_enabled"): "asked with 2019-03-01, which does not define it",
    (MACHINE, "security_type"): "asked with 2019-03-01, which does not define it",
    (MACHINE, "vtpm_enabled"): "asked with 2019-03-01, which does not define it",
    (MACHINE, "patch_assessment"): "no assessment was recorded",
}
"""What is unread of recorded resources, and why."""

pytestmark = pytest.mark.skipif(not CASSETTES.is_dir(), reason="the recordings are not beside the checkout")


def wanted() -> dict[str, set[str]]:
    """Everything that can be read of the recorded types."""
    readers = declared("azure").readers
    return {type_: {name for row in readers for name in row.fills.get(type_, ())} for type_ in RECORDED_TYPES}


def gaps(azure: AzureWire, cassette: Path) -> Iterator[tuple[str, str, str]]:
    versions = lend(azure, cassette)
    snapshot = read(wanted(), provider="azure")
    for row in snapshot.collections:
        assert (row.state, row.unread) == ("complete", None)
    types = {name.lower() for name in wanted()}
    assert len(snapshot.resources) == sum(
        item["type"].lower() in versions and item["type"].lower() in types for item in azure.tenant.resources
    )
    for item in snapshot.resources:
        for pointer, why in item.unread.items():
            yield item.type, pointer.split("/")[1], why.reason


@pytest.mark.parametrize("cassette", cassettes(), ids=lambda path: path.stem)
def test_recorded_resources_are_read_and_what_is_unread_has_a_reason(azure: AzureWire, cassette: Path) -> None:
    found = set(gaps(azure, cassette))
    assert {row for row in found if row[2] == "malformed_response"} == set()
    assert {row for row in found if row[:2] not in EXPLAINED} == set()


def test_every_explanation_is_of_something(azure: AzureWire) -> None:
    found = set()
    for cassette in cassettes():
        azure.reset()
        found |= {row[:2] for row in gaps(azure, cassette)}
    assert found == set(EXPLAINED)


def test_a_recorded_account_is_read_as_it_was(azure: AzureWire) -> None:
    lend(azure, CASSETTES / "StorageTest.test_storage_blob_services.json")
    found = {item.name: item for item in read(wanted(), provider="azure").resources}
    assert found["bfsdevstorage"].properties["minimum_tls_version"] == "TLS1_0"
    assert found["bfsdevstorage"].properties["key1_created_at"] == "2022-01-14T22:10:18.857000Z"
    read_ = found["cctstorageyenndgetjsvtg"].properties["blob_service"]
    assert read_ == {"delete_retention_days": 7, "container_delete_retention_days": None, "versioning_enabled": False}


def test_a_recorded_vault_is_read_as_it_was(azure: AzureWire) -> None:
    lend(azure, CASSETTES / "KeyVaultTest.test_whitelist.json")
    (found,) = read(wanted(), provider="azure").resources
    assert (found.properties["default_network_action"], found.properties["purge_protection_enabled"]) == ("Deny", None)
    assert len(found.properties["allowed_ip_ranges"]) == 8


def test_recorded_firewall_rules_are_read_as_blocks(azure: AzureWire) -> None:
    cassette = CASSETTES / "SqlServerTest.firewall.json"
    (said,) = [
        row["response"]["body"]["string"]
        for row in json.loads(cassette.read_text())["interactions"]
        if "firewallRules" in row["request"]["uri"]
    ]
    azure.tenant.add(SQL, "cctestsqlserverj6y6cbbtaphs4", {})
    azure.change(f"arm:{SQL}/firewallRules", lambda exchange, answer: answered(json.loads(said)))
    (found,) = read({SQL: {"firewall_ranges"}}, provider="azure").resources
    assert found.properties["firewall_ranges"] == ["1.2.2.128/25", "0.0.0.0/32"]


def test_recorded_management_policies_are_read_there_or_not(azure: AzureWire) -> None:
    cassette = CASSETTES / "StorageTest.test_storage_management_policy_rules_filter.json"
    lend(azure, cassette)
    rows = [row for row in interactions(cassette) if row.path.endswith("/managementPolicies/default")]
    recorded = {row.path.split("/")[-3]: answered(row.body, row.status) for row in rows}
    azure.change(
        f"arm:{ACCOUNT}/managementPolicies", lambda exchange, answer: recorded[exchange.request.path.split("/")[-3]]
    )
    found = {item.name: item.properties for item in read({ACCOUNT: {"lifecycle_rules"}}, provider="azure").resources}
    rule = {"enabled": True, "deletes_blobs": True, "deletes_versions": False, "blob_types": ["blockBlob"]}
    assert {name: properties["lifecycle_rules"] for name, properties in found.items()} == {
        "usm2nughsm6pomstr0": [],
        "cloudcustodiantest": [{"name": "test", **rule, "prefixes": [], "index_tags": []}],
    }


def test_rows_in_the_old_form_of_a_table_are_malformed_and_not_nothing(azure: AzureWire) -> None:
    name = "ResourceGraphSource.test_resource_graph_and_arm_sources_storage_are_equivalent.json"
    (table,) = [row.body for row in interactions(CASSETTES / name) if row.method == "POST"]
    azure.change("resourcegraph:resources", lambda exchange, answer: answered(table))
    (row,) = read({ACCOUNT: {"kind"}}, provider="azure").collections
    assert (row.state, row.unread and row.unread.reason) == ("failed", "malformed_response")


def test_a_recorded_row_of_resource_graph_is_read_as_resource_manager_shows_it(azure: AzureWire) -> None:
    """The recorded rows as the form that is asked for today has them: an object for each."""
    name = "ResourceGraphSource.test_resource_graph_and_arm_sources_storage_are_equivalent.json"
    (table,) = [row.body for row in interactions(CASSETTES / name) if row.method == "POST"]
    columns = [column["name"] for column in table["data"]["columns"]]
    rows = [dict(zip(columns, row, strict=True)) | {"apiVersion": "2019-04-01"} for row in table["data"]["rows"]]
    body = {**table, "data": rows, "count": len(rows), "totalRecords": len(rows)}
    lend(azure, CASSETTES / name)
    names = ("kind", "sku", "https_traffic_only", "default_network_action", "key_source", "allowed_ip_ranges")
    (by_manager,) = read({ACCOUNT: names}, provider="azure").resources
    azure.change("resourcegraph:resources", lambda exchange, answer: answered(body))
    (by_graph,) = read({ACCOUNT: names}, provider="azure").resources
    assert (by_graph.id, by_graph.region) == (by_manager.id, by_manager.region)
    assert [by_graph.properties[name] for name in names] == [by_manager.properties[name] for name in names]


def test_an_exported_authorization_policy_is_read(azure: AzureWire) -> None:
    """The export names Microsoft Graph's properties in PowerShell's case."""
    (policy,) = json.loads(EXPORT.read_text(encoding="utf-8-sig"))["authorization_policies"]
    azure.tenant.directory["policies/authorizationPolicy"] = _camel(policy)
    fills = {"guest_user_role_id", "allow_invites_from"}
    (found,) = read({"Microsoft.Graph/organization": fills}, provider="azure").resources
    assert found.properties == {
        "guest_user_role_id": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "allow_invites_from": "adminsAndGuestInviters",
        "users_create_applications": True,
        "users_create_security_groups": True,
        "users_create_tenants": True,
    }
    # The export is of the beta version, which has them elsewhere.
    assert {pointer: why.reason for pointer, why in found.unread.items()} == {
        "/user_consent_policies": "missing_attribute"
    }


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value
