"""Amazon ElastiCache: replication groups of Valkey and Redis OSS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

GROUP: Final = "AWS::ElastiCache::ReplicationGroup"
TYPES: Final = (ResourceType(GROUP),)


def _groups(aws: Caller, scope: Scope) -> Iterator[Found]:
    for group in aws.pages("elasticache", "describe_replication_groups", "ReplicationGroups"):
        properties = {
            "at_rest_encryption": attribute(group, "AtRestEncryptionEnabled"),
            "storage_encryption_type": attribute(group, "StorageEncryptionType"),
            "transit_encryption": attribute(group, "TransitEncryptionEnabled"),
            "transit_encryption_mode": _mode(group),
            "snapshot_retention_days": attribute(group, "SnapshotRetentionLimit"),
            "automatic_failover": attribute(group, "AutomaticFailover"),
            "multi_az": attribute(group, "MultiAZ"),
        }
        yield Found(GROUP, group["ARN"], properties, group["ReplicationGroupId"])


def _mode(group: Mapping[str, Any]) -> Any:
    # A group that does not encrypt has no mode of encryption.
    if group.get("TransitEncryptionEnabled") is False:
        return group.get("TransitEncryptionMode")
    return attribute(group, "TransitEncryptionMode")


READERS: Final = (
    Reader(
        operations=("elasticache:DescribeReplicationGroups",),
        read=_groups,
        lists=(GROUP,),
        fills={
            GROUP: (
                "at_rest_encryption",
                "storage_encryption_type",
                "transit_encryption",
                "transit_encryption_mode",
                "snapshot_retention_days",
                "automatic_failover",
                "multi_az",
            )
        },
        permissions=("elasticache:DescribeReplicationGroups",),
    ),
)
