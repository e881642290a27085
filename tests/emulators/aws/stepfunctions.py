"""AWS Step Functions: a state machine that logs, and whose definition holds a secret."""

from __future__ import annotations

import json

from tests.emulators.aws_services import CANARY, HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "Result": CANARY, "End": True}}}
    group = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:application:*"
    client("stepfunctions").create_state_machine(
        name="orders",
        definition=json.dumps(definition),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
        loggingConfiguration={"level": "ERROR", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]},
    )
