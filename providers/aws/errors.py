"""What AWS's errors mean: the codes that deny, throttle or fail, by the protocols' different names for them."""

from __future__ import annotations

import re
from typing import Final

from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError

from providers.aws.codes import OFF, off_code
from providers.base import Failure, NotReady, Reason

DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "KMSAccessDeniedException",
        "NotAuthorized",
        "NotAuthorizedException",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "403",
    }
)
REFUSED: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "SubscriptionRequiredException",
        "UnrecognizedClientException",
    }
)
"""The identity itself was refused: no permission would have helped."""
THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""botocore's list of throttling codes (botocore/retries/standard.py), and LimitExceededException of the read calls."""
UNAVAILABLE: Final = frozenset({"InternalError", "InternalFailure", "RequestTimeout", "RequestTimeoutException"})

LOST: Final = (
    botocore.HTTPClientError,  # connection refused, reset, closed, timed out, TLS
    botocore.ConnectionError,
    botocore.IncompleteReadError,
    botocore.ResponseStreamingError,
)
MISLED: Final = (
    botocore.ParamValidationError,  # what an earlier answer named cannot be asked for
    botocore.PaginationError,  # the next page is the same page
    botocore.ChecksumError,
    botocore.FlexibleChecksumError,
)
"""An answer was well-formed and is not what the operation returns."""
UNANSWERED: Final = (
    botocore.CredentialRetrievalError,
    botocore.TokenRetrievalError,
    botocore.SSOError,
    botocore.NoAuthTokenError,
)
"""Whoever should have given credentials did not."""
NOT_SIGNED_IN: Final = (botocore.NoCredentialsError, botocore.PartialCredentialsError, *UNANSWERED)


_NAMED_ACTION: Final = re.compile(r"not authorized to perform:? ([\w-]+:\w+)")
"""IAM words a denial as "... is not authorized to perform: s3:GetBucketPolicy on resource: ..."."""


class MalformedAnswer(Exception):
    """An answer with a success status that is not what the operation returns. ``operation`` as "s3:ListBuckets"."""

    def __init__(self, operation: str, why: str, request_id: str | None = None) -> None:
        self.operation, self.why, self.request_id = operation, why, request_id
        super().__init__(f"{operation}: {why}")


class NotOffered(Exception):
    """AWS does not have the service in a region: it names no endpoint there, and none answers to the name."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(operation)


def classify(error: Exception) -> Failure | None:
    """What an error of botocore means, or None where it is not AWS's (a bug of ours)."""
    if isinstance(error, NotOffered):
        return Failure("service_disabled", "NotOffered", error.operation, not_offered=True)
    if isinstance(error, MalformedAnswer):
        return Failure("malformed_response", error.why, error.operation, error.request_id, temporary=True)
    if isinstance(error, NotReady):
        return Failure("unavailable", "not ready in time", error.operation)
    if isinstance(error, botocore.ClientError):
        return _answered(error)
    if isinstance(error, ResponseParserError):
        return Failure("malformed_response", "unparsable", temporary=True)
    if isinstance(error, NOT_SIGNED_IN):
        return Failure("access_denied", type(error).__name__, refused=True)
    if isinstance(error, LOST):
        return Failure("unavailable", type(error).__name__, temporary=True)
    if isinstance(error, MISLED):
        return Failure("malformed_response", type(error).__name__)
    if isinstance(error, botocore.BotoCoreError):
        # A request that botocore cannot send, such as to a region that is none.
        return Failure("unavailable", type(error).__name__)
    return None


def _answered(error: botocore.ClientError) -> Failure:
    details = error.response.get("Error", {})
    code = str(details.get("Code", "")).removeprefix("Client.").rpartition("#")[2]
    metadata = error.response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode") or 0)
    message = str(details.get("Message", ""))
    if code in OFF and OFF[code] in message:
        return Failure("service_disabled", off_code(code), error.operation_name, metadata.get("RequestId"))
    reason, temporary, refused = _meaning(code, status, message)
    action = _NAMED_ACTION.search(message)
    return Failure(
        reason,
        code or f"HTTP {status}",
        error.operation_name,
        metadata.get("RequestId"),
        action.group(1) if action else None,
        temporary,
        refused,
    )


def _meaning(code: str, status: int, message: str) -> tuple[Reason, bool, bool]:
    if code in THROTTLED or status == 429:
        return "throttled", True, False
    if code in REFUSED:
        return "access_denied", False, True
    if code in DENIED or (status == 403 and code not in UNAVAILABLE):
        # "... because no service control policy allows ..." or "... explicit deny in a service control policy"
        by_policy = "control policy" in message
        return ("policy_denied" if by_policy else "access_denied"), False, False
    if status >= 500 or code in UNAVAILABLE:
        return "unavailable", True, False
    return "unavailable", False, False
