"""Amazon Kinesis: a stream that is encrypted."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    streams = client("kinesis")
    streams.create_stream(StreamName="clicks", ShardCount=1)
    streams.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId="alias/aws/kinesis")
