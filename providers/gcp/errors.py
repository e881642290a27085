"""What Google's errors mean: google.rpc.Status with its details, and the older form with a list of errors.

Sources: google/rpc/error_details.proto (ErrorInfo, RetryInfo); AIP-193; Cloud Storage JSON API, "HTTP status and error
codes"; Service Usage, "Troubleshooting".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from google.auth import exceptions as auth
from google.protobuf.json_format import ParseError

from providers.base import Failure, NotReady, Reason
from providers.gcp.fields import seconds

OFF: Final = "SERVICE_DISABLED"
"""The code of a failure by which the API of the scanned project itself says that it is not enabled."""
ELSEWHERE: Final = "SERVICE_DISABLED in the caller's project"
"""The code where the API is off in the project that pays for the request, which says nothing of the one scanned."""
GONE: Final = "NOT_FOUND"

_THROTTLED: Final = frozenset(
    {"RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"}
)
_SPENT: Final = frozenset({"dailyLimitExceeded", "quotaExceeded"})
"""Quotas that no waiting within a run brings back."""
_DISABLED: Final = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_BY_POLICY: Final = frozenset({"SECURITY_POLICY_VIOLATED", "vpcServiceControls", "ORG_RESTRICTION_VIOLATION"})
_UNPAID: Final = frozenset({"BILLING_DISABLED", "CONSUMER_SUSPENDED", "CONSUMER_INVALID"})
_NOT_USED: Final = re.compile(r"has not been used in project (\S+) before or it is disabled")
"""How the API of an older service says that it is off; its error has a Help detail and no ErrorInfo."""
_NAMED: Final = re.compile(r"(?:[Pp]ermission '?|not have '?)([a-z][A-Za-z]*(?:\.[A-Za-z]+){2,3})\b")
"""IAM words a denial as "Permission 'a.b.c' denied on ..." or "... does not have a.b.c access to ..."."""
_BY_STATUS: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: GONE,
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
}


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """An answer that is no success. ``reasons`` are those of its details or of its list of errors.

    ``consumer`` is the project (number or id) whose API is off, ``permission`` what the error says is missing,
    ``retry_after`` the seconds that it asks to wait; ``own``: whether ``consumer`` is the project that was asked about.
    """

    status: int
    code: str
    reasons: frozenset[str] = frozenset()
    consumer: str | None = None
    permission: str | None = None
    retry_after: float = 0.0
    operation: str | None = None
    own: bool = field(default=False)


@dataclass(slots=True, eq=False)
class MalformedAnswer(Exception):
    """An answer with a success status that is not what the operation returns."""

    why: str
    operation: str | None = None


@dataclass(slots=True, eq=False)
class Partial(Exception):
    """A listing that says itself that it is not all: locations that could not be reached."""

    operation: str


@dataclass(slots=True, eq=False)
class Withheld(Exception):
    """A listing without an error that leaves out what the caller may not see."""

    operation: str
    permission: str


@dataclass(slots=True, eq=False)
class ForeignHost(Exception):
    """A request that would leave Google's API hosts, or go there without TLS. ``host`` is where to."""

    host: str
    operation: str | None = None


def parsed(status: int, body: bytes, headers: Mapping[str, str]) -> ApiError:
    """The error in an answer; both forms, and bodies that are neither."""
    try:
        error = json.loads(body)["error"]
        mapping = error if isinstance(error, dict) else {"status": str(error)}
    except (LookupError, RecursionError, TypeError, ValueError):
        mapping = {}
    details = [row for row in _rows(mapping, "details") if isinstance(row.get("@type"), str)]
    informed = [row for row in details if row["@type"].endswith("google.rpc.ErrorInfo")]
    metadata: Mapping[str, Any] = next(
        (row["metadata"] for row in informed if isinstance(row.get("metadata"), dict)), {}
    )
    reasons = {str(row.get("reason")) for row in (*informed, *_rows(mapping, "errors"))}
    message = str(mapping.get("message", ""))
    unused = _NOT_USED.search(message)
    if unused:
        reasons.add("SERVICE_DISABLED")
    consumer = metadata.get("consumer") or (f"projects/{unused.group(1)}" if unused else None)
    named = metadata.get("permission") or next(iter(_NAMED.findall(message)), None)
    return ApiError(
        status=status,
        code=str(mapping.get("status") or _BY_STATUS.get(status) or f"HTTP {status}"),
        reasons=frozenset(reasons),
        consumer=str(consumer) if consumer else None,
        permission=str(named) if named else None,
        retry_after=max(_delay(details), _header(headers)),
    )


def _rows(error: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    rows = error.get(key)
    return (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else iter(())


def _delay(details: list[Mapping[str, Any]]) -> float:
    waits = [row.get("retryDelay") for row in details if row["@type"].endswith("google.rpc.RetryInfo")]
    found = seconds(waits[0]) if waits else 0
    return float(found) if isinstance(found, int) else 0.0


def _header(headers: Mapping[str, str]) -> float:
    told = headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else 0.0


def classify(error: Exception) -> Failure | None:
    """What an error of the adapter, of google-auth or of requests means, or None where it is a bug of ours."""
    if isinstance(error, ApiError):
        return _answered(error)
    if isinstance(error, MalformedAnswer):
        return Failure("malformed_response", error.why, error.operation, temporary=True)
    if isinstance(error, Partial):
        return Failure("unavailable", "unreachable locations", error.operation)
    if isinstance(error, Withheld):
        return Failure("access_denied", "NotGranted", error.operation, permission=error.permission)
    if isinstance(error, ForeignHost):
        return Failure("malformed_response", f"refused to ask {error.host}", error.operation)
    if isinstance(error, NotReady):
        return Failure("unavailable", "not ready in time", error.operation)
    if isinstance(error, ParseError):
        return Failure("malformed_response", "unparsable", temporary=True)
    if isinstance(error, auth.DefaultCredentialsError):
        return Failure("access_denied", f"NoCredentials ({type(error).__name__})", refused=True)
    if isinstance(error, (auth.TransportError, auth.TimeoutError)):
        return Failure("unavailable", type(error).__name__, temporary=True)
    if isinstance(error, auth.GoogleAuthError):
        # Whoever should have given a token did not.
        return Failure("access_denied", type(error).__name__, temporary=error.retryable, refused=True)
    if isinstance(error, requests.RequestException):
        # Refused, reset, closed or timed out; what TLS refuses, it refuses again.
        lost = not isinstance(error, requests.exceptions.SSLError)
        return Failure("unavailable", type(error).__name__, temporary=lost)
    return None


def _answered(error: ApiError) -> Failure:
    reason, code, temporary = _meaning(error)
    return Failure(
        reason,
        code,
        error.operation,
        permission=error.permission if reason == "access_denied" else None,
        temporary=temporary,
        refused=error.status == 401,
        retry_after=error.retry_after,
    )


def _meaning(error: ApiError) -> tuple[Reason, str, bool]:
    told = next(iter(sorted(error.reasons - {"None", "forbidden"})), error.code)
    if error.reasons & _DISABLED:
        return "service_disabled", OFF if error.own else ELSEWHERE, False
    if error.reasons & _UNPAID:
        return "service_disabled", told, False
    if error.reasons & _SPENT:
        return "throttled", told, False
    if error.status == 429 or error.reasons & _THROTTLED:
        return "throttled", told, True
    if error.reasons & _BY_POLICY:
        return "policy_denied", told, False
    if error.status in (401, 403):
        return "access_denied", told, False
    if error.status == 404:
        return "unavailable", GONE, False
    return "unavailable", told, error.status >= 500 or error.status == 408
