"""Queries of Google Cloud's logs, and the filters of its metrics: ``logging.selects`` says what one surely selects.

The entry is given as a query too, of equalities alone: ``resource.type="gce_network" severity="NOTICE"``. What it does
not hold is not known, so that a query which asks for that, or asks that it be otherwise, does not surely select it.

Sources: Cloud Logging, "Logging query language" (NOT binds before OR, and OR before AND); Cloud Monitoring, "Monitoring
filters".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.regex import matches
from engine.expressions.types import BOOL, STRING, Nullable

LONGEST: Final = 20_000
"""Characters of a filter (Cloud Logging, "Quotas and limits")."""
DEEPEST: Final = 50
"""Parentheses within parentheses."""
_SEVERITIES: Final = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_TOKEN: Final = re.compile(
    r"""(?>(?:\s|--[^\n]*(?:\n|$))*)(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>!=|<=|>=|=~|!~|[=<>:(),])
      | (?P<word>[^\s"'()=<>:!~,]+)
    )""",
    re.VERBOSE,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)

Truth = bool | None
"""None: it depends on what is not known of the entry."""


class Malformed(Exception):
    """The text is no query."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field (empty: any) with an operator and what it is compared with."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of them at least."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Node


@dataclass(frozen=True, slots=True)
class Unheard:
    """What is not known here: a function of the language."""


Node = Comparison | All | Any | Not | Unheard


def selects(query: str | None, entry: str) -> bool:
    """Whether a query selects every log entry, or time series, that has at least the values of ``entry``.

    False for null, for what is no query, and where it depends on anything else. A text that differs in its case alone
    is neither equal nor not. Raises EvaluationError where ``entry`` is not made of equalities.
    """
    try:
        known = _known(parse(entry))
    except Malformed:
        raise EvaluationError(f"not an entry: {entry[:200]!r}") from None
    if query is None:
        return False
    try:
        return _truth(parse(query), known) is True
    except Malformed:
        return False


def _known(node: Node) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for part in node.parts if isinstance(node, All) else (node,):
        if not isinstance(part, Comparison) or part.operator != "=" or not part.field:
            raise Malformed
        found.setdefault(part.field, []).append(part.value)
    return found


# --- what it says ---


def _truth(node: Node, known: Mapping[str, Sequence[str]]) -> Truth:
    if isinstance(node, Unheard):
        return None
    if isinstance(node, Not):
        inner = _truth(node.part, known)
        return None if inner is None else not inner
    if isinstance(node, Comparison):
        return _compared(node, known)
    found = [_truth(part, known) for part in node.parts]
    decisive = isinstance(node, Any)
    return decisive if decisive in found else None if None in found else not decisive


def _compared(node: Comparison, known: Mapping[str, Sequence[str]]) -> Truth:
    if node.operator == "!=":
        return _not(_compared(Comparison(node.field, "=", node.value), known))
    if node.operator == "!~":
        return _not(_compared(Comparison(node.field, "=~", node.value), known))
    below = [value for field, values in known.items() if _is_below(field, node.field) for value in values]
    if node.operator == ":" and node.value == "*":
        return True if below else None
    exact = known.get(node.field, ())
    if not exact:
        # Of an object, or of the entry, other values may be what it asks for.
        return True if node.operator == ":" and any(node.value in value for value in below) else None
    found = [_holds(node.operator, value, node) for value in exact]
    return True if True in found else None if None in found or len(exact) > 1 else False


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _is_below(field: str, root: str) -> bool:
    return not root or field == root or field.startswith(f"{root}.")


def _holds(operator: str, value: str, node: Comparison) -> Truth:
    wanted = node.value
    if operator == "=":
        return True if value == wanted else None if value.casefold() == wanted.casefold() else False
    if operator == ":":
        return True if wanted in value else None if wanted.casefold() in value.casefold() else False
    if operator == "=~":
        try:
            return matches(value, wanted)
        except EvaluationError:
            raise Malformed from None
    if node.field != "severity" or value not in _SEVERITIES or wanted not in _SEVERITIES:
        return None
    left, right = _SEVERITIES.index(value), _SEVERITIES.index(wanted)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


# --- how it is written ---


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """What a query says. Raises Malformed for what is none; an empty one selects everything."""
    if len(text) > LONGEST:
        raise Malformed
    reader = _Reader(list(_tokens(text)))
    found = reader.conjunction(0) if reader.left else All(())
    if reader.left:
        raise Malformed
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            if re.fullmatch(r"(?:\s|--[^\n]*(?:\n|$))*", text[place:]):
                return
            raise Malformed
        place = match.end()
        kind = str(match.lastgroup)
        token = match[kind]
        yield kind, _ESCAPED.sub(r"\1", token[1:-1]) if kind == "text" else token


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._place = tokens, 0

    @property
    def left(self) -> bool:
        return self._place < len(self._tokens)

    def _at(self, kind: str, *tokens: str) -> bool:
        return self.left and self._tokens[self._place][0] == kind and self._tokens[self._place][1] in tokens

    def _next(self) -> tuple[str, str]:
        if not self.left:
            raise Malformed
        self._place += 1
        return self._tokens[self._place - 1]

    def conjunction(self, depth: int, field: tuple[str, str] | None = None) -> Node:
        parts = [self._disjunction(depth, field)]
        while self.left and not self._at("sign", ")"):
            if self._at("word", "AND"):
                self._next()
            parts.append(self._disjunction(depth, field))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _disjunction(self, depth: int, field: tuple[str, str] | None) -> Node:
        parts = [self._unary(depth, field)]
        while self._at("word", "OR"):
            self._next()
            parts.append(self._unary(depth, field))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _unary(self, depth: int, field: tuple[str, str] | None) -> Node:
        if depth > DEEPEST:
            raise Malformed
        if self._at("word", "NOT", "-"):
            self._next()
            return Not(self._unary(depth + 1, field))
        if self._at("sign", "("):
            return self._group(depth, field)
        kind, token = self._next()
        if kind == "sign" or (kind == "word" and token in ("AND", "OR")):
            raise Malformed
        if kind == "word" and token.startswith("-") and len(token) > 1:
            self._tokens[self._place - 1 : self._place] = [("word", "-"), ("word", token[1:])]
            self._place -= 1
            return self._unary(depth, field)
        if field is not None:
            return Comparison(*field, token)
        return self._term(kind, token, depth)

    def _group(self, depth: int, field: tuple[str, str] | None) -> Node:
        self._next()
        found = self.conjunction(depth + 1, field)
        if self._next() != ("sign", ")"):
            raise Malformed
        return found

    def _term(self, kind: str, token: str, depth: int) -> Node:
        if kind == "word" and self._at("sign", "("):
            return self._call(token)
        name = token
        # A part of a field's path may be quoted: labels."a/b".
        while name.endswith(".") and self.left and self._tokens[self._place][0] == "text":
            name += self._next()[1]
            if self.left and self._tokens[self._place][0] == "word" and self._tokens[self._place][1].startswith("."):
                name += self._next()[1]
        if not self._at("sign", "=", "!=", ":", "=~", "!~", "<", "<=", ">", ">="):
            return Comparison("", ":", name)
        operator = self._next()[1]
        if self._at("sign", "("):
            return self._group(depth, (name, operator))
        kind, value = self._next()
        if kind == "sign":
            raise Malformed
        return Comparison(name, operator, value)

    def _call(self, name: str) -> Node:
        self._next()
        arguments: list[str] = []
        while not self._at("sign", ")"):
            if self._at("sign", "("):
                raise Malformed
            arguments.append(self._next()[1])
        self._next()
        if name.lower() == "log_id" and len(arguments) == 1:
            return Comparison("logName", ":", f"/logs/{arguments[0].replace('/', '%2F')}")
        return Unheard()


FUNCTIONS: Final[tuple[Function, ...]] = (Function("logging.selects", (Nullable(STRING), STRING), BOOL, selects),)
