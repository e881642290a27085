"""Elastic Load Balancing v2: application, network and gateway load balancers, and their listeners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.ec2 import values
from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
TYPES: Final = (ResourceType(BALANCER), ResourceType(LISTENER))

_GONE: Final = frozenset({"LoadBalancerNotFound"})
_WITH_POLICY: Final = ("HTTPS", "TLS")
_SWITCH: Final = {"true": True, "false": False}


# --- load balancers ---


def _balancers(aws: Caller, scope: Scope) -> Iterator[Found]:
    """Every load balancer, then the listeners of each, which AWS lists for one load balancer at a time."""
    # A list first: the pages' marker would grow old while the listeners of each are read.
    balancers = list(aws.pages("elbv2", "describe_load_balancers", "LoadBalancers"))
    for balancer in balancers:
        yield _balancer(balancer)
    for balancer in balancers:
        arn = balancer["LoadBalancerArn"]
        pages = aws.pages("elbv2", "describe_listeners", "Listeners", gone="LoadBalancerNotFound", LoadBalancerArn=arn)
        for listener in pages:
            yield _listener(balancer, listener)


def _balancer(balancer: Mapping[str, Any]) -> Found:
    zones = values(balancer.get("AvailabilityZones"), "ZoneName")
    properties = {
        "type": attribute(balancer, "Type"),
        "scheme": _scheme(balancer),
        "availability_zones": zones if isinstance(zones, Unread) else sorted(set(zones)),
    }
    return Found(BALANCER, balancer["LoadBalancerArn"], properties, balancer["LoadBalancerName"])


def _scheme(balancer: Mapping[str, Any]) -> Any:
    # A gateway load balancer has no scheme.
    return None if balancer.get("Type") == "gateway" else attribute(balancer, "Scheme")


def _attributes(aws: Caller, balancer: Resource) -> Mapping[str, Any]:
    answer = aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=balancer.id)
    told = {row["Key"]: row.get("Value") for row in answer["Attributes"]}
    kind = balancer.properties["type"]
    drop = "routing.http.drop_invalid_header_fields.enabled"
    # Each attribute is told of the types that have it (API reference, LoadBalancerAttribute).
    return {
        "deletion_protection_enabled": _switch(told, "deletion_protection.enabled"),
        "access_logs_s3_enabled": None if kind == "gateway" else _switch(told, "access_logs.s3.enabled"),
        "drop_invalid_header_fields": None if kind in ("gateway", "network") else _switch(told, drop),
    }


def _switch(told: Mapping[str, str | None], key: str) -> bool | Unread:
    value = told.get(key)
    return MISSING if value is None else _SWITCH.get(value, Unread("malformed_response", detail="not a boolean"))


def _log_deliveries(aws: Caller, balancer: Resource) -> Mapping[str, Any]:
    """What CloudWatch Logs delivers of a load balancer whose own attribute does not send logs to S3."""
    if balancer.properties["access_logs_s3_enabled"] is not False:
        return {"log_deliveries": []}
    asked = aws.pages("logs", "describe_delivery_sources", "deliverySources", resourceArns=[balancer.id])
    sources = {source["name"]: source for source in asked if balancer.id in source["resourceArns"]}
    destinations: dict[str, set[str]] = {name: set() for name in sources}
    if sources:
        # A source delivers nothing by itself: a delivery leads from it to a destination.
        names = sorted(sources)
        for delivery in aws.pages("logs", "describe_deliveries", "deliveries", deliverySourceNames=names):
            if delivery["deliverySourceName"] in destinations:
                destinations[delivery["deliverySourceName"]].add(delivery["deliveryDestinationType"])
    return {
        "log_deliveries": [
            {
                "log_type": attribute(source, "logType"),
                # There for some types of log only.
                "status": source.get("status"),
                "destination_types": sorted(destinations[name]),
            }
            for name, source in sorted(sources.items())
        ]
    }


def _web_acl(aws: Caller, balancer: Resource) -> Mapping[str, Any]:
    # Only an application load balancer can have one; only where clients are strangers a check asks for it.
    if balancer.properties["type"] in ("gateway", "network") or balancer.properties["scheme"] == "internal":
        return {"web_acl_arn": None}
    # "If there is no associated resource, WAF returns a null web ACL."
    acl = aws.call("wafv2", "get_web_acl_for_resource", ResourceArn=balancer.id).get("WebACL")
    return {"web_acl_arn": None if acl is None else attribute(acl, "ARN")}


# --- listeners ---


def _listener(balancer: Mapping[str, Any], listener: Mapping[str, Any]) -> Found:
    # The listener of a gateway load balancer has neither protocol nor port.
    protocol = None if balancer.get("Type") == "gateway" else attribute(listener, "Protocol")
    policy = listener.get("SslPolicy")
    properties = {
        "load_balancer_arn": balancer["LoadBalancerArn"],
        "scheme": _scheme(balancer),
        "protocol": protocol,
        "ssl_policy": MISSING if policy is None and (protocol is MISSING or protocol in _WITH_POLICY) else policy,
    }
    name = f"{balancer.get('LoadBalancerName', '')}:{listener.get('Port', '')}"
    return Found(LISTENER, listener["ListenerArn"], properties, name)


def _tls_protocols(aws: Caller, listener: Resource) -> Mapping[str, Any]:
    policy = listener.properties["ssl_policy"]
    if policy is None:
        return {"tls_protocols": None}
    (found,) = aws.pages("elbv2", "describe_ssl_policies", "SslPolicies", Names=[policy])
    protocols = found.get("SslProtocols")
    return {"tls_protocols": MISSING if protocols is None else sorted(protocols)}


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
        read=_balancers,
        lists=(BALANCER, LISTENER),
        fills={
            BALANCER: ("type", "scheme", "availability_zones"),
            LISTENER: ("load_balancer_arn", "scheme", "protocol", "ssl_policy"),
        },
        permissions=("elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"),
    ),
    Reader(
        operations=("elbv2:DescribeLoadBalancerAttributes",),
        read=_attributes,
        per="resource",
        of=BALANCER,
        needs=("type",),
        fills={BALANCER: ("deletion_protection_enabled", "access_logs_s3_enabled", "drop_invalid_header_fields")},
        permissions=("elasticloadbalancing:DescribeLoadBalancerAttributes",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("logs:DescribeDeliverySources", "logs:DescribeDeliveries"),
        read=_log_deliveries,
        per="resource",
        of=BALANCER,
        needs=("access_logs_s3_enabled",),
        fills={BALANCER: ("log_deliveries",)},
        permissions=("logs:DescribeDeliverySources", "logs:DescribeDeliveries"),
    ),
    Reader(
        operations=("wafv2:GetWebACLForResource",),
        read=_web_acl,
        per="resource",
        of=BALANCER,
        needs=("type", "scheme"),
        fills={BALANCER: ("web_acl_arn",)},
        # It asks for the web ACL on the caller's behalf.
        permissions=("wafv2:GetWebACLForResource", "wafv2:GetWebACL"),
    ),
    Reader(
        operations=("elbv2:DescribeSSLPolicies",),
        read=_tls_protocols,
        per="resource",
        of=LISTENER,
        needs=("ssl_policy",),
        shared=True,
        fills={LISTENER: ("tls_protocols",)},
        permissions=("elasticloadbalancing:DescribeSSLPolicies",),
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
