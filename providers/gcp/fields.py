"""Properties out of Google's JSON by table: where a value stands, which form it has, and what its absence means.

The REST forms are those of proto3's JSON mapping: 64-bit integers are decimal text, durations are seconds with an "s",
timestamps RFC 3339, and a field with its default value is left out. That last rule makes "absent" ambiguous: it is the
default where the API documents the field so, and else something that was not seen. Each field says which.

Source: protobuf.dev, "ProtoJSON Format".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from providers.base import MISSING, Unread
from providers.times import instant

__all__ = [
    "Field",
    "decimal",
    "entry",
    "flag",
    "instant",
    "labels",
    "last",
    "malformed",
    "read",
    "rows",
    "seconds",
    "text",
    "texts",
    "whole",
]

Form = Callable[[Any], Any]
"""Turns a JSON value into a plain one, or into an Unread where it is not of the form."""

_DURATION: Final = re.compile(r"(-?\d{1,12})(?:\.0{1,9})?s")
_INTEGER: Final = re.compile(r"-?\d{1,19}")


def malformed(what: str) -> Unread:
    """A value that is not of the form that the API documents ("a boolean")."""
    return Unread("malformed_response", detail=f"not {what}")


def text(value: Any) -> Any:
    """Text, names of an enumeration among it."""
    return value if isinstance(value, str) else malformed("text")


def flag(value: Any) -> Any:
    """A boolean. Text is none, not even "true"."""
    return value if isinstance(value, bool) else malformed("a boolean")


def whole(value: Any) -> Any:
    """An integer, of 32 bits as a number or of 64 bits as decimal text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    return malformed("an integer")


def decimal(value: Any) -> Any:
    """A number with a point or without, as the shortest text ("0", "0.5"); the words for none ("NaN") are malformed."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return malformed("a number")
    return f"{Decimal(str(value)).normalize():f}"


def seconds(value: Any) -> Any:
    """A duration ("7776000s") in whole seconds. A part of a second, which no setting has, is malformed."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return int(found.group(1)) if found else malformed("a duration in whole seconds")


def texts(value: Any) -> Any:
    """A list of text."""
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return value if good else malformed("a list of text")


def labels(value: Any) -> Any:
    """A map of text to text."""
    good = isinstance(value, dict) and all(isinstance(item, str) for pair in value.items() for item in pair)
    return value if good else malformed("a map of text")


def rows(fields: Mapping[str, Field]) -> Form:
    """A list of objects, each read by a table."""

    def form(value: Any) -> Any:
        good = isinstance(value, list) and all(isinstance(item, dict) for item in value)
        return [read(fields, item) for item in value] if good else malformed("a list of objects")

    return form


def entry(fields: Mapping[str, Field]) -> Form:
    """An object, read by a table."""
    return lambda value: read(fields, value) if isinstance(value, dict) else malformed("an object")


def last(value: Any) -> Any:
    """The last part of a name or URL: of ".../zones/europe-west1-b" the zone."""
    return value.rpartition("/")[2] if isinstance(value, str) else malformed("text")


@dataclass(frozen=True, slots=True)
class Field:
    """Where a property stands (keys with dots between), its form, and what it is where it is absent.

    ``absent``: what the API documents; without it an absent value is unread, ``missing_attribute``.
    """

    path: str
    form: Form = text
    absent: Any = MISSING


def read(fields: Mapping[str, Field], item: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that a table reads from an object of Google's JSON."""
    return {name: _value(field, item) for name, field in fields.items()}


def _value(field: Field, item: Mapping[str, Any]) -> Any:
    value: Any = item
    for key in field.path.split("."):
        if not isinstance(value, dict):
            return malformed("an object")
        value = value.get(key)
        if value is None:
            return field.absent
    return field.form(value)
