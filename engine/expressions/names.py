"""Names: in the parse tree, as messages show them, and what was probably meant by one that stands for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from engine.expressions.syntax import Member, Name, Syntax


def suggestion(name: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a message."""
    near = get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def chain(syntax: Syntax) -> tuple[list[str], bool, list[int]] | None:
    """The parts of ``a.b.c``, whether it began with a dot, and where each part stands; None for anything else."""
    parts: list[str] = []
    places: list[int] = []
    while isinstance(syntax, Member):
        parts.append(syntax.name)
        places.append(syntax.at)
        syntax = syntax.operand
    if not isinstance(syntax, Name):
        return None
    return [syntax.name, *reversed(parts)], syntax.absolute, [syntax.at, *reversed(places)]


def shown(function: str) -> str:
    """How messages name a function or an operator: ``size()``, ``'+'`` for ``_+_``."""
    symbol = function.strip("_")
    return f"{function}()" if symbol[0].isalpha() else repr(symbol)
