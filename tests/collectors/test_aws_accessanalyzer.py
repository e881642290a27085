"""IAM Access Analyzer: where one looks, and what it has found open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.accessanalyzer import analyzer, analyzers, finding
from tests.emulators.aws_wire import AwsWire

ENABLED = "aws.accessanalyzer.external_access_enabled"
RESOLVED = "aws.accessanalyzer.findings_resolved"
REGIONS = ("eu-west-1", "us-east-1", "us-west-2")


def by_name(findings: Any, check: str) -> dict[str, str]:
    return {name: verdict for (id_, name), verdict in verdicts(findings).items() if id_ == check}


@pytest.mark.parametrize(
    ("type_", "status", "verdict"),
    [
        ("ACCOUNT", "ACTIVE", "pass"),
        ("ORGANIZATION", "ACTIVE", "pass"),
        ("ACCOUNT", "CREATING", "fail"),
        ("ORGANIZATION", "DISABLED", "fail"),
        ("ACCOUNT", "FAILED", "fail"),
        ("ACCOUNT", "PAUSED", "fail"),  # no such word yet
        ("ACCOUNT_UNUSED_ACCESS", "ACTIVE", "fail"),
        ("ORGANIZATION_INTERNAL_ACCESS", "ACTIVE", "fail"),
    ],
)
def test_only_an_active_analyzer_of_external_access_counts(
    aws_env: AwsWire, type_: str, status: str, verdict: str
) -> None:
    analyzers(aws_env, analyzer("a", "us-east-1", type_, status))
    _, findings = scan((ENABLED,))
    assert by_name(findings, ENABLED) == {"us-east-1": verdict}


def test_each_region_needs_one(aws_env: AwsWire) -> None:
    analyzers(aws_env, analyzer("a", "us-east-1"), analyzer("u", "eu-west-1", "ACCOUNT_UNUSED_ACCESS"))
    aws_env.traffic.reset()
    _, findings = scan((ENABLED,), regions=REGIONS)
    assert by_name(findings, ENABLED) == {"us-east-1": "pass", "eu-west-1": "fail", "us-west-2": "fail"}
    assert aws_env.traffic.calls["accessanalyzer:ListFindingsV2"] == 0
    assert not aws_env.traffic.repeats


OLD, LIMIT, NEW = "2026-10-24T11:59:59Z", "2026-10-24T12:00:00Z", "2026-11-20T00:00:00Z"


def test_an_analyzer_fails_by_findings_that_are_open_too_long_or_by_not_looking(aws_env: AwsWire) -> None:
    site, key = "arn:aws:s3:::site", "arn:aws:kms:us-east-1:123456789012:key/1"
    analyzers(
        aws_env,
        analyzer("clean", "us-east-1"),
        analyzer("limit", "us-east-1", findings=[finding(site, LIMIT), finding(key, NEW)]),
        analyzer("old", "us-east-1", findings=[finding(key, NEW), finding(site, OLD)]),
        analyzer("settled", "us-east-1", findings=[finding(site, OLD, "ARCHIVED"), finding(key, OLD, "RESOLVED")]),
        analyzer("nameless", "us-east-1", "ORGANIZATION", findings=[finding(None, OLD)]),
        analyzer("disabled", "us-east-1", status="DISABLED"),
        analyzer("unused", "us-east-1", "ACCOUNT_UNUSED_ACCESS", findings=[finding(site, OLD)]),
    )
    aws_env.traffic.reset()
    _, findings = scan((RESOLVED,))
    assert by_name(findings, RESOLVED) == {
        "clean": "pass",
        "limit": "pass",
        "old": "fail",
        "settled": "pass",
        "nameless": "fail",
        "disabled": "fail",
        "unused": "not_applicable",
    }
    (message,) = [f.message for f in findings if f.subject.name == "old"]
    assert message == (
        "Analyzer old (ACTIVE) has findings open for more than 30 days, or does not look any more. "
        "Open: arn:aws:s3:::site."
    )
    assert aws_env.traffic.calls["accessanalyzer:ListFindingsV2"] == 6


def test_without_an_analyzer_nothing_is_said_to_be_settled(aws_env: AwsWire) -> None:
    _, findings = scan((RESOLVED, ENABLED))
    assert [(f.check.id, f.verdict) for f in findings] == [(ENABLED, "fail")]


@pytest.mark.parametrize("kind", ["denied", "policy_denied", "hollow", "server_error", "truncated"])
@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("accessanalyzer:ListAnalyzers", {ENABLED: "unknown", RESOLVED: "unknown"}),
        ("accessanalyzer:ListFindingsV2", {ENABLED: "pass", RESOLVED: "unknown"}),
    ],
)
def test_what_could_not_be_read_is_unknown(
    aws_env: AwsWire, kind: Any, operation: str, expected: dict[str, str]
) -> None:
    analyzers(aws_env, analyzer("a", "us-east-1"))
    aws_env.faults.add(kind, operation)
    _, findings = scan((ENABLED, RESOLVED))
    assert {f.check.id: f.verdict for f in findings} == expected


def test_a_denial_names_the_action_that_would_have_allowed_it(aws_env: AwsWire) -> None:
    analyzers(aws_env, analyzer("a", "us-east-1"))
    aws_env.faults.add("denied", "accessanalyzer:ListFindingsV2")
    _, findings = scan((RESOLVED,))
    assert {f.causes[0].unread.permission for f in findings} == {"access-analyzer:ListFindings"}


def test_an_analyzer_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    analyzers(aws_env, analyzer("a", "us-east-1"))
    aws_env.faults.add("error", "accessanalyzer:ListFindingsV2", code="ResourceNotFoundException", status=404)
    snapshot, findings = scan((RESOLVED,))
    assert (findings, snapshot.resources) == ((), ())


def test_a_finding_without_its_time_is_unknown_unless_another_is_old(aws_env: AwsWire) -> None:
    undated = {name: value for name, value in finding("arn:aws:s3:::b", NEW).items() if name != "createdAt"}
    analyzers(
        aws_env,
        analyzer("young", "us-east-1", findings=[undated, finding("arn:aws:s3:::a", NEW)]),
        analyzer("old", "us-east-1", findings=[undated, finding("arn:aws:s3:::a", OLD)]),
    )
    _, findings = scan((RESOLVED,))
    assert by_name(findings, RESOLVED) == {"young": "unknown", "old": "fail"}


def test_pages_of_one_give_the_same(aws_env: AwsWire) -> None:
    found = [finding(f"arn:aws:s3:::{name}", NEW) for name in "bca"]
    analyzers(aws_env, analyzer("a", "us-east-1", findings=found), analyzer("b", "us-east-1"))
    wanted = {"AWS::AccessAnalyzer::Analyzer": {"type", "status", "active_findings"}}
    whole = read(wanted).resources
    aws_env.paging.size = 1
    assert read(wanted).resources == whole
    assert whole[0].properties == {
        "type": "ACCOUNT",
        "status": "ACTIVE",
        "active_findings": [
            {
                "id": f"finding-arn:aws:s3:::{name}-{NEW}",
                "resource": f"arn:aws:s3:::{name}",
                "resource_type": "AWS::S3::Bucket",
                "created_at": NEW,
            }
            for name in "abc"
        ],
    }
