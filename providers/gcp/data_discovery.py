"""Sensitive Data Protection: discovery configurations and job triggers, which look for personal and secret data.

An organization's configurations are about all of it, or about one folder; those above a project are its property.

Source: Sensitive Data Protection reference, "projects.locations.discoveryConfigs" and "projects.locations.jobTriggers".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.fields import Field, instant, read, rows
from providers.gcp.listing import Listing, by_name, listed
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

CONFIG: Final = "dlp.googleapis.com/DiscoveryConfig"
TRIGGER: Final = "dlp.googleapis.com/JobTrigger"
TYPES: Final = (ResourceType(CONFIG, GLOBAL), ResourceType(TRIGGER, GLOBAL))
API: Final = "https://dlp.googleapis.com/v2"
ORGANIZATION: Final = "dlp.organizations.locations.discoveryConfigs.list"
# The one permission for both ("discoveryConfigs.list", IAM permissions).
PERMISSION: Final = "dlp.jobTriggers.list"
PAGE: Final = 100

_RUNS: Final[Mapping[str, Field]] = {
    "status": Field("status"),
    # Until it ran for the first time there is none.
    "last_run_at": Field("lastRunTime", instant, None),
    "errors": Field("errors", rows({}), []),
}


def _counted(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return _row(item)


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    said = read(_RUNS, item)
    errors = said.pop("errors")
    return {**said, "error_count": errors if isinstance(errors, Unread) else len(errors)}


def _above(gcp: Caller, scope: Scope) -> Iterator[Found]:
    found: list[dict[str, Any]] = []
    for ancestor in gcp.ancestors:
        if ancestor.unread is not None:
            found.append(dict.fromkeys(("status", "last_run_at", "error_count", "set_on"), ancestor.unread))
        if not ancestor.name.startswith("organizations/"):
            continue
        items = gcp.above(ORGANIZATION, ancestor, partial(_configs, gcp, ancestor.name), PERMISSION)
        if isinstance(items, Unread):
            found.append(dict.fromkeys(("status", "last_run_at", "error_count", "set_on"), items))
        else:
            over = {one.name for one in gcp.ancestors}
            found += [{**_row(item), "set_on": where} for where, item in items if where in over]
    yield Found(PROJECT, project_id(gcp.number), {"inherited_discovery": found})


def _configs(gcp: Caller, organization: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The configurations of an organization, each with what it is about: the organization or a folder."""
    url = f"{API}/{organization}/locations/-/discoveryConfigs"
    items = gcp.pages(ORGANIZATION, url, "discoveryConfigs", size=PAGE)
    return [(_where(item["orgConfig"]["location"]), item) for item in items]


def _where(location: Mapping[str, Any]) -> str:
    if "folderId" in location:
        return f"folders/{location['folderId']}"
    return f"organizations/{location['organizationId']}"


def _listing(operation: str, key: str) -> Listing:
    url = f"{API}/projects/{{project}}/locations/-/{key}"
    return Listing(operation, PERMISSION, url, key, by_name("dlp.googleapis.com"), size=PAGE)


_FILLS: Final = ("status", "last_run_at", "error_count")
READERS: Final = (
    listed(CONFIG, {}, _listing("dlp.projects.locations.discoveryConfigs.list", "discoveryConfigs"), _counted, _FILLS),
    listed(TRIGGER, {}, _listing("dlp.projects.locations.jobTriggers.list", "jobTriggers"), _counted, _FILLS),
    Reader(
        operations=(ORGANIZATION,),
        read=_above,
        where=GLOBAL,
        fills={PROJECT: ("inherited_discovery",)},
        permissions=(PERMISSION,),
    ),
)
