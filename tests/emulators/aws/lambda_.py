"""AWS Lambda: a function with secrets in its environment, an alias and a permission."""

from __future__ import annotations

import io
import zipfile

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    functions = client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context): pass")
    functions.create_function(
        FunctionName="canary",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/app",
        Handler="handler.handle",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"DB_PASSWORD": CANARY, "URL": f"postgres://master:{CANARY}@ledger/db"}},
        Publish=True,
    )
    functions.create_alias(FunctionName="canary", Name="live", FunctionVersion="1")
    functions.add_permission(
        FunctionName="canary", StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
