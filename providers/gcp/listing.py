"""Types that their own API lists in one call for the whole project: where, below which key, by which names.

Sources: AIP-132 ("List"); Compute Engine API reference, "aggregatedList".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from providers.base import Reader
from providers.gcp.assets import Item, Properties, resource
from providers.gcp.fields import Field, malformed, read

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

COMPUTE: Final = "https://compute.googleapis.com/compute/v1"
_LINK: Final = re.compile(r"(?:https://[^/]+/compute/[a-z0-9]+|//compute\.googleapis\.com)/(projects/.+)")
_PLACE: Final = re.compile(r"/(?:locations|regions|zones)/([^/]+)/")
_NOTHING: Final = "NO_RESULTS_ON_PAGE"
"""The warning of a zone, a region or a page that has no resource of the kind."""


def warned(held: Mapping[str, Any]) -> bool:
    """Whether a page, or what it holds of one place, warns that it is not all: of anything but that it is empty."""
    warning = held.get("warning")
    return warning is not None and warning.get("code") != _NOTHING


def full_name(link: Any) -> Any:
    """The full resource name of what one of Compute Engine's URLs links to, whichever host and version it has."""
    found = _LINK.fullmatch(link) if isinstance(link, str) else None
    return f"//compute.googleapis.com/{found.group(1)}" if found else malformed("a link of Compute Engine")


def by_link(gcp: Caller, item: Mapping[str, Any]) -> str:
    """The full name of a resource of Compute Engine, by its selfLink."""
    name = full_name(item["selfLink"])
    if not isinstance(name, str):
        raise TypeError("selfLink")
    return name


def by_name(host: str) -> Callable[[Caller, Mapping[str, Any]], str]:
    """The full name of a resource of ``host`` that has its relative one, with the project's id for its number."""

    def named(gcp: Caller, item: Mapping[str, Any]) -> str:
        name: str = item["name"]
        return f"//{host}/{name.replace(f'projects/{gcp.number}/', f'projects/{gcp.account}/', 1)}"

    return named


def place(name: str) -> str | None:
    """The location, region or zone in a resource's name; None: global."""
    found = _PLACE.search(name)
    return found.group(1) if found and found.group(1) != "global" else None


@dataclass(frozen=True, slots=True)
class Listing:
    """How the resources of a type are listed: ``url`` with the project's id for ``{project}``; items below ``key``.

    ``kind`` is what the answer says that it is, where the API has that. ``named`` gives a resource's full name.
    """

    operation: str
    permission: str
    url: str
    key: str
    named: Callable[[Caller, Mapping[str, Any]], str]
    kind: str | None = None
    limit: str = "pageSize"
    size: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, gcp: Caller) -> Iterator[Item]:
        """Every resource of the project."""
        url = self.url.format(project=gcp.account)
        for item in gcp.pages(
            self.operation, url, self.key, kind=self.kind, limit=self.limit, size=self.size, **self.parameters
        ):
            yield self.named(gcp, item), item


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A type of Compute Engine that lies in zones or regions, listed for all of them: ``collection`` "instances"."""

    operation: str
    permission: str
    collection: str
    kind: str

    def __call__(self, gcp: Caller) -> Iterator[Item]:
        """Every resource of the project. Raises Partial, after the last page, where a place could not be reached."""
        url = f"{COMPUTE}/projects/{gcp.account}/aggregated/{self.collection}"
        reached = True
        for _, held in gcp.pages(self.operation, url, "items", kind=self.kind, limit="maxResults", size=500):
            if held.keys() - {self.collection, "warning"} or not held:
                raise LookupError(self.collection)
            reached = reached and not warned(held)
            for item in held.get(self.collection, ()):
                yield by_link(gcp, item), item
        if not reached:
            # Declarations need no SDK, which knows these errors.
            from providers.gcp.errors import Partial

            raise Partial(self.operation)


def compute(collection: str) -> Aggregated:
    """The listing of ``collection`` ("instances") over all zones and regions."""
    kind = collection.replace("ies", "y") if collection.endswith("ies") else collection.removesuffix("s")
    kind = {"targetHttpsProxies": "targetHttpsProxy"}.get(collection, kind)
    operation = f"compute.{collection}.aggregatedList"
    return Aggregated(operation, f"compute.{collection}.list", collection, f"compute#{kind}AggregatedList")


def compute_global(collection: str, kind: str) -> Listing:
    """The listing of ``collection`` ("networks"), which lies in no place; ``kind`` "compute#networkList"."""
    return Listing(
        operation=f"compute.{collection}.list",
        permission=f"compute.{collection}.list",
        url=f"{COMPUTE}/projects/{{project}}/global/{collection}",
        key="items",
        named=by_link,
        kind=kind,
        limit="maxResults",
        size=500,
    )


def listed(
    type_: str,
    fields: Mapping[str, Field],
    listing: Listing | Aggregated,
    more: Properties | None = None,
    fills: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Reader:
    """The lister of a type whose properties stand in a table, and those of ``fills`` that ``more`` reads.

    ``also``: see :func:`providers.gcp.assets.resource`.
    """

    def properties(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
        further = more(gcp, name, item) if more else {}
        return {"name": name.rpartition("/")[2], "region": place(name), **read(fields, item), **further}

    return resource(
        type_,
        (*fields, *fills),
        properties,
        operations=(listing.operation,),
        items=listing,
        permissions=(listing.permission,),
        also=also,
    )
