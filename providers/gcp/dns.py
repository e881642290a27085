"""Cloud DNS: server policies of networks, and zones.

Source: Cloud DNS API reference, "policies", "managedZones".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, flag, labels, malformed, rows, text
from providers.gcp.listing import Listing, full_name, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

POLICY: Final = "dns.googleapis.com/Policy"
ZONE: Final = "dns.googleapis.com/ManagedZone"
TYPES: Final = (ResourceType(POLICY, GLOBAL), ResourceType(ZONE, GLOBAL))
API: Final = "https://dns.googleapis.com/dns/v1/projects/{project}"


def _networks(value: Any) -> Any:
    good = isinstance(value, list) and all(isinstance(row, dict) for row in value)
    return [full_name(row.get("networkUrl")) for row in value] if good else malformed("a list of networks")


_POLICY: Final[Mapping[str, Field]] = {
    # "Defaults to no logging if not set."
    "logging_enabled": Field("enableLogging", flag, False),
    "networks": Field("networks", _networks, []),
}
_ZONE: Final[Mapping[str, Field]] = {
    # Zones from before there were private ones have none; the default is public.
    "visibility": Field("visibility", text, "public"),
    "dns_name": Field("dnsName"),
    # Zones that were never signed have no configuration.
    "dnssec_state": Field("dnssecConfig.state", text, "off"),
    "dnssec_keys": Field("dnssecConfig.defaultKeySpecs", rows({"algorithm": Field("algorithm")}), []),
    "tags": Field("labels", labels, {}),
}


def _named(kind: str, gcp: Caller, item: Mapping[str, Any]) -> str:
    # By its number, as the inventory names it.
    return f"//dns.googleapis.com/projects/{gcp.account}/{kind}/{item['id']}"


def _own(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": item["name"]}


READERS: Final = (
    listed(
        POLICY,
        _POLICY,
        Listing(
            "dns.policies.list",
            "dns.policies.list",
            f"{API}/policies",
            "policies",
            lambda gcp, item: _named("policies", gcp, item),
            limit="maxResults",
            kind="dns#policiesListResponse",
        ),
        _own,
    ),
    listed(
        ZONE,
        _ZONE,
        Listing(
            "dns.managedZones.list",
            "dns.managedZones.list",
            f"{API}/managedZones",
            "managedZones",
            lambda gcp, item: _named("managedZones", gcp, item),
            limit="maxResults",
            kind="dns#managedZonesListResponse",
        ),
        _own,
    ),
)
