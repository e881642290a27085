"""Compute Engine: firewall rules of VPC networks.

Sources: Compute Engine API reference, "firewalls"; Cloud NGFW, "VPC firewall rules" (defaults).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, flag, read, text, texts, whole
from providers.gcp.listing import COMPUTE, full_name

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

FIREWALL: Final = "compute.googleapis.com/Firewall"
TYPES: Final = (ResourceType(FIREWALL, GLOBAL),)
ANYWHERE: Final = "0.0.0.0/0"
PAGE: Final = 500

_PORTS: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


_FIELDS: Final[Mapping[str, Field]] = {
    "network": Field("network", full_name),
    "direction": Field("direction"),
    # "If this is unspecified, the firewall rule will be enabled."
    "disabled": Field("disabled", flag, False),
    "priority": Field("priority", whole),
    # Lists of what a rule does not have are left out.
    "source_tags": Field("sourceTags", texts, []),
    "source_service_accounts": Field("sourceServiceAccounts", texts, []),
    "target_tags": Field("targetTags", texts, []),
    "target_service_accounts": Field("targetServiceAccounts", texts, []),
    "log_enabled": Field("logConfig.enable", flag, False),
}


def _firewall(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    said = read(_FIELDS, item)
    sources = _sources(said, item)
    return {
        **said,
        "source_ranges": sources,
        "allowed": protocols(item.get("allowed", []), "IPProtocol", "ports", sources),
        "denied": protocols(item.get("denied", []), "IPProtocol", "ports", sources),
        "name": item["name"],
    }


def _sources(said: Mapping[str, Any], item: Mapping[str, Any]) -> Any:
    """From where: without ranges, tags and service accounts a rule is about any source (IPv4)."""
    if item.get("sourceRanges") is not None:
        return texts(item["sourceRanges"])
    if said["direction"] == "EGRESS":
        return []
    return [] if said["source_tags"] or said["source_service_accounts"] else [ANYWHERE]


def protocols(rows: Sequence[Mapping[str, Any]], protocol: str, ports: str, sources: Any) -> list[dict[str, Any]]:
    """A row for each protocol and range of ports, with the sources; null ports are all of them.

    ``protocol`` and ``ports`` are the keys by which the API names them.
    """
    return [
        {"protocol": text(row[protocol]).lower(), "from_port": first, "to_port": last, "cidrs": sources}
        for row in rows
        for first, last in _ranges(row.get(ports) or [])
    ]


def _ranges(ports: Sequence[str]) -> list[tuple[int | None, int | None]]:
    found: list[tuple[int | None, int | None]] = []
    for port in ports:
        match = _PORTS.fullmatch(port)
        if match is None:
            raise ValueError("not a range of ports")
        found.append((int(match.group(1)), int(match.group(2) or match.group(1))))
    return found or [(None, None)]


def _firewalls(gcp: Caller) -> Iterator[Item]:
    url = f"{COMPUTE}/projects/{gcp.account}/global/firewalls"
    rules = gcp.pages(
        "compute.firewalls.list", url, "items", kind="compute#firewallList", limit="maxResults", size=PAGE
    )
    for item in rules:
        yield f"//compute.googleapis.com/projects/{gcp.account}/global/firewalls/{item['name']}", item


READERS: Final = (
    resource(
        FIREWALL,
        (*_FIELDS, "source_ranges", "allowed", "denied"),
        _firewall,
        operations=("compute.firewalls.list",),
        items=_firewalls,
        permissions=("compute.firewalls.list",),
    ),
)
