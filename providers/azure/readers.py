"""Readers as most types of Azure need them: the rows of a table, and a GET below each resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.shapes import Shape, found, shaped
from providers.base import Found, Reader, Resource, Scope

if TYPE_CHECKING:
    from providers.azure.caller import Caller

OFF: Final = frozenset({"MissingSubscriptionRegistration", "SubscriptionNotRegistered"})
"""The subscription has not registered the resource provider: nothing of its types exists there."""
GONE: Final = frozenset({"ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound"})
"""What was listed a moment ago is not there any more: Resource Graph learns of it minutes later."""


def bulk(type_: str, shape: Shape, table: str = "resources", confirmed: str | None = None) -> Reader:
    """The reader that lists a type from a table of Resource Graph, and reads ``shape`` from its rows.

    ``confirmed`` is the api-version at which Resource Manager is asked for one of them where that matters: Resource
    Graph learns of changes later.
    """

    def read(azure: Caller, scope: Scope) -> Iterator[Found]:
        for row in azure.rows(table, type_):
            yield found(type_, row, shaped(shape, row, row.get("apiVersion")))

    return Reader(
        operations=(f"resourcegraph:{table}/{type_}",),
        read=read,
        where="global",
        lists=(type_,),
        fills={type_: ("tags", *shape)},
        permissions=(f"{type_}/read",),
        confirmed_by=() if confirmed is None else (_itself(type_, shape, confirmed),),
    )


def _itself(type_: str, shape: Shape, version: str) -> Reader:
    """The reader of a resource from Resource Manager itself."""

    def read(azure: Caller, resource: Resource) -> Mapping[str, Any]:
        item = azure.itself(resource.id, version)
        return found(type_, item, shaped(shape, item, version)).properties

    return Reader(
        operations=(f"arm:{type_}",),
        read=read,
        per="resource",
        where="global",
        of=type_,
        fills={type_: ("tags", *shape)},
        permissions=(f"{type_}/read",),
        gone_codes=GONE,
    )


def listing(type_: str, shape: Shape, version: str) -> Reader:
    """The reader that lists a type from Resource Manager at an api-version, below the subscription."""

    def read(azure: Caller, scope: Scope) -> Iterator[Found]:
        for item in azure.items(f"{azure.path}/providers/{type_}", version):
            yield found(type_, item, shaped(shape, item, version))

    return Reader(
        operations=(f"arm:{type_}",),
        read=read,
        where="global",
        lists=(type_,),
        fills={type_: ("tags", *shape)},
        permissions=(f"{type_}/read",),
        off_codes=OFF,
    )


def children(
    of: str, type_: str, shape: Shape, version: str, *, query: str = "", permission: str | None = None
) -> Reader:
    """The reader that lists what lies below every resource ``of`` a type, as resources of its own.

    The parents come from Resource Graph; the last word of ``type_`` is the collection below each, ``query`` narrows it
    ("$filter=..."). Where one parent's cannot be listed, the others' are, and the listing is not complete.
    """
    needed = permission or f"{type_}/read"

    def read(azure: Caller, scope: Scope) -> Iterator[Found]:
        failed: Exception | None = None
        for parent in azure.rows("resources", of):
            path = f"{parent['id']}/{type_.rpartition('/')[2]}" + (f"?{query}" if query else "")
            try:
                items = azure.items_below(parent["name"], path, version)
            except Exception as error:
                failed = failed or error
                continue
            for item in items:
                # What does not say where it lies lies where its parent does.
                placed = item if item.get("location") else {**item, "location": parent.get("location")}
                yield found(type_, placed, shaped(shape, item, version))
        if failed is not None:
            raise failed

    return Reader(
        operations=(f"resourcegraph:resources/{of}", f"arm:{type_}"),
        read=read,
        where="global",
        lists=(type_,),
        fills={type_: ("tags", *shape)},
        permissions=(f"{of}/read", needed),
    )


def below(
    of: str,
    fills: tuple[str, ...],
    type_: str,
    read: Callable[[Caller, Resource], Mapping[str, Any]],
    **more: Any,
) -> Reader:
    """The reader of what lies below each resource ``of`` a type: ``type_`` names what is asked for.

    ``more``: further arguments of :class:`providers.base.Reader`.
    """

    def read_below(azure: Caller, resource: Resource) -> Mapping[str, Any]:
        with azure.below(resource.name):
            return read(azure, resource)

    return Reader(
        operations=(f"arm:{type_}",),
        read=read_below,
        per="resource",
        where="global",
        of=of,
        fills={of: fills},
        permissions=(f"{type_}/read",),
        **{"gone_codes": GONE, **more},
    )
