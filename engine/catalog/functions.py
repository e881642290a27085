"""The reference of functions: what expressions can ask beyond comparing, as the functions themselves say it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Final

from engine.catalog.markdown import GENERATED, listed, text_of
from engine.expressions import functions as table
from engine.expressions.functions import Function

_SPECIFIED: Final = {
    "standard": "The standard library of CEL",
    "timestamps": "Timestamps and durations",
    "strings": "The strings extension",
    "formatting": "",
    "lists": "Lists",
    "network": "The network extension: addresses and CIDR blocks",
}
"""Modules whose functions are specified elsewhere, with what they are; the others are ours."""
_ABOUT: Final = """\
Expressions are [CEL](https://cel.dev), the Common Expression Language, with `resource`, `params`, `now` (a timestamp)
and the relations that a check declares. Beside operators (`==`, `in`, `&&`, `||`, `!`, `? :`) and the macros `all`,
`exists`, `exists_one`, `filter` and `map` there are the functions below. They are pure: equal arguments give equal
answers."""
_RAISES: Final = re.compile(r"Raises\s+EvaluationError")
_ROLE: Final = re.compile(r":\w+:`~?\.?([^`]+)`")


def page() -> str:
    """The page of all functions."""
    return text_of(_lines())


def _lines() -> Iterator[str]:
    yield "# Functions"
    yield ""
    yield GENERATED
    yield ""
    yield _ABOUT
    yield ""
    yield "## Specified elsewhere"
    yield ""
    modules = {name: import_module(f"{table.__name__}.{name}") for name in table.MODULES}
    for name, title in _SPECIFIED.items():
        if title:
            also = modules["formatting"].FUNCTIONS if name == "strings" else ()
            found = dict.fromkeys(f.name for f in (*modules[name].FUNCTIONS, *also) if f.name.isascii())
            yield f"- {title}: {listed(found)}"
    public = {f.call.__name__: f.name for name in modules.keys() - _SPECIFIED.keys() for f in modules[name].FUNCTIONS}
    for name, module in modules.items():
        if name not in _SPECIFIED:
            yield from _module(module, public)


def _module(module: ModuleType, public: Mapping[str, str]) -> Iterator[str]:
    first, _, rest = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    yield ""
    yield f"## {' '.join(_plain(first, public).split()).partition(':')[0].rstrip('.')}"
    yield ""
    yield _plain(rest, public)
    for function in module.FUNCTIONS:
        yield from _function(function, public)


def _function(function: Function, public: Mapping[str, str]) -> Iterator[str]:
    names = list(inspect.signature(function.call).parameters)
    said = ", ".join(f"{name}: {type_}" for name, type_ in zip(names, function.parameters, strict=True))
    yield ""
    yield f"### {function.name}"
    yield ""
    yield "```text"
    yield f"{function.name}({said}) -> {function.result}"
    yield "```"
    yield ""
    yield _plain(inspect.cleandoc(function.call.__doc__ or ""), public)


def _plain(text: str, public: Mapping[str, str]) -> str:
    """A docstring's text as Markdown; functions are called as expressions call them."""
    named = _ROLE.sub(lambda match: f"``{public.get(match[1], match[1])}``", text)
    return _RAISES.sub("It is an error, and the verdict unknown,", named).replace("``", "`")
