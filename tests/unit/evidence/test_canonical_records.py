"""What a finding and a resource become when they are recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SealError
from engine.evidence import canonical, personal, record
from engine.evidence.personal import PrivateObjects, RedactedError
from engine.evidence.record import Bodies
from engine.model import Finding, Resource, Subject, Unread
from tests.unit.evidence.synthetic_runs import (
    BUCKET,
    ENCRYPTED,
    LOGGED,
    MFA,
    SCHEMAS,
    SCOPE,
    TRAIL,
    USER,
    finding,
    judged,
    person,
    resource,
)

SECRET = b"s" * 32
PARAMETERS = {check.id: "0" * 64 for check in (ENCRYPTED, LOGGED, MFA)}


def bodies(kept: PrivateObjects | None = None) -> Bodies:
    marks = {name: personal.marks(schema) for name, schema in SCHEMAS.items()}
    return Bodies(marks, (kept or PrivateObjects(SECRET)).commit)


def leaf(of: Finding, kept: PrivateObjects | None = None) -> dict[str, Any]:
    (only,) = record.leaves([of], PARAMETERS, bodies(kept))
    return dict(canonical.decode(only.data))


def test_a_failure_is_recorded_with_what_was_observed() -> None:
    bucket = resource(BUCKET, "arn:aws:s3:::b", encryption_algorithm="AES256")
    observed = (("resource.encryption_algorithm", "AES256"),)
    assert leaf(finding(ENCRYPTED, bucket, "fail", message="AES256 is not approved.", observed=observed)) == {
        "schema": 1,
        "check": {"id": "aws.made.encrypted", "version": 1, "digest": ENCRYPTED.digest},
        "parameters": "0" * 64,
        "scope": {"provider": "aws", "account": "123456789012", "region": "eu-west-1"},
        "subject": {"kind": "resource", "type": BUCKET, "id": "arn:aws:s3:::b"},
        "verdict": "fail",
        "body": bodies().of(bucket),
        "message": "AES256 is not approved.",
        "observed": [{"path": "resource.encryption_algorithm", "value": "AES256"}],
    }


@pytest.mark.parametrize("verdict", ["pass", "not_applicable"])
def test_what_is_no_failure_holds_neither_message_nor_values(verdict: str) -> None:
    bucket = resource(BUCKET, "arn:aws:s3:::b", encryption_algorithm="aws:kms")
    said = leaf(finding(ENCRYPTED, bucket, verdict, message="?", observed=(("resource.x", 1),)))
    assert said.keys() == {"schema", "check", "parameters", "scope", "subject", "verdict", "body"}


def test_an_unlisted_scope_is_recorded_without_a_body() -> None:
    subject = Subject("scope", BUCKET, str(SCOPE), str(SCOPE))
    said = leaf(Finding(ENCRYPTED, subject, SCOPE, "unknown", reason="throttled", message="?"))
    assert said["subject"] == {"kind": "scope", "type": BUCKET, "id": "aws/123456789012/eu-west-1"}
    assert said["reason"] == "throttled"
    assert "body" not in said


def test_a_relation_is_one_digest_however_many_resources_it_has() -> None:
    trails = tuple(resource(TRAIL, f"trail/{n}", is_logging=True) for n in range(300))
    made = bodies()
    bucket = resource(BUCKET, "b", encryption_algorithm=None)
    (forward,) = record.leaves([finding(LOGGED, bucket, "pass", related={"trails": trails})], PARAMETERS, made)
    (backward,) = record.leaves([finding(LOGGED, bucket, "pass", related={"trails": trails[::-1]})], PARAMETERS, made)
    assert forward.data == backward.data
    listed = canonical.decode(made.documents[canonical.decode(forward.data)["related"]["trails"]])
    assert listed == sorted(made.of(trail) for trail in trails)


def test_neither_time_nor_run_nor_waiver_changes_a_record() -> None:
    def leaves(what: Any) -> list[bytes]:
        return [found.data for found in record.leaves(what.findings, PARAMETERS, bodies())]

    assert leaves(judged(collected_at="2026-11-23T02:00:07Z")) == leaves(judged(collected_at="2031-01-01T00:00:00Z"))


def test_records_stand_in_the_order_of_scope_check_and_subject() -> None:
    found = judged().findings
    forward, backward = (record.leaves(order, PARAMETERS, bodies()) for order in (found, found[::-1]))
    assert [item.data for item in forward] == [item.data for item in backward]
    plain = [item.finding for item in forward if item.finding.subject.type != USER]
    assert plain == sorted(plain, key=lambda item: item.order)


def test_only_the_reasons_of_what_was_not_read_are_in_a_body() -> None:
    def body(unread: Unread) -> str:
        return bodies().of(replace(resource(BUCKET, "b"), unread={"/policy": unread}))

    denied = Unread("access_denied", "s3:GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied (request 1)")
    assert body(denied) == body(Unread("access_denied", detail="AccessDenied (request 2)"))
    assert body(denied) != body(Unread("throttled"))


def test_a_personal_identity_stands_nowhere_but_in_the_private_part() -> None:
    user = person()
    kept = PrivateObjects(SECRET)
    made = bodies(kept)
    observed = (("resource.mfa_active", False),)
    (failed,) = record.leaves(
        [finding(MFA, user, "fail", message="jane.doe has no second factor.", observed=observed)], PARAMETERS, made
    )
    public = failed.data + b"".join(made.documents.values())
    for secret in (b"jane.doe", b"example.org", b"S-4711", b"second factor"):
        assert secret not in public
        assert secret in b"".join(kept.files.values())
    assert b'"active":true' in public


def test_a_personal_subject_keeps_its_digest_when_something_else_of_it_changes() -> None:
    user = person()
    moved = replace(user, properties={**user.properties, "email": "j.smith@example.org"})
    before, after = (leaf(finding(MFA, item, "pass")) for item in (user, moved))
    assert before["subject"] == after["subject"]
    assert before["body"] != after["body"]


@pytest.mark.parametrize(
    ("message", "path", "private"),
    [
        ("${resource.encryption_algorithm} is wrong", "resource.encryption_algorithm", False),
        ("${owners[0].name} owns it", "resource.encryption_algorithm", True),
        ("It has no owner", "owners[0].email", True),
        ("It has no owner", "owners", True),
    ],
)
def test_a_message_that_may_name_a_person_is_private(message: str, path: str, private: bool) -> None:
    owners = {"owners": replace(LOGGED.related["trails"], name="owners", resource_type=USER)}
    asked = replace(ENCRYPTED, message=message, related=owners)
    said = leaf(finding(asked, resource(BUCKET, "b"), "fail", message="m", observed=((path, "v"),)))
    assert ("private" in said) is private
    assert ("message" in said) is not private


def test_a_type_without_schema_is_refused_because_nobody_knows_what_is_personal() -> None:
    with pytest.raises(SealError, match="AWS::Made::Up"):
        bodies().of(resource("AWS::Made::Up", "x"))


@pytest.mark.parametrize("value", [1.5, 2**60, b"x", datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_property_that_canonical_json_cannot_hold_is_refused_by_name(value: Any) -> None:
    with pytest.raises(SealError, match=r"recording arn:b: \$\.properties\.size"):
        bodies().of(resource(BUCKET, "arn:b", size=value))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (timedelta(days=1, milliseconds=5), "86400.005s"),
        (timedelta(days=90), "7776000s"),
        (1.5, "1.5"),
        (2**60, str(2**60)),
        ({"größe": ["\ud800"]}, {"gr%C3%B6%C3%9Fe": ["\\ud800"]}),
    ],
)
def test_observed_values_beyond_json_are_written_as_text(value: Any, written: Any) -> None:
    said = leaf(finding(ENCRYPTED, resource(BUCKET, "b"), "fail", message="m", observed=(("p", value),)))
    assert said["observed"] == [{"path": "p", "value": written}]


hostile = st.text(st.characters(exclude_categories=()), max_size=8)
free_form = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3),
    max_leaves=8,
)


@given(hostile, hostile, st.none() | st.dictionaries(hostile, hostile, max_size=3), free_form, hostile)
def test_a_resource_comes_back_from_its_body(name: str, id_: str, tags: Any, value: Any, pointer: str) -> None:
    made = Resource(
        type=USER,
        id=id_,
        name=name,
        provider="aws",
        account="1",
        region="global",
        tags=tags,
        collected_at="2026-01-01T00:00:00Z",
        properties={"email": value, "devices": [{"serial": value, "active": True}], "policy": value},
        unread={pointer: Unread("throttled")},
    )
    kept = PrivateObjects(SECRET)
    writer = bodies(kept)
    body = canonical.decode(writer.documents[writer.of(made)])
    private = {name: personal.opened(name, file) for name, file in kept.files.items()}
    assert record.resource(body, made.collected_at, private) == made
    with pytest.raises(RedactedError):
        record.resource(body, made.collected_at, {})


def test_bodies_are_json_that_anyone_can_read() -> None:
    made = bodies()
    name = made.of(resource(BUCKET, "arn:b", encryption_algorithm=None))
    assert json.loads(made.documents[name]) == {
        "type": BUCKET,
        "id": "arn:b",
        "name": "b",
        "provider": "aws",
        "account": "123456789012",
        "region": "eu-west-1",
        "tags": {"Gr%C3%B6%C3%9Fe": "ß", "100%25": "\\ud800", "stage": "prod"},
        "properties": {"encryption_algorithm": None},
        "unread": {},
    }
    assert canonical.digest(made.documents[name]) == name
