"""AlloyDB: clusters, their keys and their continuous backups.

Source: provider documentation, google_alloydb_cluster.
"""

from __future__ import annotations

from typing import Final

from providers.base import Unread
from providers.gcp.alloydb import CLUSTER
from providers.gcp.kms import KEY
from providers.terraform.google.naming import LABELS, mapping, text
from providers.terraform.mapping import Attribute

_DECIDES: Final = Unread("known_after_apply", detail="AlloyDB decides")

MAPPINGS: Final = (
    mapping(
        "alloydb.googleapis.com",
        CLUSTER,
        "google_alloydb_cluster",
        {
            "cluster_type": Attribute("cluster_type", "PRIMARY", "provider documentation", optional=True),
            "kms_key": Attribute("encryption_config.kms_key_name", None, names=KEY, convert=text),
            "continuous_backup": Attribute(
                "continuous_backup_config.enabled", _DECIDES, "as the live adapter: undocumented"
            ),
            "tags": LABELS,
        },
        keys=("id", "name", "cluster_id"),
        name=Attribute("cluster_id", None),
    ),
)
