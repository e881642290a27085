"""AWS Lambda: a function with secrets in its environment, an alias, a permission, and what becomes of failures."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from tests.emulators.aws_services import CANARY, HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    # moto keeps function URLs and lists none.
    layer.answer("lambda:ListFunctionUrlConfigs", {"FunctionUrlConfigs": []})
    layer.edit("lambda:ListFunctionEventInvokeConfigs", _qualified)
    layer.edit("lambda:ListEventSourceMappings", _unbounded)


def _qualified(document: Document) -> None:
    for config in document.items("FunctionEventInvokeConfigs"):
        if config["FunctionArn"].count(":") == 6:
            config["FunctionArn"] += ":$LATEST"


def _unbounded(document: Document) -> None:
    # Of streams Lambda tells the bounds that nobody set: -1, which is none.
    for mapping in document.items("EventSourceMappings"):
        if mapping["EventSourceArn"].split(":")[2] in ("kinesis", "dynamodb"):
            mapping.setdefault("MaximumRetryAttempts", -1)
            mapping.setdefault("MaximumRecordAgeInSeconds", -1)


def url(function: str, auth_type: str, qualifier: str = "", region: str = HOME) -> dict[str, Any]:
    """A function URL as ListFunctionUrlConfigs tells of it."""
    arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{function}"
    return {
        "FunctionUrl": f"https://{function}.lambda-url.{region}.on.aws/",
        "FunctionArn": f"{arn}:{qualifier}" if qualifier else arn,
        "AuthType": auth_type,
        "CreationTime": "2026-01-01T00:00:00.000000Z",
        "LastModifiedTime": "2026-01-01T00:00:00.000000Z",
    }


def archive() -> bytes:
    """The code of a function."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("handler.py", "def handle(event, context): pass")
    return code.getvalue()


def build(wire: AwsWire) -> None:
    functions = client("lambda")
    functions.create_function(
        FunctionName="canary",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/app",
        Handler="handler.handle",
        Code={"ZipFile": archive()},
        Environment={"Variables": {"DB_PASSWORD": CANARY, "URL": f"postgres://master:{CANARY}@ledger/db"}},
        DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{HOME}:{ACCOUNT}:mails-dead"},
        Tags={"criticality": "high"},
        Publish=True,
    )
    functions.create_alias(FunctionName="canary", Name="live", FunctionVersion="1")
    functions.add_permission(
        FunctionName="canary", StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    functions.put_function_concurrency(FunctionName="canary", ReservedConcurrentExecutions=5)
    failed = {"OnFailure": {"Destination": f"arn:aws:sqs:{HOME}:{ACCOUNT}:mails-dead"}}
    functions.put_function_event_invoke_config(FunctionName="canary", DestinationConfig=failed)
    client("kinesis").create_stream(StreamName="payments", ShardCount=1)
    functions.create_event_source_mapping(
        FunctionName="canary",
        EventSourceArn=f"arn:aws:kinesis:{HOME}:{ACCOUNT}:stream/payments",
        StartingPosition="LATEST",
        DestinationConfig=failed,
        MaximumRetryAttempts=3,
    )
    wire.overrides.answer(
        "lambda:ListFunctionUrlConfigs",
        lambda request: {"FunctionUrlConfigs": [url("canary", "AWS_IAM")] if "/canary/" in request.target else []},
    )
