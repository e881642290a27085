"""Names of Google's resources as the live adapter has them, from those that Terraform's attributes hold.

What the provider calls an id is the relative name of a resource ("projects/p/topics/t"), known once the resource is
there; the live adapter's is the full one. Of what is only planned its address stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.base import MISSING, Unread
from providers.gcp.compute_instances import PROJECT as COMPUTE_PROJECT
from providers.gcp.fields import seconds
from providers.gcp.gke import ADMISSION
from providers.gcp.listing import full_name
from providers.gcp.projects import PROJECT
from providers.terraform import mapping as declared
from providers.terraform.block import Block
from providers.terraform.catalogue import Named
from providers.terraform.mapping import Derived, Where

COMPUTE: Final = "compute.googleapis.com"
NOT_HELD: Final = Unread("not_collected", detail="this plan does not hold it")
NOT_TOLD: Final = Unread("not_collected", detail="the plan does not tell it")
LATER: Final = Unread("known_after_apply")

ACCOUNTS: Final[Mapping[str, Named]] = {
    # Its full name holds the number, which does not follow from the id.
    PROJECT: lambda project: None,
    COMPUTE_PROJECT: lambda project: f"//compute.googleapis.com/projects/{project}",
    ADMISSION: lambda project: f"//binaryauthorization.googleapis.com/projects/{project}/policy",
}
"""The types of which a project has one, with the full name of a project's."""


def exists(block: Block) -> bool:
    """Whether a resource is there already: its id is known only then."""
    return isinstance(block.get("id", None, optional=True, computed=False), str)


def identity(host: str, collection: str | None = None, named: str = "name") -> Callable[[Block, Where], Any]:
    """The full name of a resource of a service that is there; with its ``collection`` also of one that is planned.

    ``{region}`` in a collection ("zones/{region}/disks") is the resource's zone, region or location; ``named`` is the
    attribute that holds the last part of the name.
    """

    def read(block: Block, where: Where) -> Any:
        id_, name = (block.get(key, None, optional=True, computed=False) for key in ("id", named))
        if isinstance(id_, str):
            if id_.startswith(("projects/", "v1/projects/")):
                return f"//{host}/{id_.removeprefix('v1/')}"
            if name is None and "/" not in id_:
                # Of what another plan holds a part may tell the name alone.
                name = id_
        if collection is None or not isinstance(name, str) or where.account is None or where.region is None:
            return None
        return f"//{host}/projects/{where.account}/{collection.format(region=where.region)}/{name}"

    return read


def mapping(
    host: str, type_: str, terraform: str, properties: Mapping[str, Any], collection: str | None = None, **more: Any
) -> declared.Mapping:
    """A mapping of a type whose resources are named by id, by URL and by their own name (see :func:`identity`)."""
    given = {"keys": ("id", "self_link", "name"), "identity": identity(host, collection), **more}
    return declared.Mapping(type=type_, terraform=terraform, properties=properties, **given)


def project(block: Block) -> str | None:
    """The project of a resource, as far as the plan tells."""
    return block.referring.place()[0]


def linked(block: Block, path: str, type_: str, collection: str | None = None) -> Any:
    """The id of the Compute Engine resource that an attribute names by id, URL or name; null where it is not set.

    ``collection`` is where a resource lies that is named by its name alone ("global/networks").
    """
    value = block.get(path, None, optional=True)
    if isinstance(value, Unread):
        return block.id(path, type_, None, optional=True)
    planned = block.referring.id_by(value, type_) if value else None
    if not value or planned is not None:
        return planned
    if "/" in value:
        return value if value.startswith("//") else full_name(_link(value))
    own = project(block)
    return NOT_TOLD if own is None or collection is None else f"//{COMPUTE}/projects/{own}/{collection}/{value}"


def _link(value: str) -> str:
    start = value.find("projects/")
    return f"//{COMPUTE}/{value[start:]}" if start >= 0 else value


def link(path: str, type_: str, collection: str | None = None, absent: Any = MISSING) -> Derived:
    """A property that names another resource of Compute Engine (see :func:`linked`), ``absent`` where none is set."""

    def read(block: Block) -> Any:
        value = linked(block, path, type_, collection)
        return absent if value is None else value

    return Derived((path,), read)


def last(value: Any) -> Any:
    """The last part of a name or URL."""
    return value.rpartition("/")[2]


def text(value: str) -> str | None:
    """A text of which "" says as much as null."""
    return value or None


def period(value: str) -> Any:
    """A duration ("7776000s") in seconds; the provider gives "" for one that is not set."""
    return seconds(value) if value else None


# --- labels ----------------------------------------------------------------------------------------------------------


def labels(path: str = "labels", effective: str = "effective_labels") -> Derived:
    """The labels of a resource with those that the provider's configuration adds to every resource.

    Since version 5 the provider tells both together while planning (at ``effective``), where there are any.
    """

    def read(block: Block) -> Any:
        both = block.get(effective, None, optional=True, computed=False)
        if isinstance(both, dict) or (isinstance(both, Unread) and both.reason != "known_after_apply"):
            return both
        own = block.get(path, {}, optional=True)
        if not isinstance(own, (dict, Unread)):
            raise TypeError("labels are no map")
        return own

    return Derived((path,), read)


LABELS: Final = labels()
