"""Azure Storage: accounts, their blob service and its containers, and the rules by which blobs are deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import below, bulk
from providers.azure.shapes import Shape, always, ids, shaped, since
from providers.base import GLOBAL, Resource, ResourceType
from providers.times import instant

if TYPE_CHECKING:
    from providers.azure.caller import Caller

ACCOUNT: Final = "Microsoft.Storage/storageAccounts"
TYPES: Final = (ResourceType(ACCOUNT, GLOBAL),)
BLOB_SERVICE: Final = "2023-05-01"

# "since" is the version that followed the one to which a property was added later: answers of that one may lack it.
ACCOUNT_SHAPE: Final[Shape] = {
    "kind": always("kind"),
    "sku": always("sku.name"),
    "https_traffic_only": always("properties.supportsHttpsTrafficOnly"),
    "minimum_tls_version": since("2021-01-01", "properties.minimumTlsVersion"),
    "allow_blob_public_access": since("2021-01-01", "properties.allowBlobPublicAccess"),
    "allow_shared_key_access": since("2021-01-01", "properties.allowSharedKeyAccess"),
    "public_network_access": since("2021-06-01", "properties.publicNetworkAccess"),
    "default_network_action": since("2018-02-01", "properties.networkAcls.defaultAction"),
    "allowed_ip_ranges": since(
        "2018-02-01", "properties.networkAcls.ipRules", [], lambda rules: [rule["value"] for rule in rules]
    ),
    "private_endpoint_connection_ids": since("2019-06-01", "properties.privateEndpointConnections", [], ids),
    "key_source": since("2018-02-01", "properties.encryption.keySource"),
    "infrastructure_encryption": since("2021-01-01", "properties.encryption.requireInfrastructureEncryption"),
    "hierarchical_namespace": since("2018-07-01", "properties.isHnsEnabled"),
    "key1_created_at": since("2021-02-01", "properties.keyCreationTime.key1", None, instant),
    "key2_created_at": since("2021-02-01", "properties.keyCreationTime.key2", None, instant),
    "immutability_state": since("2021-08-01", "properties.immutableStorageWithVersioning.immutabilityPolicy.state"),
}


def _days(policy: Mapping[str, Any]) -> int | None:
    """Days for which what was deleted can be had back; None where it cannot."""
    return int(policy["days"]) if policy["enabled"] else None


BLOB_SERVICE_SHAPE: Final[Shape] = {
    "delete_retention_days": since("2018-07-01", "properties.deleteRetentionPolicy", None, _days),
    "container_delete_retention_days": since("2021-01-01", "properties.containerDeleteRetentionPolicy", None, _days),
    "versioning_enabled": since("2021-01-01", "properties.isVersioningEnabled", False),
}


def _blob_service(azure: Caller, account: Resource) -> Mapping[str, Any]:
    answer = azure.get(f"{account.id}/blobServices/default", BLOB_SERVICE)
    return {"blob_service": shaped(BLOB_SERVICE_SHAPE, answer, BLOB_SERVICE)}


CONTAINER_SHAPE: Final[Shape] = {
    "name": always("name"),
    "immutability_policy": since("2018-07-01", "properties.hasImmutabilityPolicy", False),
    "legal_hold": since("2018-07-01", "properties.hasLegalHold", False),
}


def _containers(azure: Caller, account: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{account.id}/blobServices/default/containers", BLOB_SERVICE)
    return {"containers": [shaped(CONTAINER_SHAPE, item, BLOB_SERVICE) for item in items]}


def _rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [_rule(rule["name"], rule.get("enabled"), rule["definition"]) for rule in rules]


def _rule(name: str, enabled: Any, definition: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of a management policy. What it has no action for, or no filter, it does not name."""
    actions, filters = definition["actions"], definition.get("filters") or {}
    deletes = {part: bool((actions.get(part) or {}).get("delete")) for part in ("baseBlob", "version")}
    return {
        "name": name,
        # Left out, it is true (Management Policies, ManagementPolicyRule).
        "enabled": True if enabled is None else enabled,
        "deletes_blobs": deletes["baseBlob"],
        "deletes_versions": deletes["version"],
        "blob_types": list(filters["blobTypes"]) if filters else [],
        "prefixes": list(filters.get("prefixMatch") or []),
        "index_tags": [tag["name"] for tag in filters.get("blobIndexMatch") or []],
    }


POLICY_SHAPE: Final[Shape] = {"lifecycle_rules": always("properties.policy.rules", _rules)}


def _lifecycle(azure: Caller, account: Resource) -> Mapping[str, Any]:
    return shaped(POLICY_SHAPE, azure.get(f"{account.id}/managementPolicies/default", BLOB_SERVICE), BLOB_SERVICE)


# An account for files alone has no blob service.
_NO_BLOBS: Final = frozenset({"FeatureNotSupportedForAccount"})

READERS: Final = (
    bulk(ACCOUNT, ACCOUNT_SHAPE, confirmed=BLOB_SERVICE),
    below(
        ACCOUNT,
        ("blob_service",),
        f"{ACCOUNT}/blobServices",
        _blob_service,
        absent_codes=_NO_BLOBS,
    ),
    below(
        ACCOUNT,
        ("containers",),
        f"{ACCOUNT}/blobServices/containers",
        _containers,
        absent_codes=_NO_BLOBS,
    ),
    below(
        ACCOUNT,
        ("lifecycle_rules",),
        f"{ACCOUNT}/managementPolicies",
        _lifecycle,
        absent_codes=frozenset({"ManagementPolicyNotFound"}),
        absent={"lifecycle_rules": []},
    ),
)
