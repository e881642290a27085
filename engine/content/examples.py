"""What the examples of a check may say: known properties of the right type, joins that hold, verdicts that prove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.content.checks import document_of
from engine.content.files import Document, Key
from engine.content.parameters import conforms
from engine.content.resources import IDENTITY, TAGS, ResourceSchema
from engine.content.validation import Shape
from engine.content.wording import suggestion
from engine.errors import Problem
from engine.expressions.types import parse_type
from engine.model import Check, Example, Relation

_IDENTITY_SHAPES: Final = {name: {"type": "string"} for name in IDENTITY}
_TAGS_SHAPE: Final = {"type": "object", "additionalProperties": {"type": "string"}}


def examples_of(check: Check) -> tuple[Example, ...]:
    """The examples of a check, in the order of its file. Raises ContentError where the file is no longer whole."""
    return tuple(_example(example) for example in document_of(check).value["examples"])


def _example(value: Mapping[str, Any]) -> Example:
    return Example(
        name=value["name"],
        verdict=value["verdict"],
        resource=value["resource"],
        related={name: tuple(resources) for name, resources in value.get("related", {}).items()},
        parameters=value.get("parameters", {}),
        now=value.get("now"),
    )


def example_problems(check: Check, types: Mapping[str, ResourceSchema]) -> list[Problem]:
    """What is wrong with the examples of a check that compiles against ``types``, each where the file has it."""
    document = document_of(check)
    shapes = {
        name: _shape(types[name])
        for name in (check.resource_type, *(relation.resource_type for relation in check.related.values()))
    }
    examples = examples_of(check)
    problems = list(_set_problems(check, examples, document))
    for index, example in enumerate(examples):
        at = ("examples", index)
        problems += shapes[check.resource_type].problems(document, (*at, "resource"), example.resource)
        problems += _parameter_problems(check, example, document, at)
        for name, resources in example.related.items():
            relation = check.related.get(name)
            keys = (*at, "related", name)
            if relation is None:
                problems.append(document.key_problem(keys, f"is no relation{suggestion(name, check.related)}"))
                continue
            for position, resource in enumerate(resources):
                found = shapes[relation.resource_type].problems(document, (*keys, position), resource)
                problems += found or _join_problems(relation, example, resource, document, (*keys, position))
    return problems


def _shape(type_: ResourceSchema) -> Shape:
    properties = {**type_.properties, **_IDENTITY_SHAPES, TAGS: _TAGS_SHAPE}
    return Shape({**type_.schema, "properties": properties})


def _set_problems(check: Check, examples: Sequence[Example], document: Document) -> Iterator[Problem]:
    """The examples as a set: what they must prove, under names that tell them apart."""
    names = [example.name for example in examples]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield document.problem(("examples", index, "name"), "another example has this name")
    verdicts = {example.verdict for example in examples}
    wanted = {"pass", "fail"} | ({"not_applicable"} if check.when is not None else set())
    for verdict in sorted(wanted - verdicts):
        yield document.problem(("examples",), f"no example has the verdict {verdict}")


def _parameter_problems(check: Check, example: Example, document: Document, at: tuple[Key, ...]) -> Iterator[Problem]:
    for name, value in example.parameters.items():
        keys = (*at, "parameters", name)
        parameter = check.parameters.get(name)
        if parameter is None:
            yield document.key_problem(keys, f"is no parameter{suggestion(name, check.parameters)}")
        elif not conforms(value, parse_type(parameter.type)):
            yield document.problem(keys, f"is no {parameter.type}")


def _join_problems(
    relation: Relation, example: Example, resource: Mapping[str, Any], document: Document, keys: tuple[Key, ...]
) -> Iterator[Problem]:
    """A related resource that the join would not find proves nothing."""
    for theirs, ours in relation.on.items():
        if theirs in resource and ours in example.resource and resource[theirs] != example.resource[ours]:
            message = f"is not joined: {ours} of the resource is another value"
            yield document.problem((*keys, theirs), message)
