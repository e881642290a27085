"""File systems: their encryption and their backups, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.backup import RECENT, given
from tests.emulators.aws_wire import AwsWire

ENCRYPTED = "aws.efs.encrypted"
BACKUP = "aws.efs.backup_enabled"
EIGHT_DAYS = 8 * 86400


def system(name: str, **settings: Any) -> str:
    tags = [{"Key": "Name", "Value": name}]
    arn: str = boto3.client("efs").create_file_system(CreationToken=name, Tags=tags, **settings)["FileSystemArn"]
    return arn


def by_name(check: str) -> dict[str, str]:
    _, findings = scan([check])
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_file_systems_have_to_be_encrypted(aws_env: AwsWire) -> None:
    system("closed", Encrypted=True)
    system("open", Encrypted=False)
    assert by_name(ENCRYPTED) == {"closed": "pass", "open": "fail"}


def test_a_file_system_of_which_aws_does_not_say_it_is_unknown(aws_env: AwsWire) -> None:
    system("closed", Encrypted=True)
    aws_env.overrides.without("efs:DescribeFileSystems", "FileSystems.Encrypted")
    _, findings = scan([ENCRYPTED])
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "missing_attribute")]


def test_automatic_backups_count_and_so_do_recent_ones_by_another_plan(aws_env: AwsWire) -> None:
    system("automatic", Backup=True)
    arns = {name: system(name) for name in ("planned", "stale", "first", "never")}
    times = {"planned": RECENT, "stale": RECENT - EIGHT_DAYS, "first": None}
    rows = [
        {"ResourceArn": arns[name], "ResourceType": "EFS", **({"LastBackupTime": at} if at else {})}
        for name, at in times.items()
    ]
    given(aws_env.overrides, "ListProtectedResources", rows, "us-east-1")
    assert by_name(BACKUP) == {
        "automatic": "pass",
        "planned": "pass",
        "stale": "fail",
        "first": "fail",
        "never": "fail",
    }


@pytest.mark.parametrize("status", ["ENABLING", "DISABLING", "DISABLED", "INVENTED"])
def test_only_automatic_backups_that_are_on_count(aws_env: AwsWire, status: str) -> None:
    system("shared", Backup=True)
    aws_env.overrides.rewrite("efs:DescribeBackupPolicy", lambda body: body.replace(b"ENABLED", status.encode()))
    assert by_name(BACKUP) == {"shared": "fail"}


@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("efs:DescribeFileSystems", {ENCRYPTED, BACKUP}),
        ("efs:DescribeBackupPolicy", {BACKUP}),
        ("backup:ListProtectedResources", {BACKUP}),
    ],
)
@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_what_was_not_seen_is_unknown(aws_env: AwsWire, kind: Any, operation: str, unknown: set[str]) -> None:
    # The listing of what is backed up only matters where the policy does not settle it.
    system("shared", Encrypted=True, Backup=operation != "backup:ListProtectedResources")
    aws_env.faults.add(kind, operation)
    _, findings = scan([ENCRYPTED, BACKUP])
    assert {finding.check.id for finding in findings if finding.verdict == "unknown"} == unknown
    assert {finding.verdict for finding in findings if finding.check.id not in unknown} <= {"pass"}


def test_a_file_system_that_is_deleted_while_it_is_read_is_not_judged(aws_env: AwsWire) -> None:
    system("shared", Backup=True)
    aws_env.faults.add("error", "efs:DescribeBackupPolicy", code="FileSystemNotFound", status=404)
    assert by_name(BACKUP) == {}


def test_file_systems_are_read_page_by_page_as_they_are(aws_env: AwsWire) -> None:
    arns = [system("one", Encrypted=True, Backup=True), system("two", Encrypted=False)]
    aws_env.traffic.reset()
    aws_env.paging.size = 1
    snapshot = read({"AWS::EFS::FileSystem": {"encrypted", "backup_policy", "tags"}})
    assert {item.id: (item.tags, dict(item.properties)) for item in snapshot.resources} == {
        arns[0]: ({"Name": "one"}, {"encrypted": True, "backup_policy": "ENABLED"}),
        arns[1]: ({"Name": "two"}, {"encrypted": False, "backup_policy": None}),
    }
    assert not aws_env.traffic.repeats
