"""Documents against JSON Schema (2020-12), every problem with its place.

``jsonschema`` decides; but it takes longer to import and to run than everything else at start-up. So a schema is also
compiled into plain tests, and only a document that does not pass them (or a schema with a keyword that they do not
know) goes to ``jsonschema``, which then finds and words the problems. A test holds the two to the same answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.content.files import Document, Key
from engine.content.wording import located
from engine.errors import Problem

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Schema = Mapping[str, Any]
Test = Callable[[Any], bool]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_SAID: Final = frozenset(("$schema", "$id", "$defs", "title", "description", "default", "examples"))


class UncompiledKeyword(Exception):
    """A keyword of JSON Schema that has no test here, so that jsonschema decides."""


class Shape:
    """A schema, ready to validate documents."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        try:
            self._test = _compiled(schema, schema)
        except UncompiledKeyword:
            self._test = _never

    def problems(self, document: Document, keys: tuple[Key, ...] = (), value: Any = ...) -> list[Problem]:
        """What is wrong with a document, or with the ``value`` in it that stands at ``keys``."""
        subject = document.value if value is ... else value
        if self._test(subject):
            return []
        found: dict[tuple[int, int, str, str], Problem] = {}
        for error in validator(self.schema).iter_errors(subject):
            for problem in located(document, keys, error):
                found.setdefault((problem.line, problem.column, problem.key, problem.message), problem)
        return list(found.values())

    def accepts(self, value: Any) -> bool:
        """Whether the compiled tests accept a value; False may only mean that ``jsonschema`` has to decide."""
        return self._test(value)


@cache
def shape(path: Path, without: str | None = None) -> Shape:
    """The schema in a JSON file; ``without`` is a required key that is left out of the document."""
    schema = json.loads(path.read_bytes())
    return Shape(schema if without is None else {**schema, "required": [k for k in schema["required"] if k != without]})


def validator(schema: Schema) -> Validator:
    """The ``jsonschema`` validator of a schema: 2020-12, formats asserted, 1.0 no integer."""
    from jsonschema import Draft202012Validator, FormatChecker, validators

    formats = FormatChecker(formats=())
    for name, test in _FORMATS.items():
        formats.checks(name)(lambda value, test=test: not isinstance(value, str) or test(value))
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict: Any = validators.extend(Draft202012Validator, type_checker=types)  # type: ignore[no-untyped-call]
    made: Validator = strict(schema, format_checker=formats)
    return made


# --- the compiled tests ----------------------------------------------------------------------------------------------


def _never(value: Any) -> bool:
    return False


def _compiled(schema: Schema | bool, root: Schema) -> Test:
    """One test for all keywords of a schema. Raises UncompiledKeyword for a keyword that has no test."""
    if isinstance(schema, bool):
        return lambda value: schema
    for name in schema:
        if name not in _KEYWORDS and name not in _SAID and not name.startswith("x-"):
            raise UncompiledKeyword(name)
    # "properties" and "additionalProperties" are one test.
    makers = dict.fromkeys(_KEYWORDS[name] for name in schema if name in _KEYWORDS)
    tests = [maker(schema, root) for maker in makers]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _type(schema: Schema, root: Schema) -> Test:
    names = schema["type"]
    allowed = frozenset(kind for name in ([names] if isinstance(names, str) else names) for kind in _TYPES[name])
    return lambda value: type(value) in allowed


def _enum(schema: Schema, root: Schema) -> Test:
    values = schema["enum"]
    if not all(isinstance(value, str) for value in values):
        raise UncompiledKeyword("enum")
    allowed = frozenset(values)
    return lambda value: isinstance(value, str) and value in allowed


def _reference(schema: Schema, root: Schema) -> Test:
    pointer = schema["$ref"]
    if not pointer.startswith("#/$defs/"):
        raise UncompiledKeyword("$ref")
    return _compiled(root["$defs"][pointer.removeprefix("#/$defs/")], root)


def _properties(schema: Schema, root: Schema) -> Test:
    known = {name: _compiled(below, root) for name, below in schema.get("properties", {}).items()}
    other = _compiled(schema.get("additionalProperties", True), root)

    def test(value: Any) -> bool:
        return not isinstance(value, dict) or all(known.get(name, other)(item) for name, item in value.items())

    return test


def _property_names(schema: Schema, root: Schema) -> Test:
    below = _compiled(schema["propertyNames"], root)
    return lambda value: not isinstance(value, dict) or all(map(below, value))


def _required(schema: Schema, root: Schema) -> Test:
    names = frozenset(schema["required"])
    return lambda value: not isinstance(value, dict) or names <= value.keys()


def _items(schema: Schema, root: Schema) -> Test:
    below = _compiled(schema["items"], root)
    return lambda value: not isinstance(value, list) or all(map(below, value))


def _unique(schema: Schema, root: Schema) -> Test:
    def test(value: Any) -> bool:
        if not isinstance(value, list):
            return True
        return all(isinstance(item, str) for item in value) and len(set(value)) == len(value)

    return test


def _any_of(schema: Schema, root: Schema) -> Test:
    branches = [_compiled(branch, root) for branch in schema["anyOf"]]
    return lambda value: any(branch(value) for branch in branches)


def _pattern(schema: Schema, root: Schema) -> Test:
    search = re.compile(schema["pattern"]).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _format(schema: Schema, root: Schema) -> Test:
    below = _FORMATS.get(schema["format"])
    if below is None:
        raise UncompiledKeyword("format")
    return lambda value: not isinstance(value, str) or below(value)


def _bound(name: str, kinds: tuple[type, ...], measure: Callable[[Any], Any]) -> Callable[[Schema, Schema], Test]:
    lower = name.startswith("min")

    def compiled(schema: Schema, root: Schema) -> Test:
        limit = schema[name]
        if lower:
            return lambda value: type(value) not in kinds or measure(value) >= limit
        return lambda value: type(value) not in kinds or measure(value) <= limit

    return compiled


def is_moment(text: str) -> bool:
    """RFC 3339 in UTC ("Z"), whole seconds or with a fraction: how every time is written here."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", text, re.ASCII):
        return False
    return _parses(lambda: datetime.fromisoformat(text[:19]))


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None and _parses(lambda: date.fromisoformat(text))


def _parses(parse: Callable[[], object]) -> bool:
    try:
        parse()
    except ValueError:
        return False
    return True


_FORMATS: Final[dict[str, Callable[[str], bool]]] = {"date-time": is_moment, "date": _is_date}
_KEYWORDS: Final[dict[str, Callable[[Schema, Schema], Test]]] = {
    "type": _type,
    "enum": _enum,
    "$ref": _reference,
    "properties": _properties,
    "additionalProperties": _properties,
    "propertyNames": _property_names,
    "required": _required,
    "items": _items,
    "uniqueItems": _unique,
    "anyOf": _any_of,
    "pattern": _pattern,
    "format": _format,
    "minimum": _bound("minimum", (int, float), lambda value: value),
    "maximum": _bound("maximum", (int, float), lambda value: value),
    "minLength": _bound("minLength", (str,), len),
    "maxLength": _bound("maxLength", (str,), len),
    "minItems": _bound("minItems", (list,), len),
    "maxItems": _bound("maxItems", (list,), len),
    "minProperties": _bound("minProperties", (dict,), len),
    "maxProperties": _bound("maxProperties", (dict,), len),
}
