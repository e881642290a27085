"""Amazon GuardDuty: detectors, what they look at, and the findings that nobody has archived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

DETECTOR: Final = "AWS::GuardDuty::Detector"
TYPES: Final = (ResourceType(DETECTOR),)


def _detectors(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("guardduty", "list_detectors"):
        for detector in page["DetectorIds"]:
            arn = f"arn:{aws.partition}:guardduty:{aws.region}:{aws.account}:detector/{detector}"
            yield Found(DETECTOR, arn, {}, detector)


def _detector(aws: Caller, detector: Resource) -> Mapping[str, Any]:
    answer = aws.call("guardduty", "get_detector", DetectorId=detector.name)
    features = answer.get("Features")
    return {
        "status": attribute(answer, "Status"),
        "features": MISSING if features is None else [_feature(feature) for feature in features],
    }


def _feature(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": attribute(feature, "Name"), "status": attribute(feature, "Status")}


def _open_findings(aws: Caller, detector: Resource) -> Mapping[str, Any]:
    # An administrator's detector holds the findings of its members too, which their own scans show.
    criterion = {"accountId": {"Equals": [aws.account]}, "service.archived": {"Equals": ["false"]}}
    found: list[Mapping[str, Any]] = []
    pages = aws.whole_pages(
        "guardduty", "list_findings", DetectorId=detector.name, FindingCriteria={"Criterion": criterion}
    )
    for page in pages:
        ids = page["FindingIds"]
        if ids:
            described = aws.call("guardduty", "get_findings", DetectorId=detector.name, FindingIds=ids)["Findings"]
            if {finding["Id"] for finding in described} != set(ids):
                return {"open_findings": MISSING}
            found += [_finding(finding) for finding in described]
    return {"open_findings": sorted(found, key=lambda finding: str(finding["id"]))}


def _finding(finding: Mapping[str, Any]) -> Mapping[str, Any]:
    severity = finding.get("Severity")
    return {
        "id": finding["Id"],
        "type": attribute(finding, "Type"),
        "severity": MISSING if severity is None else str(severity),
        "created_at": instant(finding.get("CreatedAt")),
    }


READERS: Final = (
    Reader(
        operations=("guardduty:ListDetectors",),
        read=_detectors,
        lists=(DETECTOR,),
        fills={},
        permissions=("guardduty:ListDetectors",),
    ),
    Reader(
        operations=("guardduty:GetDetector",),
        read=_detector,
        per="resource",
        of=DETECTOR,
        fills={DETECTOR: ("status", "features")},
        permissions=("guardduty:GetDetector",),
    ),
    Reader(
        operations=("guardduty:ListFindings", "guardduty:GetFindings"),
        read=_open_findings,
        per="resource",
        of=DETECTOR,
        fills={DETECTOR: ("open_findings",)},
        permissions=("guardduty:ListFindings", "guardduty:GetFindings"),
    ),
)
