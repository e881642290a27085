"""Amazon MSK: clusters, provisioned and serverless."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.kafka import CLUSTER
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping

_SERVERLESS: Final = "MSK API, Serverless: a serverless cluster has no such settings"
_TRANSIT: Final = "encryption_info.encryption_in_transit"
_LEFT_OPEN: Final = Unread("known_after_apply", detail="MSK decides where nothing is said of encryption in transit")


def _transit(name: str) -> Derived:
    """A setting of encryption in transit: the provider writes its defaults where there is such a block."""
    path = f"{_TRANSIT}.{name}"

    def read(block: Block) -> Any:
        # Without the block, what the API does by default has changed over time.
        return block.get(path, _LEFT_OPEN, computed=False)

    return Derived((path,), read)


MAPPINGS: Final = (
    Mapping(
        type=CLUSTER,
        terraform="aws_msk_cluster",
        name=Attribute("cluster_name", None),
        properties={
            "cluster_type": Constant("PROVISIONED", "MSK API, CreateCluster"),
            "client_broker": _transit("client_broker"),
            "in_cluster": _transit("in_cluster"),
        },
    ),
    Mapping(
        type=CLUSTER,
        terraform="aws_msk_serverless_cluster",
        name=Attribute("cluster_name", None),
        properties={
            "cluster_type": Constant("SERVERLESS", "MSK API, CreateClusterV2"),
            "client_broker": Constant(None, _SERVERLESS),
            "in_cluster": Constant(None, _SERVERLESS),
        },
    ),
)
