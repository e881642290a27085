"""The type checker's part for functions, operators and macros."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function, functions
from engine.expressions.names import chain, shown, suggestion
from engine.expressions.operators import OPERATORS
from engine.expressions.regex import compiled
from engine.expressions.syntax import Invocation, Member, Name, Syntax
from engine.expressions.tree import Call, Constant, Element, Failing, Has, Macro, Node
from engine.expressions.types import (
    BOOL,
    DYN,
    ListType,
    MapType,
    ObjectType,
    Type,
    accepts,
    bare,
    holds_object,
    joined,
)
from engine.expressions.values import type_name

if TYPE_CHECKING:
    from engine.expressions.checker import Checker

MACROS: Final = {"all": (2,), "exists": (2,), "exists_one": (2,), "filter": (2,), "map": (2, 3)}
"""Name to possible numbers of arguments."""
_FOLDED: Final = frozenset(("cidr", "days", "duration", "ip", "timestamp"))
"""Computed when an expression is loaded, if its arguments are constants: a wrong one is then found."""
_CHEAP: Final = frozenset(("_-_", "_*_", "_/_", "_%_", "_<_", "_<=_", "_>_", "_>=_", "-_", "!_", "size", "type"))
"""What takes no longer for a longer value; ordering texts ends at the first difference."""


def invocation(checker: Checker, syntax: Invocation) -> Node:
    """A macro, ``dyn``, a function with a namespace, a function, or a function of a receiver."""
    name, target, arguments = syntax.name, syntax.target, syntax.arguments
    if target is None:
        if name == "has" and not syntax.absolute:
            return _has(checker, syntax)
        if name == "dyn" and len(arguments) == 1:
            return _dyn(checker, arguments[0])
        for candidate in checker.candidates(name, syntax.absolute):
            if candidate in functions():
                return _function(checker, syntax.at, candidate, arguments)
        return _unknown(checker, syntax, name)
    if len(arguments) in MACROS.get(name, ()):
        return _macro(checker, syntax, target)
    namespaced = _namespaced(checker, syntax, target)
    if namespaced is not None:
        return _function(checker, syntax.at, namespaced, arguments)
    if name not in functions():
        return _unknown(checker, syntax, name)
    return _function(checker, syntax.at, name, (target, *arguments), member=True)


def _namespaced(checker: Checker, syntax: Invocation, target: Syntax) -> str | None:
    """The full name, where the target is no value but the namespace of a function: ``ip.isCanonical(text)``."""
    names = chain(target)
    if names is None or (not names[1] and checker.element(names[0][0]) is not None):
        return None
    dotted = ".".join([*names[0], syntax.name])
    if names[0][0] in checker.variables:
        return None
    return next((name for name in checker.candidates(dotted, names[1]) if name in functions()), None)


def _unknown(checker: Checker, syntax: Invocation, name: str) -> Node:
    known = [*functions(), *MACROS, "has", "dyn"]
    return checker.unresolved(syntax.at, f"there is no function {name!r}{suggestion(name, known)}")


def _has(checker: Checker, syntax: Invocation) -> Node:
    field = syntax.arguments[0] if len(syntax.arguments) == 1 else None
    if not isinstance(field, Member):
        checker.refuse(syntax.at, "has() takes one selection such as map.key")
        return Failing(type=DYN, message="has() takes one selection")
    operand = checker.check(field.operand)
    type_ = bare(operand.type)
    if isinstance(type_, ObjectType):
        message = f"has() says nothing about {type_}: a property without a key was not read; compare it with null"
        return checker.unresolved(syntax.at, message)
    if type_ != DYN and not isinstance(type_, MapType):
        return checker.unresolved(syntax.at, f"has() takes a key of a map, not of {type_}")
    checker.reads.update((*path, field.name) for path in operand.origins)
    return Has(type=BOOL, operand=operand, key=field.name)


def _dyn(checker: Checker, argument: Syntax) -> Node:
    node = checker.check(argument)
    if holds_object(node.type):
        checker.refuse(argument.at, f"dyn() would hide which properties of {node.type} are read")
    return replace(checker.consumed(node), type=DYN)


def operator(checker: Checker, at: int, name: str, arguments: tuple[Node, ...]) -> Node:
    """An operator on consumed arguments."""
    return _call(checker, at, name, OPERATORS[name], arguments)


def _function(checker: Checker, at: int, name: str, written: tuple[Syntax, ...], member: bool = False) -> Node:
    overloads = tuple(function for function in functions()[name] if function.member == member)
    if name == "size" and len(written) == 1:
        node = checker.check(written[0])
        argument = checker.listed(node) if isinstance(bare(node.type), ListType) else checker.consumed(node)
        return _call(checker, at, name, overloads, (argument,))
    arguments = tuple(checker.value(argument) for argument in written)
    return _call(checker, at, name, overloads, arguments)


def _call(checker: Checker, at: int, name: str, overloads: tuple[Function, ...], arguments: tuple[Node, ...]) -> Node:
    fitting = tuple(
        function
        for function in overloads
        if len(function.parameters) == len(arguments)
        and all(accepts(wanted, given.type) for wanted, given in zip(function.parameters, arguments, strict=True))
    )
    if not fitting:
        given = ", ".join(str(argument.type) for argument in arguments)
        wanted = " or ".join(sorted({_signature(function) for function in overloads}))
        # Too many overloads to list tell less than the types that were given.
        choice = f"; it takes {wanted}" if wanted and len(wanted) < 120 else ""
        checker.refuse(at, f"{shown(name)} does not take ({given}){choice}")
        fitting = overloads
    result = _result(fitting, arguments)
    if name in _FOLDED and all(isinstance(argument, Constant) for argument in arguments) and len(fitting) == 1:
        return _folded(checker, at, name, fitting[0], arguments)
    if name == "matches" and isinstance(arguments[-1], Constant) and type(arguments[-1].value) is str:
        _check_pattern(checker, at, arguments[-1].value)
    metered = checker.macros > 0 and name not in _CHEAP
    origins = frozenset[tuple[str, ...]]()
    if name == "_+_" and isinstance(bare(result), ListType):
        origins = arguments[0].origins | arguments[1].origins
    return Call(type=result, name=name, overloads=fitting, arguments=arguments, metered=metered, origins=origins)


def _signature(function: Function) -> str:
    return "(" + ", ".join(map(str, function.parameters)) + ")"


def _result(fitting: tuple[Function, ...], arguments: tuple[Node, ...]) -> Type:
    results = {function.result for function in fitting}
    if len(results) != 1:
        return DYN
    result = results.pop()
    if result == ListType(DYN) and len(arguments) == 2:
        both = [bare(argument.type) for argument in arguments]
        return joined(*both) or result
    return result


def _folded(checker: Checker, at: int, name: str, function: Function, arguments: tuple[Node, ...]) -> Node:
    values: list[Any] = [argument.value for argument in arguments if isinstance(argument, Constant)]
    if not function.takes(values):  # as dyn(1) may be
        return checker.unresolved(at, f"{shown(name)} does not take ({', '.join(map(type_name, values))})")
    try:
        return Constant(type=function.result, value=function.call(*values))
    except EvaluationError as error:
        return checker.unresolved(at, f"{name}(): {error.message}")


def _check_pattern(checker: Checker, at: int, pattern: str) -> None:
    try:
        compiled(pattern)
    except EvaluationError as error:
        checker.refuse(at, error.message)


def _macro(checker: Checker, syntax: Invocation, target: Syntax) -> Node:
    kind, variable = syntax.name, syntax.arguments[0]
    if not isinstance(variable, Name) or variable.absolute:
        return checker.unresolved(variable.at, f"{kind}() takes a variable's name first")
    range_ = checker.check(target)
    element = _element(checker, target.at, kind, range_, variable.name)
    range_ = checker.listed(range_) if not isinstance(bare(range_.type), MapType) else checker.consumed(range_)
    checker.elements.append(element)
    checker.macros += 1
    conditions = syntax.arguments[1:-1] if kind == "map" else syntax.arguments[1:]
    condition = checker.boolean(conditions[0], f"{kind}()") if conditions else None
    result = checker.check(syntax.arguments[-1]) if kind == "map" else None
    checker.macros -= 1
    checker.elements.pop()
    type_: Type = BOOL
    source = result
    if kind == "filter":
        type_, source = ListType(element.type), element
    elif result is not None:
        type_ = ListType(result.type)
    if source is None:
        return Macro(type=type_, kind=kind, range=range_, element=element, condition=condition, result=result)
    return Macro(
        type=type_,
        kind=kind,
        range=range_,
        element=element,
        condition=condition,
        result=result,
        origins=source.origins,
        raw=source.raw,
    )


def _element(checker: Checker, at: int, kind: str, range_: Node, name: str) -> Element:
    type_ = bare(range_.type)
    number = len(checker.elements) + 1
    if isinstance(type_, ListType):
        return Element(type=type_.element, name=name, number=number, origins=range_.origins, raw=range_.raw)
    if isinstance(type_, MapType):
        return Element(type=type_.key, name=name, number=number)
    if type_ != DYN:
        checker.refuse(at, f"{kind}() takes a list or a map, not {type_}")
    return Element(type=DYN, name=name, number=number, origins=range_.origins, raw=range_.raw)
