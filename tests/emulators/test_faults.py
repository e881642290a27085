"""Each fault reaches botocore as AWS's own would, on the requests that it was meant for and on no others."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest
from botocore import exceptions
from botocore.config import Config
from botocore.parsers import create_parser

from tests.emulators import aws_errors
from tests.emulators.aws_wire import AwsWire
from tests.emulators.faults import KINDS, Kind
from tests.emulators.identify import Call

READS = {
    "iam": "list_users",
    "sns": "list_topics",
    "ec2": "describe_vpcs",
    "s3": "list_buckets",
    "kms": "list_keys",
    "sqs": "list_queues",
    "lambda": "list_functions",
    "cloudwatch": "describe_alarms",
}
CODES = {
    "denied": {
        "iam": ("AccessDenied", 403),
        "sns": ("AuthorizationError", 403),
        "ec2": ("UnauthorizedOperation", 403),
        "s3": ("AccessDenied", 403),
        "kms": ("AccessDeniedException", 400),
        "sqs": ("AccessDenied", 403),
        "lambda": ("AccessDeniedException", 403),
        "cloudwatch": ("AccessDenied", 403),
    },
    "throttled": {
        "iam": ("Throttling", 400),
        "sns": ("Throttling", 400),
        "ec2": ("RequestLimitExceeded", 503),
        "s3": ("SlowDown", 503),
        "kms": ("ThrottlingException", 400),
        "sqs": ("RequestThrottled", 403),
        "lambda": ("TooManyRequestsException", 429),
        "cloudwatch": ("ThrottlingException", 400),
    },
    "expired_token": {
        "iam": ("ExpiredToken", 403),
        "sns": ("ExpiredToken", 403),
        "ec2": ("RequestExpired", 400),
        "s3": ("ExpiredToken", 400),
        "kms": ("ExpiredTokenException", 400),
        "sqs": ("ExpiredTokenException", 400),
        "lambda": ("ExpiredTokenException", 403),
        "cloudwatch": ("ExpiredTokenException", 400),
    },
}


def client(service: str, region: str = "us-east-1") -> Any:
    return boto3.client(service, region_name=region, config=Config(retries={"total_max_attempts": 1}, read_timeout=20))


def read(service: str, region: str = "us-east-1") -> Any:
    return getattr(client(service, region), READS[service])()


def refusal(service: str) -> tuple[str, int]:
    with pytest.raises(exceptions.ClientError) as caught:
        read(service)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("kind", CODES)
def test_a_refusal_has_the_code_and_status_of_its_service(aws_env: AwsWire, kind: Kind) -> None:
    aws_env.faults.add(kind, "*")
    assert {service: refusal(service) for service in READS} == CODES[kind]


@pytest.mark.parametrize("service", READS)
def test_a_denial_by_the_organisation_says_so(aws_env: AwsWire, service: str) -> None:
    aws_env.faults.add("policy_denied", f"{service}:*")
    with pytest.raises(exceptions.ClientError, match="explicit deny in a service control policy"):
        read(service)


@pytest.mark.parametrize("service", READS)
def test_a_server_error_is_a_5xx(aws_env: AwsWire, service: str) -> None:
    aws_env.faults.add("server_error", f"{service}:*")
    assert refusal(service)[1] >= 500


def test_any_error_can_be_given(aws_env: AwsWire) -> None:
    aws_env.faults.add("error", "s3:GetBucketPolicy", code="NoSuchBucket", status=404)
    with pytest.raises(exceptions.ClientError, match=r"\(NoSuchBucket\)"):
        client("s3").get_bucket_policy(Bucket="one")


def test_an_error_in_cbor_is_read_by_botocore() -> None:
    answer = aws_errors.denied(Call("cloudwatch", "eu-west-1", "DescribeAlarms", "cbor", ""))
    response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
    parsed = create_parser("smithy-rpc-v2-cbor").parse(response, None)
    assert parsed["Error"]["Code"] == "AccessDenied"
    assert parsed["Error"]["Message"].endswith("because no identity-based policy allows the action")


@pytest.mark.parametrize("kind", ["cut", "timeout"])
def test_a_lost_answer_is_an_error_of_the_connection(aws_env: AwsWire, kind: Kind) -> None:
    aws_env.faults.add(kind, "iam:ListUsers", seconds=0.05)
    with pytest.raises(exceptions.ConnectionClosedError):
        read("iam")
    assert [(entry.status, entry.injected) for entry in aws_env.traffic.log] == [(None, kind)]


def test_without_seconds_a_time_out_lasts_until_the_client_gives_up(aws_env: AwsWire) -> None:
    aws_env.faults.add("timeout", "iam:ListUsers")
    impatient = boto3.client("iam", config=Config(retries={"total_max_attempts": 1}, read_timeout=0.05))
    with pytest.raises(exceptions.ReadTimeoutError):
        impatient.list_users()


XML = b"<ListUsersResponse><ListUsersResult><Users /></ListUsersResult></ListUsersResponse>"
JSON = b'{"Keys": [], "Truncated": false}'
SPOILT = {
    # kind: what is left of XML, what is left of JSON
    "cut_body": (XML[: len(XML) // 2], JSON[: len(JSON) // 2]),
    "truncated": (XML[: len(XML) // 2], JSON[: len(JSON) // 2]),
    "hollow": (
        b"<?xml version='1.0' encoding='utf-8'?>\n<ListUsersResponse><ListUsersResult /></ListUsersResponse>",
        b"{}",
    ),
    "empty": (b"", b""),
}


def raw(wire: AwsWire, service: str, body: bytes = b"", **headers: str) -> tuple[int, str, bytes, bool]:
    """Status, content type, body and whether the body was whole, of one signed request."""
    scope = f"Credential=testing/20261123/us-east-1/{service}/aws4_request"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = HTTPConnection(wire.url.removeprefix("http://"), timeout=20)
    with closing(connection):
        connection.request("POST", "/", body, {"authorization": f"AWS4-HMAC-SHA256 {scope}", **given})
        answer = connection.getresponse()
        try:
            return answer.status, answer.headers["content-type"], answer.read(), True
        except IncompleteRead as error:
            return answer.status, answer.headers["content-type"], error.partial, False


def both(wire: AwsWire) -> tuple[tuple[int, str, bytes, bool], ...]:
    """The same answers in XML and in JSON, as they come over the wire."""
    wire.overrides.answer("iam:ListUsers", XML)
    wire.overrides.answer("kms:ListKeys", JSON, content_type="application/x-amz-json-1.1")
    form = {"content_type": "application/x-www-form-urlencoded"}
    return (
        raw(wire, "iam", b"Action=ListUsers&Version=2010-05-08", **form),
        raw(wire, "kms", b"{}", x_amz_target="TrentService.ListKeys"),
    )


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_answer_is_a_success_that_lacks_something(wire: AwsWire, kind: Kind) -> None:
    assert both(wire) == ((200, "text/xml", XML, True), (200, "application/x-amz-json-1.1", JSON, True))
    wire.faults.add(kind, "*")
    xml, text = SPOILT[kind]
    whole = kind != "cut_body"
    assert both(wire) == ((200, "text/xml", xml, whole), (200, "application/x-amz-json-1.1", text, whole))


def test_a_malformed_answer_is_in_no_known_form(wire: AwsWire) -> None:
    wire.faults.add("malformed", "*")
    for _, _, body, _ in both(wire):
        with pytest.raises(ValueError):
            json.loads(body)
        with pytest.raises(ElementTree.ParseError):
            ElementTree.fromstring(body)


def test_a_page_of_a_machine_in_between_is_well_formed_html(wire: AwsWire) -> None:
    wire.faults.add("html", "*")
    for status, kind, body, whole in both(wire):
        assert (status, kind, whole) == (200, "text/html; charset=utf-8", True)
        assert ElementTree.fromstring(body.partition(b"\n")[2]).tag == "html"


def test_only_requests_that_match_are_hit(aws_env: AwsWire) -> None:
    faults = aws_env.faults
    faults.add("denied", "ec2:Describe*", region="eu-west-1")
    faults.add("denied", "s3:GetBucketPolicy", where=lambda exchange: "/two?" in exchange.request.target)
    s3 = client("s3")
    for bucket in ("one", "two"):
        s3.create_bucket(Bucket=bucket)
        with pytest.raises(exceptions.ClientError) as caught:
            s3.get_bucket_policy(Bucket=bucket)
        assert caught.value.response["Error"]["Code"] == ("AccessDenied" if bucket == "two" else "NoSuchBucketPolicy")
    read("ec2", "us-east-1")
    with pytest.raises(exceptions.ClientError):
        read("ec2", "eu-west-1")
    assert faults.injected == {("denied", "ec2:DescribeVpcs"): 1, ("denied", "s3:GetBucketPolicy"): 1}


def test_a_rule_hits_as_many_requests_as_it_says_and_then_no_more(aws_env: AwsWire) -> None:
    aws_env.faults.add("throttled", "iam:ListUsers", after=1, times=2)
    iam, statuses = client("iam"), []
    for _ in range(5):
        try:
            statuses.append(iam.list_users()["ResponseMetadata"]["HTTPStatusCode"])
        except exceptions.ClientError as error:
            statuses.append(error.response["Error"]["Code"])
    assert statuses == [200, "Throttling", "Throttling", 200, 200]


def test_a_removed_rule_hits_nothing(aws_env: AwsWire) -> None:
    rule = aws_env.faults.add("denied", "iam:*")
    aws_env.faults.remove(rule)
    read("iam")


def test_a_rate_hits_the_same_requests_in_any_order(aws_env: AwsWire) -> None:
    def hit(names: list[str]) -> set[str]:
        aws_env.faults.clear()
        aws_env.faults.add("throttled", "iam:GetUser", rate=0.3)
        iam, throttled = client("iam"), set()
        for name in names:
            try:
                iam.get_user(UserName=name)
            except exceptions.ClientError as error:
                if error.response["Error"]["Code"] == "Throttling":
                    throttled.add(name)
        return throttled

    names = [f"user-{number}" for number in range(60)]
    first = hit(names)
    assert 6 <= len(first) <= 30
    assert hit(names[::-1]) == first


@pytest.mark.parametrize("pattern", ["s3:GetBucketEncrypton", "lamda:ListFunctions", "monitoring:DescribeAlarms", "s3"])
def test_a_rule_for_an_operation_that_does_not_exist_is_refused(aws_env: AwsWire, pattern: str) -> None:
    with pytest.raises(ValueError, match="no such operation"):
        aws_env.faults.add("denied", pattern)


def test_a_rule_of_an_unknown_kind_is_refused(aws_env: AwsWire) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        aws_env.faults.add("denial", "*")  # type: ignore[arg-type]


def test_every_kind_is_tried_here() -> None:
    tried = {*CODES, *SPOILT, "malformed", "html", "policy_denied", "server_error", "error", "cut", "timeout"}
    assert tried == set(KINDS)
