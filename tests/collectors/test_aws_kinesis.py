"""Streams, built to pass and to fail."""

from __future__ import annotations

import boto3

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire

CHECKS = ("aws.kinesis.stream_encrypted", "aws.kinesis.stream_retention")


def streams() -> None:
    kinesis = boto3.client("kinesis")
    for name in ("plain", "kept"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.start_stream_encryption(StreamName="kept", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.increase_stream_retention_period(StreamName="kept", RetentionPeriodHours=168)


def test_streams_without_a_key_and_with_a_day_fail(aws_env: AwsWire) -> None:
    streams()
    snapshot, findings = scan(CHECKS)
    assert verdicts(findings) == {
        ("aws.kinesis.stream_encrypted", "plain"): "fail",
        ("aws.kinesis.stream_encrypted", "kept"): "pass",
        ("aws.kinesis.stream_retention", "plain"): "fail",
        ("aws.kinesis.stream_retention", "kept"): "pass",
    }
    arns = boto3.client("kinesis").list_streams()["StreamSummaries"]
    assert {item.id for item in snapshot.resources} == {stream["StreamARN"] for stream in arns}


def test_what_cannot_be_read_is_unknown(aws_env: AwsWire) -> None:
    streams()
    feeding = ("kinesis:ListStreams", "kinesis:DescribeStreamSummary")
    assert misled(aws_env, dict.fromkeys(CHECKS, feeding)) == []


def test_an_encryption_type_that_is_not_told_is_unknown(aws_env: AwsWire) -> None:
    streams()
    aws_env.overrides.without("kinesis:DescribeStreamSummary", "StreamDescriptionSummary.EncryptionType")
    _, findings = scan(CHECKS)
    assert {(finding.check.id, finding.verdict) for finding in findings} == {
        ("aws.kinesis.stream_encrypted", "unknown"),
        ("aws.kinesis.stream_retention", "pass"),
        ("aws.kinesis.stream_retention", "fail"),
    }


def test_pages_of_one_stream_give_the_same(aws_env: AwsWire) -> None:
    streams()
    assert paged(aws_env, *CHECKS) == []


def test_a_stream_that_is_gone_is_no_stream(aws_env: AwsWire) -> None:
    streams()
    aws_env.faults.add(
        "error",
        "kinesis:DescribeStreamSummary",
        code="ResourceNotFoundException",
        status=400,
        where=lambda exchange: b"plain" in exchange.request.body,
    )
    snapshot, _ = scan(CHECKS)
    assert [item.name for item in snapshot.resources] == ["kept"]
