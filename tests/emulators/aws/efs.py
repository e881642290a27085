"""Amazon EFS: a file system with automatic backups."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    named = [{"Key": "Name", "Value": "shared"}]
    client("efs").create_file_system(CreationToken="shared", Encrypted=True, Backup=True, Tags=named)
