"""All resources of a template, and which belong to which: by their ids, which a template tells wherever it goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from providers.arm.declared import Declared, Expanded, parts
from providers.arm.loading import Fields
from providers.arm.places import text
from providers.arm.unresolved import Unresolved
from providers.base import Unread

AMBIGUOUS: Final = Unread("ambiguous", detail="several resources of the template set it")
PERHAPS: Final = Unread("ambiguous", detail="a resource whose owner is not known may set it")


class World:
    """The resources of a template, by type and by id."""

    def __init__(self, expanded: Expanded) -> None:
        self.expanded = expanded
        self._by_type: dict[str, list[Declared]] = defaultdict(list)
        for item in expanded.resources:
            self._by_type[item.type.lower()].append(item)
        self._by_key = {item.key: item for item in expanded.resources}

    def all(self, *types: str) -> list[Declared]:
        """The resources of some types."""
        return [item for type_ in types for item in self._by_type.get(type_.lower(), ())]

    def by_key(self, key: str | None) -> Declared | None:
        """The resource with a key."""
        return self._by_key.get(key) if key is not None else None

    def held(self, key: str) -> bool:
        """Whether a key is that of a resource of the template, or of one that it refers to by a declaration."""
        return key in self._by_key or key in self.expanded.existing

    def holder(self, item: Declared) -> Declared | None:
        """The resource of the template, nearest first, below which a resource lies."""
        key = owner_of(item)
        while key is not None and key not in self._by_key and len(parts(_as_text(key))) > _SHORTEST:
            key = _above(key)
        return self.by_key(key)

    # --- who belongs to whom -----------------------------------------------------------------------------------------

    def parts(self, owner: str, *types: str) -> tuple[list[Declared], Unread | None]:
        """The parts of some types of the owner with a key, and why there may be more of them."""
        certain, doubt = [], None
        for item in self.all(*types):
            mine = owner_of(item)
            if mine == owner:
                certain.append(item)
            elif (mine is None or not self.held(mine)) and _may_be(mine, owner):
                doubt = PERHAPS
        return certain, doubt

    def one(self, owner: str, types: Sequence[str], read: Callable[[Declared], Any], absent: Any) -> Any:
        """What the one part of an owner gives; ``absent`` where it has none."""
        certain, doubt = self.parts(owner, *types)
        if doubt is not None:
            return doubt
        values = [item.unsure.plain if item.unsure is not None else read(item) for item in certain]
        if len(values) > 1:
            return AMBIGUOUS
        return values[0] if values else absent

    def many(self, owner: str, types: Sequence[str], read: Callable[[Declared], Any], keys: Iterable[str]) -> list[Any]:
        """What every part of an owner gives; one of which nothing is known stands for what may be there beside."""
        certain, doubt = self.parts(owner, *types)
        names = tuple(keys)
        made = [read(item) if item.unsure is None else dict.fromkeys(names, item.unsure.plain) for item in certain]
        return made if doubt is None else [*made, dict.fromkeys(names, doubt)]

    # --- values ------------------------------------------------------------------------------------------------------

    def anchored(self, body: Any) -> Any:
        """A body in which ids of resources of the template, and of what lies below them, are texts.

        That it is this resource is known, though not how its id will read.
        """
        if not isinstance(body, dict):
            return body
        return Fields({key: self._anchored(value) if key.lower() in _IDS else value for key, value in body.items()})

    def _anchored(self, value: Any) -> Any:
        if isinstance(value, Unresolved):
            return self._named(value) if value.text.startswith("/") else value
        if isinstance(value, dict):
            return Fields({key: self._anchored(item) for key, item in value.items()})
        return [self._anchored(item) for item in value] if isinstance(value, list) else value

    def _named(self, value: Unresolved) -> Any:
        key = text(value)
        words = [text(word) for word in parts(replace(value, text=key))]
        above = ("/".join(words[:end]) for end in range(len(words), _SHORTEST, -1))
        return key if key in self._by_key or any(name in self._by_key for name in above) else value


_IDS: Final = frozenset({"properties", "managedby", "id"})
"""Where ids of other resources stand in a body."""
_SHORTEST: Final = 6
"""Parts that an id has of a group or a subscription, below which is much that a template does not hold."""


def owner_of(item: Declared) -> str | None:
    """The key of what a resource belongs to: what it is an extension of, else its parent; None where nobody knows."""
    if item.id is None:
        return None
    if not isinstance(item.scope, str) or item.scope:
        return text(item.scope)
    if len(item.type.split("/")) < 3:
        return text(item.where.id)
    return text(replace(item.id, text=_above(item.id.text)) if isinstance(item.id, Unresolved) else _above(item.id))


def _as_text(key: str) -> Unresolved:
    return Unresolved("ambiguous", text=key)


def _above(id_: str) -> str:
    words = parts(_as_text(id_))
    return "/".join(word if isinstance(word, str) else word.text for word in words[:-2])


def _may_be(mine: str | None, owner: str) -> bool:
    """Whether two keys may be of one resource, for all that is known of them."""
    if mine is None:
        return True
    one, other = (parts(_as_text(key)) for key in (mine, owner))
    if any(isinstance(words[0], Unresolved) for words in (one, other)):
        return True
    pairs = zip(one, other, strict=False)
    same = all(first == second for first, second in pairs if isinstance(first, str) and isinstance(second, str))
    return len(one) == len(other) and same
