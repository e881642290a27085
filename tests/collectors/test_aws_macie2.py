"""Macie's check on regions built to pass and to fail it; that it is off is told from that nobody may ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan
from tests.emulators.aws.macie2 import OFF, session, sessions
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.macie.discovery_enabled"
SESSION = "AWS::Macie::Session"
GET, DISCOVERY, JOBS = (
    "macie2:GetMacieSession",
    "macie2:GetAutomatedDiscoveryConfiguration",
    "macie2:ListClassificationJobs",
)
DENIED = "User: x is not authorized to perform: macie2:GetMacieSession on resource: *"
RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "recorded" / "aws" / "cloud-custodian"


def by_region(found: tuple[Finding, ...]) -> dict[str, str]:
    return {item.subject.name: item.verdict for item in found}


def test_each_region_needs_macie_and_something_that_looks(aws_env: AwsWire) -> None:
    on = {
        "us-east-1": session(),
        "us-west-2": session(discovery="DISABLED", jobs={"weekly": "IDLE", "old": "CANCELLED"}),
        "eu-west-1": session(discovery="DISABLED"),
        "eu-west-2": session(discovery="DISABLED", jobs={"weekly": "USER_PAUSED"}),
        "eu-west-3": session(status="PAUSED", jobs={"weekly": "IDLE"}),
    }
    sessions(aws_env.overrides, on)
    aws_env.traffic.reset()

    snapshot, found = scan([CHECK], regions=[*on, "ap-southeast-2"])

    assert by_region(found) == {
        "us-east-1": "pass",
        "us-west-2": "pass",
        "eu-west-1": "fail",
        "eu-west-2": "fail",
        "eu-west-3": "fail",
        "ap-southeast-2": "fail",
    }
    states = {row.scope.region: row.state for row in snapshot.collections if row.type == SESSION}
    assert states == {**dict.fromkeys(on, "complete"), "ap-southeast-2": "off"}
    assert {name: n for name, n in aws_env.traffic.calls.items() if "macie2" in name} == {GET: 6, DISCOVERY: 5, JOBS: 5}
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize(
    ("code", "status", "message", "expected"),
    [
        ("AccessDeniedException", 403, OFF, "fail"),
        ("AccessDeniedException", 401, OFF, "fail"),
        ("AccessDeniedException", 403, "Macie is not enabled for this account.", "fail"),
        ("AccessDeniedException", 403, DENIED, "unknown"),
        ("AccessDeniedException", 403, "", "unknown"),
        ("ResourceNotFoundException", 404, "The request failed because it does not exist.", "unknown"),
        ("InternalServerException", 500, OFF, "unknown"),
    ],
)
def test_off_is_told_from_denied(aws_env: AwsWire, code: str, status: int, message: str, expected: str) -> None:
    sessions(aws_env.overrides, {"us-east-1": session()})
    aws_env.faults.add("error", GET, code=code, status=status, message=message)

    _, found = scan([CHECK])

    assert by_region(found) == {"us-east-1": expected}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "on"),
    [
        (GET, session()),
        (DISCOVERY, session()),
        (JOBS, session(discovery="DISABLED", jobs={"weekly": "RUNNING"})),
    ],
)
def test_what_cannot_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, on: Any) -> None:
    sessions(aws_env.overrides, {"us-east-1": on})
    aws_env.faults.add(kind, operation)

    _, found = scan([CHECK])

    assert by_region(found) == {"us-east-1": "unknown"}
    assert {item.reason for item in found} <= {
        "access_denied",
        "malformed_response",
        "missing_attribute",
        "unavailable",
    }


def test_a_member_passes_by_its_own_job_where_only_the_administrator_sees_the_discovery(aws_env: AwsWire) -> None:
    sessions(aws_env.overrides, {"us-east-1": session(jobs={"weekly": "RUNNING"})})
    aws_env.faults.add("denied", DISCOVERY)

    _, found = scan([CHECK])

    assert by_region(found) == {"us-east-1": "pass"}


def test_macie_that_is_switched_off_while_it_is_read_is_unknown(aws_env: AwsWire) -> None:
    sessions(aws_env.overrides, {"us-east-1": session()})
    aws_env.faults.add("error", DISCOVERY, code="AccessDeniedException", status=403, message=OFF)

    _, found = scan([CHECK])

    assert [(item.verdict, item.reason) for item in found] == [("unknown", "service_disabled")]


def test_pages_of_one_job_give_the_same_jobs_and_none_that_runs_once(aws_env: AwsWire) -> None:
    sessions(aws_env.overrides, {"us-east-1": session(jobs={"daily": "IDLE", "weekly": "RUNNING"})})
    wanted = {SESSION: {"status", "scheduled_jobs", "automated_discovery_status"}}
    whole = read(wanted).resources

    aws_env.paging.size = 1

    assert read(wanted).resources == whole
    assert [(item.id, dict(item.properties)) for item in whole] == [
        (
            "us-east-1|123456789012",
            {
                "status": "ENABLED",
                "automated_discovery_status": "ENABLED",
                "scheduled_jobs": [{"name": "daily", "status": "IDLE"}, {"name": "weekly", "status": "RUNNING"}],
            },
        )
    ]


def test_a_recorded_session_is_understood(aws_env: AwsWire) -> None:
    path = RECORDED / "test_account_check_macie" / "macie2.GetMacieSession_1.json"
    if not path.exists():
        pytest.skip("shared/recorded is not there")
    answer = json.loads(path.read_text())["data"]
    said = {name: answer[name] for name in ("findingPublishingFrequency", "serviceRole", "status")}
    sessions(aws_env.overrides, {"us-east-1": session()})
    aws_env.overrides.rewrite(GET, lambda body: json.dumps(said).encode())

    _, found = scan([CHECK])

    assert by_region(found) == {"us-east-1": "pass"}
