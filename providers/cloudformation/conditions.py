"""Whether the conditions of a template hold: yes, no, or what is not known of what they depend on.

CloudFormation User Guide, "Condition functions".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.loading import Document
from providers.cloudformation.parameters import worded
from providers.templates import Keys
from providers.values import lift

MOST: Final = 10
"""Conditions that one And or Or puts together at the most."""


class Conditions:
    """The conditions of one template. ``resolve`` gives the value at a place, and what was written for it."""

    def __init__(self, document: Document, resolve: Callable[[Any, Keys], tuple[Any, Any]]) -> None:
        self._document, self._resolve = document, resolve
        self._rows: Mapping[str, Any] = document.value.get("Conditions") or {}
        self._decided: dict[str, bool | Unread | None] = {}

    def holds(self, name: Any, at: Keys) -> bool | Unread:
        """Whether a condition holds, or an Unread. Raises NotATemplate."""
        if not isinstance(name, str) or name not in self._rows:
            raise self._document.error(at, f"there is no condition {name!r:.80}")
        if name not in self._decided:
            self._decided[name] = None
            self._decided[name] = self._of(self._rows[name], ("Conditions", name))
        decided = self._decided[name]
        if decided is None:
            raise self._document.error(("Conditions", name), "the condition refers to itself")
        return decided

    def _of(self, node: Any, at: Keys) -> bool | Unread:
        if not isinstance(node, dict) or len(node) != 1:
            raise self._document.error(at, "it is no condition")
        ((function, argument),) = node.items()
        if function == "Condition":
            return self.holds(argument, (*at, function))
        rows = argument if isinstance(argument, list) else [argument]
        inside = [(item, (*at, function, index)) for index, item in enumerate(rows)]
        if function == "Fn::Equals" and len(rows) == 2:
            return _equal(*(self._resolve(*item)[0] for item in inside))
        if function == "Fn::Not" and len(rows) == 1:
            value = self._of(*inside[0])
            return value if isinstance(value, Unread) else not value
        if function in ("Fn::And", "Fn::Or") and 1 < len(rows) <= MOST:
            return _kleene([self._of(*item) for item in inside], function == "Fn::Or")
        raise self._document.error(at, f"{function!r:.80} with what it has is no condition")


def _equal(first: Any, second: Any) -> bool | Unread:
    # Of a list or an object, what is not known may lie deeper.
    for unread in (*lift(first)[1].values(), *lift(second)[1].values()):
        return Unread(unread.reason, detail=f"a condition depends on it: {unread.detail}")
    return worded(first) == worded(second)


def _kleene(values: Sequence[bool | Unread], deciding: bool) -> bool | Unread:
    """And, or or: one value decides whatever the others are."""
    if any(value is deciding for value in values):
        return deciding
    return next((value for value in values if isinstance(value, Unread)), not deciding)
