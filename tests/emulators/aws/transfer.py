"""AWS Transfer Family: a server."""

from __future__ import annotations

import json

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    layer.rewrite("transfer:DescribeServer", _with_protocols)


def build(wire: AwsWire) -> None:
    client("transfer").create_server(Protocols=["SFTP"])


def _with_protocols(body: bytes) -> bytes:
    # A server that was made without any offers SFTP (CreateServer).
    answer = json.loads(body)
    answer["Server"].setdefault("Protocols", ["SFTP"])
    return json.dumps(answer).encode()
