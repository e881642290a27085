"""AWS IAM Identity Center: permission sets and users of the instances that the account owns.

Source of the users: Identity Store API reference, "ListUsers", "User", "Email".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, Unread

if TYPE_CHECKING:
    from providers.aws.caller import Caller

PERMISSION_SET: Final = "AWS::SSO::PermissionSet"
USER: Final = "AWS::IdentityStore::User"
TYPES: Final = (ResourceType(PERMISSION_SET), ResourceType(USER))

_DURATION: Final = re.compile(r"P(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?")
_SECONDS: Final = (86400, 3600, 60, 1)


def _instances(aws: Caller) -> Iterator[Mapping[str, Any]]:
    """The account's own instances of the region.

    Every account of an organization sees the organization's instance, and only its owner (and whom that lets administer
    it) may look into it. An instance that spans regions is its primary region's.
    """
    for instance in aws.pages("sso-admin", "list_instances", "Instances"):
        if instance["OwnerAccountId"] == aws.account and instance.get("PrimaryRegion", aws.region) == aws.region:
            yield instance


def _permission_sets(aws: Caller, scope: Scope) -> Iterator[Found]:
    for instance in _instances(aws):
        arn = instance["InstanceArn"]
        for page in aws.whole_pages("sso-admin", "list_permission_sets", InstanceArn=arn):
            for set_ in page["PermissionSets"]:
                yield Found(PERMISSION_SET, set_, {"instance_arn": arn}, set_.rpartition("/")[2])


def _permission_set(aws: Caller, set_: Resource) -> Mapping[str, Any]:
    instance = set_.properties["instance_arn"]
    answer = aws.call("sso-admin", "describe_permission_set", InstanceArn=instance, PermissionSetArn=set_.id)
    return {"session_duration_seconds": seconds(answer["PermissionSet"].get("SessionDuration"))}


def seconds(duration: str | None) -> int | Unread:
    """An ISO 8601 duration of days at most ("PT8H"), in seconds."""
    if duration is None:
        return MISSING
    parts = _DURATION.fullmatch(duration)
    if parts is None or not any(parts.groups()):
        return Unread("malformed_response", detail="not a duration in days, hours, minutes and seconds")
    return sum(int(number) * unit for number, unit in zip(parts.groups(), _SECONDS, strict=True) if number)


def _users(aws: Caller, scope: Scope) -> Iterator[Found]:
    for instance in _instances(aws):
        store = instance["IdentityStoreId"]
        for user in aws.pages("identitystore", "list_users", "Users", IdentityStoreId=store):
            said = {"email": _address(user.get("Emails") or ()), "enabled": _enabled(user.get("UserStatus"))}
            yield Found(USER, f"{store}/{user['UserId']}", said, user.get("UserName"))


def _address(emails: Iterable[Mapping[str, Any]]) -> str | None:
    """The primary address, else the first, in lower case; a user may have none."""
    found = sorted(emails, key=lambda email: email.get("Primary") is not True)
    return str(found[0]["Value"]).lower() if found else None


def _enabled(status: str | None) -> bool | Unread:
    if status is None:
        return MISSING
    if status not in ("ENABLED", "DISABLED"):
        return Unread("malformed_response", detail="a status that is neither ENABLED nor DISABLED")
    return status == "ENABLED"


READERS: Final = (
    Reader(
        operations=("sso-admin:ListInstances", "identitystore:ListUsers"),
        read=_users,
        lists=(USER,),
        fills={USER: ("email", "enabled")},
        permissions=("sso:ListInstances", "identitystore:ListUsers"),
    ),
    Reader(
        operations=("sso-admin:ListInstances", "sso-admin:ListPermissionSets"),
        read=_permission_sets,
        lists=(PERMISSION_SET,),
        fills={PERMISSION_SET: ("instance_arn",)},
        permissions=("sso:ListInstances", "sso:ListPermissionSets"),
    ),
    Reader(
        operations=("sso-admin:DescribePermissionSet",),
        read=_permission_set,
        per="resource",
        of=PERMISSION_SET,
        needs=("instance_arn",),
        fills={PERMISSION_SET: ("session_duration_seconds",)},
        permissions=("sso:DescribePermissionSet",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
