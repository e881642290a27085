"""Distributions: how they answer viewers, what stands in front of them and what they log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws import cloudfront as edge
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document

DISTRIBUTION = "AWS::CloudFront::Distribution"
HTTPS = "aws.cloudfront.viewer_https"
TLS = "aws.cloudfront.minimum_tls"
WAF = "aws.cloudfront.waf_attached"
LOGS = "aws.cloudfront.access_logging"
EVERY = (HTTPS, TLS, WAF, LOGS)
PATH = "/api/*"


def by_name(findings: Iterable[Finding]) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def behavior(policy: str = "https-only", **more: Any) -> dict[str, dict[str, Any]]:
    return {PATH: {"ViewerProtocolPolicy": policy, **more}}


def default(**more: Any) -> dict[str, Any]:
    return {"DefaultCacheBehavior": {**edge.BEHAVIOR, "ViewerProtocolPolicy": "https-only", **more}}


def test_one_path_that_answers_plain_http_fails_its_distribution(aws_env: AwsWire) -> None:
    found = {
        edge.distribution("redirect-to-https"): "pass",
        edge.distribution("https-only", behavior()): "pass",
        edge.distribution("allow-all"): "fail",
        edge.distribution("https-only", behavior("allow-all")): "fail",
    }
    _, findings = scan((HTTPS,))
    assert by_name(findings) == found
    assert {f.message.rpartition(" ")[2] for f in findings if f.message} == {"*.", f"{PATH}."}


def test_policies_below_tls_1_2_fail(aws_env: AwsWire) -> None:
    policies = {"TLSv1": "fail", "TLSv1.1_2016": "fail", "TLSv1.2_2018": "pass", "TLSv1.2_2021": "pass"}
    found = {edge.distribution(ViewerCertificate=edge.certificate(of)): said for of, said in policies.items()}
    of_cloudfront = {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1.2_2021"}
    found[edge.distribution(ViewerCertificate=of_cloudfront)] = "fail"
    _, findings = scan((TLS,))
    assert by_name(findings) == found


def test_a_distribution_without_a_web_acl_fails(aws_env: AwsWire) -> None:
    found = {edge.distribution(WebACLId=edge.WEB_ACL): "pass", edge.distribution(): "fail"}
    aws_env.traffic.reset()
    _, findings = scan((WAF,))
    assert by_name(findings) == found
    # Neither has tenants that would have to be asked for.
    assert aws_env.traffic.calls["cloudfront:ListDistributionTenants"] == 0


def test_a_tenant_that_switched_the_web_acl_off_fails_its_distribution(aws_env: AwsWire) -> None:
    ids = [edge.distribution(WebACLId=edge.WEB_ACL, Comment=name) for name in ("kept", "off", "odd")]
    kept, off, odd = ids
    edge.tenants(
        aws_env.overrides,
        {kept: {"a": None, "b": "override"}, off: {"c": None, "d": "disable"}, odd: {"e": "suspend"}},
    )
    _, findings = scan((WAF,))
    assert by_name(findings) == {kept: "pass", off: "fail", odd: "fail"}
    assert {f.subject.name: f.message for f in findings if f.message} == {
        off: f"Distribution {off} has no web ACL for its tenants d.",
        odd: f"Distribution {odd} has no web ACL for its tenants e.",
    }


def test_a_connection_mode_that_nobody_knows_may_have_tenants(aws_env: AwsWire) -> None:
    edge.tenants(aws_env.overrides, {edge.distribution(WebACLId=edge.WEB_ACL): {"a": "disable"}})
    aws_env.overrides.rewrite("cloudfront:ListDistributions", lambda body: body.replace(b"tenant-only", b"mixed"))
    _, findings = scan((WAF,))
    assert [f.verdict for f in findings] == ["fail"]


def test_one_of_three_ways_to_log_is_enough(aws_env: AwsWire) -> None:
    edge.realtime_logs(aws_env.overrides, {"all": 100, "some": 99})
    every, some = ({"RealtimeLogConfigArn": edge.realtime_log(name)} for name in ("all", "some"))
    found = {
        edge.distribution(Logging=edge.logging("logs")): "pass",
        (delivered := edge.distribution(Comment="delivered")): "pass",
        (undelivered := edge.distribution(Comment="undelivered")): "fail",
        edge.distribution(paths=behavior(**every), **default(**every)): "pass",
        edge.distribution(paths=behavior(**every), **default()): "fail",
        edge.distribution(**default(**some)): "fail",
    }
    edge.deliver(delivered)
    edge.deliver(undelivered, delivered=False)
    aws_env.traffic.reset()
    _, findings = scan((LOGS,))
    assert by_name(findings) == found
    assert not [name for name in aws_env.traffic.repeats if name.startswith(("cloudfront:", "logs:"))]


def test_deliveries_of_other_things_are_not_access_logs(aws_env: AwsWire) -> None:
    id_, other = edge.distribution(), edge.distribution(Comment="other")
    edge.deliver(id_)
    edge.deliver(other)
    aws_env.overrides.rewrite(
        "logs:DescribeDeliverySources", lambda body: body.replace(b'"ACCESS_LOGS"', b'"CONNECTION_LOGS"', 1)
    )
    snapshot, findings = scan((LOGS,))
    kinds = {item.id: item.properties["log_deliveries"][0]["log_type"] for item in snapshot.resources}
    assert set(kinds.values()) == {"ACCESS_LOGS", "CONNECTION_LOGS"}
    wanted = {"ACCESS_LOGS": "pass", "CONNECTION_LOGS": "fail"}
    assert {f.subject.id: f.verdict for f in findings} == {key: wanted[kind] for key, kind in kinds.items()}


def test_an_inactive_source_delivers_nothing(aws_env: AwsWire) -> None:
    edge.deliver(edge.distribution())
    aws_env.overrides.rewrite(
        "logs:DescribeDeliverySources",
        lambda body: body.replace(b'"logType"', b'"status": "INACTIVE", "logType"'),
    )
    _, findings = scan((LOGS,))
    assert [f.verdict for f in findings] == ["fail"]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "check"),
    [
        ("cloudfront:ListDistributions", HTTPS),
        ("cloudfront:ListDistributions", TLS),
        ("cloudfront:ListDistributions", WAF),
        ("cloudfront:ListDistributions", LOGS),
        ("cloudfront:ListDistributionTenants", WAF),
        ("cloudfront:GetDistributionConfig", LOGS),
        ("cloudfront:ListRealtimeLogConfigs", LOGS),
        ("logs:DescribeDeliverySources", LOGS),
        ("logs:DescribeDeliveries", LOGS),
    ],
)
def test_what_was_not_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, check: str) -> None:
    id_ = edge.distribution(WebACLId=edge.WEB_ACL, **default(RealtimeLogConfigArn=edge.realtime_log("all")))
    edge.tenants(aws_env.overrides, {id_: {"a": None}})
    edge.realtime_logs(aws_env.overrides, {"all": 99})
    aws_env.faults.add(kind, operation)
    _, findings = scan((check,))
    assert [f.verdict for f in findings] == ["unknown"]
    assert {cause.unread.operation for f in findings for cause in f.causes} <= {
        operation,
        "logs:DescribeDeliverySources",
    }


@pytest.mark.parametrize(
    ("missing", "check"),
    [
        ("CacheBehaviors", HTTPS),
        ("CacheBehaviors.Items", HTTPS),
        ("DefaultCacheBehavior", HTTPS),
        ("DefaultCacheBehavior.ViewerProtocolPolicy", HTTPS),
        ("ViewerCertificate", TLS),
        ("ViewerCertificate.MinimumProtocolVersion", TLS),
        ("WebACLId", WAF),
    ],
)
def test_a_member_that_is_always_there_and_is_not_is_unknown(aws_env: AwsWire, missing: str, check: str) -> None:
    edge.distribution("https-only", behavior(), WebACLId=edge.WEB_ACL)
    aws_env.overrides.without("cloudfront:ListDistributions", f"DistributionList.Items.{missing}")
    _, findings = scan((check,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("member", ["Quantity", "IsTruncated", "Items"])
def test_a_listing_that_may_be_a_part_is_unknown(aws_env: AwsWire, member: str) -> None:
    edge.distribution()
    aws_env.overrides.without("cloudfront:ListDistributions", f"DistributionList.{member}")
    snapshot, findings = scan(EVERY)
    assert {(f.check.id, f.subject.kind, f.verdict) for f in findings} == {(id_, "scope", "unknown") for id_ in EVERY}
    assert {row.state for row in snapshot.collections if row.type == DISTRIBUTION} == {"failed"}


def test_a_page_that_promises_another_and_does_not_say_where_is_unknown(aws_env: AwsWire) -> None:
    edge.distribution("https-only")
    aws_env.overrides.edit("cloudfront:ListDistributions", _promising)
    _, findings = scan((HTTPS,))
    assert [(f.subject.kind, f.verdict, f.reason) for f in findings] == [("scope", "unknown", "malformed_response")]


def _promising(document: Document) -> None:
    document.put("DistributionList.IsTruncated", True)


def test_a_distribution_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    edge.distribution()
    aws_env.faults.add("error", "cloudfront:GetDistributionConfig", code="NoSuchDistribution", status=404)
    snapshot, findings = scan((LOGS,))
    assert (findings, [item for item in snapshot.resources if item.type == DISTRIBUTION]) == ((), [])


def test_pages_of_one_make_the_same_distributions(aws_env: AwsWire) -> None:
    every = {"RealtimeLogConfigArn": edge.realtime_log("all")}
    ids = [edge.distribution(Comment=str(number), **default(**every)) for number in range(3)]
    edge.realtime_logs(aws_env.overrides, {"all": 100, "more": 100})
    edge.tenants(aws_env.overrides, {ids[0]: {"a": None, "b": "disable"}})
    for id_ in ids[:2]:
        edge.deliver(id_)
    whole, _ = scan(EVERY)
    aws_env.paging.size, aws_env.paging.pauses = 1, True
    cut, _ = scan(EVERY)
    assert [(item.id, item.properties) for item in cut.resources] == [
        (item.id, item.properties) for item in whole.resources
    ]
    assert aws_env.paging.served["cloudfront:ListRealtimeLogConfigs"] == 4


def test_distributions_are_read_once_whatever_the_region(aws_env: AwsWire) -> None:
    edge.distribution()
    aws_env.traffic.reset()
    snapshot, findings = scan(EVERY, regions=("us-east-1", "eu-west-1"))
    assert {(f.scope.region, f.check.id) for f in findings} == {("global", id_) for id_ in EVERY}
    assert aws_env.traffic.calls["cloudfront:ListDistributions"] == 1
    assert {entry.call.region for entry in aws_env.traffic.log if entry.call.service == "logs"} == {"us-east-1"}
    assert len(snapshot.resources) == 1


def test_distributions_are_read_as_they_are(aws_env: AwsWire) -> None:
    id_ = edge.distribution("https-only", behavior("allow-all"), Logging=edge.logging("logs"))
    edge.deliver(id_)
    names = {"cache_behaviors", "default_certificate", "minimum_protocol_version", "web_acl_id", "connection_mode"}
    (found,) = read({DISTRIBUTION: {*names, "tenants", "standard_logging_enabled", "log_deliveries"}}).resources
    assert (found.id, found.name, found.region) == (edge.arn(id_), id_, "global")
    assert found.properties == {
        "cache_behaviors": [
            {"path_pattern": PATH, "viewer_protocol_policy": "allow-all", "realtime_log_config_arn": None},
            {"path_pattern": "*", "viewer_protocol_policy": "https-only", "realtime_log_config_arn": None},
        ],
        "default_certificate": False,
        "minimum_protocol_version": "TLSv1.2_2021",
        "web_acl_id": None,
        "connection_mode": None,
        "tenants": [],
        "standard_logging_enabled": True,
        "log_deliveries": [{"log_type": "ACCESS_LOGS", "source_status": None}],
    }


def test_an_account_without_distributions_has_no_verdicts(aws_env: AwsWire) -> None:
    snapshot, findings = scan(EVERY)
    assert findings == ()
    assert {(row.type, row.state, row.count) for row in snapshot.collections} == {
        (DISTRIBUTION, "complete", 0),
        ("AWS::CloudFront::RealtimeLogConfig", "complete", 0),
    }
