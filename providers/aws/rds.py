"""Amazon RDS and Aurora: instances, clusters and manual snapshots. Neptune and DocumentDB answer the same calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.times import instant
from providers.base import Found, Reader, Resource, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

INSTANCE: Final = "AWS::RDS::DBInstance"
CLUSTER: Final = "AWS::RDS::DBCluster"
SNAPSHOT: Final = "AWS::RDS::DBSnapshot"
CLUSTER_SNAPSHOT: Final = "AWS::RDS::DBClusterSnapshot"
TYPES: Final = tuple(ResourceType(name) for name in (INSTANCE, CLUSTER, SNAPSHOT, CLUSTER_SNAPSHOT))

OTHER_ENGINES: Final = ("docdb", "neptune")
"""Engines that RDS's calls return and that are services of their own."""


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("TagList") or []}


def _instances(aws: Caller, scope: Scope) -> Iterator[Found]:
    for instance in aws.pages("rds", "describe_db_instances", "DBInstances"):
        if instance["Engine"] in OTHER_ENGINES:
            continue
        properties = {
            "engine": instance["Engine"],
            # Left out of what is in no cluster, and of what is no replica.
            "cluster_id": instance.get("DBClusterIdentifier"),
            "replica_source": instance.get("ReadReplicaSourceDBInstanceIdentifier")
            or instance.get("ReadReplicaSourceDBClusterIdentifier"),
            "storage_encrypted": attribute(instance, "StorageEncrypted"),
            "publicly_accessible": attribute(instance, "PubliclyAccessible"),
            "backup_retention_days": attribute(instance, "BackupRetentionPeriod"),
            "multi_az": attribute(instance, "MultiAZ"),
            # Left out while the instance is being created.
            "availability_zone": instance.get("AvailabilityZone"),
            "deletion_protection": attribute(instance, "DeletionProtection"),
            "latest_restorable_at": _latest_restorable(instance),
            "tags": _tags(instance),
        }
        yield Found(INSTANCE, instance["DBInstanceArn"], properties, instance["DBInstanceIdentifier"])


def _latest_restorable(instance: Mapping[str, Any]) -> str | Unread | None:
    # 0 days are no automated backups; a member is restored with its cluster.
    if instance.get("BackupRetentionPeriod") == 0 or instance.get("DBClusterIdentifier"):
        return None
    return instant(instance.get("LatestRestorableTime"))


def _clusters(aws: Caller, scope: Scope) -> Iterator[Found]:
    for cluster in aws.pages("rds", "describe_db_clusters", "DBClusters"):
        if cluster["Engine"] in OTHER_ENGINES:
            continue
        properties = {
            "engine": cluster["Engine"],
            "storage_encrypted": attribute(cluster, "StorageEncrypted"),
            "backup_retention_days": attribute(cluster, "BackupRetentionPeriod"),
            "multi_az": attribute(cluster, "MultiAZ"),
            "deletion_protection": attribute(cluster, "DeletionProtection"),
            # Left out of a cluster that replicates nothing.
            "replica_source": cluster.get("ReplicationSourceIdentifier"),
            "latest_restorable_at": instant(cluster.get("LatestRestorableTime")),
            "tags": _tags(cluster),
        }
        yield Found(CLUSTER, cluster["DBClusterArn"], properties, cluster["DBClusterIdentifier"])


def _snapshots(aws: Caller, scope: Scope) -> Iterator[Found]:
    for snapshot in aws.pages("rds", "describe_db_snapshots", "DBSnapshots"):
        if snapshot.get("Engine") not in OTHER_ENGINES:
            properties = {"snapshot_type": attribute(snapshot, "SnapshotType")}
            yield Found(SNAPSHOT, snapshot["DBSnapshotArn"], properties, snapshot["DBSnapshotIdentifier"])


