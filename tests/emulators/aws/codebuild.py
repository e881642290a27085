"""AWS CodeBuild: a project with a secret among its variables."""

from __future__ import annotations

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    client("codebuild").create_project(
        name="release",
        source={"type": "GITHUB", "location": f"https://build:{CANARY}@github.com/northwind/web.git"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "DEPLOY_TOKEN", "value": CANARY, "type": "PLAINTEXT"}],
        },
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/app",
        logsConfig={"cloudWatchLogs": {"status": "DISABLED"}, "s3Logs": {"status": "ENABLED", "location": "logs"}},
    )
