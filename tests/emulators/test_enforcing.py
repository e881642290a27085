"""Only what a policy allows gets through, judged by AWS's names of actions and not by ours."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import exceptions

from tests.emulators.aws_wire import AwsWire
from tests.emulators.enforcing import Policy, actions, known_action


@pytest.mark.parametrize(
    ("service", "operation", "needed"),
    [
        ("s3", "ListBuckets", ("s3:ListAllMyBuckets",)),
        ("s3", "GetBucketEncryption", ("s3:GetEncryptionConfiguration",)),
        ("s3", "GetPublicAccessBlock", ("s3:GetBucketPublicAccessBlock",)),
        ("s3", "GetBucketAcl", ("s3:GetBucketAcl",)),
        ("s3", "GetBucketLifecycleConfiguration", ("s3:GetLifecycleConfiguration",)),
        ("s3", "GetBucketReplication", ("s3:GetReplicationConfiguration",)),
        ("s3", "HeadBucket", ("s3:ListBucket",)),
        ("s3control", "GetPublicAccessBlock", ("s3:GetAccountPublicAccessBlock",)),
        ("cloudwatch", "DescribeAlarms", ("cloudwatch:DescribeAlarms",)),
        ("elbv2", "DescribeListeners", ("elasticloadbalancing:DescribeListeners",)),
        ("efs", "DescribeFileSystems", ("elasticfilesystem:DescribeFileSystems",)),
        ("lambda", "GetPolicy", ("lambda:GetPolicy",)),
        ("iam", "GetAccountAuthorizationDetails", ("iam:GetAccountAuthorizationDetails",)),
        ("accessanalyzer", "ListAnalyzers", ("access-analyzer:ListAnalyzers",)),
        ("resourcegroupstaggingapi", "GetResources", ("tag:GetResources",)),
        ("apigateway", "GetStages", ("apigateway:GET",)),
        ("apigatewayv2", "GetApis", ("apigateway:GET",)),
        ("cloudformation", "DescribeStacks", ("cloudformation:DescribeStacks", "cloudformation:ListStacks")),
        ("s3control", "GetBucketPolicy", ()),  # Outposts: another service's action
    ],
)
def test_an_operation_needs_the_action_of_the_reference(service: str, operation: str, needed: tuple[str, ...]) -> None:
    assert actions(service, operation) == needed
    assert all(known_action(action) for action in needed)


@pytest.mark.parametrize(
    ("action", "known"),
    [
        ("s3:GetEncryptionConfiguration", True),
        ("S3:getencryptionconfiguration", True),
        ("s3:GetBucketEncryption", False),
        ("s3:Get*", False),
        ("monitoring:DescribeAlarms", False),
        ("nonsense", False),
    ],
)
def test_an_action_is_known_by_its_full_name(action: str, known: bool) -> None:
    assert known_action(action) == known


def statement(effect: str, action: str | list[str]) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "action", "allowed"),
    [
        ([statement("Allow", "s3:GetBucketAcl")], "s3:GetBucketAcl", True),
        ([statement("Allow", "S3:getbucketacl")], "s3:GetBucketAcl", True),
        ([statement("Allow", ["iam:Get*", "s3:*"])], "s3:GetBucketAcl", True),
        ([statement("Allow", "s3:GetBucket?cl")], "s3:GetBucketAcl", True),
        ([statement("Allow", "s3:GetBucketAcl")], "s3:GetBucketAclX", False),
        ([statement("Allow", "*"), statement("Deny", "s3:*")], "s3:GetBucketAcl", False),
        ([], "s3:GetBucketAcl", False),
    ],
)
def test_a_policy_allows_what_its_statements_say(statements: list[Any], action: str, allowed: bool) -> None:
    assert Policy.of({"Version": "2012-10-17", "Statement": statements}).allows(action) == allowed


@pytest.mark.parametrize(
    "part",
    [{"Resource": "arn:aws:s3:::one"}, {"Condition": {}}, {"NotAction": "s3:*"}, {"NotResource": "*"}],
)
def test_a_policy_that_needs_the_resource_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="only actions on every resource"):
        Policy.of({"Statement": {**statement("Allow", "s3:*"), **part}})


def test_what_is_not_granted_is_denied_with_its_action_named(aws_env: AwsWire) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="one")
    enforcement = aws_env.enforcement
    enforcement.allow({"Version": "2012-10-17", "Statement": [statement("Allow", "s3:ListAllMyBuckets")]})
    assert [bucket["Name"] for bucket in s3.list_buckets(MaxBuckets=10)["Buckets"]] == ["one"]
    with pytest.raises(exceptions.ClientError, match=r"not authorized to perform: s3:GetEncryptionConfiguration"):
        s3.get_bucket_encryption(Bucket="one")
    boto3.client("sts").get_caller_identity()
    assert enforcement.used == {"s3:ListAllMyBuckets", "s3:GetEncryptionConfiguration"}
    assert enforcement.refused == {"s3:GetEncryptionConfiguration"}
    assert enforcement.unmapped == set()
    enforcement.clear()
    s3.get_bucket_encryption(Bucket="one")


def test_an_operation_without_a_known_action_is_denied(aws_env: AwsWire) -> None:
    aws_env.enforcement.allow({"Statement": statement("Allow", "*")})
    aws_env.overrides.answer("iot-data:GetThingShadow", {})  # its actions are those of another service
    with pytest.raises(exceptions.ClientError, match="not authorized"):
        boto3.client("iot-data").get_thing_shadow(thingName="one")
    assert aws_env.enforcement.unmapped == {"iot-data:GetThingShadow"}
