"""AWS CloudTrail: trails and what they select."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Values
from typing import Any, Final

from providers.aws.cloudtrail import TRAIL, management_events, s3_data_events
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping
from providers.values import lift

_PROVIDER: Final = "provider documentation, aws_cloudtrail"
_OPERATORS: Final = {
    "equals": "Equals",
    "starts_with": "StartsWith",
    "ends_with": "EndsWith",
    "not_equals": "NotEquals",
    "not_starts_with": "NotStartsWith",
    "not_ends_with": "NotEndsWith",
}
_EVERYTHING: Final = {"ReadWriteType": "All", "IncludeManagementEvents": True}
"""What a trail without selectors records (CloudTrail API, PutEventSelectors)."""
_PATHS: Final = ("event_selector", "advanced_event_selector")

Selectors = tuple[list[Values[str, Any]], list[Values[str, Any]]]


def _events(made: Callable[[list[Any], list[Any]], Any]) -> Derived:
    def read(block: Block) -> Any:
        basic, advanced = block.blocks(_PATHS[0]), block.blocks(_PATHS[1], optional=True)
        if isinstance(basic, Unread):
            return basic
        if isinstance(advanced, Unread):
            return advanced
        selectors = [_basic(row) for row in basic], [_advanced(row) for row in advanced]
        _, unread = lift(selectors)
        if unread:
            return next(iter(unread.values()))
        return made(selectors[0] or ([] if selectors[1] else [_EVERYTHING]), selectors[1])

    return Derived(_PATHS, read, "CloudTrail API, PutEventSelectors: all management events by default")


def _basic(row: Block) -> dict[str, Any]:
    data = row.blocks("data_resource")
    return {
        "ReadWriteType": row.get("read_write_type", "All"),
        "IncludeManagementEvents": row.get("include_management_events", True),
        "ExcludeManagementEventSources": row.get("exclude_management_event_sources", [], optional=True),
        "DataResources": data
        if isinstance(data, Unread)
        else [{"Type": item.get("type"), "Values": item.get("values")} for item in data],
    }


def _advanced(row: Block) -> dict[str, Any]:
    fields = row.blocks("field_selector")
    if isinstance(fields, Unread):
        return {"FieldSelectors": fields}
    return {
        "FieldSelectors": [
            {"Field": field.get("field"), **{theirs: field.get(ours, []) for ours, theirs in _OPERATORS.items()}}
            for field in fields
        ]
    }


MAPPINGS: Final = (
    Mapping(
        type=TRAIL,
        terraform="aws_cloudtrail",
        keys=("id", "arn", "name"),
        control=True,
        properties={
            "is_multi_region_trail": Attribute("is_multi_region_trail", False, _PROVIDER),
            "log_file_validation_enabled": Attribute("enable_log_file_validation", False, _PROVIDER),
            "s3_bucket_name": Attribute("s3_bucket_name"),
            "kms_key_id": Attribute("kms_key_id", None, names="AWS::KMS::Key", convert=lambda key: key or None),
            "cloud_watch_logs_log_group_arn": Attribute(
                "cloud_watch_logs_group_arn",
                None,
                names="AWS::Logs::LogGroup",
                convert=lambda arn: arn.removesuffix(":*") or None,
            ),
            "is_logging": Attribute("enable_logging", True, _PROVIDER),
            "management_events": _events(management_events),
            "s3_data_events": _events(s3_data_events),
        },
    ),
)
