"""Storage accounts, built to pass and to fail, read through Resource Graph and Resource Manager."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.azure.tenant import SUBSCRIPTION
from tests.emulators.azure.wire import AzureWire

ACCOUNT = "Microsoft.Storage/storageAccounts"
CHECKS = (
    "azure.storage.secure_transfer_required",
    "azure.storage.minimum_tls_12",
    "azure.storage.blob_public_access_disabled",
    "azure.storage.network_default_deny",
    "azure.storage.shared_key_disabled",
    "azure.storage.customer_managed_key",
    "azure.storage.geo_redundant",
)
SOFT_DELETE = ("azure.storage.blob_soft_delete",)
GOOD = {
    "supportsHttpsTrafficOnly": True,
    "minimumTlsVersion": "TLS1_2",
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": False,
    "publicNetworkAccess": "Enabled",
    "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Deny"},
    "encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyname": "k"}},
}
BAD = {
    "supportsHttpsTrafficOnly": False,
    "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"},
    "encryption": {"keySource": "Microsoft.Storage"},
}


def account(azure: AzureWire, name: str, properties: dict[str, Any], sku: str = "Standard_GRS", **more: Any) -> str:
    return azure.tenant.add(ACCOUNT, name, properties, sku={"name": sku, "tier": "Standard"}, kind="StorageV2", **more)


def blob_service(azure: AzureWire, below: str, **properties: Any) -> None:
    azure.tenant.add(f"{ACCOUNT}/blobServices", "default", properties, below=below)


def test_accounts_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    account(azure, "good", GOOD)
    account(azure, "bad", BAD, sku="Standard_LRS")
    snapshot, findings = scan(CHECKS)
    found = verdicts(findings)
    assert {name: {found[check, name] for check in CHECKS} for name in ("good", "bad")} == {
        "good": {"pass"},
        "bad": {"fail"},
    }
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 2)]
    assert azure.traffic.calls["resourcegraph:resources"] == 1


def test_an_account_is_read_as_it_is(azure: AzureWire) -> None:
    id_ = account(
        azure,
        "Kept",
        {**GOOD, "keyCreationTime": {"key1": "2026-01-14T22:10:18.8579498Z", "key2": None}, "isHnsEnabled": True},
        tags={"team": "a"},
        location="West Europe",
    )
    blob_service(azure, id_, deleteRetentionPolicy={"enabled": True, "days": 7})
    names = {"kind", "key1_created_at", "key2_created_at", "hierarchical_namespace", "allowed_ip_ranges"}
    wanted = {ACCOUNT: {*names, "private_endpoint_connection_ids", "blob_service", "tags"}}
    (found,) = read(wanted, provider="azure").resources
    assert (found.id, found.name, found.account, found.region, found.tags) == (
        f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/providers/microsoft.storage/storageaccounts/kept",
        "Kept",
        SUBSCRIPTION,
        "westeurope",
        {"team": "a"},
    )
    assert {key: found.properties[key] for key in sorted(wanted[ACCOUNT] - {"tags"})} == {
        "allowed_ip_ranges": [],
        "blob_service": {
            "delete_retention_days": 7,
            "container_delete_retention_days": None,
            "versioning_enabled": False,
        },
        "hierarchical_namespace": True,
        # Resource Graph cuts times to milliseconds.
        "key1_created_at": "2026-01-14T22:10:18.857000Z",
        "key2_created_at": None,
        "kind": "StorageV2",
        "private_endpoint_connection_ids": [],
    }
    assert found.unread == {}


def test_what_the_api_version_of_resource_graph_does_not_define_is_unread(azure: AzureWire) -> None:
    account(azure, "old", {"supportsHttpsTrafficOnly": True})
    azure.resource_graph.api_versions["microsoft.storage/storageaccounts"] = "2019-04-01"
    _, findings = scan(CHECKS[:3])
    assert {f.check.id: (f.verdict, f.reason) for f in findings} == {
        CHECKS[0]: ("pass", None),
        CHECKS[1]: ("unknown", "missing_attribute"),
        CHECKS[2]: ("unknown", "missing_attribute"),
    }


def test_null_is_believed_only_where_resource_graph_says_with_which_version_it_read(azure: AzureWire) -> None:
    account(azure, "unsaid", {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"})
    azure.resource_graph.api_versions["microsoft.storage/storageaccounts"] = None
    _, findings = scan(CHECKS[:3])
    assert {f.check.id: f.verdict for f in findings} == {
        CHECKS[0]: "pass",
        CHECKS[1]: "pass",
        CHECKS[2]: "unknown",
    }


@pytest.mark.parametrize("check", CHECKS)
def test_a_property_of_another_type_is_malformed(azure: AzureWire, check: str) -> None:
    account(azure, "odd", {**GOOD, "networkAcls": "Deny"})

    def spoil(body: Any) -> None:
        (row,) = body["data"]
        row["sku"] = 7
        row["properties"] = {key: {"odd": True} for key in row["properties"]} | {"encryption": []}

    azure.edit("resourcegraph:resources", spoil)
    _, findings = scan((check,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


def test_deleted_blobs_are_kept_or_not(azure: AzureWire) -> None:
    for name, policy in (("kept", {"enabled": True, "days": 14}), ("short", {"enabled": True, "days": 1})):
        blob_service(azure, account(azure, name, GOOD), deleteRetentionPolicy=policy)
    blob_service(azure, account(azure, "never", GOOD), deleteRetentionPolicy={"enabled": False})
    account(azure, "files", GOOD)
    azure.faults.add(
        "error",
        "arm:Microsoft.Storage/storageAccounts/blobServices",
        code="FeatureNotSupportedForAccount",
        status=409,
        where=lambda exchange: "/files/" in exchange.request.target,
    )
    _, findings = scan(SOFT_DELETE)
    assert {f.subject.name: f.verdict for f in findings} == {
        "kept": "pass",
        "short": "fail",
        "never": "fail",
        "files": "not_applicable",
    }


def test_a_denied_blob_service_leaves_that_check_unknown_alone(azure: AzureWire) -> None:
    blob_service(azure, account(azure, "denied", GOOD), deleteRetentionPolicy={"enabled": True, "days": 14})
    azure.faults.add("denied", "arm:Microsoft.Storage/storageAccounts/blobServices")
    _, findings = scan((*SOFT_DELETE, CHECKS[0]))
    assert {f.check.id: (f.verdict, f.reason) for f in findings} == {
        CHECKS[0]: ("pass", None),
        SOFT_DELETE[0]: ("unknown", "access_denied"),
    }
    (cause,) = [cause for f in findings for cause in f.causes]
    assert cause.unread.permission == f"{ACCOUNT}/blobServices/read"


def test_an_account_deleted_since_resource_graph_saw_it_is_gone(azure: AzureWire) -> None:
    account(azure, "gone", GOOD)
    azure.faults.add(
        "error",
        "arm:Microsoft.Storage/storageAccounts/blobServices",
        code="ResourceNotFound",
        status=404,
        message="The Resource 'Microsoft.Storage/storageAccounts/gone' under resource group 'rg' was not found.",
    )
    snapshot, findings = scan(SOFT_DELETE)
    assert (findings, [(row.state, row.count) for row in snapshot.collections]) == ((), [("complete", 0)])


def test_a_child_that_is_not_found_does_not_make_its_account_vanish(azure: AzureWire) -> None:
    account(azure, "there", GOOD)
    _, findings = scan(SOFT_DELETE)
    assert [(f.subject.name, f.verdict, f.reason) for f in findings] == [("there", "unknown", "unavailable")]
