"""How resources of templates become resources of Azure: by the shapes of the live adapter, one declaration a type.

A request to make a resource has the form of the answer that describes it. What differs is absence: an answer leaves out
what is null, a template what the service is to decide.
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from providers.arm.declared import Declared
from providers.arm.unresolved import Looked, Unresolved
from providers.arm.world import World
from providers.azure.shapes import Property, Shape
from providers.base import Unread

UNSET: Final = Unread("known_after_apply", detail="not set in the template, so that the service decides")
OLD: Final = Unread("not_collected", detail="whether the api-version defines the property is not known")


@dataclass(frozen=True, slots=True)
class Default:
    """What holds where a template leaves a property out. ``source`` is who documents that.

    ``since`` and ``until`` are the api-versions from and up to which it does (dates; "": all).
    """

    value: Any
    source: str
    since: str = ""
    until: str = ""

    def holds(self, version: Any) -> bool:
        """Whether it holds in an api-version."""
        if not self.since and not self.until:
            return True
        if isinstance(version, Unresolved):
            return False
        return self.since <= version[:10] and (not self.until or version[:10] < self.until)


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """How a type of templates becomes a resource type.

    ``shape`` is the live adapter's; ``untold`` are its properties that no template tells. ``defaults`` hold where a
    property is left out; what has none is unread then. ``derived`` are properties that the whole template gives.
    ``prepared`` makes the form of an answer of a request where the two differ. ``templates`` are the types in
    templates where those differ from the type's own; ``applies`` says whether a resource is listed under the type.
    ``control``: taking it away is taking a control away. ``name`` is what it is called where that is not the last part.
    ``parts`` are types that belong to an owner of this type.
    """

    type: str
    shape: Shape
    defaults: collections.abc.Mapping[str, Default] = field(default_factory=dict)
    derived: collections.abc.Mapping[str, Callable[[Declared, World], Any]] = field(default_factory=dict)
    prepared: Callable[[Declared, World], collections.abc.Mapping[str, Any]] | None = None
    templates: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    applies: Callable[[Declared], bool] | None = None
    control: bool = False

    @property
    def written(self) -> tuple[str, ...]:
        """The types in templates."""
        return self.templates or (self.type,)

    @property
    def fills(self) -> frozenset[str]:
        """Every property that a template can give."""
        return frozenset((*self.shape, *self.derived)) - frozenset(self.untold)

    def properties(self, item: Declared, world: World) -> dict[str, Any]:
        """The properties of a declared resource, with an Unread for what is not known."""
        told_of = {name: of for name, of in self.shape.items() if name not in self.untold and name not in self.derived}
        try:
            body = world.anchored(item.body if self.prepared is None else self.prepared(item, world))
        except Looked as known:
            found: dict[str, Any] = dict.fromkeys(told_of, known.why)
        else:
            found = {name: told(of, body, item.version, self.defaults.get(name)) for name, of in told_of.items()}
        return {**found, **{name: looked(partial(read, item, world)) for name, read in self.derived.items()}}


def told(property_: Property, body: collections.abc.Mapping[str, Any], version: Any, default: Default | None) -> Any:
    """A property of what a template asks for, or an Unread."""
    value = property_.at(body)
    if isinstance(value, Unread):
        return value
    if value is None:
        return default.value if default is not None and default.holds(version) else UNSET
    if property_.since is not None and (isinstance(version, Unresolved) or not property_.defined(version)):
        # What the service does with a property that its version may not know, nobody can tell.
        return OLD
    try:
        return property_.made(value)
    except Looked as known:
        return _each(property_, value, known.why)


def shaped(
    shape: Shape,
    body: collections.abc.Mapping[str, Any],
    version: Any,
    defaults: collections.abc.Mapping[str, Default] | None = None,
) -> dict[str, Any]:
    """What a shape reads of a part of a template."""
    return {name: told(property_, body, version, (defaults or {}).get(name)) for name, property_ in shape.items()}


def _each(property_: Property, value: Any, why: Unread) -> Any:
    """A property of a list, an element of which could not be read: that one tells nothing, the others do."""
    if not isinstance(value, list):
        return why
    made: list[Any] = []
    keys: set[str] = set()
    for item in value:
        try:
            rows = property_.made([item])
        except Looked as known:
            made.append(known.why)
            continue
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return why
        made += rows
        keys |= {key for row in rows for key in row}
    return [dict.fromkeys(keys, row) if isinstance(row, Unread) else row for row in made] if keys else why


def looked(read: Callable[[], Any]) -> Any:
    """What a function reads; an Unread where it looked into what is not known."""
    try:
        return read()
    except Looked as known:
        return known.why


def untold(keys: Sequence[str], why: Unread) -> dict[str, Any]:
    """An element of a list of which nothing is known but that it may be there."""
    return dict.fromkeys(keys, why)
