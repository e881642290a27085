"""Compute Engine: VPC networks, the network that a project is made with, and subnets.

Source: provider documentation and source, google_compute_network, google_compute_subnetwork, google_project.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.compute_networks import NETWORK, SUBNET
from providers.terraform.block import Block
from providers.terraform.google.naming import COMPUTE, exists, link, mapping, text
from providers.terraform.mapping import Attribute, Constant, Derived

_ORDER: Final = "network_firewall_policy_enforcement_order"
_CLASSIC_FIRST: Final = "AFTER_CLASSIC_FIREWALL"
_LEGACY: Final = "provider documentation: since version 3 it makes and keeps no legacy network"


def _default(block: Block) -> Any:
    """Whether a project is made with the network "default". Of one that is there nobody knows whether it still is."""
    made = block.get("auto_create_network", True)
    return made if isinstance(made, Unread) else made and not exists(block)


def _flow_logs(block: Block) -> Any:
    # The provider turns logs on where the block is there, and off where it is not (source, google_compute_subnetwork).
    rows = block.blocks("log_config")
    return rows if isinstance(rows, Unread) else bool(rows)


MAPPINGS: Final = (
    mapping(
        COMPUTE,
        NETWORK,
        "google_compute_network",
        collection="global/networks",
        properties={
            "legacy_range": Attribute("ipv4_range", None, _LEGACY, convert=text, optional=True),
            "auto_create_subnetworks": Attribute("auto_create_subnetworks", True, "provider documentation"),
            "policy_order": Attribute(_ORDER, _CLASSIC_FIRST, "provider documentation", optional=True),
        },
    ),
    mapping(
        COMPUTE,
        NETWORK,
        "google_project",
        {
            "legacy_range": Constant(None, _LEGACY),
            "auto_create_subnetworks": Constant(True, "VPC, 'Default network': it is in auto mode"),
            "policy_order": Constant(_CLASSIC_FIRST, "API reference, networks: the default"),
            "tags": Constant({}, "API reference, networks: they have no labels"),
        },
        keys=(),
        name=Constant("default", "VPC, 'Default network'"),
        identity=lambda block, where: None,
        applies=_default,
    ),
    mapping(
        COMPUTE,
        SUBNET,
        "google_compute_subnetwork",
        collection="regions/{region}/subnetworks",
        properties={
            "network": link("network", NETWORK, "global/networks"),
            "purpose": Attribute(
                "purpose", "PRIVATE", "API reference, subnetworks", convert=lambda value: value or "PRIVATE"
            ),
            "flow_logs": Derived(("log_config",), _flow_logs),
        },
    ),
)
