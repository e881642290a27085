"""Amazon Data Firehose: a stream that programs write to, and one that reads from Kinesis."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/firehose"


def correct(layer: Overrides) -> None:
    # moto gives back what was asked for ({} where nothing was); Firehose says what came of it.
    layer.rewrite("firehose:DescribeDeliveryStream", _encryption)


def build(wire: AwsWire) -> None:
    stream("clicks", encrypted=True)
    stream("orders", logs=False, source=f"arn:aws:kinesis:{HOME}:{ACCOUNT}:stream/clicks")


def stream(
    name: str, *, encrypted: bool = False, logs: bool = True, source: str | None = None, region: str = HOME
) -> None:
    """Make a stream that delivers to a bucket, reading from a stream of Kinesis where there is a ``source``."""
    logging: dict[str, Any] = {"Enabled": False}
    if logs:
        logging = {"Enabled": True, "LogGroupName": f"/aws/kinesisfirehose/{name}", "LogStreamName": "delivery"}
    settings: dict[str, Any] = {}
    if encrypted:
        settings["DeliveryStreamEncryptionConfigurationInput"] = {"KeyType": "AWS_OWNED_CMK"}
    if source is not None:
        settings["KinesisStreamSourceConfiguration"] = {"KinesisStreamARN": source, "RoleARN": ROLE}
    client("firehose", region).create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="DirectPut" if source is None else "KinesisStreamAsSource",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::northwind-clicks",
            "CloudWatchLoggingOptions": logging,
        },
        **settings,
    )


def _encryption(body: bytes) -> bytes:
    answer = json.loads(body)
    told = answer["DeliveryStreamDescription"]
    asked = told.get("DeliveryStreamEncryptionConfiguration")
    told["DeliveryStreamEncryptionConfiguration"] = {**asked, "Status": "ENABLED"} if asked else {"Status": "DISABLED"}
    return json.dumps(answer).encode()
