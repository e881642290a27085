"""Whether a plain value is of a type of the expression language, and evidence can hold it: parameters of checks."""

from __future__ import annotations

from typing import Any

from engine.content.validation import is_moment
from engine.expressions.types import BOOL, DOUBLE, DYN, INT, NULL, STRING, TIMESTAMP, ListType, MapType, Nullable, Type


def conforms(value: Any, type_: Type) -> bool:
    """Whether ``value``, as a data file holds it, is a ``type_``. Timestamps are RFC 3339 text in UTC."""
    match type_:
        case Nullable():
            return value is None or conforms(value, type_.type)
        case ListType():
            return isinstance(value, list) and all(conforms(item, type_.element) for item in value)
        case MapType():
            return isinstance(value, dict) and all(
                conforms(key, type_.key) and conforms(item, type_.value) for key, item in value.items()
            )
    if type_ == TIMESTAMP:
        return isinstance(value, str) and is_moment(value)
    kinds = {BOOL: bool, INT: int, DOUBLE: float, STRING: str, NULL: type(None)}
    return type_ == DYN or type(value) is kinds.get(type_)  # type: ignore[call-overload]


def recordable(type_: Type) -> bool:
    """Whether evidence can hold every value of ``type_``: canonical JSON has no floating point numbers."""
    match type_:
        case Nullable():
            return recordable(type_.type)
        case ListType():
            return recordable(type_.element)
        case MapType():
            return recordable(type_.key) and recordable(type_.value)
    return type_ != DOUBLE
