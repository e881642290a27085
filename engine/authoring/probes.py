"""Varies the examples of a check to find verdicts that stand on nothing.

Every nullable property that a check reads is set to null in each example: never an ``expression_error``. Every
property is made unread: a verdict may then stand only if no value that is tried in its place gives another one. Tried
are the values of that property in all examples, null where it may be, and others of its type. A value that gives
``unknown`` (an interval that ends before it begins) gives no other verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.authoring.examples import Case, case_of, verdict, word
from engine.content.checks import CompiledCheck, document_of
from engine.content.examples import examples_of
from engine.content.resources import IDENTITY, TAGS, ResourceSchema
from engine.errors import Problem
from engine.model import Example, Finding

_GONE: Final = object()
_TAGS_SCHEMA: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_TEXTS: Final = ("", "*", "another", "0.0.0.0/0", "arn:aws:iam::999999999999:root")
_NUMBERS: Final = (0, 1, -1, 22, 90, 365, 65535)
_MOMENTS: Final = ("1970-01-01T00:00:00Z", "2025-12-31T00:00:00Z", "2100-01-01T00:00:00Z")

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A value in a case: the relation that it is in ("" for the resource itself), the way to it, and its schema."""

    relation: str
    way: Way
    schema: Mapping[str, Any]

    def __str__(self) -> str:
        text = self.relation or "resource"
        return text + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.way)

    @property
    def kind(self) -> tuple[str, Way]:
        """The property, wherever it stands in a list."""
        return self.relation, tuple(part for part in self.way if not isinstance(part, int))


def probe(check: CompiledCheck, types: Mapping[str, ResourceSchema]) -> list[Problem]:
    """What the variations of every example show to be wrong with the check."""
    cases = [(example, case_of(check.check, example)) for example in examples_of(check.check)]
    places = [list(_places(check, types, case)) for _, case in cases]
    seen: dict[tuple[str, Way], list[Any]] = {}
    for (_, case), here in zip(cases, places, strict=True):
        for place in here:
            values = seen.setdefault(place.kind, [])
            value = _value(case, place)
            if value is not _GONE and value not in values:
                values.append(value)
    messages: list[tuple[int, str]] = []
    for index, ((example, case), here) in enumerate(zip(cases, places, strict=True)):
        for place in here:
            found = _Prober(check, types, example, case, place).messages(seen[place.kind])
            messages += [(index, message) for message in found]
        for name in case.related:
            lists = [(), *(other.related[name] for _, other in cases if name in other.related)]
            messages += [(index, message) for message in _relation(check, types, example, case, name, lists)]
    if not messages:
        return []
    document = document_of(check.check)
    return [document.problem(("examples", index), message) for index, message in messages]


def _relation(
    check: CompiledCheck,
    types: Mapping[str, ResourceSchema],
    example: Example,
    case: Case,
    name: str,
    lists: Sequence[Sequence[Mapping[str, Any]]],
) -> Iterator[str]:
    """What is wrong when a relation could not be listed; ``lists`` are the relation's resources in all examples."""
    others = {other: resources for other, resources in case.related.items() if other != name}
    unread = verdict(check, types, example, replace(case, related=others))
    if unread.reason == "expression_error":
        yield f"{name} unread is an expression_error: {unread.message}"
    if unread.verdict == "unknown":
        return
    for resources in lists:
        seen = word(check, types, example, replace(case, related={**others, name: resources}))
        if seen not in (unread.verdict, "unknown"):
            yield f"is {unread.verdict} while {name} is unread, and {seen} where it holds {len(resources)}"
            return


