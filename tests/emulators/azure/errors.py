"""How Azure words what goes wrong: bodies and headers of Resource Manager, Resource Graph and Microsoft Graph."""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.azure.identify import type_of
from tests.emulators.faults import Dialect
from tests.emulators.identify import Call
from tests.emulators.wire import Answer, Exchange

REQUEST_ID: Final = "11111111-2222-3333-4444-555555555555"


def answered(body: Any, status: int = 200, *headers: tuple[str, str], graph: bool = False) -> Answer:
    """An answer with a JSON body and the headers that every answer has."""
    name = "request-id" if graph else "x-ms-request-id"
    date = ("date", "Mon, 23 Nov 2026 12:00:00 GMT")
    return Answer.of(body, status, date, (name, REQUEST_ID), *headers)


def error(call: Call, code: str, status: int, message: str = "") -> Answer:
    """An error of the service that was called."""
    graph = call.service == "graph"
    said: dict[str, Any] = {"code": code, "message": message or f"{code}."}
    if graph:
        said["innerError"] = {"date": "2026-11-23T12:00:00", "request-id": REQUEST_ID, "client-request-id": REQUEST_ID}
    return answered({"error": said}, status, graph=graph)


def denied(call: Call, action: str | None = None, scope: str = "/") -> Answer:
    """No role of the caller grants what it asked for."""
    if call.service == "graph":
        return error(call, "Authorization_RequestDenied", 403, "Insufficient privileges to complete the operation.")
    if call.service == "resourcegraph":
        return error(call, "AccessDenied", 403, "Access to the resource is denied.")
    message = (
        "The client 'a' with object id 'a' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials."
    )
    return error(call, "AuthorizationFailed", 403, message)


def policy_denied(call: Call, action: str | None = None) -> Answer:
    """A policy of the organisation forbids it."""
    return error(call, "RequestDisallowedByPolicy", 403, "Resource was disallowed by policy.")


def throttled(call: Call) -> Answer:
    """Too many requests; without Retry-After, which a fault's ``headers`` add."""
    if call.service == "graph":
        return error(call, "TooManyRequests", 429, "Too many requests")
    if call.service == "resourcegraph":
        return error(call, "RateLimiting", 429, "Please provide below info when asking for support.")
    return error(call, "SubscriptionRequestsThrottled", 429, "Number of requests for subscription exceeded the limit.")


def server_error(call: Call) -> Answer:
    """The service itself failed."""
    return error(call, "InternalServerError", 500, "An unexpected error occurred.")


def unauthorised(call: Call, code: str, message: str) -> Answer:
    """The token was refused: 401 with a challenge."""
    challenge = (
        f'Bearer authorization_uri="https://login.invalid/", error="invalid_token", error_description="{message}"'
    )
    answer = error(call, code, 401, message)
    return Answer(401, (*answer.headers, ("www-authenticate", challenge)), answer.body)


def expired_token(call: Call) -> Answer:
    """The token was good, and is not any more."""
    if call.service == "graph":
        return unauthorised(call, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    return unauthorised(call, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now.")


def hollowed(call: Call, body: bytes) -> bytes:
    """A success body without any member."""
    return b"{}"


def _existing(pattern: str) -> None:
    service = pattern.partition(":")[0]
    if service not in ("arm", "graph", "login", "resourcegraph", "*"):
        raise ValueError(f"no such operation: {pattern}")


def _action(exchange: Exchange) -> str | None:
    return f"{type_of(exchange.request.path)}/read" if exchange.call.service == "arm" else None


AZURE: Final = Dialect(
    denials={"denied": denied, "policy_denied": policy_denied},
    errors={"throttled": throttled, "server_error": server_error, "expired_token": expired_token},
    error=error,
    hollowed=hollowed,
    existing=_existing,
    action=_action,
)
