"""What a schema marks as personal stands in an erasable file, and comes back from there unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence import canonical
from engine.evidence.personal import (
    ANY,
    Marks,
    PrivateObjects,
    joined,
    marks,
    opened,
    speaks_of,
    split,
    template_speaks_of,
)

PERSONAL = {"type": "string", "x-personal": True}
OWNER = {"type": "object", "properties": {"email": PERSONAL, "id": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "places"),
    [
        ({"properties": {"email": PERSONAL, "size": {}}}, (("email",),)),
        ({"properties": {"owner": OWNER}}, (("owner", "email"),)),
        ({"properties": {"owners": {"items": OWNER}}}, (("owners", ANY, "email"),)),
        ({"properties": {"emails": {"items": PERSONAL}}}, (("emails",),)),
        ({"properties": {"owner": {"anyOf": [{"type": "null"}, OWNER]}}}, (("owner", "email"),)),
        ({"properties": {"owner": {"$ref": "#/$defs/owner"}}, "$defs": {"owner": OWNER}}, (("owner", "email"),)),
        ({"properties": {"size": {}}}, ()),
    ],
)
def test_marks_are_found_wherever_a_schema_can_put_them(schema: dict[str, Any], places: Any) -> None:
    assert marks(schema) == Marks(False, places)


def test_identity_is_marked_at_the_top_of_a_schema() -> None:
    assert marks({"x-personal-identity": True}) == Marks(True, ())


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"tags": {"additionalProperties": PERSONAL}}},
        {"properties": {"pair": {"prefixItems": [PERSONAL]}}},
        {"$defs": {"unused": PERSONAL}},
        {"x-personal": True},
    ],
)
def test_a_mark_that_cannot_be_followed_is_an_error_and_not_ignored(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="x-personal"):
        marks(schema)


json_values = st.recursive(
    st.none() | st.integers(0, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "~/"]), inner, max_size=3),
    max_leaves=12,
)
properties = st.dictionaries(st.sampled_from(["a", "b", "~/"]), json_values)
places = st.lists(
    st.lists(st.sampled_from(["a", "b", "~/", ANY]), min_size=1, max_size=4)
    .map(tuple)
    .filter(lambda place: place[-1] != ANY and place[0] != ANY),
    max_size=3,
    unique=True,
).map(tuple)


@given(properties, places)
def test_taking_apart_and_putting_together_again_gives_the_same_properties(value: Any, where: Any) -> None:
    public, private = split(value, where)
    assert joined(public, private) == value


def test_personal_values_are_nowhere_in_the_public_part() -> None:
    value = {"owners": [{"email": "a@example.org", "id": "1"}, {"id": "2"}], "size": 3}
    public, private = split(value, (("owners", ANY, "email"),))
    assert public == {"owners": [{"id": "1"}, {"id": "2"}], "size": 3}
    assert private == {"/owners/0/email": "a@example.org"}


def test_equal_objects_have_equal_digests_and_another_secret_has_others() -> None:
    value = {"email": "a@example.org"}
    first, second = PrivateObjects(b"k" * 32), PrivateObjects(b"k" * 32)
    assert first.commit(value) == second.commit(dict(value)) != first.commit({"email": "b@example.org"})
    assert PrivateObjects(b"l" * 32).commit(value) != first.commit(value)


def test_a_digest_cannot_be_made_from_the_value_alone() -> None:
    value = {"email": "a@example.org"}
    assert PrivateObjects(b"k" * 32).commit(value) != canonical.digest(canonical.encode(value))


def test_a_private_file_opens_under_its_own_name_only() -> None:
    kept = PrivateObjects(b"k" * 32)
    name = kept.commit({"email": "a@example.org"})
    assert opened(name, kept.files[name]) == {"email": "a@example.org"}
    with pytest.raises(ValueError, match="digest"):
        opened("0" * 64, kept.files[name])


@pytest.mark.parametrize("position", range(0, 150, 7))
def test_any_changed_byte_of_a_private_file_is_noticed(position: int) -> None:
    kept = PrivateObjects(b"k" * 32)
    name = kept.commit({"email": "a@example.org", "name": "Zoë Example of the long name"})
    data = bytearray(kept.files[name])
    data[position % len(data)] ^= 1
    with pytest.raises(ValueError):
        opened(name, bytes(data))


TYPES = {"resource": Marks(False, (("owner", "email"),)), "users": Marks(True, ()), "trails": Marks()}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("resource.owner.email", True),
        ("resource.owner", True),
        ("resource", True),
        ("resource.size", False),
        ("users[0].name", True),
        ("users[0]", True),
        ("users[0].mfa_active", False),
        ("trails[0].name", True),  # the same word: better once too often
        ("trails[0].is_logging", False),
        ("trails", False),
        ("users.map(user, user.mfa_active)", True),
    ],
)
def test_a_path_that_may_show_something_personal_is_recognised(path: str, said: bool) -> None:
    assert speaks_of(path, TYPES) is said


def test_only_what_a_message_interpolates_counts() -> None:
    assert not template_speaks_of("The owner of the resource has ${resource.size} users", TYPES)
    assert template_speaks_of("Belongs to ${resource.owner.email}", TYPES)
