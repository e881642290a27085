"""GuardDuty's checks on regions built to pass and to fail them."""

from __future__ import annotations

import re
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan
from tests.emulators.aws.guardduty import finding, findings
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.guardduty.enabled"
HANDLED = "aws.guardduty.findings_handled"
REGIONS = ("ap-southeast-2", "eu-west-1", "us-east-1")
DETECTOR = "AWS::GuardDuty::Detector"
NOW = "2026-11-23T12:00:00Z"
WEEK_AGO, LONGER_AGO = "2026-11-16T12:00:00.000Z", "2026-11-16T11:59:59.000Z"


def by_region(found: tuple[Finding, ...]) -> dict[str, str]:
    return {item.subject.name: item.verdict for item in found}


def detector(region: str, **settings: Any) -> None:
    boto3.client("guardduty", region_name=region).create_detector(**{"Enable": True, **settings})


# --- detectors -------------------------------------------------------------------------------------------------------


def test_each_region_needs_a_detector_that_is_enabled(aws_env: AwsWire) -> None:
    detector("us-east-1")
    detector("eu-west-1", Enable=False)
    aws_env.traffic.reset()

    _, found = scan([CHECK], regions=REGIONS)

    assert by_region(found) == {"us-east-1": "pass", "eu-west-1": "fail", "ap-southeast-2": "fail"}
    assert aws_env.traffic.calls["guardduty:ListDetectors"] == len(REGIONS)
    assert aws_env.traffic.calls["guardduty:GetDetector"] == 2
    assert not {"guardduty:ListFindings", "guardduty:GetFindings"} & set(aws_env.traffic.calls)
    assert not aws_env.traffic.repeats


def test_a_detector_that_is_enabled_and_looks_at_nothing_does_not_watch(aws_env: AwsWire) -> None:
    detector("us-east-1")
    aws_env.overrides.rewrite("guardduty:GetDetector", nothing_looked_at)

    _, found = scan([CHECK])

    assert by_region(found) == {"us-east-1": "fail"}


def nothing_looked_at(body: bytes) -> bytes:
    """Every feature disabled; the detector's own status stands apart from them."""
    return re.sub(rb'("name": "\w+", "status": )"ENABLED"', rb'\1"DISABLED"', body)


@pytest.mark.parametrize("member", ["Status", "Features", "Features.Status", "Features.Name"])
def test_a_detector_that_does_not_say_what_it_does_is_unknown(aws_env: AwsWire, member: str) -> None:
    detector("us-east-1")
    aws_env.overrides.without("guardduty:GetDetector", member)

    _, found = scan([CHECK])

    assert [(item.verdict, item.reason) for item in found] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("operation", ["guardduty:ListDetectors", "guardduty:GetDetector"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("denied", "access_denied"), ("policy_denied", "policy_denied"), ("html", "malformed_response")],
)
def test_a_region_that_cannot_be_read_is_unknown(aws_env: AwsWire, operation: str, fault: Any, reason: str) -> None:
    for region in ("us-east-1", "eu-west-1"):
        detector(region)
    aws_env.faults.add(fault, operation, region="eu-west-1")

    _, found = scan([CHECK, HANDLED], regions=("us-east-1", "eu-west-1"))

    assert {(item.check.id, item.subject.name): item.verdict for item in found} == {
        (CHECK, "us-east-1"): "pass",
        (CHECK, "eu-west-1"): "unknown",
        (HANDLED, "us-east-1"): "pass",
        (HANDLED, "eu-west-1"): "unknown",
    }
    assert {item.reason for item in found if item.causes} == {reason}


# --- findings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "created", "expected"),
    [
        pytest.param(8, WEEK_AGO, "pass", id="high, exactly a week"),
        pytest.param(8, LONGER_AGO, "fail", id="high, a second longer"),
        pytest.param(9.5, LONGER_AGO, "fail", id="critical"),
        pytest.param(6.9, LONGER_AGO, "pass", id="medium has a month"),
        pytest.param(5.0, "2026-10-24T11:59:59.000Z", "fail", id="medium, longer than a month"),
        pytest.param(2, "2026-10-24T11:59:59.000Z", "pass", id="low has as long as GuardDuty keeps it"),
    ],
)
def test_findings_may_stay_open_as_long_as_their_severity_allows(
    aws_env: AwsWire, severity: float, created: str, expected: str
) -> None:
    detector("us-east-1")
    findings(aws_env.overrides, [finding("a1", severity, created, region="us-east-1")])

    _, found = scan([HANDLED], now=NOW)

    assert by_region(found) == {"us-east-1": expected}
    assert all("UnauthorizedAccess:EC2/SSHBruteForce a1" in str(item.message) for item in found if item.message)


