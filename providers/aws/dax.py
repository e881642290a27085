"""Amazon DynamoDB Accelerator (DAX): clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

CLUSTER: Final = "AWS::DAX::Cluster"
TYPES: Final = (ResourceType(CLUSTER),)


def _clusters(aws: Caller, scope: Scope) -> Iterator[Found]:
    for cluster in aws.pages("dax", "describe_clusters", "Clusters"):
        properties = {
            "encryption_status": attribute(cluster.get("SSEDescription") or {}, "Status"),
            "endpoint_encryption_type": attribute(cluster, "ClusterEndpointEncryptionType"),
        }
        yield Found(CLUSTER, cluster["ClusterArn"], properties, cluster["ClusterName"])


READERS: Final = (
    Reader(
        operations=("dax:DescribeClusters",),
        read=_clusters,
        lists=(CLUSTER,),
        fills={CLUSTER: ("encryption_status", "endpoint_encryption_type")},
        permissions=("dax:DescribeClusters",),
    ),
)
