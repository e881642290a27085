"""Web ACLs: whether what they decide is logged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.wafv2 import DESTINATION, log, web_acl
from tests.emulators.aws_services import HOME
from tests.emulators.aws_wire import AwsWire

CHECK = ("aws.wafv2.logging_enabled",)
WEB_ACL = "AWS::WAFv2::WebACL"
REGIONS = (HOME, "us-east-1")


def test_web_acls_whose_logs_keep_nothing_fail(aws_env: AwsWire) -> None:
    log(web_acl("every"))
    log(web_acl("blocked"), "DROP", "KEEP")
    log(web_acl("but-some"), "KEEP", "DROP")
    log(web_acl("nothing"), "DROP", "DROP")
    web_acl("none")
    log(web_acl("edge", "CLOUDFRONT"))
    web_acl("edge-none", "CLOUDFRONT")
    aws_env.traffic.reset()
    _, findings = scan(CHECK, REGIONS)
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "every": "pass",
        "blocked": "pass",
        "but-some": "pass",
        "nothing": "fail",
        "none": "fail",
        "edge": "pass",
        "edge-none": "fail",
    }
    assert {f.subject.name: f.message for f in findings if f.message} == {
        "nothing": "Web ACL nothing has a log that keeps no requests.",
        "none": "Web ACL none logs no requests.",
        "edge-none": "Web ACL edge-none logs no requests.",
    }
    assert not [name for name in aws_env.traffic.repeats if name.startswith("wafv2:")]
    # The web ACLs of CloudFront are asked for in one region, and logs only where there are web ACLs.
    assert aws_env.traffic.calls["wafv2:ListWebACLs"] == 3
    assert {e.call.region for e in aws_env.traffic.log if e.call.operation == "ListLoggingConfigurations"} == {*REGIONS}


def test_what_security_lake_logs_is_logged(aws_env: AwsWire) -> None:
    arn, other = web_acl("lake"), web_acl("other")
    log(arn, owner="SECURITY_LAKE")
    _, findings = scan(CHECK, REGIONS)
    assert {f.subject.id: f.verdict for f in findings} == {arn: "pass", other: "fail"}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["wafv2:ListWebACLs", "wafv2:ListLoggingConfigurations"])
def test_a_region_that_was_not_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str) -> None:
    log(web_acl("front"))
    log(web_acl("edge", "CLOUDFRONT"))
    aws_env.faults.add(kind, operation, where=lambda exchange: exchange.call.region == HOME)
    _, findings = scan(CHECK, REGIONS)
    assert {(f.scope.region, f.subject.kind): f.verdict for f in findings} == {
        (HOME, "scope"): "unknown",
        ("us-east-1", "resource"): "pass",
    }
    permissions = {cause.unread.permission for f in findings for cause in f.causes if f.verdict == "unknown"}
    assert permissions == ({operation} if kind == "denied" else {None})


@pytest.mark.parametrize("scope", ["REGIONAL", "CLOUDFRONT"])
def test_either_listing_of_one_region_that_fails_leaves_it_unknown(aws_env: AwsWire, scope: str) -> None:
    aws_env.faults.add("denied", "wafv2:ListWebACLs", where=lambda exchange: scope.encode() in exchange.request.body)
    _, findings = scan(CHECK, ("us-east-1",))
    assert [(f.subject.kind, f.verdict) for f in findings] == [("scope", "unknown")]


@pytest.mark.parametrize(
    ("missing", "default"), [("LogDestinationConfigs", ()), ("LoggingFilter.DefaultBehavior", ("DROP", "DROP"))]
)
def test_a_log_that_was_not_read_whole_is_unknown(aws_env: AwsWire, missing: str, default: tuple[str, ...]) -> None:
    log(web_acl("front"), *default)
    aws_env.overrides.without("wafv2:ListLoggingConfigurations", f"LoggingConfigurations.{missing}")
    _, findings = scan(CHECK, (HOME,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_pages_of_one_make_the_same_web_acls(aws_env: AwsWire) -> None:
    for name in ("a", "b", "c"):
        log(web_acl(name))
        log(web_acl(f"edge-{name}", "CLOUDFRONT"))
    whole, _ = scan(CHECK, REGIONS)
    aws_env.paging.size = 1
    cut, _ = scan(CHECK, REGIONS)
    assert [(r.id, r.properties) for r in cut.resources] == [(r.id, r.properties) for r in whole.resources]
    assert len(cut.resources) == 6


def test_web_acls_are_read_as_they_are(aws_env: AwsWire) -> None:
    arn = web_acl("front")
    log(arn, "DROP", "KEEP", "DROP", "KEEP")
    (found,) = read({WEB_ACL: {"logging_configurations"}}, (HOME,)).resources
    assert (found.id, found.name, found.properties) == (
        arn,
        "front",
        {
            "logging_configurations": [
                {
                    "destinations": [DESTINATION],
                    "default_behavior": "DROP",
                    "filter_behaviors": ["DROP", "KEEP"],
                }
            ]
        },
    )
