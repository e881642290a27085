"""What AWS does with one request: a plain evaluator of policy documents, to hold the library against.

It knows nothing of the library: it decides about requests one at a time, as the IAM User Guide describes it ("Policy
evaluation logic", "Condition operators", "Set operators for multivalued context keys"), where the library reasons about
all requests at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Context = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Request:
    """Who asks (a kind of principal and its names), for what, and the values of the condition keys (lower case)."""

    principals: tuple[tuple[str, str], ...]
    action: str
    resource: str
    context: Context = field(default_factory=dict)


def allowed(document: dict[str, Any], request: Request) -> bool:
    """Whether a statement allows the request and none denies it."""
    sources = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    effects = {statement["Effect"] for statement in sources if _applies(statement, request)}
    return effects == {"Allow"}


def _applies(statement: dict[str, Any], request: Request) -> bool:
    return (
        _named(statement, "Principal", lambda named: _is_principal(named, request))
        and _named(statement, "Action", lambda named: _any_like(_several(named), request.action, lower=True))
        and _named(statement, "Resource", lambda named: _any_like(_resolved(named, request), request.resource))
        and all(
            _holds(operator.lower(), key.lower(), _several(values), request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _named(statement: dict[str, Any], element: str, matches: Callable[[Any], bool]) -> bool:
    if f"Not{element}" in statement:
        return not matches(statement[f"Not{element}"])
    return element not in statement or matches(statement[element])


def _is_principal(named: Any, request: Request) -> bool:
    pairs = [("AWS", "*")] if named == "*" else [(kind, name) for kind in named for name in _several(named[kind])]
    return any(
        pair == ("AWS", "*") or any(kind == pair[0] and _like(pair[1], name) for kind, name in request.principals)
        for pair in pairs
    )


def _several(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]


def _resolved(named: Any, request: Request) -> list[str]:
    """Patterns with the values of their policy variables; one without a value matches nothing and is left out."""
    return [text for text in (_variables(pattern, request.context) for pattern in _several(named)) if text is not None]


def _variables(pattern: str, context: Context) -> str | None:
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        values = context.get(found[1].lower(), ())
        missing = missing or len(values) != 1
        return values[0] if values else ""

    text = re.sub(r"\$\{([^}]*)\}", value, pattern)
    return None if missing else text


def _any_like(patterns: Sequence[str], text: str, lower: bool = False) -> bool:
    return any(_like(pattern.lower(), text.lower()) if lower else _like(pattern, text) for pattern in patterns)


def _like(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _arn_like(pattern: str, text: str) -> bool:
    parts, others = pattern.split(":", 5), text.split(":", 5)
    return len(parts) == len(others) == 6 and all(map(_like, parts, others))


def _holds(written: str, key: str, values: list[str], context: Context) -> bool:
    prefix, _, operator = written.rpartition(":")
    present = context.get(key)
    if operator == "null":
        return ("false" if present else "true") in [value.lower() for value in values]
    if operator.endswith("ifexists"):
        if not present:
            return True
        operator = operator.removesuffix("ifexists")
    negated = "not" in operator
    operator = operator.replace("not", "")
    named = [text for text in (_variables(value, context) for value in values) if text is not None]
    if prefix == "forallvalues":
        return all(_matches(operator, named, value) is not negated for value in present or ())
    if prefix == "foranyvalue":
        return any(_matches(operator, named, value) is not negated for value in present or ())
    if not present:
        return negated
    return any(_matches(operator, named, value) for value in present) is not negated


def _matches(operator: str, named: list[str], value: str) -> bool:
    return any(_COMPARISONS[operator](one, value) for one in named)


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda named, value: named == value,
    "stringequalsignorecase": lambda named, value: named.lower() == value.lower(),
    "stringlike": _like,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "bool": lambda named, value: named.lower() == value.lower(),
    "ipaddress": lambda named, value: _mapped(value) in ip_network(named, strict=False) or _inside(named, value),
    "numericlessthan": lambda named, value: float(value) < float(named),
    "numericgreaterthan": lambda named, value: float(value) > float(named),
    "datelessthan": lambda named, value: value < named,
}


def _inside(named: str, value: str) -> bool:
    return ip_address(value) in ip_network(named, strict=False)


def _mapped(value: str) -> Any:
    return ip_address(value if ":" in value else f"::ffff:{value}")