def test_findings_that_are_archived_or_of_another_account_are_not_open(aws_env: AwsWire) -> None:
    detector("us-east-1")
    mine = [
        finding("a1", 8, LONGER_AGO, region="us-east-1", archived=True),
        finding("b2", 8, LONGER_AGO, region="us-east-1", account="444455556666"),
    ]
    findings(aws_env.overrides, mine)

    snapshot, found = scan([HANDLED], now=NOW)

    assert by_region(found) == {"us-east-1": "pass"}
    assert [item.properties["open_findings"] for item in snapshot.resources if item.type == DETECTOR] == [[]]


def test_no_findings_count_only_where_a_detector_looks(aws_env: AwsWire) -> None:
    detector("us-east-1")
    detector("eu-west-1", Enable=False)

    _, found = scan([HANDLED], regions=REGIONS, now=NOW)

    assert by_region(found) == {"us-east-1": "pass", "eu-west-1": "fail", "ap-southeast-2": "fail"}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["guardduty:ListFindings", "guardduty:GetFindings"])
def test_findings_that_cannot_be_read_are_unknown(aws_env: AwsWire, operation: str, kind: Any) -> None:
    detector("us-east-1")
    findings(aws_env.overrides, [finding("a1", 2, WEEK_AGO, region="us-east-1")])
    aws_env.faults.add(kind, operation)

    _, found = scan([CHECK, HANDLED], now=NOW)

    assert {item.check.id: item.verdict for item in found} == {CHECK: "pass", HANDLED: "unknown"}
    permissions = {cause.unread.permission for item in found for cause in item.causes}
    assert permissions == ({operation} if kind == "denied" else {None})


def test_a_finding_that_is_listed_and_not_described_is_unknown(aws_env: AwsWire) -> None:
    detector("us-east-1")
    findings(aws_env.overrides, [finding("a1", 2, WEEK_AGO, region="us-east-1")])
    aws_env.overrides.answer("guardduty:GetFindings", {"findings": []})

    _, found = scan([HANDLED], now=NOW)

    assert [(item.verdict, item.reason) for item in found] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("member", ["Severity", "CreatedAt"])
def test_a_finding_without_what_it_is_judged_by_is_unknown(aws_env: AwsWire, member: str) -> None:
    detector("us-east-1")
    findings(aws_env.overrides, [finding("a1", 2, WEEK_AGO, region="us-east-1")])
    aws_env.overrides.without("guardduty:GetFindings", f"Findings.{member}")

    _, found = scan([HANDLED], now=NOW)

    assert [(item.verdict, item.reason) for item in found] == [("unknown", "missing_attribute")]


def test_findings_are_described_fifty_at_a_time_and_read_as_they_are(aws_env: AwsWire) -> None:
    detector("us-east-1")
    many = [finding(f"f{number:03}", 2.5, WEEK_AGO, region="us-east-1") for number in range(120)]
    findings(aws_env.overrides, many)
    aws_env.paging.size = 50
    aws_env.traffic.reset()

    [item] = read({DETECTOR: {"open_findings"}}).resources

    assert [found["id"] for found in item.properties["open_findings"]] == [f"f{number:03}" for number in range(120)]
    assert item.properties["open_findings"][0] == {
        "id": "f000",
        "type": "UnauthorizedAccess:EC2/SSHBruteForce",
        "severity": "2.5",
        "created_at": "2026-11-16T12:00:00Z",
    }
    assert aws_env.traffic.calls["guardduty:ListFindings"] == aws_env.traffic.calls["guardduty:GetFindings"] == 3
    assert not aws_env.traffic.repeats


def test_pages_of_one_finding_give_the_same_findings(aws_env: AwsWire) -> None:
    detector("us-east-1")
    findings(aws_env.overrides, [finding(f"f{number}", number, WEEK_AGO, region="us-east-1") for number in range(1, 4)])
    whole = read({DETECTOR: {"open_findings", "features"}}).resources

    aws_env.paging.size = 1

    assert read({DETECTOR: {"open_findings", "features"}}).resources == whole
    assert [found["severity"] for found in whole[0].properties["open_findings"]] == ["1.0", "2.0", "3.0"]
