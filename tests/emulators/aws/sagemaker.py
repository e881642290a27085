"""Amazon SageMaker AI: a notebook instance."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    client("sagemaker").create_notebook_instance(
        NotebookInstanceName="forecast",
        InstanceType="ml.t3.medium",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
        DirectInternetAccess="Disabled",
        SubnetId="subnet-0a1b2c3d",
        SecurityGroupIds=["sg-0a1b2c3d"],
    )
