"""AWS Backup: resources that it has backed up, and when it last did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.aws.times import instant
from providers.base import Found, Reader, ResourceType, Scope

if TYPE_CHECKING:
    from providers.aws.caller import Caller

PROTECTED: Final = "AWS::Backup::ProtectedResource"
TYPES: Final = (ResourceType(PROTECTED),)


def _protected_resources(aws: Caller, scope: Scope) -> Iterator[Found]:
    for row in aws.pages("backup", "list_protected_resources", "Results"):
        arn = row["ResourceArn"]
        properties = {
            "resource_arn": arn,
            "resource_type": row.get("ResourceType"),
            # Left out of a resource whose first backup has not ended.
            "last_backup_at": instant(row["LastBackupTime"]) if row.get("LastBackupTime") else None,
        }
        yield Found(PROTECTED, arn, properties, row.get("ResourceName") or arn)


READERS: Final = (
    Reader(
        operations=("backup:ListProtectedResources",),
        read=_protected_resources,
        lists=(PROTECTED,),
        fills={PROTECTED: ("resource_arn", "resource_type", "last_backup_at")},
        permissions=("backup:ListProtectedResources",),
    ),
)
