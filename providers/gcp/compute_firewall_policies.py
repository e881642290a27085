"""Compute Engine: firewall policies of networks, global and regional, and those of folders and organizations.

A rule is about the packets that match all that it says. What a rule says beside ranges, protocols and ports narrows it,
whatever it is: also what the API will have one day.

Sources: Compute Engine API reference, "firewallPolicies", "networkFirewallPolicies", "regionNetworkFirewallPolicies";
Cloud NGFW, "Firewall policy rules" (targets, sources, their defaults).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.compute_firewalls import protocols
from providers.gcp.fields import Field, flag, malformed, read, text, texts, whole
from providers.gcp.listing import COMPUTE, Aggregated, full_name, listed
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller
    from providers.gcp.hierarchy import Ancestor

POLICY: Final = "compute.googleapis.com/FirewallPolicy"
TYPES: Final = (ResourceType(POLICY, GLOBAL),)
EVERYWHERE: Final = ("0.0.0.0/0", "::/0")

_RULE: Final[Mapping[str, Field]] = {
    "action": Field("action"),
    "direction": Field("direction"),
    "priority": Field("priority", whole),
    "disabled": Field("disabled", flag, False),
    "target_resources": Field("targetResources", texts, []),
    "target_service_accounts": Field("targetServiceAccounts", texts, []),
}
_PLAIN: Final = frozenset({"layer4Configs", "srcIpRanges"})
_OUTWARD: Final = frozenset({"destIpRanges"})
_TARGETS: Final = ("targetSecureTags", "targetForwardingRules")
_MACHINES: Final = "INSTANCES"
"""What rules are about where they do not say."""


def rules(policy: Mapping[str, Any], narrowing: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rules of a policy by priority. Every policy has some: those by which it leaves packets to the next.

    ``narrowing``: what narrows all of them.
    """
    return sorted((_rule(row, narrowing) for row in policy["rules"]), key=lambda rule: rule["priority"])


def _rule(row: Mapping[str, Any], narrowed: Sequence[str]) -> dict[str, Any]:
    match = row["match"]
    sources = texts(match.get("srcIpRanges", []))
    named = {key for key, value in match.items() if value and key not in _PLAIN}
    narrowing = named - _OUTWARD if row["direction"] == "EGRESS" else named
    narrowing |= {key for key in _TARGETS if row.get(key)}
    if row.get("targetType", _MACHINES) != _MACHINES:
        narrowing.add("targetType")
    # Without any source a rule for what comes in is about every one.
    anywhere = row["direction"] == "INGRESS" and not sources and not any(key.startswith("src") for key in named)
    return {
        **read(_RULE, row),
        "narrowed_by": sorted({*narrowing, *narrowed}),
        "source_ranges": sources,
        "protocols": protocols(
            match.get("layer4Configs", []), "ipProtocol", "ports", list(EVERYWHERE) if anywhere else sources
        ),
    }


# --- of networks ---


def _networks(value: Any) -> Any:
    good = isinstance(value, list) and all(isinstance(row, dict) for row in value)
    return [full_name(row.get("attachmentTarget")) for row in value] if good else malformed("associations")


# A policy that no network has is not enforced anywhere.
_POLICY: Final[Mapping[str, Field]] = {"networks": Field("associations", _networks, [])}


def _policy(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    regional = "/regions/" in name
    held = {"attached_to": text(item["name"]), "rules": rules(item, ["region"] if regional else [])}
    return {"regional": regional, "policy": held}


# --- of folders and organizations ---


def _above(gcp: Caller, scope: Scope) -> Iterator[Found]:
    """The rules of the policies above a project, as they are evaluated: from the organization down."""
    found: list[dict[str, Any]] = []
    for ancestor in reversed(gcp.ancestors):
        policies = ancestor.unread or _policies(gcp, ancestor)
        if isinstance(policies, Unread):
            found.append({"attached_to": ancestor.name, "rules": policies})
        else:
            found += [{"attached_to": ancestor.name, "rules": held} for held in policies]
    yield Found(PROJECT, project_id(gcp.number), {"firewall_policies": found})


def _policies(gcp: Caller, ancestor: Ancestor) -> list[list[dict[str, Any]]] | Unread:
    operation, url = "compute.firewallPolicies.listAssociations", f"{COMPUTE}/locations/global/firewallPolicies"

    def held() -> list[list[dict[str, Any]]]:
        answer = gcp.get(operation, f"{url}/listAssociations", targetResource=ancestor.name)
        if not answer["kind"].startswith("compute#"):
            raise ValueError("not associations")
        ids = [row["firewallPolicyId"] for row in answer.get("associations", ())]
        return [rules(gcp.get("compute.firewallPolicies.get", f"{url}/{id_}")) for id_ in ids]

    return gcp.above(operation, ancestor, held, "compute.organizations.listAssociations")


READERS: Final = (
    listed(
        POLICY,
        _POLICY,
        Aggregated(
            "compute.networkFirewallPolicies.aggregatedList",
            "compute.firewallPolicies.list",
            "firewallPolicies",
            "compute#networkFirewallPolicyAggregatedList",
        ),
        _policy,
        ("regional", "policy"),
    ),
    Reader(
        operations=("compute.firewallPolicies.listAssociations", "compute.firewallPolicies.get"),
        read=_above,
        where=GLOBAL,
        fills={PROJECT: ("firewall_policies",)},
        permissions=("compute.organizations.listAssociations", "compute.firewallPolicies.get"),
    ),
)
