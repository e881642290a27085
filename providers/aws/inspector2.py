"""Amazon Inspector: what it scans in a region, and the grave vulnerabilities that a newer version would mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

REGION: Final = "AWS::Region"
FINDING: Final = "AWS::InspectorV2::Finding"
TYPES: Final = (ResourceType(FINDING),)

_STATUS: Final = "inspector2:BatchGetAccountStatus"
_SCANS: Final = {
    "ec2": "ec2",
    "ecr": "ecr",
    "lambda": "lambda",
    "lambdaCode": "lambda_code",
    "codeRepository": "code_repository",
    "ami": "ami",
}
"""What Inspector can scan, as the API and as we name it."""
_ALWAYS: Final = frozenset({"ec2", "ecr"})
"""Of these the API always tells the state (API reference, ResourceState); the others are not offered everywhere."""
_GRAVE: Final = ("CRITICAL", "HIGH")
_MENDABLE: Final = ("YES", "PARTIAL")


def _account_status(aws: Caller, region: Resource) -> Mapping[str, Any]:
    answer = aws.call("inspector2", "batch_get_account_status", accountIds=[aws.account])
    mine = [account for account in answer["accounts"] if account["accountId"] == aws.account]
    if not mine:
        failed = _failure(answer, aws.account)
        return {"inspector_status": failed, "inspector_scans": failed}
    states = mine[0]["resourceState"]
    return {
        "inspector_status": attribute(mine[0]["state"], "status"),
        "inspector_scans": [
            {"name": name, "status": attribute(states[key], "status")}
            for key, name in _SCANS.items()
            if key in states or key in _ALWAYS
        ],
    }


def _failure(answer: Mapping[str, Any], account: str) -> Unread:
    """Why Inspector tells nothing of the account, in its own code."""
    for failed in answer.get("failedAccounts") or []:
        if failed["accountId"] == account:
            denied = failed["errorCode"] == "ACCESS_DENIED"
            return Unread(
                "access_denied" if denied else "unavailable", _STATUS, _STATUS if denied else None, failed["errorCode"]
            )
    return Unread("missing_attribute", _STATUS)


def _findings(aws: Caller, scope: Scope) -> Iterator[Found]:
    criteria = {
        # A delegated administrator sees the findings of its members too, which their own scans show.
        "awsAccountId": _one_of(aws.account),
        "findingStatus": _one_of("ACTIVE"),
        "fixAvailable": _one_of(*_MENDABLE),
        "severity": _one_of(*_GRAVE),
    }
    for finding in aws.pages("inspector2", "list_findings", "findings", filterCriteria=criteria):
        properties = {
            "severity": attribute(finding, "severity"),
            "first_observed_at": instant(finding.get("firstObservedAt")),
        }
        yield Found(FINDING, finding["findingArn"], properties, finding.get("title") or finding["findingArn"])


def _one_of(*values: str) -> list[Mapping[str, str]]:
    return [{"comparison": "EQUALS", "value": value} for value in values]


READERS: Final = (
    Reader(
        operations=(_STATUS,),
        read=_account_status,
        per="resource",
        of=REGION,
        fills={REGION: ("inspector_status", "inspector_scans")},
        permissions=(_STATUS,),
    ),
    Reader(
        operations=("inspector2:ListFindings",),
        read=_findings,
        lists=(FINDING,),
        fills={FINDING: ("severity", "first_observed_at")},
        permissions=("inspector2:ListFindings",),
    ),
)
