"""AlloyDB: clusters, their keys and their continuous backups.

Source: AlloyDB API reference, "projects.locations.clusters" (ContinuousBackupConfig).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, flag, labels, text
from providers.gcp.listing import Listing, by_name, listed

CLUSTER: Final = "alloydb.googleapis.com/Cluster"
TYPES: Final = (ResourceType(CLUSTER, GLOBAL),)

_CLUSTER: Final[Mapping[str, Field]] = {
    "cluster_type": Field("clusterType"),
    "kms_key": Field("encryptionConfig.kmsKeyName", text, None),
    # An optional field, so false is there too. What a cluster does that has none is not in the reference.
    "continuous_backup": Field("continuousBackupConfig.enabled", flag),
    "tags": Field("labels", labels, {}),
}

READERS: Final = (
    listed(
        CLUSTER,
        _CLUSTER,
        Listing(
            "alloydb.projects.locations.clusters.list",
            "alloydb.clusters.list",
            "https://alloydb.googleapis.com/v1/projects/{project}/locations/-/clusters",
            "clusters",
            by_name("alloydb.googleapis.com"),
            size=1000,
        ),
    ),
)
