"""Arithmetic and ordering: each operator as overloads of a function, named as in the CEL specification."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import inf, nan
from types import MappingProxyType
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.limits import MAX_LIST, MAX_TEXT
from engine.expressions.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    ListType,
    Type,
)
from engine.expressions.values import INT_MAX, UINT_MAX, Duration, Timestamp, UInt, duration, timestamp

ORDERINGS: Final = MappingProxyType({"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge})
_ORDERED: Final = (BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION)


def _int(value: int) -> int:
    if not -INT_MAX - 1 <= value <= INT_MAX:
        raise EvaluationError("the integer does not fit into 64 bits")
    return value


def _uint(value: int) -> UInt:
    if not 0 <= value <= UINT_MAX:
        raise EvaluationError("the unsigned integer does not fit into 64 bits")
    return UInt(value)


def _quotient(left: int, right: int) -> int:
    if right == 0:
        raise EvaluationError("division by zero")
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise EvaluationError("modulus by zero")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _divide(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or left != left:
        return nan
    # The sign of a zero counts: 1.0 / -0.0 is -Infinity.
    return inf if (left > 0) == (str(right)[0] != "-") else -inf


def _joined(left: Any, right: Any) -> Any:
    if len(left) + len(right) > (MAX_LIST if type(left) is list else MAX_TEXT):
        raise EvaluationError("the result of + is too long")
    return left + right


def _binary(name: str, left: Type, right: Type, result: Type, call: Callable[[Any, Any], Any]) -> Function:
    return Function(name, (left, right), result, call)


def _arithmetic(symbol: str, plain: Callable[[Any, Any], Any], doubles: Callable[[Any, Any], Any]) -> list[Function]:
    name = f"_{symbol}_"
    return [
        _binary(name, INT, INT, INT, lambda left, right: _int(plain(left, right))),
        _binary(name, UINT, UINT, UINT, lambda left, right: _uint(plain(int(left), int(right)))),
        _binary(name, DOUBLE, DOUBLE, DOUBLE, doubles),
    ]


def _times() -> list[Function]:
    def moved(moment: int, span: int) -> Timestamp:
        return timestamp(int(moment) + int(span))

    def longer(one: int, other: int) -> Duration:
        return duration(int(one) + int(other))

    def between(one: int, other: int) -> Duration:
        return duration(int(one) - int(other))

    return [
        _binary("_+_", TIMESTAMP, DURATION, TIMESTAMP, moved),
        _binary("_+_", DURATION, TIMESTAMP, TIMESTAMP, moved),
        _binary("_+_", DURATION, DURATION, DURATION, longer),
        _binary("_-_", TIMESTAMP, TIMESTAMP, DURATION, between),
        _binary("_-_", TIMESTAMP, DURATION, TIMESTAMP, lambda moment, span: timestamp(int(moment) - int(span))),
        _binary("_-_", DURATION, DURATION, DURATION, between),
    ]


def _orderings() -> list[Function]:
    table: list[Function] = []
    for symbol, compare in ORDERINGS.items():
        name = f"_{symbol}_"
        table += [_binary(name, type_, type_, BOOL, compare) for type_ in _ORDERED]
        table += [_binary(name, INT, UINT, BOOL, compare), _binary(name, UINT, INT, BOOL, compare)]

        # An int and a double are compared as doubles, as the conformance vectors have it near 2^63.
        def doubles(left: Any, right: Any, compare: Callable[[Any, Any], bool] = compare) -> bool:
            return compare(float(left), float(right))

        pairs = [(INT, DOUBLE), (DOUBLE, INT), (UINT, DOUBLE), (DOUBLE, UINT)]
        table += [_binary(name, left, right, BOOL, doubles) for left, right in pairs]
    return table


def _table() -> MappingProxyType[str, tuple[Function, ...]]:
    concatenations = [
        _binary("_+_", STRING, STRING, STRING, _joined),
        _binary("_+_", BYTES, BYTES, BYTES, _joined),
        _binary("_+_", ListType(DYN), ListType(DYN), ListType(DYN), _joined),
    ]
    every = [
        *_arithmetic("+", operator.add, operator.add),
        *concatenations,
        *_arithmetic("-", operator.sub, operator.sub),
        *_times(),
        *_arithmetic("*", operator.mul, operator.mul),
        *_arithmetic("/", _quotient, _divide),
        *[function for function in _arithmetic("%", _remainder, _divide) if function.result != DOUBLE],
        *_orderings(),
        Function("-_", (INT,), INT, lambda value: _int(-value)),
        Function("-_", (DOUBLE,), DOUBLE, operator.neg),
        Function("!_", (BOOL,), BOOL, operator.not_),
    ]
    table: dict[str, tuple[Function, ...]] = {}
    for function in every:
        table[function.name] = (*table.get(function.name, ()), function)
    return MappingProxyType(table)


OPERATORS: Final = _table()
"""Name ("_+_", "-_") to overloads."""