def _cluster_snapshots(aws: Caller, scope: Scope) -> Iterator[Found]:
    for snapshot in aws.pages("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots"):
        if snapshot.get("Engine") not in OTHER_ENGINES:
            properties = {"snapshot_type": attribute(snapshot, "SnapshotType")}
            yield Found(
                CLUSTER_SNAPSHOT, snapshot["DBClusterSnapshotArn"], properties, snapshot["DBClusterSnapshotIdentifier"]
            )


def _restorers(aws: Caller, snapshot: Resource) -> Mapping[str, Any]:
    if snapshot.properties["snapshot_type"] != "manual":
        # Only manual snapshots have attributes; others cannot be shared (DescribeDBSnapshotAttributes).
        return {"restorable_by": []}
    answer = aws.call("rds", "describe_db_snapshot_attributes", DBSnapshotIdentifier=snapshot.name)
    return _restorable_by(answer["DBSnapshotAttributesResult"]["DBSnapshotAttributes"])


def _cluster_restorers(aws: Caller, snapshot: Resource) -> Mapping[str, Any]:
    if snapshot.properties["snapshot_type"] != "manual":
        return {"restorable_by": []}
    answer = aws.call("rds", "describe_db_cluster_snapshot_attributes", DBClusterSnapshotIdentifier=snapshot.name)
    return _restorable_by(answer["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"])


def _restorable_by(attributes: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    lists = [row.get("AttributeValues") or [] for row in attributes if row["AttributeName"] == "restore"]
    return {"restorable_by": sorted(value for values in lists for value in values)}


READERS: Final = (
    Reader(
        operations=("rds:DescribeDBInstances",),
        read=_instances,
        lists=(INSTANCE,),
        fills={
            INSTANCE: (
                "engine",
                "cluster_id",
                "replica_source",
                "storage_encrypted",
                "publicly_accessible",
                "backup_retention_days",
                "multi_az",
                "availability_zone",
                "deletion_protection",
                "latest_restorable_at",
                "tags",
            )
        },
        permissions=("rds:DescribeDBInstances",),
    ),
    Reader(
        operations=("rds:DescribeDBClusters",),
        read=_clusters,
        lists=(CLUSTER,),
        fills={
            CLUSTER: (
                "engine",
                "storage_encrypted",
                "backup_retention_days",
                "multi_az",
                "deletion_protection",
                "replica_source",
                "latest_restorable_at",
                "tags",
            )
        },
        permissions=("rds:DescribeDBClusters",),
    ),
    Reader(
        operations=("rds:DescribeDBSnapshots",),
        read=_snapshots,
        lists=(SNAPSHOT,),
        fills={SNAPSHOT: ("snapshot_type",)},
        permissions=("rds:DescribeDBSnapshots",),
    ),
    Reader(
        operations=("rds:DescribeDBClusterSnapshots",),
        read=_cluster_snapshots,
        lists=(CLUSTER_SNAPSHOT,),
        fills={CLUSTER_SNAPSHOT: ("snapshot_type",)},
        permissions=("rds:DescribeDBClusterSnapshots",),
    ),
    Reader(
        operations=("rds:DescribeDBSnapshotAttributes",),
        read=_restorers,
        per="resource",
        of=SNAPSHOT,
        needs=("snapshot_type",),
        fills={SNAPSHOT: ("restorable_by",)},
        permissions=("rds:DescribeDBSnapshotAttributes",),
        gone_codes=frozenset({"DBSnapshotNotFound", "DBSnapshotNotFoundFault"}),
    ),
    Reader(
        operations=("rds:DescribeDBClusterSnapshotAttributes",),
        read=_cluster_restorers,
        per="resource",
        of=CLUSTER_SNAPSHOT,
        needs=("snapshot_type",),
        fills={CLUSTER_SNAPSHOT: ("restorable_by",)},
        permissions=("rds:DescribeDBClusterSnapshotAttributes",),
        gone_codes=frozenset({"DBClusterSnapshotNotFoundFault"}),
    ),
)
