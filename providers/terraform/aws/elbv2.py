"""Elastic Load Balancing v2: application, network and gateway load balancers, their listeners, rules and web ACLs."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.elbv2 import BALANCER, LISTENER
from providers.base import Unread
from providers.terraform.aws.beyond import NOT_HELD, more
from providers.terraform.aws.tls_policies import PROTOCOLS
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_PROVIDER: Final = "provider documentation, aws_lb"
_BALANCERS: Final = ("aws_lb", "aws_alb")
_LISTENERS: Final = ("aws_lb_listener", "aws_alb_listener")
_RULES: Final = ("aws_lb_listener_rule", "aws_alb_listener_rule")
SUBNET: Final = "aws_subnet"
ALSO: Final = (SUBNET,)
_DEFAULT_POLICY: Final = "ELBSecurityPolicy-2016-08"

# --- load balancers --------------------------------------------------------------------------------------------------


def _type(block: Block) -> Any:
    return block.get("load_balancer_type", "application")


def _scheme(block: Block) -> Any:
    kind, internal = _type(block), block.get("internal", False)
    if isinstance(kind, Unread) or kind == "gateway":
        return kind if isinstance(kind, Unread) else None
    return internal if isinstance(internal, Unread) else "internal" if internal else "internet-facing"


def _zones(block: Block) -> Any:
    """The availability zones. Each subnet is in another one (ELB API, CreateLoadBalancer: one subnet per zone).

    Which one a plan tells of the subnets that it holds.
    """
    mapped = block.blocks("subnet_mapping")
    if not isinstance(mapped, Unread) and mapped:
        zones = [_zone(row) for row in mapped]
    else:
        # What a set that is not known refers to may be more than it takes.
        subnets, found = block.get("subnets", [], computed=False), block.named("subnets", SUBNET)
        if isinstance(subnets, Unread):
            return subnets
        if isinstance(found, Unread) or len(found) != len(subnets):
            return NOT_HELD
        zones = [row.get("availability_zone") for row in found]
    return next((zone for zone in zones if isinstance(zone, Unread)), None) or sorted(set(zones))


def _zone(row: Block) -> Any:
    found = row.named("subnet_id", SUBNET)
    return found[0].get("availability_zone") if not isinstance(found, Unread) and len(found) == 1 else NOT_HELD


def _if_there(path: str, *without: str) -> Derived:
    """A switch that load balancers of some types do not have; off by default."""

    def read(block: Block) -> Any:
        kind = _type(block)
        if isinstance(kind, Unread):
            return kind
        return None if kind in without else block.get(path, False)

    return Derived((path, "load_balancer_type"), read, f"{_PROVIDER}: false")


def _delivery(block: Block) -> list[dict[str, Any]]:
    return [{"log_type": block.get("log_type"), "status": NOT_HELD, "destination_types": NOT_HELD}]


def _acl(properties: dict[str, Any]) -> dict[str, Any]:
    """``web_acl_arn`` and ``log_deliveries`` are asked after only where the live adapter asks."""
    asked = properties["type"] not in ("gateway", "network") and properties["scheme"] != "internal"
    logged = properties["access_logs_s3_enabled"] in (True, None)
    return {
        **properties,
        **({} if asked else {"web_acl_arn": None}),
        **({"log_deliveries": []} if logged else {}),
    }


def _balancer(terraform: str) -> Mapping:
    return Mapping(
        type=BALANCER,
        terraform=terraform,
        keys=("arn", "id"),
        finish=_acl,
        parts=(
            Part(
                "aws_wafv2_web_acl_association",
                "resource_arn",
                {"web_acl_arn": Attribute("web_acl_arn", names="AWS::WAFv2::WebACL")},
                elsewhere=True,
            ),
            Part(
                "aws_cloudwatch_log_delivery_source",
                "resource_arn",
                {"log_deliveries": Derived(("log_type",), _delivery)},
                elsewhere=True,
            ),
        ),
        properties={
            "type": Attribute("load_balancer_type", "application", _PROVIDER),
            "scheme": Derived(("internal", "load_balancer_type"), _scheme, "ELB API, CreateLoadBalancer: the internet"),
            "availability_zones": Derived(("subnets", "subnet_mapping.subnet_id"), _zones),
            "access_logs_s3_enabled": _if_there("access_logs.enabled", "gateway"),
            "deletion_protection_enabled": Attribute("enable_deletion_protection", False, _PROVIDER),
            "drop_invalid_header_fields": _if_there("drop_invalid_header_fields", "gateway", "network"),
            "web_acl_arn": Split(None, "WAF API, GetWebACLForResource: none until one is associated"),
            "log_deliveries": Split(
                [],
                "Logs API, DescribeDeliverySources: none until one is made",
                group=list,
                element=("log_type", "status", "destination_types"),
            ),
        },
    )


# --- listeners -------------------------------------------------------------------------------------------------------


def _owner(listener: Block) -> Block | Unread:
    found = listener.named("load_balancer_arn", *_BALANCERS)
    if isinstance(found, Unread):
        return found
    return found[0] if len(found) == 1 else NOT_HELD


def _name(listener: Block) -> Any:
    """The load balancer's name and the port, as the live adapter has it."""
    owner, port = _owner(listener), listener.get("port", "", computed=False)
    name = owner if isinstance(owner, Unread) else owner.get("name", None, computed=False)
    return f"{name}:{port}" if isinstance(name, str) and not isinstance(port, Unread) else None


