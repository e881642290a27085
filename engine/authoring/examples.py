"""Runs the examples of a check, which are its tests, and writes the skeleton of a new check.

An example's resource has the properties that it names; everything else is unread, as if nobody had collected it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.content.checks import CompiledCheck, document_of
from engine.content.examples import example_problems, examples_of
from engine.content.files import Document
from engine.content.resources import IDENTITY, TAGS, ResourceSchema
from engine.errors import Problem
from engine.judging.evaluate import judge, verdict_of
from engine.judging.joins import NOT_COLLECTED, Related, related
from engine.model import Check, Example, Finding, Relation, Resource, Unread, Verdict

NOW: Final = "2026-01-01T00:00:00Z"
"""When an example is judged as of, where it does not say."""
_DEFAULTS: Final = {"account": "111122223333", "region": "eu-west-1"}


@dataclass(frozen=True, slots=True)
class Case:
    """What an example is judged on, as plain values that can be varied; ``related`` has no key for what is unread."""

    resource: Mapping[str, Any]
    related: Mapping[str, Sequence[Mapping[str, Any]]]


def mismatches(check: CompiledCheck, types: Mapping[str, ResourceSchema]) -> list[Problem]:
    """The examples that the check judges otherwise than they say, and what is wrong with the examples themselves."""
    problems = example_problems(check.check, types)
    if problems:
        return problems
    document: Document | None = None
    for index, example in enumerate(examples_of(check.check)):
        finding = verdict(check, types, example, case_of(check.check, example))
        if finding.verdict != example.verdict:
            document = document or document_of(check.check)
            said = f": {finding.message}" if finding.message else ""
            message = f"{example.name!r} is {finding.verdict}, not {example.verdict}{said}"
            problems.append(document.problem(("examples", index, "verdict"), message))
    return problems


def case_of(check: Check, example: Example) -> Case:
    """The example's values. What a join compares is filled in for related resources that do not say it."""
    subject = {"id": "example", "name": "example", **_DEFAULTS, **example.resource}
    filled = {
        name: tuple(
            {
                "id": f"{name}-{number}",
                "name": f"{name}-{number}",
                **_DEFAULTS,
                **{theirs: subject[ours] for theirs, ours in check.related[name].on.items() if ours in subject},
                **resource,
            }
            for number, resource in enumerate(resources, 1)
        )
        for name, resources in example.related.items()
    }
    return Case(subject, filled)


def verdict(check: CompiledCheck, types: Mapping[str, ResourceSchema], example: Example, case: Case) -> Finding:
    """The finding on a case, with the parameters (the check's own defaults, not an organisation's) of the example."""
    return judge(*_situation(check, types, example, case))


def word(check: CompiledCheck, types: Mapping[str, ResourceSchema], example: Example, case: Case) -> Verdict:
    """The verdict of :func:`verdict` alone, which is much sooner found."""
    return verdict_of(*_situation(check, types, example, case))


def _situation(
    check: CompiledCheck, types: Mapping[str, ResourceSchema], example: Example, case: Case
) -> tuple[CompiledCheck, Resource, Mapping[str, Related], str]:
    """What is judged in a case."""
    defaults = {name: parameter.default for name, parameter in check.check.parameters.items()}
    own = replace(check, parameters={**defaults, **example.parameters})
    subject = _resource(case.resource, types[check.check.resource_type], check.check.provider)
    relations = {
        name: _related(relation, case, types[relation.resource_type], check.check.provider)
        for name, relation in check.check.related.items()
    }
    return own, subject, relations, example.now or NOW


def _related(relation: Relation, case: Case, type_: ResourceSchema, provider: str) -> Related:
    """What a join would give: unread where the key is, nothing where it is null."""
    keys = [case.resource[ours] for ours in relation.on.values() if ours in case.resource]
    if len(keys) < len(relation.on) or relation.name not in case.related:
        return Related((), unread=NOT_COLLECTED)
    if None in keys:
        return Related(())
    return related([_resource(values, type_, provider) for values in case.related[relation.name]])


def _resource(values: Mapping[str, Any], type_: ResourceSchema, provider: str) -> Resource:
    properties = {name: value for name, value in values.items() if name not in IDENTITY and name != TAGS}
    return Resource(
        type=type_.name,
        id=values["id"],
        name=values["name"],
        provider=provider,
        account=values["account"],
        region=values["region"],
        tags=values.get(TAGS),
        collected_at=NOW,
        properties=properties,
        unread=_unread(properties, type_.schema, ""),
    )


def _unread(value: Any, schema: Any, pointer: str) -> dict[str, Unread]:
    """The keys that a value does not have and its schema knows, by JSON Pointer."""
    if not isinstance(schema, dict):
        return {}
    if isinstance(value, list):
        items = schema.get("items")
        found = [_unread(item, items, f"{pointer}/{index}") for index, item in enumerate(value)]
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        found = [{f"{pointer}/{name}": NOT_COLLECTED} for name in known if name not in value]
        found += [_unread(item, known.get(name), f"{pointer}/{name}") for name, item in value.items()]
    else:
        return {}
    return {path: unread for part in found for path, unread in part.items()}


def skeleton(id_: str, type_: ResourceSchema) -> str:
    """The file of a new check, to be filled in; until it is, every empty value is a problem with line and column.

    ``id_``: the check's id, for the first line; ``type_``: what it judges, whose properties are listed as comments.
    """
    path = f"checks/{id_.replace('.', '/')}.yaml"
    properties = "".join(f"#   {line}\n" for line in _listed(type_.properties))
    return f"""# {path}
# Properties of {type_.name} (and id, name, account, region, tags):
{properties}version: 1
title:  # a statement that can be true of a resource, about one attribute
resource_type: {type_.name}
criteria: []  # Trust Services Criteria, primary first: [CC6.1]
severity:  # low, medium, high or critical
rationale:  # why a failure matters to these criteria
expression:  # CEL, true where the resource conforms: resource.<property> == ...
message:  # what is wrong where it fails; ${{resource.<property>}} shows a value
remediation:
  cli:  # the command that corrects a failure; terraform beside it, console only where neither can
references: []  # the vendor's documentation
examples:  # a property that is left out is unread
  - name:
    verdict: pass
    resource: {{}}
  - name:
    verdict: fail
    resource: {{}}
"""


def _listed(schemas: Mapping[str, Any]) -> Iterator[str]:
    """A line for each property: its type and what it is; below one that holds objects, their properties."""
    for name, schema in sorted(schemas.items()):
        yield f"{name}: {_kind(schema)}. {' '.join(schema.get('description', '').split())}".rstrip()
        inner = schema
        while isinstance(inner.get("items"), dict):
            inner = inner["items"]
        yield from (f"  {line}" for line in _listed(inner.get("properties", {})))


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value is, as the file's author would say it: "timestamp or null", "array of string"."""
    declared = schema.get("type", "anything")
    names = [declared] if isinstance(declared, str) else list(declared)
    if schema.get("format") == "date-time":
        names = ["timestamp" if name == "string" else name for name in names]
    if isinstance(schema.get("items"), dict):
        names = [f"array of {_kind(schema['items'])}" if name == "array" else name for name in names]
    return " or ".join(names)
