"""Lists: ``distinct`` and ``flatten``, as the lists extension of cel-go has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.expressions.functions import Function
from engine.expressions.types import DYN, ListType


def distinct(values: Sequence[Any]) -> list[Any]:
    """The values in their order, each once: texts, numbers and booleans by type and value, others by equality."""
    seen: set[tuple[type, Any]] = set()
    kept: list[Any] = []
    for value in values:
        if isinstance(value, (str, int, float, bytes)):
            key = (type(value), value)
            if key not in seen:
                seen.add(key)
                kept.append(value)
        elif value not in kept:
            kept.append(value)
    return kept


def flatten(values: Sequence[Any]) -> list[Any]:
    """The values, and in the place of a list what is in it: one level."""
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


_LIST: Final = ListType(DYN)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("distinct", (_LIST,), _LIST, distinct, member=True),
    Function("flatten", (_LIST,), _LIST, flatten, member=True),
)
