"""Amazon MSK: a Kafka cluster."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    cluster("events", "TLS_PLAINTEXT", in_cluster=True)


def cluster(name: str, clients: str, *, in_cluster: bool) -> None:
    """Make a provisioned cluster. moto's CreateClusterV2 forgets how it encrypts."""
    client("kafka").create_cluster(
        ClusterName=name,
        KafkaVersion="3.6.0",
        NumberOfBrokerNodes=2,
        BrokerNodeGroupInfo={"ClientSubnets": ["subnet-0a1b2c3d"], "InstanceType": "kafka.m5.large"},
        EncryptionInfo={"EncryptionInTransit": {"ClientBroker": clients, "InCluster": in_cluster}},
    )


def serverless(name: str) -> None:
    """Make a serverless cluster."""
    client("kafka").create_cluster_v2(
        ClusterName=name,
        Serverless={
            "VpcConfigs": [{"SubnetIds": ["subnet-0a1b2c3d"]}],
            "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}},
        },
    )
