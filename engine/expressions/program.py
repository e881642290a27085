"""An expression, compiled: what it reads, its value on given data, and what decided the value."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Any

from engine.expressions.checker import Checker
from engine.expressions.failures import Failed, Path, path_text
from engine.expressions.generator import Evaluator, generated
from engine.expressions.interpreter import NOTHING, Interpreter
from engine.expressions.lexer import fail
from engine.expressions.parser import parse
from engine.expressions.partial import asks_for_keys, tolerates
from engine.expressions.syntax import Syntax
from engine.expressions.tree import Node
from engine.expressions.types import BOOL, Type, accepts


@dataclass(frozen=True, slots=True)
class Trace:
    """An evaluation that was watched: its value, and what it read: (path text, value) in order, each path once."""

    value: Any | Failed
    reads: tuple[tuple[str, Any], ...]


class Program:
    """A checked expression. Immutable; evaluations share nothing.

    ``reads`` are the paths that an evaluation may need, list positions left out: ("resource", "policy"),
    ("trails", "is_logging"); of what is used as a whole, each property. ("trails",) stands for how many there are.
    """

    __slots__ = ("_asks_for_keys", "_expected", "_fast", "_tolerated", "_tree", "reads", "source", "type")

    def __init__(self, source: str, tree: Node, reads: frozenset[tuple[str, ...]], expected: Type | None) -> None:
        self.source = source
        self.type = tree.type
        self.reads = reads
        self._tree = tree
        self._expected = expected
        self._fast: Evaluator | None = None
        self._tolerated: dict[str, bool] = {}
        self._asks_for_keys: bool | None = None

    def evaluate(self, variables: Mapping[str, Any], unread: Set[Path] = NOTHING) -> Any | Failed:
        """The value on ``variables`` (JSON values; see :mod:`engine.expressions.values`), or why there is none.

        ``unread`` are paths of keys of maps of which it is not known whether they are there. The generated code only
        ever answers where every value that it met was as expected; else the interpreter does.
        """
        if unread and self.asks_for_keys:
            return self.interpret(variables, unread)
        if self._fast is None:
            # Not before it is needed: many programs of a run are loaded, few of some kinds are evaluated.
            self._fast = generated(self._tree, self._expected)
        try:
            return self._fast(variables)
        except Exception:
            return self.interpret(variables)

    def interpret(self, variables: Mapping[str, Any], unread: Set[Path] = NOTHING) -> Any | Failed:
        """As :meth:`evaluate`, by the reference interpreter alone."""
        return Interpreter(variables, unread).run(self._tree, self._expected)

    @property
    def asks_for_keys(self) -> bool:
        """Whether keys of maps that are not known could decide (:mod:`.partial`)."""
        if self._asks_for_keys is None:
            self._asks_for_keys = asks_for_keys(self._tree)
        return self._asks_for_keys

    def tolerates(self, name: str) -> bool:
        """Whether the list ``name`` may end in an unread element that stands for more (:mod:`.partial`)."""
        if name not in self._tolerated:
            # Not before it is needed either: only where a relation is incomplete.
            self._tolerated[name] = tolerates(self._tree, name)
        return self._tolerated[name]

    def trace(self, variables: Mapping[str, Any], unread: Set[Path] = NOTHING) -> Trace:
        """As :meth:`interpret`, with what was read on the way."""
        interpreter = Interpreter(variables, unread)
        value = interpreter.run(self._tree, self._expected)
        return Trace(value, tuple(_read(path, read) for path, read in interpreter.reads.items()))


def _read(path: Path, value: Any) -> tuple[str, Any]:
    """A path as text and what stood there. Equal ones are one object: a run keeps them for hundreds of thousands."""
    text = intern(path_text(path))
    return _one(text, value) if value is None or type(value) in (bool, int) else (text, value)


@lru_cache(maxsize=16384, typed=True)
def _one(path: str, value: bool | int | None) -> tuple[str, bool | int | None]:
    return path, value


def compile(source: str, variables: Mapping[str, Type], expected: Type | None = BOOL) -> Program:
    """Parse and check an expression over ``variables``; its result must be ``expected`` (None: anything).

    Raises ExpressionError for anything wrong that can be found without data.
    """
    return build(source, parse(source), variables, expected)


def build(
    source: str,
    syntax: Syntax,
    variables: Mapping[str, Type],
    expected: Type | None,
    container: str = "",
    lenient: bool = False,
) -> Program:
    """The program of a parse tree. ``container`` and ``lenient`` are those of :class:`.checker.Checker`."""
    checker = Checker(source, variables, container, lenient)
    tree = checker.value(syntax)
    if expected is not None and not accepts(expected, tree.type):
        fail(source, syntax.at, f"the expression is {tree.type}, where {expected} is needed")
    return Program(source, tree, frozenset(checker.reads), expected)
