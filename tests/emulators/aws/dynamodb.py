"""Amazon DynamoDB: a table with tags."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    tables = client("dynamodb")
    arn = tables.describe_table(TableName="sessions")["Table"]["TableArn"]
    tables.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "web"}])
