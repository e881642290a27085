"""Rules of CloudWatch's composite alarms: ``cloudwatch.goesOffWith``.

Syntax: CloudWatch API reference, PutCompositeAlarm, AlarmRule. A rule is read as what it says for sure: a state of an
alarm that is not asked about may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final

from engine.expressions.functions import Function
from engine.expressions.types import BOOL, STRING, ListType

DEEPEST: Final = 50
"""Parentheses, or NOTs, within each other."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s()"]+))\s*\)
      | (?P<word>AND|OR|NOT|TRUE|FALSE)(?![\w.-])
      | (?P<sign>[()])
    )""",
    re.VERBOSE,
)

Told = bool | None
"""What is known of a condition: None where it depends on alarms that are not asked about."""
State = Callable[[str, str], Told]


class _NoRule(Exception):
    """The text is no rule in this syntax."""


def goes_off_with(rule: str, names: list[str]) -> bool:
    """Whether a composite alarm goes off whenever an alarm does, known by its ``names`` (name and ARN).

    It does where the rule is true while that alarm is in ALARM, whatever the other alarms do, and false while all are
    OK: a rule that is always true never changes its state. AND beside OR without parentheses, which is not documented,
    and every other syntax is false, as nothing can be shown.
    """
    try:
        sounding = _told(rule, lambda state, name: state == "ALARM" if name in names else None)
        quiet = _told(rule, lambda state, name: state == "OK")
    except _NoRule:
        return False
    return sounding is True and quiet is False


def _told(rule: str, state: State) -> Told:
    reader = _Reader(_tokens(rule), state)
    told = reader.whole(0)
    if reader.left():
        raise _NoRule
    return told


def _tokens(rule: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(rule.rstrip())
    while position < end:
        found = _TOKEN.match(rule, position)
        if found is None:
            raise _NoRule
        if found["state"]:
            tokens.append((found["state"], found["quoted"] or found["bare"]))
        else:
            tokens.append((found["word"] or found["sign"], ""))
        position = found.end()
    return tokens


class _Reader:
    """Takes tokens from the front; each method reads one rule of the grammar and says what is known of it."""

    def __init__(self, tokens: list[tuple[str, str]], state: State) -> None:
        self._tokens, self._state, self._next = tokens, state, 0

    def left(self) -> bool:
        """Whether there is more."""
        return self._next < len(self._tokens)

    def whole(self, depth: int) -> Told:
        """Conditions joined by AND, or by OR."""
        told = [self._one(depth)]
        operator = self._peek()
        while self._peek() in ("AND", "OR"):
            if self._peek() != operator:
                raise _NoRule
            self._next += 1
            told.append(self._one(depth))
        return _every(told) if operator == "AND" else _any(told)

    def _one(self, depth: int) -> Told:
        if depth == DEEPEST or not self.left():
            raise _NoRule
        word, name = self._tokens[self._next]
        self._next += 1
        if word == "NOT":
            told = self._one(depth + 1)
            return None if told is None else not told
        if word == "(":
            told = self.whole(depth + 1)
            if self._peek() != ")":
                raise _NoRule
            self._next += 1
            return told
        if word in ("TRUE", "FALSE"):
            return word == "TRUE"
        if not name:
            raise _NoRule
        return self._state(word, name)

    def _peek(self) -> str:
        return self._tokens[self._next][0] if self.left() else ""


def _every(told: Collection[Told]) -> Told:
    return False if False in told else None if None in told else True


def _any(told: Collection[Told]) -> Told:
    return True if True in told else None if None in told else False


FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("cloudwatch.goesOffWith", (STRING, ListType(STRING)), BOOL, goes_off_with),
)
