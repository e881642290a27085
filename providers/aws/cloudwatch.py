"""Amazon CloudWatch: alarms on metrics, and the alarms that are composed of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

ALARM: Final = "AWS::CloudWatch::Alarm"
COMPOSITE_ALARM: Final = "AWS::CloudWatch::CompositeAlarm"
TYPES: Final = (ResourceType(ALARM), ResourceType(COMPOSITE_ALARM))


def _alarms(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        for alarm in page["MetricAlarms"]:
            yield _found(ALARM, alarm, _metric(alarm))
        for alarm in page["CompositeAlarms"]:
            own = {
                "alarm_rule": attribute(alarm, "AlarmRule"),
                "actions_suppressor": alarm.get("ActionsSuppressor") or None,
            }
            yield _found(COMPOSITE_ALARM, alarm, own)


def _found(type_: str, alarm: Mapping[str, Any], own: Mapping[str, Any]) -> Found:
    actions = {
        "actions_enabled": attribute(alarm, "ActionsEnabled"),
        "alarm_actions": alarm.get("AlarmActions") or [],
    }
    return Found(type_, alarm["AlarmArn"], {**own, **actions}, alarm["AlarmName"])


def _metric(alarm: Mapping[str, Any]) -> Mapping[str, Any]:
    threshold = alarm.get("Threshold")
    return {
        "namespace": alarm.get("Namespace"),
        "metric_name": alarm.get("MetricName"),
        "dimensions": [
            {"name": attribute(dimension, "Name"), "value": attribute(dimension, "Value")}
            for dimension in alarm.get("Dimensions") or []
        ],
        "unit": alarm.get("Unit"),
        "statistic": alarm.get("Statistic"),
        "comparison_operator": alarm.get("ComparisonOperator"),
        "threshold": None if threshold is None else str(threshold),
        # CloudWatch leaves DatapointsToAlarm out where every evaluation period must breach.
        "datapoints_to_alarm": alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods"),
        "treat_missing_data": alarm.get("TreatMissingData"),
    }


READERS: Final = (
    Reader(
        operations=("cloudwatch:DescribeAlarms",),
        read=_alarms,
        lists=(ALARM, COMPOSITE_ALARM),
        fills={
            ALARM: (
                "namespace",
                "metric_name",
                "dimensions",
                "unit",
                "statistic",
                "comparison_operator",
                "threshold",
                "datapoints_to_alarm",
                "treat_missing_data",
                "actions_enabled",
                "alarm_actions",
            ),
            COMPOSITE_ALARM: ("alarm_rule", "actions_suppressor", "actions_enabled", "alarm_actions"),
        },
        permissions=("cloudwatch:DescribeAlarms",),
    ),
)
