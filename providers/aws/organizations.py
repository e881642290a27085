"""AWS Organizations: the organization that an account is in, and the policies that bind its accounts.

Policies and accounts can be read from the management account (or a delegated administrator). In any other account they
are null without a call: they are that account's to show, and a denial there would say nothing of this one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import MISSING, Reader, Resource, ResourceType, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

ACCOUNT: Final = "AWS::Account"
TYPES: Final[tuple[ResourceType, ...]] = ()

_NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"
_NO_POLICY: Final = "PolicyNotFoundException"


def _organization(aws: Caller, account: Resource) -> Mapping[str, Any]:
    organization = aws.call("organizations", "describe_organization")["Organization"]
    return {
        "organization": {
            "id": attribute(organization, "Id"),
            "feature_set": attribute(organization, "FeatureSet"),
            "management_account_id": attribute(organization, "MasterAccountId"),
        }
    }


def _is_managing(account: Resource) -> bool:
    organization = account.properties["organization"]
    return organization is not None and organization["management_account_id"] == account.account


# --- service control policies ---


def _service_control_policies(aws: Caller, account: Resource) -> Mapping[str, Any]:
    if not _is_managing(account):
        return {"service_control_policies": None}
    return {"service_control_policies": sorted(_attached(aws), key=lambda policy: str(policy["id"]))}


def _attached(aws: Caller) -> Iterator[dict[str, Any]]:
    """The policies that are attached to something; one that was deleted since it was listed is not."""
    for policy in aws.pages("organizations", "list_policies", "Policies", Filter="SERVICE_CONTROL_POLICY"):
        id_ = policy["Id"]
        listed = aws.pages("organizations", "list_targets_for_policy", "Targets", gone=_NO_POLICY, PolicyId=id_)
        targets = sorted(target["TargetId"] for target in listed)
        answer = aws.optional("organizations", "describe_policy", _NO_POLICY, PolicyId=id_) if targets else None
        if answer is not None:
            yield {
                "id": id_,
                "name": attribute(policy, "Name"),
                "targets": targets,
                "document": document(answer["Policy"]["Content"]),
            }


# --- accounts ---


def _member_accounts(aws: Caller, account: Resource) -> Mapping[str, Any]:
    if not _is_managing(account):
        return {"member_accounts": None}
    listed = aws.pages("organizations", "list_accounts", "Accounts")
    members = [_member(member) for member in listed if member["Id"] != account.account]
    return {"member_accounts": sorted(members, key=lambda member: str(member["id"]))}


def _member(member: Mapping[str, Any]) -> dict[str, Any]:
    # Not Status, which AWS retired on 9 September 2026.
    return {"id": member["Id"], "state": attribute(member, "State"), "ancestors": _ancestors(member)}


def _ancestors(member: Mapping[str, Any]) -> list[str] | Unread:
    """The root and the organizational units on the way to an account: "o-…/r-…/ou-…/111122223333/"."""
    paths = member.get("Paths")
    if not paths:
        return MISSING
    on_the_way = {part for path in paths for part in path.split("/") if part.startswith(("r-", "ou-"))}
    # An account is in one place; were it in several, nobody could say which policies hold.
    return sorted(on_the_way) if len(paths) == 1 and on_the_way else Unread("malformed_response", detail="no one path")


# --- what AI services may do with content ---


def _ai_opt_outs(aws: Caller, account: Resource) -> Mapping[str, Any]:
    answer = aws.call("organizations", "describe_effective_policy", PolicyType="AISERVICES_OPT_OUT_POLICY")
    services = json.loads(answer["EffectivePolicy"]["PolicyContent"])["services"]
    return {
        "ai_services_opt_out": [
            {"service": service, "opt_out_policy": attribute(setting, "opt_out_policy")}
            for service, setting in sorted(services.items())
        ]
    }


READERS: Final = (
    Reader(
        operations=("organizations:DescribeOrganization",),
        read=_organization,
        per="resource",
        of=ACCOUNT,
        fills={ACCOUNT: ("organization",)},
        permissions=("organizations:DescribeOrganization",),
        absent_codes=frozenset({_NO_ORGANIZATION}),
    ),
    Reader(
        operations=(
            "organizations:ListPolicies",
            "organizations:ListTargetsForPolicy",
            "organizations:DescribePolicy",
        ),
        read=_service_control_policies,
        per="resource",
        of=ACCOUNT,
        needs=("organization",),
        fills={ACCOUNT: ("service_control_policies",)},
        permissions=(
            "organizations:ListPolicies",
            "organizations:ListTargetsForPolicy",
            "organizations:DescribePolicy",
        ),
    ),
    Reader(
        operations=("organizations:ListAccounts",),
        read=_member_accounts,
        per="resource",
        of=ACCOUNT,
        needs=("organization",),
        fills={ACCOUNT: ("member_accounts",)},
        permissions=("organizations:ListAccounts",),
    ),
    Reader(
        operations=("organizations:DescribeEffectivePolicy",),
        read=_ai_opt_outs,
        per="resource",
        of=ACCOUNT,
        fills={ACCOUNT: ("ai_services_opt_out",)},
        permissions=("organizations:DescribeEffectivePolicy",),
        # An account in no organization has no policy either.
        absent_codes=frozenset({"EffectivePolicyNotFoundException", _NO_ORGANIZATION}),
    ),
)
