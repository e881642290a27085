"""Streams of Data Firehose, built to pass and to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from engine.model import Unread
from tests.collectors.gaps import misled, paged
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.firehose import stream
from tests.emulators.aws_wire import AwsWire

ENCRYPTED, LOGGED = CHECKS = ("aws.firehose.stream_encrypted", "aws.firehose.delivery_errors_logged")
LISTING, DESCRIBING = "firehose:ListDeliveryStreams", "firehose:DescribeDeliveryStream"
STREAM = "AWS::KinesisFirehose::DeliveryStream"
HERE = "us-east-1"
SOURCE = f"arn:aws:kinesis:{HERE}:123456789012:stream/clicks"


def streams() -> None:
    stream("sealed", encrypted=True, region=HERE)
    stream("plain", logs=False, region=HERE)
    stream("reading", source=SOURCE, region=HERE)


def test_streams_without_encryption_or_a_log_fail(aws_env: AwsWire) -> None:
    streams()
    snapshot, findings = scan(CHECKS)
    found = verdicts(findings)
    assert {name: tuple(found[check, name] for check in CHECKS) for name in ("sealed", "plain", "reading")} == {
        "sealed": ("pass", "pass"),
        "plain": ("fail", "fail"),
        "reading": ("not_applicable", "pass"),
    }
    firehose = boto3.client("firehose")
    arns = {
        firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]["DeliveryStreamARN"]
        for name in firehose.list_delivery_streams()["DeliveryStreamNames"]
    }
    assert {item.id for item in snapshot.resources} == arns


def test_what_cannot_be_read_is_unknown(aws_env: AwsWire) -> None:
    streams()
    assert misled(aws_env, dict.fromkeys(CHECKS, (LISTING, DESCRIBING))) == []


@pytest.mark.parametrize(
    ("absent", "unknown"),
    [
        ("DeliveryStreamEncryptionConfiguration", {ENCRYPTED}),
        ("DeliveryStreamEncryptionConfiguration.Status", {ENCRYPTED}),
        ("DeliveryStreamType", {ENCRYPTED}),
        ("Destinations.ExtendedS3DestinationDescription.CloudWatchLoggingOptions", {LOGGED}),
        ("Destinations.ExtendedS3DestinationDescription.CloudWatchLoggingOptions.Enabled", {LOGGED}),
        ("Destinations", {ENCRYPTED, LOGGED}),
        ("HasMoreDestinations", {ENCRYPTED, LOGGED}),
    ],
)
def test_what_an_answer_lacks_is_unknown(aws_env: AwsWire, absent: str, unknown: set[str]) -> None:
    stream("sealed", encrypted=True, region=HERE)
    aws_env.overrides.without(DESCRIBING, f"DeliveryStreamDescription.{absent}")
    found = verdicts(scan(CHECKS)[1])
    assert found == {(check, "sealed"): "unknown" if check in unknown else "pass" for check in CHECKS}


def other_destination(kind: str, enabled: bool) -> Callable[[dict[str, Any]], None]:
    """Lets a stream deliver to something else, which it does through a bucket that logs the other way round."""

    def edit(told: dict[str, Any]) -> None:
        bucket = {"BucketARN": "arn:aws:s3:::b", "CloudWatchLoggingOptions": {"Enabled": not enabled}}
        description = {"CloudWatchLoggingOptions": {"Enabled": enabled}, "S3DestinationDescription": bucket}
        told["Destinations"] = [{"DestinationId": "d", kind: description}]

    return edit


def only_the_deprecated(told: dict[str, Any]) -> None:
    del told["Destinations"][0]["ExtendedS3DestinationDescription"]


def more(told: dict[str, Any]) -> None:
    told["HasMoreDestinations"] = True


def two_kinds(told: dict[str, Any]) -> None:
    told["Destinations"][0]["SplunkDestinationDescription"] = {"CloudWatchLoggingOptions": {"Enabled": True}}


def no_kind(told: dict[str, Any]) -> None:
    told["Destinations"] = [{"DestinationId": "d"}]


def nowhere(told: dict[str, Any]) -> None:
    told["Destinations"] = []


@pytest.mark.parametrize(
    ("edit", "verdict"),
    [
        (other_destination("RedshiftDestinationDescription", True), "pass"),
        (other_destination("SplunkDestinationDescription", False), "fail"),
        (other_destination("SomethingNewDestinationDescription", True), "unknown"),
        (only_the_deprecated, "pass"),
        (more, "unknown"),
        (two_kinds, "unknown"),
        (no_kind, "unknown"),
        (nowhere, "unknown"),
    ],
)
def test_the_log_is_that_of_the_destination(
    aws_env: AwsWire, edit: Callable[[dict[str, Any]], None], verdict: str
) -> None:
    stream("sealed", encrypted=True, region=HERE)

    def rewrite(body: bytes) -> bytes:
        answer = json.loads(body)
        edit(answer["DeliveryStreamDescription"])
        return json.dumps(answer).encode()

    aws_env.overrides.rewrite(DESCRIBING, rewrite)
    assert verdicts(scan((LOGGED,))[1]) == {(LOGGED, "sealed"): verdict}


def test_pages_of_one_stream_give_the_same(aws_env: AwsWire) -> None:
    streams()
    assert paged(aws_env, *CHECKS) == []


def test_a_page_that_does_not_say_whether_there_is_another_is_not_the_last(aws_env: AwsWire) -> None:
    streams()
    aws_env.paging.size = 1
    aws_env.overrides.without(LISTING, "HasMoreDeliveryStreams")
    snapshot, _ = scan(CHECKS)
    why = Unread("malformed_response", LISTING, None, "no HasMoreDeliveryStreams")
    assert [(row.state, row.unread) for row in snapshot.collections] == [("failed", why)]


def test_a_stream_that_is_gone_is_no_stream(aws_env: AwsWire) -> None:
    streams()
    aws_env.faults.add(
        "error",
        DESCRIBING,
        code="ResourceNotFoundException",
        status=400,
        where=lambda exchange: b"plain" in exchange.request.body,
    )
    snapshot = read({STREAM: ("encryption_status",)})
    assert sorted(item.name for item in snapshot.resources) == ["reading", "sealed"]
