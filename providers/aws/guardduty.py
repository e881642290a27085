"""Amazon GuardDuty: detectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

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
    return {"status": attribute(aws.call("guardduty", "get_detector", DetectorId=detector.name), "Status")}


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
        fills={DETECTOR: ("status",)},
        permissions=("guardduty:GetDetector",),
    ),
)
