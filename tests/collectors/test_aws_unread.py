"""What cannot be seen is unknown: one attribute is taken away, for each check whose own tests do not do that.

Each row builds what a check judges, takes one attribute out of AWS's answer (or the whole answer, where the attribute
may be absent), and says who becomes unknown.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, Final

import boto3
import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT

REGION: Final = "us-east-1"
HERE: Final = f"aws/{ACCOUNT}/{REGION}"
"""The scope, which is what is unknown where nobody knows what there is to judge."""
ANYTHING: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
DATABASE: Final = {"Engine": "postgres", "MasterUsername": "master", "MasterUserPassword": "not-a-secret"}

RULES: Final = ("SecurityGroups.IpPermissions", "SecurityGroups.IpPermissionsEgress")

Spoil = Callable[[AwsWire], None]


def denied(operation: str) -> Spoil:
    return lambda wire: wire.faults.add("denied", operation)


def without(operation: str, *members: str) -> Spoil:
    return lambda wire: wire.overrides.without(operation, *members)


def protected() -> None:
    database(BackupRetentionPeriod=0)
    boto3.client("efs").create_file_system(CreationToken="shared", Tags=[{"Key": "Name", "Value": "shared"}])
    # Its root volume is in use.
    boto3.client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)


def database(**settings: Any) -> None:
    boto3.client("rds").create_db_instance(
        DBInstanceIdentifier="ledger", DBInstanceClass="db.t3.micro", AllocatedStorage=20, **DATABASE, **settings
    )


def instance_snapshot() -> None:
    database()
    boto3.client("rds").create_db_snapshot(DBInstanceIdentifier="ledger", DBSnapshotIdentifier="june")


def cluster() -> None:
    boto3.client("rds").create_db_cluster(DBClusterIdentifier="ledger", **{**DATABASE, "Engine": "aurora-postgresql"})


def cluster_snapshot() -> None:
    cluster()
    boto3.client("rds").create_db_cluster_snapshot(DBClusterIdentifier="ledger", DBClusterSnapshotIdentifier="june")


def trail() -> None:
    boto3.client("s3").create_bucket(Bucket="logs")
    boto3.client("cloudtrail").create_trail(Name="trail", S3BucketName="logs")


def table() -> None:
    boto3.client("dynamodb").create_table(
        TableName="sessions",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def image() -> None:
    boto3.client("ec2").register_image(Name="golden", RootDeviceName="/dev/sda1")


def snapshot() -> None:
    ec2 = boto3.client("ec2")
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    ec2.create_snapshot(VolumeId=volume)


def principals() -> None:
    iam = boto3.client("iam")
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="inline", PolicyDocument=json.dumps(ANYTHING))
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))
    policy = iam.create_policy(PolicyName="wide", PolicyDocument=json.dumps(ANYTHING))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="app", PolicyArn=policy)


def function() -> None:
    principals()
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context): pass")
    boto3.client("lambda").create_function(
        FunctionName="app",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/app",
        Handler="handler.handle",
        Code={"ZipFile": code.getvalue()},
    )


def topic() -> None:
    boto3.client("sns").create_topic(Name="alarms")


def queues() -> None:
    sqs = boto3.client("sqs")
    sqs.create_queue(QueueName="dead")
    target = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
    redrive = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": "3"})
    sqs.create_queue(QueueName="orders", Attributes={"RedrivePolicy": redrive})


def nothing() -> None:
    """What is judged is there in every account."""


ROWS: Final[list[tuple[Callable[[], None], Spoil, dict[str, set[str]]]]] = [
    (protected, denied("backup:ListProtectedResources"), {
        "aws.backup.db_instances_protected": {"ledger"},
        "aws.backup.file_systems_protected": {"shared"},
        "aws.backup.volumes_protected": {"*"},
    }),
    (trail, without("cloudtrail:DescribeTrails", "trailList.LogFileValidationEnabled"), {
        "aws.cloudtrail.log_file_validation": {"trail"},
    }),
    (trail, denied("cloudtrail:DescribeTrails"), {"aws.cloudtrail.kms_encrypted": {HERE}}),
    (table, denied("dynamodb:DescribeContinuousBackups"), {"aws.dynamodb.point_in_time_recovery": {"sessions"}}),
    (image, without("ec2:DescribeImages", "Images.Public"), {"aws.ec2.ami_not_public": {"golden"}}),
    (snapshot, denied("ec2:DescribeSnapshots"), {"aws.ec2.ebs_snapshot_not_public": {HERE}}),
    (nothing, denied("ec2:GetEbsEncryptionByDefault"), {"aws.ec2.ebs_default_encryption": {REGION}}),
    (nothing, without("ec2:DescribeSecurityGroups", "SecurityGroups.IpPermissions"), {
        "aws.ec2.security_group_no_open_all_ports": {"default"},
        "aws.ec2.security_group_no_open_data_ports": {"default"},
        "aws.ec2.security_group_no_open_rdp": {"default"},
    }),
    # What is open one way fails, whatever the other way is.
    (nothing, without("ec2:DescribeSecurityGroups", *RULES), {
        "aws.ec2.default_security_group_closed": {"default"},
    }),
    (principals, denied("iam:GetAccountAuthorizationDetails"), {
        "aws.iam.administrator_access_limited": {ACCOUNT},
        "aws.iam.user_no_direct_policies": {f"aws/{ACCOUNT}/global"},
    }),
    (principals, without("iam:GetAccountAuthorizationDetails", "UserDetailList.UserPolicyList.PolicyDocument"), {
        "aws.iam.inline_policy_no_full_admin": {"inline"},
    }),
    (principals, without("iam:GetAccountAuthorizationDetails", "RoleDetailList.AssumeRolePolicyDocument"), {
        "aws.iam.role_trust_not_public": {"app"},
    }),
    (principals, without("iam:GetAccountAuthorizationDetails", "Policies.PolicyVersionList.Document"), {
        "aws.iam.policy_no_audit_trail_control": {"wide"},
        "aws.iam.policy_no_full_admin": {"wide"},
        "aws.iam.policy_no_privilege_escalation": {"wide"},
    }),
    (nothing, denied("iam:GetAccountPasswordPolicy"), {
        "aws.iam.password_policy_complexity": {ACCOUNT},
        "aws.iam.password_policy_length": {ACCOUNT},
        "aws.iam.password_policy_reuse_prevention": {ACCOUNT},
    }),
    (function, denied("lambda:GetPolicy"), {"aws.lambda.policy_not_public": {"app"}}),
    (database, without("rds:DescribeDBInstances", "DBInstances.BackupRetentionPeriod"), {
        "aws.rds.backup_retention": {"ledger"},
    }),
    (database, without("rds:DescribeDBInstances", "DBInstances.DeletionProtection"), {
        "aws.rds.deletion_protection": {"ledger"},
    }),
    (database, without("rds:DescribeDBInstances", "DBInstances.StorageEncrypted"), {
        "aws.rds.instance_encrypted": {"ledger"},
    }),
    (database, without("rds:DescribeDBInstances", "DBInstances.PubliclyAccessible"), {
        "aws.rds.instance_not_public": {"ledger"},
    }),
    (database, without("rds:DescribeDBInstances", "DBInstances.MultiAZ"), {"aws.rds.multi_az": {"ledger"}}),
    (cluster, without("rds:DescribeDBClusters", "DBClusters.BackupRetentionPeriod"), {
        "aws.rds.cluster_backup_retention": {"ledger"},
    }),
    (cluster, without("rds:DescribeDBClusters", "DBClusters.DeletionProtection"), {
        "aws.rds.cluster_deletion_protection": {"ledger"},
    }),
    (cluster, without("rds:DescribeDBClusters", "DBClusters.StorageEncrypted"), {
        "aws.rds.cluster_encrypted": {"ledger"},
    }),
    (cluster, without("rds:DescribeDBClusters", "DBClusters.MultiAZ"), {"aws.rds.cluster_multi_az": {"ledger"}}),
    (instance_snapshot, denied("rds:DescribeDBSnapshotAttributes"), {"aws.rds.snapshot_not_public": {"june"}}),
    (cluster_snapshot, denied("rds:DescribeDBClusterSnapshotAttributes"), {
        "aws.rds.cluster_snapshot_not_public": {"june"},
    }),
    (nothing, denied("s3control:GetPublicAccessBlock"), {"aws.s3.account_public_access_block": {ACCOUNT}}),
    (topic, without("sns:GetTopicAttributes", "Attributes"), {"aws.sns.topic_policy_not_public": {"alarms"}}),
    (queues, denied("cloudwatch:DescribeAlarms"), {"aws.sqs.dlq_alarm": {"dead"}}),
    (queues, without("sqs:GetQueueAttributes", "Attributes"), {"aws.sqs.queue_policy_not_public": {"dead", "orders"}}),
]  # fmt: skip


@pytest.mark.parametrize(("build", "spoil", "expected"), ROWS, ids=[next(iter(row[2])) for row in ROWS])
def test_who_lacks_an_attribute_is_unknown(
    aws_env: AwsWire, build: Callable[[], None], spoil: Spoil, expected: dict[str, Any]
) -> None:
    build()
    spoil(aws_env)
    _, findings = scan(expected, regions=(REGION,))

    found: dict[str, set[str]] = {}
    for (check, name), verdict in verdicts(findings).items():
        if verdict == "unknown":
            found.setdefault(check, set()).add("*" if name.startswith("vol-") else name)
    assert found == expected
