"""Amazon EKS: a cluster."""

from __future__ import annotations

import json
from typing import Final

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

DEFAULTS: Final = {
    "endpointPublicAccess": True,
    "endpointPrivateAccess": False,
    "publicAccessCidrs": ["0.0.0.0/0"],
}
"""How a cluster can be reached whose owner said nothing (API reference, VpcConfigRequest)."""


def correct(layer: Overrides) -> None:
    layer.rewrite("eks:DescribeCluster", _with_endpoint)


def _with_endpoint(body: bytes) -> bytes:
    answer = json.loads(body)
    network = answer["cluster"]["resourcesVpcConfig"]
    answer["cluster"]["resourcesVpcConfig"] = {**DEFAULTS, **network}
    return json.dumps(answer).encode()


def build(wire: AwsWire) -> None:
    client("eks").create_cluster(
        name="shop",
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
        resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]},
        version="1.33",
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": "alias/eks"}}],
        logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]},
    )
