"""Amazon EC2 Auto Scaling: groups, and what makes them scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.ec2 import together, values
from providers.base import MISSING, Found, Reader, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

GROUP: Final = "AWS::AutoScaling::AutoScalingGroup"
POLICY: Final = "AWS::AutoScaling::ScalingPolicy"
ACTION: Final = "AWS::AutoScaling::ScheduledAction"
TYPES: Final = (ResourceType(GROUP), ResourceType(POLICY), ResourceType(ACTION))


def _groups(aws: Caller, scope: Scope) -> Iterator[Found]:
    listing = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", IncludeInstances=False)
    for group in listing:
        zones, checks = group.get("AvailabilityZones"), group.get("HealthCheckType")
        properties = {
            "availability_zones": MISSING if zones is None else sorted(set(zones)),
            "min_size": attribute(group, "MinSize"),
            "max_size": attribute(group, "MaxSize"),
            "health_check_types": sorted(checks.replace(" ", "").split(",")) if checks else MISSING,
            "suspended_processes": together(values(group.get("SuspendedProcesses") or [], "ProcessName")),
            "traffic_sources": _traffic_sources(group),
        }
        yield Found(GROUP, group["AutoScalingGroupARN"], properties, group["AutoScalingGroupName"])


def _traffic_sources(group: Mapping[str, Any]) -> list[dict[str, Any]] | Unread:
    """Everything that sends traffic to the group, each once: the older lists name what the newer one can name too."""
    found = dict.fromkeys(group.get("LoadBalancerNames") or [], "elb")
    found.update(dict.fromkeys(group.get("TargetGroupARNs") or [], "elbv2"))
    for source in group.get("TrafficSources") or []:
        identifier = source.get("Identifier")
        if identifier is None:
            return MISSING
        # The type need not be told where the identifier tells it.
        found[identifier] = source.get("Type") or found.get(identifier) or _told_by(identifier)
    return [{"identifier": identifier, "type": found[identifier]} for identifier in sorted(found)]


def _told_by(identifier: str) -> str:
    if ":vpc-lattice:" in identifier:
        return "vpc-lattice"
    return "elbv2" if identifier.startswith("arn:") else "elb"


def _policies(aws: Caller, scope: Scope) -> Iterator[Found]:
    for policy in aws.pages("autoscaling", "describe_policies", "ScalingPolicies"):
        predictive = policy.get("PolicyType") == "PredictiveScaling"
        properties = {
            "auto_scaling_group_name": attribute(policy, "AutoScalingGroupName"),
            "enabled": attribute(policy, "Enabled"),
            "predictive_mode": _mode(policy) if predictive else None if "PolicyType" in policy else MISSING,
        }
        yield Found(POLICY, policy["PolicyARN"], properties, policy["PolicyName"])


def _mode(policy: Mapping[str, Any]) -> str | Unread:
    configuration = policy.get("PredictiveScalingConfiguration")
    # "Defaults to ForecastOnly if not specified."
    return MISSING if configuration is None else configuration.get("Mode") or "ForecastOnly"


def _scheduled_actions(aws: Caller, scope: Scope) -> Iterator[Found]:
    for action in aws.pages("autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions"):
        properties = {
            "auto_scaling_group_name": attribute(action, "AutoScalingGroupName"),
            # Sizes that an action leaves as they are are not told.
            "min_size": action.get("MinSize"),
            "max_size": action.get("MaxSize"),
        }
        yield Found(ACTION, action["ScheduledActionARN"], properties, action["ScheduledActionName"])


READERS: Final = (
    Reader(
        operations=("autoscaling:DescribeAutoScalingGroups",),
        read=_groups,
        lists=(GROUP,),
        fills={
            GROUP: (
                "availability_zones",
                "min_size",
                "max_size",
                "health_check_types",
                "suspended_processes",
                "traffic_sources",
            )
        },
        permissions=("autoscaling:DescribeAutoScalingGroups",),
    ),
    Reader(
        operations=("autoscaling:DescribePolicies",),
        read=_policies,
        lists=(POLICY,),
        fills={POLICY: ("auto_scaling_group_name", "enabled", "predictive_mode")},
        permissions=("autoscaling:DescribePolicies",),
    ),
    Reader(
        operations=("autoscaling:DescribeScheduledActions",),
        read=_scheduled_actions,
        lists=(ACTION,),
        fills={ACTION: ("auto_scaling_group_name", "min_size", "max_size")},
        permissions=("autoscaling:DescribeScheduledActions",),
    ),
)
