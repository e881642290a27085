"""Application Auto Scaling: the capacity of a table that follows demand."""

from __future__ import annotations

from typing import Final

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.overrides import Overrides

_NOT_SUSPENDED: Final = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


def correct(layer: Overrides) -> None:
    layer.edit("application-autoscaling:DescribeScalableTargets", _suspended_state)


def build(wire: AwsWire) -> None:
    scaling = client("application-autoscaling")
    for resource in ("table/orders", "table/orders/index/by-id"):
        for kind in ("Read", "Write"):
            target = {
                "ServiceNamespace": "dynamodb",
                "ResourceId": resource,
                "ScalableDimension": f"dynamodb:{'index' if '/index/' in resource else 'table'}:{kind}CapacityUnits",
            }
            scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=500)
            metric = {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"}
            scaling.put_scaling_policy(
                **target,
                PolicyName=f"{resource} {kind}",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": metric},
            )


def _suspended_state(document: Document) -> None:
    # moto answers with what was given, null where nothing was.
    for target in document.items("ScalableTargets"):
        target["SuspendedState"] = {**_NOT_SUSPENDED, **(target.get("SuspendedState") or {})}
