"""Amazon CloudWatch Logs: log groups and the metric filters on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

LOG_GROUP: Final = "AWS::Logs::LogGroup"
METRIC_FILTER: Final = "AWS::Logs::MetricFilter"
TYPES: Final = (ResourceType(LOG_GROUP), ResourceType(METRIC_FILTER))


def _log_groups(aws: Caller, scope: Scope) -> Iterator[Found]:
    for group in aws.pages("logs", "describe_log_groups", "logGroups"):
        properties = {
            "retention_in_days": group.get("retentionInDays"),
            "log_group_class": group.get("logGroupClass"),
        }
        yield Found(LOG_GROUP, group["arn"].removesuffix(":*"), properties, group["logGroupName"])


def _metric_filters(aws: Caller, scope: Scope) -> Iterator[Found]:
    for item in aws.pages("logs", "describe_metric_filters", "metricFilters"):
        group, name = item["logGroupName"], item["filterName"]
        system = item.get("emitSystemFieldDimensions") or []
        properties = {
            "log_group_arn": f"arn:{aws.partition}:logs:{aws.region}:{aws.account}:log-group:{group}",
            "filter_pattern": attribute(item, "filterPattern"),
            "field_selection_criteria": item.get("fieldSelectionCriteria") or None,
            "apply_on_transformed_logs": item.get("applyOnTransformedLogs") or False,
            "metrics": [_metric(transformation, system) for transformation in item["metricTransformations"]],
        }
        # A metric filter has no ARN; CloudFormation knows it by group and name.
        yield Found(METRIC_FILTER, f"{aws.region}|{group}|{name}", properties, name)


def _metric(transformation: Mapping[str, Any], system: list[str]) -> Mapping[str, Any]:
    return {
        "namespace": attribute(transformation, "metricNamespace"),
        "name": attribute(transformation, "metricName"),
        "value": attribute(transformation, "metricValue"),
        "dimensions": sorted({*(transformation.get("dimensions") or {}), *system}),
    }


READERS: Final = (
    Reader(
        operations=("logs:DescribeLogGroups",),
        read=_log_groups,
        lists=(LOG_GROUP,),
        fills={LOG_GROUP: ("retention_in_days", "log_group_class")},
        permissions=("logs:DescribeLogGroups",),
    ),
    Reader(
        operations=("logs:DescribeMetricFilters",),
        read=_metric_filters,
        lists=(METRIC_FILTER,),
        fills={
            METRIC_FILTER: (
                "log_group_arn",
                "filter_pattern",
                "field_selection_criteria",
                "apply_on_transformed_logs",
                "metrics",
            )
        },
        permissions=("logs:DescribeMetricFilters",),
    ),
)
