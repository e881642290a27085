"""Ids of Resource Manager, in lower case as the live adapter keeps them, and what else attributes name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from providers.azure.shapes import arm_id
from providers.base import Unread
from providers.terraform.block import REQUIRED, Block
from providers.terraform.mapping import Attribute, Derived, Where

PROVIDER: Final = "provider documentation"
NOT_HELD: Final = Unread("not_collected", detail="this plan does not hold it")
NAME: Final = Attribute("name", None)
RESOURCE: Final = ("id", "name")
"""The keys of what others name by its id, or by its name beside its resource group."""
GROUP: Final = ("resource_group_name",)


def identity(type_: str, attribute: str = "id") -> Callable[[Block, Where], Any]:
    """The id of a resource of a type that lies in a resource group.

    It follows from the subscription and the names before the resource exists ("Resource ID", Resource Manager).
    """

    def of(block: Block, where: Where) -> Any:
        id_ = block.get(attribute, None, optional=True, computed=False)
        if isinstance(id_, str) and id_.startswith("/"):
            return arm_id(id_)
        group = block.get("resource_group_name", None, optional=True)
        name = block.get("name", id_, optional=True)
        known = where.account is not None and isinstance(group, str) and isinstance(name, str)
        if not known:
            return id_ if isinstance(id_, Unread) else None
        return f"/subscriptions/{where.account}/resourcegroups/{group}/providers/{type_}/{name}".lower()

    return of


def known(attribute: str = "id") -> Callable[[Block, Where], Any]:
    """The id of what exists; what a new one will be is not foretold."""

    def of(block: Block, where: Where) -> Any:
        id_ = block.get(attribute, None, optional=True, computed=False)
        return arm_id(id_) if isinstance(id_, str) else id_

    return of


def child(type_: str, parent: str, owner: str, attribute: str = "id") -> Callable[[Block, Where], Any]:
    """The id of what lies below a resource of the type ``owner``, which the attribute ``parent`` names by id."""

    def of(block: Block, where: Where) -> Any:
        id_ = block.get(attribute, None, optional=True, computed=False)
        if isinstance(id_, str):
            return arm_id(id_)
        above, name = refer(block, parent, owner), block.get("name", None, optional=True)
        if not isinstance(above, str) or not above.startswith("/") or not isinstance(name, str):
            return id_
        return f"{above}/{type_.rpartition('/')[2]}/{name}".lower()

    return of


def exists(block: Block) -> bool:
    """Whether a resource is there already: its id is known only then."""
    return isinstance(block.get("id", None, computed=False), str)


def refer(block: Block, path: str, type_: str | None = None, default: Any = None, *, optional: bool = False) -> Any:
    """The id at ``path`` in lower case, ``default`` where there is none.

    Of one that is known only after apply, the id of the planned resource of a type that it is taken from. Without a
    type that is whichever resource it is taken from: that something is named is known, though not how its id will read.
    """
    value = block.get(path, default, optional=optional)
    if isinstance(value, str):
        return arm_id(value) or default
    if isinstance(value, Unread) and value.reason == "known_after_apply":
        referring, references = block.referring, block.references(path)
        return (_stands(block, references) if type_ is None else referring.id_of(references, type_)) or value
    return value


def reference(path: str, type_: str | None = None, default: Any = None, *, optional: bool = False) -> Derived:
    """A property that is the id at ``path`` (see :func:`refer`)."""
    return Derived((path,), lambda block: refer(block, path, type_, default, optional=optional))


def referred(block: Block, path: str) -> Any:
    """The ids of a list in lower case, those of planned resources as in :func:`refer`."""
    found = []
    for value, references in block.names(path):
        if isinstance(value, str):
            found.append(arm_id(value))
        elif value is not None:
            found.append(_stands(block, references) or value)
    return found


def _stands(block: Block, references: Sequence[str]) -> str | None:
    """What stands for the one planned resource that an expression takes its value from."""
    found = block.referring.one(references)
    return None if found is None else found[1]


def either(
    *paths: str, default: Any = REQUIRED, source: str = "", convert: Callable[[Any], Any] | None = None
) -> Derived:
    """A property whose attribute had other names in other versions of the provider: the one that is set.

    ``default`` as of :class:`providers.terraform.mapping.Attribute`.
    """

    def read(block: Block) -> Any:
        there = [path for path in paths if path.partition(".")[0] in block.values] or [paths[0]]
        values = [block.get(path, None, optional=len(there) > 1, computed=False) for path in there]
        told = next((value for value in values if value is not None and not isinstance(value, Unread)), None)
        if told is None:
            values = [block.get(path, default, optional=len(there) > 1) for path in there]
            told = next((value for value in values if isinstance(value, Unread)), values[0])
        return convert(told) if convert is not None and told is not None and not isinstance(told, Unread) else told

    return Derived(paths, read, source)


def switched(on: str, off: str) -> Callable[[Any], str]:
    """Text for what the provider has as true or false."""
    return lambda value: on if value is True else off if value is False else _refuse(value)


def _refuse(value: Any) -> str:
    raise TypeError(f"neither true nor false: {value!r:.80}")


ACCESS: Final = switched("Enabled", "Disabled")


def said(value: Any) -> Any:
    """A text of which "" says as much as null, as it does in nested blocks."""
    return None if value == "" else value


def rows(block: Block, path: str, read: Callable[[Block], Any], *, optional: bool = False) -> Any:
    """What ``read`` gives of every nested block."""
    found = block.blocks(path, optional=optional)
    return found if isinstance(found, Unread) else [read(row) for row in found]
