"""Joins: why a path is not there, and what a hash join holds against a naive one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judging.joins import EXPRESSION_ERROR, NOT_COLLECTED, World, plain_resource, unread_at
from engine.model import Collection, Relation, Resource, Scope, Snapshot, Unread

HERE = Scope("aws", "1", "north")
NO = Unread("access_denied", "a:B")


def item(
    type_: str, id_: str, properties: dict[str, Any], unread: dict[str, Unread] | None = None, scope: Scope = HERE
) -> Resource:
    return Resource(type_, id_, id_, scope.provider, scope.account, scope.region, None, "", properties, unread or {})


def test_expressions_see_properties_beside_identity_which_no_property_can_replace() -> None:
    seen = plain_resource(Resource("T", "arn", "a", "aws", "1", "north", {"k": "v"}, "", {"size": 1, "id": "forged"}))

    assert seen == {"size": 1, "id": "arn", "name": "a", "account": "1", "region": "north", "tags": {"k": "v"}}


def test_tags_that_were_not_read_are_no_key() -> None:
    assert "tags" not in plain_resource(item("T", "a", {}))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (("policy",), NO),
        (("policy", "Statement", 0), NO),
        (("rules", 1, "a/b"), NO),
        (("rules", 0, "a/b"), EXPRESSION_ERROR),
        (("nothing",), NOT_COLLECTED),
        ((), NOT_COLLECTED),
    ],
)
def test_why_a_path_is_not_there(path: tuple[str | int, ...], why: Unread) -> None:
    assert unread_at(item("T", "a", {"rules": [{}, {}]}, {"/policy": NO, "/rules/1/a~1b": NO}), path) == why


keys = st.sampled_from(["x", "y", None, NO])
scopes = st.sampled_from([HERE, Scope("aws", "1", "south"), Scope("aws", "2", "north")])
things = st.lists(st.tuples(keys, keys, scopes), max_size=8)


def made(type_: str, rows: list[tuple[Any, Any, Scope]]) -> list[Resource]:
    made = []
    for number, (first, second, scope) in enumerate(rows):
        values = {"first": first, "second": second}
        unread = {f"/{name}": NO for name, value in values.items() if value is NO}
        read = {name: value for name, value in values.items() if value is not NO}
        made.append(item(type_, str(number), read, unread, scope))
    return made


@given(
    things,
    things,
    st.sampled_from(
        [{"first": "first"}, {"first": "second", "second": "first"}, {"first": "first", "region": "region"}]
    ),
)
def test_a_hash_join_holds_what_a_comparison_of_all_with_all_does(
    mine: list[tuple[Any, Any, Scope]], theirs: list[tuple[Any, Any, Scope]], on: dict[str, str]
) -> None:
    subjects, others = made("Mine", mine), made("Theirs", theirs)
    rows = tuple(
        Collection("Theirs", scope, "complete")
        for scope in (HERE, Scope("aws", "1", "south"), Scope("aws", "2", "north"))
    )
    join = World(Snapshot("", "recorded", {}, (), rows, tuple(subjects + others))).join(Relation("r", "Theirs", on))

    for subject in subjects:
        found = join(subject)
        own = [value(subject, name) for name in on.values()]
        if NO in own:
            assert (found.resources, found.unread) == ((), NO)
            continue
        matches, possible = [], False
        for other in others:
            if other.account == subject.account and None not in own:
                pairs = list(zip([value(other, name) for name in on], own, strict=True))
                if all(left == right for left, right in pairs):
                    matches.append(other)
                possible = possible or (
                    any(left is NO for left, _ in pairs) and all(left in (NO, right) for left, right in pairs)
                )
        assert list(found.resources) == matches
        assert [plain["id"] for plain in found.values] == [other.id for other in matches]
        assert found.unread == (NO if possible else None)


def value(of: Resource, name: str) -> Any:
    return of.region if name == "region" else of.properties.get(name, NO)
