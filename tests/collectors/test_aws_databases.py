"""Databases, tables and their backups, built to pass and to fail."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.wire import Answer, Exchange

INSTANCE_CHECKS = (
    "aws.rds.backup_retention",
    "aws.rds.deletion_protection",
    "aws.rds.instance_encrypted",
    "aws.rds.instance_not_public",
    "aws.rds.multi_az",
)
CLUSTER_CHECKS = (
    "aws.rds.cluster_backup_retention",
    "aws.rds.cluster_deletion_protection",
    "aws.rds.cluster_encrypted",
    "aws.rds.cluster_multi_az",
)


def instance(name: str, **settings: Any) -> str:
    given = {
        "DBInstanceClass": "db.t3.micro",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        "MasterUsername": "master",
        "MasterUserPassword": "not-a-secret",
        "PubliclyAccessible": False,
        **settings,
    }
    arn: str = boto3.client("rds").create_db_instance(DBInstanceIdentifier=name, **given)["DBInstance"]["DBInstanceArn"]
    return arn


def by_name(findings: Any, checks: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found = verdicts(findings)
    names = sorted({name for _, name in found})
    return {name: tuple(found[check, name] for check in checks) for name in names}


def test_instances_are_judged_and_members_left_to_their_cluster(aws_env: AwsWire) -> None:
    rds = boto3.client("rds")
    instance("good", StorageEncrypted=True, BackupRetentionPeriod=7, MultiAZ=True, DeletionProtection=True)
    instance("bad", StorageEncrypted=False, BackupRetentionPeriod=0, PubliclyAccessible=True, MultiAZ=False)
    rds.create_db_cluster(
        DBClusterIdentifier="orders",
        Engine="aurora-postgresql",
        MasterUsername="master",
        MasterUserPassword="not-a-secret",
    )
    rds.create_db_instance(
        DBInstanceIdentifier="member",
        DBInstanceClass="db.r5.large",
        Engine="aurora-postgresql",
        DBClusterIdentifier="orders",
        PubliclyAccessible=False,
    )
    _, findings = scan(INSTANCE_CHECKS)
    assert by_name(findings, INSTANCE_CHECKS) == {
        "good": ("pass",) * 5,
        "bad": ("fail",) * 5,
        "member": ("not_applicable", "not_applicable", "not_applicable", "pass", "not_applicable"),
    }


def test_a_replica_is_backed_up_at_its_source(aws_env: AwsWire) -> None:
    instance("source", BackupRetentionPeriod=7)
    boto3.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="source", DBInstanceClass="db.t3.micro"
    )
    _, findings = scan(("aws.rds.backup_retention",))
    assert by_name(findings, ("aws.rds.backup_retention",)) == {"source": ("pass",), "replica": ("not_applicable",)}


def test_clusters_are_judged_once_and_other_services_are_not_rds(aws_env: AwsWire) -> None:
    rds = boto3.client("rds")
    common = {"MasterUsername": "master", "MasterUserPassword": "not-a-secret"}
    rds.create_db_cluster(
        DBClusterIdentifier="good",
        Engine="aurora-postgresql",
        StorageEncrypted=True,
        BackupRetentionPeriod=7,
        DeletionProtection=True,
        **common,
    )
    rds.create_db_cluster(DBClusterIdentifier="bad", Engine="aurora-mysql", **common)
    rds.create_db_cluster(DBClusterIdentifier="graph", Engine="neptune", **common)
    # moto's clusters are never in several zones.
    aws_env.overrides.rewrite(
        "rds:DescribeDBClusters",
        lambda body: body.replace(b"<MultiAZ>false</MultiAZ>", b"<MultiAZ>true</MultiAZ>", 1),
    )
    _, findings = scan(CLUSTER_CHECKS)
    table = by_name(findings, CLUSTER_CHECKS)
    assert (set(table), table["good"][:3], table["bad"][:3]) == ({"good", "bad"}, ("pass",) * 3, ("fail",) * 3)
    assert sorted(row[3] for row in table.values()) == ["fail", "pass"]


def test_snapshots_shared_with_everyone_fail(aws_env: AwsWire) -> None:
    rds = boto3.client("rds")
    instance("db")
    rds.create_db_cluster(
        DBClusterIdentifier="c", Engine="aurora-mysql", MasterUsername="m", MasterUserPassword="not-a-secret"
    )
    for name, accounts in {"own": [], "partner": ["111122223333"], "public": ["all"]}.items():
        rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="db")
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=f"c-{name}", DBClusterIdentifier="c")
        if accounts:
            rds.modify_db_snapshot_attribute(DBSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=accounts)
            rds.modify_db_cluster_snapshot_attribute(
                DBClusterSnapshotIdentifier=f"c-{name}", AttributeName="restore", ValuesToAdd=accounts
            )
    _, findings = scan(("aws.rds.snapshot_not_public", "aws.rds.cluster_snapshot_not_public"))
    manual = {name: verdict for (_, name), verdict in verdicts(findings).items() if not name.startswith("rds:")}
    automated = {verdict for (_, name), verdict in verdicts(findings).items() if name.startswith("rds:")}
    assert manual == {
        "own": "pass",
        "partner": "pass",
        "public": "fail",
        "c-own": "pass",
        "c-partner": "pass",
        "c-public": "fail",
    }
    assert automated == {"not_applicable"}
    asked = {row.reader: row.calls for row in _.ledger if row.reader.endswith("Attributes")}
    assert asked == {"rds:DescribeDBSnapshotAttributes": 3, "rds:DescribeDBClusterSnapshotAttributes": 3}


def test_snapshots_that_other_accounts_share_are_not_asked_for(aws_env: AwsWire) -> None:
    # RDS lists them only for who asks (DescribeDBSnapshots: IncludeShared, IncludePublic, SnapshotType).
    asked: list[set[str]] = []

    def keep(exchange: Exchange, answer: Answer) -> Answer:
        asked.append(set(parse_qs(exchange.request.body.decode())) - {"Action", "Version", "MaxRecords"})
        return answer

    for operation in ("rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots"):
        aws_env.overrides.change(operation, keep)
    scan(("aws.rds.snapshot_not_public", "aws.rds.cluster_snapshot_not_public"))
    assert asked == [set(), set()]


def table(name: str, *, recovery: bool = False, tags: dict[str, str] | None = None) -> str:
    dynamodb = boto3.client("dynamodb")
    arn: str = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
    )["TableDescription"]["TableArn"]
    if recovery:
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    return arn


def test_tables_without_point_in_time_recovery_fail(aws_env: AwsWire) -> None:
    table("on", recovery=True)
    table("off")
    _, findings = scan(("aws.dynamodb.point_in_time_recovery",))
    assert verdicts(findings) == {
        ("aws.dynamodb.point_in_time_recovery", "on"): "pass",
        ("aws.dynamodb.point_in_time_recovery", "off"): "fail",
    }


def backups(wire: AwsWire, times: dict[str, float | None]) -> None:
    """Let AWS Backup list these resources, with the epoch seconds of their last backup (moto lacks the operation)."""
    rows = []
    for arn, at in times.items():
        rows.append({"ResourceArn": arn, "ResourceType": "DynamoDB", **({"LastBackupTime": at} if at else {})})
    wire.overrides.answer("backup:ListProtectedResources", {"Results": rows})


RECENT, OLD = 1795305600.0, 1760000000.0  # 2026-11-22 and 2025-10-09


def test_what_has_no_recent_recovery_point_fails(aws_env: AwsWire) -> None:
    arns = {name: table(name) for name in ("recent", "old", "first", "never")}
    table("native", recovery=True)
    table("exempt", tags={"backup": "not-required"})
    backups(aws_env, {arns["recent"]: RECENT, arns["old"]: OLD, arns["first"]: None})
    _, findings = scan(("aws.backup.tables_protected",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "recent": "pass",
        "old": "fail",
        "first": "fail",
        "never": "fail",
        "native": "pass",
        "exempt": "not_applicable",
    }


def test_each_kind_of_stateful_resource_is_joined_with_its_backups(aws_env: AwsWire) -> None:
    efs, ec2 = boto3.client("efs"), boto3.client("ec2")
    systems = [efs.create_file_system(CreationToken=name)["FileSystemArn"] for name in ("kept", "lost")]
    databases = [instance(name, BackupRetentionPeriod=0) for name in ("kept-db", "lost-db")]
    machine = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    volumes = []
    for device in ("/dev/sdf", "/dev/sdg"):
        volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
        ec2.attach_volume(VolumeId=volume, InstanceId=machine, Device=device)
        volumes.append(f"arn:aws:ec2:us-east-1:123456789012:volume/{volume}")
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)
    backups(aws_env, dict.fromkeys((systems[0], databases[0], volumes[0]), RECENT))
    checks = [f"aws.backup.{kind}_protected" for kind in ("db_instances", "file_systems", "volumes")]
    _, findings = scan(checks)
    by_id = {finding.subject.id: finding.verdict for finding in findings}
    assert [by_id[arn] for arn in (*systems, *databases, *volumes)] == ["pass", "fail"] * 3
    assert sorted(finding.verdict for finding in findings if finding.check.id.endswith("volumes_protected")) == [
        "fail",
        "fail",  # the root volume of the instance
        "not_applicable",
        "pass",
    ]


def test_what_its_owner_excepts_or_another_backs_up_needs_no_backup(aws_env: AwsWire) -> None:
    excepted = [{"Key": "backup", "Value": "not-required"}]
    boto3.client("efs").create_file_system(CreationToken="scratch", Tags=excepted)
    instance("source", BackupRetentionPeriod=7)
    boto3.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="source", DBInstanceClass="db.t3.micro"
    )
    backups(aws_env, {})
    _, findings = scan(("aws.backup.db_instances_protected", "aws.backup.file_systems_protected"))
    assert sorted((finding.check.id.rpartition(".")[2], finding.verdict) for finding in findings) == [
        ("db_instances_protected", "not_applicable"),
        ("db_instances_protected", "pass"),
        ("file_systems_protected", "not_applicable"),
    ]


@pytest.mark.parametrize("operation", ["backup:ListProtectedResources", "dynamodb:DescribeContinuousBackups"])
def test_an_unseen_backup_is_never_a_failure(aws_env: AwsWire, operation: str) -> None:
    table("t")
    backups(aws_env, {})
    aws_env.faults.add("denied", operation)
    _, findings = scan(("aws.backup.tables_protected",))
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "access_denied")]
