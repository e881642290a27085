"""The type checker: parse tree to typed tree, and which properties an expression reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.expressions import calls
from engine.expressions.lexer import fail
from engine.expressions.limits import MAX_DEPTH
from engine.expressions.names import chain, suggestion
from engine.expressions.syntax import (
    Binary,
    Invocation,
    ListDisplay,
    Literal,
    Logical,
    MapDisplay,
    Member,
    Name,
    Subscript,
    Syntax,
    Ternary,
    Unary,
)
from engine.expressions.tree import (
    Conditional,
    Constant,
    Element,
    Equality,
    Failing,
    Index,
    ListLiteral,
    Logic,
    MapLiteral,
    Membership,
    Node,
    Origins,
    Parsed,
    Property,
    Variable,
)
from engine.expressions.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    TYPE,
    UINT,
    ListType,
    MapType,
    ObjectType,
    Type,
    accepts,
    bare,
    comparable,
    holds_object,
    holds_time,
    joined,
)
from engine.expressions.values import TYPE_NAMES, UInt

_LITERALS: Final[dict[type, Type]] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
}
_TYPES: Final = {name.name: name for name in TYPE_NAMES.values()}
_KEYS: Final = (BOOL, INT, UINT, STRING, DYN)


class Checker:
    """Checks one source. ``reads`` then holds the paths that its evaluation may need (see :func:`Checker.consumed`).

    ``container`` is the namespace that names are first looked up in. ``lenient`` finds nothing wrong: what cannot be
    resolved fails when it is evaluated, as the specification has it for expressions that are not checked.
    """

    def __init__(self, source: str, variables: Mapping[str, Type], container: str = "", lenient: bool = False) -> None:
        self.variables = variables
        self.container = container
        self.lenient = lenient
        self.reads: set[tuple[str, ...]] = set()
        self.elements: list[Element] = []
        self.macros = 0
        self._source = source
        self._depth = 0

    def check(self, syntax: Syntax) -> Node:
        """The typed node, not consumed: its value is looked into or passed on, not yet used."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            fail(self._source, syntax.at, f"nested more than {MAX_DEPTH} levels deep")
        match syntax:
            case Literal():
                node: Node = Constant(type=_LITERALS[type(syntax.value)], value=syntax.value)
            case Name():
                node = self._named([syntax.name], syntax.absolute, [syntax.at])
            case Member():
                node = self._member(syntax)
            case Subscript():
                node = self._subscript(syntax)
            case Invocation():
                node = calls.invocation(self, syntax)
            case Unary():
                symbol = "!_" if syntax.operator == "!" else "-_"
                node = calls.operator(self, syntax.at, symbol, (self.value(syntax.operand),))
            case Binary():
                node = self._binary(syntax)
            case Logical():
                node = Logic(
                    type=BOOL,
                    decided_by=syntax.operator == "||",
                    operands=tuple(self.boolean(operand, syntax.operator) for operand in syntax.operands),
                )
            case Ternary():
                node = self._ternary(syntax)
            case ListDisplay():
                node = self._list(syntax)
            case MapDisplay():
                node = self._map(syntax)
            case _:
                raise AssertionError(syntax)
        self._depth -= 1
        return node

    def value(self, syntax: Syntax) -> Node:
        """The typed node of something that is used as a value."""
        return self.consumed(self.check(syntax))

    def consumed(self, node: Node) -> Node:
        """The node as a value: everything in it is read, and its date-times are parsed.

        A property's path is read; of a whole resource (or a list of them) that is used, every property.
        """
        for path in node.origins:
            fields = _fields(node.type) if len(path) == 1 else ()
            self.reads.update((*path, field) for field in fields)
            if not fields:
                self.reads.add(path)
        if node.raw and holds_time(node.type):
            return Parsed(type=node.type, origins=node.origins, operand=node)
        return node

    def listed(self, node: Node) -> Node:
        """The node as a list of which only the elements' number matters: their properties are not read here."""
        self.reads.update(node.origins)
        return node

    def boolean(self, syntax: Syntax, what: str) -> Node:
        """The typed node of a condition."""
        node = self.value(syntax)
        if not accepts(BOOL, node.type):
            self.refuse(syntax.at, f"{what} takes a bool, not {node.type}")
        return node

    def refuse(self, at: int, message: str) -> None:
        """Raise an ExpressionError, unless the check is lenient."""
        if not self.lenient:
            fail(self._source, at, message)

    def unresolved(self, at: int, message: str) -> Node:
        """As :meth:`refuse`; in a lenient check a node that fails when it is evaluated."""
        self.refuse(at, message)
        return Failing(type=DYN, message=message)

    def candidates(self, name: str, absolute: bool) -> list[str]:
        """The full names that a name may stand for, the innermost container's first."""
        parts = self.container.split(".") if self.container and not absolute else []
        return [".".join([*parts[:count], name]) for count in range(len(parts), -1, -1)]

    def element(self, name: str) -> Element | None:
        """The macro variable of that name, the innermost."""
        return next((element for element in reversed(self.elements) if element.name == name), None)

    def _member(self, syntax: Member) -> Node:
        names = chain(syntax)
        if names is None:
            return self.property(self.check(syntax.operand), syntax.name, syntax.at)
        return self._named(*names)

    def _named(self, parts: list[str], absolute: bool, places: list[int]) -> Node:
        """What a dotted name stands for: a macro variable, or the longest name that is known, and properties of it."""
        if len(parts) > MAX_DEPTH:
            fail(self._source, places[0], f"nested more than {MAX_DEPTH} levels deep")
        node: Node | None = None if absolute else self.element(parts[0])
        used = 1
        if node is None:
            found = self._resolved(parts, absolute)
            if found is None:
                known = [*self.variables, *(element.name for element in self.elements)]
                return self.unresolved(places[0], f"there is no variable {parts[0]!r}{suggestion(parts[0], known)}")
            node, used = found
        for part, at in zip(parts[used:], places[used:], strict=True):
            node = self.property(node, part, at)
        return node

    def _resolved(self, parts: list[str], absolute: bool) -> tuple[Node, int] | None:
        """The variable or type that the longest part of a dotted name stands for, and how many parts that are."""
        for used in range(len(parts), 0, -1):
            for name in self.candidates(".".join(parts[:used]), absolute):
                if name in self.variables:
                    type_ = self.variables[name]
                    return Variable(type=type_, name=name, origins=frozenset({(name,)}), raw=True), used
                if name in _TYPES:
                    return Constant(type=TYPE, value=_TYPES[name]), used
        return None

    def property(self, operand: Node, key: str, at: int) -> Node:
        """``operand.key``, where the key is known."""
        type_ = bare(operand.type)
        if isinstance(type_, ObjectType):
            if key not in type_.fields:
                hint = suggestion(key, list(type_.fields))
                return self.unresolved(at, f"{type_} has no property {key!r}{hint}")
            result = type_.fields[key]
        elif isinstance(type_, MapType) and accepts(STRING, type_.key):
            result = type_.value
        elif type_ == DYN or self.lenient:
            result = DYN
        else:
            return self.unresolved(at, f"{type_} has no properties, so none is {key!r}")
        return Property(type=result, operand=operand, key=key, raw=operand.raw, origins=_below(operand.origins, key))

    def _subscript(self, syntax: Subscript) -> Node:
        operand, index = self.check(syntax.operand), self.value(syntax.index)
        if isinstance(index, Constant) and type(index.value) is str and not isinstance(bare(operand.type), ListType):
            return self.property(operand, index.value, syntax.index.at)
        type_ = bare(operand.type)
        result: Type = DYN
        if isinstance(type_, ListType):
            result = type_.element
            if not accepts(INT, index.type):
                self.refuse(syntax.index.at, f"a list is indexed by int, not by {index.type}")
        elif isinstance(type_, MapType):
            result = type_.value
            if not accepts(type_.key, index.type):
                self.refuse(syntax.index.at, f"{type_} is indexed by {type_.key}, not by {index.type}")
        elif isinstance(type_, ObjectType):
            self.refuse(syntax.at, f"a property of {type_} is named, not computed")
        elif type_ != DYN:
            self.refuse(syntax.at, f"{type_} is not indexed")
        return Index(type=result, operand=operand, index=index, origins=operand.origins, raw=operand.raw)

    def _binary(self, syntax: Binary) -> Node:
        if syntax.operator in ("==", "!="):
            return self._equality(syntax)
        if syntax.operator == "in":
            return self._membership(syntax)
        arguments = (self.value(syntax.left), self.value(syntax.right))
        return calls.operator(self, syntax.at, f"_{syntax.operator}_", arguments)

    def _equality(self, syntax: Binary) -> Node:
        left, right = self.check(syntax.left), self.check(syntax.right)
        if NULL in (left.type, right.type):
            # Whether it is null says nothing of what is inside.
            left, right = self.listed(left), self.listed(right)
        else:
            if holds_object(left.type) or holds_object(right.type):
                self.refuse(syntax.at, f"{left.type} is not compared as a whole: name the properties that matter")
            left, right = self.consumed(left), self.consumed(right)
        if not comparable(left.type, right.type):
            never = f"{right.type if left.type == NULL else left.type} is never "
            other = right.type if right.type != NULL and left.type != NULL else "null"
            self.refuse(syntax.at, f"{never}{other}" if other == "null" else f"{never}equal to {other}")
        metered = self.macros > 0 and any(not _is_small(node.type) for node in (left, right))
        return Equality(type=BOOL, left=left, right=right, negated=syntax.operator == "!=", metered=metered)

    def _membership(self, syntax: Binary) -> Node:
        element, container = self.value(syntax.left), self.value(syntax.right)
        type_ = bare(container.type)
        if isinstance(type_, (ListType, MapType)):
            wanted = type_.element if isinstance(type_, ListType) else type_.key
            if holds_object(wanted) or holds_object(element.type):
                self.refuse(
                    syntax.at, f"{wanted} is not compared as a whole: use exists() on the properties that matter"
                )
            elif not comparable(element.type, wanted):
                self.refuse(syntax.at, f"{element.type} is never in {type_}")
        elif isinstance(type_, ObjectType):
            self.refuse(syntax.at, f"'in' takes a list or a map; the properties of {type_} are known")
        elif type_ != DYN:
            self.refuse(syntax.at, f"'in' takes a list or a map, not {type_}")
        return Membership(type=BOOL, element=element, container=container, metered=self.macros > 0)

    def _ternary(self, syntax: Ternary) -> Node:
        condition = self.boolean(syntax.condition, "the condition before '?'")
        then, otherwise = self.check(syntax.then), self.check(syntax.otherwise)
        type_ = joined(then.type, otherwise.type)
        if type_ is None:
            self.refuse(syntax.at, f"the branches differ in type: {then.type} and {otherwise.type}")
        return Conditional(
            type=type_ or DYN,
            condition=condition,
            then=then,
            otherwise=otherwise,
            origins=then.origins | otherwise.origins,
            raw=then.raw or otherwise.raw,
        )

    def _list(self, syntax: ListDisplay) -> Node:
        items = tuple(self.check(item) for item in syntax.items)
        return ListLiteral(
            type=ListType(self._common(syntax.at, items)),
            items=items,
            origins=frozenset[tuple[str, ...]]().union(*(item.origins for item in items)),
            raw=any(item.raw for item in items),
        )

    def _map(self, syntax: MapDisplay) -> Node:
        entries = tuple((self.value(key), self.value(value)) for key, value in syntax.entries)
        for (key, _), (written, _) in zip(entries, syntax.entries, strict=True):
            if bare(key.type) not in _KEYS:
                self.refuse(written.at, f"{key.type} cannot be the key of a map")
        keys = self._common(syntax.at, tuple(key for key, _ in entries))
        return MapLiteral(
            type=MapType(keys, self._common(syntax.at, tuple(value for _, value in entries))), entries=entries
        )

    def _common(self, at: int, nodes: tuple[Node, ...]) -> Type:
        """The type of the elements of a literal: dyn where they differ."""
        common: Type | None = nodes[0].type if nodes else DYN
        for node in nodes[1:]:
            common = None if common is None else joined(common, node.type)
        if common is None and any(holds_object(node.type) for node in nodes):
            self.refuse(at, "objects and other values cannot be mixed in a literal")
        return DYN if common is None else common


def _below(origins: Origins, key: str) -> Origins:
    return frozenset((*path, key) for path in origins)


def _fields(type_: Type) -> tuple[str, ...]:
    type_ = bare(type_)
    while isinstance(type_, (ListType, MapType)):
        type_ = bare(type_.element if isinstance(type_, ListType) else type_.value)
    return tuple(type_.fields) if isinstance(type_, ObjectType) else ()


def _is_small(type_: Type) -> bool:
    """Whether comparing values of the type costs next to nothing."""
    return bare(type_) != DYN and not isinstance(bare(type_), (ListType, MapType, ObjectType)) and type_ not in (BYTES,)
