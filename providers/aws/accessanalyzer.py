"""IAM Access Analyzer: analyzers, and what those of external access have found open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

ANALYZER: Final = "AWS::AccessAnalyzer::Analyzer"
TYPES: Final = (ResourceType(ANALYZER),)

EXTERNAL_ACCESS: Final = frozenset({"ACCOUNT", "ORGANIZATION"})
"""The types of analyzers that look for access from outside; the others look for unused and for internal access."""


def _analyzers(aws: Caller, scope: Scope) -> Iterator[Found]:
    for analyzer in aws.pages("accessanalyzer", "list_analyzers", "analyzers"):
        properties = {"type": attribute(analyzer, "type"), "status": attribute(analyzer, "status")}
        yield Found(ANALYZER, analyzer["arn"], properties, analyzer["name"])


def _findings(aws: Caller, analyzer: Resource) -> Mapping[str, Any]:
    if analyzer.properties["type"] not in EXTERNAL_ACCESS:
        return {"active_findings": None}
    active = {"status": {"eq": ["ACTIVE"]}}
    findings = aws.pages("accessanalyzer", "list_findings_v2", "findings", analyzerArn=analyzer.id, filter=active)
    return {"active_findings": sorted((_finding(finding) for finding in findings), key=lambda found: str(found["id"]))}


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": attribute(finding, "id"),
        # Left out of a finding that is about no resource in particular (ListFindingsV2).
        "resource": finding.get("resource"),
        "resource_type": attribute(finding, "resourceType"),
        "created_at": instant(finding.get("createdAt")),
    }


READERS: Final = (
    Reader(
        operations=("accessanalyzer:ListAnalyzers",),
        read=_analyzers,
        lists=(ANALYZER,),
        fills={ANALYZER: ("type", "status")},
        permissions=("access-analyzer:ListAnalyzers",),
    ),
    Reader(
        operations=("accessanalyzer:ListFindingsV2",),
        read=_findings,
        per="resource",
        of=ANALYZER,
        needs=("type",),
        fills={ANALYZER: ("active_findings",)},
        # Both versions of the operation take the action of the first.
        permissions=("access-analyzer:ListFindings",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
