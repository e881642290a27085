"""Amazon EMR: what a region says of clusters that the internet could reach."""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Setting

_RANGES: Final = "permitted_public_security_group_rule_range"
_BLOCKS: Final = "block_public_security_group_rules"


def _configuration(block: Block) -> Any:
    rows = block.blocks(_RANGES)
    return {
        _BLOCKS: block.get(_BLOCKS),
        "permitted_ranges": rows
        if isinstance(rows, Unread)
        else [{name: row.get(name) for name in ("min_range", "max_range")} for row in rows],
    }


SETTINGS: Final = (
    Setting(
        "AWS::Region",
        "aws_emr_block_public_access_configuration",
        {"emr_block_public_access": Derived((_BLOCKS, f"{_RANGES}.min_range", f"{_RANGES}.max_range"), _configuration)},
        removed={
            "emr_block_public_access": {_BLOCKS: True, "permitted_ranges": [{"min_range": 22, "max_range": 22}]},
        },
        source="provider documentation: deleting it resets the configuration to EMR's default, which permits port 22",
    ),
)
