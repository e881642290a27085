"""JSON filter patterns of CloudWatch Logs: ``{ ($.eventName = "DeleteTrail") && ($.errorCode NOT EXISTS) }``.

Syntax: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters" and "Using filter patterns to match terms
in JSON log events". A pattern becomes its alternatives: a set of clauses, each a set of tests that must all hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from engine.expressions.failures import EvaluationError

DEEPEST: Final = 50
"""Parentheses within parentheses."""
MOST_CLAUSES: Final = 512
"""Alternatives of a pattern. The longest pattern spells out fewer; ``(a || b) && (c || d) && ...`` multiplies them."""
LONGEST: Final = 1024
"""Characters of a filter pattern (CloudWatch Logs API, PutMetricFilter)."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<selector>\$(?:\.[A-Za-z0-9_-]+|\[(?:[0-9]+|\*)\])+)
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<regex>%[^%]*%)
      | (?P<sign>&&|\|\||!=|<=|>=|[(){}<>=])
      | (?P<word>[^\s(){}"%&|=!<>]+)
    )""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORD_TESTS: Final = {
    ("NOT", "EXISTS"): "NOT EXISTS",
    ("IS", "NULL"): "IS NULL",
    ("IS", "TRUE"): "IS TRUE",
    ("IS", "FALSE"): "IS FALSE",
}


class Malformed(Exception):
    """The text is no JSON filter pattern that CloudWatch Logs would take."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a pattern. ``operand`` is a text with its wildcards, a number, a regular expression, or None.

    A text may begin and end with ``*`` for anything before and after it; elsewhere ``*`` is an ordinary character.
    """

    __test__ = False  # not a test of pytest

    selector: str
    operator: str
    operand: tuple[str, str | Decimal] | None = None

    def implies(self, other: Test) -> bool:
        """Whether every event that passes this test passes the other; false where that is not certain."""
        if self == other:
            return True
        if self.selector != other.selector or self.operand is None or other.operand is None:
            return False
        mine, its = self.operand, other.operand
        if mine[0] != "text" or its[0] != "text":
            return False
        match self.operator, other.operator:
            case "=", "=":
                return _includes(str(its[1]), str(mine[1]))
            case "!=", "!=":
                return _includes(str(mine[1]), str(its[1]))
            case "=", "!=":
                return "*" not in str(mine[1]) and not _includes(str(its[1]), str(mine[1]))
        return False


Clause = frozenset[Test]
Clauses = frozenset[Clause]


@lru_cache(maxsize=256)
def parse(pattern: str) -> Clauses:
    """The alternatives of a pattern. Raises Malformed, or EvaluationError where there are too many to compare."""
    if len(pattern) > LONGEST:
        raise Malformed
    reader = _Reader(_tokens(pattern))
    reader.take("{")
    clauses = reader.any_of(0)
    reader.take("}")
    reader.end()
    return clauses


def implies(narrow: Clauses, wide: Clauses) -> bool:
    """Whether every event that matches ``narrow`` matches ``wide``; false where that is not certain.

    It is where each alternative of ``narrow`` is a special case of one of ``wide``.
    """
    return all(
        any(all(any(given.implies(asked) for given in clause) for asked in other) for other in wide)
        for clause in narrow
    )


def _includes(wide: str, narrow: str) -> bool:
    """Whether a text pattern matches all that another one matches."""
    if wide == narrow or wide == "*":
        return True
    starts_open, ends_open = wide.startswith("*"), wide.endswith("*")
    body = wide.removeprefix("*").removesuffix("*")
    core = narrow.removeprefix("*").removesuffix("*")
    if starts_open and ends_open:
        return body in core
    if starts_open:
        return core.endswith(body) and not narrow.endswith("*")
    return ends_open and core.startswith(body) and not narrow.startswith("*")


def _tokens(pattern: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(pattern.rstrip())
    while position < end:
        found = _TOKEN.match(pattern, position)
        if found is None or found.lastgroup is None:
            raise Malformed
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


class _Reader:
    """Takes tokens from the front; each method reads one rule of the grammar, ``&&`` binding closer than ``||``."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0

    def any_of(self, depth: int) -> Clauses:
        """Conditions joined by ``||``."""
        clauses = set(self._all_of(depth))
        while self._has("||"):
            clauses |= self._all_of(depth)
            _check_count(len(clauses))
        return frozenset(clauses)

    def take(self, sign: str) -> None:
        """Take one sign."""
        if not self._has(sign):
            raise Malformed

    def end(self) -> None:
        """Nothing is left."""
        if self._next != len(self._tokens):
            raise Malformed

    def _all_of(self, depth: int) -> Clauses:
        clauses = self._one(depth)
        while self._has("&&"):
            others = self._one(depth)
            _check_count(len(clauses) * len(others))
            clauses = frozenset(one | other for one in clauses for other in others)
        return clauses

    def _one(self, depth: int) -> Clauses:
        if not self._has("("):
            return frozenset((frozenset((self._test(),)),))
        if depth == DEEPEST:
            raise Malformed
        clauses = self.any_of(depth + 1)
        self.take(")")
        return clauses

    def _test(self) -> Test:
        selector = self._take_kind("selector")
        kind, token = self._take_any()
        if kind == "word":
            _, second = self._take_any()
            operator = _WORD_TESTS.get((token.upper(), second.upper()))
            if operator is None:
                raise Malformed
            return Test(selector, operator)
        if kind != "sign" or token not in ("=", "!=", "<", "<=", ">", ">="):
            raise Malformed
        operand = _operand(*self._take_any())
        if token not in ("=", "!=") and operand[0] != "number":
            raise Malformed
        return Test(selector, token, operand)

    def _has(self, sign: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next] == ("sign", sign):
            self._next += 1
            return True
        return False

    def _take_kind(self, kind: str) -> str:
        found, token = self._take_any()
        if found != kind:
            raise Malformed
        return token

    def _take_any(self) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise Malformed
        self._next += 1
        return self._tokens[self._next - 1]


def _operand(kind: str, token: str) -> tuple[str, str | Decimal]:
    """A value with its kind: a number stands without quotation marks, a text with or without."""
    if kind == "word" and _NUMBER.fullmatch(token):
        return "number", Decimal(token)
    if kind == "word":
        return "text", token
    if kind == "text":
        return "text", re.sub(r"\\(.)", r"\1", token[1:-1])
    if kind == "regex":
        return "regex", token
    raise Malformed


def _check_count(count: int) -> None:
    if count > MOST_CLAUSES:
        raise EvaluationError(f"the filter pattern has more than {MOST_CLAUSES} alternatives")
