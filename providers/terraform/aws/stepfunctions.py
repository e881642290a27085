"""AWS Step Functions: state machines and what they log."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.stepfunctions import STATE_MACHINE
from providers.base import Unread
from providers.terraform.aws.beyond import one_of
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_OFF: Final = "Step Functions API, LoggingConfiguration: OFF, and to nowhere, unless given"
_DESTINATION: Final = "logging_configuration.log_destination"


def _groups(block: Block) -> Any:
    logging = block.block("logging_configuration")
    if logging is None or isinstance(logging, Unread):
        return logging or []
    group = one_of(block, _DESTINATION, "AWS::Logs::LogGroup")
    return [] if group is None else group if isinstance(group, Unread) else [group]


MAPPINGS: Final = (
    Mapping(
        type=STATE_MACHINE,
        terraform="aws_sfn_state_machine",
        properties={
            "log_level": Attribute("logging_configuration.level", "OFF", _OFF),
            "log_groups": Derived((_DESTINATION,), _groups, _OFF),
        },
    ),
)
