"""AWS CloudTrail: trails, whether they log, and which events they select."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

TRAIL: Final = "AWS::CloudTrail::Trail"
TYPES: Final = (ResourceType(TRAIL),)

_S3_OBJECT: Final = "AWS::S3::Object"
_OPERATORS: Final = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")

Field = Mapping[str, Sequence[str]]


def _trails(aws: Caller, scope: Scope) -> Iterator[Found]:
    # Without its shadows a region would hide the organization's trails from a member account.
    for trail in aws.call("cloudtrail", "describe_trails", includeShadowTrails=True)["trailList"]:
        if trail["HomeRegion"] != aws.region:
            continue
        group = trail.get("CloudWatchLogsLogGroupArn")
        properties = {
            "is_multi_region_trail": attribute(trail, "IsMultiRegionTrail"),
            "log_file_validation_enabled": attribute(trail, "LogFileValidationEnabled"),
            "s3_bucket_name": attribute(trail, "S3BucketName"),
            "kms_key_id": trail.get("KmsKeyId"),
            "cloud_watch_logs_log_group_arn": group.removesuffix(":*") if group else None,
        }
        yield Found(TRAIL, trail["TrailARN"], properties, trail["Name"])


def _status(aws: Caller, trail: Resource) -> Mapping[str, Any]:
    answer = aws.call("cloudtrail", "get_trail_status", Name=trail.id)
    delivered = answer.get("LatestCloudWatchLogsDeliveryTime")
    return {
        # Every trail has this; an answer without it is none, and what else it leaves out says nothing.
        "is_logging": answer["IsLogging"],
        "latest_delivery_error": answer.get("LatestDeliveryError") or None,
        "latest_cloud_watch_logs_delivery_error": answer.get("LatestCloudWatchLogsDeliveryError") or None,
        "latest_cloud_watch_logs_delivery_time": instant(delivered) if delivered else None,
    }


# --- event selectors -------------------------------------------------------------------------------------------------


def _selectors(aws: Caller, trail: Resource) -> Mapping[str, Any]:
    answer = aws.call("cloudtrail", "get_event_selectors", TrailName=trail.id)
    if "EventSelectors" not in answer and "AdvancedEventSelectors" not in answer:
        # A trail has selectors of one kind; one without any would be no answer.
        raise KeyError("EventSelectors")
    basic, advanced = (answer.get(key) or [] for key in ("EventSelectors", "AdvancedEventSelectors"))
    return {
        "management_events": management_events(basic, advanced),
        "s3_data_events": s3_data_events(basic, advanced, aws.partition),
    }


def management_events(basic: Sequence[Any], advanced: Sequence[Any]) -> list[Mapping[str, Any]]:
    """``management_events`` of a trail's basic and advanced selectors, as the API has them."""
    fields = [_fields(selector) for selector in advanced]
    return [
        *(_basic_management(selector) for selector in basic if selector["IncludeManagementEvents"]),
        *(_advanced_management(row) for row in fields if _category(row) == ["Management"]),
    ]


def s3_data_events(basic: Sequence[Any], advanced: Sequence[Any], partition: str = "aws") -> list[Mapping[str, Any]]:
    """``s3_data_events`` of a trail's basic and advanced selectors, as the API has them."""
    fields = [_fields(selector) for selector in advanced]
    return [
        *(events for selector in basic for events in _basic_data(selector)),
        *(_advanced_data(partition, row) for row in fields if _selects_objects(row)),
    ]


def _basic_management(selector: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "read_write_type": attribute(selector, "ReadWriteType"),
        "excluded_event_sources": selector.get("ExcludeManagementEventSources") or [],
        "narrowed_by": [],
    }


def _basic_data(selector: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for resource in selector.get("DataResources") or []:
        if resource["Type"] == _S3_OBJECT:
            yield {
                "read_write_type": attribute(selector, "ReadWriteType"),
                "arn_prefixes": attribute(resource, "Values"),
                "excluded_arn_prefixes": [],
                "narrowed_by": [],
            }


def _fields(selector: Mapping[str, Any]) -> Mapping[str, Field]:
    """An advanced selector's conditions, all of which must hold: field to operator to values."""
    fields: dict[str, dict[str, list[str]]] = {}
    for condition in selector["FieldSelectors"]:
        operators = fields.setdefault(condition["Field"], {})
        for operator in _OPERATORS:
            if condition.get(operator):
                operators.setdefault(operator, []).extend(condition[operator])
    return fields


def _category(fields: Mapping[str, Field]) -> Sequence[str]:
    return fields["eventCategory"]["Equals"]


def _selects_objects(fields: Mapping[str, Field]) -> bool:
    return _category(fields) == ["Data"] and _S3_OBJECT in fields["resources.type"]["Equals"]


def _advanced_management(fields: Mapping[str, Field]) -> Mapping[str, Any]:
    return {
        "read_write_type": _read_write_type(fields),
        "excluded_event_sources": fields.get("eventSource", {}).get("NotEquals", []),
        "narrowed_by": _narrowing(fields, {"eventSource": {"NotEquals"}}),
    }


def _advanced_data(partition: str, fields: Mapping[str, Field]) -> Mapping[str, Any]:
    arns = fields.get("resources.ARN", {})
    return {
        "read_write_type": _read_write_type(fields),
        # Every ARN of the service, as basic selectors write it.
        "arn_prefixes": arns.get("StartsWith", [f"arn:{partition}:s3"]),
        "excluded_arn_prefixes": arns.get("NotStartsWith", []),
        "narrowed_by": _narrowing(fields, {"resources.ARN": {"StartsWith", "NotStartsWith"}}),
    }


def _read_write_type(fields: Mapping[str, Field]) -> str:
    values = fields.get("readOnly", {}).get("Equals", [])
    return {"true": "ReadOnly", "false": "WriteOnly"}[values[0]] if len(values) == 1 else "All"


def _narrowing(fields: Mapping[str, Field], said: Mapping[str, set[str]]) -> list[str]:
    """The fields that narrow a selector further than its other properties say."""
    understood = {"eventCategory": {"Equals"}, "resources.type": {"Equals"}, "readOnly": {"Equals"}, **said}
    return sorted(name for name, field in fields.items() if not field.keys() <= understood.get(name, set()))


READERS: Final = (
    Reader(
        operations=("cloudtrail:DescribeTrails",),
        read=_trails,
        lists=(TRAIL,),
        fills={
            TRAIL: (
                "is_multi_region_trail",
                "log_file_validation_enabled",
                "s3_bucket_name",
                "kms_key_id",
                "cloud_watch_logs_log_group_arn",
            )
        },
        permissions=("cloudtrail:DescribeTrails",),
    ),
    Reader(
        operations=("cloudtrail:GetTrailStatus",),
        read=_status,
        per="resource",
        of=TRAIL,
        fills={
            TRAIL: (
                "is_logging",
                "latest_delivery_error",
                "latest_cloud_watch_logs_delivery_error",
                "latest_cloud_watch_logs_delivery_time",
            )
        },
        permissions=("cloudtrail:GetTrailStatus",),
        gone_codes=frozenset({"TrailNotFoundException"}),
    ),
    # Not gone by TrailNotFoundException: a member account may get it for its organization's trail.
    Reader(
        operations=("cloudtrail:GetEventSelectors",),
        read=_selectors,
        per="resource",
        of=TRAIL,
        fills={TRAIL: ("management_events", "s3_data_events")},
        permissions=("cloudtrail:GetEventSelectors",),
    ),
)
