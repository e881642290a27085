"""The types of the expression language, and how JSON Schema and text name them.

A resource type is an :class:`ObjectType`: its properties are known, so that a misspelt one is found when a check is
loaded. ``Nullable(T)`` is accepted wherever ``T`` is, and may be compared with null; whether a null arrives is a matter
of evaluation. ``DYN`` is anything: what cannot be checked when a check is loaded is checked when it is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


class Type:
    """Base of all types. ``str(type)`` is how messages name it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Simple(Type):
    """A type without parameters, known by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListType(Type):
    """A list whose elements are of type ``element``."""

    element: Type

    def __str__(self) -> str:
        return f"list<{self.element}>"


@dataclass(frozen=True, slots=True)
class MapType(Type):
    """A map whose keys are not known beforehand."""

    key: Type
    value: Type

    def __str__(self) -> str:
        return f"map<{self.key}, {self.value}>"


@dataclass(frozen=True, slots=True)
class ObjectType(Type):
    """An object whose properties are known beforehand: a resource, or an object inside one."""

    name: str
    fields: Mapping[str, Type] = field(hash=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Nullable(Type):
    """``type`` or null."""

    type: Type

    def __str__(self) -> str:
        return f"{self.type}?"


BOOL: Final = Simple("bool")
INT: Final = Simple("int")
UINT: Final = Simple("uint")
DOUBLE: Final = Simple("double")
STRING: Final = Simple("string")
BYTES: Final = Simple("bytes")
TIMESTAMP: Final = Simple("timestamp")
DURATION: Final = Simple("duration")
NULL: Final = Simple("null")
DYN: Final = Simple("dyn")
TYPE: Final = Simple("type")
"""The type of a type, as ``type(1)`` gives it."""
IP: Final = Simple("net.IP")
CIDR: Final = Simple("net.CIDR")

_NAMED: Final = {
    str(simple): simple for simple in (BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION, NULL, DYN)
}
_TOKEN: Final = re.compile(r"\s*([A-Za-z]+|[<>,?])\s*")


def bare(type_: Type) -> Type:
    """The type without its null."""
    return type_.type if isinstance(type_, Nullable) else type_


def nullable(type_: Type) -> Type:
    """The type with null allowed. Null, dyn and a nullable type are that already."""
    return type_ if isinstance(type_, Nullable) or type_ in (NULL, DYN) else Nullable(type_)


def parse_type(text: str) -> Type:
    """The type that a text names: "int", "list<string>", "map<string, list<int>>"; a "?" after a type allows null.

    Raises ValueError for text that names no type.
    """
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or len(tokens) > 64:
            raise ValueError(f"{text[:80]!r} is not a type")
        tokens.append(match[1])
        position = match.end()
    tokens.reverse()
    result = _parse(tokens, text)
    if tokens:
        raise ValueError(f"{text[:80]!r} is not a type: unexpected {tokens[-1]!r}")
    return result


def _parse(tokens: list[str], text: str) -> Type:
    """Take one type from the end of ``tokens`` (they are reversed)."""
    name = tokens.pop() if tokens else ""
    result: Type
    if name == "list":
        _take("<", tokens, text)
        result = ListType(_parse(tokens, text))
        _take(">", tokens, text)
    elif name == "map":
        _take("<", tokens, text)
        key = _parse(tokens, text)
        _take(",", tokens, text)
        result = MapType(key, _parse(tokens, text))
        _take(">", tokens, text)
    elif name in _NAMED:
        result = _NAMED[name]
    else:
        raise ValueError(
            f"{text[:80]!r} is not a type: {name!r} is none of {', '.join([*_NAMED, 'list<T>', 'map<K, V>'])}"
        )
    if tokens and tokens[-1] == "?":
        tokens.pop()
        result = nullable(result)
    return result


def _take(expected: str, tokens: list[str], text: str) -> None:
    if not tokens or tokens.pop() != expected:
        raise ValueError(f"{text[:80]!r} is not a type: {expected!r} is missing")


def from_schema(schema: Mapping[str, Any]) -> Type:
    """The type of what a JSON Schema (2020-12) describes, as resource schemas write it.

    ``schema``: one property's schema, or a whole resource schema. Text of format date-time is a timestamp; an object
    with ``properties`` an :class:`ObjectType` (named by its title), one with only ``additionalProperties`` a map, one
    with neither is dyn, and so is a schema without ``type``. Raises ValueError for a type that resources do not have.
    """
    declared = schema.get("type")
    if declared is None:
        return DYN
    names = [declared] if isinstance(declared, str) else list(declared)
    kinds = [name for name in names if name != "null"]
    if not kinds:
        return NULL
    if len(kinds) > 1:
        raise ValueError(f"a property has one type, with or without null, not {', '.join(kinds)}")
    result = _from_kind(kinds[0], schema)
    return nullable(result) if "null" in names else result


def _from_kind(kind: str, schema: Mapping[str, Any]) -> Type:
    if kind == "string":
        return TIMESTAMP if schema.get("format") == "date-time" else STRING
    if kind == "integer":
        return INT
    if kind == "boolean":
        return BOOL
    if kind == "array":
        items = schema.get("items")
        return ListType(from_schema(items) if isinstance(items, Mapping) else DYN)
    if kind == "object":
        properties = schema.get("properties")
        if properties is not None:
            fields = {name: from_schema(property_) for name, property_ in properties.items()}
            return ObjectType(schema.get("title", "object"), fields)
        values = schema.get("additionalProperties")
        return MapType(STRING, from_schema(values)) if isinstance(values, Mapping) else DYN
    raise ValueError(f"resources have no {kind!r}: use integer, or string beyond 2^53")


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a value of type ``given`` may stand where ``wanted`` is declared. What is dyn inside is not looked at."""
    if DYN in (wanted, given):
        return True
    if isinstance(wanted, Nullable):
        return given == NULL or accepts(wanted.type, bare(given))
    given = bare(given)
    if isinstance(wanted, ListType) and isinstance(given, ListType):
        return accepts(wanted.element, given.element)
    if isinstance(wanted, MapType) and isinstance(given, MapType):
        return accepts(wanted.key, given.key) and accepts(wanted.value, given.value)
    if isinstance(wanted, ObjectType) and isinstance(given, ObjectType):
        return all(name in given.fields and accepts(type_, given.fields[name]) for name, type_ in wanted.fields.items())
    return wanted == given


