"""What AWS's errors mean, in the words of each of its protocols."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.errors import DENIED, REFUSED, THROTTLED, MalformedAnswer, classify, off_code
from providers.base import Failure, NotReady


def answered(code: Any, status: int = 400, message: str = "", operation: str = "GetBucketPolicy") -> Exception:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "req-1"},
    }
    return botocore.ClientError(response, operation)  # type: ignore[arg-type]


def meaning(error: Exception) -> tuple[Any, bool, bool]:
    failure = classify(error)
    assert failure is not None
    return failure.reason, failure.temporary, failure.refused


AN_SCP = "User: x is not authorized to perform: s3:GetBucketPolicy with an explicit deny in a service control policy"
A_DENIAL = "User: arn:aws:iam::111122223333:user/Macie-is-not-enabled is not authorized to perform: "
NOT_SUBSCRIBED = "Account 111122223333 is not subscribed to AWS Security Hub"
AN_RCP = "User: x is not authorized to perform: s3:GetObject because no resource control policy allows it"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answered("AccessDenied", 403), ("access_denied", False, False)),
        (answered("AccessDeniedException"), ("access_denied", False, False)),
        (answered("UnauthorizedOperation", 403), ("access_denied", False, False)),
        (answered("Client.UnauthorizedOperation", 403), ("access_denied", False, False)),
        (answered("403", 403), ("access_denied", False, False)),
        (answered("com.amazonaws.kms#AccessDeniedException"), ("access_denied", False, False)),
        (answered("SomethingNew", 403), ("access_denied", False, False)),
        (answered("AccessDenied", 403, AN_SCP), ("policy_denied", False, False)),
        (answered("AccessDenied", 403, AN_RCP), ("policy_denied", False, False)),
        (answered("AccessDeniedException", 403, "Macie is not enabled."), ("service_disabled", False, False)),
        (answered("AccessDeniedException", 401, "Macie is not enabled."), ("service_disabled", False, False)),
        (answered("AccessDeniedException", 403, f"{A_DENIAL}macie2:GetMacieSession"), ("access_denied", False, False)),
        (answered("AccessDenied", 403, "Macie is not enabled."), ("access_denied", False, False)),
        (answered("InvalidAccessException", 401, NOT_SUBSCRIBED), ("service_disabled", False, False)),
        (answered("InvalidAccessException", 401, "The account may not do this"), ("unavailable", False, False)),
        (answered("AccessDeniedException", 403, NOT_SUBSCRIBED), ("access_denied", False, False)),
        (answered("ExpiredToken", 403), ("access_denied", False, True)),
        (answered("ExpiredTokenException", 400), ("access_denied", False, True)),
        (answered("InvalidClientTokenId", 403), ("access_denied", False, True)),
        (answered("SignatureDoesNotMatch", 403), ("access_denied", False, True)),
        (answered("AuthFailure", 401), ("access_denied", False, True)),
        (answered("SubscriptionRequiredException"), ("access_denied", False, True)),
        (answered("Throttling"), ("throttled", True, False)),
        (answered("ThrottlingException"), ("throttled", True, False)),
        (answered("aws.protocoltests#ThrottlingException"), ("throttled", True, False)),
        (answered("SlowDown", 503), ("throttled", True, False)),
        (answered("RequestLimitExceeded", 503), ("throttled", True, False)),
        (answered("Whatever", 429), ("throttled", True, False)),
        (answered("InternalError", 500), ("unavailable", True, False)),
        (answered("RequestTimeout", 400), ("unavailable", True, False)),
        (answered("ServiceUnavailable", 503), ("unavailable", True, False)),
        (answered("502", 502), ("unavailable", True, False)),
        (answered("ValidationError", 400), ("unavailable", False, False)),
        (answered("", 0), ("unavailable", False, False)),
        (MalformedAnswer("s3:ListBuckets", "empty body"), ("malformed_response", True, False)),
        (ResponseParserError("x"), ("malformed_response", True, False)),
        (botocore.PaginationError(message="the same token"), ("malformed_response", False, False)),
        (botocore.NoCredentialsError(), ("access_denied", False, True)),
        (botocore.TokenRetrievalError(provider="sso", error_msg="expired"), ("access_denied", False, True)),
        (botocore.EndpointConnectionError(endpoint_url="x"), ("unavailable", True, False)),
        (botocore.ReadTimeoutError(endpoint_url="x"), ("unavailable", True, False)),
        (botocore.ConnectTimeoutError(endpoint_url="x"), ("unavailable", True, False)),
        (botocore.ConnectionClosedError(endpoint_url="x"), ("unavailable", True, False)),
        (botocore.SSLError(endpoint_url="x", error="x"), ("unavailable", True, False)),
        (botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2), ("unavailable", True, False)),
        (NotReady("iam:GenerateCredentialReport"), ("unavailable", False, False)),
    ],
)
def test_an_error_means(error: Exception, expected: tuple[Any, bool, bool]) -> None:
    assert meaning(error) == expected


@pytest.mark.parametrize("error", [RuntimeError(), AssertionError(), OSError(), Exception()])
def test_what_is_not_of_aws_means_nothing(error: Exception) -> None:
    assert classify(error) is None


def test_a_failure_says_code_operation_request_and_the_action_that_the_error_names() -> None:
    message = "User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:..."

    assert classify(answered("AccessDenied", 403, message)) == Failure(
        "access_denied", "AccessDenied", "GetBucketPolicy", "req-1", "kms:Decrypt"
    )


def test_the_text_of_an_error_is_never_kept() -> None:
    failure = classify(answered("AccessDenied", 403, "the password is hunter2"))

    assert "hunter2" not in repr(failure)


def test_an_error_without_a_code_is_known_by_its_status() -> None:
    failure = classify(botocore.ClientError({"ResponseMetadata": {"HTTPStatusCode": 502}}, "X"))  # type: ignore[arg-type,typeddict-item]

    assert failure is not None
    assert (failure.code, failure.reason, failure.temporary) == ("HTTP 502", "unavailable", True)


def test_no_code_means_two_things() -> None:
    assert not DENIED & REFUSED
    assert not THROTTLED & (DENIED | REFUSED)


@given(
    st.text(max_size=20) | st.integers() | st.none(), st.sampled_from([0, 200, 400, 403, 404, 429, 500, 503]), st.text()
)
def test_no_answer_that_is_an_error_is_anything_but_a_failure(code: Any, status: int, message: str) -> None:
    failure = classify(answered(code, status, message))

    assert failure is not None
    assert failure.reason in ("access_denied", "policy_denied", "throttled", "unavailable")
    assert failure.detail.encode()


def test_a_service_that_is_off_is_named_by_its_code_and_words_without_the_account() -> None:
    failure = classify(answered("InvalidAccessException", 401, NOT_SUBSCRIBED, "GetEnabledStandards"))

    assert failure == Failure(
        "service_disabled",
        "InvalidAccessException: is not subscribed to AWS Security Hub",
        "GetEnabledStandards",
        "req-1",
    )
    assert failure.code == off_code("InvalidAccessException")
