"""The typed tree: names resolved, overloads chosen, macros known. Both evaluators run on it.

Every node has its ``type``; ``origins``, the paths of the data that its value may be part of (list positions left
out), empty for a computed value; and ``raw``: whether date-times in its value may still be text, as they were read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.expressions.functions import Function
from engine.expressions.types import Type

Origins = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Base of the typed tree."""

    type: Type
    origins: Origins = frozenset()
    raw: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """A value that was written down, or computed from such."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Node):
    """A variable of the evaluation."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element(Node):
    """The variable of a macro; ``number`` is the macro's."""

    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Property(Node):
    """The value of a key that was written down, in an object or a map."""

    operand: Node
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """An element of a list, or the value of a computed key."""

    operand: Node
    index: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Node):
    """What was read, with date-time texts (and duration texts) as timestamps and durations."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Has(Node):
    """Whether a map has a key."""

    operand: Node
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Node):
    """``&&`` (``decided_by`` is false) or ``||`` (true): one operand of that value decides."""

    decided_by: bool
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    """``condition ? then : otherwise``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality(Node):
    """``==``, or ``!=`` when ``negated``. ``metered``: it costs steps by the size of its operands."""

    left: Node
    right: Node
    negated: bool
    metered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Node):
    """``element in container``."""

    element: Node
    container: Node
    metered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A function or operator; which of ``overloads`` is decided by the values where types left it open."""

    name: str
    overloads: tuple[Function, ...]
    arguments: tuple[Node, ...]
    metered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLiteral(Node):
    """``{key: value}``."""

    entries: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro(Node):
    """``range.kind(element, ...)``. ``condition`` is None for the plain ``map``, ``result`` for all but ``map``."""

    kind: str
    range: Node
    element: Element
    condition: Node | None
    result: Node | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing(Node):
    """What could not be resolved, in an expression that is not checked: an error when it is evaluated."""

    message: str
