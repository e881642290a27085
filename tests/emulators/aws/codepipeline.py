"""AWS CodePipeline: a pipeline with an approval, and a secret in what an action is configured with."""

from __future__ import annotations

import json
from typing import Any

from tests.emulators.aws_services import CANARY, HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def action(category: str, provider: str, order: int = 1, **configuration: str) -> dict[str, Any]:
    """An action, as a pipeline declares it."""
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": f"{category}-{order}", "actionTypeId": kind, "runOrder": order, "configuration": configuration}


def create(name: str, *stages: dict[str, Any], region: str, **tags: str) -> None:
    """A pipeline of these stages."""
    service = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})
    client("iam", region).create_role(RoleName=f"pipeline-{name}", AssumeRolePolicyDocument=trust)
    client("codepipeline", region).create_pipeline(
        pipeline={
            "name": name,
            "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipeline-{name}",
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": list(stages),
            "version": 1,
        },
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )


def build(wire: AwsWire) -> None:
    create(
        "web",
        {"name": "Source", "actions": [action("Source", "GitHub", OAuthToken=CANARY)]},
        {"name": "Production", "actions": [action("Approval", "Manual"), action("Deploy", "ECS", 2)]},
        region=HOME,
        team="web",
    )
