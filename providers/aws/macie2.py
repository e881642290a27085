"""Amazon Macie: whether it is on in a region, and by what it looks for sensitive data there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.codes import off_code
from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

SESSION: Final = "AWS::Macie::Session"
TYPES: Final = (ResourceType(SESSION),)


def _session(aws: Caller, scope: Scope) -> Iterator[Found]:
    # It has no ARN; CloudFormation knows it by the account.
    status = attribute(aws.call("macie2", "get_macie_session"), "status")
    yield Found(SESSION, f"{aws.region}|{aws.account}", {"status": status}, aws.region)


def _automated_discovery(aws: Caller, session: Resource) -> Mapping[str, Any]:
    answer = aws.call("macie2", "get_automated_discovery_configuration")
    return {"automated_discovery_status": attribute(answer, "status")}


def _scheduled_jobs(aws: Caller, session: Resource) -> Mapping[str, Any]:
    scheduled = {"includes": [{"comparator": "EQ", "key": "jobType", "values": ["SCHEDULED"]}]}
    jobs = aws.pages("macie2", "list_classification_jobs", "items", filterCriteria=scheduled)
    return {"scheduled_jobs": [{"name": attribute(job, "name"), "status": attribute(job, "jobStatus")} for job in jobs]}


READERS: Final = (
    Reader(
        operations=("macie2:GetMacieSession",),
        read=_session,
        lists=(SESSION,),
        fills={SESSION: ("status",)},
        permissions=("macie2:GetMacieSession",),
        off_codes=frozenset({off_code("AccessDeniedException")}),
    ),
    Reader(
        operations=("macie2:GetAutomatedDiscoveryConfiguration",),
        read=_automated_discovery,
        per="resource",
        of=SESSION,
        fills={SESSION: ("automated_discovery_status",)},
        permissions=("macie2:GetAutomatedDiscoveryConfiguration",),
    ),
    Reader(
        operations=("macie2:ListClassificationJobs",),
        read=_scheduled_jobs,
        per="resource",
        of=SESSION,
        fills={SESSION: ("scheduled_jobs",)},
        permissions=("macie2:ListClassificationJobs",),
    ),
)
