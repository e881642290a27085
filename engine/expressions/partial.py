"""Lists that may be longer than what was seen: where an expression may still be decided by what was.

One element of which nothing was read, at the end of the list, stands for all that may be missing. A trail that was seen
then satisfies ``trails.exists(t, t.is_logging)`` whatever else there may be, and where none does, the unread element
makes it an error. That holds only where the list is nothing but the range of ``exists`` and ``all``, and where no
element can decide without being read: ``exists(t, true)`` would find an element that perhaps is not there.

Maps of which some keys are unread: an expression that only looks up what a key holds fails by itself where that is
missing; one that asks whether a key is there, or what keys there are, must be told which are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from engine.expressions.tree import (
    Call,
    Conditional,
    Element,
    Equality,
    Has,
    Logic,
    Macro,
    Membership,
    Node,
    Parsed,
    Property,
    Variable,
)
from engine.expressions.types import MapType, bare

_QUANTIFIERS = ("exists", "all")


def tolerates(tree: Node, name: str) -> bool:
    """Whether the list ``name`` may have an unread element at its end that stands for more."""
    ranges = [node for node in _nodes(tree) if isinstance(node, Macro) and _plain(node.range) == name]
    uses = [node for node in _nodes(tree) if isinstance(node, Variable) and node.name == name]
    return len(ranges) == len(uses) and all(_decided_by_reading(macro) for macro in ranges)


def asks_for_keys(tree: Node) -> bool:
    """Whether an expression asks which keys a map has, so that a missing one would decide instead of failing."""
    return any(map(_asks, _nodes(tree)))


def _asks(node: Node) -> bool:
    if isinstance(node, Has):
        return True
    if isinstance(node, Membership):
        return is_map(node.container)
    if isinstance(node, Macro):
        return is_map(node.range)
    if isinstance(node, Equality):
        return is_map(node.left) or is_map(node.right)
    return isinstance(node, Call) and any(map(is_map, node.arguments))


def is_map(node: Node) -> bool:
    """Whether the value of a node is a map, as far as types tell."""
    return isinstance(bare(node.type), MapType)


def _plain(node: Node) -> str | None:
    """The name of a variable that is used as it is."""
    while isinstance(node, Parsed):
        node = node.operand
    return node.name if isinstance(node, Variable) else None


def _decided_by_reading(macro: Macro) -> bool:
    if macro.kind not in _QUANTIFIERS or macro.condition is None:
        return False
    return _never(macro.condition, macro.kind == "exists", macro.element.number)


def _never(node: Node, value: bool, element: int) -> bool:
    """Whether ``node`` cannot be ``value`` while nothing of the element was read."""
    if isinstance(node, Logic):
        # A conjunction is true where all operands are, a disjunction where one is; and the other way round.
        one_decides = any if node.decided_by != value else all
        return one_decides(_never(operand, value, element) for operand in node.operands)
    if isinstance(node, Call) and node.name == "!_":
        return _never(node.arguments[0], not value, element)
    if isinstance(node, Conditional):
        both = all(_never(branch, value, element) for branch in (node.then, node.otherwise))
        return both or _reads(node.condition, element)
    if isinstance(node, Macro) and node.kind in _QUANTIFIERS and node.condition is not None:
        # Over nothing, exists is false and all is true, whatever the condition says.
        decided = value == (node.kind == "exists") and _never(node.condition, value, element)
        return decided or _reads(node.range, element)
    return _reads(node, element)


def _reads(node: Node, element: int) -> bool:
    """Whether evaluating ``node`` surely reads a property of the element, and so fails where nothing was read."""
    if isinstance(node, Property):
        return _is(node.operand, element) or _reads(node.operand, element)
    if isinstance(node, Has):
        return _reads(node.operand, element)
    if isinstance(node, Logic):
        return all(_reads(operand, element) for operand in node.operands)
    if isinstance(node, Conditional):
        branches = all(_reads(branch, element) for branch in (node.then, node.otherwise))
        return branches or _reads(node.condition, element)
    if isinstance(node, Macro):
        return _reads(node.range, element)
    return any(_reads(child, element) for child in _children(node))


def _is(node: Node, element: int) -> bool:
    return isinstance(node, Element) and node.number == element


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _children(node: Node) -> Iterator[Node]:
    for field in fields(node):
        yield from _within(getattr(node, field.name))


def _within(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _within(item)
