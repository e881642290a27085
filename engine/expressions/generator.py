"""The code generator: typed tree to one Python function over plain dictionaries.

The generated code is sure or silent: it answers only while every value is of the type that the tree says, and raises
for anything else (a missing key, a null, a text where a number should be), whereupon the reference interpreter decides.
It therefore knows nothing of errors and their absorption: without an error, evaluation from left to right is CEL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Final

from engine.expressions.functions import Function
from engine.expressions.limits import LIST_SHIFT
from engine.expressions.operators import ORDERINGS
from engine.expressions.regex import compiled
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
from engine.expressions.types import DURATION, INT, STRING, TIMESTAMP, ListType, MapType, Type, bare
from engine.expressions.values import (
    RANGES,
    Duration,
    Timestamp,
    as_time,
    classes,
    contains,
    equal,
    key_of,
    parse_timestamp,
    parsed,
    range_of,
)
from engine.expressions.writer import Code, Unsure, Writer

Evaluator = Callable[[Mapping[str, Any]], Any]

_BOOL: Final = (bool,)
_INLINE: Final = {
    "size": "len({0})",
    "startsWith": "{0}.startswith({1})",
    "endsWith": "{0}.endswith({1})",
    "contains": "({1} in {0})",
    "!_": "(not {0})",
}
_STARTS: Final = {"all": "True", "exists": "False", "exists_one": "0", "filter": "[]", "map": "[]"}


def generated(tree: Node, expected: Type | None) -> Evaluator:
    """The function of a tree. Where Python cannot take the code (nested too deeply), one that is always unsure."""
    generator = _Generator(_SCOPE)
    try:
        result = generator.code(tree)
        if expected is not None:
            result = generator.narrowed(result, classes(expected))
        body = [*generator.prologue, *generator.lines, (0, f"return {result.text}")]
        text = "def evaluate(v):\n" + "".join(f"{' ' * (depth + 1)}{line}\n" for depth, line in body)
        # Names of our own making and literals written by repr() are all that stands in it; there are no builtins.
        exec(compile(text, "<expression>", "exec"), generator.scope)  # noqa: S102
    except (SyntaxError, MemoryError, RecursionError):
        return _unsure
    evaluate: Evaluator = generator.scope["evaluate"]
    return evaluate


class _Generator(Writer):
    """Writes what has to run before a node's value is known, and gives the expression of that value."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        super().__init__(scope)
        self._variables: dict[str, str] = {}

    def code(self, node: Node) -> Code:
        """The expression of a node."""
        return _HANDLERS[type(node)](self, node)

    def _bool(self, node: Node) -> Code:
        return self.narrowed(self.code(node), _BOOL)

    def _constant(self, node: Constant) -> Code:
        value = node.value
        if type(value) in (str, int, bool, NoneType):
            return Code(f"({value})" if type(value) is int and value < 0 else repr(value), (type(value),), atom=True)
        return Code(self.named(value), (type(value),), atom=True)

    def _failing(self, node: Failing) -> Code:
        self.write("raise Unsure")
        return Code("Unsure", atom=True)

    def _variable(self, node: Variable) -> Code:
        if node.name not in self._variables:
            name = self._variables[node.name] = self.new("v")
            self.prologue.append((0, f"{name} = v[{node.name!r}]"))
        return Code(self._variables[node.name], atom=True)

    def _element(self, node: Element) -> Code:
        return Code(f"e{node.number}", atom=True)

    def _property(self, node: Property) -> Code:
        operand = self.code(node.operand)
        if operand.classes and dict not in operand.classes:
            self.write("raise Unsure")
            return Code("Unsure", atom=True)
        return Code(f"{operand.text}[{node.key!r}]")

    def _index(self, node: Index) -> Code:
        operand, index = self.code(node.operand), self.code(node.index)
        if not isinstance(bare(node.operand.type), ListType):
            return Code(f"at({operand.text}, {index.text})")
        operand, index = self.narrowed(operand, (list,)), self.atom(self.narrowed(index, (int,)))
        # Python would count a negative position from the end.
        self.write(f"if {index.text} < 0: raise Unsure")
        return Code(f"{operand.text}[{index.text}]")

    def _parsed(self, node: Parsed) -> Code:
        operand = self.code(node.operand)
        if bare(node.type) != TIMESTAMP:
            return Code(f"parsed({self.named(node.type)}, {operand.text})")
        name = self.atom(operand).text
        test = f"type({name}) is {self.class_name(str)}"
        return Code(f"(parse_timestamp({name}) if {test} else as_time({name}))", (Timestamp, NoneType))

    def _has(self, node: Has) -> Code:
        operand = self.narrowed(self.code(node.operand), (dict,))
        return Code(f"({node.key!r} in {operand.text})", _BOOL)

    def _logic(self, node: Logic) -> Code:
        word, test = ("or", "if not") if node.decided_by else ("and", "if")
        depth, result = self.depth, ""
        current = self._bool(node.operands[0]).text
        for operand in node.operands[1:]:
            with self.apart() as lines:
                code = self._bool(operand)
            if not lines:
                current = f"{current} {word} {code.text}"
                continue
            # What the operand needs may only run if the operands before it have not decided.
            result = result or self.new()
            self.write(f"{result} = {current}")
            self.write(f"{test} {result}:")
            self.depth += 1
            self.insert(lines)
            current = code.text
        if not result:
            return Code(f"({current})", _BOOL)
        self.write(f"{result} = {current}")
        self.depth = depth
        return Code(result, _BOOL, atom=True)

    def _conditional(self, node: Conditional) -> Code:
        condition, result = self._bool(node.condition), self.new()
        known: list[tuple[type, ...]] = []
        for test, branch in ((f"if {condition.text}:", node.then), ("else:", node.otherwise)):
            self.write(test)
            self.depth += 1
            code = self.code(branch)
            known.append(code.classes)
            self.write(f"{result} = {code.text}")
            self.depth -= 1
        return Code(result, known[0] + known[1] if all(known) else (), atom=True)

    def _equality(self, node: Equality) -> Code:
        left, right = self.code(node.left), self.code(node.right)
        if node.metered:
            left, right = self.atom(left), self.atom(right)
            self.spend([left, right])
        for constant, other, code in ((node.left, node.right, right), (node.right, node.left, left)):
            if isinstance(constant, Constant) and not isinstance(other, Constant):
                text = self._equals_constant(constant.value, other, code, node.negated)
                if text:
                    return Code(text, _BOOL)
        if left.classes == right.classes and left.classes in ((str,), (int,), (bool,), (Timestamp,), (Duration,)):
            return Code(f"({left.text} {'!=' if node.negated else '=='} {right.text})", _BOOL)
        return Code(f"({'not ' if node.negated else ''}equal({left.text}, {right.text}))", _BOOL)

    def _equals_constant(self, value: Any, other: Node, code: Code, negated: bool) -> str | None:
        """The comparison with a constant, where Python's own says the same whatever the other value is."""
        if type(value) in (bool, NoneType):
            return f"({code.text} is{' not' if negated else ''} {value})"
        sign, word = ("!=", "or") if negated else ("==", "and")
        if type(value) is str:
            return f"({code.text} {sign} {value!r})"
        if type(value) is not int or bare(other.type) != INT:
            return None
        if value not in (0, 1) or code.classes == (int,):
            return f"({code.text} {sign} {value})"
        # True equals 1 to Python.
        name = self.atom(code).text
        return f"({name} {sign} {value} {word} {name} is{'' if negated else ' not'} {bool(value)})"

    def _membership(self, node: Membership) -> Code:
        element = self.code(node.element)
        texts = _constant_texts(node.container)
        if texts is not None and (not node.metered or len(texts) < 1 << LIST_SHIFT):
            return Code(f"({element.text} in {self.named(frozenset(texts))})", _BOOL)
        container, kind = self.code(node.container), bare(node.container.type)
        if isinstance(kind, (ListType, MapType)):
            container = self.narrowed(container, classes(kind))
        container = self.atom(container)
        if node.metered:
            self.spend([container])
        search = f"contains({container.text}, {element.text})"
        # In a text, as a constant under dyn() may be, Python looks for a part of it.
        held = bool(container.classes) and set(container.classes) <= {list, dict}
        if held and element.classes == (str,):
            search = f"({element.text} in {container.text})"
        elif held and bare(node.element.type) == STRING:
            # Only a text is compared by Python as by CEL.
            name = self.atom(element).text
            test = f"type({name}) is {self.class_name(str)}"
            search = f"({name} in {container.text} if {test} else contains({container.text}, {name}))"
        return Code(search, _BOOL)

    def _call(self, node: Call) -> Code:
        if len(node.overloads) > 1:
            codes = self._arguments(node, [self.code(argument) for argument in node.arguments])
            return Code(f"called({', '.join([self.named(node.overloads), *(code.text for code in codes)])})")
        function = node.overloads[0]
        symbol, wanted, result = node.name[1:-1], function.parameters, classes(function.result)
        if symbol in ORDERINGS and wanted[0] == wanted[1]:
            left, right = (self._ordered(argument, wanted[0]) for argument in node.arguments)
            return Code(f"({left.text} {symbol} {right.text})", _BOOL)
        pairs = zip(node.arguments, wanted, strict=True)
        codes = self._arguments(node, [self.narrowed(self.code(given), classes(type_)) for given, type_ in pairs])
        texts = [code.text for code in codes]
        if symbol in ("+", "-", "*") and function.result == INT:
            return self._ranged(f"{texts[0]} {symbol} {texts[1]}", INT)
        if node.name in _INLINE:
            return Code(_INLINE[node.name].format(*texts), result)
        pattern = node.arguments[-1] if node.arguments else None
        if node.name == "matches" and isinstance(pattern, Constant) and type(pattern.value) is str:
            return Code(f"({self.named(compiled(pattern.value).search)}({texts[0]}.encode()) is not None)", result)
        return Code(f"{self.named(function.call)}({', '.join(texts)})", result)

    def _arguments(self, node: Call, codes: list[Code]) -> list[Code]:
        if not node.metered:
            return codes
        codes = [self.atom(code) for code in codes]
        self.spend(codes)
        return codes

    def _ordered(self, node: Node, type_: Type) -> Code:
        """An operand of ``<``: of a sum or difference of times the nanoseconds, without making it a value first."""
        if (
            type_ not in (TIMESTAMP, DURATION)
            or not isinstance(node, Call)
            or node.name not in ("_+_", "_-_")
            or node.metered
        ):
            return self.narrowed(self.code(node), classes(type_))
        left, right = (
            self.narrowed(self.code(argument), classes(wanted))
            for argument, wanted in zip(node.arguments, node.overloads[0].parameters, strict=True)
        )
        return self._ranged(f"{left.text} {node.name[1]} {right.text}", type_)

    def _ranged(self, text: str, type_: Type) -> Code:
        """The result of arithmetic, which has to stay in the range of its type."""
        name, (first, last) = self.new(), RANGES[type_]
        self.write(f"{name} = {text}")
        self.write(f"if not {first} <= {name} <= {last}: raise Unsure")
        return Code(name, classes(type_), atom=True)

    def _list(self, node: ListLiteral) -> Code:
        return Code(f"[{', '.join(self.code(item).text for item in node.items)}]", (list,))

    def _map(self, node: MapLiteral) -> Code:
        parts = [self.code(part).text for entry in node.entries for part in entry]
        return Code(f"make_map({', '.join(parts)})", (dict,))

    def _macro(self, node: Macro) -> Code:
        kind, range_ = bare(node.range.type), self.code(node.range)
        if isinstance(kind, ListType):
            range_ = self.atom(self.narrowed(range_, (list,)))
        elif isinstance(kind, MapType):
            range_ = self.atom(Code(f"keys({self.narrowed(range_, (dict,)).text})"))
        else:
            range_ = self.atom(Code(f"items({range_.text})"))
        self.count(f"len({range_.text})")
        result, depth = self.new(), self.depth
        self.write(f"{result} = {_STARTS[node.kind]}")
        self.write(f"for e{node.element.number} in {range_.text}:")
        self.depth += 1
        if node.condition is not None:
            self.write(f"if {'not ' if node.kind == 'all' else ''}{self._bool(node.condition).text}:")
            self.depth += 1
        self._visit(node, result)
        self.depth = depth
        if node.kind == "exists_one":
            return Code(f"({result} == 1)", _BOOL)
        return Code(result, _BOOL if node.kind in ("all", "exists") else (list,), atom=True)

    def _visit(self, node: Macro, result: str) -> None:
        """What a macro does with an element that meets its condition (``all``: that does not)."""
        if node.kind in ("all", "exists"):
            self.write(f"{result} = {node.kind == 'exists'}")
            self.write("break")
        elif node.kind == "exists_one":
            self.write(f"{result} += 1")
        else:
            self.write(f"{result} += [{self.code(node.result or node.element).text}]")


