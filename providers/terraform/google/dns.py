"""Cloud DNS: server policies of networks, and zones.

Sources: provider documentation, google_dns_policy, google_dns_managed_zone; Cloud DNS API reference.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.compute_networks import NETWORK
from providers.gcp.dns import POLICY, ZONE
from providers.terraform.block import COMPUTED, Block
from providers.terraform.google.naming import LABELS, linked, mapping
from providers.terraform.mapping import Attribute, Derived, Where

_DOC: Final = "provider documentation"
_ALGORITHM: Final = [{"algorithm": "rsasha256"}]
"""What signs a zone of which nothing else is said (Cloud DNS, "Use advanced DNSSEC")."""


def _identity(block: Block, where: Where) -> Any:
    # By its number, as the live adapter names it.
    number = block.get("managed_zone_id", None, computed=False)
    told = isinstance(number, (int, str)) and where.account is not None
    return f"//dns.googleapis.com/projects/{where.account}/managedZones/{number}" if told else None


def _networks(block: Block) -> Any:
    rows = block.blocks("networks")
    return rows if isinstance(rows, Unread) else [linked(row, "network_url", NETWORK) for row in rows]


def _keys(block: Block) -> Any:
    held = block.block("dnssec_config")
    if held is None or isinstance(held, Unread):
        return [] if held in (None, COMPUTED) else held
    rows = held.blocks("default_key_specs")
    if rows in ([], COMPUTED):
        return _ALGORITHM if held.get("state", "off") == "on" else []
    return rows if isinstance(rows, Unread) else [{"algorithm": row.get("algorithm")} for row in rows]


MAPPINGS: Final = (
    mapping(
        "dns.googleapis.com",
        POLICY,
        "google_dns_policy",
        {
            "logging_enabled": Attribute("enable_logging", False, _DOC),
            "networks": Derived(("networks.network_url",), _networks),
        },
        keys=("id", "name"),
        # Its number, by which the live adapter names it, is in no attribute.
        identity=lambda block, where: None,
    ),
    mapping(
        "dns.googleapis.com",
        ZONE,
        "google_dns_managed_zone",
        {
            "visibility": Attribute("visibility", "public", _DOC),
            "dns_name": Attribute("dns_name"),
            "dnssec_state": Attribute(
                "dnssec_config.state", "off", "API reference, managedZones", convert=lambda state: state or "off"
            ),
            "dnssec_keys": Derived(("dnssec_config.default_key_specs.algorithm", "dnssec_config.state"), _keys),
            "tags": LABELS,
        },
        keys=("id", "name"),
        identity=_identity,
    ),
)
