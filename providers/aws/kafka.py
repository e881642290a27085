"""Amazon MSK: Kafka clusters and how they encrypt what moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

CLUSTER: Final = "AWS::MSK::Cluster"
TYPES: Final = (ResourceType(CLUSTER),)


def _clusters(aws: Caller, scope: Scope) -> Iterator[Found]:
    for cluster in aws.pages("kafka", "list_clusters_v2", "ClusterInfoList"):
        kind = attribute(cluster, "ClusterType")
        encryption = ((cluster.get("Provisioned") or {}).get("EncryptionInfo") or {}).get("EncryptionInTransit") or {}
        # A serverless cluster has no such settings.
        serverless = kind == "SERVERLESS"
        properties = {
            "cluster_type": kind,
            "client_broker": None if serverless else attribute(encryption, "ClientBroker"),
            "in_cluster": None if serverless else attribute(encryption, "InCluster"),
        }
        yield Found(CLUSTER, cluster["ClusterArn"], properties, cluster["ClusterName"])


READERS: Final = (
    Reader(
        operations=("kafka:ListClustersV2",),
        read=_clusters,
        lists=(CLUSTER,),
        fills={CLUSTER: ("cluster_type", "client_broker", "in_cluster")},
        permissions=("kafka:ListClustersV2",),
    ),
)
