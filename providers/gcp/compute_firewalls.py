"""Compute Engine: firewall rules of VPC networks, and the firewall policies of folders and organizations above them.

Sources: Compute Engine API reference, "firewalls", "firewallPolicies"; Cloud NGFW, "VPC firewall rules" (defaults) and
"Firewall policies" (order of evaluation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, flag, read, text, texts, whole
from providers.gcp.listing import COMPUTE, full_name
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller
    from providers.gcp.hierarchy import Ancestor

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


# --- the policies of folders and organizations ---

_RULE: Final[Mapping[str, Field]] = {
    "action": Field("action"),
    "direction": Field("direction"),
    "priority": Field("priority", whole),
    "disabled": Field("disabled", flag, False),
    "target_resources": Field("targetResources", texts, []),
    "target_service_accounts": Field("targetServiceAccounts", texts, []),
}
_SELECTORS: Final = (
    "srcFqdns",
    "srcRegionCodes",
    "srcSecureTags",
    "srcThreatIntelligences",
    "srcAddressGroups",
    "srcNetworks",
    "srcNetworkScope",
    "srcNetworkContext",
)
"""By which a rule is about other sources than its ranges, or about fewer."""


def _above(gcp: Caller, scope: Scope) -> Iterator[Found]:
    """The rules of the policies above a project, as they are evaluated: from the organization down."""
    found: list[dict[str, Any]] = []
    for ancestor in reversed(gcp.ancestors):
        policies = ancestor.unread or _policies(gcp, ancestor)
        if isinstance(policies, Unread):
            found.append({"attached_to": ancestor.name, "rules": policies})
        else:
            found += [{"attached_to": ancestor.name, "rules": rules} for rules in policies]
    yield Found(PROJECT, project_id(gcp.number), {"firewall_policies": found})


def _policies(gcp: Caller, ancestor: Ancestor) -> list[list[dict[str, Any]]] | Unread:
    operation, url = "compute.firewallPolicies.listAssociations", f"{COMPUTE}/locations/global/firewallPolicies"

    def rules() -> list[list[dict[str, Any]]]:
        answer = gcp.get(operation, f"{url}/listAssociations", targetResource=ancestor.name)
        if not answer["kind"].startswith("compute#"):
            raise ValueError("not associations")
        ids = [row["firewallPolicyId"] for row in answer.get("associations", ())]
        return [_rules(gcp.get("compute.firewallPolicies.get", f"{url}/{id_}")) for id_ in ids]

    return gcp.above(operation, ancestor, rules, "compute.organizations.listAssociations")


def _rules(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules = [_rule(row) for row in policy["rules"]]
    return sorted(rules, key=lambda rule: rule["priority"])


def _rule(row: Mapping[str, Any]) -> dict[str, Any]:
    match = row["match"]
    sources = texts(match.get("srcIpRanges", []))
    return {
        **read(_RULE, row),
        "narrowed_by": sorted(key for key in _SELECTORS if match.get(key)),
        "source_ranges": sources,
        "protocols": protocols(match.get("layer4Configs", []), "ipProtocol", "ports", sources),
    }


READERS: Final = (
    resource(
        FIREWALL,
        (*_FIELDS, "source_ranges", "allowed", "denied"),
        _firewall,
        operations=("compute.firewalls.list",),
        items=_firewalls,
        permissions=("compute.firewalls.list",),
    ),
    Reader(
        operations=("compute.firewallPolicies.listAssociations", "compute.firewallPolicies.get"),
        read=_above,
        where=GLOBAL,
        fills={PROJECT: ("firewall_policies",)},
        permissions=("compute.organizations.listAssociations", "compute.firewallPolicies.get"),
    ),
)
