"""What an EventBridge event pattern surely matches.

Grammar: EventBridge User Guide, "Event pattern syntax" and "Comparison operators". An array in a pattern is a list of
alternatives; what is not understood matches nothing here, so that "covers" never errs towards true.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

OR: Final = "$or"


class Malformed(ValueError):
    """Raised for a text that is no event pattern."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as the pattern writes it: 7, 7.0 and 7e0 have one value, and are three numbers to an exact match."""

    text: str
    value: Decimal


def parse(text: str) -> Mapping[str, Any]:
    """A pattern's JSON, its numbers as :class:`Number`. Raises Malformed."""
    try:
        pattern = json.loads(
            text, parse_int=_number, parse_float=_number, parse_constant=_refused, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if not isinstance(pattern, dict) or not pattern:
        raise Malformed("a pattern is an object with fields")
    return pattern


def _number(text: str) -> Number:
    try:
        return Number(text, Decimal(text))
    except ArithmeticError:
        raise Malformed(f"{text[:40]} is too large") from None


def _refused(text: str) -> Any:
    raise Malformed(f"{text} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise Malformed("a field is there twice")
    return values


def covers(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether ``pattern`` matches every event that holds at least the values of ``event``."""
    return isinstance(event, Mapping) and all(_field(name, wanted, event) for name, wanted in pattern.items())


def _field(name: str, wanted: Any, event: Mapping[str, Any]) -> bool:
    if name == OR:
        several = isinstance(wanted, list) and all(isinstance(item, dict) and item for item in wanted)
        return several and any(covers(item, event) for item in wanted)
    if name not in event:
        return False
    value = event[name]
    if isinstance(wanted, dict):
        return bool(wanted) and covers(wanted, value)
    if not isinstance(wanted, list) or isinstance(value, (Mapping, list, tuple)):
        return False
    return _exactly(value, wanted) or any(_compared(value, item) for item in wanted if isinstance(item, dict))


def _exactly(value: Any, wanted: list[Any]) -> bool:
    """Whether the value itself is among the alternatives.

    EventBridge compares numbers as they are written, so that each way in which an event may write one must be there.
    """
    if _is_number(value):
        written = {item.text for item in wanted if isinstance(item, Number)}
        return _spellings(value) <= written
    return any(type(item) is type(value) and item == value for item in wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _spellings(value: float) -> set[str]:
    return {str(int(value)), f"{int(value)}.0"} if value == int(value) else {repr(value)}


def _compared(value: Any, matcher: Mapping[str, Any]) -> bool:
    if len(matcher) != 1:
        return False
    [(name, operand)] = matcher.items()
    if name == "exists":
        return operand is True
    if name == "anything-but":
        return _anything_but(value, operand)
    if name == "numeric":
        return _is_number(value) and _in_range(Decimal(str(value)), operand)
    return isinstance(value, str) and _text(name, value, operand)


def _text(name: str, value: str, operand: Any) -> bool:
    """One of the comparisons of texts; false for one that is not known."""
    compare = _TEXTS.get(name)
    if compare is None:
        return False
    if isinstance(operand, dict) and name in ("prefix", "suffix") and list(operand) == ["equals-ignore-case"]:
        operand, value = operand["equals-ignore-case"], value.lower()
        return isinstance(operand, str) and compare(value, operand.lower())
    return isinstance(operand, str) and compare(value, operand)


def _wildcard(value: str, pattern: str) -> bool:
    """``*`` stands for any text; a backslash before it, or before another, takes the meaning away."""
    parts, at = [""], 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and pattern[at + 1 : at + 2] in ("*", "\\"):
            at += 1
            parts[-1] += pattern[at]
        elif character == "*":
            parts.append("")
        else:
            parts[-1] += character
        at += 1
    if len(parts) == 1:
        return value == parts[0]
    first, *middle, last = parts
    if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
        return False
    place, end = len(first), len(value) - len(last)
    for part in middle:
        found = value.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


_TEXTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, operand: value.lower() == operand.lower(),
    "wildcard": _wildcard,
}


def _anything_but(value: Any, operand: Any) -> bool:
    if isinstance(operand, dict):
        if len(operand) != 1 or not isinstance(value, str):
            return False
        [(name, operands)] = operand.items()
        several = operands if isinstance(operands, list) else [operands]
        known = name in _TEXTS and several and all(isinstance(item, str) for item in several)
        return bool(known) and not any(_text(name, value, item) for item in several)
    several = operand if isinstance(operand, list) else [operand]
    if not several or not all(isinstance(item, (str, Number)) for item in several):
        return False
    if _is_number(value):
        return all(not isinstance(item, Number) or item.value != Decimal(str(value)) for item in several)
    return isinstance(value, str) and value not in several


_ORDER: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _in_range(value: Decimal, operand: Any) -> bool:
    """Whether the number is in ``[">", 0, "<=", 5]``."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return False
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    if not all(isinstance(sign, str) and sign in _ORDER and isinstance(bound, Number) for sign, bound in pairs):
        return False
    return all(_ORDER[sign](value, bound.value) for sign, bound in pairs)
