"""Conformance: a value of another type than the schema's is malformed, never evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.collection.conformance import MALFORMED, UNDECLARED, conforming, fits
from engine.expressions.types import BOOL, DYN, INT, STRING, TIMESTAMP, ListType, MapType, Nullable, ObjectType, Type
from engine.model import Resource, Unread

RULE = ObjectType("rule", {"port": INT})
BOX = ObjectType("Test::Box", {"lid": BOOL, "size": Nullable(INT), "rules": ListType(RULE), "policy": DYN})
CONFORM = conforming({"Test::Box": BOX})
NO = Unread("access_denied")


def box(properties: dict[str, Any], unread: dict[str, Unread] | None = None, tags: Any = None) -> Resource:
    return Resource("Test::Box", "a", "a", "test", "1", "north", tags, "", properties, unread or {})


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (BOOL, [True, False], ["true", 0, 1, None, [], {}]),
        (INT, [0, -5], [True, "7", 1.5, None]),
        (STRING, ["", "x"], [7, None, ["x"], True]),
        (TIMESTAMP, ["2026-11-23T00:00:00Z"], [7, None]),
        (Nullable(INT), [None, 7], ["7", True]),
        (ListType(STRING), [[], ["a"]], [None, "a", ["a", 7], {"a": 1}]),
        (MapType(STRING, INT), [{}, {"a": 1}], [{"a": "1"}, [], None]),
        (RULE, [{}, {"port": 1}], [{"port": "1"}, {"gate": 1}, [], None]),
        (DYN, [None, 1, "x", [{}]], []),
    ],
)
def test_a_value_fits_its_type_or_does_not(type_: Type, good: list[Any], bad: list[Any]) -> None:
    assert all(fits(type_, value) for value in good)
    assert not any(fits(type_, value) for value in bad)


def test_what_fits_is_left_as_it_is() -> None:
    item = box({"lid": True, "size": None, "rules": [{"port": 1}, {}], "policy": {"Any": 1}}, {"/rules/1/port": NO})

    assert CONFORM(item) is item


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_wrong_value_is_unread_and_malformed(value: Any) -> None:
    assert CONFORM(box({"lid": value, "size": 1})) == box({"size": 1}, {"/lid": MALFORMED})


def test_a_property_that_the_schema_does_not_have_is_unread() -> None:
    assert CONFORM(box({"colour": "red"})) == box({}, {"/colour": UNDECLARED})


def test_a_list_with_a_wrong_element_is_unread_as_a_whole() -> None:
    item = box({"rules": [{"port": 1}, {"port": "2"}, {}]}, {"/rules/2/port": NO, "/size": NO})

    assert CONFORM(item) == box({}, {"/size": NO, "/rules": MALFORMED})


@pytest.mark.parametrize("tags", [{"team": None}, {"team": 7}, {"team": {"a": "b"}}])
def test_tags_that_are_not_text_are_unread(tags: Any) -> None:
    assert CONFORM(box({"lid": True}, tags=tags)) == box({"lid": True}, {"/tags": MALFORMED})


def test_tags_of_text_are_left_as_they_are() -> None:
    assert CONFORM(box({}, tags={"team": "web"})).tags == {"team": "web"}


def test_a_resource_of_a_type_that_nobody_knows_is_left_as_it_is() -> None:
    item = replace(box({"anything": 1}), type="Test::Later")

    assert CONFORM(item) is item
