"""Resources as expressions see them, and which resources of another type belong to one: joins by equality."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeVar

from engine.model import GLOBAL, Collection, Relation, Resource, Snapshot, Unread

NOT_COLLECTED: Final = Unread("not_collected")
EXPRESSION_ERROR: Final = Unread("expression_error")


def plain_resource(item: Resource) -> dict[str, Any]:
    """A resource as expressions see it: its properties beside id, name, account, region and (where read) tags.

    What identifies a planned resource may be unread: it is known only once it exists.
    """
    identity = {"id": item.id, "name": item.name, "account": item.account, "region": item.region}
    if item.unread:
        identity = {key: value for key, value in identity.items() if f"/{key}" not in item.unread}
    tags = {} if item.tags is None else {"tags": dict(item.tags)}
    return {**item.properties, **tags, **identity}


def unread_keys(item: Resource) -> Iterator[tuple[str, str]]:
    """Paths of tags of which it is not known whether the resource has them. Any other gap in a map makes all of it one.

    See :func:`engine.collection.conformance.conforming`.
    """
    for pointer in item.unread:
        if pointer.startswith("/tags/"):
            yield "tags", pointer.removeprefix("/tags/").replace("~1", "/").replace("~0", "~")


@dataclass(frozen=True, slots=True)
class Related:
    """The resources of one relation for one subject, and their plain values; ``unread`` says why there may be more."""

    resources: tuple[Resource, ...]
    values: list[Mapping[str, Any]] = field(default_factory=list)
    unread: Unread | None = None


def related(resources: Sequence[Resource]) -> Related:
    """A complete relation of these resources."""
    return Related(tuple(resources), [plain_resource(item) for item in resources])


def unread_at(item: Resource, path: Sequence[str | int]) -> Unread:
    """Why a path below a resource's properties is not there: what ``unread`` says of it or of an object around it."""
    pointer = ""
    for part in path:
        pointer += "/" + str(part).replace("~", "~0").replace("/", "~1")
        if pointer in item.unread:
            return item.unread[pointer]
    # Below a property that was read, the answer itself has no such key.
    read = path and (path[0] in item.properties or (path[0] == "tags" and item.tags is not None))
    return EXPRESSION_ERROR if read else NOT_COLLECTED


Typed = TypeVar("Typed", Resource, Collection)


def _by_type(items: Iterable[Typed]) -> dict[str, list[Typed]]:
    found: dict[str, list[Typed]] = {}
    for item in items:
        found.setdefault(item.type, []).append(item)
    return found


class World:
    """A snapshot indexed by type. Every plain resource is made once.

    ``listings`` are snapshots of what relations across accounts are joined with, where that was read apart.
    """

    def __init__(self, snapshot: Snapshot, listings: Sequence[Snapshot] = ()) -> None:
        self.resources = _by_type(snapshot.resources)
        self.collections = _by_type(snapshot.collections)
        self._rows = _by_type(chain(*(part.resources for part in listings)))
        self._listed = _by_type(chain(*(part.collections for part in listings)))
        self._plain: dict[int, Mapping[str, Any]] = {}

    def plain(self, item: Resource) -> Mapping[str, Any]:
        """:func:`plain_resource`, made once."""
        known = self._plain.get(id(item))
        if known is None:
            known = self._plain[id(item)] = plain_resource(item)
        return known

    def join(self, relation: Relation) -> Callable[[Resource], Related]:
        """What a relation holds for a subject: a hash join by equality, within the account; null joins nothing.

        One that goes across accounts is joined with every row of listings; text is compared without regard to case.
        It is complete when the listings of every scope that could hold a match are, and no candidate's key is unread.
        An id has one resource: where that was found, and where nothing can name what does not exist yet, listings do
        not matter.
        """
        # Every join is within the account, whether or not anybody knows yet which one it is.
        on = {name: own for name, own in relation.on.items() if (name, own) != ("account", "account")}
        theirs, ours = tuple(on), tuple(on.values())
        key_of = _across if relation.across else _within
        index: dict[tuple[Any, ...], list[Resource]] = {}
        unsure: list[tuple[Any, ...]] = []
        apart = self._rows.get(relation.resource_type, []) if relation.across else []
        for item in chain(self.resources.get(relation.resource_type, ()), apart):
            key = key_of(item, self._key(item, theirs))
            if any(isinstance(part, Unread) for part in key):
                unsure.append(key)
            elif None not in key:
                index.setdefault(key, []).append(item)
        rows = [*self.collections.get(relation.resource_type, ()), *self._listed.get(relation.resource_type, ())]
        by_region = relation.on.get("region") == "region"
        memo: dict[tuple[Any, ...], Related] = {}

        def join(item: Resource) -> Related:
            key = key_of(item, self._key(item, ours))
            unread = next((part for part in key if isinstance(part, Unread)), None)
            if unread is not None or None in key:
                return Related((), unread=unread)
            full = (item.region if by_region else None, *key)
            known = memo.get(full)
            if known is None:
                matches = tuple(index.get(key, ()))
                closed = (matches and "id" in theirs) or ("id" in ours and _not_there(item))
                mine = rows if relation.across else _mine(rows, item, by_region)
                gap = (None if closed else _gap(mine)) or _candidate(unsure, key)
                known = memo[full] = Related(matches, [self.plain(match) for match in matches], gap)
            return known

        return join

    def _key(self, item: Resource, names: Sequence[str]) -> tuple[Any, ...]:
        """The values that a join compares; an Unread stands for one that was not read."""
        # The id of what does not exist yet stands for it all the same, also where others name it.
        plain = {**self.plain(item), "id": item.id} if "id" in names else self.plain(item)
        return tuple(plain[name] if name in plain else unread_at(item, (name,)) for name in names)


def _within(item: Resource, key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (item.account, *key)


def _across(item: Resource, key: tuple[Any, ...]) -> tuple[Any, ...]:
    # Directories take names and addresses without regard to case, and systems write them each in its own way.
    return tuple(part.casefold() if isinstance(part, str) else part for part in key)


def _candidate(unsure: Sequence[tuple[Any, ...]], key: tuple[Any, ...]) -> Unread | None:
    """What was not read of a resource that may belong here: one whose known values all fit."""
    for values in unsure:
        unread = [value for value in values if isinstance(value, Unread)]
        if all(isinstance(value, Unread) or value == own for value, own in zip(values, key, strict=True)):
            return unread[0]
    return None


def _mine(rows: Sequence[Collection], item: Resource, by_region: bool) -> Sequence[Collection]:
    """The listings that could hold a match, of those of an account."""
    mine = [row for row in rows if (row.scope.provider, row.scope.account) == (item.provider, item.account)]
    if by_region:
        mine = [row for row in mine if row.scope.region in (item.region, GLOBAL, "*")]
    return mine


def _gap(rows: Sequence[Collection]) -> Unread | None:
    """Why the listings that could hold a match are not complete; None when they are."""
    if not rows:
        return NOT_COLLECTED
    return next(((row.unread or NOT_COLLECTED) for row in rows if row.state == "failed"), None)


def _not_there(item: Resource) -> bool:
    """Whether a resource is only planned, and nothing outside of its plan can name it."""
    return "/id" in item.unread and item.unread["/id"].reason == "known_after_apply"
