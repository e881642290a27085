"""CloudFormation mappings: properties are those of the live adapter's schemas, paths those that AWS publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from engine.collection.conformance import conforming
from engine.content.resources import load_types
from engine.content.root import find
from providers.cloudformation import folded
from providers.cloudformation.aws import CATALOGUE, NAMING, PUBLISHED
from providers.terraform.block import REQUIRED
from providers.terraform.mapping import Attribute, Constant, Given, Split
from tests.templates import data

AT = "2026-11-26T00:00:00Z"
TYPES = load_types(find().schemas)


def given() -> Iterator[tuple[str, str, str, Given]]:
    """Every declaration: CloudFormation type, resource type, property, and how it is read."""
    for template, mappings in CATALOGUE.mappings.items():
        for mapping in mappings:
            for name, spec in mapping.properties.items():
                inner = spec.inline if isinstance(spec, Split) else spec
                if inner is not None and mapping.each is None:
                    yield template, mapping.type, name, inner
            for part in mapping.parts:
                yield from ((part.terraform, mapping.type, name, spec) for name, spec in part.fills.items())


ROWS = {(template, type_, name, spec.paths): spec for template, type_, name, spec in given()}
IDS = [f"{key[0]} {key[1]} {key[2]} {'+'.join(key[3])}" for key in ROWS]


def there(published: Any, path: str) -> bool:
    for step in path.split("."):
        if published is None:
            return True
        if step not in published:
            return False
        published = published[step]
    return True


@pytest.mark.parametrize("key", ROWS, ids=IDS)
def test_a_property_is_one_of_the_live_adapter_and_its_paths_are_published(key: Any) -> None:
    template, type_, name, paths = key
    assert name == "tags" or name in TYPES[type_].properties
    assert [path for path in paths if not there(PUBLISHED[template], path)] == []


@pytest.mark.parametrize("key", ROWS, ids=IDS)
def test_a_default_that_is_not_null_says_who_documents_it(key: Any) -> None:
    spec = ROWS[key]
    if isinstance(spec, Constant):
        assert spec.source
    if isinstance(spec, Attribute) and spec.default is not None and spec.default is not REQUIRED:
        assert spec.source


def test_split_properties_say_who_documents_what_is_new() -> None:
    rows = [row for rows in CATALOGUE.mappings.values() for row in rows]
    splits = [spec for row in rows for spec in row.properties.values() if isinstance(spec, Split)]
    assert splits
    assert all(spec.source for spec in splits)


@pytest.mark.parametrize("template", sorted(CATALOGUE.parts))
def test_links_are_properties_that_aws_publishes(template: str) -> None:
    assert {part.link for part in CATALOGUE.parts[template]} - set(PUBLISHED[template]) == set()


def test_names_are_made_of_properties_that_aws_publishes() -> None:
    import re

    places = {"Partition", "AccountId", "Region"}
    wanted = {(type_, name) for (type_, _), text in NAMING.items() for name in re.findall(r"\{(\w+)", text)}
    published: Mapping[str, Any] = PUBLISHED
    assert [row for row in wanted if row[1] not in places and row[1] not in published.get(row[0], ())] == []


@pytest.mark.parametrize("template", sorted(CATALOGUE.mappings))
def test_a_bare_resource_conforms_to_its_schema(template: str) -> None:
    conform = conforming({name: schema.type for name, schema in TYPES.items()})
    found = [conform(item) for item in folded(data({"Bare": (template, {})}), AT, {}).after]
    assert found
    reasons = {(item.type, pointer, why.reason) for item in found for pointer, why in item.unread.items()}
    assert [row for row in reasons if row[2] == "malformed_response"] == []


def test_the_published_names_are_exactly_those_of_the_mapped_types() -> None:
    assert set(PUBLISHED) == set(CATALOGUE.types)
