"""What a template's parameters are worth: what is given for them, their defaults, and nothing where neither tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from providers.arm.loading import LARGEST, Document, Fields, document, parsed
from providers.arm.places import GIVEN
from providers.arm.unresolved import Unresolved, unresolved, within, worded
from providers.cloudformation.parameters import NotParameters
from providers.templates import Keys, NotATemplate
from providers.terraform.reading import NotAPlan

SECRET: Final = ("securestring", "secureobject")
_TYPES: Final = frozenset({"string", "int", "bool", "array", "object", *SECRET})


def given(arguments: Iterable[str]) -> dict[str, Any]:
    """Parameter values by name, of arguments that are ``KEY=VALUE`` or files of parameters. Raises NotParameters."""
    found: dict[str, Any] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        rows = {name: value} if equals and not Path(argument).is_file() else _file(Path(argument))
        for key, item in rows.items():
            if any(other.lower() == key.lower() and held != item for other, held in found.items()):
                raise NotParameters(f"{key} is given two values")
            found[key] = item
    return found


def _file(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise NotParameters(f"{path} is larger than {LARGEST} bytes")
        return read(path.read_bytes())
    except OSError as error:
        raise NotParameters(f"{path} is neither KEY=VALUE nor a file: {error.strerror or error}") from error
    except NotAPlan as error:
        raise NotParameters(f"{path} is no file of parameters: {error}") from error


def read(data: bytes) -> dict[str, Any]:
    """The values of a file of parameters ("Create Resource Manager parameter file"). Raises NotATemplate.

    A reference to a key vault has no value here.
    """
    found = document(data, "file of parameters")
    schema = found.value.get("$schema")
    if not isinstance(schema, str) or "deploymentparameters.json" not in schema.lower():
        raise found.error(("$schema",), "it is none of a file of parameters")
    rows = found.value.get("parameters")
    if not isinstance(rows, Fields):
        raise found.error(("parameters",), "it is no object")
    values: dict[str, Any] = {}
    for name, row in rows.items():
        if not isinstance(row, Fields) or not ("value" in row or "reference" in row):
            raise found.error(("parameters", name), "a parameter is an object with a value or a reference")
        if "value" in row:
            values[name] = row["value"]
    return values


class Given:
    """The values that are given for parameters, by name; ``others``: some may be of another template."""

    def __init__(self, values: Mapping[str, Any], others: bool = False) -> None:
        self.places = {name: value for name, value in values.items() if name.lower() in _PLACES}
        self.values = Fields({name: value for name, value in values.items() if name.lower() not in _PLACES})
        self.others = others


_PLACES: Final = frozenset(name.lower() for name in GIVEN)


def values(found: Document, template: Fields, at: Keys, given: Given, resolve: Any, types: Mapping[str, Any]) -> Fields:
    """Every parameter of a template: its value, or an Unresolved. Raises NotATemplate.

    ``resolve`` evaluates the expressions of defaults; those may refer to parameters before them. ``types`` are the
    template's definitions.
    """
    rows = _declared(found, template, at)
    unknown = sorted(name for name in given.values if name not in rows)
    if unknown and not given.others:
        raise NotATemplate(f"a value is given for the parameter {unknown[0]!r:.80}, which it does not have")
    held = Fields()
    for name, row in rows.items():
        held[name] = _Later(lambda name=name, row=row: _value(found, name, row, at, given, resolve, types))
    return held


class _Later:
    """A value that is made when it is asked for."""

    def __init__(self, make: Any) -> None:
        self._make, self._made, self._asked = make, None, False

    def __call__(self) -> Any:
        if self._asked and self._make is not None:
            raise ValueError("a parameter's default refers to itself")
        if self._make is not None:
            self._asked = True
            self._made = self._make()
            self._make = None
        return self._made


def made(value: Any) -> Any:
    """A parameter's value, evaluated when it is first asked for."""
    return value() if isinstance(value, _Later) else value


