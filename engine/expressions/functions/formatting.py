"""``format`` of the strings extension (cel-go, ext/formatting_v2.go)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from math import isfinite
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.limits import MAX_TEXT
from engine.expressions.types import DYN, STRING, ListType
from engine.expressions.values import (
    Duration,
    Timestamp,
    TypeName,
    UInt,
    double_text,
    duration_text,
    keys_of,
    timestamp_text,
    type_name,
)

_CLAUSE: Final = re.compile(r"%(?:(?P<percent>%)|(?:\.(?P<precision>[0-9]{1,9}))?(?P<verb>[a-zA-Z])|)")
_MAX_PRECISION: Final = 1_000
_SCALARS: Final[dict[type, Callable[[Any], str]]] = {
    str: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
    int: str,
    UInt: lambda value: str(int(value)),
    float: double_text,
    bytes: lambda value: value.decode(errors="replace"),
    Timestamp: timestamp_text,
    Duration: duration_text,
    TypeName: lambda value: str(value.name),
    **dict.fromkeys((IPv4Address, IPv6Address, IPv4Interface, IPv6Interface), str),
}


def text_of(value: Any) -> str:
    """A value as text, as ``%s`` writes it: null, true, ``[a, b]``, ``{key: value}`` sorted by key, RFC 3339, seconds.

    Raises EvaluationError for a text that would be too long.
    """
    pieces: list[str] = []
    length = 0
    for piece in _pieces(value):
        pieces.append(piece)
        length += len(piece)
        if length > MAX_TEXT:
            raise EvaluationError("the text is too long")
    return "".join(pieces)


def _pieces(value: Any) -> Iterator[str]:
    if type(value) is list:
        yield "["
        for position, item in enumerate(value):
            if position:
                yield ", "
            yield from _pieces(item)
        yield "]"
    elif type(value) is dict:
        entries = zip(map(_scalar, keys_of(value)), value.values(), strict=True)
        yield "{"
        for position, (key, item) in enumerate(sorted(entries, key=lambda entry: entry[0])):
            yield f", {key}: " if position else f"{key}: "
            yield from _pieces(item)
        yield "}"
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    text = _SCALARS.get(type(value))
    if text is None:
        raise EvaluationError(f"{type_name(value)} cannot be written as text")
    return text(value)


def _decimal(value: Any) -> str:
    if type(value) is float and not isfinite(value):
        return double_text(value)
    return str(_integer(value, "%d"))


def _integer(value: Any, clause: str) -> int:
    if type(value) not in (int, UInt):
        raise EvaluationError(f"{clause} takes an integer, not {type_name(value)}")
    return int(value)


def _binary(value: Any) -> str:
    return str(int(value)) if type(value) is bool else format(_integer(value, "%b"), "b")


def _hexadecimal(value: Any) -> str:
    if type(value) is str:
        return value.encode().hex()
    return str(value.hex()) if type(value) is bytes else format(_integer(value, "%x"), "x")


def _floating(value: Any, precision: int, verb: str) -> str:
    if type(value) not in (int, UInt, float):
        raise EvaluationError(f"%{verb} takes a number, not {type_name(value)}")
    number = float(value)
    return format(number, f".{precision}{verb}") if isfinite(number) else double_text(number)


_VERBS: Final[dict[str, Callable[[Any], str]]] = {
    "s": text_of,
    "d": _decimal,
    "b": _binary,
    "o": lambda value: format(_integer(value, "%o"), "o"),
    "x": _hexadecimal,
    "X": lambda value: _hexadecimal(value).upper(),
}


def _format(template: str, arguments: list[Any]) -> str:
    pieces: list[str] = []
    length = position = used = 0
    for match in _CLAUSE.finditer(template):
        pieces.append(template[position : match.start()])
        position = match.end()
        if match["percent"]:
            pieces.append("%")
        else:
            if used == len(arguments):
                raise EvaluationError(f"format has {used} arguments, {match[0]!r} needs one more")
            pieces.append(_formatted(match, arguments[used]))
            used += 1
        length += len(pieces[-1]) + len(pieces[-2])
        if length > MAX_TEXT:
            raise EvaluationError("the result of format is too long")
    return "".join(pieces) + template[position:]


def _formatted(match: re.Match[str], value: Any) -> str:
    verb, precision = match["verb"], match["precision"]
    if verb in ("f", "e"):
        digits = int(precision or 6)
        if digits > _MAX_PRECISION:
            raise EvaluationError(f"format has at most {_MAX_PRECISION} digits, not {digits}")
        return _floating(value, digits, verb)
    if verb not in _VERBS or precision is not None:
        raise EvaluationError(f"format has no clause {match[0]!r}")
    return _VERBS[verb](value)


FUNCTIONS: Final = (Function("format", (STRING, ListType(DYN)), STRING, _format, member=True),)
