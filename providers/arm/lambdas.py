"""Functions of ARM templates that take a function: map, filter and their kin ("Lambda functions", Microsoft Learn)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, Final

from providers.arm.expressions import Call, Literal, Node
from providers.arm.functions import DEEP
from providers.arm.loading import Fields
from providers.arm.unresolved import Looked, Unresolved, heaviest, quoted
from providers.templates import Keys

if TYPE_CHECKING:
    from providers.arm.evaluation import Env, Evaluator

Applied = Callable[..., Any]


def _applied(evaluator: Evaluator, node: Node, at: Keys, env: Env) -> Applied:
    """A lambda as a function of values; what it needs to know and does not raises Looked."""
    if not isinstance(node, Call) or node.name.lower() != "lambda":
        raise TypeError("a lambda must stand there")
    *names, body = node.arguments
    if not all(isinstance(name, Literal) and isinstance(name.value, str) for name in names):
        raise TypeError("variables of a lambda are texts")
    keys = [str(name.value).lower() for name in names if isinstance(name, Literal)]

    def apply(*values: Any) -> Any:
        inside = replace(env, lambdas={**env.lambdas, **dict(zip(keys, values, strict=False))})
        return evaluator.value(body, at, inside)

    return apply


def _known(value: Any) -> Any:
    if isinstance(value, Unresolved):
        raise Looked(value)
    return value


def _variable(evaluator: Evaluator, node: Call, at: Keys, env: Env) -> Any:
    return env.lambdas[evaluator.value(node.arguments[0], at, env).lower()]


def _over(make: Callable[[Any, list[Applied], list[Any]], Any]) -> Callable[[Evaluator, Call, Keys, Env], Any]:
    """A function of a list or an object, lambdas and further values."""

    def call(evaluator: Evaluator, node: Call, at: Keys, env: Env) -> Any:
        subject = evaluator.value(node.arguments[0], at, env)
        lambdas = [
            _applied(evaluator, item, at, env)
            for item in node.arguments[1:]
            if isinstance(item, Call) and item.name.lower() == "lambda"
        ]
        further = [
            evaluator.value(item, at, env)
            for item in node.arguments[1:]
            if not (isinstance(item, Call) and item.name.lower() == "lambda")
        ]
        try:
            return make(_known(subject), lambdas, further)
        except Looked as looked:
            why = heaviest([item for item in (looked.why,) if isinstance(item, Unresolved)])
            return Unresolved(why.reason, detail=why.detail, text=f"{{{node.name}({quoted(subject)}, {node!r})}}")

    return call


def _map(items: Any, lambdas: list[Applied], _: list[Any]) -> Any:
    return [lambdas[0](item, index) for index, item in enumerate(items)]


def _filter(items: Any, lambdas: list[Applied], _: list[Any]) -> Any:
    return [item for index, item in enumerate(items) if DEEP["bool"](_known(lambdas[0](item, index)))]


def _reduce(items: Any, lambdas: list[Applied], further: list[Any]) -> Any:
    made = further[0]
    for index, item in enumerate(items):
        made = lambdas[0](made, item, index)
    return made


def _to_object(items: Any, lambdas: list[Applied], _: list[Any]) -> Any:
    found = Fields()
    for item in items:
        found[str(_known(lambdas[0](item)))] = lambdas[1](item) if len(lambdas) > 1 else item
    return found


def _map_values(items: Any, lambdas: list[Applied], _: list[Any]) -> Any:
    return Fields({name: lambdas[0](item) for name, item in items.items()})


def _sort(items: Any, lambdas: list[Applied], _: list[Any]) -> Any:
    return sorted(items, key=cmp_to_key(lambda one, two: -1 if _known(lambdas[0](one, two)) else 1))


def _group_by(items: Any, lambdas: list[Applied], _: list[Any]) -> Any:
    groups = Fields()
    for item in items:
        name = str(_known(lambdas[0](item)))
        groups[name] = [*groups.get(name, []), item]
    return groups


FUNCTIONS: Final[Mapping[str, Callable[[Any, Call, Keys, Any], Any]]] = {
    "lambdavariables": _variable,
    "map": _over(_map),
    "filter": _over(_filter),
    "reduce": _over(_reduce),
    "toobject": _over(_to_object),
    "mapvalues": _over(_map_values),
    "sort": _over(_sort),
    "groupby": _over(_group_by),
}
"""The functions by name, in lower case."""
