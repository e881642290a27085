"""Amazon CloudWatch Logs: log groups, the metric filters on them, and who else may write to them."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.logs import LOG_GROUP, METRIC_FILTER, RESOURCE_POLICY
from providers.base import Unread
from providers.terraform.aws.documents import policy
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Where

_PROVIDER: Final = "provider documentation"


def _arn(arn: Any) -> Any:
    return arn.removesuffix(":*") if isinstance(arn, str) else arn


def _filter_id(block: Block, where: Where) -> Any:
    names = [block.get(path, None, computed=False) for path in ("log_group_name", "name")]
    known = where.region is not None and all(isinstance(name, str) for name in names)
    return "|".join([str(where.region), *map(str, names)]) if known else None


def _policy_id(block: Block, where: Where) -> Any:
    name = block.get("policy_name", None, computed=False)
    return f"{where.region}|{name}" if where.region is not None and isinstance(name, str) else None


def _metrics(block: Block) -> Any:
    rows = block.blocks("metric_transformation")
    return rows if isinstance(rows, Unread) else [_metric(row) for row in rows]


def _metric(row: Block) -> dict[str, Any]:
    default, dimensions = row.get("default_value", None), row.get("dimensions", {}, optional=True)
    return {
        "namespace": row.get("namespace"),
        "name": row.get("name"),
        "value": row.get("value"),
        # The live adapter has the decimal number that the API answers with.
        "default_value": default if isinstance(default, Unread) else str(float(default)) if default else None,
        "unit": row.get("unit", "None"),
        "dimensions": dimensions if isinstance(dimensions, Unread) else sorted(dimensions),
    }


MAPPINGS: Final = (
    Mapping(
        type=LOG_GROUP,
        terraform="aws_cloudwatch_log_group",
        keys=("name", "id", "arn"),
        identity=lambda block, where: _arn(block.get("arn", None, computed=False)),
        properties={
            # 0 keeps them for good.
            "retention_in_days": Attribute("retention_in_days", None, convert=lambda days: int(days) or None),
            "log_group_class": Attribute("log_group_class", "STANDARD", "Logs API, CreateLogGroup", optional=True),
            "kms_key_id": Attribute("kms_key_id", None, names="AWS::KMS::Key", convert=lambda key: key or None),
        },
    ),
    Mapping(
        type=METRIC_FILTER,
        terraform="aws_cloudwatch_log_metric_filter",
        identity=_filter_id,
        properties={
            "log_group_arn": Derived(("log_group_name",), lambda block: block.owner("log_group_name", LOG_GROUP)),
            "filter_pattern": Attribute("pattern"),
            "field_selection_criteria": Constant(None, f"{_PROVIDER}: no such argument, so that none is sent"),
            "apply_on_transformed_logs": Attribute("apply_on_transformed_logs", False, _PROVIDER, optional=True),
            "metrics": Derived(("metric_transformation",), _metrics),
        },
    ),
    Mapping(
        type=RESOURCE_POLICY,
        terraform="aws_cloudwatch_log_resource_policy",
        name=Attribute("policy_name", None),
        identity=_policy_id,
        properties={"policy_document": policy("policy_document")},
    ),
)
