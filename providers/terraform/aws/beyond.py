"""What lies beyond a plan: a resource that exists may have more than the plan holds of it."""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.terraform.block import Block

NOT_HELD: Final = Unread("not_collected", detail="this plan does not hold it")


def exists(block: Block) -> bool:
    """Whether a resource is there already: its ARN is known only then."""
    return isinstance(block.get("arn", None, computed=False), str)


def more(block: Block, *keys: str) -> list[dict[str, Any]]:
    """One object of which nothing is known, for what an existing resource may have besides; none of a new one."""
    return [dict.fromkeys(keys, NOT_HELD)] if exists(block) else []


def one_of(block: Block, path: str, *types: str) -> Any:
    """The value at ``path``, null where it is not set: an id of a resource of one of the types, or another id."""
    value = block.get(path, None)
    if isinstance(value, Unread):
        found = (block.id(path, type_, None) for type_ in types)
        return next((id_ for id_ in found if not isinstance(id_, Unread)), value)
    return value or None
