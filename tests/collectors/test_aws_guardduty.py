"""GuardDuty's check on regions built to pass and to fail it."""

from __future__ import annotations

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import scan
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.guardduty.enabled"
REGIONS = ("ap-southeast-2", "eu-west-1", "us-east-1")


def by_region(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.subject.name: finding.verdict for finding in findings}


def test_each_region_needs_a_detector_that_is_enabled(aws_env: AwsWire) -> None:
    boto3.client("guardduty", region_name="us-east-1").create_detector(Enable=True)
    boto3.client("guardduty", region_name="eu-west-1").create_detector(Enable=False)
    aws_env.traffic.reset()

    _, findings = scan([CHECK], regions=REGIONS)

    assert by_region(findings) == {"us-east-1": "pass", "eu-west-1": "fail", "ap-southeast-2": "fail"}
    assert aws_env.traffic.calls["guardduty:ListDetectors"] == len(REGIONS)
    assert aws_env.traffic.calls["guardduty:GetDetector"] == 2
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize("operation", ["guardduty:ListDetectors", "guardduty:GetDetector"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("denied", "access_denied"), ("policy_denied", "policy_denied"), ("html", "malformed_response")],
)
def test_a_region_that_cannot_be_read_is_unknown(aws_env: AwsWire, operation: str, fault: str, reason: str) -> None:
    for region in ("us-east-1", "eu-west-1"):
        boto3.client("guardduty", region_name=region).create_detector(Enable=True)
    aws_env.faults.add(fault, operation, region="eu-west-1")

    _, findings = scan([CHECK], regions=("us-east-1", "eu-west-1"))

    assert by_region(findings) == {"us-east-1": "pass", "eu-west-1": "unknown"}
    assert {finding.reason for finding in findings if finding.causes} == {reason}