def _constant_texts(node: Node) -> list[str] | None:
    """The texts of a list that consists of nothing but constant texts."""
    if not isinstance(node, ListLiteral):
        return None
    texts = [item.value for item in node.items if isinstance(item, Constant) and type(item.value) is str]
    return texts if len(texts) == len(node.items) else None


def _unsure(variables: Mapping[str, Any]) -> Any:
    raise Unsure


def _at(value: Any, index: Any) -> Any:
    """``value[index]`` where the type of either is open."""
    if type(value) is dict:
        return value[key_of(index)]
    if type(value) is list and type(index) is int and index >= 0:
        return value[index]
    raise Unsure


def _items(value: Any) -> list[Any]:
    """What a macro goes through where the type is open."""
    if type(value) is list:
        return value
    if type(value) is dict:
        return range_of(value)
    raise Unsure


def _make_map(*parts: Any) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if type(key) is float or key_of(key) in result:
            raise Unsure
        result[key_of(key)] = value
    return result


def _called(overloads: tuple[Function, ...], *values: Any) -> Any:
    """A call whose overload depends on the values."""
    for function in overloads:
        if function.takes(values):
            return function.call(*values)
    raise Unsure


_SCOPE: Final[dict[str, Any]] = {
    "__builtins__": {},
    "equal": equal,
    "contains": contains,
    "at": _at,
    "items": _items,
    "keys": range_of,
    "make_map": _make_map,
    "called": _called,
    "parsed": parsed,
    "parse_timestamp": parse_timestamp,
    "as_time": as_time,
}
_HANDLERS: Final[dict[type, Callable[[_Generator, Any], Code]]] = {
    Constant: _Generator._constant,
    Failing: _Generator._failing,
    Variable: _Generator._variable,
    Element: _Generator._element,
    Property: _Generator._property,
    Index: _Generator._index,
    Parsed: _Generator._parsed,
    Has: _Generator._has,
    Logic: _Generator._logic,
    Conditional: _Generator._conditional,
    Equality: _Generator._equality,
    Membership: _Generator._membership,
    Call: _Generator._call,
    ListLiteral: _Generator._list,
    MapLiteral: _Generator._map,
    Macro: _Generator._macro,
}
