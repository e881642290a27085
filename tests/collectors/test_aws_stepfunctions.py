"""State machines, built to pass and to fail."""

from __future__ import annotations

import json

import boto3

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT

CHECK = "aws.states.logging_enabled"
PLANTED = "planted-7f3k"


def machines() -> None:
    states = boto3.client("stepfunctions")
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:states:*"
    destination = [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "Result": PLANTED, "End": True}}}
    logging = {
        "everything": {"level": "ALL", "destinations": destination},
        "errors": {"level": "ERROR", "destinations": destination},
        "off": {"level": "OFF"},
        "nowhere": {"level": "ALL"},
    }
    for name, configuration in logging.items():
        states.create_state_machine(
            name=name,
            definition=json.dumps(definition),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
            loggingConfiguration=configuration,
        )


def test_machines_that_log_nothing_or_nowhere_fail_and_definitions_are_not_kept(aws_env: AwsWire) -> None:
    machines()
    snapshot, findings = scan((CHECK,))
    assert verdicts(findings) == {
        (CHECK, "everything"): "pass",
        (CHECK, "errors"): "pass",
        (CHECK, "off"): "fail",
        (CHECK, "nowhere"): "fail",
    }
    assert PLANTED not in repr(snapshot)
    asked = [entry for entry in aws_env.traffic.log if entry.call.name == "stepfunctions:DescribeStateMachine"]
    assert len(asked) == 4


def test_what_cannot_be_read_is_unknown(aws_env: AwsWire) -> None:
    machines()
    assert misled(aws_env, {CHECK: ("stepfunctions:ListStateMachines", "stepfunctions:DescribeStateMachine")}) == []


def test_logging_that_is_not_told_of_is_unknown(aws_env: AwsWire) -> None:
    machines()
    aws_env.overrides.without("stepfunctions:DescribeStateMachine", "loggingConfiguration")
    _, findings = scan((CHECK,))
    assert {(finding.verdict, finding.reason) for finding in findings} == {("unknown", "missing_attribute")}


def test_pages_of_one_machine_give_the_same(aws_env: AwsWire) -> None:
    machines()
    assert paged(aws_env, CHECK) == []


def test_a_machine_that_is_gone_is_no_machine(aws_env: AwsWire) -> None:
    machines()
    aws_env.faults.add("error", "stepfunctions:DescribeStateMachine", code="StateMachineDoesNotExist", status=400)
    snapshot, findings = scan((CHECK,))
    assert (snapshot.resources, findings) == ((), ())
