"""Amazon EFS: file systems and their automatic backups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

FILE_SYSTEM: Final = "AWS::EFS::FileSystem"
TYPES: Final = (ResourceType(FILE_SYSTEM),)


def _file_systems(aws: Caller, scope: Scope) -> Iterator[Found]:
    for system in aws.pages("efs", "describe_file_systems", "FileSystems"):
        properties = {
            "encrypted": attribute(system, "Encrypted"),
            "tags": {tag["Key"]: tag["Value"] for tag in system["Tags"]},
        }
        yield Found(FILE_SYSTEM, system["FileSystemArn"], properties, system.get("Name") or system["FileSystemId"])


def _backup_policy(aws: Caller, system: Resource) -> Mapping[str, Any]:
    # The id is the end of the ARN; the name may be a tag.
    answer = aws.call("efs", "describe_backup_policy", FileSystemId=system.id.rpartition("/")[2])
    return {"backup_policy": attribute(answer["BackupPolicy"], "Status")}


READERS: Final = (
    Reader(
        operations=("efs:DescribeFileSystems",),
        read=_file_systems,
        lists=(FILE_SYSTEM,),
        fills={FILE_SYSTEM: ("encrypted", "tags")},
        permissions=("elasticfilesystem:DescribeFileSystems",),
    ),
    Reader(
        operations=("efs:DescribeBackupPolicy",),
        read=_backup_policy,
        per="resource",
        of=FILE_SYSTEM,
        fills={FILE_SYSTEM: ("backup_policy",)},
        permissions=("elasticfilesystem:DescribeBackupPolicy",),
        absent_codes=frozenset({"PolicyNotFound"}),
        gone_codes=frozenset({"FileSystemNotFound"}),
    ),
)
