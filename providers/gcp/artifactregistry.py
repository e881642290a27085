"""Artifact Registry: repositories, and whether what is pushed there is scanned.

Source: Artifact Registry API reference, "projects.locations.repositories" (VulnerabilityScanningConfig).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.assets import Item, resource
from providers.gcp.fields import Field, labels, malformed, read
from providers.gcp.listing import by_name, place

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

REPOSITORY: Final = "artifactregistry.googleapis.com/Repository"
TYPES: Final = (ResourceType(REPOSITORY, GLOBAL),)
API: Final = "https://artifactregistry.googleapis.com/v1"
LIST: Final = "artifactregistry.projects.locations.repositories.list"


def _state(value: Any) -> Any:
    return (
        read({"state": Field("enablementState")}, value)["state"] if isinstance(value, dict) else malformed("an object")
    )


_REPOSITORY: Final[Mapping[str, Field]] = {
    "format": Field("format"),
    # What results from the repository's own setting and from whether the project scans. One without a setting follows
    # the project ("Not set. This will be treated as INHERITED for Docker repositories").
    "scanning": Field("vulnerabilityScanningConfig", _state, None),
    "tags": Field("labels", labels, {}),
}


def _repository(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**read(_REPOSITORY, item), "name": name.rpartition("/")[2], "region": place(name)}


def _repositories(gcp: Caller) -> Iterator[Item]:
    named = by_name("artifactregistry.googleapis.com")
    url = f"{API}/projects/{gcp.account}/locations"
    locations = gcp.pages("artifactregistry.projects.locations.list", url, "locations", size=1000)
    for location in [row["name"] for row in locations]:
        for item in gcp.pages(LIST, f"{API}/{location}/repositories", "repositories", size=1000):
            yield named(gcp, item), item


READERS: Final = (
    resource(
        REPOSITORY,
        tuple(_REPOSITORY),
        _repository,
        operations=(LIST, "artifactregistry.projects.locations.list"),
        items=_repositories,
        permissions=("artifactregistry.locations.list", "artifactregistry.repositories.list"),
    ),
)
