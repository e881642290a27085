"""Errors as AWS words and frames them, in the protocol that the request was sent in.

Codes: the common errors of each service's API reference, and those that clients report (SNS says AuthorizationError,
EC2 UnauthorizedOperation, RequestLimitExceeded and RequestExpired).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from tests.emulators.api_models import service_model
from tests.emulators.identify import Call
from tests.emulators.wire import Answer

REQUEST_ID: Final = "5f1d0000-0000-4000-8000-00000000a0d1"
CALLER: Final = "arn:aws:iam::123456789012:user/auditor"

_Codes = Mapping[str, tuple[str, int]]
# By service, else by protocol: code and HTTP status.
_DENIED: Final[_Codes] = {
    "ec2": ("UnauthorizedOperation", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
    "cloudwatch": ("AccessDenied", 403),
    "query": ("AccessDenied", 403),
    "rest-xml": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 400),
    "cbor": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
}
_THROTTLED: Final[_Codes] = {
    "ec2": ("RequestLimitExceeded", 503),
    "s3": ("SlowDown", 503),
    "sqs": ("RequestThrottled", 403),
    "lambda": ("TooManyRequestsException", 429),
    "query": ("Throttling", 400),
    "rest-xml": ("Throttling", 400),
    "json": ("ThrottlingException", 400),
    "cbor": ("ThrottlingException", 400),
    "rest-json": ("ThrottlingException", 429),
}
_EXPIRED: Final[_Codes] = {
    "ec2": ("RequestExpired", 400),
    "s3": ("ExpiredToken", 400),
    "query": ("ExpiredToken", 403),
    "rest-xml": ("ExpiredToken", 403),
    "json": ("ExpiredTokenException", 400),
    "cbor": ("ExpiredTokenException", 400),
    "rest-json": ("ExpiredTokenException", 403),
}
_UNAVAILABLE: Final[_Codes] = {
    "json": ("InternalServerError", 500),
    "cbor": ("InternalServerError", 500),
    "rest-json": ("ServiceException", 500),
    "ec2": ("Unavailable", 503),
    "query": ("ServiceUnavailable", 503),
    "rest-xml": ("ServiceUnavailable", 503),
}


def denied(call: Call, action: str | None = None) -> Answer:
    """No policy of the caller's allows ``action`` (default: the one named like the operation)."""
    return _coded(call, _DENIED, f"{_refusal(call, action)} because no identity-based policy allows the action")


def policy_denied(call: Call, action: str | None = None) -> Answer:
    """A service control policy of the organisation denies ``action``."""
    return _coded(call, _DENIED, f"{_refusal(call, action)} with an explicit deny in a service control policy")


def throttled(call: Call) -> Answer:
    """Too many requests: the code depends on the service."""
    return _coded(call, _THROTTLED, "Rate exceeded")


def expired_token(call: Call) -> Answer:
    """The session's credentials have run out."""
    return _coded(call, _EXPIRED, "The security token included in the request is expired")


def server_error(call: Call) -> Answer:
    """The service itself failed."""
    return _coded(call, _UNAVAILABLE, "We encountered an internal error. Please try again.")


def error(call: Call, code: str, status: int, message: str = "") -> Answer:
    """Any error: ``code`` and ``message`` in the form that the call's protocol gives them."""
    message = message or code
    identified = (("x-amzn-requestid", REQUEST_ID), ("x-amz-request-id", REQUEST_ID))
    if call.protocol in ("json", "rest-json"):
        head = (("content-type", "application/x-amz-json-1.1"), *identified, *_compatible(call, code))
        if call.protocol == "rest-json":
            return Answer(status, (*head, ("x-amzn-errortype", code)), json.dumps({"message": message}).encode())
        return Answer(status, head, json.dumps({"__type": code, "message": message}).encode())
    if call.protocol == "cbor":
        head = (("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), *identified)
        return Answer(status, (*head, *_compatible(call, code)), _cbor({"__type": code, "message": message}))
    text = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if call.service == "s3":
        body = f"<Error>{text}<RequestId>{REQUEST_ID}</RequestId></Error>"
    elif call.protocol == "ec2":
        body = f"<Response><Errors><Error>{text}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    else:
        fault = "Sender" if status < 500 else "Receiver"
        inner = f"<Error><Type>{fault}</Type>{text}</Error><RequestId>{REQUEST_ID}</RequestId>"
        body = f"<ErrorResponse>{inner}</ErrorResponse>"
    head = (("content-type", "text/xml"), *identified)
    return Answer(status, head, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode())


def _coded(call: Call, codes: _Codes, message: str) -> Answer:
    code, status = codes.get(call.service) or codes[call.protocol if call.protocol != "none" else "query"]
    return error(call, code, status, message)


def _refusal(call: Call, action: str | None) -> str:
    return f"User: {CALLER} is not authorized to perform: {action or call.name}"


def _compatible(call: Call, code: str) -> tuple[tuple[str, str], ...]:
    # Services that once spoke the query protocol tell its code in a header (botocore: awsQueryCompatible).
    compatible = "awsQueryCompatible" in service_model(call.service).metadata
    return (("x-amzn-query-error", f"{code};Sender"),) if compatible else ()


def _cbor(fields: Mapping[str, str]) -> bytes:
    """A map of texts (RFC 8949: major types 5 and 3)."""

    def text(value: str) -> bytes:
        data = value.encode()
        return b"\x79" + len(data).to_bytes(2, "big") + data

    return bytes([0xA0 | len(fields)]) + b"".join(text(key) + text(value) for key, value in fields.items())
