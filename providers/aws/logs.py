"""Amazon CloudWatch Logs: log groups, the metric filters on them, and who else may write to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

LOG_GROUP: Final = "AWS::Logs::LogGroup"
METRIC_FILTER: Final = "AWS::Logs::MetricFilter"
RESOURCE_POLICY: Final = "AWS::Logs::ResourcePolicy"
TYPES: Final = (ResourceType(LOG_GROUP), ResourceType(METRIC_FILTER), ResourceType(RESOURCE_POLICY))


def _log_groups(aws: Caller, scope: Scope) -> Iterator[Found]:
    for group in aws.pages("logs", "describe_log_groups", "logGroups"):
        properties = {
            "retention_in_days": group.get("retentionInDays"),
            "log_group_class": group.get("logGroupClass"),
            "kms_key_id": group.get("kmsKeyId") or None,
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
    default = transformation.get("defaultValue")
    return {
        "namespace": attribute(transformation, "metricNamespace"),
        "name": attribute(transformation, "metricName"),
        "value": attribute(transformation, "metricValue"),
        "default_value": None if default is None else str(default),
        # "If you omit this, the unit is set as None" (API reference, MetricTransformation).
        "unit": transformation.get("unit") or "None",
        "dimensions": sorted({*(transformation.get("dimensions") or {}), *system}),
    }


def _resource_policies(aws: Caller, scope: Scope) -> Iterator[Found]:
    # Asked for neither, CloudWatch Logs lists the account's policies and leaves out those of single log groups.
    for kind in ("ACCOUNT", "RESOURCE"):
        for policy in aws.pages("logs", "describe_resource_policies", "resourcePolicies", policyScope=kind):
            group, name = policy.get("resourceArn"), policy.get("policyName")
            # Neither has an ARN of its own: a log group has one policy at the most, the others have names.
            id_ = f"{group}|resource-policy" if group else f"{aws.region}|{policy['policyName']}"
            properties = {"policy_document": document(policy["policyDocument"])}
            yield Found(RESOURCE_POLICY, id_, properties, name or group)


READERS: Final = (
    Reader(
        operations=("logs:DescribeLogGroups",),
        read=_log_groups,
        lists=(LOG_GROUP,),
        fills={LOG_GROUP: ("retention_in_days", "log_group_class", "kms_key_id")},
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
    Reader(
        operations=("logs:DescribeResourcePolicies",),
        read=_resource_policies,
        lists=(RESOURCE_POLICY,),
        fills={RESOURCE_POLICY: ("policy_document",)},
        permissions=("logs:DescribeResourcePolicies",),
    ),
)
