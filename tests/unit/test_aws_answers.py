"""Success answers that are not in the form that their operation returns are refused before they are parsed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.collection.outcomes import attempt
from providers.aws import READERS
from providers.aws.answers import verified
from providers.aws.documents import document
from providers.aws.errors import MalformedAnswer, classify
from providers.base import MISSING, Unread
from providers.times import instant


@cache
def operation(service: str, name: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(name)


def fault(service: str, name: str, body: bytes, status: int = 200) -> str | None:
    """Why the answer is refused; None where it is let through."""
    answer = {"status_code": status, "body": body, "headers": {"x-amzn-requestid": "req-1"}}
    try:
        verified(operation(service, name), answer)
    except MalformedAnswer as error:
        return error.why
    return None


def test_a_refusal_says_operation_and_request() -> None:
    answer = {"status_code": 200, "body": b"", "headers": {"x-amzn-requestid": "req-1"}}
    with pytest.raises(MalformedAnswer) as raised:
        verified(operation("kms", "ListKeys"), answer)
    assert (raised.value.operation, raised.value.request_id) == ("kms:ListKeys", "req-1")


IAM = b'<GetAccountSummaryResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><x/></GetAccountSummaryResponse>'
PAGE = b"<!DOCTYPE html><html><body>Sign in to the proxy</body></html>"


@pytest.mark.parametrize(
    ("service", "name", "body", "why"),
    [
        ("kms", "ListKeys", b'{"Keys": []}', None),
        ("kms", "ListKeys", b'{"Keys": [', "not a JSON object"),
        ("kms", "ListKeys", b"[]", "not a JSON object"),
        ("kms", "ListKeys", b"null", "not a JSON object"),
        ("kms", "ListKeys", b"[" * 100_000, "not a JSON object"),
        ("kms", "ListKeys", PAGE, "not a JSON object"),
        ("kms", "ListKeys", b"", "empty body"),
        ("kms", "ListKeys", b"  \n", "empty body"),
        ("lambda", "ListFunctions", b'{"Functions": []}', None),
        ("lambda", "ListFunctions", b"<x/>", "not a JSON object"),
        ("iam", "GetAccountSummary", IAM, None),
        ("iam", "GetAccountSummary", b'<?xml version="1.0"?>\n' + IAM, None),
        ("iam", "GetAccountSummary", PAGE, "a web page"),
        ("iam", "GetAccountSummary", b"<ListUsersResponse/>", "another root element"),
        ("iam", "GetAccountSummary", b"{}", "not XML"),
        ("iam", "GetAccountSummary", b"", "empty body"),
        ("ec2", "DescribeVpcs", b"<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>", None),
        ("ec2", "DescribeVpcs", b"<DescribeSubnetsResponse/>", "another root element"),
        ("s3", "ListBuckets", b"<ListAllMyBucketsResult/>", None),
        ("s3", "ListBuckets", PAGE, "a web page"),
        ("s3", "ListBuckets", b"garbage", "not XML"),
        # The body is the policy itself.
        ("s3", "GetBucketPolicy", b"anything", None),
        ("s3", "GetBucketVersioning", b"", "empty body"),
    ],
)
def test_an_answer_is_let_through_only_in_its_own_form(service: str, name: str, body: bytes, why: str | None) -> None:
    assert fault(service, name, body) == why


@pytest.mark.parametrize("status", [301, 403, 500])
def test_an_error_is_left_to_the_parser_of_errors(status: int) -> None:
    assert fault("kms", "ListKeys", b"oops", status) is None


def test_an_operation_that_answers_nothing_may_answer_nothing() -> None:
    assert fault("s3", "DeleteBucketPolicy", b"") is None


@given(st.integers(0, 60))
def test_json_that_is_cut_anywhere_is_refused(end: int) -> None:
    body = json.dumps({"Keys": [{"KeyId": "a", "KeyArn": "arn:aws:kms:eu-west-1:1:key/a"}]}).encode()

    assert fault("kms", "ListKeys", body[:end]) is not None
    assert fault("kms", "ListKeys", body) is None


# --- the credential report, documents and times ---


class _Reports:
    """Answers as IAM does, with a report of these bytes."""

    def __init__(self, content: bytes) -> None:
        self._answers = {
            "generate_credential_report": {"State": "COMPLETE"},
            "get_credential_report": {"Content": content},
        }

    def call(self, service: str, operation: str) -> dict[str, Any]:
        return self._answers[operation]


@pytest.mark.parametrize(
    "content",
    [
        b"user,arn\nana," + b"x" * 200_000,
        b'user,arn\rana,b\x00\r\n"',
        b"\xff\xfe",
        b"user,arn\nana",
        b"user,arn\nana,arn:aws:iam::1:user/ana,more,and,more",
    ],
)
def test_a_credential_report_that_is_none_is_malformed_not_a_crash(content: bytes) -> None:
    (reader,) = [reader for reader in READERS if "iam:GetCredentialReport" in reader.operations]

    outcome = attempt(reader, lambda: list(reader.read(_Reports(content), None)), classify)

    assert outcome.label == "malformed_response"


NOT_JSON = Unread("malformed_response", detail="policy document is not JSON")


@pytest.mark.parametrize(
    ("text", "quoted", "value"),
    [
        ('{"Statement": []}', False, {"Statement": []}),
        ("%7B%22Statement%22%3A%20%5B%5D%7D", True, {"Statement": []}),
        ("%7B%22a%22%3A%201.5%7D", True, {"a": "1.5"}),
        ("%7B%7D", False, NOT_JSON),
        ("", False, NOT_JSON),
        (None, False, NOT_JSON),
        ("[" * 100_000, False, NOT_JSON),
        ('{"a": ' + "9" * 5000 + "}", False, NOT_JSON),
        ('{"Statement": [], "Statement": []}', False, NOT_JSON),
        ('{"Statement": [{"Effect": "Allow", "Effect": "Deny"}]}', False, NOT_JSON),
        ("%7B%22a%22%3A1%2C%22a%22%3A1%7D", True, NOT_JSON),
        ({"Statement": []}, False, NOT_JSON),
        ("[]", False, Unread("malformed_response", detail="policy document is not an object")),
    ],
)
def test_a_policy_document_is_an_object_or_malformed(text: Any, quoted: bool, value: Any) -> None:
    assert document(text, quoted=quoted) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-11-23T02:00:00Z", "2026-11-23T02:00:00Z"),
        ("2026-11-23T03:00:00+01:00", "2026-11-23T02:00:00Z"),
        ("2026-11-23T02:00:00.250Z", "2026-11-23T02:00:00.250000Z"),
        ("2026-11-23T02:00:00", "2026-11-23T02:00:00Z"),
        (None, MISSING),
        ("yesterday", Unread("malformed_response", detail="not a time")),
        (7, Unread("malformed_response", detail="not a time")),
        ("0001-01-01T00:00:00+14:00", Unread("malformed_response", detail="not a time")),
    ],
)
def test_a_time_is_utc_text_or_says_why_not(value: Any, text: Any) -> None:
    assert instant(value) == text
