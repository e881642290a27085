"""Amazon Redshift: provisioned clusters, their audit logs and whether they insist on TLS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

CLUSTER: Final = "AWS::Redshift::Cluster"
TYPES: Final = (ResourceType(CLUSTER),)

REQUIRE_SSL: Final = "require_ssl"


def _clusters(aws: Caller, scope: Scope) -> Iterator[Found]:
    for cluster in aws.pages("redshift", "describe_clusters", "Clusters"):
        name = cluster["ClusterIdentifier"]
        properties = {
            "encrypted": attribute(cluster, "Encrypted"),
            "publicly_accessible": attribute(cluster, "PubliclyAccessible"),
            "snapshot_retention_days": attribute(cluster, "AutomatedSnapshotRetentionPeriod"),
            **_parameter_group(cluster),
        }
        arn = f"arn:{aws.partition}:redshift:{aws.region}:{aws.account}:cluster:{name}"
        yield Found(CLUSTER, arn, properties, name)


def _parameter_group(cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    groups = cluster.get("ClusterParameterGroups") or []
    # A list that never has more than one; two would leave open which of them decides.
    group = groups[0] if len(groups) == 1 else {}
    # The state of each parameter is told where one waits; else that of the group is everyone's.
    parameters = {row["ParameterName"]: row for row in group.get("ClusterParameterStatusList") or []}
    return {
        "parameter_group": attribute(group, "ParameterGroupName"),
        "require_ssl_apply_status": attribute(parameters.get(REQUIRE_SSL, group), "ParameterApplyStatus"),
    }


def _require_ssl(aws: Caller, cluster: Resource) -> Mapping[str, Any]:
    group = cluster.properties["parameter_group"]
    pages = aws.pages("redshift", "describe_cluster_parameters", "Parameters", ParameterGroupName=group)
    found = next((row for row in pages if row["ParameterName"] == REQUIRE_SSL), None)
    # Every family of parameter groups has it, with a value.
    return {"require_ssl": MISSING if found is None else attribute(found, "ParameterValue")}


def _logging(aws: Caller, cluster: Resource) -> Mapping[str, Any]:
    answer = aws.call("redshift", "describe_logging_status", ClusterIdentifier=cluster.name)
    delivered, failed = answer.get("LastSuccessfulDeliveryTime"), answer.get("LastFailureTime")
    return {
        "logging_enabled": attribute(answer, "LoggingEnabled"),
        # Left out where no delivery ever succeeded, or failed.
        "last_log_delivery_at": None if delivered is None else instant(delivered),
        "last_log_failure_at": None if failed is None else instant(failed),
    }


READERS: Final = (
    Reader(
        operations=("redshift:DescribeClusters",),
        read=_clusters,
        lists=(CLUSTER,),
        fills={
            CLUSTER: (
                "encrypted",
                "publicly_accessible",
                "snapshot_retention_days",
                "parameter_group",
                "require_ssl_apply_status",
            )
        },
        permissions=("redshift:DescribeClusters",),
    ),
    Reader(
        operations=("redshift:DescribeClusterParameters",),
        read=_require_ssl,
        per="resource",
        of=CLUSTER,
        needs=("parameter_group",),
        shared=True,
        fills={CLUSTER: ("require_ssl",)},
        permissions=("redshift:DescribeClusterParameters",),
    ),
    Reader(
        operations=("redshift:DescribeLoggingStatus",),
        read=_logging,
        per="resource",
        of=CLUSTER,
        fills={CLUSTER: ("logging_enabled", "last_log_delivery_at", "last_log_failure_at")},
        permissions=("redshift:DescribeLoggingStatus",),
        gone_codes=frozenset({"ClusterNotFound"}),
    ),
)
