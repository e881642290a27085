"""Whether a value of a check's parameter lets more pass than the default.

Read off the check's expression, which is true where a resource conforms: in ``age <= params.max_days`` a larger number
lets more pass, in ``algorithm in params.approved`` a longer list, in ``params.required.all(...)`` a shorter one. Where
an expression does not show it, a value that is not the default may let more pass, and is told so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final, Literal

from engine.errors import ExpressionError
from engine.expressions.parser import parse
from engine.expressions.syntax import Binary, Invocation, Logical, Member, Name, Syntax, Ternary, Unary
from engine.model import Check

Direction = Literal["more", "less", "unclear"]

_TURNED: Final[dict[Direction, Direction]] = {"more": "less", "less": "more", "unclear": "unclear"}
_SMALLER: Final = ("<", "<=")
_LARGER: Final = (">", ">=")
_RISING: Final = ("days", "double", "int", "size", "duration")
"""Functions whose value rises with their argument."""


def is_weaker(check: Check, name: str, value: Any) -> bool:
    """Whether ``value`` lets more pass than the default of the parameter ``name``, or may do so."""
    if name not in check.parameters or value == (default := check.parameters[name].default):
        return False
    direction = directed(check, name)
    if direction != "unclear":
        more = _more(value, default)
        less = _more(default, value)
        if more is not None and less is not None:
            return more if direction == "more" else less
    return True


def directed(check: Check, name: str) -> Direction:
    """Whether more of a parameter (a larger number, a longer list, true) lets more pass, or less of it."""
    try:
        found = set(_uses(parse(check.expression), name, "more"))
        if check.when is not None and any(True for _ in _uses(parse(check.when), name, "more")):
            return "unclear"
    except ExpressionError:
        return "unclear"
    return found.pop() if len(found) == 1 else "unclear"


def _more(value: Any, than: Any) -> bool | None:
    """Whether a value holds something that the other does not; None where they cannot be compared."""
    if isinstance(value, (bool, int)) and isinstance(than, (bool, int)):
        return value > than
    if isinstance(value, (list, tuple)) and isinstance(than, (list, tuple)):
        return any(item not in than for item in value)
    return None


def _uses(tree: Syntax, name: str, direction: Direction) -> Iterator[Direction]:
    """Where a parameter stands in a condition: what more of it does to the condition, if that does ``direction``."""
    if _is(tree, name):
        yield direction
    elif isinstance(tree, Logical):
        for operand in tree.operands:
            yield from _uses(operand, name, direction)
    elif isinstance(tree, Unary) and tree.operator == "!":
        yield from _uses(tree.operand, name, _TURNED[direction])
    elif isinstance(tree, Binary):
        yield from _compared(tree, name, direction)
    elif isinstance(tree, Invocation) and tree.target is not None and tree.name in ("all", "exists"):
        own = "less" if tree.name == "all" else "more"
        if _is(tree.target, name):
            yield direction if own == "more" else _TURNED[direction]
        else:
            yield from _elsewhere(tree.target, name)
        for argument in tree.arguments:
            yield from _uses(argument, name, direction)
    elif isinstance(tree, Ternary):
        yield from _elsewhere(tree.condition, name)
        yield from _uses(tree.then, name, direction)
        yield from _uses(tree.otherwise, name, direction)
    else:
        yield from _elsewhere(tree, name)


def _compared(tree: Binary, name: str, direction: Direction) -> Iterator[Direction]:
    if tree.operator == "in":
        yield from _elsewhere(tree.left, name)
        if _is(tree.right, name):
            yield direction
        else:
            yield from _elsewhere(tree.right, name)
        return
    if _is_not_empty(tree, name):
        return  # it only keeps a check without parameters from passing
    for side, rises in ((tree.left, tree.operator in _LARGER), (tree.right, tree.operator in _SMALLER)):
        if tree.operator in (*_SMALLER, *_LARGER) and _rising(side, name):
            yield direction if rises else _TURNED[direction]
        else:
            yield from _elsewhere(side, name)


def _is_not_empty(tree: Binary, name: str) -> bool:
    sized = tree.left
    return (
        tree.operator == ">"
        and isinstance(sized, Invocation)
        and sized.name == "size"
        and len(sized.arguments) == 1
        and _is(sized.arguments[0], name)
    )


def _rising(tree: Syntax, name: str) -> bool:
    """Whether a number is the parameter, or rises with it and depends on it in no other way."""
    if _is(tree, name):
        return True
    if isinstance(tree, Invocation) and tree.name in _RISING and tree.target is None and len(tree.arguments) == 1:
        return _rising(tree.arguments[0], name)
    if isinstance(tree, Ternary) and not any(True for _ in _elsewhere(tree.condition, name)):
        branches = [branch for branch in (tree.then, tree.otherwise) if any(True for _ in _elsewhere(branch, name))]
        return bool(branches) and all(_rising(branch, name) for branch in branches)
    return False


def _elsewhere(tree: Syntax, name: str) -> Iterator[Direction]:
    """Uses of a parameter of which nobody knows what they do."""
    if _is(tree, name):
        yield "unclear"
    for child in _children(tree):
        yield from _elsewhere(child, name)


def _is(tree: Syntax, name: str) -> bool:
    return isinstance(tree, Member) and tree.name == name and tree.operand == Name(tree.operand.at, "params")


def _children(tree: Syntax) -> Iterator[Syntax]:
    for field in fields(tree):
        yield from _within(getattr(tree, field.name))


def _within(value: Any) -> Iterator[Syntax]:
    if isinstance(value, Syntax):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _within(item)
