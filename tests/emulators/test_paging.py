"""A listing that is cut into pages is, read to its end, the listing that was whole."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.emulators.aws import cloudfront
from tests.emulators.aws_wire import AwsWire
from tests.emulators.paging import pages

ROLE = "arn:aws:iam::123456789012:role/role-0"


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "")
    return packed.getvalue()


def seed() -> None:
    """Three of each."""
    iam, ec2, logs, sns, sqs = (boto3.client(name) for name in ("iam", "ec2", "logs", "sns", "sqs"))
    trust = policy(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    for number in range(3):
        iam.create_user(UserName=f"user-{number}")
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=trust)
        iam.create_policy(PolicyName=f"policy-{number}", PolicyDocument=policy(Action="s3:Get*", Resource="*"))
        boto3.client("s3").create_bucket(Bucket=f"bucket-{number}")
        ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)
        ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
        logs.create_log_group(logGroupName=f"group-{number}")
        sns.create_topic(Name=f"topic-{number}")
        sqs.create_queue(QueueName=f"queue-{number}")
        boto3.client("kms").create_key()
        boto3.client("secretsmanager").create_secret(Name=f"secret-{number}", SecretString="planted")
        boto3.client("lambda").create_function(
            FunctionName=f"function-{number}",
            Role=ROLE,
            Runtime="python3.13",
            Handler="main.run",
            Code={"ZipFile": code()},
        )
        boto3.client("cloudwatch").put_metric_alarm(
            AlarmName=f"alarm-{number}",
            MetricName="metric",
            Namespace="space",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )


LISTINGS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("cloudwatch", "describe_alarms", "MetricAlarms", {}),
    ("ec2", "describe_instances", "Reservations", {}),
    ("ec2", "describe_volumes", "Volumes", {"Filters": [{"Name": "size", "Values": ["1"]}]}),
    ("iam", "get_account_authorization_details", "RoleDetailList", {}),
    ("iam", "list_policies", "Policies", {"Scope": "Local"}),
    ("iam", "list_users", "Users", {}),
    ("kms", "list_keys", "Keys", {}),
    ("lambda", "list_functions", "Functions", {}),
    ("logs", "describe_log_groups", "logGroups", {}),
    ("s3", "list_buckets", "Buckets", {"PaginationConfig": {"PageSize": 1000}}),
    ("secretsmanager", "list_secrets", "SecretList", {}),
    ("sns", "list_topics", "Topics", {}),
    ("sqs", "list_queues", "QueueUrls", {}),
]


def listed(service: str, operation: str, key: str, arguments: dict[str, Any]) -> tuple[list[Any], int]:
    """The items of all pages, and the number of pages."""
    read = list(boto3.client(service).get_paginator(operation).paginate(**arguments))
    return [item for page in read for item in page.get(key, [])], len(read)


@pytest.fixture
def whole(aws_env: AwsWire) -> Callable[[], dict[str, list[Any]]]:
    """All listings as they are now."""
    seed()
    return lambda: {f"{listing[0]}.{listing[1]}": listed(*listing)[0] for listing in LISTINGS}


def test_pages_of_one_add_up_to_the_whole(aws_env: AwsWire, whole: Callable[[], dict[str, list[Any]]]) -> None:
    before = whole()
    assert {name: len(items) for name, items in before.items()} == dict.fromkeys(before, 3)
    aws_env.paging.size = 1
    assert whole() == before
    aws_env.paging.pauses = True
    assert whole() == before
    # Three pages of one, then three with an empty one before each; the authorisation details hold more lists.
    served = {name: number for name, number in aws_env.paging.served.items() if "Authorization" not in name}
    assert set(served.values()) == {9}


def test_a_first_page_is_not_the_whole(aws_env: AwsWire) -> None:
    sqs = boto3.client("sqs")
    for number in range(3):
        sqs.create_queue(QueueName=f"queue-{number}")
    aws_env.paging.size = 2
    first = sqs.list_queues(MaxResults=1000)
    assert (len(first["QueueUrls"]), "NextToken" in first) == (2, True)
    rest = sqs.list_queues(MaxResults=1000, NextToken=first["NextToken"])
    assert (len(rest["QueueUrls"]), "NextToken" in rest) == (1, False)


def test_pages_of_the_server_are_cut_further(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    for number in range(53):  # moto gives 50 log groups a page
        logs.create_log_group(logGroupName=f"group-{number:02}")
    aws_env.paging.size = 20
    read = list(logs.get_paginator("describe_log_groups").paginate())
    assert [len(page["logGroups"]) for page in read] == [20, 20, 10, 3]
    names = [group["logGroupName"] for page in read for group in page["logGroups"]]
    assert names == [f"group-{number:02}" for number in range(53)]


def test_an_answer_in_the_servers_place_is_cut_too(aws_env: AwsWire) -> None:
    results = [{"ResourceArn": f"arn:{number}", "ResourceType": "EBS"} for number in range(3)]
    aws_env.overrides.answer("backup:ListProtectedResources", {"Results": results})
    aws_env.paging.size = 1
    assert listed("backup", "list_protected_resources", "Results", {}) == (results, 3)


def test_an_error_is_not_cut(aws_env: AwsWire) -> None:
    aws_env.paging.size = 1
    client = boto3.client("iam")
    with pytest.raises(client.exceptions.NoSuchEntityException):
        client.list_attached_user_policies(UserName="none")


@pytest.mark.parametrize(
    ("service", "operation", "pageable"),
    [
        ("iam", "GetAccountAuthorizationDetails", True),
        ("elbv2", "DescribeListeners", True),
        ("sts", "GetCallerIdentity", False),
        ("route53", "ListResourceRecordSets", False),  # three tokens
    ],
)
def test_operations_with_one_token_are_cut(service: str, operation: str, pageable: bool) -> None:
    assert (pages(service, operation) is not None) == pageable


def test_a_listing_that_is_the_body_is_cut_too(aws_env: AwsWire) -> None:
    ids = [cloudfront.distribution(policy, CallerReference=policy) for policy in ("allow-all", "https-only")]
    cloudfront.tenants(aws_env.overrides, {ids[0]: {"a": None, "b": None}})
    aws_env.paging.size = 1
    read = list(boto3.client("cloudfront").get_paginator("list_distributions").paginate())
    found = [[item["Id"] for item in page["DistributionList"]["Items"]] for page in read]
    assert sorted(found) == sorted([id_] for id_ in ids)
    assert [page["DistributionList"]["Quantity"] for page in read] == [1, 1]
    # The token of this one is an element of the request's body.
    asked = {"AssociationFilter": {"DistributionId": ids[0]}}
    items, served = listed("cloudfront", "list_distribution_tenants", "DistributionTenantList", asked)
    assert ([item["Name"] for item in items], served) == (["a", "b"], 2)
