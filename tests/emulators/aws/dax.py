"""DynamoDB Accelerator: a cluster."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    client("dax").create_cluster(
        ClusterName="orders",
        NodeType="dax.t3.small",
        ReplicationFactor=3,
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
        SSESpecification={"Enabled": True},
        ClusterEndpointEncryptionType="TLS",
    )
