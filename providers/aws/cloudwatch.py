"""Amazon CloudWatch: metric alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

ALARM: Final = "AWS::CloudWatch::Alarm"
TYPES: Final = (ResourceType(ALARM),)


def _alarms(aws: Caller, scope: Scope) -> Iterator[Found]:
    for alarm in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmTypes=["MetricAlarm"]):
        threshold = alarm.get("Threshold")
        properties = {
            "namespace": alarm.get("Namespace"),
            "metric_name": alarm.get("MetricName"),
            "dimensions": [
                {"name": attribute(dimension, "Name"), "value": attribute(dimension, "Value")}
                for dimension in alarm.get("Dimensions") or []
            ],
            "statistic": alarm.get("Statistic"),
            "comparison_operator": alarm.get("ComparisonOperator"),
            "threshold": None if threshold is None else str(threshold),
            # CloudWatch leaves DatapointsToAlarm out where every evaluation period must breach.
            "datapoints_to_alarm": alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods"),
            "actions_enabled": attribute(alarm, "ActionsEnabled"),
            "alarm_actions": alarm.get("AlarmActions") or [],
        }
        yield Found(ALARM, alarm["AlarmArn"], properties, alarm["AlarmName"])


READERS: Final = (
    Reader(
        operations=("cloudwatch:DescribeAlarms",),
        read=_alarms,
        lists=(ALARM,),
        fills={
            ALARM: (
                "namespace",
                "metric_name",
                "dimensions",
                "statistic",
                "comparison_operator",
                "threshold",
                "datapoints_to_alarm",
                "actions_enabled",
                "alarm_actions",
            )
        },
        permissions=("cloudwatch:DescribeAlarms",),
    ),
)
