"""Inspector's checks on regions built to pass and to fail them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan
from tests.emulators.aws.inspector2 import finding, findings
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
ENABLED, WITHIN = "aws.inspector2.enabled", "aws.inspector2.findings_within_sla"
STATUS, LIST = "inspector2:BatchGetAccountStatus", "inspector2:ListFindings"
FINDING = "AWS::InspectorV2::Finding"
NOW = "2026-11-23T12:00:00Z"
ALL = ("EC2", "ECR", "LAMBDA")
RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "recorded" / "aws" / "cloud-custodian"


def by_region(found: tuple[Finding, ...], check: str = ENABLED) -> dict[str, str]:
    return {item.subject.name: item.verdict for item in found if item.check.id == check}


def enable(*kinds: str, region: str = "us-east-1") -> None:
    boto3.client("inspector2", region_name=region).enable(accountIds=[ACCOUNT], resourceTypes=list(kinds or ALL))


# --- what is scanned -------------------------------------------------------------------------------------------------


def test_each_region_needs_all_that_is_required_to_be_scanned(aws_env: AwsWire) -> None:
    enable(*ALL, "LAMBDA_CODE")
    enable("EC2", "ECR", region="eu-west-1")
    aws_env.traffic.reset()

    _, found = scan([ENABLED, WITHIN], regions=("us-east-1", "eu-west-1", "ap-southeast-2"), now=NOW)

    assert by_region(found) == {"us-east-1": "pass", "eu-west-1": "fail", "ap-southeast-2": "fail"}
    assert by_region(found, WITHIN) == {"us-east-1": "pass", "eu-west-1": "pass", "ap-southeast-2": "fail"}
    assert {name: n for name, n in aws_env.traffic.calls.items() if "inspector2" in name} == {STATUS: 3, LIST: 3}
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize("status", ["ENABLING", "DISABLING", "SUSPENDING", "SUSPENDED", "UNHEARD_OF"])
def test_a_state_that_is_not_enabled_scans_nothing(aws_env: AwsWire, status: str) -> None:
    enable()
    aws_env.overrides.rewrite(STATUS, lambda body: body.replace(b'"ENABLED"', f'"{status}"'.encode()))

    _, found = scan([ENABLED, WITHIN], now=NOW)

    assert {item.verdict for item in found} == {"fail"}


@pytest.mark.parametrize(
    ("failed", "reason", "permission"),
    [
        ([{"accountId": ACCOUNT, "errorCode": "ACCESS_DENIED", "errorMessage": "x"}], "access_denied", STATUS),
        ([{"accountId": ACCOUNT, "errorCode": "INTERNAL_ERROR", "errorMessage": "x"}], "unavailable", None),
        (
            [{"accountId": "999999999999", "errorCode": "INTERNAL_ERROR", "errorMessage": "x"}],
            "missing_attribute",
            None,
        ),
        ([], "missing_attribute", None),
    ],
)
def test_an_account_whose_state_inspector_does_not_tell_is_unknown(
    aws_env: AwsWire, failed: list[dict[str, str]], reason: str, permission: str | None
) -> None:
    aws_env.overrides.answer(STATUS, {"accounts": [], "failedAccounts": failed})

    _, found = scan([ENABLED, WITHIN], now=NOW)

    assert {(item.verdict, item.reason) for item in found} == {("unknown", reason)}
    assert {cause.unread.permission for item in found for cause in item.causes} == {permission}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_a_state_that_cannot_be_read_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    enable()
    aws_env.faults.add(kind, STATUS)

    _, found = scan([ENABLED, WITHIN], now=NOW)

    assert (by_region(found), by_region(found, WITHIN)) == ({"us-east-1": "unknown"}, {"us-east-1": "unknown"})


def test_a_kind_that_is_not_offered_in_a_region_is_not_there(aws_env: AwsWire) -> None:
    enable()
    aws_env.overrides.without(STATUS, "accounts.resourceState.lambda", "accounts.resourceState.lambdaCode")

    snapshot, found = scan([ENABLED])

    assert by_region(found) == {"us-east-1": "fail"}
    assert [item.properties["inspector_scans"] for item in snapshot.resources] == [
        [{"name": "ec2", "status": "ENABLED"}, {"name": "ecr", "status": "ENABLED"}]
    ]


@pytest.mark.parametrize("member", ["resourceState.ec2", "resourceState.ecr.status", "state"])
def test_what_inspector_always_tells_is_never_assumed(aws_env: AwsWire, member: str) -> None:
    enable()
    aws_env.overrides.without(STATUS, f"accounts.{member}")

    _, found = scan([ENABLED])

    assert [item.verdict for item in found] == ["unknown"]


# --- findings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "observed", "change", "expected"),
    [
        pytest.param("CRITICAL", "2026-11-08T12:00:00Z", {}, "pass", id="critical, exactly 15 days"),
        pytest.param("CRITICAL", "2026-11-08T11:59:59Z", {}, "fail", id="critical, a second longer"),
        pytest.param("HIGH", "2026-11-08T11:59:59Z", {}, "pass", id="high has 30 days"),
        pytest.param("HIGH", "2026-10-24T11:59:59Z", {}, "fail", id="high, longer than 30 days"),
        pytest.param("HIGH", "2026-10-01T00:00:00Z", {"fixAvailable": "PARTIAL"}, "fail", id="mended in part"),
        pytest.param("CRITICAL", "2026-01-01T00:00:00Z", {"fixAvailable": "NO"}, "pass", id="nothing mends it"),
        pytest.param("CRITICAL", "2026-01-01T00:00:00Z", {"status": "CLOSED"}, "pass", id="closed"),
        pytest.param("CRITICAL", "2026-01-01T00:00:00Z", {"status": "SUPPRESSED"}, "pass", id="suppressed"),
        pytest.param("MEDIUM", "2026-01-01T00:00:00Z", {}, "pass", id="medium is not asked for"),
        pytest.param("CRITICAL", "2026-01-01T00:00:00Z", {"awsAccountId": "444455556666"}, "pass", id="a member's"),
    ],
)
def test_grave_vulnerabilities_are_mended_in_time(
    aws_env: AwsWire, severity: str, observed: str, change: dict[str, Any], expected: str
) -> None:
    enable()
    findings(aws_env.overrides, [finding("1", severity, observed, region="us-east-1", **change)])

    _, found = scan([WITHIN], now=NOW)

    assert by_region(found, WITHIN) == {"us-east-1": expected}


def test_findings_of_one_region_are_no_others(aws_env: AwsWire) -> None:
    enable()
    enable(region="eu-west-1")
    findings(aws_env.overrides, [finding("1", "CRITICAL", "2026-01-01T00:00:00Z", region="eu-west-1")])

    _, found = scan([WITHIN], regions=("us-east-1", "eu-west-1"), now=NOW)

    assert by_region(found, WITHIN) == {"us-east-1": "pass", "eu-west-1": "fail"}
    [message] = [item.message for item in found if item.message]
    assert "Open: 1, too long: 1, of which critical: CVE-2026-1 - openssl." in message


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_findings_that_cannot_be_listed_are_unknown(aws_env: AwsWire, kind: Any) -> None:
    enable()
    findings(aws_env.overrides, [finding("1", "HIGH", "2026-11-20T00:00:00Z", region="us-east-1")])
    aws_env.faults.add(kind, LIST)

    _, found = scan([ENABLED, WITHIN], now=NOW)

    assert (by_region(found), by_region(found, WITHIN)) == ({"us-east-1": "pass"}, {"us-east-1": "unknown"})


def test_a_second_page_that_fails_leaves_the_findings_unknown(aws_env: AwsWire) -> None:
    enable()
    mine = [finding(str(number), "HIGH", "2026-11-20T00:00:00Z", region="us-east-1") for number in range(3)]
    findings(aws_env.overrides, mine)
    aws_env.paging.size = 1
    aws_env.faults.add("server_error", LIST, after=1)

    _, found = scan([WITHIN], now=NOW)

    assert by_region(found, WITHIN) == {"us-east-1": "unknown"}


@pytest.mark.parametrize("member", ["severity", "firstObservedAt"])
def test_a_finding_without_what_it_is_judged_by_is_unknown(aws_env: AwsWire, member: str) -> None:
    enable()
    findings(aws_env.overrides, [finding("1", "HIGH", "2026-11-20T00:00:00Z", region="us-east-1")])
    aws_env.overrides.without(LIST, f"findings.{member}")

    _, found = scan([WITHIN], now=NOW)

    assert [(item.verdict, item.reason) for item in found] == [("unknown", "missing_attribute")]


def test_pages_of_one_finding_give_the_same_findings(aws_env: AwsWire) -> None:
    mine = [finding(str(number), "HIGH", "2026-11-20T00:00:00Z", region="us-east-1") for number in range(3)]
    findings(aws_env.overrides, mine)
    whole = read({FINDING: {"severity", "first_observed_at"}}).resources

    aws_env.paging.size = 1

    assert read({FINDING: {"severity", "first_observed_at"}}).resources == whole
    assert (whole[0].id, whole[0].name, whole[0].properties) == (
        f"arn:aws:inspector2:us-east-1:{ACCOUNT}:finding/0",
        "CVE-2026-0 - openssl",
        {"severity": "HIGH", "first_observed_at": "2026-11-20T00:00:00Z"},
    )


def test_a_recorded_finding_is_understood(aws_env: AwsWire) -> None:
    path = RECORDED / "test_inspector2_finding" / "inspector2.ListFindings_1.json"
    if not path.exists():
        pytest.skip("shared/recorded is not there")
    recorded = json.loads(path.read_text())["data"]["findings"][0]
    told = {name: value for name, value in recorded.items() if isinstance(value, str)}
    told["firstObservedAt"] = 1694203650.366
    aws_env.overrides.answer(LIST, {"findings": [told]})

    [item] = read({FINDING: {"severity", "first_observed_at"}}).resources

    assert (item.id, item.properties) == (
        "arn:aws:inspector2:eu-central-1:644160558196:finding/bae2fba169a149bf0778f477b6f0d303",
        {"severity": recorded["severity"], "first_observed_at": "2023-09-08T20:07:30.366000Z"},
    )
