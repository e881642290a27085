"""AWS Network Firewall: a firewall that logs alerts."""

from __future__ import annotations

import json

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    layer.rewrite("network-firewall:DescribeLoggingConfiguration", _unconfigured)


def build(wire: AwsWire) -> None:
    firewalls, ec2 = client("network-firewall"), client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    made = firewalls.create_firewall(
        FirewallName="edge",
        FirewallPolicyArn=f"arn:aws:network-firewall:{HOME}:{ACCOUNT}:firewall-policy/edge",
        VpcId=subnet["VpcId"],
        SubnetMappings=[{"SubnetId": subnet["SubnetId"]}],
    )
    destination = {"LogType": "ALERT", "LogDestinationType": "S3", "LogDestination": {"bucketName": "northwind-logs"}}
    firewalls.update_logging_configuration(
        FirewallArn=made["Firewall"]["FirewallArn"], LoggingConfiguration={"LogDestinationConfigs": [destination]}
    )


def _unconfigured(body: bytes) -> bytes:
    # A configuration has destinations (LoggingConfiguration); a firewall without one is answered for by its ARN alone.
    answer = json.loads(body)
    return json.dumps({name: value for name, value in answer.items() if value}).encode()
