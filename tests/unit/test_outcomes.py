"""Outcomes: what an execution of a reader ended as, and what is blamed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.collection.limiter import Cancelled
from engine.collection.outcomes import Outcome, attempt, properties
from providers.base import Failure, Reader, Unread
from tests.unit.scripted import BOX, Refused, raising

TWO = Reader(
    ("lambda:GetPolicy", "lambda:ListAliases"),
    lambda *given: None,
    {BOX: ("policies", "lid")},
    ("lambda:GetPolicy", "lambda:ListAliases"),
    absent_codes=frozenset({"NoSuchPolicy"}),
    off_codes=frozenset({"NotSubscribed"}),
    absent={"lid": False},
    unmentioned={BOX: {"lid": True}},
)
OF_ONE = replace(TWO, per="resource", of=BOX, unmentioned={}, gone_codes=frozenset({"NoSuchFunction"}))
ONE_FOR_BOTH = Reader(TWO.operations, TWO.read, TWO.fills, ("lambda:Read", "kms:Decrypt", "lambda:List"))


def ended(error: Exception, reader: Reader = TWO) -> Outcome:
    def classify(error: Exception) -> Failure | None:
        return error.failure if isinstance(error, Refused) else None

    return attempt(reader, raising(error), classify)


def refused(code: str = "AccessDenied", reason: Any = "access_denied", **more: Any) -> Refused:
    return Refused(Failure(reason, code, **more))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (refused("NoSuchPolicy", "unavailable"), Outcome("absent")),
        (refused("NoSuchFunction", "unavailable"), Outcome("gone")),
        (refused("NotSubscribed"), Outcome("off")),
        (Cancelled(), Outcome("failed", unread=Unread("cancelled", "lambda:GetPolicy"))),
        (
            KeyError("Policy"),
            Outcome("failed", unread=Unread("malformed_response", "lambda:GetPolicy", None, "no Policy")),
        ),
        (
            KeyError("hunter2: the value of a secret"),
            Outcome("failed", unread=Unread("malformed_response", "lambda:GetPolicy", None, "KeyError")),
        ),
        (
            ValueError("the answer was hunter2"),
            Outcome("failed", unread=Unread("malformed_response", "lambda:GetPolicy", None, "ValueError")),
        ),
    ],
)
def test_an_error_ends_a_reading_as_what_it_means(error: Exception, outcome: Outcome) -> None:
    assert ended(error, OF_ONE) == outcome


@pytest.mark.parametrize("error", [RuntimeError(), AssertionError(), OSError()])
def test_an_error_that_is_no_answer_passes_through(error: Exception) -> None:
    with pytest.raises(type(error)):
        ended(error)


@pytest.mark.parametrize(
    ("error", "reader", "operation", "permission"),
    [
        (refused(operation="ListAliases"), TWO, "lambda:ListAliases", "lambda:ListAliases"),
        (refused(operation="lambda:ListAliases"), TWO, "lambda:ListAliases", "lambda:ListAliases"),
        (refused(operation="lambda:list_aliases"), TWO, "lambda:ListAliases", "lambda:ListAliases"),
        (refused(operation="GetPolicy"), TWO, "lambda:GetPolicy", "lambda:GetPolicy"),
        (refused(operation="Decrypt"), TWO, "lambda:GetPolicy", "lambda:GetPolicy"),
        (refused(), TWO, "lambda:GetPolicy", "lambda:GetPolicy"),
        # What the error itself names is better than what we would guess.
        (refused(permission="kms:Decrypt"), TWO, "lambda:GetPolicy", "kms:Decrypt"),
        (refused(operation="ListAliases"), ONE_FOR_BOTH, "lambda:ListAliases", "lambda:Read, kms:Decrypt, lambda:List"),
        # No permission would have helped.
        (refused(refused=True), TWO, "lambda:GetPolicy", None),
        (refused("SlowDown", "throttled", operation="ListAliases"), TWO, "lambda:ListAliases", None),
        (refused("Denied", "policy_denied", operation="ListAliases"), TWO, "lambda:ListAliases", "lambda:ListAliases"),
    ],
)
def test_the_operation_that_failed_is_blamed_and_the_permission_that_it_lacked(
    error: Exception, reader: Reader, operation: str, permission: str | None
) -> None:
    unread = ended(error, reader).unread

    assert unread is not None
    assert (unread.operation, unread.permission) == (operation, permission)


MISSING = Unread("missing_attribute", "lambda:GetPolicy")
DENIED = Unread("access_denied")


@pytest.mark.parametrize(
    ("outcome", "given", "said"),
    [
        (Outcome("value"), {"policies": [], "lid": 1}, {"policies": [], "lid": 1}),
        (Outcome("value"), {"policies": []}, {"policies": [], "lid": MISSING}),
        (Outcome("value"), None, {"policies": MISSING, "lid": True}),
        (Outcome("value"), {"more": 1}, {"policies": MISSING, "lid": MISSING, "more": 1}),
        (Outcome("absent"), None, {"policies": None, "lid": False}),
        (Outcome("off"), None, {"policies": None, "lid": False}),
        (Outcome("failed", unread=DENIED), None, {"policies": DENIED, "lid": DENIED}),
        (Outcome("failed", unread=DENIED), {"policies": []}, {"policies": DENIED, "lid": DENIED}),
        (Outcome("gone"), None, {"policies": MISSING, "lid": True}),
    ],
)
def test_every_property_that_a_reader_fills_gets_a_value_or_a_reason(
    outcome: Outcome, given: Any, said: dict[str, Any]
) -> None:
    assert properties(TWO, BOX, outcome, given) == said


def test_a_reader_says_nothing_of_a_type_that_it_does_not_fill() -> None:
    assert properties(TWO, "Test::Another", Outcome("failed", unread=DENIED), None) == {}
