"""CloudFormation mappings: properties are those of the live adapter's schemas, paths those that AWS publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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


def there(published: Any, path: str) -> bool:
    for step in path.split("."):
        if published is None:
            return True
        if step not in published:
            return False
        published = published[step]
    return True


def test_a_property_is_one_of_the_live_adapter_and_its_paths_are_published() -> None:
    assert len(ROWS) > 200
    assert [key for key in ROWS if key[2] != "tags" and key[2] not in TYPES[key[1]].properties] == []
    assert [(*key, path) for key in ROWS for path in key[3] if not there(PUBLISHED[key[0]], path)] == []


def test_a_default_that_is_not_null_says_who_documents_it() -> None:
    stated = {
        key: spec
        for key, spec in ROWS.items()
        if isinstance(spec, Constant)
        or (isinstance(spec, Attribute) and spec.default is not None and spec.default is not REQUIRED)
    }
    assert stated
    assert [key for key, spec in stated.items() if not spec.source] == []


def test_split_properties_say_who_documents_what_is_new() -> None:
    rows = [row for rows in CATALOGUE.mappings.values() for row in rows]
    splits = [spec for row in rows for spec in row.properties.values() if isinstance(spec, Split)]
    assert splits
    assert all(spec.source for spec in splits)


def test_links_are_properties_that_aws_publishes() -> None:
    links = {(template, part.link) for template, parts in CATALOGUE.parts.items() for part in parts}
    assert links
    assert [row for row in links if row[1] not in PUBLISHED[row[0]]] == []


def test_names_are_made_of_properties_that_aws_publishes() -> None:
    import re

    places = {"Partition", "AccountId", "Region"}
    wanted = {(type_, name) for (type_, _), text in NAMING.items() for name in re.findall(r"\{(\w+)", text)}
    published: Mapping[str, Any] = PUBLISHED
    assert [row for row in wanted if row[1] not in places and row[1] not in published.get(row[0], ())] == []


def test_a_bare_resource_conforms_to_its_schema() -> None:
    conform = conforming({name: schema.type for name, schema in TYPES.items()})
    found = {
        template: [conform(item) for item in folded(data({"Bare": (template, {})}), AT, {}).after]
        for template in CATALOGUE.mappings
    }
    assert [template for template, items in found.items() if not items] == []
    assert {
        (template, item.type, pointer)
        for template, items in found.items()
        for item in items
        for pointer, why in item.unread.items()
        if why.reason == "malformed_response"
    } == set()


def test_the_published_names_are_exactly_those_of_the_mapped_types() -> None:
    assert set(PUBLISHED) == set(CATALOGUE.types)