def secret(found: Document) -> frozenset[str]:
    """The parameters whose values are nobody's to print, in lower case."""
    types = _types(found.value)
    rows = _declared(found, found.value, ())
    return frozenset(name.lower() for name, row in rows.items() if kind(row, types) in SECRET or _hidden(row, types))


def kind(row: Any, types: Mapping[str, Any]) -> str:
    """The type of a parameter in lower case, through the template's own definitions."""
    for _ in range(20):
        named = row.get("$ref") if isinstance(row, Fields) else None
        if not isinstance(named, str):
            break
        row = types.get(named.rpartition("/")[2])
    return str(row.get("type", "")).lower() if isinstance(row, Fields) else ""


def _hidden(row: Any, types: Mapping[str, Any], depth: int = 0) -> bool:
    """Whether a part of an object or a list is secret."""
    if depth > 10 or not isinstance(row, Fields):
        return depth > 10
    if kind(row, types) in SECRET:
        return True
    named = row.get("$ref")
    target = types.get(named.rpartition("/")[2]) if isinstance(named, str) else None
    inner = [target, row.get("items"), *(row.get("properties") or {}).values(), row.get("additionalProperties")]
    return any(_hidden(item, types, depth + 1) for item in inner if isinstance(item, Fields))


def _types(template: Fields) -> Mapping[str, Any]:
    rows = template.get("definitions")
    return rows if isinstance(rows, Fields) else Fields()


def _declared(found: Document, template: Fields, at: Keys) -> Fields:
    rows = template.get("parameters", Fields())
    if not isinstance(rows, Fields):
        raise found.error((*at, "parameters"), "it is no object")
    types = _types(template)
    for name, row in rows.items():
        place = (*at, template.spelt("parameters"), name)
        if not isinstance(row, Fields):
            raise found.error(place, "a parameter is an object with a type")
        if kind(row, types) not in _TYPES:
            raise found.error(place, "its type is none of " + ", ".join(sorted(_TYPES)))
    return rows


def _value(
    found: Document, name: str, row: Fields, at: Keys, given: Given, resolve: Any, types: Mapping[str, Any]
) -> Any:
    place = (*at, "parameters", name)
    form = kind(row, types)
    if form in SECRET or _hidden(row, types):
        return unresolved(f"parameters('{name}')", f"the parameter {name} is secret", "sensitive")
    if name in given.values:
        value = _typed(found, place, given.values[name], form)
    elif "defaultValue" in row:
        value = resolve(row["defaultValue"], (*place, row.spelt("defaultValue")))
    elif row.get("nullable") is True:
        return None
    else:
        # Whoever deploys it knows: it is not given here, which is not the same as nobody knowing before.
        return unresolved(f"parameters('{name}')", f"the parameter {name} has no value here", "not_collected")
    allowed = row.get("allowedValues")
    told = isinstance(allowed, list) and not isinstance(value, (Unresolved, list)) and not [*within(value)]
    if told and value not in allowed and not _alike(value, allowed):
        raise found.error(place, f"the value {worded(value)!r:.80} is not among its allowedValues")
    return value


def _alike(value: Any, allowed: list[Any]) -> bool:
    return isinstance(value, str) and value.lower() in {item.lower() for item in allowed if isinstance(item, str)}


def _typed(found: Document, place: Keys, value: Any, form: str) -> Any:
    """A value that is given, in the parameter's type: on the command line all are texts."""
    fits = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}[form]
    if form != "string" and isinstance(value, str):
        try:
            value = parsed(value)
        except ValueError:
            raise found.error(place, f"what is given for it is no {form}") from None
    if not isinstance(value, (fits, Unresolved)) or (form == "int" and isinstance(value, bool)):
        raise found.error(place, f"what is given for it is no {form}")
    return value


def unset(rows: Mapping[str, Any]) -> Iterator[str]:
    """The parameters that have no value here."""
    for name, value in rows.items():
        known = made(value)
        if (
            isinstance(known, Unresolved)
            and known.text == f"{{parameters('{name}')}}"
            and known.reason == "not_collected"
        ):
            yield name
