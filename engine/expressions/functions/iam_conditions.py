"""The Condition element of a statement: its operators, and what a request needs in order to meet one.

Grammar and meaning: IAM User Guide, "Condition operators" and "Set operators for multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.expressions.failures import EvaluationError

_COMPARISONS: Final = {
    "String": ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"),
    "Numeric": ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
    "Date": ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
    "Arn": ("Equals", "NotEquals", "Like", "NotLike"),
    "Binary": ("Equals",),
    "Bool": ("",),
    "IpAddress": ("",),
    "NotIpAddress": ("",),
    "Null": ("",),
}
_OPERATORS: Final = frozenset(
    (family + comparison).lower() for family, comparisons in _COMPARISONS.items() for comparison in comparisons
)
_POSITIVE: Final = frozenset(("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"))
_SETS: Final = ("forallvalues", "foranyvalue")
_FLAGS: Final = frozenset(("bool", "null"))
_LONGEST_IN_MESSAGE: Final = 120


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a Condition element: all lines must hold, any one of the values suffices.

    ``operator`` and ``key`` are in lower case, and so are the values of Bool and Null. ``for_all`` is the ForAllValues
    prefix and ``if_exists`` the IfExists suffix, with either of which a request that lacks the key passes; neither is
    set where another line (Null "false") demands the key. ``for_any`` is the ForAnyValue prefix: a request without the
    key fails it, as it fails a bare operator, but other than the bare one also where the operator is negated.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    for_all: bool = False
    if_exists: bool = False
    for_any: bool = False

    @property
    def demands_key(self) -> bool:
        """Whether a request without the key fails it. Without a value it is read as demanding none."""
        if self.operator == "null":
            return self.values == ("false",) and not self.for_all
        return bool(self.values) and not self.for_all and not self.if_exists and (self.for_any or not self.negated)

    @property
    def demands_value(self) -> bool:
        """Whether it lets a request pass only with the key, and only at a text that matches one of the values."""
        return self.operator in _POSITIVE and self.demands_key

    @property
    def negated(self) -> bool:
        """Whether it is about every value but those named: StringNotLike, NotIpAddress."""
        return "not" in self.operator

    @property
    def refuses_all_but_values(self) -> bool:
        """Whether, as the condition of a Deny, it spares only requests that have the key at one of the values.

        A negated operator holds for a request without the key, except after ForAnyValue.
        """
        return self.negated and not self.for_any and bool(self.values)


def requires(condition: Condition, key: str, accepted: Callable[[str], bool]) -> bool:
    """Whether a condition lets a request pass only with ``key`` (lower case) at values that are all ``accepted``."""
    return condition.key == key and condition.demands_value and all(accepted(value) for value in condition.values)


def is_true(condition: Condition, key: str) -> bool:
    """Whether a condition lets a request pass only with the boolean ``key`` (lower case), and that true."""
    return (
        condition.operator == "bool"
        and condition.key == key
        and condition.demands_key
        and set(condition.values) == {"true"}
    )


def fixed(value: str) -> bool:
    """Whether a condition value is one value: no wildcard, no policy variable."""
    return bool(value) and not any(mark in value for mark in ("*", "?", "${"))


def says_nothing(value: str) -> bool:
    """Whether a pattern is of wildcards alone: ``*``, ``?*``, or as many ``?`` as an account id has digits."""
    return not value.strip("*?")


def shortened(text: str) -> str:
    """A text of a policy, of a length fit for a message."""
    return text if len(text) <= _LONGEST_IN_MESSAGE else text[: _LONGEST_IN_MESSAGE - 3] + "..."


def conditions(element: Any) -> tuple[Condition, ...]:
    """The lines of a Condition element. Raises EvaluationError, that says what is wrong with it, for a malformed one.

    An element without any operator is none, which AWS accepts; an operator without a key is malformed.
    """
    if not isinstance(element, Mapping) or not all(isinstance(keys, Mapping) and keys for keys in element.values()):
        raise EvaluationError("Condition is no object of objects")
    lines = tuple(
        _condition(str(operator), str(key), values)
        for operator, keys in element.items()
        for key, values in keys.items()
    )
    _refuse_doubles(lines)
    there = {line.key for line in lines if line.operator == "null" and line.demands_key}
    return tuple(replace(line, for_all=False, if_exists=False) if line.key in there else line for line in lines)


def _refuse_doubles(lines: tuple[Condition, ...]) -> None:
    """Raise EvaluationError where two lines differ in letter case or values only: it is not said which one counts."""
    seen: set[Condition] = set()
    for line in lines:
        bare = replace(line, values=())
        if bare in seen:
            raise EvaluationError(f"Condition has {shortened(line.key)} twice under {line.operator}")
        seen.add(bare)


def _condition(written: str, key: str, values: Any) -> Condition:
    prefix, colon, operator = written.lower().rpartition(":")
    if_exists = operator.endswith("ifexists") and operator != "nullifexists"
    operator = operator.removesuffix("ifexists") if if_exists else operator
    if operator not in _OPERATORS or (colon and prefix not in _SETS):
        raise EvaluationError(f"{shortened(written)} is no condition operator")
    several = values if isinstance(values, (list, tuple)) else (values,)
    texts = tuple(_scalar(key, value) for value in several)
    if operator in _FLAGS:
        texts = tuple(text.lower() for text in texts)
    return Condition(operator, key.lower(), texts, prefix == _SETS[0], if_exists, prefix == _SETS[1])


def _scalar(key: str, value: Any) -> str:
    """A condition value as text: JSON allows booleans and numbers to stand without quotation marks."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise EvaluationError(f"a value of the condition key {shortened(key)} is no text, number or boolean")
