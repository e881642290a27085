"""Google Kubernetes Engine: clusters and their node pools; Binary Authorization: which images a project admits.

Sources: Kubernetes Engine API reference, "projects.locations.clusters"; Binary Authorization API reference, "Policy".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, flag, labels, read, rows, text, texts
from providers.gcp.listing import Listing, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

CLUSTER: Final = "container.googleapis.com/Cluster"
ADMISSION: Final = "binaryauthorization.googleapis.com/Policy"
TYPES: Final = (ResourceType(CLUSTER, GLOBAL), ResourceType(ADMISSION, GLOBAL))

# proto3's JSON leaves out what is false or empty, and blocks that were never set.
_POOL: Final[Mapping[str, Field]] = {
    "name": Field("name"),
    "auto_upgrade": Field("management.autoUpgrade", flag, False),
}
_BLOCK: Final[Mapping[str, Field]] = {"cidr": Field("cidrBlock")}
_CLUSTER: Final[Mapping[str, Field]] = {
    "autopilot": Field("autopilot.enabled", flag, False),
    "workload_pool": Field("workloadIdentityConfig.workloadPool", text, None),
    "release_channel": Field("releaseChannel.channel", text, None),
    "legacy_abac": Field("legacyAbac.enabled", flag, False),
    "logging_components": Field("loggingConfig.componentConfig.enableComponents", texts, []),
    "admission": Field("binaryAuthorization.evaluationMode", text, None),
    "node_pools": Field("nodePools", rows(_POOL), []),
    "tags": Field("resourceLabels", labels, {}),
}
_ACCESS: Final[Mapping[str, Field]] = {
    "private_nodes": Field("privateClusterConfig.enablePrivateNodes", flag, False),
    "default_private_nodes": Field("networkConfig.defaultEnablePrivateNodes", flag, False),
    "private_endpoint": Field("privateClusterConfig.enablePrivateEndpoint", flag, False),
    # Clusters of older versions do not say; then it is what enablePrivateEndpoint leaves.
    "public_endpoint": Field("controlPlaneEndpointsConfig.ipEndpointsConfig.enablePublicEndpoint", flag, None),
}
_NETWORKS: Final[Mapping[str, Field]] = {
    "authorized_networks_enabled": Field("enabled", flag, False),
    "authorized_networks": Field("cidrBlocks", rows(_BLOCK), []),
    # "Whether master is accessible via Google Compute Engine Public IP addresses": whoever rents a machine there has
    # one. The reference names no default.
    "google_addresses_allowed": Field("gcpPublicCidrsAccessEnabled", flag),
}


def _cluster(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    if not item.get("location") and not item.get("zone"):
        raise LookupError("location")
    # "Deprecated: Use ControlPlaneEndpointsConfig.IPEndpointsConfig.authorized_networks_config instead."
    newer = item.get("controlPlaneEndpointsConfig", {}).get("ipEndpointsConfig", {}).get("authorizedNetworksConfig")
    networks = newer if newer is not None else item.get("masterAuthorizedNetworksConfig", {})
    return {**read(_ACCESS, item), **read(_NETWORKS, networks), "region": item.get("location") or item["zone"]}


def _named(gcp: Caller, item: Mapping[str, Any]) -> str:
    # Of ".../v1/projects/..." what the inventory keeps: zones for zonal clusters, locations for regional ones.
    _, found, rest = item["selfLink"].partition("/projects/")
    if not found:
        raise LookupError("selfLink")
    return f"//container.googleapis.com/projects/{gcp.account}/{rest.partition('/')[2]}"


_RULE: Final[Mapping[str, Field]] = {
    "evaluation_mode": Field("defaultAdmissionRule.evaluationMode"),
    "enforcement_mode": Field("defaultAdmissionRule.enforcementMode"),
}


def _admission(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_RULE, item), "name": gcp.account}


def _admissions(gcp: Caller) -> Iterator[Item]:
    url = f"https://binaryauthorization.googleapis.com/v1/projects/{gcp.account}/policy"
    answer = gcp.get("binaryauthorization.projects.getPolicy", url)
    yield f"//binaryauthorization.googleapis.com/projects/{gcp.account}/policy", answer


READERS: Final = (
    listed(
        CLUSTER,
        _CLUSTER,
        Listing(
            "container.projects.locations.clusters.list",
            "container.clusters.list",
            "https://container.googleapis.com/v1/projects/{project}/locations/-/clusters",
            "clusters",
            _named,
        ),
        _cluster,
        (*_ACCESS, *_NETWORKS),
    ),
    resource(
        ADMISSION,
        tuple(_RULE),
        _admission,
        operations=("binaryauthorization.projects.getPolicy",),
        items=_admissions,
        permissions=("binaryauthorization.policy.get",),
    ),
)
