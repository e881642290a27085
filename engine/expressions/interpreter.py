"""The reference interpreter: the language as specified, with a record of what was read.

It decides whatever the generated code does not, and says which values and which missing keys decided. A value travels
with its *whereabouts*: the path of where it was read, or for a list that was put together those of its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Final

from engine.expressions.failures import EvaluationError, Failed, LimitExceeded, Path, combined, path_text, quoted
from engine.expressions.functions import Function
from engine.expressions.limits import MAX_STEPS
from engine.expressions.names import shown
from engine.expressions.partial import is_map
from engine.expressions.tree import (
    Call,
    Conditional,
    Constant,
    Element,
    Equality,
    Failing,
    Has,
    Index,
    ListLiteral,
    Logic,
    Macro,
    MapLiteral,
    Membership,
    Node,
    Parsed,
    Property,
    Variable,
)
from engine.expressions.types import Type
from engine.expressions.values import contains, equal, is_a, key_of, parsed, range_of, size_in_steps, type_name

Whereabouts = Path | list[Any] | None
"""A path; or a list with the whereabouts of each element; or None for a computed value."""
NOTHING: Final[Set[Path]] = frozenset()


class Interpreter:
    """One evaluation. ``reads`` collects what was read: path to value, in order.

    ``unread`` are the paths of keys of maps of which it is not known whether they are there.
    """

    def __init__(self, variables: Mapping[str, Any], unread: Set[Path] = NOTHING) -> None:
        self.reads: dict[Path, Any] = {}
        self._variables, self._unread = variables, unread
        self._elements: dict[int, tuple[Any, Whereabouts]] = {}
        self._steps = 0

    def run(self, node: Node, expected: Type | None) -> Any:
        """The value of a tree, or :class:`Failed`. A value that is not of type ``expected`` is a failure too."""
        try:
            value = self._value(node)
        except EvaluationError as error:
            return Failed(error.message, error.missing)
        except LimitExceeded:
            return Failed(f"the evaluation takes more than {MAX_STEPS} steps")
        except (RecursionError, MemoryError, OverflowError):
            return Failed("the data is nested too deeply or too large")
        if expected is not None and not is_a(expected, value):
            return Failed(f"the result is {type_name(value)}, not {expected}")
        return value

    def _value(self, node: Node) -> Any:
        """The value of a node that is used: what was read of it is recorded."""
        return self._used(node)[0]

    def _used(self, node: Node) -> tuple[Any, Whereabouts]:
        located = _HANDLERS[type(node)](self, node)
        if located[1] is not None:
            self._record(located[1], located[0])
        return located

    def _locate(self, node: Node) -> tuple[Any, Whereabouts]:
        """The value of a node and where it is from."""
        return _HANDLERS[type(node)](self, node)

    def _record(self, where: Whereabouts, value: Any) -> None:
        if type(where) is tuple:
            self.reads.setdefault(where, value)
        elif where is not None:
            for inner, item in zip(where, value, strict=True):
                self._record(inner, item)

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise LimitExceeded

    def _all(self, nodes: Sequence[Node]) -> list[tuple[Any, Whereabouts]]:
        """The values of all nodes. Each is evaluated even if one fails, so that all that is missing is known."""
        if len(nodes) == 1:
            return [self._used(nodes[0])]
        results: list[tuple[Any, Whereabouts]] = []
        errors: list[EvaluationError] = []
        for node in nodes:
            try:
                results.append(self._used(node))
            except EvaluationError as error:
                errors.append(error)
        if errors:
            raise combined(errors)
        return results

    def _constant(self, node: Constant) -> tuple[Any, Whereabouts]:
        return node.value, None

    def _failing(self, node: Failing) -> tuple[Any, Whereabouts]:
        raise EvaluationError(node.message)

    def _variable(self, node: Variable) -> tuple[Any, Whereabouts]:
        if node.name not in self._variables:
            raise EvaluationError(f"{node.name} is not known", [(node.name,)])
        return self._variables[node.name], (node.name,)

    def _element(self, node: Element) -> tuple[Any, Whereabouts]:
        return self._elements[node.number]

    def _property(self, node: Property) -> tuple[Any, Whereabouts]:
        value, where = self._locate(node.operand)
        return self._at_key(value, where, node.key)

    def _at_key(self, value: Any, where: Whereabouts, key: Any) -> tuple[Any, Whereabouts]:
        if type(value) is not dict:
            self._record(where, value)
            raise EvaluationError(f"{type_name(value)} has no property {key!r}")
        found = key if type(key) is str else key_of(key)
        path = (*where, key) if type(where) is tuple else None
        if found not in value:
            name = path_text(path) if path else quoted(key) if type(key) is str else str(key)
            raise EvaluationError(f"{name} is not there", [path] if path else [])
        return value[found], path

    def _index(self, node: Index) -> tuple[Any, Whereabouts]:
        errors: list[EvaluationError] = []
        try:
            value, where = self._locate(node.operand)
        except EvaluationError as error:
            errors.append(error)
        try:
            index = self._value(node.index)
        except EvaluationError as error:
            errors.append(error)
        if errors:
            raise combined(errors)
        if type(value) is not list:
            return self._at_key(value, where, index)
        position = index
        if type(index) is float and index.is_integer():
            position = int(index)
        if type(position) is bool or not isinstance(position, int):
            raise EvaluationError(f"a list is indexed by int, not by {type_name(index)}")
        if not 0 <= position < len(value):
            self._record(where, value)
            raise EvaluationError(f"position {position} is outside of a list of {len(value)}")
        return value[position], _below(where, int(position))

    def _parsed(self, node: Parsed) -> tuple[Any, Whereabouts]:
        value, where = self._used(node.operand)
        return parsed(node.type, value), where

    def _has(self, node: Has) -> tuple[Any, Whereabouts]:
        value, where = self._locate(node.operand)
        if type(value) is not dict:
            raise EvaluationError(f"has() takes a map, not {type_name(value)}")
        if node.key in value and type(where) is tuple:
            self._record((*where, node.key), value[node.key])
        self._refuse_unread(where, node.key)
        return node.key in value, None

    def _refuse_unread(self, where: Whereabouts, *key: Any) -> None:
        """Fail where it is not known whether a map has a key, or without one, which keys it has."""
        if self._unread and type(where) is tuple:
            path = (*where, *key)
            missing = sorted(found for found in self._unread if found[: len(path)] == path)
            if missing:
                raise EvaluationError(f"whether {path_text(missing[0])} is there is not known", missing)

    def _logic(self, node: Logic) -> tuple[Any, Whereabouts]:
        errors: list[EvaluationError] = []
        for operand in node.operands:
            try:
                if self._bool(operand) is node.decided_by:
                    return node.decided_by, None
            except EvaluationError as error:
                errors.append(error)
        if errors:
            raise combined(errors)
        return not node.decided_by, None

    def _bool(self, node: Node) -> bool:
        value = self._value(node)
        if value is not True and value is not False:
            raise EvaluationError(f"expected a bool, found {type_name(value)}")
        return value

    def _conditional(self, node: Conditional) -> tuple[Any, Whereabouts]:
        return self._locate(node.then if self._bool(node.condition) else node.otherwise)

    def _equality(self, node: Equality) -> tuple[Any, Whereabouts]:
        (left, at_left), (right, at_right) = self._all((node.left, node.right))
        if is_map(node.left) or is_map(node.right):
            self._refuse_unread(at_left)
            self._refuse_unread(at_right)
        if node.metered:
            self._spend(size_in_steps(left) + size_in_steps(right))
        return equal(left, right) is not node.negated, None

    def _membership(self, node: Membership) -> tuple[Any, Whereabouts]:
        (element, _), (container, where) = self._all((node.element, node.container))
        if type(container) is dict:
            self._refuse_unread(where, element)
        if node.metered:
            self._spend(size_in_steps(container))
        return contains(container, element), None

    def _call(self, node: Call) -> tuple[Any, Whereabouts]:
        located = self._all(node.arguments)
        values = [value for value, _ in located]
        for argument, (_, where) in zip(node.arguments, located, strict=True):
            if is_map(argument):
                self._refuse_unread(where)
        if node.metered:
            self._spend(sum(map(size_in_steps, values)))
        for function in node.overloads:
            if function.takes(values):
                return self._called(function, values, [where for _, where in located])
        raise EvaluationError(f"{shown(node.name)} does not take ({', '.join(map(type_name, values))})")

    def _called(self, function: Function, values: list[Any], places: list[Whereabouts]) -> tuple[Any, Whereabouts]:
        try:
            result = function.call(*values)
        except EvaluationError as error:
            missing = [path for path in (_from_argument(places, path) for path in error.missing) if path]
            raise EvaluationError(error.message, missing) from None
        except (RecursionError, MemoryError):
            raise
        except KeyError as error:
            # A function that met an object without one of its keys: which argument it was in is all that is known.
            missing = [where for where in places if type(where) is tuple]
            raise EvaluationError(f"{shown(function.name)} needs a key that is not there: {error}", missing) from None
        except Exception as error:
            raise EvaluationError(f"{shown(function.name)} failed: {error}") from None
        if function.name == "_+_" and type(result) is list:
            return result, _concatenated(values, places)
        return result, None

    def _list(self, node: ListLiteral) -> tuple[Any, Whereabouts]:
        located = self._located(node.items)
        return [value for value, _ in located], [where for _, where in located]

    def _located(self, nodes: Sequence[Node]) -> list[tuple[Any, Whereabouts]]:
        results: list[tuple[Any, Whereabouts]] = []
        errors: list[EvaluationError] = []
        for node in nodes:
            try:
                results.append(self._locate(node))
            except EvaluationError as error:
                errors.append(error)
        if errors:
            raise combined(errors)
        return results

    def _map(self, node: MapLiteral) -> tuple[Any, Whereabouts]:
        flat = [value for value, _ in self._all([part for entry in node.entries for part in entry])]
        result: dict[Any, Any] = {}
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if type(key) is float:
                raise EvaluationError("double cannot be the key of a map")
            if key_of(key) in result:
                raise EvaluationError(f"the key {key!r} is in the map twice")
            result[key_of(key)] = value
        return result, None

    def _macro(self, node: Macro) -> tuple[Any, Whereabouts]:
        value, where = self._locate(node.range)
        if type(value) is dict:
            self._record(where, value)
            return self._over_keys(node, value, where)
        if type(value) is not list:
            self._record(where, value)
            raise EvaluationError(f"{node.kind}() takes a list or a map, not {type_name(value)}")
        if not value:
            # That there is nothing is what decides.
            self._record(where, value)
        self._spend(len(value))
        return _MACROS[node.kind](self, node, [(item, _below(where, i)) for i, item in enumerate(value)])

    def _over_keys(self, node: Macro, value: dict[Any, Any], where: Whereabouts) -> tuple[Any, Whereabouts]:
        keys = range_of(value)
        self._spend(len(keys))
        found = _MACROS[node.kind](self, node, [(key, None) for key in keys])
        if node.kind not in ("exists", "all") or found[0] is not (node.kind == "exists"):
            # None of the keys that are known decides.
            self._refuse_unread(where)
        return found

    def _each(
        self, node: Macro, items: list[tuple[Any, Whereabouts]], visit: Callable[[tuple[Any, Whereabouts]], bool]
    ) -> list[EvaluationError]:
        """Call ``visit`` with each element bound, until it returns true; the errors of the elements that had one."""
        errors: list[EvaluationError] = []
        number = node.element.number
        for item in items:
            self._elements[number] = item
            try:
                if visit(item):
                    errors.clear()
                    break
            except EvaluationError as error:
                errors.append(error)
        return errors

    def _quantified(self, node: Macro, items: list[tuple[Any, Whereabouts]]) -> tuple[Any, Whereabouts]:
        decided_by = node.kind == "exists"
        decided = False

        def visit(item: tuple[Any, Whereabouts]) -> bool:
            nonlocal decided
            decided = node.condition is not None and self._bool(node.condition) is decided_by
            return decided

        errors = self._each(node, items, visit)
        if errors:
            raise combined(errors)
        return decided is decided_by, None

    def _collected(self, node: Macro, items: list[tuple[Any, Whereabouts]]) -> tuple[Any, Whereabouts]:
        """``filter``, ``map`` and ``exists_one``, where an error of any element is an error."""
        kept: list[tuple[Any, Whereabouts]] = []

        def visit(item: tuple[Any, Whereabouts]) -> bool:
            if node.condition is None or self._bool(node.condition):
                kept.append(item if node.result is None else self._locate(node.result))
            return False

        errors = self._each(node, items, visit)
        if errors:
            raise combined(errors)
        if node.kind == "exists_one":
            return len(kept) == 1, None
        return [value for value, _ in kept], [where for _, where in kept]


def _below(where: Whereabouts, position: int) -> Whereabouts:
    if isinstance(where, tuple):
        return (*where, position)
    return None if where is None else where[position]


def _from_argument(places: list[Whereabouts], path: Path) -> Path | None:
    """The real path of what a function misses, or None where its argument was computed."""
    if not path or type(path[0]) is not int or path[0] >= len(places):
        return None
    where, rest = places[path[0]], path[1:]
    while type(where) is list and rest and type(rest[0]) is int and rest[0] < len(where):
        where, rest = where[rest[0]], rest[1:]
    return (*where, *rest) if type(where) is tuple else None


def _concatenated(values: list[Any], places: list[Whereabouts]) -> Whereabouts:
    return [_below(where, i) for value, where in zip(values, places, strict=True) for i in range(len(value))]


_HANDLERS: Final[dict[type, Callable[[Interpreter, Any], tuple[Any, Whereabouts]]]] = {
    Constant: Interpreter._constant,
    Failing: Interpreter._failing,
    Variable: Interpreter._variable,
    Element: Interpreter._element,
    Property: Interpreter._property,
    Index: Interpreter._index,
    Parsed: Interpreter._parsed,
    Has: Interpreter._has,
    Logic: Interpreter._logic,
    Conditional: Interpreter._conditional,
    Equality: Interpreter._equality,
    Membership: Interpreter._membership,
    Call: Interpreter._call,
    ListLiteral: Interpreter._list,
    MapLiteral: Interpreter._map,
    Macro: Interpreter._macro,
}
_MACROS: Final = {
    "all": Interpreter._quantified,
    "exists": Interpreter._quantified,
    "exists_one": Interpreter._collected,
    "filter": Interpreter._collected,
    "map": Interpreter._collected,
}
