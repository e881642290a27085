"""Amazon EC2 Auto Scaling: a group with a policy, and one with a scheduled action."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    # moto leaves both out, which AWS always tells.
    layer.edit("autoscaling:DescribePolicies", _enabled)
    layer.edit("autoscaling:DescribeScheduledActions", _named)


def build(wire: AwsWire) -> None:
    scaling, ec2 = client("autoscaling"), client("ec2")
    subnets = [row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]][:2]
    scaling.create_launch_configuration(
        LaunchConfigurationName="workers", ImageId="ami-12345678", InstanceType="t3.micro"
    )
    for name in ("workers", "nightly"):
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName="workers",
            MinSize=0,
            MaxSize=4,
            VPCZoneIdentifier=",".join(subnets),
        )
    scaling.put_scaling_policy(
        AutoScalingGroupName="workers",
        PolicyName="by load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 50,
        },
    )
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName="nightly", ScheduledActionName="evenings", MinSize=1, Recurrence="0 20 * * *"
    )


def _enabled(document: Document) -> None:
    for policy in document.items("ScalingPolicies"):
        _add(policy, "Enabled", "true")


def _named(document: Document) -> None:
    for action in document.items("ScheduledUpdateGroupActions"):
        group, name = action.findtext("AutoScalingGroupName"), action.findtext("ScheduledActionName")
        of = f"autoScalingGroupName/{group}:scheduledActionName/{name}"
        _add(action, "ScheduledActionARN", f"arn:aws:autoscaling:eu-west-1:{ACCOUNT}:scheduledUpdateGroupAction:1:{of}")


def _add(element: Any, tag: str, text: str) -> None:
    if element.find(tag) is None:
        ElementTree.SubElement(element, tag).text = text
