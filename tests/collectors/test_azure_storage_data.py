"""What storage accounts do with blobs in time: kept, versioned, made immutable, disposed of; and their keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.azure.wire import AzureWire

ACCOUNT = "Microsoft.Storage/storageAccounts"
CONTAINERS = "azure.storage.container_soft_delete"
VERSIONS = "azure.storage.blob_versioning"
DISPOSAL = "azure.storage.lifecycle_disposal"
RECORDS = "azure.storage.immutability_for_records"
KEYS = "azure.storage.key_rotated"
TWICE = "azure.storage.infrastructure_encryption"
EMPTY = {"encryption": {"keySource": "Microsoft.Storage"}}
BELOW = {
    CONTAINERS: f"arm:{ACCOUNT}/blobServices",
    VERSIONS: f"arm:{ACCOUNT}/blobServices",
    DISPOSAL: f"arm:{ACCOUNT}/managementPolicies",
    RECORDS: f"arm:{ACCOUNT}/blobServices/containers",
}


def account(azure: AzureWire, name: str, blobs: dict[str, Any] | None, /, **more: Any) -> str:
    """An account with a blob service; one without is refused as an account for files alone."""
    properties = more.pop("properties", EMPTY)
    id_ = azure.tenant.add(ACCOUNT, name, properties, sku={"name": "Standard_LRS"}, kind="StorageV2", **more)
    if blobs is not None:
        azure.tenant.add(f"{ACCOUNT}/blobServices", "default", blobs, below=id_)
    else:
        for operation in ("", "/containers"):
            azure.faults.add(
                "error",
                f"arm:{ACCOUNT}/blobServices{operation}",
                code="FeatureNotSupportedForAccount",
                status=409,
                where=lambda exchange: f"/{name}/" in exchange.request.target,
            )
    return id_


def no_policies(azure: AzureWire) -> None:
    """As recorded, of an account without a management policy."""
    azure.faults.add(
        "error",
        f"arm:{ACCOUNT}/managementPolicies",
        code="ManagementPolicyNotFound",
        status=404,
        message="No ManagementPolicy found for account never",
        where=lambda exchange: "/never/" in exchange.request.target or "/files/" in exchange.request.target,
    )


def policy(azure: AzureWire, account_id: str, *rules: dict[str, Any]) -> None:
    body = {"lastModifiedTime": "2026-11-19T10:48:33.515858Z", "policy": {"rules": list(rules)}}
    azure.tenant.add(f"{ACCOUNT}/managementPolicies", "default", body, below=account_id)


def rule(name: str, *parts: str, **filters: Any) -> dict[str, Any]:
    actions = {part: {"delete": {"daysAfterModificationGreaterThan": 30.0}} for part in parts}
    definition = {"actions": actions, "filters": {"blobTypes": ["blockBlob"], **filters}}
    return {"name": name, "enabled": True, "type": "Lifecycle", "definition": definition}


def test_containers_and_versions_are_kept_or_not(azure: AzureWire) -> None:
    kept = {"containerDeleteRetentionPolicy": {"enabled": True, "days": 14}, "isVersioningEnabled": True}
    account(azure, "kept", kept)
    account(azure, "never", {"containerDeleteRetentionPolicy": {"enabled": False}})
    account(azure, "lake", kept, properties={**EMPTY, "isHnsEnabled": True})
    account(azure, "files", None)
    _, findings = scan((CONTAINERS, VERSIONS))
    assert verdicts(findings) == {
        (CONTAINERS, "kept"): "pass",
        (CONTAINERS, "never"): "fail",
        (CONTAINERS, "lake"): "pass",
        (CONTAINERS, "files"): "not_applicable",
        (VERSIONS, "kept"): "pass",
        (VERSIONS, "never"): "fail",
        (VERSIONS, "lake"): "not_applicable",
        (VERSIONS, "files"): "not_applicable",
    }


def test_blobs_are_disposed_of_or_not(azure: AzureWire) -> None:
    no_policies(azure)
    policy(azure, account(azure, "all", {}), rule("dispose", "baseBlob"))
    policy(azure, account(azure, "versions", {"isVersioningEnabled": True}), rule("dispose", "baseBlob", "version"))
    policy(azure, account(azure, "current", {"isVersioningEnabled": True}), rule("dispose", "baseBlob"))
    policy(azure, account(azure, "some", {}), rule("dispose", "baseBlob", prefixMatch=["logs/"]))
    tagged = [{"name": "class", "op": "==", "value": "temporary"}]
    policy(azure, account(azure, "tagged", {}), rule("dispose", "baseBlob", blobIndexMatch=tagged))
    policy(azure, account(azure, "off", {}), {**rule("dispose", "baseBlob"), "enabled": False})
    account(azure, "never", {})
    account(azure, "files", None)
    _, findings = scan((DISPOSAL,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "all": "pass",
        "versions": "pass",
        "current": "fail",
        "some": "fail",
        "tagged": "fail",
        "off": "fail",
        "never": "fail",
        "files": "not_applicable",
    }


def test_records_are_immutable_or_not(azure: AzureWire) -> None:
    def containers(below: str, **policies: bool) -> None:
        for name, has in policies.items():
            properties = {"hasImmutabilityPolicy": has, "hasLegalHold": False}
            service = f"{below}/blobServices/default"
            azure.tenant.add(f"{ACCOUNT}/blobServices/containers", name, properties, below=service)

    records = {"tags": {"retention": "locked"}}
    containers(account(azure, "each", {}, **records), books=True, letters=True)
    containers(account(azure, "one", {}, **records), books=True, drafts=False)
    own = {"enabled": True, "immutabilityPolicy": {"immutabilityPeriodSinceCreationInDays": 365, "state": "Unlocked"}}
    containers(
        account(azure, "whole", {}, properties={**EMPTY, "immutableStorageWithVersioning": own}, **records), books=False
    )
    account(azure, "empty", {}, **records)
    account(azure, "files", None, **records)
    containers(account(azure, "other", {}), drafts=False)
    azure.manager.page_size = 1
    _, findings = scan((RECORDS,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "each": "pass",
        "one": "fail",
        "whole": "pass",
        "empty": "fail",
        "files": "fail",
        "other": "not_applicable",
    }


def test_account_keys_are_young_or_not_taken(azure: AzureWire) -> None:
    young = {"key1": "2026-10-01T00:00:00.0000000Z", "key2": "2026-11-01T00:00:00.0000000Z"}
    account(azure, "young", {}, properties={**EMPTY, "keyCreationTime": young})
    account(azure, "old", {}, properties={**EMPTY, "keyCreationTime": {**young, "key2": "2025-11-01T00:00:00Z"}})
    account(azure, "never", {}, properties={**EMPTY, "keyCreationTime": {"key1": None, "key2": None}})
    account(azure, "refused", {}, properties={**EMPTY, "allowSharedKeyAccess": False})
    _, findings = scan((KEYS,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "young": "pass",
        "old": "fail",
        "never": "fail",
        "refused": "pass",
    }


def test_sensitive_data_is_encrypted_twice_or_not(azure: AzureWire) -> None:
    twice = {"encryption": {"keySource": "Microsoft.Storage", "requireInfrastructureEncryption": True}}
    account(azure, "twice", {}, properties=twice, tags={"sensitivity": "high"})
    account(azure, "once", {}, tags={"sensitivity": "high"})
    account(azure, "plain", {})
    _, findings = scan((TWICE,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "twice": "pass",
        "once": "fail",
        "plain": "not_applicable",
    }


@pytest.mark.parametrize("check", [KEYS, TWICE])
def test_what_the_api_version_does_not_define_is_unknown(azure: AzureWire, check: str) -> None:
    account(azure, "old", {}, tags={"sensitivity": "high"})
    azure.resource_graph.api_versions["microsoft.storage/storageaccounts"] = "2019-06-01"
    _, findings = scan((check,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("check", BELOW)
def test_what_lies_below_an_account_and_is_denied_leaves_it_unknown(azure: AzureWire, check: str) -> None:
    policy(azure, account(azure, "denied", {}, tags={"retention": "locked"}), rule("dispose", "baseBlob"))
    azure.faults.add("denied", BELOW[check])
    _, findings = scan((check,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "access_denied")]
    (cause,) = {cause.unread.permission for f in findings for cause in f.causes}
    assert cause == f"{BELOW[check].removeprefix('arm:')}/read"
