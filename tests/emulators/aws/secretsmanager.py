"""AWS Secrets Manager: a secret with a policy."""

from __future__ import annotations

from tests.emulators.aws_services import CANARY, client, policy
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    secrets = client("secretsmanager")
    secret = secrets.create_secret(Name="canary", SecretString=CANARY)["ARN"]
    who = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}}
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=policy("secretsmanager:GetSecretValue", "*", **who))
