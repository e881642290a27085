"""A resource as a template declares it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from providers.arm.loading import Document, Fields
from providers.arm.places import Text, Where, text
from providers.arm.unresolved import Unresolved
from providers.templates import Keys

_SLASH: Final = "/"


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource. ``id`` is None where not even the parts of its name can be told apart.

    ``body`` has the form of a request to make it, evaluated; ``version`` is its api-version. ``unsure`` says why nobody
    can tell whether it is made; ``scope`` is the id of what an extension resource is of. ``at`` is where it is written.
    """

    address: str
    type: str
    id: Text | None
    name: Text
    version: Text
    body: Fields = field(repr=False)
    where: Where = field(repr=False)
    at: Keys = field(repr=False)
    scope: Text = ""
    unsure: Unresolved | None = None

    @property
    def key(self) -> str:
        """The id in the form in which ids are compared; where there is none, the address."""
        return self.address if self.id is None else text(self.id)

    @property
    def last(self) -> Text:
        """The last part of the name: what it is called below its parent."""
        return parts(self.name)[-1]

    @property
    def properties(self) -> Any:
        """What stands in its properties; an empty object where nothing does."""
        value = self.body.get("properties")
        return Fields() if value is None else value

    def of(self, type_: str) -> bool:
        """Whether it is of a type."""
        return self.type.lower() == type_.lower()


def parts(name: Text) -> list[Text]:
    """The parts of a name with slashes; a part that is not known may hold more of them."""
    if isinstance(name, str):
        return list(name.split(_SLASH))
    found, depth = [""], 0
    for mark in name.text:
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if mark == _SLASH and depth == 0:
            found.append("")
        else:
            found[-1] += mark
    return [_part(piece, name) for piece in found]


def _part(piece: str, name: Unresolved) -> Text:
    if "{" not in piece:
        return piece
    return Unresolved(name.reason, detail=name.detail, text=piece)


@dataclass(slots=True)
class Expanded:
    """What a template declares, nested ones included. ``existing`` are ids of what is only referred to."""

    document: Document
    resources: list[Declared] = field(default_factory=list)
    existing: set[str] = field(default_factory=set)
    linked: list[str] = field(default_factory=list)
    endless: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    version: str = "1.0"
    tool: str = "Azure Resource Manager"
