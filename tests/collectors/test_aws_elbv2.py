"""Listeners of load balancers, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3

from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire

CHECK = ("aws.elbv2.listener_encrypted",)
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
SAME_PROTOCOL = {"Type": "redirect", "RedirectConfig": {"Protocol": "#{protocol}", "StatusCode": "HTTP_301"}}


def balancer(name: str, scheme: str = "internet-facing", kind: str = "application") -> str:
    ec2 = boto3.client("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    settings = {} if kind == "gateway" else {"Scheme": scheme}
    made = boto3.client("elbv2").create_load_balancer(Name=name, Subnets=subnets, Type=kind, **settings)
    arn: str = made["LoadBalancers"][0]["LoadBalancerArn"]
    return arn


def forward(protocol: str = "HTTP") -> dict[str, Any]:
    elbv2 = boto3.client("elbv2")
    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    groups = elbv2.create_target_group(Name=f"targets-{protocol.lower()}", Protocol=protocol, Port=8080, VpcId=vpc)
    return {"Type": "forward", "TargetGroupArn": groups["TargetGroups"][0]["TargetGroupArn"]}


def listener(on: str, protocol: str, port: int, action: dict[str, Any]) -> str:
    certificate = {}
    if protocol in ("HTTPS", "TLS"):
        arn = boto3.client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
        certificate = {"Certificates": [{"CertificateArn": arn}]}
    made = boto3.client("elbv2").create_listener(
        LoadBalancerArn=on, Protocol=protocol, Port=port, DefaultActions=[action], **certificate
    )
    listener_arn: str = made["Listeners"][0]["ListenerArn"]
    return listener_arn


def deny(wire: AwsWire, action: str) -> None:
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    wire.enforcement.allow({"Statement": [allowed, {"Effect": "Deny", "Action": action, "Resource": "*"}]})


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_listeners_without_tls_or_a_redirect_fail(aws_env: AwsWire) -> None:
    web, inner, network, to_web = (
        balancer("web"),
        balancer("inner", "internal"),
        balancer("net", kind="network"),
        forward(),
    )
    listener(web, "HTTPS", 443, to_web)
    listener(web, "HTTP", 80, REDIRECT)
    listener(web, "HTTP", 8080, to_web)
    listener(web, "HTTP", 8081, SAME_PROTOCOL)
    mixed = listener(web, "HTTP", 8082, REDIRECT)
    boto3.client("elbv2").create_rule(
        ListenerArn=mixed,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
        Actions=[to_web],
    )
    listener(inner, "HTTP", 80, to_web)
    listener(network, "TLS", 443, forward("TLS"))
    listener(network, "TCP", 5000, forward("TCP"))
    _, findings = scan(CHECK)
    assert by_name(findings) == {
        "web:443": "pass",
        "web:80": "pass",
        "web:8080": "fail",
        "web:8081": "fail",
        "web:8082": "fail",
        "inner:80": "not_applicable",
        "net:443": "pass",
        "net:5000": "not_applicable",
    }


def test_rules_are_read_of_http_listeners_only(aws_env: AwsWire) -> None:
    web, to_web = balancer("web"), forward()
    listener(web, "HTTPS", 443, to_web)
    listener(web, "HTTP", 80, REDIRECT)
    aws_env.traffic.reset()
    scan(CHECK)
    calls = {name: count for name, count in aws_env.traffic.calls.items() if name.startswith("elbv2:")}
    assert calls == {"elbv2:DescribeLoadBalancers": 1, "elbv2:DescribeListeners": 1, "elbv2:DescribeRules": 1}


def test_a_gateway_load_balancer_is_no_subject(aws_env: AwsWire) -> None:
    """Its listener has neither protocol nor port (CreateListener), and the load balancer no scheme."""
    gateway, to_targets = balancer("gate", kind="gateway"), forward("GENEVE")
    boto3.client("elbv2").create_listener(LoadBalancerArn=gateway, DefaultActions=[to_targets])
    aws_env.overrides.without("elbv2:DescribeLoadBalancers", "LoadBalancers.Scheme")
    _, findings = scan(CHECK)
    assert [(f.verdict, f.causes) for f in findings] == [("not_applicable", ())]


def test_an_unread_scheme_is_unknown(aws_env: AwsWire) -> None:
    listener(balancer("web"), "HTTP", 80, forward())
    aws_env.overrides.without("elbv2:DescribeLoadBalancers", "LoadBalancers.Scheme")
    _, findings = scan(CHECK)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_unread_rules_matter_to_http_only(aws_env: AwsWire) -> None:
    web, to_web = balancer("web"), forward()
    listener(web, "HTTPS", 443, to_web)
    listener(web, "HTTP", 80, REDIRECT)
    deny(aws_env, "elasticloadbalancing:DescribeRules")
    _, findings = scan(CHECK)
    permissions = {f.subject.name: f.causes[0].unread.permission for f in findings if f.causes}
    assert by_name(findings) == {"web:443": "pass", "web:80": "unknown"}
    assert permissions == {"web:80": "elasticloadbalancing:DescribeRules"}


def test_a_load_balancer_deleted_meanwhile_has_no_listeners(aws_env: AwsWire) -> None:
    listener(balancer("gone"), "HTTP", 80, REDIRECT)
    aws_env.faults.add("error", "elbv2:DescribeListeners", code="LoadBalancerNotFound", status=400)
    snapshot, findings = scan(CHECK)
    listings = [(row.type, row.state, row.count) for row in snapshot.collections]
    assert (findings, listings) == ((), [("AWS::ElasticLoadBalancingV2::Listener", "complete", 0)])


def test_listeners_that_could_not_be_listed_are_unknown(aws_env: AwsWire) -> None:
    listener(balancer("web"), "HTTP", 80, REDIRECT)
    deny(aws_env, "elasticloadbalancing:DescribeListeners")
    _, findings = scan(CHECK)
    found = [(f.subject.kind, f.verdict, f.causes[0].unread.permission) for f in findings]
    assert found == [("scope", "unknown", "elasticloadbalancing:DescribeListeners")]
