"""Amazon SNS: a topic that is encrypted."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    client("sns").create_topic(Name="orders", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
