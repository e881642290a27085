"""Amazon EKS: clusters."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.eks import CLUSTER
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_PROVIDER: Final = "provider documentation, aws_eks_cluster"


def _encrypted(block: Block) -> Any:
    rows = block.blocks("encryption_config")
    if isinstance(rows, Unread):
        return rows
    found = [row.get("resources") for row in rows]
    return next((row for row in found if isinstance(row, Unread)), [name for row in found for name in row])


MAPPINGS: Final = (
    Mapping(
        type=CLUSTER,
        terraform="aws_eks_cluster",
        keys=("name", "id", "arn"),
        properties={
            "version": Attribute("version", computed=False),
            "endpoint_public_access": Attribute("vpc_config.endpoint_public_access", True, _PROVIDER),
            "public_access_cidrs": Attribute(
                "vpc_config.public_access_cidrs", ["0.0.0.0/0"], f"{_PROVIDER}: 0.0.0.0/0 by EKS"
            ),
            "enabled_log_types": Attribute("enabled_cluster_log_types", [], f"{_PROVIDER}: none", convert=sorted),
            "encrypted_resources": Derived(("encryption_config.resources",), _encrypted),
        },
    ),
)
