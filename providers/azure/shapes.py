"""From the JSON of an Azure resource to properties: where each stands, and what its absence means.

Azure leaves out what is null. Whether an absent property is null or was never asked for depends on the api-version that
answered: one older than the property does not know it, so that its absence says nothing and the property is unread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from providers.base import MISSING, Found, Unread

MALFORMED: Final = Unread("malformed_response", detail="not of the type that the documentation gives")
_UNKNOWN: Final = ""
"""An api-version older than all: that of a row of which Resource Graph does not say with which it was read."""

_PROPERTIES: Final = "properties"
"""What every resource of Resource Manager has, be it empty: an answer without it has said nothing of what is in it."""
V1: Final = "v1.0"
"""The version of Microsoft Graph that is asked, for properties that it leaves out or gives as null."""

Shape = Mapping[str, "Property"]


@dataclass(frozen=True, slots=True)
class Property:
    """Where a property stands, and what absence means.

    ``path`` are keys ("properties.networkAcls.defaultAction"). ``since`` is the first api-version that defines it, and
    from which on absence means ``absent``; None where the API always gives it. ``read`` makes the property of the
    value; what it raises for a value of another form makes the property malformed.
    """

    path: str
    since: str | None = None
    absent: Any = None
    read: Callable[[Any], Any] | None = None

    def of(self, item: Mapping[str, Any], version: str) -> Any:
        """The property of an item that was answered with ``version``: its value, or why it is unread."""
        # In a template that would only be a resource of which nothing is set.
        if self.path.startswith(f"{_PROPERTIES}.") and item.get(_PROPERTIES) is None:
            return MALFORMED
        value = self.at(item)
        if value is None:
            return self.absent if self.defined(version) else MISSING
        return self.made(value)

    def at(self, item: Mapping[str, Any]) -> Any:
        """What stands at the path, as it is; None where nothing does. An Unread on the way is handed on."""
        value: Any = item
        for key in self.path.split("."):
            if value is None or isinstance(value, Unread):
                break
            if not isinstance(value, Mapping):
                return MALFORMED
            value = value.get(key)
        return value

    def defined(self, version: str) -> bool:
        """Whether absence means something in what has this version."""
        return self.since is not None and version[:10] >= self.since[:10]

    def made(self, value: Any) -> Any:
        """The property of what stands at the path."""
        if self.read is None or isinstance(value, Unread):
            return value
        try:
            return self.read(value)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return MALFORMED


def always(path: str, read: Callable[[Any], Any] | None = None) -> Property:
    """A property that the API documents as always there."""
    return Property(path, read=read)


def since(version: str, path: str, absent: Any = None, read: Callable[[Any], Any] | None = None) -> Property:
    """A property that the API defines from an api-version on, and documents to be left out for ``absent``."""
    return Property(path, version, absent, read)


def shaped(shape: Shape, item: Mapping[str, Any], version: str | None) -> dict[str, Any]:
    """The properties of an item that was answered with an api-version (None: nobody says with which)."""
    return {name: property_.of(item, version or _UNKNOWN) for name, property_ in shape.items()}


def found(type_: str, item: Mapping[str, Any], properties: Mapping[str, Any]) -> Found:
    """What a listing says of one resource: an item with id, name, location and tags as Resource Manager has them.

    Ids are compared without regard to case by Azure, whose services spell them differently: they are kept in lower
    case, so that a resource is the same one every night.
    """
    tags = item.get("tags")
    return Found(
        type_,
        arm_id(item["id"]),
        {"tags": {} if tags is None else tags, **properties},
        item.get("name"),
        region(item.get("location")),
    )


def arm_id(value: str) -> str:
    """A resource's id in the form in which ids are compared."""
    return value.lower().rstrip("/")


def region(location: str | None) -> str | None:
    """A location's name: "West Europe" is what some services still call westeurope."""
    return location.replace(" ", "").lower() if location else None


def ids(value: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of a list of references ({"id": ...})."""
    return [arm_id(item["id"]) for item in value]
