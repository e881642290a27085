"""Amazon EventBridge: rules and their targets."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.events import RULE
from providers.aws.sqs import QUEUE
from providers.base import Unread
from providers.terraform.aws.beyond import one_of
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

_PROVIDER: Final = "provider documentation, aws_cloudwatch_event_rule"


def _bus(value: str) -> str:
    """The name of a bus, which may be named by its ARN."""
    return value.rpartition("event-bus/")[2]


def _state(block: Block) -> Any:
    """The state, which older provider versions have as a switch; the switch and the state exclude each other."""
    switch = block.get("is_enabled", None, optional=True)
    state = block.get("state", None, optional=True)
    if isinstance(state, str) and state:
        return state
    if isinstance(switch, Unread) or isinstance(state, Unread):
        return switch if isinstance(switch, Unread) else state
    return "DISABLED" if switch is False else "ENABLED"


def _target(block: Block) -> list[dict[str, Any]]:
    return [
        {
            # A name that the provider makes up while applying.
            "id": block.get("target_id", computed=False),
            "arn": block.get("arn"),
            "dead_letter_arn": one_of(block, "dead_letter_config.arn", QUEUE),
        }
    ]


MAPPINGS: Final = (
    Mapping(
        type=RULE,
        terraform="aws_cloudwatch_event_rule",
        keys=("name", "id", "arn"),
        parts=(
            Part(
                "aws_cloudwatch_event_target",
                "rule",
                {"targets": Derived(("target_id", "arn", "dead_letter_config.arn"), _target)},
            ),
        ),
        properties={
            "event_bus_name": Attribute("event_bus_name", "default", _PROVIDER, convert=_bus),
            "state": Derived(("state", "is_enabled"), _state, f"{_PROVIDER}: ENABLED, or true in older versions"),
            "event_pattern": Attribute("event_pattern", None, convert=lambda pattern: pattern or None),
            "managed_by": Constant(None, "EventBridge API, Rule: there only of rules that AWS services make"),
            "targets": Split(
                [],
                "EventBridge API, PutRule: a new rule has no target",
                group=list,
                element=("id", "arn", "dead_letter_arn"),
            ),
        },
    ),
)
