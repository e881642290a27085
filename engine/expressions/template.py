"""Messages with expressions in them, such as ``Default encryption is ${resource.encryption_algorithm}.``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.expressions.failures import EvaluationError, Failed
from engine.expressions.functions.formatting import text_of
from engine.expressions.lexer import fail
from engine.expressions.limits import MAX_SOURCE
from engine.expressions.parser import Parser
from engine.expressions.program import Program, build
from engine.expressions.types import Type, holds_object
from engine.expressions.values import keys_of

UNREADABLE: Final = "(not readable)"
"""What stands for a part that has no value."""
_BRACKETED: Final = f"({UNREADABLE})"
_MAX_PART: Final = 500
_MAX_ITEMS: Final = 20


class Template:
    """A checked message. ``reads`` are the paths that its expressions may read, as of :class:`.program.Program`."""

    __slots__ = ("_parts", "reads", "source")

    def __init__(self, source: str, parts: tuple[str | Program, ...]) -> None:
        self.source = source
        self.reads = frozenset[tuple[str, ...]]().union(*(part.reads for part in parts if isinstance(part, Program)))
        self._parts = parts

    def render(self, variables: Mapping[str, Any]) -> str:
        """The message on ``variables``. Each value is cut at 500 characters, a list at 20 elements.

        Of a name and the id behind it in brackets, both without a value, one is said.
        """
        text = "".join(part if isinstance(part, str) else _shown(part.evaluate(variables)) for part in self._parts)
        return text.replace(f"{UNREADABLE} {_BRACKETED}", UNREADABLE).replace(_BRACKETED, UNREADABLE)


def template(source: str, variables: Mapping[str, Type]) -> Template:
    """Parse and check a message: text with ``${expression}`` in it (``$${`` is the text ``${``).

    Raises ExpressionError, with line and column in the message, for an expression that is wrong or has no text form.
    """
    if len(source) > MAX_SOURCE:
        fail("", 0, f"a message has at most {MAX_SOURCE} characters, this one has {len(source)}")
    return Template(source, tuple(_parts(source, variables)))


def _parts(source: str, variables: Mapping[str, Type]) -> Iterator[str | Program]:
    position = 0
    while True:
        start = source.find("${", position)
        if start < 0:
            yield source[position:]
            return
        if source[:start].endswith("$"):
            yield source[position:start] + "{"
            position = start + 2
            continue
        yield source[position:start]
        parser = Parser(source, start + 2)
        syntax = parser.expression()
        if parser.token.kind != "}":
            parser.unexpected()
        program = build(source, syntax, variables, None)
        if holds_object(program.type):
            fail(source, start + 2, f"{program.type} is not printed as a whole: name one of its properties")
        yield program
        position = parser.token.end


def _shown(value: Any) -> str:
    if isinstance(value, Failed):
        return UNREADABLE
    try:
        text = _text(value)
    except (EvaluationError, RecursionError):
        return UNREADABLE
    return text if len(text) <= _MAX_PART else text[: _MAX_PART - 3] + "..."


def _text(value: Any) -> str:
    if type(value) is list:
        return _cut([text_of(item) for item in value[:_MAX_ITEMS]], len(value))
    if type(value) is dict:
        names = [text_of(key) for key in keys_of(value)]
        pairs = sorted(zip(names, value.values(), strict=True), key=lambda pair: pair[0])
        return _cut([f"{name}: {text_of(item)}" for name, item in pairs[:_MAX_ITEMS]], len(value))
    return text_of(value)


def _cut(items: list[str], total: int) -> str:
    text = ", ".join(items) or "none"
    return text if total <= len(items) else f"{text} and {total - len(items)} more"
