"""Amazon CloudWatch: alarms on metrics, alarms composed of others, and whom they tell by Amazon SNS."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.cloudwatch import ALARM, COMPOSITE_ALARM
from providers.aws.sns import SUBSCRIPTION, TOPIC
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Given, Mapping

_PROVIDER: Final = "provider documentation"


def _decimal(number: Any) -> str:
    """A number as the live adapter has it."""
    return str(float(number))


def _dimensions(block: Block) -> Any:
    found = block.get("dimensions", {})
    if isinstance(found, Unread):
        return found
    return [{"name": name, "value": found[name]} for name in sorted(found)]


def _datapoints(block: Block) -> Any:
    # CloudWatch wants every evaluation period to breach where nothing is said (API reference, PutMetricAlarm).
    value = block.get("datapoints_to_alarm", None)
    return value if isinstance(value, Unread) else value or block.get("evaluation_periods")


def _said(text: str) -> str | None:
    return text or None


_ACTIONS: Final[dict[str, Given]] = {
    "actions_enabled": Attribute("actions_enabled", True, _PROVIDER),
    "alarm_actions": Derived(("alarm_actions",), lambda block: _sorted(block.ids("alarm_actions", TOPIC))),
}


def _sorted(values: Any) -> Any:
    return values if isinstance(values, Unread) or any(isinstance(item, Unread) for item in values) else sorted(values)


MAPPINGS: Final = (
    Mapping(
        type=ALARM,
        terraform="aws_cloudwatch_metric_alarm",
        keys=("alarm_name", "id", "arn"),
        name=Attribute("alarm_name", None),
        properties={
            **{
                name: Attribute(name, None, convert=_said)
                for name in ("namespace", "metric_name", "unit", "statistic", "comparison_operator")
            },
            "dimensions": Derived(("dimensions",), _dimensions),
            "threshold": Attribute("threshold", None, convert=_decimal),
            "datapoints_to_alarm": Derived(("datapoints_to_alarm", "evaluation_periods"), _datapoints),
            "treat_missing_data": Attribute("treat_missing_data", "missing", _PROVIDER),
            **_ACTIONS,
        },
    ),
    Mapping(
        type=COMPOSITE_ALARM,
        terraform="aws_cloudwatch_composite_alarm",
        keys=("alarm_name", "id", "arn"),
        name=Attribute("alarm_name", None),
        properties={
            "alarm_rule": Attribute("alarm_rule"),
            "actions_suppressor": Attribute("actions_suppressor.alarm", None, optional=True),
            **_ACTIONS,
        },
    ),
    Mapping(
        type=SUBSCRIPTION,
        terraform="aws_sns_topic_subscription",
        properties={
            "topic_arn": Attribute("topic_arn", names=TOPIC),
            "protocol": Attribute("protocol"),
            "pending_confirmation": Attribute("pending_confirmation"),
        },
    ),
)
