"""Types that Cloud Asset Inventory lists in bulk, each with the calls that stand in for it where it does not.

ListAssets gives the REST representation of a resource (content RESOURCE) and its IAM policy (IAM_POLICY), a thousand
assets a page, of all the types that are asked for. So the readers of a plan that use it become one for each content.
Where the inventory's API is off or denied, each type is read through its own API, and so is what a grave failure rests
on: the inventory learns of changes later ("volatile window"). The same functions read the JSON of both.

Source: Cloud Asset API reference, "assets.list"; Cloud Asset Inventory, "Asset types".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, Resource, Scope, Unread
from providers.gcp.iam_policy import answered, principals

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

RESOURCE: Final = "RESOURCE"
IAM_POLICY: Final = "IAM_POLICY"
PERMISSIONS: Final[Mapping[str, str]] = {
    RESOURCE: "cloudasset.assets.listResource",
    IAM_POLICY: "cloudasset.assets.listIamPolicy",
}
OFF: Final = frozenset({"SERVICE_DISABLED"})
GONE: Final = frozenset({"NOT_FOUND"})

Item = tuple[str, Mapping[str, Any]]
"""A resource's full name, as the inventory gives it, and its JSON."""
Properties = Callable[["Caller", str, Any], Mapping[str, Any]]
"""Told a full name and the JSON of the resource or its policy, gives the properties (``tags`` among them).

``region`` and ``name`` are the identity's.
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a content of the inventory is to a resource type: properties ``fills``, read by ``read``.

    ``also`` are further asset types of the inventory that are resources of the type.
    """

    type: str
    fills: tuple[str, ...]
    read: Properties
    content: str
    also: tuple[str, ...] = ()

    def found(self, gcp: Caller, name: str, value: Any) -> Found:
        """The resource with this full name."""
        try:
            said = dict(self.read(gcp, name, value))
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            # The others are as good as before.
            said = dict.fromkeys(self.fills, Unread("malformed_response", detail=type(error).__name__))
        return Found(self.type, name, said, said.pop("name", name.rpartition("/")[2]), said.pop("region", None))


@dataclass(frozen=True, slots=True)
class Bulk:
    """Lists the assets of some kinds, all of one content."""

    kinds: tuple[Kind, ...]

    def __call__(self, gcp: Caller, scope: Scope) -> Iterator[Found]:
        """Every asset of the project that is of one of the kinds."""
        kinds = {name: kind for kind in self.kinds for name in (kind.type, *kind.also)}
        content = self.kinds[0].content
        for name, asset in gcp.assets(content, sorted(kinds)):
            kind = kinds[asset["assetType"]]
            value = asset["resource"]["data"] if content == RESOURCE else asset["iamPolicy"]
            yield kind.found(gcp, name, value)


@dataclass(frozen=True, slots=True)
class Direct:
    """Lists the resources of one kind through their own API."""

    kind: Kind
    items: Callable[[Caller], Iterable[Item]]

    def __call__(self, gcp: Caller, scope: Scope) -> Iterator[Found]:
        """Every resource of the project that is of the kind."""
        for name, value in self.items(gcp):
            yield self.kind.found(gcp, name, value)


def resource(
    type_: str,
    fills: tuple[str, ...],
    read: Properties,
    *,
    operations: tuple[str, ...],
    items: Callable[[Caller], Iterable[Item]],
    permissions: tuple[str, ...],
    also: tuple[str, ...] = (),
) -> Reader:
    """The lister of a type: by the inventory, else by ``items``, which calls ``operations``.

    ``also`` are the asset types that the inventory has beside the type for what ``items`` lists with it.
    """
    kind = Kind(type_, fills, read, RESOURCE, also)
    direct = Reader(
        operations=operations,
        read=Direct(kind, items),
        where=GLOBAL,
        lists=(type_,),
        fills={type_: fills},
        permissions=permissions,
        off_codes=OFF,
    )
    return _bulk(kind, (direct,), resources_together)


def policy(
    type_: str,
    fills: tuple[str, ...],
    read: Properties,
    ask: Callable[[Caller, Resource], Mapping[str, Any]],
    *,
    operation: str,
    permission: str,
    unmentioned: Mapping[str, Any] | None = None,
    gone: frozenset[str] = GONE,
    above: tuple[str, ...] = (),
) -> Reader:
    """Reads the IAM policies of a type: by the inventory, else one by one, as ``ask`` gets that of a resource.

    The inventory lists only what has a policy; ``unmentioned`` is what having none says. ``gone`` are the codes by
    which the resource was deleted since it was listed; ``above`` the permissions that ``read`` takes for itself.
    """

    def alone(gcp: Caller, item: Resource) -> Mapping[str, Any]:
        return read(gcp, item.id, answered(ask(gcp, item)))

    direct = Reader(
        operations=(operation,),
        read=alone,
        per="resource",
        of=type_,
        fills={type_: fills},
        permissions=(permission, *above),
        gone_codes=gone,
    )
    return _bulk(Kind(type_, fills, read, IAM_POLICY), (direct,), policies_together, unmentioned, above)


def _bulk(
    kind: Kind,
    alternatives: tuple[Reader, ...],
    together: Callable[[tuple[Reader, ...]], Reader],
    unmentioned: Mapping[str, Any] | None = None,
    above: tuple[str, ...] = (),
) -> Reader:
    return Reader(
        operations=(f"cloudasset.assets.list {kind.content}",),
        read=Bulk((kind,)),
        where=GLOBAL,
        lists=(kind.type,) if kind.content == RESOURCE else (),
        fills={kind.type: kind.fills},
        permissions=(PERMISSIONS[kind.content], *above),
        unmentioned={kind.type: unmentioned} if unmentioned is not None else {},
        alternatives=alternatives,
        confirmed_by=alternatives,
        together=together,
    )


def resources_together(readers: tuple[Reader, ...]) -> Reader:
    """One listing of the resources of several types."""
    return _joined(readers)


def policies_together(readers: tuple[Reader, ...]) -> Reader:
    """One listing of the IAM policies of several types."""
    return _joined(readers)


def _joined(readers: tuple[Reader, ...]) -> Reader:
    bulks = [reader.read for reader in readers if isinstance(reader.read, Bulk)]
    return replace(
        readers[0],
        read=Bulk(tuple(kind for bulk in bulks for kind in bulk.kinds)),
        lists=tuple(type_ for reader in readers for type_ in reader.lists),
        fills={type_: names for reader in readers for type_, names in reader.fills.items()},
        permissions=tuple(sorted({name for reader in readers for name in reader.permissions})),
        unmentioned={type_: said for reader in readers for type_, said in reader.unmentioned.items()},
        alternatives=tuple(one for reader in readers for one in reader.alternatives),
        confirmed_by=tuple(one for reader in readers for one in reader.confirmed_by),
    )


def own_principals(gcp: Caller, name: str, policy: Any) -> Mapping[str, Any]:
    """Who holds which role by a resource's own IAM policy."""
    return {"principals": principals([(name, policy)])}
