"""The boundary: which rule decides, and that what was not read puts nothing out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judging.boundary import Boundary, groups_of, needs_tags
from engine.model import Resource, Scope, Unread
from engine.programme.model import BoundaryRule

DENIED = Unread("access_denied", "s3:GetBucketTagging", "s3:GetBucketTagging")
BUCKET = Resource(
    "AWS::S3::Bucket", "arn:aws:s3:::tmp-1", "tmp-1", "aws", "111", "eu-west-1", {"env": "sandbox"}, "", {}
)
UNIT = {"aws/ou-1": ("111",)}


def rule(id_: str = "r", **says: Any) -> BoundaryRule:
    said = {name: frozenset(value) if isinstance(value, list) else value for name, value in says.items()}
    return BoundaryRule(id_, "Nothing of customers.", "Robin", date(2026, 1, 2), **said)


SANDBOX = rule("sandbox", tags={"env": frozenset({"sandbox"})})


@pytest.mark.parametrize(
    ("says", "item", "out"),
    [
        ({"provider": "aws"}, {}, True),
        ({"provider": "gcp"}, {}, False),
        ({"accounts": ["111"]}, {}, True),
        ({"accounts": ["222"]}, {}, False),
        ({"accounts": ["111"]}, {"unread": {"/account": DENIED}}, False),
        ({"provider": "aws", "groups": ["ou-1"]}, {}, True),
        ({"provider": "aws", "groups": ["ou-1"]}, {"account": "222"}, False),
        ({"provider": "aws", "groups": ["ou-9"]}, {}, False),
        ({"regions": ["eu-west-1"]}, {}, True),
        ({"regions": ["eu-west-1"]}, {"unread": {"/region": DENIED}}, False),
        ({"types": ["AWS::S3::Bucket"], "regions": ["us-east-1"]}, {}, False),
        ({"tags": {"env": frozenset({"sandbox"})}}, {}, True),
        ({"tags": {"env": frozenset({"sandbox"})}}, {"tags": {}}, False),
        ({"tags": {"env": frozenset({"sandbox"})}}, {"tags": None, "unread": {"/tags": DENIED}}, False),
        ({"tags": {"env": frozenset({"sandbox"})}}, {"unread": {"/tags/env": DENIED}}, False),
        ({"when": 'resource.name.startsWith("tmp-")'}, {}, True),
        ({"when": 'resource.name.startsWith("tmp-")'}, {"unread": {"/name": DENIED}}, False),
        ({"when": 'resource.tags.env == "sandbox"'}, {}, True),
        ({"when": 'resource.tags.env == "sandbox"'}, {"tags": {}}, False),
        ({"when": 'resource.tags.env == "sandbox"'}, {"tags": None, "unread": {"/tags": DENIED}}, False),
        ({"when": 'resource.tags.env != "live"', "accounts": ["222"]}, {}, False),
    ],
)
def test_a_resource_is_out_where_all_that_a_rule_says_is_known_to_hold(
    says: dict[str, Any], item: dict[str, Any], out: bool
) -> None:
    found, _ = Boundary([rule(**says)], UNIT).of(replace(BUCKET, **item))
    assert found == ("r" if out else None)


def test_the_first_rule_that_may_hold_decides() -> None:
    inside = rule("live", state="in", accounts=["111"])
    assert Boundary([SANDBOX, inside]).of(BUCKET) == ("sandbox", False)
    assert Boundary([inside, SANDBOX]).of(BUCKET) == (None, False)
    unread = replace(BUCKET, tags=None, unread={"/tags": DENIED})
    kept = rule("kept", state="in", tags={"env": frozenset({"live"})})
    # Whether the tag keeps it in is not known, so that no later rule puts it out.
    assert Boundary([kept, rule("all", accounts=["111"])]).of(unread)[0] is None
    assert Boundary([SANDBOX]).of(unread) == (None, True)


@given(
    st.lists(
        st.builds(
            rule,
            st.sampled_from(["a", "b"]),
            state=st.sampled_from(["in", "out_of_boundary"]),
            accounts=st.sampled_from([[], ["111"], ["222"]]),
            regions=st.sampled_from([[], ["eu-west-1"]]),
            tags=st.sampled_from([{}, {"env": frozenset({"sandbox"})}]),
            when=st.sampled_from([None, 'resource.name == "tmp-1"', '"team" in resource.tags']),
        ),
        max_size=4,
    ),
    st.sets(st.sampled_from(["/tags", "/name", "/region", "/account"])),
)
def test_what_is_hidden_never_puts_out_what_was_in(rules: list[BoundaryRule], hidden: set[str]) -> None:
    boundary = Boundary(rules)
    darker = replace(
        BUCKET, tags=None if "/tags" in hidden else BUCKET.tags, unread=dict.fromkeys(sorted(hidden), DENIED)
    )
    if boundary.of(BUCKET)[0] is None:
        assert boundary.of(darker)[0] is None
    # What a whole account or listing is said to be, each resource in it is.
    if boundary.of_account("aws", "111") is not None:
        assert boundary.of(BUCKET)[0] is not None
    if boundary.of_listing(BUCKET.scope, BUCKET.type) is not None:
        assert boundary.of(BUCKET)[0] is not None


def test_whole_accounts_and_listings_are_out_only_where_nothing_there_can_be_in() -> None:
    boundary = Boundary([rule("far", regions=["us-east-1"]), rule("old", accounts=["111"]), SANDBOX])
    assert boundary.of_account("aws", "111") == "old"
    assert boundary.of_account("aws", "222") is None
    assert boundary.of_listing(Scope("aws", "222", "us-east-1"), BUCKET.type) == "far"
    # Buckets are listed for all regions at once, and nobody knows what an account is that could not be listed.
    assert boundary.of_listing(Scope("aws", "222", "global"), BUCKET.type) is None
    assert boundary.of_listing(Scope("aws", "*", "*"), BUCKET.type) is None
    kept = rule("kept", state="in", types=["AWS::S3::Bucket"])
    assert Boundary([kept, rule("old", accounts=["111"])]).of_account("aws", "111") is None


def test_an_account_is_named_by_id_by_group_or_with_its_provider() -> None:
    named = {
        "id": rule(accounts=["111"]),
        "group": rule(provider="aws", groups=["ou-1"]),
        "provider": rule(provider="aws", state="in"),
        "another": rule(accounts=["222"]),
        "region": rule(provider="aws", regions=["eu-west-1"]),
        "tag": SANDBOX,
        "unread group": rule(provider="aws", groups=["ou-9"]),
    }
    found = {name: Boundary([one], UNIT).names("aws", "111") for name, one in named.items()}
    assert found == {
        "id": True,
        "group": True,
        "provider": True,
        "another": False,
        "region": False,
        "tag": False,
        "unread group": False,
    }


def test_only_what_rules_ask_is_read() -> None:
    assert needs_tags([SANDBOX], "aws", "AWS::S3::Bucket")
    assert not needs_tags([rule(accounts=["1"])], "aws", "AWS::S3::Bucket")
    assert not needs_tags([replace(SANDBOX, types=frozenset({"AWS::EC2::Volume"}))], "aws", "AWS::S3::Bucket")
    assert groups_of([rule(provider="gcp", groups=["7"]), rule(provider="aws", groups=["ou-1"])], "aws") == ("ou-1",)
