"""Google's JSON forms: one row a case, its id says why."""

from __future__ import annotations

from typing import Any

import pytest

from providers.base import MISSING, Unread
from providers.gcp.fields import (
    Field,
    decimal,
    entry,
    flag,
    instant,
    labels,
    last,
    read,
    rows,
    seconds,
    text,
    texts,
    whole,
)
from providers.gcp.iam_policy import audit_configs, counted, principals

BAD = "malformed_response"
FORMS = [
    (whole, 5, 5, "an integer of 32 bits"),
    (whole, "604800", 604800, "an integer of 64 bits is text"),
    (whole, "-1", -1, "a negative one"),
    (whole, "9223372036854775807", 9223372036854775807, "the largest"),
    (whole, True, BAD, "a boolean is no integer"),
    (whole, 5.0, BAD, "nor is a float"),
    (whole, "five", BAD, "nor a word"),
    (whole, "", BAD, "nor nothing"),
    (seconds, "7776000s", 7776000, "a duration"),
    (seconds, "0s", 0, "none"),
    (seconds, "3600.000s", 3600, "whole, with a fraction of nothing"),
    (seconds, "0.5s", BAD, "a part of a second"),
    (seconds, "7776000", BAD, "without its unit"),
    (seconds, 7776000, BAD, "a number"),
    (decimal, 0, "0", "a double that is whole"),
    (decimal, 0.0, "0", "a double of nothing"),
    (decimal, 100, "100", "no exponent"),
    (decimal, 0.5, "0.5", "a fraction"),
    (decimal, 1e-9, "0.000000001", "a small one"),
    (decimal, "NaN", BAD, "a word for no number"),
    (decimal, True, BAD, "a boolean is no double"),
    (instant, "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z", "a time"),
    (instant, "2026-11-23T12:00:00.206650064Z", "2026-11-23T12:00:00.206650Z", "nanoseconds are cut off"),
    (instant, "2017-05-04T16:23:00.568-07:00", "2017-05-04T23:23:00.568000Z", "with an offset"),
    (instant, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "for ever"),
    (instant, "yesterday", BAD, "a word"),
    (instant, 5, BAD, "a number is no time"),
    (flag, True, True, "a boolean"),
    (flag, "true", BAD, "text is no boolean"),
    (flag, 1, BAD, "nor is a number"),
    (text, "ENABLED", "ENABLED", "an enumeration"),
    (text, 1, BAD, "the number of an enumeration"),
    (texts, ["a"], ["a"], "a list of text"),
    (texts, "a", BAD, "text is no list"),
    (texts, ["a", 1], BAD, "a list with a number"),
    (labels, {"a": "b"}, {"a": "b"}, "labels"),
    (labels, {"a": 1}, BAD, "a label that is a number"),
    (last, "https://www.googleapis.com/compute/v1/projects/p/zones/europe-west1-b", "europe-west1-b", "the last part"),
    (last, None, BAD, "of nothing"),
    (rows({"name": Field("name")}), [{"name": "a"}], [{"name": "a"}], "rows"),
    (rows({"name": Field("name")}), {"name": "a"}, BAD, "an object is no list"),
    (entry({"name": Field("name")}), {"name": "a"}, {"name": "a"}, "an object"),
    (entry({"name": Field("name")}), ["a"], BAD, "a list is no object"),
]


@pytest.mark.parametrize(("form", "value", "expected", "why"), FORMS, ids=[case[-1] for case in FORMS])
def test_a_form_gives_a_plain_value_or_says_that_it_is_none(form: Any, value: Any, expected: Any, why: str) -> None:
    found = form(value)
    assert (found.reason if isinstance(found, Unread) else found) == expected


FIELDS = {
    "enabled": Field("versioning.enabled", flag, False),
    "key": Field("encryption.defaultKmsKeyName", text, None),
    "location": Field("location"),
}
ITEMS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"versioning": {"enabled": True}, "encryption": {"defaultKmsKeyName": "k"}, "location": "EU"},
        {"enabled": True, "key": "k", "location": "EU"},
        "all there",
    ),
    ({"location": "EU"}, {"enabled": False, "key": None, "location": "EU"}, "what is documented as absent"),
    (
        {"versioning": {}, "encryption": None, "location": "EU"},
        {"enabled": False, "key": None, "location": "EU"},
        "absent inside of what is there, and null",
    ),
    ({}, {"enabled": False, "key": None, "location": MISSING}, "absent, and nobody documents what that means"),
]


