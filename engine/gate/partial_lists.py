"""Lists of which a plan tells what it adds and takes away, and never all: put together with what a run read of them.

Who holds which role in a project is such a list: a plan holds a binding, other plans and people have made the others.
In a planned resource an object of which nothing is known stands for these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.model import Resource, Unread
from providers.values import lift

NOT_FOUND: Final = Unread("ambiguous", detail="what the plan takes away is not among what was read")


def summed(read: Resource, before: Resource | None, after: Resource) -> Resource:
    """A planned resource with its open lists as they stand after the change.

    They are what ``read`` has of them, without what the plan had ``before``, with what it has ``after``. A list that
    was not read stays as the plan tells it.
    """
    opened = {name for item in (before, after) if item is not None for name in _open(item)}
    for name in sorted(opened):
        why = after.unread.get(f"/{name}")
        if not isinstance(read.properties.get(name), list) or (why is not None and why.reason != "not_collected"):
            continue
        total = _restored(read, name)
        gone = [row for row in (_told(before, name) if before is not None else ()) if row not in _told(after, name)]
        if any(_place(total, element) is None for element in gone):
            # What the plan takes away is not among what was read: which of these it is nobody can tell.
            after = _untold(after, name)
            continue
        for element in _told(before, name) if before is not None else ():
            total = _without(total, element)
        for element in _told(after, name):
            total = _with(total, element)
        values, unread = lift({name: total})
        others = {pointer: why for pointer, why in after.unread.items() if pointer.split("/")[1] != name}
        after = replace(after, properties={**after.properties, **values}, unread={**others, **unread})
    return after


def _untold(item: Resource, name: str) -> Resource:
    """A planned resource of which a list cannot be told."""
    others = {pointer: why for pointer, why in item.unread.items() if pointer.split("/")[1] != name}
    kept = {key: value for key, value in item.properties.items() if key != name}
    return replace(item, properties=kept, unread={**others, f"/{name}": NOT_FOUND})


def _open(item: Resource) -> set[str]:
    """The lists of a resource with an object of which nothing is known."""
    return {
        name
        for name, value in item.properties.items()
        if isinstance(value, list) and any(_hidden(element) for element in _restored(item, name))
    }


def _told(item: Resource, name: str) -> list[Any]:
    """The elements of a list, without what stands for those that the plan does not hold."""
    found = _restored(item, name) if isinstance(item.properties.get(name), list) else []
    return [row for row in found if not (_hidden(row) and all(why.reason == "not_collected" for why in row.values()))]


def _hidden(element: Any) -> bool:
    return isinstance(element, dict) and bool(element) and all(isinstance(value, Unread) for value in element.values())


def _restored(item: Resource, name: str) -> list[Any]:
    """A list with what was unread back in its place."""
    value: list[Any] = _copied(item.properties[name])
    for pointer, why in item.unread.items():
        first, *steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
        if first == name and steps:
            holder: Any = value
            for step in steps[:-1]:
                holder = holder[int(step) if isinstance(holder, list) else step]
            holder[steps[-1]] = why
    return value


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


# --- elements are the same where all is but the lists in them --------------------------------------------------------


def _plain(element: Any) -> Any:
    if isinstance(element, dict):
        return {key: value for key, value in element.items() if not isinstance(value, list)}
    return element


def _lists(element: Any) -> dict[str, list[Any]]:
    return (
        {key: value for key, value in element.items() if isinstance(value, list)} if isinstance(element, dict) else {}
    )


def _place(elements: Sequence[Any], element: Any) -> int | None:
    plain = _plain(element)
    return next((index for index, other in enumerate(elements) if _plain(other) == plain), None)


def _with(elements: Sequence[Any], element: Any) -> list[Any]:
    place = _place(elements, element)
    if place is None:
        return [*elements, element]
    grown = elements[place]
    for key, rows in _lists(element).items():
        for row in rows:
            grown = {**grown, key: _with(grown.get(key, []), row)}
    return [*elements[:place], grown, *elements[place + 1 :]]


def _without(elements: Sequence[Any], element: Any) -> list[Any]:
    place = _place(elements, element)
    if place is None:
        return list(elements)
    shrunk = elements[place]
    for key, rows in _lists(element).items():
        for row in rows:
            shrunk = {**shrunk, key: _without(shrunk.get(key, []), row)}
    left = [shrunk] if any(_lists(shrunk).values()) else []
    return [*elements[:place], *left, *elements[place + 1 :]]
