"""Elastic Load Balancing v2: an HTTPS listener, and a web ACL and a delivery of logs for its load balancer.

moto's CloudWatch Logs takes no load balancer for a source of deliveries, and shows every source whatever is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from xml.etree import ElementTree

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides
from tests.emulators.wire import Answer, Exchange

_DEFAULTS: Final = {
    "access_logs.s3.enabled": "false",
    "deletion_protection.enabled": "false",
    "routing.http.drop_invalid_header_fields.enabled": "false",
}


def correct(layer: Overrides) -> None:
    layer.edit("elbv2:DescribeLoadBalancers", _with_scheme)
    layer.edit("elbv2:DescribeLoadBalancerAttributes", _with_defaults)
    layer.edit("elbv2:DescribeListeners", _without_policy)


def build(wire: AwsWire) -> None:
    elbv2, firewall = client("elbv2"), client("wafv2")
    balancer = elbv2.describe_load_balancers(Names=["web"])["LoadBalancers"][0]["LoadBalancerArn"]
    certificate = client("acm").request_certificate(DomainName="northwind.example")["CertificateArn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[answer],
    )
    firewall.associate_web_acl(WebACLArn=web_acl(firewall, "web"), ResourceArn=balancer)
    deliver(wire.overrides, source(balancer, "ALB_ACCESS_LOGS"))


def web_acl(firewall: Any, name: str) -> str:
    """Make a regional web ACL that lets everything through; its ARN."""
    visible = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
    made = firewall.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible)
    arn: str = made["Summary"]["ARN"]
    return arn


def source(resource: str, log_type: str, name: str = "web", **more: Any) -> dict[str, Any]:
    """A delivery source, as DescribeDeliverySources answers it."""
    arn = f"arn:aws:logs:{HOME}:{ACCOUNT}:delivery-source:{name}"
    return {"name": name, "arn": arn, "resourceArns": [resource], "service": "elb", "logType": log_type, **more}


def deliver(overrides: Overrides, *sources: dict[str, Any], to: Sequence[str] = ("S3",)) -> None:
    """Let there be these sources beside moto's, each delivered to destinations of these types."""
    deliveries = [
        {"id": f"{row['name']}-{kind}", "deliverySourceName": row["name"], "deliveryDestinationType": kind}
        for row in sources
        for kind in to
    ]
    _and_these(overrides, "logs:DescribeDeliverySources", "deliverySources", "resourceArns", sources)
    _and_these(overrides, "logs:DescribeDeliveries", "deliveries", "deliverySourceNames", deliveries)


def _and_these(overrides: Overrides, operation: str, key: str, filtered: str, rows: Sequence[dict[str, Any]]) -> None:
    """Show ``rows`` too, and of all only what the request asks for by its argument ``filtered``."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        body, wanted = json.loads(answer.body), json.loads(exchange.request.body or b"{}").get(filtered)
        every = [*body[key], *rows]
        if wanted:
            every = [row for row in every if {*row.get("resourceArns", [row.get("deliverySourceName")])} & {*wanted}]
        return answer.with_body(json.dumps({**body, key: every}).encode())

    overrides.change(operation, change)


def _with_scheme(document: Document) -> None:
    # Where no scheme was asked for it is internet-facing; a gateway load balancer has none.
    for balancer in document.items("LoadBalancers"):
        if balancer.findtext("Type") != "gateway" and balancer.find("Scheme") is None:
            ElementTree.SubElement(balancer, "Scheme").text = "internet-facing"


def _without_policy(document: Document) -> None:
    # moto gives the listeners of every protocol a security policy.
    for listener in document.items("Listeners"):
        policy = listener.find("SslPolicy")
        if policy is not None and listener.findtext("Protocol") not in ("HTTPS", "TLS"):
            listener.remove(policy)


def _with_defaults(document: Document) -> None:
    # AWS tells every attribute of a load balancer, moto those that were set.
    rows = document.items("Attributes")
    told = {row.findtext("Key") for row in rows}
    for key, value in _DEFAULTS.items():
        if key not in told:
            row = ElementTree.Element("member")
            ElementTree.SubElement(row, "Key").text = key
            ElementTree.SubElement(row, "Value").text = value
            rows.append(row)
    document.keep("Attributes", rows)
