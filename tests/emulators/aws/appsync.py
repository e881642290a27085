"""AWS AppSync: a GraphQL API."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    logs = {"fieldLogLevel": "ERROR", "cloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/app"}
    client("appsync").create_graphql_api(name="catalogue", authenticationType="AWS_IAM", logConfig=logs)
