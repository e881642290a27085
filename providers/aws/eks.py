"""Amazon EKS: clusters. Clusters elsewhere that are connected for viewing only are not listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

CLUSTER: Final = "AWS::EKS::Cluster"
TYPES: Final = (ResourceType(CLUSTER),)


def _clusters(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("eks", "list_clusters"):
        for name in page["clusters"]:
            yield Found(CLUSTER, f"arn:{aws.partition}:eks:{aws.region}:{aws.account}:cluster/{name}", {}, name)


def _cluster(aws: Caller, cluster: Resource) -> Mapping[str, Any]:
    answer = aws.call("eks", "describe_cluster", name=cluster.name)["cluster"]
    network = answer["resourcesVpcConfig"]
    logging = (answer.get("logging") or {}).get("clusterLogging")
    return {
        "version": attribute(answer, "version"),
        "endpoint_public_access": attribute(network, "endpointPublicAccess"),
        "public_access_cidrs": network.get("publicAccessCidrs") or [],
        "enabled_log_types": MISSING if logging is None else _enabled(logging),
        # There only where a key was named for what is encrypted.
        "encrypted_resources": [
            name for encryption in answer.get("encryptionConfig") or [] for name in encryption.get("resources") or []
        ],
    }


def _enabled(logging: list[Mapping[str, Any]]) -> Any:
    """The kinds of logs that are on. Whether an entry is on and what it is about must be told."""
    if any("enabled" not in entry or "types" not in entry for entry in logging):
        return MISSING
    return sorted({kind for entry in logging if entry["enabled"] for kind in entry["types"]})


READERS: Final = (
    Reader(
        operations=("eks:ListClusters",),
        read=_clusters,
        lists=(CLUSTER,),
        fills={},
        permissions=("eks:ListClusters",),
    ),
    Reader(
        operations=("eks:DescribeCluster",),
        read=_cluster,
        per="resource",
        of=CLUSTER,
        fills={
            CLUSTER: (
                "version",
                "endpoint_public_access",
                "public_access_cidrs",
                "enabled_log_types",
                "encrypted_resources",
            )
        },
        permissions=("eks:DescribeCluster",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
