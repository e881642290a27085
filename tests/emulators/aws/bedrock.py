"""Amazon Bedrock: a region that logs the invocations of models."""

from __future__ import annotations

import json

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    layer.rewrite("bedrock:GetModelInvocationLoggingConfiguration", _nothing_where_there_is_none)


def build(wire: AwsWire) -> None:
    client("bedrock").put_model_invocation_logging_configuration(
        loggingConfig={"s3Config": {"bucketName": "northwind-models"}, "textDataDeliveryEnabled": True}
    )


def _nothing_where_there_is_none(body: bytes) -> bytes:
    answer = json.loads(body)
    return json.dumps(answer if answer.get("loggingConfig") else {}).encode()
