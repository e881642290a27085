"""AWS Network Firewall: firewalls and what they log."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.networkfirewall import FIREWALL
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Mapping, Part, Split

_DESTINATIONS: Final = "logging_configuration.log_destination_config"
_NONE: Final = "Network Firewall API, UpdateLoggingConfiguration: nothing is logged without"


def _types(block: Block) -> Any:
    rows = block.blocks(_DESTINATIONS)
    if isinstance(rows, Unread):
        return rows
    found = [row.get("log_type") for row in rows]
    return next((kind for kind in found if isinstance(kind, Unread)), None) or sorted(set(found))


MAPPINGS: Final = (
    Mapping(
        type=FIREWALL,
        terraform="aws_networkfirewall_firewall",
        control=True,
        parts=(
            Part(
                "aws_networkfirewall_logging_configuration",
                "firewall_arn",
                {"log_types": Derived((f"{_DESTINATIONS}.log_type",), _types)},
            ),
        ),
        properties={"log_types": Split([], _NONE)},
    ),
)
