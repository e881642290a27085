"""Warehouses: encryption, exposure, audit logs, TLS and snapshots, built to pass and to fail."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, types, verdicts
from tests.emulators.aws_wire import AwsWire

CLUSTER = "AWS::Redshift::Cluster"
LISTED = ("encrypted", "not_public", "snapshot_retention")
CHECKS = (*LISTED, "audit_logging", "tls_required")


def cluster(name: str, **settings: Any) -> None:
    given = {"Encrypted": True, "PubliclyAccessible": False, "AutomatedSnapshotRetentionPeriod": 7, **settings}
    boto3.client("redshift").create_cluster(
        ClusterIdentifier=name,
        NodeType="ra3.xlplus",
        ClusterType="single-node",
        MasterUsername="master",
        MasterUserPassword="not-a-secret",
        **given,
    )


def logs(name: str) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="audit")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "redshift.amazonaws.com"},
        "Action": ["s3:PutObject", "s3:GetBucketAcl"],
        "Resource": ["arn:aws:s3:::audit", "arn:aws:s3:::audit/*"],
    }
    s3.put_bucket_policy(Bucket="audit", Policy=json.dumps({"Statement": [statement]}))
    boto3.client("redshift").enable_logging(ClusterIdentifier=name, BucketName="audit", S3KeyPrefix="x/")


def requires_tls(
    wire: AwsWire, value: str = "<ParameterValue>true</ParameterValue>", name: str = "require_ssl"
) -> None:
    """Let every parameter group hold this parameter, after another one."""
    rows = f"<Parameter><ParameterName>{name}</ParameterName>{value}</Parameter>"
    other = "<Parameter><ParameterName>auto_analyze</ParameterName><ParameterValue>true</ParameterValue></Parameter>"
    result = f"<Parameters>{other}{rows}</Parameters>"
    body = f"<DescribeClusterParametersResult>{result}</DescribeClusterParametersResult>"
    wire.overrides.answer(
        "redshift:DescribeClusterParameters",
        f"<DescribeClusterParametersResponse>{body}</DescribeClusterParametersResponse>",
    )


def log_status(wire: AwsWire, **said: str) -> None:
    members = "".join(f"<{name}>{value}</{name}>" for name, value in said.items())
    body = f"<DescribeLoggingStatusResult>{members}</DescribeLoggingStatusResult>"
    wire.overrides.answer(
        "redshift:DescribeLoggingStatus", f"<DescribeLoggingStatusResponse>{body}</DescribeLoggingStatusResponse>"
    )


def judged(*checks: str) -> dict[str, tuple[str, ...]]:
    _, findings = scan([f"aws.redshift.{check}" for check in checks])
    found = verdicts(findings)
    names = sorted({name for _, name in found})
    return {name: tuple(found[f"aws.redshift.{check}", name] for check in checks) for name in names}


def test_clusters_are_judged_by_what_the_listing_and_their_logs_say(aws_env: AwsWire) -> None:
    cluster("good")
    logs("good")
    cluster("bad", Encrypted=False, PubliclyAccessible=True, AutomatedSnapshotRetentionPeriod=6)
    log_status(aws_env, LoggingEnabled="false")
    assert judged("audit_logging")["bad"] == ("fail",)
    log_status(aws_env, LoggingEnabled="true", LastSuccessfulDeliveryTime="2026-11-23T11:00:00Z")
    assert judged("audit_logging")["good"] == ("pass",)
    assert judged(*LISTED) == {"good": ("pass",) * 3, "bad": ("fail",) * 3}


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({"LoggingEnabled": "true"}, "pass"),
        ({"LoggingEnabled": "true", "LastFailureTime": "2026-11-23T11:00:00Z"}, "fail"),
        (
            {
                "LoggingEnabled": "true",
                "LastFailureTime": "2026-11-23T11:00:00Z",
                "LastSuccessfulDeliveryTime": "2026-11-23T10:00:00Z",
            },
            "fail",
        ),
        (
            {
                "LoggingEnabled": "true",
                "LastFailureTime": "2026-11-23T11:00:00Z",
                "LastSuccessfulDeliveryTime": "2026-11-23T12:00:00Z",
            },
            "pass",
        ),
        ({"LoggingEnabled": "false", "LastSuccessfulDeliveryTime": "2026-11-23T12:00:00Z"}, "fail"),
        ({"BucketName": "audit"}, "unknown"),
    ],
)
def test_logs_count_where_they_arrive(aws_env: AwsWire, said: dict[str, str], verdict: str) -> None:
    cluster("c")
    log_status(aws_env, **said)
    assert judged("audit_logging") == {"c": (verdict,)}


@pytest.mark.parametrize(
    ("value", "status", "verdict"),
    [
        ("<ParameterValue>true</ParameterValue>", b"in-sync", "pass"),
        ("<ParameterValue>false</ParameterValue>", b"in-sync", "fail"),
        ("<ParameterValue>true</ParameterValue>", b"pending-reboot", "fail"),
        ("<ParameterValue>1</ParameterValue>", b"in-sync", "fail"),
        ("", b"in-sync", "unknown"),
    ],
)
def test_tls_is_required_where_it_is_in_force(aws_env: AwsWire, value: str, status: bytes, verdict: str) -> None:
    cluster("c")
    requires_tls(aws_env, value)
    aws_env.overrides.rewrite("redshift:DescribeClusters", lambda body: body.replace(b"in-sync", status))
    assert judged("tls_required") == {"c": (verdict,)}


@pytest.mark.parametrize(
    ("parameter", "status", "verdict"),
    [
        ("require_ssl", "pending-reboot", "fail"),
        ("require_ssl", "in-sync", "pass"),
        # Another parameter waits for the reboot.
        ("wlm_json_configuration", "pending-reboot", "fail"),
    ],
)
def test_the_state_of_the_parameter_itself_counts(aws_env: AwsWire, parameter: str, status: str, verdict: str) -> None:
    cluster("c")
    requires_tls(aws_env)
    row = f"<ParameterName>{parameter}</ParameterName><ParameterApplyStatus>{status}</ParameterApplyStatus>"
    group = "<ParameterApplyStatus>pending-reboot</ParameterApplyStatus>"
    told = f"{group}<ClusterParameterStatusList><member>{row}</member></ClusterParameterStatusList>".encode()
    old = b"<ParameterApplyStatus>in-sync</ParameterApplyStatus>"
    aws_env.overrides.rewrite("redshift:DescribeClusters", lambda body: body.replace(old, told))
    assert judged("tls_required") == {"c": (verdict,)}


def test_a_group_without_the_parameter_is_unknown(aws_env: AwsWire) -> None:
    cluster("c")
    requires_tls(aws_env, name="require_ssl_versions")
    _, (finding,) = scan(("aws.redshift.tls_required",))
    assert (finding.verdict, finding.reason) == ("unknown", "missing_attribute")


def test_each_parameter_group_is_read_once(aws_env: AwsWire) -> None:
    for name in ("a", "b", "c"):
        cluster(name)
    aws_env.traffic.reset()
    assert set(judged(*CHECKS)) == {"a", "b", "c"}
    assert aws_env.traffic.calls["redshift:DescribeClusterParameters"] == 1
    assert aws_env.traffic.calls["redshift:DescribeLoggingStatus"] == 3
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "checks"),
    [
        ("redshift:DescribeClusters", CHECKS),
        ("redshift:DescribeClusterParameters", ("tls_required",)),
        ("redshift:DescribeLoggingStatus", ("audit_logging",)),
    ],
)
def test_what_is_not_seen_is_unknown(aws_env: AwsWire, operation: str, checks: tuple[str, ...], kind: Any) -> None:
    cluster("c")
    logs("c")
    requires_tls(aws_env)
    aws_env.faults.add(kind, operation)
    _, findings = scan([f"aws.redshift.{check}" for check in checks])
    assert {f.check.id for f in findings} == {f"aws.redshift.{check}" for check in checks}
    assert {f.verdict for f in findings} == {"unknown"}
    if kind == "denied":
        assert {f.causes[0].unread.permission for f in findings} == {operation}


def test_members_that_the_listing_lacks_are_unknown(aws_env: AwsWire) -> None:
    cluster("c")
    members = ("Encrypted", "PubliclyAccessible", "AutomatedSnapshotRetentionPeriod", "ClusterParameterGroups")
    aws_env.overrides.without("redshift:DescribeClusters", *(f"Clusters.{member}" for member in members))
    _, findings = scan([f"aws.redshift.{check}" for check in (*LISTED, "tls_required")])
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")] * 4


def test_a_cluster_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    cluster("c")
    aws_env.faults.add("error", "redshift:DescribeLoggingStatus", code="ClusterNotFound", status=404)
    snapshot, findings = scan(("aws.redshift.audit_logging",))
    assert (findings, snapshot.resources) == ((), ())
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)]


def test_pages_of_one_item_give_the_same_clusters(aws_env: AwsWire) -> None:
    for name in ("a", "b"):
        cluster(name)
    wanted = {CLUSTER: set(types()[CLUSTER].properties)}
    at_once = read(wanted).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == at_once
    assert [item.name for item in at_once] == ["a", "b"]
    assert aws_env.traffic.calls["redshift:DescribeClusterParameters"] > 1
    assert not aws_env.traffic.repeats


def test_a_cluster_is_read_as_it_is(aws_env: AwsWire) -> None:
    cluster("c")
    logs("c")
    log_status(aws_env, LoggingEnabled="true", LastSuccessfulDeliveryTime="2026-11-23T11:00:00Z")
    requires_tls(aws_env)
    (found,) = read({CLUSTER: set(types()[CLUSTER].properties)}).resources
    assert (found.id, found.unread) == ("arn:aws:redshift:us-east-1:123456789012:cluster:c", {})
    assert found.properties == {
        "encrypted": True,
        "publicly_accessible": False,
        "snapshot_retention_days": 7,
        "parameter_group": "default.redshift-1.0",
        "require_ssl": "true",
        "require_ssl_apply_status": "in-sync",
        "logging_enabled": True,
        "last_log_delivery_at": "2026-11-23T11:00:00Z",
        "last_log_failure_at": None,
    }
