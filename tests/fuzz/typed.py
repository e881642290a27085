"""Expressions that have a type: made from the table of functions and operators, so that nearly all of them are read.

What is made of a grammar alone, or of changed bytes, is mostly refused where it is read, and the evaluators see little
of it. Here each argument is of the type that its function declares, or dyn() of any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from random import Random
from typing import Final

from engine.expressions.functions import Function, functions
from engine.expressions.operators import OPERATORS
from engine.expressions.types import (
    BOOL,
    BYTES,
    CIDR,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    IP,
    NULL,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    ListType,
    MapType,
    ObjectType,
    Type,
    accepts,
    bare,
)

_LITERALS: Final[Mapping[Type, tuple[str, ...]]] = {
    BOOL: ("true", "false"),
    INT: (
        "0",
        "1",
        "-1",
        "2",
        "22",
        "65535",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "0x1f",
    ),
    UINT: ("0u", "1u", "18446744073709551615u"),
    DOUBLE: ("0.0", "-0.0", "1.5", "1e308", "-1e308", "1e-320", "9223372036854775807.0", "(0.0 / 0.0)", "(1.0 / 0.0)"),
    STRING: (
        *(
            "''",
            "'a'",
            "'*'",
            "'a*b'",
            "'%s %d %.3f %x'",
            "'%%'",
            "'Grö\\u00dfe'",
            "'\\U0001f512'",
            "'\\u0000'",
            "'i\\u0307'",
        ),
        *(
            "'0.0.0.0/0'",
            "'::/0'",
            "'10.0.0.1'",
            "'::ffff:10.0.0.1'",
            "'fe80::1%eth0'",
            "'22'",
            "'22-443'",
            "'*-1'",
            "'1h'",
        ),
        *(
            "'2026-01-01T00:00:00Z'",
            "'0001-01-01T00:00:00Z'",
            "'9999-12-31T23:59:59.999999999Z'",
            "'-1'",
            "'1e3'",
            "'true'",
        ),
        *(
            "'(a|b)*c'",
            "'^a.*$'",
            "'arn:aws:iam::123456789012:root'",
            "'s3:Get*'",
            "','",
            "'Europe/Berlin'",
            "'+14:00'",
        ),
    ),
    BYTES: ("b''", "b'a'", "b'\\xff\\xfe'", "b'Gr\\xc3\\xb6'"),
    TIMESTAMP: (
        *("now", "timestamp('2026-01-01T00:00:00Z')", "timestamp('0001-01-01T00:00:00Z')"),
        *("timestamp('9999-12-31T23:59:59.999999999Z')", "timestamp(0)"),
    ),
    DURATION: (
        "duration('0s')",
        "duration('1h')",
        "duration('-1.000000001s')",
        "days(90)",
        "days(-1)",
        "days(3652000)",
    ),
    NULL: ("null",),
    TYPE: ("int", "type('a')", "type(null)", "list", "string"),
    IP: ("ip('10.0.0.1')", "ip('::1')", "ip('255.255.255.255')"),
    CIDR: ("cidr('10.0.0.0/8')", "cidr('::/0')", "cidr('10.0.0.1/32')"),
}
_Make = Callable[[Type, int], str]


class Maker:
    """Makes expressions of a type, of variables, literals, functions, operators and macros, no deeper than is said."""

    def __init__(self, random: Random, variables: Mapping[str, Type]) -> None:
        self._random = random
        self._scope = dict(variables)

    def expression(self, wanted: Type, depth: int) -> str:
        """An expression that the checker takes where ``wanted`` is declared."""
        wanted = bare(wanted)
        if depth <= 0 or self._random.random() < 0.15:
            return self._leaf(wanted)
        if self._random.random() < 0.08:
            # What is checked when it is evaluated: of the type that is wanted, or of another.
            other = wanted if self._random.random() < 0.5 else self._random.choice(tuple(_LITERALS))
            return f"dyn({self.expression(other, depth - 1)})"
        makers: list[_Make] = [self._conditional]
        makers += [self._call] * 6 if _producers(wanted) else []
        makers += [self._condition, self._comparison, self._quantified] * 3 if wanted == BOOL else []
        makers += [self._listed, self._filtered, self._mapped] if isinstance(wanted, ListType) else []
        return self._random.choice(makers)(wanted, depth - 1)

    def _leaf(self, wanted: Type) -> str:
        found = [path for path, type_ in self._reachable() if accepts(wanted, type_)]
        literals = _LITERALS.get(wanted, ())
        if isinstance(wanted, ListType):
            literals = (self._listed(wanted, 0), "[]")
        elif isinstance(wanted, MapType) or wanted == DYN:
            literals = ("{}", "{'a': 1, 'b': [null]}", "{1: 'a', true: 1.5}", "{'a': {'a': []}}")
        if not found or (literals and self._random.random() < 0.5):
            return self._random.choice(literals or ("null",))
        return self._random.choice(found)

    def _reachable(self) -> list[tuple[str, Type]]:
        """Variables, elements of macros, and what lies inside of them."""
        found: list[tuple[str, Type]] = []
        waiting = list(self._scope.items())
        while waiting:
            path, type_ = waiting.pop()
            found.append((path, type_))
            type_ = bare(type_)
            if isinstance(type_, ObjectType):
                waiting += [(f"{path}.{name}", inner) for name, inner in type_.fields.items()]
            elif isinstance(type_, ListType) and "[" not in path:
                waiting.append((f"{path}[{self._random.choice((0, 0, 1, -1))}]", type_.element))
            elif isinstance(type_, MapType):
                key = "'a'" if type_.key == STRING else "1"
                found.append((f"{path}[{key}]", type_.value))
        return found

    def _call(self, wanted: Type, depth: int) -> str:
        function = self._random.choice(_producers(wanted))
        arguments = [self.expression(parameter, depth) for parameter in function.parameters]
        symbol = function.name.strip("_")
        if function.name in OPERATORS:
            return f"({symbol}({arguments[0]}))" if len(arguments) == 1 else f"({arguments[0]} {symbol} {arguments[1]})"
        if function.member:
            return f"({arguments[0]}).{function.name}({', '.join(arguments[1:])})"
        return f"{function.name}({', '.join(arguments)})"

    def _conditional(self, wanted: Type, depth: int) -> str:
        first, other = self.expression(wanted, depth), self.expression(wanted, depth)
        return f"({self.expression(BOOL, depth)} ? {first} : {other})"

    def _condition(self, wanted: Type, depth: int) -> str:
        operator = self._random.choice(("&&", "||"))
        return f"({self.expression(BOOL, depth)} {operator} {self.expression(BOOL, depth)})"

    def _comparison(self, wanted: Type, depth: int) -> str:
        of = self._random.choice((*_LITERALS, ListType(STRING), ListType(INT), DYN))
        one, other = self.expression(of, depth), self.expression(of, depth)
        match self._random.randrange(4):
            case 0:
                return f"({one} == {other})"
            case 1:
                return f"({one} != {other})"
            case 2:
                return f"({one} in [{other}, {self.expression(of, 0)}])"
            case _:
                path, type_ = self._random.choice(self._reachable())
                tested = f"has({path}.a)" if isinstance(bare(type_), MapType) or type_ == DYN else f"({path} == null)"
                return tested

    def _quantified(self, wanted: Type, depth: int) -> str:
        name, over, inside = self._range(depth)
        macro = self._random.choice(("all", "exists", "exists_one"))
        with inside:
            return f"({over}).{macro}({name}, {self.expression(BOOL, depth)})"

    def _filtered(self, wanted: Type, depth: int) -> str:
        assert isinstance(wanted, ListType)
        name, over, inside = self._range(depth, wanted)
        with inside:
            return f"({over}).filter({name}, {self.expression(BOOL, depth)})"

    def _mapped(self, wanted: Type, depth: int) -> str:
        assert isinstance(wanted, ListType)
        name, over, inside = self._range(depth)
        with inside:
            condition = f"{self.expression(BOOL, depth)}, " if self._random.random() < 0.3 else ""
            return f"({over}).map({name}, {condition}{self.expression(wanted.element, depth)})"

    def _listed(self, wanted: Type, depth: int) -> str:
        element = wanted.element if isinstance(wanted, ListType) else DYN
        return f"[{', '.join(self.expression(element, depth) for _ in range(self._random.randrange(4)))}]"

    def _range(self, depth: int, over: ListType | None = None) -> tuple[str, str, AbstractContextManager[None]]:
        """The variable of a macro, what it goes through, and the scope in which it is known."""
        lists = [(path, type_) for path, type_ in self._reachable() if isinstance(bare(type_), ListType)]
        if over is None and lists and self._random.random() < 0.7:
            path, type_ = self._random.choice(lists)
            element = bare(type_)
            assert isinstance(element, ListType)
            return self._named(path, element.element)
        wanted = over or ListType(self._random.choice((STRING, INT, DYN, TIMESTAMP, BOOL)))
        return self._named(self.expression(wanted, depth), wanted.element)

    def _named(self, over: str, element: Type) -> tuple[str, str, AbstractContextManager[None]]:
        # A name that is known already is hidden by the new one.
        name = self._random.choice(("x", "y", "x", "resource"))
        return name, over, self._known(name, element)

    @contextmanager
    def _known(self, name: str, type_: Type) -> Iterator[None]:
        before = self._scope
        self._scope = {**before, name: type_}
        try:
            yield
        finally:
            self._scope = before


@cache
def _producers(wanted: Type) -> tuple[Function, ...]:
    """What gives values of a type."""
    every = [function for table in (functions(), OPERATORS) for overloads in table.values() for function in overloads]
    return tuple(function for function in every if function.result == wanted or (wanted == DYN and function.result))


def typed(number: int, variables: Mapping[str, Type], depth: int = 4) -> str:
    """The expression of a number: most are conditions, some of any other type."""
    random = Random(number)
    wanted = BOOL if random.random() < 0.5 else random.choice((*_LITERALS, ListType(STRING), ListType(INT), DYN))
    return Maker(random, variables).expression(wanted, random.randint(1, depth))
