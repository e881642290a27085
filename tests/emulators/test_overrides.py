"""What is answered in moto's place, what is changed, and what is corrected for every test."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any

import boto3
import pytest
from botocore import exceptions

from tests.emulators import corrections
from tests.emulators.aws_wire import AwsWire


def test_an_operation_is_answered_in_the_servers_place(aws_env: AwsWire) -> None:
    aws_env.overrides.answer("guardduty:ListDetectors", lambda request: {"detectorIds": [request.method]})
    assert boto3.client("guardduty").list_detectors()["DetectorIds"] == ["GET"]
    aws_env.overrides.clear()
    assert boto3.client("guardduty").list_detectors()["DetectorIds"] == []


def test_members_are_taken_out_of_every_item(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    ec2.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2)
    before = [item for found in ec2.describe_instances()["Reservations"] for item in found["Instances"]]
    aws_env.overrides.without("ec2:DescribeInstances", "Reservations.Instances.MetadataOptions")
    after = [item for found in ec2.describe_instances()["Reservations"] for item in found["Instances"]]
    assert after == [{key: value for key, value in item.items() if key != "MetadataOptions"} for item in before]
    assert len(after) == 2


@pytest.mark.parametrize(
    ("operation", "path", "read"),
    [
        ("lambda:ListFunctions", "Functions", lambda: boto3.client("lambda").list_functions()),
        ("guardduty:ListDetectors", "DetectorIds", lambda: boto3.client("guardduty").list_detectors()),
        ("s3:GetBucketEncryption", "ServerSideEncryptionConfiguration.Rules", lambda: encryption()),
        ("s3:GetBucketAcl", "Grants.Permission", lambda: boto3.client("s3").get_bucket_acl(Bucket="one")),
    ],
)
def test_a_member_is_found_in_each_form_of_body(aws_env: AwsWire, operation: str, path: str, read: Any) -> None:
    boto3.client("s3").create_bucket(Bucket="one")
    last = path.rpartition(".")[2]
    assert last in repr(read())
    aws_env.overrides.without(operation, path)
    assert last not in repr(read())


def encryption() -> Any:
    return boto3.client("s3").get_bucket_encryption(Bucket="one")["ServerSideEncryptionConfiguration"]


@pytest.mark.parametrize("path", ["Volumes.Encryptd", "Volume.Encrypted", "NextToken.Encrypted"])
def test_what_no_member_is_called_cannot_be_taken_out(wire: AwsWire, path: str) -> None:
    with pytest.raises(ValueError, match=r"has no members?"):
        wire.overrides.without("ec2:DescribeVolumes", path)


def test_a_body_is_rewritten(aws_env: AwsWire) -> None:
    aws_env.overrides.rewrite("sts:GetCallerIdentity", lambda body: body.replace(b"user/moto", b"user/auditor"))
    assert boto3.client("sts").get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:user/auditor"


def test_account_summary_entries_are_set(aws_env: AwsWire) -> None:
    before = boto3.client("iam").get_account_summary()["SummaryMap"]
    corrections.account_summary(aws_env.overrides, AccountMFAEnabled=1, AccountPasswordPresent=0)
    after = boto3.client("iam").get_account_summary()["SummaryMap"]
    assert after == {**before, "AccountMFAEnabled": 1, "AccountPasswordPresent": 0}


def report() -> tuple[dict[str, dict[str, str]], Any]:
    iam = boto3.client("iam")
    iam.generate_credential_report()
    iam.generate_credential_report()
    answer = iam.get_credential_report()
    rows = csv.DictReader(io.StringIO(answer["Content"].decode()))
    return {row["user"]: row for row in rows}, answer["GeneratedTime"]


def test_the_credential_report_begins_with_the_root_user(aws_env: AwsWire) -> None:
    boto3.client("iam").create_user(UserName="one")
    rows, _ = report()
    assert list(rows) == ["<root_account>", "one"]
    assert rows["<root_account>"]["arn"] == "arn:aws:iam::123456789012:root"
    assert rows["<root_account>"]["password_enabled"] == "not_supported"


def test_the_credential_report_of_an_account_without_users_has_the_root_user(aws_env: AwsWire) -> None:
    assert list(report()[0]) == ["<root_account>"]


def test_columns_of_the_credential_report_are_set(aws_env: AwsWire) -> None:
    boto3.client("iam").create_user(UserName="one")
    changed = {"<root_account>": {"mfa_active": "true"}, "one": {"password_last_used": "2020-01-02T03:04:05+00:00"}}
    corrections.credential_report(aws_env.overrides, changed, "2026-11-20T01:02:03Z")
    rows, generated = report()
    assert rows["<root_account>"]["mfa_active"] == "true"
    assert rows["one"]["password_last_used"] == "2020-01-02T03:04:05+00:00"
    assert generated.isoformat() == "2026-11-20T01:02:03+00:00"


def region_status(**arguments: Any) -> dict[str, str]:
    answer = boto3.client("ec2").describe_regions(**arguments)
    return {region["RegionName"]: region["OptInStatus"] for region in answer["Regions"]}


def test_regions_are_listed_where_they_are_enabled(aws_env: AwsWire) -> None:
    every, enabled = region_status(AllRegions=True), region_status()
    assert enabled == {name: status for name, status in every.items() if status != "not-opted-in"}
    assert set(every.values()) == {"opt-in-not-required", "not-opted-in"}


def test_only_the_named_regions_are_enabled(aws_env: AwsWire) -> None:
    corrections.regions(aws_env.overrides, "us-east-1", "eu-west-1")
    assert set(region_status()) == {"us-east-1", "eu-west-1"}
    every = region_status(AllRegions=True)
    assert {name for name, status in every.items() if status != "not-opted-in"} == {"us-east-1", "eu-west-1"}
    assert len(every) > 30


def test_buckets_tell_their_region_where_a_parameter_was_given(aws_env: AwsWire) -> None:
    boto3.client("s3").create_bucket(Bucket="one")
    elsewhere = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3", region_name="eu-west-1").create_bucket(Bucket="two", CreateBucketConfiguration=elsewhere)
    plain = boto3.client("s3").list_buckets()["Buckets"]
    assert ["BucketRegion" in bucket for bucket in plain] == [False, False]
    aws_env.paging.size = 1
    told = [
        (bucket["Name"], bucket["BucketRegion"])
        for page in boto3.client("s3").get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1000})
        for bucket in page["Buckets"]
    ]
    assert told == [("one", "us-east-1"), ("two", "eu-west-1")]
    assert aws_env.traffic.calls == {"s3:CreateBucket": 2, "s3:ListBuckets": 3}


def test_every_bucket_is_encrypted_by_default(aws_env: AwsWire) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="one")
    assert encryption()["Rules"] == [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    ]
    with pytest.raises(exceptions.ClientError, match="NoSuchBucket"):
        s3.get_bucket_encryption(Bucket="none")


def test_a_trail_without_selectors_has_the_default_ones(aws_env: AwsWire) -> None:
    boto3.client("s3").create_bucket(Bucket="logs")
    cloudtrail = boto3.client("cloudtrail")
    cloudtrail.create_trail(Name="trail", S3BucketName="logs")
    assert cloudtrail.get_event_selectors(TrailName="trail")["EventSelectors"] == [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    answer = cloudtrail.get_event_selectors(TrailName="trail")
    assert "EventSelectors" not in answer
    assert answer["AdvancedEventSelectors"][0]["FieldSelectors"] == fields


def test_what_moto_leaves_out_is_there(aws_env: AwsWire) -> None:
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
    iam = boto3.client("iam")
    iam.create_policy(PolicyName="one", Path="/team/", PolicyDocument=document)
    iam.create_virtual_mfa_device(VirtualMFADeviceName="device")
    details = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
    key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    boto3.client("rds").create_db_instance(
        DBInstanceIdentifier="one", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=10
    )
    found = {
        "policy": details[0]["PolicyName"],
        "devices": [sorted(device) for device in iam.list_virtual_mfa_devices()["VirtualMFADevices"]],
        "key": boto3.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyUsage"],
        "managed": boto3.client("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyManager"],
        "public": boto3.client("rds").describe_db_instances()["DBInstances"][0]["PubliclyAccessible"],
        "protected": boto3.client("backup").list_protected_resources()["Results"],
    }
    assert found == {
        "policy": "one",
        "devices": [["SerialNumber"]],
        "key": "ENCRYPT_DECRYPT",
        "managed": "AWS",
        "public": False,
        "protected": [],
    }


def test_a_report_is_base64_on_the_wire(aws_env: AwsWire) -> None:
    iam, bodies = boto3.client("iam"), []
    iam.generate_credential_report()
    iam.generate_credential_report()
    iam.meta.events.register("before-parse", lambda response_dict, **_: bodies.append(response_dict["body"]))
    content = iam.get_credential_report()["Content"]
    assert base64.b64encode(content) in bodies[0]