def _of_owner(block: Block) -> Any:
    owner = _owner(block)
    return owner if isinstance(owner, Unread) else _scheme(owner)


def _protocol(block: Block) -> Any:
    protocol = block.get("protocol", None, computed=False)
    if isinstance(protocol, str) and protocol:
        return protocol
    owner = _owner(block)
    # The listener of a gateway load balancer has no protocol; of another, somebody must have named one.
    if not isinstance(owner, Unread) and _type(owner) == "gateway":
        return None
    return protocol if isinstance(protocol, Unread) else NOT_HELD


def _policy(block: Block) -> Any:
    protocol = _protocol(block)
    if isinstance(protocol, Unread):
        return protocol
    return block.get("ssl_policy", _DEFAULT_POLICY) or _DEFAULT_POLICY if protocol in ("HTTPS", "TLS") else None


def _tls_protocols(block: Block) -> Any:
    policy = _policy(block)
    if policy is None or isinstance(policy, Unread):
        return policy
    return PROTOCOLS.get(policy, Unread("not_collected", detail="a security policy that this version does not know"))


def _actions(block: Block, path: str) -> Any:
    rows = block.blocks(path)
    if isinstance(rows, Unread):
        return rows
    return [{"type": row.get("type"), "redirect_protocol": _redirect(row)} for row in rows]


def _redirect(row: Block) -> Any:
    kind = row.get("type")
    if kind != "redirect":
        return kind if isinstance(kind, Unread) else None
    # "#{protocol}" keeps the client's (provider documentation, default).
    return row.get("redirect.protocol", "#{protocol}")


def _rule(block: Block) -> list[dict[str, Any]]:
    priority = block.get("priority", computed=False)
    text = priority if isinstance(priority, Unread) else str(priority)
    return [{"priority": text, "actions": _actions(block, "action")}]


def _default(block: Block) -> list[dict[str, Any]]:
    """The rule that every listener has, and that an existing one may have others that the plan does not hold."""
    return [
        {"priority": "default", "actions": _actions(block, "default_action")},
        *more(block, "priority", "actions"),
    ]


def _rules(properties: dict[str, Any]) -> dict[str, Any]:
    """``rules`` are looked at where the protocol is HTTP, as the live adapter does."""
    protocol = properties["protocol"]
    if isinstance(protocol, Unread) or protocol == "HTTP":
        return properties
    return {**properties, "rules": None}


def _listener(terraform: str) -> Mapping:
    return Mapping(
        type=LISTENER,
        terraform=terraform,
        name=Derived(("load_balancer_arn", "port"), _name),
        finish=_rules,
        parts=tuple(
            Part(rule, "listener_arn", {"rules": Derived(("priority", "action.type", "action.redirect"), _rule)})
            for rule in _RULES
        ),
        properties={
            "load_balancer_arn": Attribute("load_balancer_arn", names=BALANCER),
            "scheme": Derived(("load_balancer_arn",), _of_owner),
            "protocol": Derived(("protocol", "load_balancer_arn"), _protocol),
            "ssl_policy": Derived(("ssl_policy", "protocol"), _policy, f"{_PROVIDER}_listener: {_DEFAULT_POLICY}"),
            "tls_protocols": Derived(("ssl_policy", "protocol"), _tls_protocols),
            "rules": Split(
                [],
                "ELB API, CreateListener: a new listener has its default rule alone",
                inline=Derived(("default_action.type", "default_action.redirect"), _default),
                group=list,
                element=("priority", "actions"),
            ),
        },
    )


MAPPINGS: Final = (*map(_balancer, _BALANCERS), *map(_listener, _LISTENERS))
