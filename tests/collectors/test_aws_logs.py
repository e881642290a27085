"""Log groups and the policies on them, built to pass and to fail."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.logs import group_policy
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
RETENTION = "aws.logs.group_retention"
ENCRYPTED = "aws.logs.group_kms_encrypted"
POLICY = "aws.logs.resource_policy_not_public"


def test_log_groups_are_judged_by_their_retention(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    for name, days in (("short", 30), ("exact", 365), ("long", 731), ("forever", None), ("passed-on", 1)):
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    # moto keeps no class.
    aws_env.overrides.rewrite(
        "logs:DescribeLogGroups",
        lambda body: body.replace(
            b'"logGroupName": "passed-on"', b'"logGroupName": "passed-on", "logGroupClass": "DELIVERY"'
        ),
    )

    _, findings = scan([RETENTION])

    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "short": "fail",
        "exact": "pass",
        "long": "pass",
        "forever": "pass",
        "passed-on": "not_applicable",
    }
    assert findings[0].subject.id == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:exact"


def test_more_log_groups_than_a_page_holds_are_all_judged(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    for number in range(120):
        logs.create_log_group(logGroupName=f"group-{number:03}")
    aws_env.traffic.reset()

    _, findings = scan([RETENTION])

    assert [finding.subject.name for finding in findings] == [f"group-{number:03}" for number in range(120)]
    assert aws_env.traffic.calls["logs:DescribeLogGroups"] == 3


def test_a_page_that_fails_leaves_the_listing_incomplete(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    for number in range(60):
        logs.create_log_group(logGroupName=f"group-{number:03}")
    aws_env.faults.add("denied", "logs:DescribeLogGroups", after=1)

    _, findings = scan([RETENTION])

    assert sorted({finding.subject.kind for finding in findings}) == ["resource", "scope"]
    [gap] = [finding for finding in findings if finding.subject.kind == "scope"]
    assert (gap.verdict, gap.reason, len(findings)) == ("unknown", "access_denied", 51)


def test_log_groups_are_judged_by_their_key(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="plain")
    logs.create_log_group(logGroupName="encrypted", kmsKeyId=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1")
    aws_env.traffic.reset()

    _, findings = scan([ENCRYPTED, RETENTION])

    assert verdicts(findings) == {
        (ENCRYPTED, "plain"): "fail",
        (ENCRYPTED, "encrypted"): "pass",
        (RETENTION, "plain"): "pass",
        (RETENTION, "encrypted"): "pass",
    }
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("check", "operation"), [(ENCRYPTED, "logs:DescribeLogGroups"), (POLICY, "logs:DescribeResourcePolicies")]
)
def test_what_could_not_be_listed_is_unknown(aws_env: AwsWire, kind: Any, check: str, operation: str) -> None:
    boto3.client("logs").create_log_group(logGroupName="plain")
    aws_env.faults.add(kind, operation)

    _, findings = scan([check])

    assert [(finding.subject.kind, finding.verdict) for finding in findings] == [("scope", "unknown")]


def statement(principal: Any, **more: Any) -> str:
    own = {"Effect": "Allow", "Principal": principal, "Action": "logs:PutLogEvents", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [own]})


def policies(wire: AwsWire) -> None:
    logs = boto3.client("logs")
    of_account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    for name, document in {
        "service": statement({"Service": "route53.amazonaws.com"}),
        "everyone": statement("*"),
        "everyone-here": statement("*", Condition=of_account),
    }.items():
        logs.put_resource_policy(policyName=name, policyDocument=document)
    group_policy(wire.overrides, "app", statement({"AWS": "*"}), region="us-east-1")


GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:app"


def test_policies_of_the_account_or_of_one_log_group_must_not_let_everyone_write(aws_env: AwsWire) -> None:
    policies(aws_env)
    aws_env.traffic.reset()

    _, findings = scan([POLICY])

    assert {finding.subject.id: finding.verdict for finding in findings} == {
        "us-east-1|service": "pass",
        "us-east-1|everyone": "fail",
        "us-east-1|everyone-here": "pass",
        f"{GROUP}|resource-policy": "fail",
    }
    assert aws_env.traffic.calls["logs:DescribeResourcePolicies"] == 2
    assert not aws_env.traffic.repeats


def test_the_policies_of_log_groups_that_cannot_be_listed_are_unknown(aws_env: AwsWire) -> None:
    policies(aws_env)
    aws_env.faults.add("denied", "logs:DescribeResourcePolicies", where=lambda e: b"RESOURCE" in e.request.body)

    _, findings = scan([POLICY])

    assert [finding.reason for finding in findings if finding.subject.kind == "scope"] == ["access_denied"]
    assert len(findings) == 4


def test_a_policy_that_is_no_json_is_unknown(aws_env: AwsWire) -> None:
    boto3.client("logs").put_resource_policy(policyName="broken", policyDocument="{")

    _, findings = scan([POLICY])

    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "malformed_response")]


def test_pages_of_one_policy_give_the_same_policies(aws_env: AwsWire) -> None:
    policies(aws_env)
    wanted = {"AWS::Logs::ResourcePolicy": {"policy_document"}}
    whole = read(wanted).resources

    aws_env.paging.size = 1

    assert read(wanted).resources == whole
    assert len(whole) == 4
