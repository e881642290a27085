"""Lifting: what a reader marks as unread leaves the value, and what stays is what evidence can hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import LONGEST_CODE, MISSING, Failure, Found, Resource, Scope, Unread, attribute, text
from providers.values import DEEPEST, MOST, lift, merged, resource

NO = Unread("access_denied", "s3:GetBucketPolicy")
SCOPE = Scope("aws", "111122223333", "eu-west-1")

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=4)
    | st.sampled_from(["\ud800", "a\udfffb", "~/", ""])
)
keys = st.text(st.characters(), max_size=3) | st.sampled_from(["a/b", "~", "~1", "", "\ud800"])
values = st.recursive(
    scalars | st.just(NO),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


def holds(value: Any) -> bool:
    """Whether evidence can hold it: plain JSON, whole numbers up to 2^53-1, text that is UTF-8."""
    if isinstance(value, dict):
        return all(holds(key) and holds(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(holds, value))
    if isinstance(value, str):
        return value.encode("utf-8").decode("utf-8") == value
    return value is None or (isinstance(value, int) and -MOST <= value <= MOST)


def resolve(value: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer (RFC 6901, section 4). Raises LookupError where nothing does."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def unread_places(value: Any) -> int:
    """How many keys are unread: an Unread below a list, however deep in lists, costs one key."""
    if isinstance(value, dict):
        return sum(1 if costs(item) else unread_places(item) for item in value.values())
    return sum(map(unread_places, value)) if isinstance(value, list) else 0


def costs(value: Any) -> bool:
    return isinstance(value, Unread) or (isinstance(value, list) and any(map(costs, value)))


@given(st.dictionaries(keys.filter(str.isascii), values, max_size=4))
def test_what_is_left_is_what_evidence_can_hold(value: dict[str, Any]) -> None:
    kept, unread = lift(value)

    assert holds(kept)
    assert json.loads(json.dumps(kept)) == kept
    assert all(why is NO for why in unread.values())


@given(st.dictionaries(keys.filter(str.isascii), values, max_size=4))
def test_every_pointer_leads_to_an_object_that_lacks_the_last_key(value: dict[str, Any]) -> None:
    kept, unread = lift(value)

    for pointer in unread:
        around, _, last = pointer.rpartition("/")
        holder = resolve(kept, around)
        assert isinstance(holder, dict)
        assert last.replace("~1", "/").replace("~0", "~") not in holder


plain_keys = st.sampled_from(["a", "b", "c/d", "e~f"])
plain = st.recursive(
    st.integers(0, 9) | st.just(NO),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_keys, inner, max_size=4),
    max_leaves=30,
)


@given(st.dictionaries(plain_keys, plain, max_size=4))
def test_exactly_the_keys_that_hold_something_unread_are_lost(value: dict[str, Any]) -> None:
    kept, unread = lift(value)

    assert len(unread) == unread_places(value)
    assert lift(kept) == (kept, {})


def test_an_unread_element_costs_the_nearest_key_around_its_list() -> None:
    value = {"rules": [{"port": 22, "cidrs": [["10.0.0.0/8", NO]]}, {"port": 80, "cidrs": []}], "name": "web"}

    assert lift(value) == (
        {"rules": [{"port": 22}, {"port": 80, "cidrs": []}], "name": "web"},
        {"/rules/0/cidrs": NO},
    )


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(2**53), "-9007199254740992"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        ("caf\u00e9", "caf\u00e9"),
        ("\ud83d", "\\ud83d"),
        (True, True),
        ((1, 2), [1, 2]),
    ],
)
def test_a_value_is_brought_into_the_form_of_evidence(value: Any, kept: Any) -> None:
    assert lift({"value": value}) == ({"value": kept}, {})


@pytest.mark.parametrize("around", [lambda inner: [inner], lambda inner: {"in": inner}])
def test_nesting_beyond_the_bound_is_malformed_not_a_crash(around: Any) -> None:
    value: Any = 1
    for _ in range(DEEPEST * 30):
        value = around(value)

    _, unread = lift({"deep": value, "flat": 1})

    assert [why.reason for why in unread.values()] == ["malformed_response"]
    assert all(pointer.startswith("/deep") for pointer in unread)


@pytest.mark.parametrize("value", [b"x", {1}, object(), 1j])
def test_a_value_that_json_has_no_form_for_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="holds a"):
        lift({"value": [value]})


def test_what_is_merged_later_adds_to_what_is_there() -> None:
    first = resource(Found("T", "arn:a", {"size": 1, "policy": NO, "tags": {"team": "web"}}, "a"), SCOPE, "now")

    grown = merged(first, {"lid": True, "rim": MISSING}, "box:GetLid")

    assert grown == Resource(
        type="T",
        id="arn:a",
        name="a",
        provider="aws",
        account="111122223333",
        region="eu-west-1",
        tags={"team": "web"},
        collected_at="now",
        properties={"size": 1, "lid": True},
        unread={"/policy": NO, "/rim": Unread("missing_attribute", "box:GetLid")},
    )


def test_tags_that_were_not_read_are_null_and_unread() -> None:
    found = resource(Found("T", "arn:a", {"tags": NO}), SCOPE, "now")

    assert (found.tags, dict(found.unread)) == (None, {"/tags": NO})


def test_a_name_that_utf8_cannot_carry_becomes_its_escape() -> None:
    found = resource(Found("T", "arn:\ud800", {}, "\udfff", "reg\ud800ion"), SCOPE, "now")

    assert (found.id, found.name, found.region) == ("arn:\\ud800", "\\udfff", "reg\\ud800ion")


@pytest.mark.parametrize("identity", [{"id": 5}, {"id": ""}, {"name": 5}, {"name": ["x"]}, {"region": 5}])
def test_an_identity_that_is_no_text_is_refused(identity: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="identity of a T is not text"):
        Found(**{"type": "T", "id": "a", "properties": {}, **identity})


def test_an_attribute_that_must_be_there_is_missing_when_it_is_not() -> None:
    assert attribute({"a": 0, "b": None}, "a") == 0
    assert attribute({"a": 0, "b": None}, "b") is MISSING
    assert attribute({}, "a") is MISSING


@given(st.text(st.characters()))
def test_text_can_always_be_encoded(value: str) -> None:
    assert text(value).encode("utf-8").decode("utf-8") == text(value)
    assert text(text(value)) == text(value)


def test_a_failure_tells_code_and_request_and_never_more_than_that() -> None:
    assert Failure("throttled", "SlowDown", request_id="r-1").detail == "SlowDown (request r-1)"
    assert Failure("throttled", "SlowDown").detail == "SlowDown"
    long = Failure("unavailable", "\ud800" + "x" * 5000, request_id="y" * 5000).detail
    assert long.encode("utf-8")
    assert len(long) < 3 * LONGEST_CODE
