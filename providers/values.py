"""From what a reader says to a resource: what was not read is taken out, the rest brought into a form for evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from providers.base import Found, Resource, Scope, Unread, text

DEEPEST: Final = 100
"""Nesting of a value beyond which an answer is malformed."""
MOST: Final = 2**53 - 1
"""The largest integer that evidence holds as a number (RFC 8785, section 3.2.2.3)."""


def lift(value: Any, pointer: str = "") -> tuple[Any, dict[str, Unread]]:
    """Take every :class:`Unread` out of a value, and bring the rest into what evidence can hold.

    Returns the value without the keys that were unread, and what was unread by JSON Pointer. An Unread that stands in
    a list itself (not in an object of the list) makes the nearest enclosing object key unread, since a list with an
    unknown element has neither a length nor an end. Integers beyond :data:`MOST` and floats become text, and a lone
    surrogate becomes its escape. Raises TypeError for a value that JSON has no form for.
    """
    return _lift(value, pointer, 0)


def _lift(value: Any, pointer: str, depth: int) -> tuple[Any, dict[str, Unread]]:
    if value is None or isinstance(value, bool):
        return value, {}
    if isinstance(value, str):
        return text(value), {}
    if isinstance(value, int):
        return (value if -MOST <= value <= MOST else str(value)), {}
    if isinstance(value, float):
        return repr(value), {}
    if isinstance(value, Unread):
        return value, {pointer: value}
    if depth > DEEPEST:
        deep = Unread("malformed_response", detail="nested too deeply")
        return deep, {pointer: deep}
    if isinstance(value, Mapping):
        return _lift_object(value, pointer, depth)
    if isinstance(value, (list, tuple)):
        return _lift_list(value, pointer, depth)
    raise TypeError(f"{pointer or 'a property'} holds a {type(value).__name__}")


def _lift_object(value: Mapping[str, Any], pointer: str, depth: int) -> tuple[Any, dict[str, Unread]]:
    kept: dict[str, Any] = {}
    unread: dict[str, Unread] = {}
    for key, item in value.items():
        below = f"{pointer}/{text(key).replace('~', '~0').replace('/', '~1')}"
        item, missing = _lift(item, below, depth + 1)
        unread.update(missing)
        if not isinstance(item, Unread):
            kept[text(key)] = item
    return kept, unread


def _lift_list(value: Sequence[Any], pointer: str, depth: int) -> tuple[Any, dict[str, Unread]]:
    items: list[Any] = []
    unread: dict[str, Unread] = {}
    for index, item in enumerate(value):
        item, missing = _lift(item, f"{pointer}/{index}", depth + 1)
        if isinstance(item, Unread):
            return item, {pointer: item}
        unread.update(missing)
        items.append(item)
    return items, unread


def merged(resource: Resource, properties: Mapping[str, Any], operation: str | None = None) -> Resource:
    """A resource with further properties (``tags`` among them), and with what they say was unread.

    ``operation`` is blamed where an unread value names none.
    """
    kept, unread = lift(properties)
    unread = {pointer: why if why.operation else replace(why, operation=operation) for pointer, why in unread.items()}
    tags = kept.pop("tags", resource.tags)
    return replace(
        resource,
        tags=tags,
        properties={**resource.properties, **kept},
        unread={**resource.unread, **unread},
    )


def resource(found: Found, scope: Scope, collected_at: str) -> Resource:
    """The resource that a listing found in ``scope``."""
    bare = Resource(
        type=found.type,
        id=text(found.id),
        name=text(found.name or found.id),
        provider=scope.provider,
        account=scope.account,
        region=text(found.region or scope.region),
        tags=None,
        collected_at=collected_at,
        properties={},
    )
    return merged(bare, found.properties)
