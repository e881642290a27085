"""Amazon Cognito: a user pool."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    client("cognito-idp").create_user_pool(PoolName="customers", MfaConfiguration="OPTIONAL")
