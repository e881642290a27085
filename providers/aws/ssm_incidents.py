"""AWS Systems Manager Incident Manager: response plans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope

if TYPE_CHECKING:
    from providers.aws.caller import Caller

RESPONSE_PLAN: Final = "AWS::SSMIncidents::ResponsePlan"
TYPES: Final = (ResourceType(RESPONSE_PLAN),)


def _plans(aws: Caller, scope: Scope) -> Iterator[Found]:
    # A plan is in each region of the account's replication set, under one ARN.
    for plan in aws.pages("ssm-incidents", "list_response_plans", "responsePlanSummaries"):
        yield Found(RESPONSE_PLAN, plan["arn"], {}, plan["name"])


READERS: Final = (
    Reader(
        operations=("ssm-incidents:ListResponsePlans",),
        read=_plans,
        lists=(RESPONSE_PLAN,),
        fills={},
        permissions=("ssm-incidents:ListResponsePlans",),
    ),
)
