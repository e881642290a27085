"""Security Hub's check on regions built to pass and to fail it; that it is off is told from that nobody may ask."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan
from tests.emulators.aws.securityhub import OFF, standard, standards
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.securityhub.enabled"
STANDARD = "AWS::SecurityHub::Standard"
OPERATION = "securityhub:GetEnabledStandards"
BEST = "aws-foundational-security-best-practices/v/1.0.0"


def by_region(found: tuple[Finding, ...]) -> dict[str, str]:
    return {item.subject.name: item.verdict for item in found}


def test_each_region_needs_a_standard_that_is_ready(aws_env: AwsWire) -> None:
    on = {
        "us-east-1": [
            standard(BEST, "READY", region="us-east-1"),
            standard("cis/v/3.0.0", "FAILED", region="us-east-1"),
        ],
        "eu-west-1": [standard(BEST, "INCOMPLETE")],
        "eu-west-2": [],
        "eu-west-3": [standard("azure-best-practices/v/1.0.0", "READY", provider="Azure", region="eu-west-3")],
    }
    standards(aws_env.overrides, on)
    aws_env.traffic.reset()

    snapshot, found = scan([CHECK], regions=[*on, "ap-southeast-2"])

    assert by_region(found) == {**dict.fromkeys(on, "fail"), "us-east-1": "pass", "ap-southeast-2": "fail"}
    states = {row.scope.region: row.state for row in snapshot.collections if row.type == STANDARD}
    assert states == {**dict.fromkeys(on, "complete"), "ap-southeast-2": "off"}
    assert aws_env.traffic.calls[OPERATION] == 5
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize(
    ("code", "status", "message", "expected"),
    [
        ("InvalidAccessException", 401, OFF, "fail"),
        ("InvalidAccessException", 401, "Account 123456789012 may not do this", "unknown"),
        ("AccessDeniedException", 403, OFF, "unknown"),
        (
            "AccessDeniedException",
            403,
            "User: x is not authorized to perform: securityhub:GetEnabledStandards",
            "unknown",
        ),
        ("InternalException", 500, OFF, "unknown"),
    ],
)
def test_off_is_told_from_denied(aws_env: AwsWire, code: str, status: int, message: str, expected: str) -> None:
    standards(aws_env.overrides, {"us-east-1": [standard(BEST, "READY", region="us-east-1")]})
    aws_env.faults.add("error", OPERATION, code=code, status=status, message=message)

    _, found = scan([CHECK])

    assert by_region(found) == {"us-east-1": expected}


@pytest.mark.parametrize("kind", ["denied", "policy_denied", "hollow", "server_error"])
def test_standards_that_cannot_be_listed_are_unknown(aws_env: AwsWire, kind: Any) -> None:
    standards(aws_env.overrides, {"us-east-1": [standard(BEST, "READY", region="us-east-1")]})
    aws_env.faults.add(kind, OPERATION)

    _, found = scan([CHECK])

    assert by_region(found) == {"us-east-1": "unknown"}


def test_a_standard_that_does_not_say_how_it_is_is_unknown(aws_env: AwsWire) -> None:
    standards(aws_env.overrides, {"us-east-1": [standard(BEST, "READY", region="us-east-1")]})
    aws_env.overrides.without(OPERATION, "StandardsSubscriptions.StandardsStatus")

    _, found = scan([CHECK])

    assert [(item.verdict, item.reason) for item in found] == [("unknown", "missing_attribute")]


def test_pages_of_one_standard_give_the_same_standards(aws_env: AwsWire) -> None:
    mine = [standard(f"{name}/v/1.0.0", "READY", region="us-east-1") for name in ("a", "b", "c")]
    standards(aws_env.overrides, {"us-east-1": mine})
    whole = read({STANDARD: {"status"}}).resources

    aws_env.paging.size = 1

    assert read({STANDARD: {"status"}}).resources == whole
    assert [(item.name, item.properties) for item in whole] == [
        (f"{name}/v/1.0.0", {"status": "READY"}) for name in ("a", "b", "c")
    ]
