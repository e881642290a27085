"""The functions of the language: each module's ``FUNCTIONS``, gathered into one immutable table.

A function is pure: it sees its arguments only, never the clock, the network or the environment. It gets the values of
:mod:`engine.expressions.values`: str, int, bool, None, list and dict as JSON has them (never to be changed). A function
may trust the outer type of each argument (``list<string>`` is a list), not what is inside of a list or map, where a key
that was not read is missing and date-times are text, as they were read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.types import Type
from engine.expressions.values import classes

__all__ = ["EvaluationError", "Function", "functions"]

MODULES: Final = (
    "standard",
    "timestamps",
    "strings",
    "lists",
    "formatting",
    "network",
    "iam",
    "ports",
    "filters",
    "alarms",
    "events",
    "acls",
    "nsgs",
    "rbac",
    "vpc_firewalls",
    "log_queries",
)


@dataclass(frozen=True, slots=True)
class Function:
    """One overload of a function.

    ``name``: "size", or with a namespace "iam.publicStatements". ``parameters``: their types, for a ``member`` the
    receiver's first (``text.startsWith(prefix)`` has two). ``call`` takes the arguments by position and raises
    :class:`EvaluationError` for a runtime error.
    """

    name: str
    parameters: tuple[Type, ...]
    result: Type
    call: Callable[..., Any]
    member: bool = False
    _classes: tuple[tuple[type, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_classes", tuple(map(classes, self.parameters)))

    def takes(self, values: Sequence[Any]) -> bool:
        """Whether these values are arguments of this overload."""
        if len(values) != len(self._classes):
            return False
        return all(not allowed or type(value) in allowed for value, allowed in zip(values, self._classes, strict=True))


@cache
def functions() -> Mapping[str, tuple[Function, ...]]:
    """All functions: name to overloads, in the order in which they are tried."""
    table: dict[str, tuple[Function, ...]] = {}
    for module in MODULES:
        for function in import_module(f"{__name__}.{module}").FUNCTIONS:
            table[function.name] = (*table.get(function.name, ()), function)
    return MappingProxyType(table)
