"""Compute Engine: VPC networks and their subnets.

Source: Compute Engine API reference, "networks", "subnetworks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, flag, text
from providers.gcp.listing import compute, compute_global, full_name, listed

NETWORK: Final = "compute.googleapis.com/Network"
SUBNET: Final = "compute.googleapis.com/Subnetwork"
TYPES: Final = (ResourceType(NETWORK, GLOBAL), ResourceType(SUBNET, GLOBAL))

_NETWORK: Final[Mapping[str, Field]] = {
    # "Will only be present for legacy networks"; for these there is no mode.
    "legacy_range": Field("IPv4Range", text, None),
    "auto_create_subnetworks": Field("autoCreateSubnetworks", flag, None),
    # "Default value: AFTER_CLASSIC_FIREWALL".
    "policy_order": Field("networkFirewallPolicyEnforcementOrder", text, "AFTER_CLASSIC_FIREWALL"),
}
_SUBNET: Final[Mapping[str, Field]] = {
    "network": Field("network", full_name),
    # Of subnets from before there were purposes nothing stands there; PRIVATE is the default.
    "purpose": Field("purpose", text, "PRIVATE"),
    # "If this field is not explicitly set, it will not appear in get listings. If not set the default behavior is
    # determined by the org policy, if there is no org policy specified, then it will default to disabled."
    "flow_logs": Field("logConfig.enable", flag, False),
}

READERS: Final = (
    listed(NETWORK, _NETWORK, compute_global("networks", "compute#networkList")),
    listed(SUBNET, _SUBNET, compute("subnetworks")),
)
