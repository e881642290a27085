"""Snapshot files: what is written reads back the same, and what is no snapshot is refused, never judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.collection import combined, completed
from engine.collection.planner import Plan
from engine.collection.snapshot import SCHEMA, parsed, read, written
from engine.errors import InputError
from engine.model import GLOBAL, Collection, LedgerRow, LeftOut, Resource, Scope, Snapshot, Unread
from engine.run.observing import DEMO
from providers.base import ResourceType

HERE = Scope("aws", "111122223333", "eu-west-1")
THERE = Scope("aws", "111122223333", "us-east-1")
WORLD = Scope("aws", "111122223333", GLOBAL)
AT = "2026-11-23T02:00:00Z"
NO = Unread("access_denied", "s3:GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied (request 1)")
BUCKET = Resource("T", "arn:b", "b", "aws", "111122223333", "eu-west-1", {"k": "v"}, AT, {"size": 1}, {"/policy": NO})
ROW = LedgerRow(
    HERE, "s3:ListBuckets", 1, 1, 1, 1, 0, 0, {"value": 1}, ("r-1",), "0" * 64, (("", "throttled", "", ""),)
)
SNAPSHOT = Snapshot(
    AT,
    "live",
    {"account": "111122223333"},
    (HERE,),
    (Collection("T", HERE, "complete", 1),),
    (BUCKET,),
    (ROW,),
    (LeftOut(THERE, "us-east-1", "not opted in"),),
    AT,
)


def document(**changes: Any) -> dict[str, Any]:
    return {**json.loads(written(SNAPSHOT)), **changes}


def refused(data: bytes | dict[str, Any]) -> str:
    with pytest.raises(InputError, match="reading the snapshot given") as raised:
        parsed(data if isinstance(data, bytes) else json.dumps(data).encode(), "given")
    return str(raised.value)


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    file.write_bytes(written(SNAPSHOT))

    assert read(file) == SNAPSHOT
    assert written(read(file)) == file.read_bytes()


def test_what_was_just_collected_is_written_as_what_was_read() -> None:
    shared = replace(ROW, outcomes=MappingProxyType({"value": 1}))

    assert written(replace(SNAPSHOT, ledger=(shared,))) == written(SNAPSHOT)


def test_the_demonstration_is_a_snapshot_in_its_own_form() -> None:
    assert written(read(DEMO)) == DEMO.read_bytes()


@given(
    st.dictionaries(st.text(max_size=3).filter(lambda key: key != "policy"), st.text(max_size=3) | st.integers(-9, 9))
)
def test_any_properties_read_back_the_same(properties: dict[str, Any]) -> None:
    snapshot = replace(SNAPSHOT, resources=(replace(BUCKET, properties=properties),))

    assert parsed(written(snapshot), "given") == snapshot


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"\xff\xfe{}",
        b'{"schema": "auditreel/snapshot/v1"',
        b'{"schema": "auditreel/snapshot/v1"} {}',
        b'{"schema": "auditreel/snapshot/v1", "as_of": "\\ud800"}',
        b'{"schema": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"schema": ' + b"9" * 5000 + b"}",
        b"<html></html>",
        b"PK\x03\x04",
    ],
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    refused(data)


@pytest.mark.parametrize("end", range(1, 40, 3))
def test_a_file_that_was_cut_off_is_refused(end: int) -> None:
    whole = written(SNAPSHOT)

    refused(whole[: len(whole) * end // 40])


@pytest.mark.parametrize(
    ("schema", "said"),
    [("auditreel/snapshot/v2", "v2"), (None, "None"), (7, "7"), (["x" * 5000], "x" * 70)],
)
def test_another_schema_is_refused_by_name(schema: Any, said: str) -> None:
    message = refused(document(schema=schema))

    assert SCHEMA in message
    assert said in message
    assert len(message) < 300


def test_a_key_that_stands_twice_is_refused() -> None:
    data = json.dumps(document()).encode()

    assert "'size' stands twice" in refused(data.replace(b'"size": 1', b'"size": 1, "size": 2'))
    assert "'resources' stands twice" in refused(data.replace(b'"resources":', b'"resources": [], "resources":'))


@pytest.mark.parametrize("key", ["as_of", "source", "identity", "scopes", "collections", "resources"])
def test_what_every_snapshot_says_must_be_there(key: str) -> None:
    without = document()
    del without[key]

    assert key in refused(without)


RAW = document()["resources"][0]
LISTING = document()["collections"][0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"as_of": "yesterday"}, "'yesterday' is no time"),
        ({"as_of": "2026-13-41T99:00:00Z"}, "month must be in 1..12"),
        ({"as_of": "2026-11-23T02:00:00+01:00"}, "is no time in RFC 3339, UTC"),
        ({"as_of": 7}, "Expected `str`"),
        ({"resources": [{**RAW, "collected_at": ""}]}, "is no time"),
        ({"resources": [RAW, RAW]}, "holds the resource T aws/111122223333/eu-west-1 arn:b twice"),
        ({"resources": [{**RAW, "properties": []}]}, "resources[0].properties"),
        ({"resources": [{**RAW, "tags": {"a": 1}}]}, "tags"),
        ({"resources": [{**RAW, "unread": {"policy": {"reason": "throttled"}}}]}, "'policy' is no JSON Pointer"),
        ({"resources": [{**RAW, "unread": {"": {"reason": "throttled"}}}]}, "'' is no JSON Pointer"),
        ({"resources": [{**RAW, "unread": {"/size": {"reason": "throttled"}}}]}, "'/size' is both read and unread"),
        ({"resources": [{**RAW, "unread": {"/policy": {"reason": "no idea"}}}]}, "Invalid enum value"),
        ({"collections": [LISTING, LISTING]}, "holds the listing T aws/111122223333/eu-west-1 twice"),
        ({"collections": [{**LISTING, "state": "fine"}]}, "Invalid enum value"),
        ({"scopes": ["aws/1/eu-west-1"]}, "scopes[0]"),
    ],
)
def test_a_snapshot_that_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(document(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resources": []}, "counted 1, and 0 are in it"),
        ({"collections": []}, None),
        (
            {
                "collections": [
                    {
                        "type": "T",
                        "scope": {"provider": "aws", "account": "111122223333", "region": "eu-west-1"},
                        "state": "complete",
                        "count": 2,
                    }
                ]
            },
            "counted 2, and 1 are in it",
        ),
    ],
    ids=["resource taken out", "listing taken out", "count raised"],
)
def test_a_snapshot_that_lost_resources_is_refused(changes: dict[str, Any], said: str | None) -> None:
    if said is None:
        # What no listing speaks of was not collected, which the run says itself.
        assert parsed(json.dumps(document(**changes)).encode(), "s.json").collections == ()
    else:
        assert said in refused(document(**changes))


def test_numbers_that_evidence_cannot_hold_are_text() -> None:
    given = {"half": 1.5, "large": 2**60, "deep": {"list": [2.0]}}
    snapshot = parsed(json.dumps(document(resources=[{**RAW, "properties": given}])).encode(), "given")

    assert snapshot.resources[0].properties == {"half": "1.5", "large": str(2**60), "deep": {"list": ["2.0"]}}


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "none.json")
    with pytest.raises(InputError, match="directory"):
        read(tmp_path)
    with pytest.raises(InputError, match="too long"):
        read(Path("x" * 5000))


# --- what a stored snapshot lacks ---

TYPES = {"T": ResourceType("T"), "G": ResourceType("G", GLOBAL)}
PLAN = Plan("aws", TYPES, (), {}, {})


def states(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    return {
        (row.type, row.scope.region): row.state for row in completed(snapshot, [PLAN], lambda item: item).collections
    }


def test_a_listing_that_a_stored_snapshot_lacks_was_not_collected() -> None:
    snapshot = replace(SNAPSHOT, scopes=(WORLD, HERE, THERE))

    assert states(snapshot) == {
        ("G", GLOBAL): "failed",
        ("T", "eu-west-1"): "complete",
        ("T", "us-east-1"): "failed",
    }
    rows = completed(snapshot, [PLAN], lambda item: item).collections
    assert {row.unread for row in rows if row.state == "failed"} == {Unread("not_collected")}


def test_a_whole_snapshot_stays_as_it_is() -> None:
    rows = (Collection("G", WORLD, "off"), Collection("T", HERE, "complete", 1))
    whole = replace(SNAPSHOT, scopes=(WORLD, HERE), collections=rows)

    assert completed(whole, [PLAN], lambda item: item) == whole


def test_scopes_of_another_provider_lack_nothing() -> None:
    assert states(replace(SNAPSHOT, scopes=(HERE, Scope("azure", "sub", "westeurope")))) == {
        ("T", "eu-west-1"): "complete"
    }


def test_stored_resources_are_held_to_the_schemas_at_hand() -> None:
    again = completed(SNAPSHOT, [], lambda item: replace(item, properties={}))

    assert again.resources == (replace(BUCKET, properties={}),)


def test_snapshots_of_several_providers_become_one_as_of_the_first() -> None:
    azure = Scope("azure", "sub", "westeurope")
    later = replace(
        SNAPSHOT,
        as_of="2026-11-23T02:00:05Z",
        identity={"app": "x"},
        scopes=(azure,),
        collections=(Collection("A", azure, "complete"),),
        resources=(replace(BUCKET, provider="azure", type="A", id="z"),),
        finished_at="2026-11-23T02:01:00Z",
    )

    both = combined([later, SNAPSHOT])

    assert (both.as_of, both.finished_at) == (AT, "2026-11-23T02:01:00Z")
    assert both.identity == {"azure.app": "x", "aws.account": "111122223333"}
    assert [row.type for row in both.collections] == ["A", "T"]
    assert [item.type for item in both.resources] == ["A", "T"]
    assert combined([SNAPSHOT]) is SNAPSHOT
