"""The resource types that checks may judge: what ``schemas/resources`` says of each, as types of the language."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from engine.errors import ContentError, Problem
from engine.expressions.types import STRING, MapType, ObjectType, Type, from_schema

IDENTITY: Final = frozenset(("id", "name", "account", "region"))
"""What every resource has without being read."""
TAGS: Final = "tags"
"""What every resource may have, and what is read like a property."""
_COMMON: Final = dict.fromkeys(sorted(IDENTITY), STRING) | {TAGS: MapType(STRING, STRING)}


@dataclass(frozen=True, slots=True)
class ResourceSchema:
    """A resource type: its schema, and the type that its resources have in expressions (identity and tags too).

    ``digest`` is the SHA-256 of ``source``, the file's bytes.
    """

    name: str
    path: Path
    schema: Mapping[str, Any] = field(repr=False)
    type: ObjectType = field(repr=False)
    source: bytes = field(repr=False)
    digest: str

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schema of each property."""
        properties: Mapping[str, Any] = self.schema["properties"]
        return properties


def load_types(schemas: Path) -> dict[str, ResourceSchema]:
    """Every resource type by name, of the folder ``schemas``. Raises ContentError with every problem."""
    paths = sorted((schemas / "resources").rglob("*.schema.json"))
    return types_of({path: path.read_bytes() for path in paths})


def types_of(sources: Mapping[Path, bytes]) -> dict[str, ResourceSchema]:
    """The resource types by name that schema files of these bytes describe. Raises ContentError with every problem."""
    return dict(_described(tuple(sources.items())))


@lru_cache(maxsize=2)
def _described(sources: tuple[tuple[Path, bytes], ...]) -> Mapping[str, ResourceSchema]:
    """The types that these bytes describe: the same for the same bytes, so found out once."""
    problems: list[Problem] = []
    types: dict[str, ResourceSchema] = {}
    for path, source in sources:
        try:
            schema = json.loads(source, object_pairs_hook=_once)
            found = list(_faults(schema))
            type_ = None if found else _typed(schema, found)
        except json.JSONDecodeError as error:
            problems.append(Problem(path, error.lineno, error.colno, "", error.msg))
            continue
        except (ValueError, RecursionError) as error:
            problems.append(Problem(path, 1, 1, "", str(error)))
            continue
        problems += [Problem(path, *_place(source, key), key, message) for key, message in found]
        if not isinstance(type_, ObjectType):
            continue
        name = schema["title"]
        if name in types:
            problems.append(Problem(path, 1, 1, "title", f"{name} is described in {types[name].path} already"))
        visible = ObjectType(name, {**type_.fields, **_COMMON})
        types[name] = ResourceSchema(name, path, schema, visible, source, hashlib.sha256(source).hexdigest())
    if problems:
        raise ContentError(problems)
    return types


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return values


def _faults(schema: Any) -> Iterator[tuple[str, str]]:
    """What the loaders and the language rely on and a schema does not say, by key."""
    if not isinstance(schema, dict):
        yield "", "must be an object"
        return
    if not isinstance(schema.get("title"), str):
        yield "title", "must name the resource type"
    if schema.get("type") != "object":
        yield "type", "must be object"
    if schema.get("additionalProperties") is not False:
        yield "additionalProperties", "must be false, so that a misspelt property is found"
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        yield "properties", "must be an object"
        return
    for name in sorted(properties):
        if name in _COMMON:
            yield f"properties.{name}", "every resource has it already"
        elif not isinstance(properties[name], dict) or not properties[name].get("description"):
            yield f"properties.{name}", "has no description"
        elif not properties[name].get("x-operation"):
            yield f"properties.{name}", "has no x-operation: the operation of the API that gives it"


def _typed(schema: Mapping[str, Any], problems: list[tuple[str, str]]) -> Type | None:
    """The type of a schema without faults; None, and problems by key, where it has properties that resources have not.

    It is made in one piece: most schemas are as they should be, and each start of the program makes all of them.
    """
    try:
        return from_schema(schema)
    except ValueError:
        for name, property_ in schema["properties"].items():
            try:
                from_schema(property_)
            except ValueError as error:
                problems.append((f"properties.{name}", str(error)))
        return None


def _place(source: bytes, key: str) -> tuple[int, int]:
    """Line and column (1-based) of a key, by the names that lead to it, in the text of a schema."""
    text, at = source.decode("utf-8", "replace"), 0
    for name in key.split("."):
        found = re.compile(rf"{re.escape(json.dumps(name))}\s*:").search(text, at)
        if found is None:
            break
        at = found.start()
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