def comparable(left: Type, right: Type) -> bool:
    """Whether values of the two types can be equal at all."""
    if DYN in (left, right):
        return True
    if NULL in (left, right):
        return all(type_ == NULL or isinstance(type_, Nullable) for type_ in (left, right))
    left, right = bare(left), bare(right)
    if isinstance(left, ListType) and isinstance(right, ListType):
        return comparable(left.element, right.element)
    if isinstance(left, MapType) and isinstance(right, MapType):
        return comparable(left.key, right.key) and comparable(left.value, right.value)
    return left == right


def joined(left: Type, right: Type) -> Type | None:
    """The type of a value that is of one of two types, or None where only dyn would do.

    Dyn beside an object stays the object's type, so that its properties are still checked.
    """
    if left == right:
        return left
    if NULL in (left, right):
        return nullable(right if left == NULL else left)
    if isinstance(left, Nullable) or isinstance(right, Nullable):
        inner = joined(bare(left), bare(right))
        return None if inner is None else nullable(inner)
    if DYN in (left, right):
        other = right if left == DYN else left
        return other if holds_object(other) else DYN
    if isinstance(left, ListType) and isinstance(right, ListType):
        element = joined(left.element, right.element)
        return None if element is None else ListType(element)
    return None


def holds_object(type_: Type) -> bool:
    """Whether an :class:`ObjectType` is somewhere in the type."""
    type_ = bare(type_)
    if isinstance(type_, ListType):
        return holds_object(type_.element)
    return isinstance(type_, ObjectType) or (isinstance(type_, MapType) and holds_object(type_.value))


def holds_time(type_: Type) -> bool:
    """Whether a value of the type is or lists timestamps or durations. Objects are left as they were read."""
    type_ = bare(type_)
    if isinstance(type_, ListType):
        return holds_time(type_.element)
    if isinstance(type_, MapType):
        return holds_time(type_.value)
    return type_ in (TIMESTAMP, DURATION)
