"""Elastic Load Balancing, the first version: Classic Load Balancers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

BALANCER: Final = "AWS::ElasticLoadBalancing::LoadBalancer"
TYPES: Final = (ResourceType(BALANCER),)


def _balancers(aws: Caller, scope: Scope) -> Iterator[Found]:
    for balancer in aws.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions"):
        name, listeners = balancer["LoadBalancerName"], balancer.get("ListenerDescriptions")
        properties = {"listeners": MISSING if listeners is None else [_listener(row) for row in listeners]}
        arn = f"arn:{aws.partition}:elasticloadbalancing:{aws.region}:{aws.account}:loadbalancer/{name}"
        yield Found(BALANCER, arn, properties, name)


def _listener(description: Mapping[str, Any]) -> Mapping[str, Any]:
    listener = description.get("Listener") or {}
    return {"port": attribute(listener, "LoadBalancerPort"), "protocol": attribute(listener, "Protocol")}


def _attributes(aws: Caller, balancer: Resource) -> Mapping[str, Any]:
    answer = aws.call("elb", "describe_load_balancer_attributes", LoadBalancerName=balancer.name)
    log = answer["LoadBalancerAttributes"].get("AccessLog") or {}
    return {"access_log_enabled": attribute(log, "Enabled")}


READERS: Final = (
    Reader(
        operations=("elb:DescribeLoadBalancers",),
        read=_balancers,
        lists=(BALANCER,),
        fills={BALANCER: ("listeners",)},
        permissions=("elasticloadbalancing:DescribeLoadBalancers",),
    ),
    Reader(
        operations=("elb:DescribeLoadBalancerAttributes",),
        read=_attributes,
        per="resource",
        of=BALANCER,
        fills={BALANCER: ("access_log_enabled",)},
        permissions=("elasticloadbalancing:DescribeLoadBalancerAttributes",),
        gone_codes=frozenset({"LoadBalancerNotFound"}),
    ),
)
