"""Elastic Load Balancing, the first version: a Classic Load Balancer."""

from __future__ import annotations

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    client("elb").create_load_balancer(
        LoadBalancerName="legacy",
        AvailabilityZones=[f"{HOME}a"],
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
    )
