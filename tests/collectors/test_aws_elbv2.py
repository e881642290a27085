"""Load balancers and their listeners, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.elbv2 import deliver, source, web_acl
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document

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


def listener(on: str, protocol: str, port: int, action: dict[str, Any], **settings: Any) -> str:
    certificate = {}
    if protocol in ("HTTPS", "TLS"):
        arn = boto3.client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
        certificate = {"Certificates": [{"CertificateArn": arn}]}
    made = boto3.client("elbv2").create_listener(
        LoadBalancerArn=on, Protocol=protocol, Port=port, DefaultActions=[action], **certificate, **settings
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


# --- the protocol versions of listeners ---

MODERN = ("aws.elbv2.listener_modern_tls_policy",)
POLICIES = "elbv2:DescribeSSLPolicies"
CURRENT, OLD = "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"


def test_listeners_that_accept_old_protocol_versions_fail(aws_env: AwsWire) -> None:
    web, network, to_web = balancer("web"), balancer("net", kind="network"), forward()
    listener(web, "HTTPS", 443, to_web, SslPolicy=CURRENT)
    listener(web, "HTTPS", 8443, to_web, SslPolicy=CURRENT)
    listener(web, "HTTPS", 9443, to_web, SslPolicy=OLD)
    listener(web, "HTTP", 80, to_web)
    listener(network, "TLS", 443, forward("TLS"), SslPolicy="ELBSecurityPolicy-TLS-1-1-2017-01")
    listener(network, "TCP", 5000, forward("TCP"))
    aws_env.traffic.reset()
    _, findings = scan(MODERN)
    assert by_name(findings) == {
        "web:443": "pass",
        "web:8443": "pass",
        "web:9443": "fail",
        "web:80": "not_applicable",
        "net:443": "fail",
        "net:5000": "not_applicable",
    }
    assert (aws_env.traffic.calls[POLICIES], aws_env.traffic.repeats) == (3, {})
    assert {f.subject.name: f.message for f in findings if f.message} == {
        "web:9443": f"Listener web:9443 has security policy {OLD}, which accepts TLSv1, TLSv1.1, TLSv1.2.",
        "net:443": "Listener net:443 has security policy ELBSecurityPolicy-TLS-1-1-2017-01, which accepts TLSv1.1, "
        "TLSv1.2.",
    }


def test_no_policy_is_asked_for_where_nothing_speaks_tls(aws_env: AwsWire) -> None:
    listener(balancer("web"), "HTTP", 80, REDIRECT)
    aws_env.traffic.reset()
    scan(MODERN)
    assert aws_env.traffic.calls[POLICIES] == 0


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("elbv2:DescribeListeners", "Listeners.SslPolicy"),
        ("elbv2:DescribeListeners", "Listeners.Protocol"),
        (POLICIES, "SslPolicies.SslProtocols"),
    ],
)
def test_a_policy_that_is_not_told_is_unknown(aws_env: AwsWire, operation: str, member: str) -> None:
    listener(balancer("web"), "HTTPS", 443, forward(), SslPolicy=CURRENT)
    aws_env.overrides.without(operation, member)
    _, findings = scan(MODERN)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_policies_that_could_not_be_read_matter_to_tls_only(aws_env: AwsWire, kind: Any) -> None:
    web, to_web = balancer("web"), forward()
    listener(web, "HTTPS", 443, to_web)
    listener(web, "HTTP", 80, to_web)
    aws_env.faults.add(kind, POLICIES)
    _, findings = scan(MODERN)
    assert by_name(findings) == {"web:443": "unknown", "web:80": "not_applicable"}


def test_a_policy_that_aws_does_not_know_is_unknown(aws_env: AwsWire) -> None:
    listener(balancer("web"), "HTTPS", 443, forward())
    aws_env.faults.add("error", POLICIES, code="SSLPolicyNotFound", status=400)
    _, findings = scan(MODERN)
    assert by_name(findings) == {"web:443": "unknown"}


# --- load balancers ---

ZONES = ("aws.elbv2.multi_az",)
PROTECTED = ("aws.elbv2.deletion_protection",)
HEADERS = ("aws.elbv2.drop_invalid_headers",)
LOGS = ("aws.elbv2.access_logging",)
ATTRIBUTES = "elbv2:DescribeLoadBalancerAttributes"


def set_attributes(arn: str, **values: str) -> None:
    """Set attributes, whose dots are written as two underscores."""
    boto3.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=arn,
        Attributes=[{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()],
    )


def every_kind() -> dict[str, str]:
    return {name: balancer(name, kind=kind) for name, kind in KINDS.items()}


KINDS = {"web": "application", "net": "network", "gate": "gateway"}


def test_load_balancers_in_one_zone_fail(aws_env: AwsWire) -> None:
    every_kind()
    (first, *_) = boto3.client("ec2").describe_subnets()["Subnets"]
    boto3.client("elbv2").create_load_balancer(Name="single", Subnets=[first["SubnetId"]], Type="network")
    _, findings = scan(ZONES)
    assert by_name(findings) == {"web": "pass", "net": "pass", "gate": "pass", "single": "fail"}
    assert [f.message for f in findings if f.message] == ["Load balancer single is enabled in us-east-1a only."]


def test_a_zone_that_is_named_twice_is_one(aws_env: AwsWire) -> None:
    balancer("net", kind="network")
    aws_env.overrides.rewrite("elbv2:DescribeLoadBalancers", lambda body: body.replace(b"us-east-1b", b"us-east-1a"))
    _, findings = scan(ZONES)
    assert by_name(findings) == {"net": "fail"}


def test_load_balancers_without_deletion_protection_fail(aws_env: AwsWire) -> None:
    every_kind()
    set_attributes(balancer("kept"), deletion_protection__enabled="true")
    _, findings = scan(PROTECTED)
    assert by_name(findings) == {"web": "fail", "net": "fail", "gate": "fail", "kept": "pass"}


def test_application_load_balancers_that_pass_invalid_headers_on_fail(aws_env: AwsWire) -> None:
    every_kind()
    set_attributes(balancer("strict"), routing__http__drop_invalid_header_fields__enabled="true")
    _, findings = scan(HEADERS)
    assert by_name(findings) == {
        "web": "fail",
        "net": "not_applicable",
        "gate": "not_applicable",
        "strict": "pass",
    }


def test_load_balancers_without_access_logs_fail(aws_env: AwsWire) -> None:
    arns = every_kind()
    listener(arns["net"], "TCP", 5000, forward("TCP"))
    secure = balancer("secure", kind="network")
    listener(secure, "TLS", 443, forward("TLS"))
    logged = balancer("logged")
    set_attributes(logged, access_logs__s3__enabled="true", access_logs__s3__bucket="logs")
    delivered, inactive, health, nowhere = (balancer(name) for name in ("delivered", "inactive", "health", "nowhere"))
    deliver(
        aws_env.overrides,
        source(delivered, "ALB_ACCESS_LOGS", "1"),
        source(inactive, "ALB_ACCESS_LOGS", "2", status="INACTIVE"),
        source(health, "ALB_HEALTH_CHECK_LOGS", "3"),
    )
    aws_env.overrides.edit("logs:DescribeDeliverySources", lambda document: _with_source(document, nowhere))
    _, findings = scan(LOGS)
    assert by_name(findings) == {
        "web": "fail",
        "net": "not_applicable",
        "gate": "not_applicable",
        "secure": "fail",
        "logged": "pass",
        "delivered": "pass",
        "inactive": "fail",
        "health": "fail",
        "nowhere": "fail",
    }


def _with_source(document: Document, resource: str) -> None:
    """One more source, from which no delivery leads."""
    document.keep("deliverySources", [*document.items("deliverySources"), source(resource, "ALB_ACCESS_LOGS", "4")])


@pytest.mark.parametrize(
    ("operation", "member", "reason"),
    [
        ("logs:DescribeDeliverySources", "deliverySources.resourceArns", "malformed_response"),
        ("logs:DescribeDeliverySources", "deliverySources.name", "malformed_response"),
        ("logs:DescribeDeliverySources", "deliverySources.logType", "missing_attribute"),
        ("logs:DescribeDeliveries", "deliveries.deliverySourceName", "malformed_response"),
        ("logs:DescribeDeliveries", "deliveries.deliveryDestinationType", "malformed_response"),
    ],
)
def test_a_delivery_that_is_not_whole_is_unknown(aws_env: AwsWire, operation: str, member: str, reason: str) -> None:
    deliver(aws_env.overrides, source(balancer("web"), "ALB_ACCESS_LOGS"))
    aws_env.overrides.without(operation, member)
    _, findings = scan(LOGS)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", reason)]


def test_what_is_delivered_of_other_resources_is_not_mistaken_for_ones_own(aws_env: AwsWire) -> None:
    """An answer that holds more than was asked for."""
    web = balancer("web")
    balancer("other")
    mine = source(web, "ALB_ACCESS_LOGS", "mine")
    aws_env.overrides.answer("logs:DescribeDeliverySources", {"deliverySources": [mine]})
    delivery = {"id": "1", "deliverySourceName": "theirs", "deliveryDestinationType": "S3"}
    aws_env.overrides.answer("logs:DescribeDeliveries", {"deliveries": [delivery]})
    _, findings = scan(LOGS)
    assert by_name(findings) == {"web": "fail", "other": "fail"}


def test_deliveries_are_asked_for_only_where_there_is_no_other_log(aws_env: AwsWire) -> None:
    set_attributes(balancer("logged"), access_logs__s3__enabled="true")
    balancer("gate", kind="gateway")
    bare, delivered = balancer("bare"), balancer("delivered")
    deliver(aws_env.overrides, source(delivered, "ALB_ACCESS_LOGS"))
    aws_env.traffic.reset()
    scan(LOGS)
    assert aws_env.traffic.calls["logs:DescribeDeliverySources"] == len({bare, delivered})
    assert aws_env.traffic.calls["logs:DescribeDeliveries"] == 1


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["logs:DescribeDeliverySources", "logs:DescribeDeliveries"])
def test_deliveries_that_could_not_be_listed_matter_where_there_is_no_other_log(
    aws_env: AwsWire, operation: str, kind: Any
) -> None:
    deliver(aws_env.overrides, source(balancer("web"), "ALB_ACCESS_LOGS"))
    set_attributes(balancer("logged"), access_logs__s3__enabled="true")
    aws_env.faults.add(kind, operation)
    _, findings = scan(LOGS)
    assert by_name(findings) == {"web": "unknown", "logged": "pass"}


def test_attributes_are_read_in_one_call_a_load_balancer(aws_env: AwsWire) -> None:
    every_kind()
    aws_env.traffic.reset()
    scan((*ZONES, *PROTECTED, *HEADERS, *LOGS))
    calls = {name: count for name, count in aws_env.traffic.calls.items() if name.startswith("elbv2:")}
    assert calls == {"elbv2:DescribeLoadBalancers": 1, "elbv2:DescribeListeners": 3, ATTRIBUTES: 3}
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_attributes_that_could_not_be_read_are_unknown(aws_env: AwsWire, kind: Any) -> None:
    balancer("web")
    aws_env.faults.add(kind, ATTRIBUTES)
    _, findings = scan((*ZONES, *PROTECTED, *HEADERS, *LOGS))
    assert {f.check.id: f.verdict for f in findings} == {
        ZONES[0]: "pass",
        PROTECTED[0]: "unknown",
        HEADERS[0]: "unknown",
        LOGS[0]: "unknown",
    }


@pytest.mark.parametrize(("said", "reason"), [(None, "missing_attribute"), ("yes", "malformed_response")])
def test_an_attribute_that_is_no_switch_is_unknown(aws_env: AwsWire, said: str | None, reason: str) -> None:
    arn = balancer("web")

    def edit(document: Document) -> None:
        for row in document.items("Attributes"):
            value = row.find("Value")
            if said is None:
                row.remove(value)
            else:
                value.text = said

    set_attributes(arn, deletion_protection__enabled="true")
    aws_env.overrides.edit(ATTRIBUTES, edit)
    _, findings = scan((*PROTECTED, *HEADERS, *LOGS))
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", reason)}


def test_attributes_that_are_not_told_are_unknown(aws_env: AwsWire) -> None:
    balancer("web")
    aws_env.overrides.edit(ATTRIBUTES, lambda document: document.keep("Attributes", []))
    _, findings = scan((*PROTECTED, *HEADERS, *LOGS))
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


@pytest.mark.parametrize(
    ("member", "checks"),
    [
        ("LoadBalancers.AvailabilityZones", ZONES),
        ("LoadBalancers.AvailabilityZones.ZoneName", ZONES),
        ("LoadBalancers.Type", HEADERS),
        ("LoadBalancers.Type", LOGS),
        ("LoadBalancers.Scheme", ("aws.elbv2.waf_attached",)),
        ("LoadBalancers.Type", ("aws.elbv2.waf_attached",)),
    ],
)
def test_what_the_listing_lacks_is_unknown(aws_env: AwsWire, member: str, checks: tuple[str, ...]) -> None:
    balancer("web")
    aws_env.overrides.without("elbv2:DescribeLoadBalancers", member)
    _, findings = scan(checks)
    assert [(f.subject.name, f.verdict, f.reason) for f in findings] == [("web", "unknown", "missing_attribute")]


def test_a_type_that_nobody_knows_is_judged(aws_env: AwsWire) -> None:
    balancer("web")
    odd = (b"<Type>application</Type>", b"<Type>quantum</Type>")
    aws_env.overrides.rewrite("elbv2:DescribeLoadBalancers", lambda body: body.replace(*odd))
    _, findings = scan((*HEADERS, *LOGS, *WAF))
    assert {f.verdict for f in findings} == {"fail"}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_load_balancers_that_could_not_be_listed_are_unknown(aws_env: AwsWire, kind: Any) -> None:
    balancer("web")
    aws_env.faults.add(kind, "elbv2:DescribeLoadBalancers")
    _, findings = scan((*ZONES, *PROTECTED, *HEADERS, *LOGS, *WAF, *MODERN))
    assert [(f.subject.kind, f.verdict) for f in findings] == [("scope", "unknown")] * 6


def test_load_balancers_stay_in_sight_where_their_listeners_do_not(aws_env: AwsWire) -> None:
    """One reader lists both, and says of both that there may be more."""
    balancer("web")
    balancer("net", kind="network")
    aws_env.faults.add("denied", "elbv2:DescribeListeners")
    _, findings = scan((*ZONES, *LOGS))
    found = {(f.check.id, f.subject.name if f.subject.kind == "resource" else "*"): f.verdict for f in findings}
    assert found == {
        (ZONES[0], "web"): "pass",
        (ZONES[0], "net"): "pass",
        (ZONES[0], "*"): "unknown",
        (LOGS[0], "web"): "fail",
        (LOGS[0], "net"): "unknown",
        (LOGS[0], "*"): "unknown",
    }


@pytest.mark.parametrize("operation", [ATTRIBUTES])
def test_a_load_balancer_deleted_meanwhile_is_gone(aws_env: AwsWire, operation: str) -> None:
    balancer("web")
    aws_env.faults.add("error", operation, code="LoadBalancerNotFound", status=400)
    snapshot, findings = scan(PROTECTED)
    assert findings == ()
    assert {(row.type, row.state, row.count) for row in snapshot.collections} == {
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "complete", 0)
    }


# --- web ACLs ---

WAF = ("aws.elbv2.waf_attached",)
GET = "wafv2:GetWebACLForResource"


def test_load_balancers_that_face_the_internet_without_a_web_acl_fail(aws_env: AwsWire) -> None:
    firewall = boto3.client("wafv2")
    arns = every_kind()
    behind = balancer("behind")
    balancer("inner", "internal")
    firewall.associate_web_acl(WebACLArn=web_acl(firewall, "any"), ResourceArn=behind)
    aws_env.traffic.reset()
    _, findings = scan(WAF)
    assert by_name(findings) == {
        "web": "fail",
        "net": "not_applicable",
        "gate": "not_applicable",
        "behind": "pass",
        "inner": "not_applicable",
    }
    assert aws_env.traffic.calls[GET] == len({arns["web"], behind})


@pytest.mark.parametrize(
    ("code", "status"), [("WAFNonexistentItemException", 400), ("WAFUnavailableEntityException", 400)]
)
def test_waf_not_knowing_a_load_balancer_does_not_make_it_vanish(aws_env: AwsWire, code: str, status: int) -> None:
    """AWS may need a few minutes to know a resource that was just made."""
    balancer("web")
    aws_env.faults.add("error", GET, code=code, status=status)
    _, findings = scan(WAF)
    assert by_name(findings) == {"web": "unknown"}


@pytest.mark.parametrize("kind", ["denied", "truncated", "empty", "server_error"])
def test_a_web_acl_that_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    firewall = boto3.client("wafv2")
    firewall.associate_web_acl(WebACLArn=web_acl(firewall, "any"), ResourceArn=balancer("web"))
    aws_env.faults.add(kind, GET)
    _, findings = scan(WAF)
    assert by_name(findings) == {"web": "unknown"}


def test_a_web_acl_without_its_arn_is_unknown(aws_env: AwsWire) -> None:
    firewall = boto3.client("wafv2")
    firewall.associate_web_acl(WebACLArn=web_acl(firewall, "any"), ResourceArn=balancer("web"))
    aws_env.overrides.without(GET, "WebACL.ARN")
    _, findings = scan(WAF)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_a_hollow_answer_never_passes(aws_env: AwsWire) -> None:
    """An object without WebACL is how WAF says that there is none: a fault that looks like it can only fail."""
    firewall = boto3.client("wafv2")
    firewall.associate_web_acl(WebACLArn=web_acl(firewall, "any"), ResourceArn=balancer("web"))
    aws_env.faults.add("hollow", GET)
    _, findings = scan(WAF)
    assert by_name(findings) == {"web": "fail"}


def test_both_permissions_of_the_web_acl_are_named(aws_env: AwsWire) -> None:
    balancer("web")
    deny(aws_env, "wafv2:GetWebACL")
    _, findings = scan(WAF)
    (unread,) = [cause.unread for f in findings for cause in f.causes]
    assert (unread.reason, unread.permission) == ("access_denied", "wafv2:GetWebACL")


def test_everything_is_read_as_it_is_in_pages_of_one_too(aws_env: AwsWire) -> None:
    arns = every_kind()
    made = listener(arns["web"], "HTTPS", 443, forward(), SslPolicy=CURRENT)
    gate = boto3.client("elbv2").create_listener(LoadBalancerArn=arns["gate"], DefaultActions=[forward("GENEVE")])
    deliver(
        aws_env.overrides,
        source(arns["web"], "ALB_ACCESS_LOGS", "1"),
        source(arns["web"], "ALB_CONNECTION_LOGS", "2", status="ACTIVE"),
        to=("S3", "CWL"),
    )
    wanted = {
        "AWS::ElasticLoadBalancingV2::LoadBalancer": {
            "type",
            "scheme",
            "availability_zones",
            "access_logs_s3_enabled",
            "log_deliveries",
            "deletion_protection_enabled",
            "drop_invalid_header_fields",
            "web_acl_arn",
        },
        "AWS::ElasticLoadBalancingV2::Listener": {
            "load_balancer_arn",
            "scheme",
            "protocol",
            "ssl_policy",
            "tls_protocols",
        },
    }
    whole = read(wanted)
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole.resources
    assert not aws_env.traffic.repeats
    common = {
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "deletion_protection_enabled": False,
        "web_acl_arn": None,
    }
    public = {"scheme": "internet-facing", "access_logs_s3_enabled": False}
    found = {item.id: item.properties for item in whole.resources}
    gate_listener = gate["Listeners"][0]["ListenerArn"]
    assert found == {
        arns["web"]: {
            **common,
            **public,
            "type": "application",
            "drop_invalid_header_fields": False,
            "log_deliveries": [
                {"log_type": "ALB_ACCESS_LOGS", "status": None, "destination_types": ["CWL", "S3"]},
                {"log_type": "ALB_CONNECTION_LOGS", "status": "ACTIVE", "destination_types": ["CWL", "S3"]},
            ],
        },
        arns["net"]: {**common, **public, "type": "network", "drop_invalid_header_fields": None, "log_deliveries": []},
        arns["gate"]: {
            **common,
            "type": "gateway",
            "scheme": None,
            "access_logs_s3_enabled": None,
            "log_deliveries": [],
            "drop_invalid_header_fields": None,
        },
        made: {
            "load_balancer_arn": arns["web"],
            "scheme": "internet-facing",
            "protocol": "HTTPS",
            "ssl_policy": CURRENT,
            "tls_protocols": ["TLSv1.2", "TLSv1.3"],
        },
        gate_listener: {
            "load_balancer_arn": arns["gate"],
            "scheme": None,
            "protocol": None,
            "ssl_policy": None,
            "tls_protocols": None,
        },
    }
