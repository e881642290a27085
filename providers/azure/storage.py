"""Azure Storage: accounts, and the settings of their blob service."""

from __future__ import annotations

from collections.abc import Mapping
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
_ACCOUNT: Final[Shape] = {
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
}


def _days(policy: Mapping[str, Any]) -> int | None:
    """Days for which what was deleted can be had back; None where it cannot."""
    return int(policy["days"]) if policy["enabled"] else None


_BLOB_SERVICE: Final[Shape] = {
    "delete_retention_days": since("2018-07-01", "properties.deleteRetentionPolicy", None, _days),
    "container_delete_retention_days": since("2019-06-01", "properties.containerDeleteRetentionPolicy", None, _days),
    "versioning_enabled": since("2019-06-01", "properties.isVersioningEnabled", False),
}


def _blob_service(azure: Caller, account: Resource) -> Mapping[str, Any]:
    answer = azure.get(f"{account.id}/blobServices/default", BLOB_SERVICE)
    return {"blob_service": shaped(_BLOB_SERVICE, answer, BLOB_SERVICE)}


READERS: Final = (
    bulk(ACCOUNT, _ACCOUNT),
    below(
        ACCOUNT,
        ("blob_service",),
        f"{ACCOUNT}/blobServices",
        _blob_service,
        # An account for files alone has no blob service.
        absent_codes=frozenset({"FeatureNotSupportedForAccount"}),
    ),
)
