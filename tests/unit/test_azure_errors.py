"""What Azure's errors mean, in every form that its services give them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from azure.core import exceptions as azure

from providers.azure.errors import Answered, MalformedAnswer, Withheld, classify, error_code
from providers.azure.tokens import holder

BODIES: list[tuple[Any, tuple[str, str]]] = [
    ({"error": {"code": "AuthorizationFailed", "message": "no"}}, ("AuthorizationFailed", "no")),
    ({"code": "BadRequest", "message": "as metrics answer"}, ("BadRequest", "as metrics answer")),
    ({"error": "invalid_client", "error_description": "AADSTS7000215"}, ("invalid_client", "AADSTS7000215")),
    ({"odata.error": 1, "code": "X", "message": {"lang": "en", "value": "old"}}, ("X", "old")),
    ({"error": {"code": 7, "message": None}}, ("", "")),
    ({"error": None}, ("", "")),
    ([], ("", "")),
    (None, ("", "")),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_code_and_message_are_found_in_every_form(body: Any, expected: tuple[str, str]) -> None:
    assert error_code(body) == expected


def answered(status: int, code: str = "", message: str = "", wait: float = 0.0) -> Answered:
    return Answered("arm:A.B/c", status, code, message, "id", wait)


UNLICENSED = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
CLASSES: list[tuple[Exception, tuple[str, str, bool, bool]]] = [
    (answered(429, "TooManyRequests"), ("throttled", "TooManyRequests", True, False)),
    (answered(429, "", wait=3600), ("throttled", "HTTP 429, Retry-After 3600", True, False)),
    (answered(403, "AuthorizationFailed"), ("access_denied", "AuthorizationFailed", False, False)),
    (answered(403, "RequestDisallowedByPolicy"), ("policy_denied", "RequestDisallowedByPolicy", False, False)),
    (answered(403, UNLICENSED), ("not_licensed", UNLICENSED, False, False)),
    (answered(403, "AccessDenied", "Your tenant is not licensed"), ("not_licensed", "AccessDenied", False, False)),
    (answered(401, "ExpiredAuthenticationToken"), ("access_denied", "ExpiredAuthenticationToken", False, True)),
    (answered(401), ("access_denied", "HTTP 401", False, True)),
    (
        answered(409, "MissingSubscriptionRegistration"),
        ("service_disabled", "MissingSubscriptionRegistration", False, False),
    ),
    (answered(503), ("unavailable", "HTTP 503", True, False)),
    (answered(404, "SubscriptionNotFound"), ("unavailable", "SubscriptionNotFound", False, False)),
    (answered(302), ("unavailable", "HTTP 302", False, False)),
    (MalformedAnswer("arm:A.B/c", "not a JSON object"), ("malformed_response", "not a JSON object", True, False)),
    (Withheld("resourcegraph:resources/A.B/c", "A.B/c/read"), ("access_denied", "NotGranted", False, False)),
    (azure.ServiceRequestError("refused"), ("unavailable", "ServiceRequestError", True, False)),
    (azure.IncompleteReadError("cut"), ("unavailable", "IncompleteReadError", True, False)),
    (azure.DecodeError("gzip"), ("malformed_response", "undecodable", True, False)),
    (
        azure.ClientAuthenticationError("AADSTS50034: The user account planted@x does not exist"),
        ("access_denied", "AADSTS50034", False, True),
    ),
]


@pytest.mark.parametrize(("error", "expected"), CLASSES)
def test_an_error_has_one_meaning(error: Exception, expected: tuple[str, str, bool, bool]) -> None:
    failure = classify(error)
    assert failure is not None
    assert (failure.reason, failure.code, failure.temporary, failure.refused) == expected


def test_an_error_of_our_own_is_none_of_azures() -> None:
    assert classify(ZeroDivisionError()) is None


def token(claims: Any) -> str:
    return f"head.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


def test_a_token_says_for_whom_it_was_made() -> None:
    assert holder(token({"oid": "o", "tid": "t", "azp": "a"})) == {"principal": "o", "tenant": "t", "application": "a"}
    assert holder(token({"oid": "o", "tid": "t"})) == {"principal": "o", "tenant": "t"}


@pytest.mark.parametrize("bad", ["", "opaque", "a.b.c", token([]), token({"oid": "o"}), token({"oid": 1, "tid": "t"})])
def test_a_token_that_does_not_say_so_is_malformed(bad: str) -> None:
    with pytest.raises(MalformedAnswer):
        holder(bad)
