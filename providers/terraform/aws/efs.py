"""Amazon EFS: file systems and their backup policies."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.efs import FILE_SYSTEM
from providers.base import Unread
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split


def _one_zone(block: Block) -> Any:
    """What is known of automatic backups by the file system itself: with One Zone storage, that AWS decides."""
    zone = block.get("availability_zone_name", None, optional=True)
    if zone in (None, ""):
        return COMPUTED
    return Unread("not_collected", detail="of One Zone storage, AWS decides whether it is backed up automatically")


MAPPINGS: Final = (
    Mapping(
        type=FILE_SYSTEM,
        terraform="aws_efs_file_system",
        name=Attribute("name", None),
        parts=(Part("aws_efs_backup_policy", "file_system_id", {"backup_policy": Attribute("backup_policy.status")}),),
        properties={
            "encrypted": Attribute(
                "encrypted", False, "EFS User Guide, 'Encrypting data at rest': not by default through API and SDKs"
            ),
            "backup_policy": Split(
                "DISABLED",
                "EFS API, CreateFileSystem: Backup is false by default, which the provider leaves as it is",
                inline=Derived(("availability_zone_name",), _one_zone),
                removed="DISABLED",
            ),
        },
    ),
)