@pytest.mark.parametrize(("item", "expected", "why"), ITEMS, ids=[case[-1] for case in ITEMS])
def test_an_absent_field_is_its_documented_default_or_unread(item: Any, expected: Any, why: str) -> None:
    assert read(FIELDS, item) == expected


@pytest.mark.parametrize("item", [{"versioning": "on"}, {"versioning": {"enabled": "true"}}, {"versioning": []}])
def test_a_field_in_another_form_is_never_its_default(item: dict[str, Any]) -> None:
    found = read(FIELDS, item)["enabled"]
    assert isinstance(found, Unread)
    assert found.reason == BAD


# --- IAM policies ---

UNREAD = Unread("access_denied", "cloudresourcemanager.folders.getIamPolicy")


def test_principals_are_told_once_with_all_that_they_hold() -> None:
    condition = {"title": "night", "expression": "request.time.getHours() < 6", "description": "for batch jobs"}
    own = {
        "bindings": [
            {"role": "roles/viewer", "members": ["user:b@example.com", "group:g@example.com"]},
            {"role": "roles/editor", "members": ["user:b@example.com"], "condition": condition},
        ]
    }
    above = {"bindings": [{"role": "roles/owner", "members": ["user:b@example.com"]}]}

    assert principals([("projects/p", own), ("organizations/1", above)]) == [
        {
            "member": "group:g@example.com",
            "kind": "group",
            "grants": [{"role": "roles/viewer", "granted_on": "projects/p", "condition": None}],
        },
        {
            "member": "user:b@example.com",
            "kind": "user",
            "grants": [
                {"role": "roles/viewer", "granted_on": "projects/p", "condition": None},
                {
                    "role": "roles/editor",
                    "granted_on": "projects/p",
                    "condition": {"expression": "request.time.getHours() < 6", "title": "night"},
                },
                {"role": "roles/owner", "granted_on": "organizations/1", "condition": None},
            ],
        },
    ]


COUNTS = [
    ("user:a@example.com", 1),
    ("serviceAccount:a@p.iam.gserviceaccount.com", 1),
    ("principal://iam.googleapis.com/locations/global/workforcePools/p/subject/a", 1),
    ("deleted:user:a@example.com?uid=1", 0),
    ("group:g@example.com", None),
    ("domain:example.com", None),
    ("principalSet://iam.googleapis.com/locations/global/workforcePools/p/*", None),
    ("projectOwner:p", None),
    ("allUsers", None),
    ("allAuthenticatedUsers", None),
]


@pytest.mark.parametrize(("member", "count"), COUNTS)
def test_how_many_a_member_is_is_known_or_said_not_to_be(member: str, count: int | None) -> None:
    (row,) = counted(principals([("projects/p", {"bindings": [{"role": "roles/owner", "members": [member]}]})]))
    found = row["principal_count"]
    assert (None if isinstance(found, Unread) else found) == count


def test_a_policy_that_was_not_read_leaves_an_element_of_which_nothing_is_known() -> None:
    told = [("projects/p", {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}), ("folders/1", UNREAD)]

    assert counted(principals(told))[-1] == dict.fromkeys(("member", "kind", "grants", "principal_count"), UNREAD)
    assert audit_configs(told) == [dict.fromkeys(("service", "log_type", "exempted_members", "set_on"), UNREAD)]


def test_audit_configurations_add_up() -> None:
    own = {"auditConfigs": [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]}
    exempting = {"logType": "DATA_READ", "exemptedMembers": ["user:b@example.com", "user:a@example.com"]}
    above = {"auditConfigs": [{"service": "storage.googleapis.com", "auditLogConfigs": [exempting]}]}

    assert audit_configs([("projects/p", own), ("folders/1", above), ("organizations/1", {})]) == [
        {"service": "allServices", "log_type": "DATA_READ", "exempted_members": [], "set_on": "projects/p"},
        {
            "service": "storage.googleapis.com",
            "log_type": "DATA_READ",
            "exempted_members": ["user:a@example.com", "user:b@example.com"],
            "set_on": "folders/1",
        },
    ]


@pytest.mark.parametrize(
    "policy",
    [
        {"bindings": [{"members": ["allUsers"]}]},
        {"bindings": [{"role": "r", "members": [1]}]},
        {"bindings": ["all"]},
        [],
    ],
)
def test_a_policy_that_is_none_is_no_policy_without_bindings(policy: Any) -> None:
    with pytest.raises((AttributeError, LookupError, TypeError)):
        principals([("projects/p", policy)])
