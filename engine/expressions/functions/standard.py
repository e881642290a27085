"""The standard library (cel-spec, doc/langdef.md, "List of Standard Definitions"), without times and operators."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.regex import matches
from engine.expressions.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    ListType,
    MapType,
    Type,
)
from engine.expressions.values import (
    INT_MAX,
    SECOND,
    TYPE_NAMES,
    UINT_MAX,
    UInt,
    double_text,
    duration_text,
    timestamp_text,
)

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,20}\Z")
_DOUBLE: Final = re.compile(
    r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z|(?i:[-+]?(?:inf(?:inity)?|nan))\Z"
)
_BOOLS: Final = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}


def _same(value: Any) -> Any:
    return value


def _ranged(value: int) -> int:
    if not -INT_MAX - 1 <= value <= INT_MAX:
        raise EvaluationError("the number does not fit into an int")
    return value


def _unsigned(value: int) -> UInt:
    if not 0 <= value <= UINT_MAX:
        raise EvaluationError("the number does not fit into a uint")
    return UInt(value)


def _truncated(value: float) -> int:
    # The bounds themselves are no longer exact as doubles.
    if not -(2.0**63) < value < 2.0**63:
        raise EvaluationError("the double does not fit into an int")
    return int(value)


def _truncated_unsigned(value: float) -> UInt:
    if not 0 <= value < 2.0**64:
        raise EvaluationError("the double does not fit into a uint")
    return UInt(value)


def _integer(text: str) -> int:
    if not _INTEGER.match(text):
        raise EvaluationError(f"{text[:60]!r} is not an integer")
    return int(text)


def _double(text: str) -> float:
    if not _DOUBLE.match(text):
        raise EvaluationError(f"{text[:60]!r} is not a number")
    return float(text)


def _bool(text: str) -> bool:
    if text not in _BOOLS:
        raise EvaluationError(f"{text[:60]!r} is neither true nor false")
    return _BOOLS[text]


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise EvaluationError("the bytes are not UTF-8") from None


def _conversions(name: str, result: Type, by_type: dict[Type, Callable[[Any], Any]]) -> list[Function]:
    return [Function(name, (type_,), result, call) for type_, call in by_type.items()]


def _both(name: str, parameters: tuple[Type, ...], result: Type, call: Callable[..., Any]) -> list[Function]:
    return [Function(name, parameters, result, call), Function(name, parameters, result, call, member=True)]


FUNCTIONS: Final = (
    *[
        function
        for type_ in (STRING, BYTES, ListType(DYN), MapType(DYN, DYN))
        for function in _both("size", (type_,), INT, len)
    ],
    *_both("matches", (STRING, STRING), BOOL, matches),
    Function("startsWith", (STRING, STRING), BOOL, str.startswith, member=True),
    Function("endsWith", (STRING, STRING), BOOL, str.endswith, member=True),
    Function("contains", (STRING, STRING), BOOL, str.__contains__, member=True),
    Function("type", (DYN,), TYPE, lambda value: TYPE_NAMES[type(value)]),
    *_conversions(
        "int",
        INT,
        {
            INT: _same,
            UINT: lambda value: _ranged(int(value)),
            DOUBLE: _truncated,
            STRING: lambda text: _ranged(_integer(text)),
            TIMESTAMP: lambda moment: moment // SECOND,
        },
    ),
    *_conversions(
        "uint",
        UINT,
        {
            INT: _unsigned,
            UINT: _same,
            DOUBLE: _truncated_unsigned,
            STRING: lambda text: _unsigned(_integer(text)),
        },
    ),
    *_conversions("double", DOUBLE, {INT: float, UINT: float, DOUBLE: _same, STRING: _double}),
    *_conversions(
        "string",
        STRING,
        {
            STRING: _same,
            BOOL: lambda value: "true" if value else "false",
            INT: str,
            UINT: lambda value: str(int(value)),
            DOUBLE: double_text,
            BYTES: _text,
            TIMESTAMP: timestamp_text,
            DURATION: duration_text,
        },
    ),
    *_conversions("bytes", BYTES, {STRING: str.encode, BYTES: _same}),
    *_conversions("bool", BOOL, {BOOL: _same, STRING: _bool}),
)
