"""The parse tree: what was written, before names are resolved. ``at`` is the offset in the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Syntax:
    """Base of the parse tree."""

    at: int


@dataclass(frozen=True, slots=True)
class Literal(Syntax):
    """A value: its Python type (see :mod:`engine.expressions.values`) is its type."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name(Syntax):
    """``name``, or ``.name`` (``absolute``), which skips macro variables and containers."""

    name: str
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Member(Syntax):
    """``operand.name``."""

    operand: Syntax
    name: str


@dataclass(frozen=True, slots=True)
class Subscript(Syntax):
    """``operand[index]``."""

    operand: Syntax
    index: Syntax


@dataclass(frozen=True, slots=True)
class Invocation(Syntax):
    """``name(arguments)`` or ``target.name(arguments)``: a function or a macro."""

    name: str
    target: Syntax | None
    arguments: tuple[Syntax, ...]
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class ListDisplay(Syntax):
    """``[a, b]``."""

    items: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class MapDisplay(Syntax):
    """``{key: value}``."""

    entries: tuple[tuple[Syntax, Syntax], ...]


@dataclass(frozen=True, slots=True)
class Unary(Syntax):
    """``!operand`` or ``-operand``."""

    operator: str
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Binary(Syntax):
    """``left operator right`` for arithmetic, comparison and ``in``."""

    operator: str
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Logical(Syntax):
    """A chain of ``&&`` or of ``||``, flat, since it is often long."""

    operator: str
    operands: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Ternary(Syntax):
    """``condition ? then : otherwise``."""

    condition: Syntax
    then: Syntax
    otherwise: Syntax
