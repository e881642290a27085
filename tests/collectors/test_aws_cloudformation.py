"""Stacks: protected, nested, in sync, drifted and never looked at."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import boto3

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import AS_OF, scan, verdicts
from tests.emulators.aws.cloudformation import TEMPLATE, drifted
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document

NO_DRIFT = "aws.cloudformation.stack_no_drift"
DETECTED = "aws.cloudformation.stack_drift_detected"
PROTECTED = "aws.cloudformation.termination_protection"
CHECKS = (NO_DRIFT, DETECTED, PROTECTED)
PLANTED = "planted-3m9x"


def ago(**span: float) -> str:
    return (datetime.fromisoformat(AS_OF) - timedelta(**span)).isoformat().replace("+00:00", "Z")


DRIFTS = {
    "in-sync": ("IN_SYNC", ago(days=1)),
    "at-the-limit": ("IN_SYNC", ago(days=30)),
    "stale": ("IN_SYNC", ago(days=30, seconds=1)),
    "drifted": ("DRIFTED", ago(days=1)),
    "drifted-long-ago": ("DRIFTED", ago(days=90)),
    "failed": ("UNKNOWN", ago(days=1)),
    "never": ("NOT_CHECKED", None),
    "a-resource-only": ("NOT_CHECKED", ago(days=1)),
}


def stacks(wire: AwsWire) -> None:
    client = boto3.client("cloudformation")
    for name in DRIFTS:
        client.create_stack(
            StackName=name,
            TemplateBody=TEMPLATE,
            Parameters=[{"ParameterKey": "Token", "ParameterValue": PLANTED}],
            EnableTerminationProtection=name != "never",
        )

    def edit(document: Document) -> None:
        for stack in document.items("Stacks"):
            drifted(stack, *DRIFTS[stack.findtext("StackName")])

    wire.overrides.edit("cloudformation:DescribeStacks", edit)


def test_only_a_recent_detection_that_found_none_passes(aws_env: AwsWire) -> None:
    stacks(aws_env)
    snapshot, findings = scan((NO_DRIFT, DETECTED))
    found = verdicts(findings)
    assert {name: (found[NO_DRIFT, name], found[DETECTED, name]) for name in DRIFTS} == {
        "in-sync": ("pass", "pass"),
        "at-the-limit": ("pass", "pass"),
        "stale": ("not_applicable", "fail"),
        "drifted": ("fail", "pass"),
        "drifted-long-ago": ("fail", "fail"),
        "failed": ("fail", "fail"),
        "never": ("not_applicable", "fail"),
        "a-resource-only": ("not_applicable", "fail"),
    }
    # Parameters and outputs may hold secrets.
    assert PLANTED not in repr(snapshot)


def test_no_detection_is_started(aws_env: AwsWire) -> None:
    stacks(aws_env)
    aws_env.traffic.reset()
    scan(CHECKS)
    mine = {name for name in aws_env.traffic.calls if name.startswith("cloudformation:")}
    assert mine == {"cloudformation:DescribeStacks"}


def test_only_stacks_at_the_top_need_protection(aws_env: AwsWire) -> None:
    client = boto3.client("cloudformation")
    child = json.dumps({"Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})
    for name, protected in {"protected": True, "open": False, "nested": False, "in-review": False}.items():
        client.create_stack(StackName=name, TemplateBody=child, EnableTerminationProtection=protected)

    def edit(document: Document) -> None:
        for stack in document.items("Stacks"):
            if stack.findtext("StackName") == "nested":
                root = stack.makeelement("RootId", {})
                root.text = "arn:aws:cloudformation:us-east-1:123456789012:stack/protected/1"
                stack.append(root)
            if stack.findtext("StackName") == "in-review":
                stack.find("StackStatus").text = "REVIEW_IN_PROGRESS"

    aws_env.overrides.edit("cloudformation:DescribeStacks", edit)
    _, findings = scan((PROTECTED, DETECTED))
    found = verdicts(findings)
    assert {name: found[PROTECTED, name] for name in ("protected", "open", "nested", "in-review")} == {
        "protected": "pass",
        "open": "fail",
        "nested": "not_applicable",
        "in-review": "not_applicable",
    }
    assert found[DETECTED, "in-review"] == "not_applicable"


def test_what_cannot_be_read_is_unknown(aws_env: AwsWire) -> None:
    stacks(aws_env)
    assert misled(aws_env, dict.fromkeys(CHECKS, ("cloudformation:DescribeStacks",))) == []


def test_what_is_not_told_of_a_stack_is_unknown(aws_env: AwsWire) -> None:
    stacks(aws_env)
    aws_env.overrides.without("cloudformation:DescribeStacks", "Stacks.DriftInformation")
    aws_env.overrides.without("cloudformation:DescribeStacks", "Stacks.EnableTerminationProtection")
    _, findings = scan(CHECKS)
    assert {(finding.verdict, finding.reason) for finding in findings} == {("unknown", "missing_attribute")}


def test_pages_of_one_stack_give_the_same(aws_env: AwsWire) -> None:
    stacks(aws_env)
    assert paged(aws_env, *CHECKS) == []
