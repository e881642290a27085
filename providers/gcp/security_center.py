"""Security Command Center: what looks for faults, and the serious ones that it found and nobody has settled.

An organization's sources and findings are read once for all of its projects. What is found on the organization or on a
folder is about each project below. Where the organization does not tell, or there is none, the project is asked.

Source: Security Command Center API v2 reference, "sources", "sources.findings.list" (Resource, GcpMetadata).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.fields import Field, instant, read, text
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

TYPES: Final[tuple[ResourceType, ...]] = ()
API: Final = "https://securitycenter.googleapis.com/v2"
SOURCES: Final = "securitycenter.{kind}.sources.list"
FINDINGS: Final = "securitycenter.{kind}.sources.findings.list"
FILTER: Final = 'state="ACTIVE" AND (severity="HIGH" OR severity="CRITICAL") AND NOT mute="MUTED"'
PAGE: Final = 1000
NODE: Final = "//cloudresourcemanager.googleapis.com/"

_FINDING: Final[Mapping[str, Field]] = {
    "name": Field("finding.name"),
    "category": Field("finding.category"),
    "severity": Field("finding.severity"),
    "state": Field("finding.state"),
    # Findings from before there were mute rules say nothing.
    "mute": Field("finding.mute", text, "UNDEFINED"),
    "created_at": Field("finding.createTime", instant),
    "resource": Field("resource.name"),
}


def _read(gcp: Caller, scope: Scope) -> Iterator[Found]:
    organization = next((one for one in gcp.ancestors if one.name.startswith("organizations/")), None)
    found: tuple[list[str], list[Mapping[str, Any]]] | Unread | None = None
    if organization is not None:
        name = organization.name
        found = gcp.attempted(
            FINDINGS.format(kind="organizations"), organization, lambda: _all(gcp, name), "securitycenter.findings.list"
        )
    if found is None or isinstance(found, Unread):
        found = _all(gcp, f"projects/{gcp.account}")
    sources, items = found
    own = frozenset(f"{NODE}{name}" for name in (f"projects/{gcp.number}", *(one.name for one in gcp.ancestors)))
    said = {
        "finding_sources": sources,
        "serious_findings": [read(_FINDING, item) for item in items if _concerns(item["resource"], own)],
    }
    yield Found(PROJECT, project_id(gcp.number), said)


def _concerns(resource: Mapping[str, Any], own: frozenset[str]) -> bool:
    """Whether a finding is about the project or what is above it; what is in no project concerns all."""
    about = str(resource.get("gcpMetadata", {}).get("project") or resource["name"])
    return about in own or not about.startswith(NODE)


def _all(gcp: Caller, parent: str) -> tuple[list[str], list[Mapping[str, Any]]]:
    kind = parent.partition("/")[0]
    sources: Sequence[Mapping[str, Any]] = list(
        gcp.pages(SOURCES.format(kind=kind), f"{API}/{parent}/sources", "sources", size=PAGE)
    )
    findings = gcp.pages(
        FINDINGS.format(kind=kind),
        f"{API}/{parent}/sources/-/findings",
        "listFindingsResults",
        size=PAGE,
        filter=FILTER,
    )
    return [source["name"] for source in sources], list(findings)


READERS: Final = (
    Reader(
        operations=tuple(
            name.format(kind=kind) for kind in ("organizations", "projects") for name in (FINDINGS, SOURCES)
        ),
        read=_read,
        where=GLOBAL,
        fills={PROJECT: ("finding_sources", "serious_findings")},
        permissions=("securitycenter.findings.list", "securitycenter.sources.list"),
    ),
)