@dataclass(frozen=True, slots=True)
class _Prober:
    """Varies one value of one example."""

    check: CompiledCheck
    types: Mapping[str, ResourceSchema]
    example: Example
    case: Case
    place: _Place

    def messages(self, elsewhere: Sequence[Any]) -> Iterator[str]:
        """What is wrong, if anything; ``elsewhere`` are values of the property in all examples."""
        if _nullable(self.place.schema):
            finding = self._with(None)
            if finding.reason == "expression_error":
                yield f"{self.place} as null is an expression_error: {finding.message}"
        now = _value(self.case, self.place)
        if now is _GONE:
            return
        unread = self._with(_GONE)
        if unread.reason == "expression_error":
            yield f"{self.place} unread is an expression_error: {unread.message}"
        if unread.verdict == "unknown" or self._joins():
            return
        for value in (*elsewhere, *_values(self.place.schema, now)):
            other = word(self.check, self.types, self.example, _replaced(self.case, self.place, value))
            if other not in (unread.verdict, "unknown"):
                yield f"is {unread.verdict} while {self.place} is unread, and {other} where it is {value!r}"
                return

    def _with(self, value: Any) -> Finding:
        return verdict(self.check, self.types, self.example, _replaced(self.case, self.place, value))

    def _joins(self) -> bool:
        """Whether the value decides what is joined: another value would bring other related resources."""
        relations = self.check.check.related.values()
        if self.place.relation:
            return self.place.way[1:] in [(theirs,) for theirs in self.check.check.related[self.place.relation].on]
        return self.place.way in [(ours,) for relation in relations for ours in relation.on.values()]


def _places(check: CompiledCheck, types: Mapping[str, ResourceSchema], case: Case) -> Iterator[_Place]:
    """Every value that the check can read and that may be unread: keys of objects, there or not, not list elements."""
    type_ = types[check.check.resource_type]
    yield from _below("", (), case.resource, type_, check.reads[type_.name])
    for name, relation in check.check.related.items():
        type_ = types[relation.resource_type]
        for number, resource in enumerate(case.related.get(name, ())):
            for place in _below(name, (number,), resource, type_, check.reads[type_.name]):
                # Unread, it would leave the whole relation open; joins are tested where they are made.
                if place.way[1:] not in [(theirs,) for theirs in relation.on]:
                    yield place


def _below(
    relation: str, way: Way, values: Mapping[str, Any], type_: ResourceSchema, read: frozenset[str]
) -> Iterator[_Place]:
    known = {**type_.properties, TAGS: _TAGS_SCHEMA}
    for name in sorted(read - IDENTITY):
        yield from _inside(_Place(relation, (*way, name), known[name]), values.get(name))


def _inside(place: _Place, value: Any) -> Iterator[_Place]:
    yield place
    yield from _keys(place, value)


def _keys(place: _Place, value: Any) -> Iterator[_Place]:
    schema = place.schema
    if isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            if name in value:
                yield from _inside(_Place(place.relation, (*place.way, name), below), value[name])
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, item in enumerate(value):
            yield from _keys(_Place(place.relation, (*place.way, number), schema["items"]), item)


def _value(case: Case, place: _Place) -> Any:
    value: Any = case.related[place.relation] if place.relation else case.resource
    for part in place.way[:-1]:
        value = value[part]
    return value.get(place.way[-1], _GONE)


def _replaced(case: Case, place: _Place, value: Any) -> Case:
    """The case with another value at a place, or with no key there."""
    if not place.relation:
        return replace(case, resource=_put(case.resource, place.way, value))
    resources = _put(list(case.related[place.relation]), place.way, value)
    return replace(case, related={**case.related, place.relation: resources})


def _put(container: Any, way: Way, value: Any) -> Any:
    first, rest = way[0], way[1:]
    copy: Any = dict(container) if isinstance(container, Mapping) else list(container)
    if rest:
        copy[first] = _put(container[first], rest, value)
    elif value is _GONE:
        del copy[first]
    else:
        copy[first] = value
    return copy


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else list(declared)


def _nullable(schema: Mapping[str, Any]) -> bool:
    return "null" in _kinds(schema)


def _values(schema: Mapping[str, Any], value: Any) -> Iterator[Any]:
    """Values that a property could have instead of ``value``, by its schema."""
    kinds = _kinds(schema)
    if "null" in kinds:
        yield None
    if "boolean" in kinds:
        yield from (True, False)
    if "integer" in kinds:
        yield from _NUMBERS
        if isinstance(value, int):
            yield from (value - 1, value + 1)
    if "string" in kinds:
        yield from _MOMENTS if schema.get("format") == "date-time" else (*schema.get("enum", ()), *_TEXTS)
    if "array" in kinds:
        yield []
        if isinstance(value, list):
            yield from (value[:index] + value[index + 1 :] for index in range(len(value)))
            items = schema.get("items")
            if isinstance(items, dict) and "object" not in _kinds(items):
                yield from ([item] for item in _values(items, None))
    if "object" in kinds and "properties" not in schema:
        yield {}
