"""EventBridge event patterns: ``events.coversEvent`` says what a rule surely matches."""

from __future__ import annotations

from typing import Any, Final

from engine.expressions.functions import Function
from engine.expressions.functions.event_patterns import Malformed, covers, parse
from engine.expressions.types import BOOL, DYN, STRING, Nullable


def covers_event(pattern: str | None, event: Any) -> bool:
    """Whether an event pattern matches every event that holds at least the values of ``event``.

    A condition on a field that ``event`` does not hold narrows the pattern, so that it does not cover; nor does a
    comparison that is not known here. False for null, which is no pattern, and for what is not one.
    """
    if pattern is None:
        return False
    try:
        return covers(parse(pattern), event)
    except Malformed:
        return False


FUNCTIONS: Final[tuple[Function, ...]] = (Function("events.coversEvent", (Nullable(STRING), DYN), BOOL, covers_event),)
