"""Application Auto Scaling: what may be scaled, within which limits and by which policies. Read for DynamoDB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

TARGET: Final = "AWS::ApplicationAutoScaling::ScalableTarget"
TYPES: Final = (ResourceType(TARGET),)

_SERVICE: Final = "application-autoscaling"
_NAMESPACE: Final = "dynamodb"
_OPERATIONS: Final = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
)
"""Also the names of the permissions."""

Policies = Mapping[tuple[str, str], list[Any]]
"""The types of the policies on a target, by its resource and dimension."""


def _targets(aws: Caller, scope: Scope) -> Iterator[Found]:
    targets = list(aws.pages(_SERVICE, "describe_scalable_targets", "ScalableTargets", ServiceNamespace=_NAMESPACE))
    # A target scales nothing by itself: a policy says when.
    policies = aws.part(_OPERATIONS[1], lambda: _policies(aws)) if targets else {}
    for target in targets:
        resource, dimension = target["ResourceId"], target["ScalableDimension"]
        suspended = target.get("SuspendedState") or {}
        properties = {
            "resource_id": resource,
            "table_name": _table(resource),
            "scalable_dimension": dimension,
            "min_capacity": attribute(target, "MinCapacity"),
            "max_capacity": attribute(target, "MaxCapacity"),
            "scaling_out_suspended": attribute(suspended, "DynamicScalingOutSuspended"),
            "policy_types": policies if isinstance(policies, Unread) else policies.get((resource, dimension), []),
        }
        yield Found(TARGET, target["ScalableTargetARN"], properties, f"{resource} {dimension}")


def _policies(aws: Caller) -> Policies:
    found: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for policy in aws.pages(_SERVICE, "describe_scaling_policies", "ScalingPolicies", ServiceNamespace=_NAMESPACE):
        found[policy["ResourceId"], policy["ScalableDimension"]].append(attribute(policy, "PolicyType"))
    return found


def _table(resource: str) -> str:
    """The table of "table/orders" or "table/orders/index/by-customer"."""
    return resource.split("/")[1]


READERS: Final = (
    Reader(
        operations=(
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
        ),
        read=_targets,
        lists=(TARGET,),
        fills={
            TARGET: (
                "resource_id",
                "table_name",
                "scalable_dimension",
                "min_capacity",
                "max_capacity",
                "scaling_out_suspended",
                "policy_types",
            )
        },
        permissions=_OPERATIONS,
    ),
)
