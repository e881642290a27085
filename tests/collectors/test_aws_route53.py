"""Route 53: public zones that log queries, and others."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.route53 import logged, zone
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.route53.query_logging"


def judged(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def private(name: str) -> None:
    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    boto3.client("route53").create_hosted_zone(
        Name=name,
        CallerReference=name,
        VPC={"VPCRegion": "us-east-1", "VPCId": vpc},
        HostedZoneConfig={"PrivateZone": True},
    )


def test_a_public_zone_must_log_its_queries(aws_env: AwsWire) -> None:
    logged(zone("logged.example"), "logged.example")
    zone("silent.example")
    private("internal.example")
    aws_env.traffic.reset()
    _, findings = scan((CHECK,))
    assert judged(findings) == {
        "logged.example.": "pass",
        "silent.example.": "fail",
        "internal.example.": "not_applicable",
    }
    calls = {name: count for name, count in aws_env.traffic.calls.items() if name.startswith("route53:")}
    assert calls == {"route53:ListHostedZones": 1, "route53:ListQueryLoggingConfigs": 1}


def test_a_zone_without_configuration_may_be_private(aws_env: AwsWire) -> None:
    zone("silent.example")
    aws_env.overrides.without("route53:ListHostedZones", "HostedZones.Config")
    _, findings = scan((CHECK,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error", "truncated"])
@pytest.mark.parametrize("operation", ["route53:ListHostedZones", "route53:ListQueryLoggingConfigs"])
def test_what_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str) -> None:
    logged(zone("logged.example"), "logged.example")
    aws_env.faults.add(kind, operation)
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["unknown"]


def test_zones_are_read_as_they_are_and_in_pages_of_one_too(aws_env: AwsWire) -> None:
    ids = {name: zone(name) for name in ("a.example", "b.example", "c.example")}
    for name in ("b.example", "c.example"):
        logged(ids[name], name)
    wanted = {"AWS::Route53::HostedZone": {"private_zone", "query_log_group_arn"}}
    whole = read(wanted).resources
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53"
    assert {item.id: item.properties for item in whole} == {
        f"arn:aws:route53:::hostedzone/{ids[name].rpartition('/')[2]}": {
            "private_zone": False,
            "query_log_group_arn": None if name == "a.example" else f"{group}/{name}:*",
        }
        for name in ids
    }
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole
    assert aws_env.traffic.calls["route53:ListHostedZones"] == 3
    assert aws_env.traffic.calls["route53:ListQueryLoggingConfigs"] == 2
    assert not aws_env.traffic.repeats
