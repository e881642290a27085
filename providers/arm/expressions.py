"""The expressions of ARM templates ("[concat('a', parameters('b').c[0])]"), parsed.

"ARM template functions" and "Template expressions" (Microsoft Learn): calls, texts in single quotes, whole numbers,
properties by dot and elements in brackets, nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

DEEPEST: Final = 100
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]+)(?![\w.])|(?P<name>[A-Za-z_$][\w$]*)|(?P<mark>[()\[\],.?])|(?P<end>$))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a whole number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function; ``name`` has a dot where it is one of the template's own."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Get:
    """A property or an element of a value; ``safe``: null where there is none."""

    of: Node
    key: Node
    safe: bool = False


Node = Literal | Call | Get


def expression(text: str) -> str | None:
    """What stands in the brackets of a text that is an expression; None where it is none ("[[" begins plain text)."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") and not text.startswith("[[") else None


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The expression in ``text``. Raises ValueError."""
    parser = _Parser(text)
    node = parser.node(0)
    parser.expect("end")
    return node


class _Parser:
    """Reads one expression."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def node(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise ValueError("an expression is nested too deeply")
        node = self._first(depth)
        while True:
            if self._takes("."):
                node = Get(node, Literal(self.expect("name")))
            elif self._takes("["):
                safe = self._takes("?")
                node = Get(node, self.node(depth + 1), safe)
                self.expect("]")
            elif self._takes("?"):
                self.expect(".")
                node = Get(node, Literal(self.expect("name")), safe=True)
            else:
                return node

    def _first(self, depth: int) -> Node:
        kind, value = self._next()
        if kind == "text":
            return Literal(value[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(int(value))
        if kind != "name":
            raise ValueError(f"{value or 'the end'!r} stands where a value must")
        while self._takes("."):
            value += f".{self.expect('name')}"
        self.expect("(")
        arguments: list[Node] = []
        while not self._takes(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.node(depth + 1))
        return Call(value, tuple(arguments))

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.at)
        if match is None or match.lastgroup is None:
            raise ValueError(f"{self.text[self.at :].strip()[:20]!r} is no part of an expression")
        self.at = match.end()
        return match.lastgroup, match[match.lastgroup]

    def _takes(self, mark: str) -> bool:
        before = self.at
        if self._next() == ("mark", mark):
            return True
        self.at = before
        return False

    def expect(self, wanted: str) -> str:
        kind, value = self._next()
        if wanted not in (kind, value) or (kind == "text" and wanted != "text"):
            raise ValueError(f"{value or 'the end'!r} stands where {wanted!r} must")
        return value
