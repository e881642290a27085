"""Elastic Load Balancing v2: listeners of application, network and gateway load balancers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
TYPES: Final = (ResourceType(LISTENER),)


def _listeners(aws: Caller, scope: Scope) -> Iterator[Found]:
    # A list first: the pages' marker would grow old while the listeners of each are read.
    for balancer in list(aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")):
        arn = balancer["LoadBalancerArn"]
        pages = aws.pages("elbv2", "describe_listeners", "Listeners", gone="LoadBalancerNotFound", LoadBalancerArn=arn)
        for listener in pages:
            yield _listener(balancer, listener)


def _listener(balancer: Mapping[str, Any], listener: Mapping[str, Any]) -> Found:
    # A gateway load balancer has no scheme, and its listener neither protocol nor port.
    gateway = balancer.get("Type") == "gateway"
    properties = {
        "scheme": None if gateway else attribute(balancer, "Scheme"),
        "protocol": None if gateway else attribute(listener, "Protocol"),
    }
    name = f"{balancer.get('LoadBalancerName', '')}:{listener.get('Port', '')}"
    return Found(LISTENER, listener["ListenerArn"], properties, name)


def _rules(aws: Caller, listener: Resource) -> Mapping[str, Any]:
    if listener.properties["protocol"] != "HTTP":
        return {"rules": None}
    rules = aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener.id)
    return {"rules": [_rule(rule) for rule in rules]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "priority": attribute(rule, "Priority"),
        "actions": [
            {
                "type": attribute(action, "Type"),
                "redirect_protocol": (action.get("RedirectConfig") or {}).get("Protocol"),
            }
            for action in rule["Actions"]
        ],
    }


READERS: Final = (
    Reader(
        operations=("elbv2:DescribeLoadBalancers", "elbv2:DescribeListeners"),
        read=_listeners,
        lists=(LISTENER,),
        fills={LISTENER: ("scheme", "protocol")},
        permissions=("elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"),
    ),
    Reader(
        operations=("elbv2:DescribeRules",),
        read=_rules,
        per="resource",
        of=LISTENER,
        needs=("protocol",),
        fills={LISTENER: ("rules",)},
        permissions=("elasticloadbalancing:DescribeRules",),
        gone_codes=frozenset({"ListenerNotFound"}),
    ),
)
