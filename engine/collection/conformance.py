"""Holds what was read to the type's schema: a value of another type is malformed, not evidence.

Without this, an answer of ``"true"`` where the documentation promises a boolean would make ``x == true`` false, and so
a failure that nobody caused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.expressions.types import (
    BOOL,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ListType,
    MapType,
    Nullable,
    ObjectType,
    Type,
    bare,
)
from engine.model import Resource, Unread

MALFORMED = Unread("malformed_response", detail="not of the type that the schema gives")
TAGS = MapType(STRING, STRING)
UNDECLARED = Unread("malformed_response", detail="the schema has no such property")


def conforming(schemas: Mapping[str, ObjectType]) -> Callable[[Resource], Resource]:
    """A function that makes every property unread that does not fit its schema (resource type -> object type).

    A type without a schema, of which a stored snapshot may hold resources, is read by no check.
    """

    def conform(item: Resource) -> Resource:
        if item.type not in schemas:
            return item
        fields = schemas[item.type].fields
        bad = {
            name: UNDECLARED if name not in fields else MALFORMED
            for name, value in item.properties.items()
            if name not in fields or not fits(fields[name], value)
        }
        for pointer, why in item.unread.items():
            name, *below = pointer.split("/")[1:]
            if name in item.properties and name in fields and hides(fields[name], below):
                bad.setdefault(name, why)
        # A list of pairs is no object, though dict() would make one of it.
        if item.tags is not None and not (isinstance(item.tags, Mapping) and fits(TAGS, dict(item.tags))):
            item = replace(item, tags=None, unread={**item.unread, "/tags": MALFORMED})
        if not bad:
            return item
        kept = {name: value for name, value in item.properties.items() if name not in bad}
        unread = {pointer: why for pointer, why in item.unread.items() if pointer.split("/")[1] not in bad}
        return replace(item, properties=kept, unread={**unread, **{f"/{name}": why for name, why in bad.items()}})

    return conform


def hides(type_: Type, path: Sequence[str]) -> bool:
    """Whether a value of this type could hide that something at ``path`` inside it is missing.

    An object's properties are asked for by name, and asking for one that is not there is an error. A map or a document
    is searched, counted and iterated: a missing key would go unnoticed, so the whole of it counts as unread.
    """
    type_ = bare(type_)
    if not path:
        return False
    if isinstance(type_, ListType):
        return hides(type_.element, path[1:])
    if isinstance(type_, ObjectType):
        return path[0] in type_.fields and hides(type_.fields[path[0]], path[1:])
    return True


def fits(type_: Type, value: Any) -> bool:
    """Whether a plain value is of a type. An object's missing keys fit: they are unread."""
    if isinstance(type_, Nullable):
        return value is None or fits(type_.type, value)
    if type_ == DYN:
        return True
    if isinstance(type_, ListType):
        return isinstance(value, list) and all(fits(type_.element, item) for item in value)
    if isinstance(type_, MapType):
        return isinstance(value, dict) and all(fits(type_.value, item) for item in value.values())
    if isinstance(type_, ObjectType):
        return isinstance(value, dict) and all(
            name in type_.fields and fits(type_.fields[name], item) for name, item in value.items()
        )
    if type_ == BOOL:
        return isinstance(value, bool)
    if type_ == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    return type_ in (STRING, TIMESTAMP) and isinstance(value, str)
