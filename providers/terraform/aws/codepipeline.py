"""AWS CodePipeline: pipelines, in which order they act. What their actions are configured with is not kept."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.codepipeline import PIPELINE
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Mapping


def _stages(block: Block) -> Any:
    rows = block.blocks("stage")
    return rows if isinstance(rows, Unread) else [_stage(position, row) for position, row in enumerate(rows, 1)]


def _stage(position: int, row: Block) -> dict[str, Any]:
    actions = row.blocks("action")
    return {
        "position": position,
        "name": row.get("name"),
        "entry_conditions": _entry_conditions(row),
        "actions": actions if isinstance(actions, Unread) else [_action(action) for action in actions],
    }


def _entry_conditions(row: Block) -> Any:
    entry = row.block("before_entry", optional=True)
    conditions = entry.blocks("condition") if isinstance(entry, Block) else entry
    return conditions if isinstance(conditions, Unread) else len(conditions or [])


def _action(action: Block) -> dict[str, Any]:
    return {
        "name": action.get("name"),
        "category": action.get("category"),
        # "The default runOrder value for an action is 1" (User Guide, pipeline structure reference).
        "run_order": action.get("run_order", 1),
    }


MAPPINGS: Final = (
    Mapping(type=PIPELINE, terraform="aws_codepipeline", properties={"stages": Derived(("stage",), _stages)}),
)
