"""From what a mapping read of a block to a resource; what was not of the form that it expects is malformed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from providers.base import Found, Resource, Scope, Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Setting, Split
from providers.values import lift, merged, resource

NOT_HELD: Final = Unread("not_collected", detail="this plan does not hold it")
NOT_TOLD: Final = Unread("not_collected", detail="the plan does not tell it")
MALFORMED: Final = Unread("malformed_response", detail="not of the form that the provider's schema gives")


def given(read: Any, block: Block) -> Any:
    """What a declaration reads of a block; a value of another form than it expects is malformed."""
    try:
        return read(block)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return MALFORMED


def assembled(
    type_: str, id_: str, name: str, scope: Scope, properties: Mapping[str, Any], collected_at: str
) -> Resource:
    """A resource of these properties."""
    bare = resource(Found(type_, id_, {}, name), scope, collected_at)
    try:
        return merged(bare, properties)
    except TypeError:
        return merged(bare, {name: _liftable(value) for name, value in properties.items()})


def hidden(item: Resource, why: Unread) -> Resource:
    """A resource of which a plan does not tell how many there are: one that stands for all, and tells nothing."""
    names = (*item.properties, *(pointer.split("/")[1] for pointer in item.unread))
    return replace(item, properties={}, unread={**dict.fromkeys((f"/{name}" for name in names), why)})


def added_up(spec: Split | Setting, lists: Sequence[Any]) -> Any:
    """The property of lists that add up. One that cannot be told is one object that tells nothing beside the others."""
    assert spec.group is not None  # noqa: S101 - of those that have one
    told = [item for items in lists if not isinstance(items, Unread) for item in items]
    untold = next((items for items in lists if isinstance(items, Unread)), None)
    if untold is None:
        return spec.group(told)
    if not told or not spec.element:
        return untold
    return [*spec.group(told), dict.fromkeys(spec.element, untold)]


def nested(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of which those named "a.b" are keys of an object a."""
    found: dict[str, Any] = {}
    for name, value in properties.items():
        owner, _, key = name.partition(".")
        if key:
            found.setdefault(owner, {})[key] = value
        else:
            found[name] = value
    return found


def _liftable(value: Any) -> Any:
    try:
        lift(value)
    except TypeError:
        return MALFORMED
    return value


def text(value: Any) -> str:
    """A text, empty where it is none."""
    return value if isinstance(value, str) else ""
