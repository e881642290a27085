"""Amazon DynamoDB Accelerator (DAX): clusters."""

from __future__ import annotations

from typing import Final

from providers.aws.dax import CLUSTER
from providers.terraform.mapping import Attribute, Mapping

_PROVIDER: Final = "provider documentation, aws_dax_cluster"


def _status(enabled: bool) -> str:
    return "ENABLED" if enabled else "DISABLED"


def _endpoint(kind: str) -> str:
    return kind or "NONE"


MAPPINGS: Final = (
    Mapping(
        type=CLUSTER,
        terraform="aws_dax_cluster",
        name=Attribute("cluster_name", None),
        properties={
            "encryption_status": Attribute("server_side_encryption.enabled", False, _PROVIDER, convert=_status),
            "endpoint_encryption_type": Attribute(
                "cluster_endpoint_encryption_type", "NONE", _PROVIDER, convert=_endpoint
            ),
        },
    ),
)
