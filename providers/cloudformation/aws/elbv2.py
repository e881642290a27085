"""Elastic Load Balancing v2: load balancers, their listeners and rules."""

from __future__ import annotations

from typing import Any, Final

from providers.base import MISSING, Unread
from providers.cloudformation.aws.values import DOCUMENTED, tags, truth
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_UNSEEN: Final = Unread("not_collected", detail="not in this template")
BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"


def _attribute(name: str, *without: str) -> Derived:
    """A switch among the attributes of a load balancer; off by default, null where its type does not have it."""

    def read(block: Block) -> Any:
        kind = block.get("Type", "application")
        if isinstance(kind, Unread) or kind in without:
            return kind if isinstance(kind, Unread) else None
        rows = block.blocks("LoadBalancerAttributes")
        if isinstance(rows, Unread):
            return rows
        keys = [row.get("Key") for row in rows]
        found = [row.get("Value") for row, key in zip(rows, keys, strict=True) if key == name]
        unread = next((key for key in keys if isinstance(key, Unread)), None)
        return truth(found[-1]) if found else unread if unread is not None else False

    return Derived(("LoadBalancerAttributes", "Type"), read, f"{DOCUMENTED}: false")


def _scheme(block: Block) -> Any:
    kind = block.get("Type", "application")
    if isinstance(kind, Unread) or kind == "gateway":
        return kind if isinstance(kind, Unread) else None
    return block.get("Scheme", "internet-facing")


def _owner(listener: Block) -> Block | Unread:
    found = listener.named("LoadBalancerArn", BALANCER)
    return found if isinstance(found, Unread) else found[0] if len(found) == 1 else _UNSEEN


def _of_owner(block: Block) -> Any:
    owner = _owner(block)
    return owner if isinstance(owner, Unread) else _scheme(owner)


def _protocol(block: Block) -> Any:
    protocol = block.get("Protocol", None)
    if protocol is not None:
        return protocol
    owner = _owner(block)
    if isinstance(owner, Unread):
        return owner
    return None if owner.get("Type", "application") == "gateway" else MISSING


def _actions(block: Block, path: str) -> Any:
    rows = block.blocks(path)
    if isinstance(rows, Unread):
        return rows
    return [{"type": row.get("Type"), "redirect_protocol": _redirect(row)} for row in rows]


def _redirect(row: Block) -> Any:
    kind = row.get("Type")
    if kind != "redirect":
        return kind if isinstance(kind, Unread) else None
    # "#{protocol}" keeps the client's (RedirectConfig).
    return row.get("RedirectConfig.Protocol", "#{protocol}")


def _rule(block: Block) -> list[dict[str, Any]]:
    priority = block.get("Priority")
    text = priority if isinstance(priority, Unread) else str(priority)
    return [{"priority": text, "actions": _actions(block, "Actions")}]


def _default(block: Block) -> list[dict[str, Any]]:
    return [{"priority": "default", "actions": _actions(block, "DefaultActions")}]


def _rules(properties: dict[str, Any]) -> dict[str, Any]:
    """``rules`` are looked at where the protocol is HTTP, as the live adapter does."""
    protocol = properties["protocol"]
    return properties if isinstance(protocol, Unread) or protocol == "HTTP" else {**properties, "rules": None}


MAPPINGS: Final = (
    Mapping(
        BALANCER,
        BALANCER,
        {
            "type": Attribute("Type", "application", DOCUMENTED),
            "scheme": Derived(("Scheme", "Type"), _scheme, f"{DOCUMENTED}: internet-facing"),
            "access_logs_s3_enabled": _attribute("access_logs.s3.enabled", "gateway"),
            "deletion_protection_enabled": _attribute("deletion_protection.enabled"),
            "drop_invalid_header_fields": _attribute(
                "routing.http.drop_invalid_header_fields.enabled", "gateway", "network"
            ),
            "tags": tags(),
        },
        keys=("LoadBalancerArn", "Arn"),
        name=Attribute("Name", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        LISTENER,
        LISTENER,
        {
            "load_balancer_arn": Attribute("LoadBalancerArn", names=BALANCER),
            "scheme": Derived(("LoadBalancerArn",), _of_owner),
            "protocol": Derived(("Protocol", "LoadBalancerArn"), _protocol),
            "rules": Split(
                [],
                "ELB API, CreateListener: a new listener has its default rule alone",
                inline=Derived(("DefaultActions",), _default),
                group=list,
                element=("priority", "actions"),
            ),
            "tags": Derived((), lambda block: {}, f"{DOCUMENTED}: a listener of a template has no tags"),
        },
        parts=(
            Part(
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                "ListenerArn",
                {"rules": Derived(("Priority", "Actions"), _rule)},
            ),
        ),
        keys=("ListenerArn",),
        name=Attribute("Port", None, convert=str),
        identity=lambda block, where: None,
        finish=_rules,
    ),
)
