"""Amazon EFS: file systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope

if TYPE_CHECKING:
    from providers.aws.caller import Caller

FILE_SYSTEM: Final = "AWS::EFS::FileSystem"
TYPES: Final = (ResourceType(FILE_SYSTEM),)


def _file_systems(aws: Caller, scope: Scope) -> Iterator[Found]:
    for system in aws.pages("efs", "describe_file_systems", "FileSystems"):
        tags = {tag["Key"]: tag["Value"] for tag in system["Tags"]}
        yield Found(FILE_SYSTEM, system["FileSystemArn"], {"tags": tags}, system.get("Name") or system["FileSystemId"])


READERS: Final = (
    Reader(
        operations=("efs:DescribeFileSystems",),
        read=_file_systems,
        lists=(FILE_SYSTEM,),
        fills={FILE_SYSTEM: ("tags",)},
        permissions=("elasticfilesystem:DescribeFileSystems",),
    ),
)
