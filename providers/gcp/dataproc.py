"""Dataproc: clusters and the key of their disks.

Source: Dataproc API reference, "projects.regions.clusters" (EncryptionConfig).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, labels, read, text
from providers.gcp.listing import COMPUTE, place

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

CLUSTER: Final = "dataproc.googleapis.com/Cluster"
TYPES: Final = (ResourceType(CLUSTER, GLOBAL),)
LIST: Final = "dataproc.projects.regions.clusters.list"

_CLUSTER: Final[Mapping[str, Field]] = {
    "kms_key": Field("config.encryptionConfig.gcePdKmsKeyName", text, None),
    "tags": Field("labels", labels, {}),
}


def _cluster(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_CLUSTER, item), "name": item["clusterName"], "region": place(name)}


def _clusters(gcp: Caller) -> Iterator[Item]:
    """Region by region: there is no listing over all."""
    regions = gcp.pages(
        "compute.regions.list",
        f"{COMPUTE}/projects/{gcp.account}/regions",
        "items",
        kind="compute#regionList",
        limit="maxResults",
        size=500,
    )
    for region in [row["name"] for row in regions]:
        parent = f"projects/{gcp.account}/regions/{region}"
        for item in gcp.pages(LIST, f"https://dataproc.googleapis.com/v1/{parent}/clusters", "clusters", size=200):
            yield f"//dataproc.googleapis.com/{parent}/clusters/{item['clusterName']}", item


READERS: Final = (
    resource(
        CLUSTER,
        tuple(_CLUSTER),
        _cluster,
        operations=(LIST, "compute.regions.list"),
        items=_clusters,
        permissions=("compute.regions.list", "dataproc.clusters.list"),
    ),
)
