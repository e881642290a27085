"""Dataproc: clusters and the key of their disks.

Source: provider documentation, google_dataproc_cluster.
"""

from __future__ import annotations

from typing import Final

from providers.gcp.dataproc import CLUSTER
from providers.gcp.kms import KEY
from providers.terraform.block import Block
from providers.terraform.google.naming import LABELS, mapping, text
from providers.terraform.mapping import Attribute, Where


def _identity(block: Block, where: Where) -> str | None:
    name, id_ = (block.get(key, None, computed=False) for key in ("name", "id"))
    if not isinstance(name, str) or not isinstance(id_, str) or where.account is None or where.region is None:
        return None
    return f"//dataproc.googleapis.com/projects/{where.account}/regions/{where.region}/clusters/{name}"


MAPPINGS: Final = (
    mapping(
        "dataproc.googleapis.com",
        CLUSTER,
        "google_dataproc_cluster",
        {
            "kms_key": Attribute("cluster_config.encryption_config.kms_key_name", None, names=KEY, convert=text),
            "tags": LABELS,
        },
        keys=("id", "name"),
        identity=_identity,
    ),
)
