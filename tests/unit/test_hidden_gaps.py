"""A gap inside a map or a document would go unnoticed by a search, a count or a loop: all of it counts as unread."""

from __future__ import annotations

import pytest

from engine.collection.conformance import conforming
from engine.expressions.types import DYN, INT, STRING, ListType, MapType, ObjectType
from engine.model import Resource, Unread

RULES = ListType(ObjectType("rule", {"port": INT, "cidrs": ListType(STRING)}))
SCHEMA = ObjectType("T", {"policy": DYN, "labels": MapType(STRING, STRING), "rules": RULES})
PROPERTIES = {"policy": {"Statement": [{}]}, "labels": {"a": "b"}, "rules": [{"port": 1}]}
WHY = Unread("known_after_apply")


@pytest.mark.parametrize(
    ("pointer", "kept", "unread"),
    [
        ("/policy/Statement/0/Effect", {"labels", "rules"}, {"/policy"}),
        ("/labels/team", {"policy", "rules"}, {"/labels"}),
        ("/rules/0/cidrs", {"policy", "labels", "rules"}, {"/rules/0/cidrs"}),
    ],
)
def test_a_gap_that_nobody_would_notice_makes_the_whole_property_unread(
    pointer: str, kept: set[str], unread: set[str]
) -> None:
    read = Resource("T", "i", "n", "aws", "1", "r", None, "2026-01-01T00:00:00Z", PROPERTIES, {pointer: WHY})
    found = conforming({"T": SCHEMA})(read)
    assert (set(found.properties), dict(found.unread)) == (kept, dict.fromkeys(unread, WHY))
