"""Amazon RDS and Aurora: instances, clusters and manual snapshots. Neptune and DocumentDB answer the same calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.rds_parameters import cluster_tls, instance_tls
from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

INSTANCE: Final = "AWS::RDS::DBInstance"
CLUSTER: Final = "AWS::RDS::DBCluster"
SNAPSHOT: Final = "AWS::RDS::DBSnapshot"
CLUSTER_SNAPSHOT: Final = "AWS::RDS::DBClusterSnapshot"
TYPES: Final = tuple(ResourceType(name) for name in (INSTANCE, CLUSTER, SNAPSHOT, CLUSTER_SNAPSHOT))

OTHER_ENGINES: Final = ("docdb", "neptune")
"""Engines that RDS's calls return and that are services of their own."""

Item = Mapping[str, Any]


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("TagList") or []}


def _instances(aws: Caller, scope: Scope) -> Iterator[Found]:
    for instance in aws.pages("rds", "describe_db_instances", "DBInstances"):
        if instance["Engine"] in OTHER_ENGINES:
            continue
        properties = {
            "engine": instance["Engine"],
            "engine_version": attribute(instance, "EngineVersion"),
            "status": attribute(instance, "DBInstanceStatus"),
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
            "auto_minor_version_upgrade": attribute(instance, "AutoMinorVersionUpgrade"),
            # Left out where nothing is exported.
            "log_exports": sorted(instance.get("EnabledCloudwatchLogsExports") or []),
            "iam_authentication": _of_its_own(instance, "IAMDatabaseAuthenticationEnabled"),
            **_parameter_group(instance),
            "tags": _tags(instance),
        }
        yield Found(INSTANCE, instance["DBInstanceArn"], properties, instance["DBInstanceIdentifier"])


def _of_its_own(instance: Item, key: str) -> Any:
    """What a member of a cluster may leave out, since the setting is the cluster's: null there."""
    return instance.get(key) if instance.get("DBClusterIdentifier") else attribute(instance, key)


def _latest_restorable(instance: Item) -> str | Unread | None:
    at = instance.get("LatestRestorableTime")
    if at is None and (instance.get("DBClusterIdentifier") or instance.get("BackupRetentionPeriod") == 0):
        # Without automated backups there is no such time; of a member it is the cluster's.
        return None
    return instant(at)


def _parameter_group(instance: Item) -> Mapping[str, Any]:
    groups = instance.get("DBParameterGroups") or []
    # A list that never has more than one; two would leave open which of them decides.
    group = groups[0] if len(groups) == 1 else {}
    return {
        "parameter_group": attribute(group, "DBParameterGroupName"),
        "parameter_apply_status": attribute(group, "ParameterApplyStatus"),
    }


def _clusters(aws: Caller, scope: Scope) -> Iterator[Found]:
    for cluster in aws.pages("rds", "describe_db_clusters", "DBClusters"):
        if cluster["Engine"] in OTHER_ENGINES:
            continue
        properties = {
            "engine": cluster["Engine"],
            "engine_version": attribute(cluster, "EngineVersion"),
            "status": attribute(cluster, "Status"),
            "storage_encrypted": attribute(cluster, "StorageEncrypted"),
            "storage_encryption_type": attribute(cluster, "StorageEncryptionType"),
            "backup_retention_days": attribute(cluster, "BackupRetentionPeriod"),
            "multi_az": attribute(cluster, "MultiAZ"),
            "deletion_protection": attribute(cluster, "DeletionProtection"),
            # Left out of a cluster that replicates nothing.
            "replica_source": cluster.get("ReplicationSourceIdentifier"),
            "latest_restorable_at": instant(cluster.get("LatestRestorableTime")),
            "auto_minor_version_upgrade": attribute(cluster, "AutoMinorVersionUpgrade"),
            # Left out where nothing is exported.
            "log_exports": sorted(cluster.get("EnabledCloudwatchLogsExports") or []),
            "iam_authentication": attribute(cluster, "IAMDatabaseAuthenticationEnabled"),
            "parameter_group": attribute(cluster, "DBClusterParameterGroup"),
            "parameter_apply_statuses": _member_statuses(cluster),
            "tags": _tags(cluster),
        }
        yield Found(CLUSTER, cluster["DBClusterArn"], properties, cluster["DBClusterIdentifier"])


def _member_statuses(cluster: Item) -> list[Any] | Unread:
    members = cluster.get("DBClusterMembers")
    if members is None:
        return MISSING
    return [attribute(member, "DBClusterParameterGroupStatus") for member in members]


def _snapshots(aws: Caller, scope: Scope) -> Iterator[Found]:
    for snapshot in aws.pages("rds", "describe_db_snapshots", "DBSnapshots"):
        if snapshot.get("Engine") not in OTHER_ENGINES:
            properties = {
                "snapshot_type": attribute(snapshot, "SnapshotType"),
                "encrypted": attribute(snapshot, "Encrypted"),
            }
            yield Found(SNAPSHOT, snapshot["DBSnapshotArn"], properties, snapshot["DBSnapshotIdentifier"])


def _cluster_snapshots(aws: Caller, scope: Scope) -> Iterator[Found]:
    for snapshot in aws.pages("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots"):
        if snapshot.get("Engine") not in OTHER_ENGINES:
            properties = {
                "snapshot_type": attribute(snapshot, "SnapshotType"),
                "storage_encrypted": attribute(snapshot, "StorageEncrypted"),
                "storage_encryption_type": attribute(snapshot, "StorageEncryptionType"),
            }
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
                "engine_version",
                "status",
                "cluster_id",
                "replica_source",
                "storage_encrypted",
                "publicly_accessible",
                "backup_retention_days",
                "multi_az",
                "availability_zone",
                "deletion_protection",
                "latest_restorable_at",
                "auto_minor_version_upgrade",
                "log_exports",
                "iam_authentication",
                "parameter_group",
                "parameter_apply_status",
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
                "engine_version",
                "status",
                "storage_encrypted",
                "storage_encryption_type",
                "backup_retention_days",
                "multi_az",
                "deletion_protection",
                "replica_source",
                "latest_restorable_at",
                "auto_minor_version_upgrade",
                "log_exports",
                "iam_authentication",
                "parameter_group",
                "parameter_apply_statuses",
                "tags",
            )
        },
        permissions=("rds:DescribeDBClusters",),
    ),
    Reader(
        operations=("rds:DescribeDBSnapshots",),
        read=_snapshots,
        lists=(SNAPSHOT,),
        fills={SNAPSHOT: ("snapshot_type", "encrypted")},
        permissions=("rds:DescribeDBSnapshots",),
    ),
    Reader(
        operations=("rds:DescribeDBClusterSnapshots",),
        read=_cluster_snapshots,
        lists=(CLUSTER_SNAPSHOT,),
        fills={CLUSTER_SNAPSHOT: ("snapshot_type", "storage_encrypted", "storage_encryption_type")},
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
    Reader(
        operations=("rds:DescribeDBParameters",),
        read=instance_tls,
        per="resource",
        of=INSTANCE,
        needs=("engine", "cluster_id", "parameter_group"),
        shared=True,
        fills={INSTANCE: ("tls_parameter",)},
        permissions=("rds:DescribeDBParameters",),
    ),
    Reader(
        operations=("rds:DescribeDBClusterParameters",),
        read=cluster_tls,
        per="resource",
        of=CLUSTER,
        needs=("engine", "parameter_group"),
        shared=True,
        fills={CLUSTER: ("tls_parameter",)},
        permissions=("rds:DescribeDBClusterParameters",),
    ),
)
