"""AWS CloudTrail: trails and what they select."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.aws.cloudtrail import TRAIL, management_events, s3_data_events
from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, arn, flag, tags, truth
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping
from providers.values import lift

_EVERYTHING: Final = {"ReadWriteType": "All", "IncludeManagementEvents": True}
"""What a trail without selectors records (CloudTrail API, PutEventSelectors)."""
_OPERATORS: Final = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_PATHS: Final = ("EventSelectors", "AdvancedEventSelectors")


def _events(made: Callable[[list[Any], list[Any]], Any]) -> Derived:
    def read(block: Block) -> Any:
        basic, advanced = (block.blocks(path) for path in _PATHS)
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
    data = row.blocks("DataResources")
    return {
        "ReadWriteType": row.get("ReadWriteType", "All"),
        "IncludeManagementEvents": truth(row.get("IncludeManagementEvents", True)),
        "ExcludeManagementEventSources": row.get("ExcludeManagementEventSources", []),
        "DataResources": data
        if isinstance(data, Unread)
        else [{"Type": item.get("Type"), "Values": item.get("Values", [])} for item in data],
    }


def _advanced(row: Block) -> dict[str, Any]:
    fields = row.blocks("FieldSelectors")
    if isinstance(fields, Unread):
        return {"FieldSelectors": fields}
    return {
        "FieldSelectors": [
            {"Field": field.get("Field"), **{name: field.get(name, []) for name in _OPERATORS}} for field in fields
        ]
    }


MAPPINGS: Final = (
    Mapping(
        TRAIL,
        "AWS::CloudTrail::Trail",
        {
            "is_multi_region_trail": flag("IsMultiRegionTrail", False),
            "log_file_validation_enabled": flag("EnableLogFileValidation", False),
            "s3_bucket_name": Attribute("S3BucketName", names="AWS::S3::Bucket"),
            "kms_key_id": Attribute("KMSKeyId", None, names="AWS::KMS::Key", convert=lambda key: key or None),
            "cloud_watch_logs_log_group_arn": Attribute(
                "CloudWatchLogsLogGroupArn",
                None,
                DOCUMENTED,
                names="AWS::Logs::LogGroup",
                convert=lambda name: name.removesuffix(":*") or None,
            ),
            "is_logging": flag("IsLogging"),
            "management_events": _events(management_events),
            "s3_data_events": _events(s3_data_events),
            "tags": tags(),
        },
        keys=("TrailName", "Arn"),
        name=Attribute("TrailName", None),
        identity=arn("AWS::CloudTrail::Trail"),
        control=True,
    ),
)
