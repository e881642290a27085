"""CloudWatch Logs filter patterns compared by what they match: ``logs.equivalentFilter``, ``logs.coversFilter`` ..."""

from __future__ import annotations

from typing import Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.functions.filter_patterns import Clauses, Malformed, implies, parse
from engine.expressions.types import BOOL, STRING, ListType


def equivalent_filter(pattern: str, expected: str) -> bool:
    """Whether two JSON filter patterns match the same events, however they are written.

    Order, grouping, repetition, spaces, parentheses and quotation marks do not matter. Numbers are equal by value; a
    number without quotation marks is not the text with them. False for a ``pattern`` that is no JSON pattern. Raises
    EvaluationError if ``expected`` is none, or if a pattern has too many alternatives to compare.
    """
    wanted, given = _expected(expected), _given(pattern)
    return given is not None and implies(given, wanted) and implies(wanted, given)


def covers_filter(pattern: str, expected: str) -> bool:
    """Whether a JSON filter pattern matches at least every event that ``expected`` matches.

    It does where each alternative of ``expected`` is a special case of one of ``pattern``: more alternatives, fewer
    conditions or a wider wildcard are fine. What cannot be shown in that way is false. So is a ``pattern`` that is no
    JSON pattern; the empty one too, since a metric that counts every event tells of none. Raises EvaluationError if
    ``expected`` is no JSON pattern, or if a pattern has too many alternatives to compare.
    """
    wanted, given = _expected(expected), _given(pattern)
    return given is not None and implies(wanted, given)


def uncovered_filters(patterns: list[str], expected: list[str]) -> list[str]:
    """Those of ``expected`` that JSON filter patterns, each counted by itself, do not match every event of.

    Together they do where each alternative is a special case of one of theirs, as :func:`covers_filter` shows for one
    pattern. A pattern that is no JSON pattern adds nothing. Raises EvaluationError as that function does.
    """
    given: Clauses = frozenset().union(*(_given(pattern) or frozenset() for pattern in patterns))
    return [pattern for pattern in expected if not implies(_expected(pattern), given)]


def _given(pattern: str) -> Clauses | None:
    try:
        return parse(pattern)
    except Malformed:
        return None


def _expected(expected: str) -> Clauses:
    try:
        return parse(expected)
    except Malformed:
        raise EvaluationError(f"the expected filter is no JSON filter pattern: {expected[:200]!r}") from None


_TEXTS: Final = ListType(STRING)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("logs.equivalentFilter", (STRING, STRING), BOOL, equivalent_filter),
    Function("logs.coversFilter", (STRING, STRING), BOOL, covers_filter),
    Function("logs.uncoveredFilters", (_TEXTS, _TEXTS), _TEXTS, uncovered_filters),
)
