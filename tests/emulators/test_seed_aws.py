"""A seeded account holds what its size says, good and bad."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from benchmarks.seed_aws import counts, seed
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import MotoProcess


@pytest.mark.parametrize(("size", "total"), [("small", 73), ("medium", 665), ("large", 5032)])
def test_a_size_is_a_number_of_resources(size: Any, total: int) -> None:
    assert sum(counts(size).values()) == total


def test_every_kind_is_there_in_its_number(moto: MotoProcess, aws_env: AwsWire) -> None:
    seed(moto.url, "small")
    ec2, rds = boto3.client("ec2"), boto3.client("rds")
    volumes = ec2.describe_volumes()["Volumes"]
    instances = [one for found in ec2.describe_instances()["Reservations"] for one in found["Instances"]]
    groups = [one for one in ec2.describe_security_groups()["SecurityGroups"] if one["GroupName"] != "default"]
    snapshots = [one for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] if "Description" not in one]
    kms = boto3.client("kms")
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    found = {
        "alarm": boto3.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "bucket": boto3.client("s3").list_buckets()["Buckets"],
        "database": rds.describe_db_instances()["DBInstances"],
        "file_system": boto3.client("efs").describe_file_systems()["FileSystems"],
        "function": boto3.client("lambda").list_functions()["Functions"],
        "group": boto3.client("iam").list_groups()["Groups"],
        "image": ec2.describe_images(Owners=["self"])["Images"],
        "instance": instances,
        "key": [one for one in keys if one["KeyManager"] == "CUSTOMER"],
        "load_balancer": boto3.client("elbv2").describe_load_balancers()["LoadBalancers"],
        "log_group": boto3.client("logs").describe_log_groups()["logGroups"],
        "managed_policy": boto3.client("iam").list_policies(Scope="Local")["Policies"],
        "network": [one for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]],
        "queue": boto3.client("sqs").list_queues()["QueueUrls"],
        "role": boto3.client("iam").list_roles()["Roles"],
        "secret": boto3.client("secretsmanager").list_secrets()["SecretList"],
        "security_group": groups,
        "snapshot": snapshots,
        "table": boto3.client("dynamodb").list_tables()["TableNames"],
        "topic": boto3.client("sns").list_topics()["Topics"],
        "trail": boto3.client("cloudtrail").describe_trails()["trailList"],
        "user": boto3.client("iam").list_users()["Users"],
        "volume": volumes,
    }
    # Each instance and each snapshot has a volume of its own.
    own = len(instances) + len(snapshots)
    expected = counts("small")
    assert {kind: len(items) - (own if kind == "volume" else 0) for kind, items in found.items()} == expected
    assert {one["MetadataOptions"]["HttpTokens"] for one in instances} == {"optional", "required"}
    assert {one["StorageEncrypted"] for one in found["database"]} == {True, False}
    assert sum(rule.get("FromPort") == 22 for one in groups for rule in one["IpPermissions"]) == 1
