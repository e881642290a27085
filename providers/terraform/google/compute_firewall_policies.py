"""Compute Engine: firewall policies of networks, global and regional; those of folders are no project's own.

The rules by which every policy leaves packets to the next decide nothing, and are left out of what is planned.

Sources: provider documentation, google_compute_network_firewall_policy, its _rule, its _association and its
_with_rules, and those of a region; Compute Engine API reference, "networkFirewallPolicies".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.base import Unread
from providers.gcp.compute_firewall_policies import EVERYWHERE, POLICY
from providers.gcp.compute_networks import NETWORK
from providers.terraform import mapping as declared
from providers.terraform.block import Block
from providers.terraform.google.compute_firewalls import ports_of
from providers.terraform.google.naming import COMPUTE, linked, mapping
from providers.terraform.mapping import Attribute, Constant, Derived, Part, Split

_DOC: Final = "provider documentation"
_PORTS: Final = ("layer4_configs", "layer4_config")
_PLAIN: Final = frozenset({*_PORTS, "src_ip_ranges"})
_TAGS: Final = ("target_secure_tags", "target_secure_tag")
"""The second of each is what the policy with rules in it calls the first."""


def _rule(block: Block, narrowed: Sequence[str]) -> dict[str, Any]:
    match, direction = block.block("match"), block.get("direction")
    sources, narrowing, protocols = (
        (match,) * 3
        if isinstance(match, Unread)
        else (Unread("missing_attribute"),) * 3
        if match is None
        else _matched(match, direction)
    )
    if not isinstance(narrowing, Unread):
        narrowing = sorted({*narrowing, *_targets(block), *narrowed})
    return {
        "action": block.get("action"),
        "direction": direction,
        "priority": block.get("priority"),
        "disabled": block.get("disabled", False),
        "target_resources": [],
        "target_service_accounts": block.get("target_service_accounts", []),
        "narrowed_by": narrowing,
        "source_ranges": sources,
        "protocols": protocols,
    }


def _matched(match: Block, direction: Any) -> tuple[Any, Any, Any]:
    """From where packets come, what narrows which of them are meant besides, and their protocols and ports."""
    sources = match.get("src_ip_ranges", [])
    others = {name: value for name, value in match.values.items() if name not in _PLAIN}
    untold = next((value for value in (direction, *others.values()) if isinstance(value, Unread)), None)
    named = {name for name, value in others.items() if value}
    narrowing = untold if untold is not None else {_theirs(name) for name in named if not _outward(name, direction)}
    cidrs = sources
    if not isinstance(sources, Unread) and not sources:
        # Without any source a rule for what comes in is about every one.
        by_other = any(name.startswith("src") for name in named)
        cidrs = untold if untold is not None else list(EVERYWHERE) if direction == "INGRESS" and not by_other else []
    return sources, narrowing, _protocols(match, cidrs)


def _protocols(match: Block, cidrs: Any) -> Any:
    rows = match.blocks(next((name for name in _PORTS if name in match.values), _PORTS[0]))
    return rows if isinstance(rows, Unread) else [line for row in rows for line in ports_of(row, cidrs, "ip_protocol")]


def _targets(block: Block) -> list[str]:
    """What narrows to which machines a rule is about: tags, and targets that are no machines."""
    kind = block.get("target_type", None, optional=True)
    return [
        *([_theirs(_TAGS[0])] if any(block.values.get(name) for name in _TAGS) else []),
        *(["targetForwardingRules"] if block.values.get("target_forwarding_rules") else []),
        *(["targetType"] if kind not in (None, "", "INSTANCES") else []),
    ]


def _outward(name: str, direction: Any) -> bool:
    return name == "dest_ip_ranges" and direction == "EGRESS"


def _theirs(name: str) -> str:
    """What the API calls an attribute."""
    first, *more = name.split("_")
    found = first + "".join(word.capitalize() for word in more)
    return f"{found}s" if found.endswith("SecureTag") else found


def _by_priority(rules: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rules, key=lambda rule: rule["priority"] if isinstance(rule["priority"], int) else -1)


def _inside(narrowed: Sequence[str]) -> Derived:
    def read(block: Block) -> Any:
        rows = block.blocks("rule")
        return rows if isinstance(rows, Unread) else _by_priority([_rule(row, narrowed) for row in rows])

    return Derived(("rule.match", "rule.action", "rule.direction", "rule.priority", "rule.disabled"), read)


def _whole(properties: dict[str, Any]) -> dict[str, Any]:
    """A policy is as it was read where this plan holds not all of its rules, and changes none."""
    rules = properties["policy.rules"]
    if not isinstance(rules, Unread) or rules.reason != "not_collected":
        return properties
    others = {name: value for name, value in properties.items() if not name.startswith("policy.")}
    return {**others, "policy": rules}


def _network(block: Block) -> Any:
    found = linked(block, "attachment_target", NETWORK, "global/networks")
    return found if isinstance(found, Unread) else [found]


def _each_once(networks: Sequence[Any]) -> Any:
    unread = next((network for network in networks if isinstance(network, Unread)), None)
    return sorted(set(networks)) if unread is None else unread


def _policies(prefix: str, *, regional: bool) -> tuple[declared.Mapping, declared.Mapping]:
    """The policies whose types begin with ``prefix``: with rules of their own, and with the rules in them."""
    place, same = ("regions/{region}", ("project", "region")) if regional else ("global", ("project",))
    narrowed = ["region"] if regional else []
    associations = Part(
        f"{prefix}_association",
        "firewall_policy",
        {"networks": Derived(("attachment_target",), _network)},
        same=same,
    )
    rules = Part(
        f"{prefix}_rule",
        "firewall_policy",
        {
            "policy.rules": Derived(
                ("match", "action", "direction", "priority", "disabled", "target_service_accounts"),
                lambda block: [_rule(block, narrowed)],
            )
        },
        same=same,
    )
    both = {
        "regional": Constant(regional, _DOC),
        "networks": Split([], "API reference: a policy that no network has is not enforced", group=_each_once),
        "policy.attached_to": Attribute("name"),
    }
    apart = Split([], "API reference: a new one only leaves packets to the next", group=_by_priority)
    where = f"{place}/firewallPolicies"
    return (
        mapping(
            COMPUTE,
            POLICY,
            prefix,
            {**both, "policy.rules": apart},
            where,
            parts=(associations, rules),
            finish=_whole,
        ),
        mapping(
            COMPUTE,
            POLICY,
            f"{prefix}_with_rules",
            {**both, "policy.rules": _inside(narrowed)},
            where,
            parts=(associations,),
        ),
    )


MAPPINGS: Final = (
    *_policies("google_compute_network_firewall_policy", regional=False),
    *_policies("google_compute_region_network_firewall_policy", regional=True),
)
