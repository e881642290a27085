"""From the JSON of Azure to properties: what absence means at which api-version; what an action allows."""

from __future__ import annotations

from typing import Any

import pytest

from providers.azure.caller import graph_operation, operation
from providers.azure.grants import allows
from providers.azure.resource_graph import Quota
from providers.azure.shapes import MALFORMED, always, ids, region, since
from providers.base import MISSING


@pytest.mark.parametrize(
    ("item", "version", "expected"),
    [
        ({"properties": {"a": {"b": False}}}, "2019-01-01", False),
        ({"properties": {"a": {}}}, "2021-01-01", None),
        ({"properties": {"a": None}}, "2021-01-01", None),
        ({"properties": {}}, "2021-01-01-preview", None),
        ({"properties": {}}, "2020-12-31", MISSING),
        ({"properties": {}}, "", MISSING),
        ({"properties": []}, "2021-01-01", MALFORMED),
        # Every resource has the object, whatever is in it: without it nothing was said of anything.
        ({}, "2021-01-01", MALFORMED),
        ({"properties": None}, "2021-01-01", MALFORMED),
        ({"properties": {"a": "text"}}, "2021-01-01", MALFORMED),
    ],
)
def test_absence_is_null_only_where_the_version_defines_the_property(item: Any, version: str, expected: Any) -> None:
    assert since("2021-01-01", "properties.a.b").of(item, version) == expected


def test_what_is_always_there_is_unread_where_it_is_not() -> None:
    assert always("properties.a").of({"properties": {}}, "2099-01-01") is MISSING


@pytest.mark.parametrize("value", ["text", 7, [7], [{}], {"id": 1}])
def test_a_value_of_another_form_is_malformed(value: Any) -> None:
    assert since("2020-01-01", "a", [], ids).of({"a": value}, "2020-01-01") is MALFORMED


def test_locations_have_one_spelling() -> None:
    assert [region("West Europe"), region("westeurope"), region(""), region(None)] == ["westeurope"] * 2 + [None] * 2


READ = "Microsoft.Storage/storageAccounts/read"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], False),
        ([{"actions": ["*"], "notActions": []}], True),
        ([{"actions": ["*/read"], "notActions": []}], True),
        ([{"actions": ["microsoft.storage/*"], "notActions": []}], True),
        ([{"actions": [READ.upper()]}], True),
        ([{"actions": ["Microsoft.Storage/storageAccounts/write"], "notActions": []}], False),
        ([{"actions": ["*"], "notActions": ["Microsoft.Storage/*"]}], False),
        ([{"actions": ["*"], "notActions": ["Microsoft.Storage/*"]}, {"actions": [READ]}], True),
        ([{"actions": None}], False),
        ([{"actions": "*"}], False),
    ],
)
def test_an_action_is_granted_by_any_role_that_does_not_take_it_out(entries: Any, expected: bool) -> None:
    assert allows(entries, READ) is expected


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/subscriptions", "arm:Microsoft.Resources/subscriptions"),
        ("/subscriptions/s/providers/Microsoft.KeyVault/vaults", "arm:Microsoft.KeyVault/vaults"),
        ("/subscriptions/s/resourceGroups/g/providers/A.B/c/n/d/default?x=1", "arm:A.B/c/d"),
        ("/subscriptions/s/resourceGroups/g/providers/A.B/c/n/providers/E.F/g", "arm:E.F/g"),
    ],
)
def test_an_operation_is_named_by_its_type(path: str, name: str) -> None:
    assert operation(path) == name


def test_an_operation_of_microsoft_graph_is_its_path_without_ids() -> None:
    id_ = "05e40000-0000-4000-8000-000000000001"
    assert graph_operation(f"groups/{id_}/transitiveMembers?$top=9") == "graph:groups/{id}/transitiveMembers"
    cast = f"groups/{id_}/transitiveMembers/microsoft.graph.user?$count=true"
    assert graph_operation(cast) == "graph:groups/{id}/transitiveMembers"


def test_who_finds_the_quota_used_up_waits_for_its_window() -> None:
    quota, waited = Quota(), list[float]()
    for left in (1, 0):
        quota.take(waited.append)
        quota.told({"x-ms-user-quota-remaining": str(left), "x-ms-user-quota-resets-after": "00:00:05"})
    assert waited == []
    quota.take(waited.append)
    quota.told({"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"})
    quota.take(waited.append)
    assert waited == [5.0]


@pytest.mark.parametrize(("resets", "seconds"), [("01:00:00", 60.0), ("soon", 0.0), ("", 0.0)])
def test_no_window_is_waited_for_longer_than_a_minute(resets: str, seconds: float) -> None:
    quota, waited = Quota(), list[float]()
    quota.told({"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": resets})
    quota.take(waited.append)
    assert waited == ([seconds] if seconds else [])
