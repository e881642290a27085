"""Judging: verdicts, their causes, and that a verdict stands only if nothing unread could change it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.content.checks import CompiledCheck, compile_checks
from engine.content.resources import ResourceSchema, types_of
from engine.judging.evaluate import evaluate
from engine.model import (
    GLOBAL,
    Cause,
    Check,
    Collection,
    CollectionState,
    Finding,
    Parameter,
    Relation,
    Resource,
    Scope,
    Snapshot,
    Subject,
    Unread,
)

AS_OF = "2026-11-23T02:00:00Z"
ACCOUNT = "111122223333"
HERE = Scope("aws", ACCOUNT, "eu-west-1")
THERE = Scope("aws", ACCOUNT, "us-east-1")
DENIED = Unread("access_denied", "s3:GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied")
SLOW = Unread("throttled", "cloudtrail:DescribeTrails")


def _schema(title: str, **properties: Any) -> dict[str, Any]:
    described = {
        name: {"description": f"The {name}.", "x-operation": "test:Get", **schema}
        for name, schema in properties.items()
    }
    return {"title": title, "type": "object", "additionalProperties": False, "properties": described}


@cache
def types() -> Mapping[str, ResourceSchema]:
    rule = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"port": {"type": "integer"}, "open": {"type": "boolean"}, "cidr": {"type": ["string", "null"]}},
    }
    schemas = [
        _schema(
            "Test::Bucket",
            algorithm={"type": ["string", "null"]},
            is_log_target={"type": "boolean"},
            size={"type": "integer"},
            made_at={"type": "string", "format": "date-time"},
            names={"type": "array", "items": {"type": "string"}},
            rules={"type": "array", "items": rule},
            block={
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {"acls": {"type": "boolean"}, "policy": {"type": "boolean"}},
            },
            twin={"type": ["string", "null"]},
        ),
        _schema("Test::Trail", bucket={"type": ["string", "null"]}, on={"type": "boolean"}, kind={"type": "string"}),
    ]
    return types_of({Path(f"{schema['title']}.schema.json"): json.dumps(schema).encode() for schema in schemas})


def check(
    expression: str,
    when: str | None = None,
    related: Mapping[str, Relation] | None = None,
    message: str = "Bucket ${resource.name} is ${resource.algorithm}.",
) -> CompiledCheck:
    source = Check(
        id="aws.test.check",
        version=1,
        title="A check",
        resource_type="Test::Bucket",
        criteria=("CC6.1",),
        severity="high",
        rationale="",
        expression=expression,
        message=message,
        remediation={},
        references=(),
        path=Path("check.yaml"),
        source=b"{}",
        digest="",
        when=when,
        related=related or {},
        parameters={"approved": Parameter("approved", "list<string>", ["kms"], "Approved.")},
    )
    (compiled,) = compile_checks([source], types())
    return compiled


def bucket(
    id_: str = "b",
    properties: Mapping[str, Any] | None = None,
    unread: Mapping[str, Unread] | None = None,
    scope: Scope = HERE,
    type_: str = "Test::Bucket",
    tags: Mapping[str, str] | None = None,
) -> Resource:
    return Resource(
        type_, id_, id_, scope.provider, scope.account, scope.region, tags, AS_OF, properties or {}, unread or {}
    )


def trail(id_: str, scope: Scope = HERE, unread: Mapping[str, Unread] | None = None, **properties: Any) -> Resource:
    return bucket(id_, properties, unread, scope, "Test::Trail")


def listed(type_: str, scope: Scope = HERE, state: CollectionState = "complete") -> Collection:
    return Collection(type_, scope, state, 0, SLOW if state == "failed" else None)


def snapshot(*items: Resource, rows: tuple[Collection, ...] | None = None) -> Snapshot:
    both = tuple(listed(type_) for type_ in ("Test::Bucket", "Test::Trail"))
    return Snapshot(AS_OF, "recorded", {}, (HERE, THERE), both if rows is None else rows, items)


def only(compiled: CompiledCheck, *items: Resource, rows: tuple[Collection, ...] | None = None) -> Finding:
    (finding,) = evaluate(snapshot(*items, rows=rows), [compiled])
    return finding


# --- verdicts ---


@pytest.mark.parametrize(
    ("expression", "when", "properties", "verdict"),
    [
        ("resource.size > 3", None, {"size": 4}, "pass"),
        ("resource.size > 3", None, {"size": 3}, "fail"),
        ("resource.size > 3", None, {}, "unknown"),
        ("resource.size > 3", "!resource.is_log_target", {"is_log_target": True}, "not_applicable"),
        ("resource.size > 3", "!resource.is_log_target", {"is_log_target": False, "size": 4}, "pass"),
        ("resource.size > 3", "!resource.is_log_target", {"size": 4}, "unknown"),
        ("resource.size > 3 || resource.is_log_target", None, {"is_log_target": True}, "pass"),
        ("resource.size > 3 && resource.is_log_target", None, {"is_log_target": False}, "fail"),
        ("resource.size > 3 || resource.is_log_target", None, {"is_log_target": False}, "unknown"),
        ("resource.algorithm in params.approved", None, {"algorithm": None}, "fail"),
        ("resource.algorithm in params.approved", None, {"algorithm": "kms"}, "pass"),
        ("resource.block.acls", None, {"block": None}, "unknown"),
        ("now - resource.made_at < days(2)", None, {"made_at": "2026-11-22T00:00:00Z"}, "pass"),
        ("now - resource.made_at < days(2)", None, {"made_at": "not a time"}, "unknown"),
    ],
)
def test_a_resource_is_judged(expression: str, when: str | None, properties: Mapping[str, Any], verdict: str) -> None:
    assert only(check(expression, when), bucket(properties=properties)).verdict == verdict


def test_a_failure_says_what_was_observed_in_the_words_of_the_check() -> None:
    compiled = check("resource.algorithm in params.approved")
    item = bucket(properties={"algorithm": "AES256"})

    assert only(compiled, item) == Finding(
        collected_at=item.collected_at,
        check=compiled.check,
        subject=Subject("resource", "Test::Bucket", "b", "b"),
        scope=HERE,
        verdict="fail",
        message="Bucket b is AES256.",
        observed=(("resource.algorithm", "AES256"), ("params.approved", ["kms"])),
        resource=item,
    )


def test_a_failure_stands_where_only_its_message_reads_what_is_unread() -> None:
    finding = only(check("resource.size > 3"), bucket(properties={"size": 1}, unread={"/algorithm": DENIED}))

    assert finding.verdict == "fail"
    assert finding.message
    assert "Bucket b is" in finding.message


def test_a_pass_says_nothing_more() -> None:
    finding = only(check("resource.size > 3"), bucket(properties={"size": 4}))

    assert (finding.verdict, finding.message, finding.observed, finding.causes) == ("pass", None, (), ())


def test_an_unknown_names_the_path_the_reason_and_the_permission() -> None:
    finding = only(check("resource.size > 3"), bucket(unread={"/size": DENIED}))

    assert finding.reason == "access_denied"
    assert finding.causes == (Cause("resource.size", DENIED),)
    assert finding.message == "resource.size is not known: access_denied."


def test_an_unknown_inside_a_list_has_the_reason_of_its_pointer() -> None:
    item = bucket(properties={"rules": [{"port": 22}, {"port": 1, "open": False}]}, unread={"/rules/0/open": DENIED})

    assert only(check("!resource.rules.exists(r, r.open)"), item).causes == (Cause("resource.rules[0].open", DENIED),)


def test_an_unknown_object_is_the_reason_for_everything_below_it() -> None:
    assert only(check("resource.block.acls"), bucket(unread={"/block": DENIED})).causes[0].unread == DENIED


def test_every_cause_is_named_once() -> None:
    finding = only(
        check("resource.size > 3 && resource.is_log_target"),
        bucket(unread={"/size": SLOW, "/is_log_target": DENIED}),
    )

    assert finding.causes == (Cause("resource.is_log_target", DENIED), Cause("resource.size", SLOW))


@pytest.mark.parametrize(
    ("tags", "unread", "reason"),
    [
        (None, {"/tags": DENIED}, "access_denied"),
        (None, {}, "not_collected"),
        ({"team": "web"}, {}, "expression_error"),
    ],
)
def test_a_tag_that_is_not_there_is_unknown_for_the_reason_that_it_is_not(
    tags: Mapping[str, str] | None, unread: Mapping[str, Unread], reason: str
) -> None:
    finding = only(check("resource.tags['owner'] == 'dana'"), bucket(tags=tags, unread=unread))

    assert (finding.verdict, finding.reason) == ("unknown", reason)


LATER = Unread("known_after_apply")


@pytest.mark.parametrize(
    ("expression", "when", "verdict"),
    [
        ("resource.twin == null", "'data' in resource.tags && resource.tags['data'] == 'secret'", "unknown"),
        ("resource.twin == null", "has(resource.tags.data)", "unknown"),
        ("resource.twin == null", "!('data' in resource.tags)", "unknown"),
        ("'team' in resource.tags", None, "pass"),
        ("'other' in resource.tags", None, "fail"),
        ("resource.tags.exists(key, key == 'team')", None, "pass"),
        ("resource.tags.exists(key, key == 'other')", None, "unknown"),
        ("resource.tags.all(key, key != 'team')", None, "fail"),
        ("resource.tags.all(key, key == 'team')", None, "unknown"),
        ("size(resource.tags) == 1", None, "unknown"),
        ("resource.tags == {'team': 'web'}", None, "unknown"),
        ("resource.tags.filter(key, key == 'other') == []", None, "unknown"),
        ("resource.tags['team'] == 'web'", None, "pass"),
        ("resource.tags['data'] == 'web'", None, "unknown"),
    ],
)
def test_a_tag_that_is_known_later_decides_nothing(expression: str, when: str | None, verdict: str) -> None:
    item = bucket(tags={"team": "web"}, unread={"/tags/data": LATER}, properties={"twin": None})

    finding = only(check(expression, when), item)

    assert finding.verdict == verdict
    if verdict == "unknown":
        assert finding.causes == (Cause("resource.tags.data", LATER),)


def test_a_tag_of_a_related_resource_that_is_known_later_decides_nothing() -> None:
    other = bucket("t", {"bucket": "b"}, {"/tags/a~1b": LATER}, type_="Test::Trail", tags={})
    related = {"trails": Relation("trails", "Test::Trail", {"account": "account"})}
    asks = "!trails.exists(t, 'a/b' in t.tags)"

    finding = only(check(asks, related=related), bucket(), other)

    assert (finding.verdict, [cause.unread for cause in finding.causes]) == ("unknown", [LATER])


def test_the_identity_of_a_resource_is_always_known() -> None:
    finding = only(
        check("resource.id == 'b' && resource.region == 'eu-west-1' && resource.account != ''"),
        bucket(properties={}),
    )

    assert finding.verdict == "pass"


# --- listings ---


@pytest.mark.parametrize(
    ("state", "subjects"), [("complete", []), ("off", []), ("failed", ["aws/111122223333/eu-west-1"])]
)
def test_a_listing_that_was_not_complete_is_an_unknown_on_its_scope(
    state: CollectionState, subjects: list[str]
) -> None:
    findings = evaluate(snapshot(rows=(listed("Test::Bucket", HERE, state),)), [check("resource.size > 3")])

    assert [finding.subject.id for finding in findings] == subjects
    assert all(finding.verdict == "unknown" and finding.reason == "throttled" for finding in findings)


def test_what_was_listed_before_the_listing_broke_off_is_judged_too() -> None:
    rows = (listed("Test::Bucket", HERE, "failed"),)

    findings = evaluate(snapshot(bucket(properties={"size": 4}), rows=rows), [check("resource.size > 3")])

    assert [(finding.subject.kind, finding.verdict) for finding in findings] == [
        ("scope", "unknown"),
        ("resource", "pass"),
    ]


def test_a_failed_listing_without_a_reason_was_not_collected() -> None:
    rows = (Collection("Test::Bucket", HERE, "failed"),)

    assert only(check("resource.size > 3"), rows=rows).reason == "not_collected"


# --- relations ---

BY_NAME = {"trails": Relation("trails", "Test::Trail", {"bucket": "name"})}
BY_REGION = {"trails": Relation("trails", "Test::Trail", {"region": "region"})}
IN_ACCOUNT = {"trails": Relation("trails", "Test::Trail", {"account": "account"})}
WATCHED = "trails.exists(t, t.on)"


@pytest.mark.parametrize(
    ("related", "items", "verdict"),
    [
        (BY_NAME, [trail("t", bucket="b", on=True)], "pass"),
        (BY_NAME, [trail("t", bucket="b", on=False)], "fail"),
        (BY_NAME, [trail("t", bucket="another", on=True)], "fail"),
        (BY_NAME, [], "fail"),
        # Null joins nothing; an unread key might join anything.
        (BY_NAME, [trail("t", bucket=None, on=True)], "fail"),
        (BY_NAME, [trail("t", unread={"/bucket": DENIED}, on=True)], "unknown"),
        (BY_NAME, [trail("t", scope=THERE, bucket="b", on=True)], "pass"),
        (BY_NAME, [trail("t", scope=Scope("aws", "999", "eu-west-1"), bucket="b", on=True)], "fail"),
        (BY_NAME, [trail("t", scope=Scope("aws", "999", "eu-west-1"), unread={"/bucket": DENIED}, on=True)], "fail"),
        (BY_REGION, [trail("t", on=True)], "pass"),
        (BY_REGION, [trail("t", scope=THERE, on=True)], "fail"),
        (IN_ACCOUNT, [trail("t", scope=THERE, on=True)], "pass"),
        (BY_NAME, [trail("t", bucket="b", unread={"/on": DENIED})], "unknown"),
        (BY_NAME, [trail("t", bucket="b", unread={"/on": DENIED}), trail("u", bucket="b", on=True)], "pass"),
    ],
)
def test_a_relation_holds_what_is_equal_within_the_account(
    related: Mapping[str, Relation], items: list[Resource], verdict: str
) -> None:
    findings = evaluate(snapshot(bucket(), *items), [check(WATCHED, None, related)])

    assert [finding.verdict for finding in findings] == [verdict]


@pytest.mark.parametrize(
    ("related", "rows", "verdict"),
    [
        (BY_NAME, (listed("Test::Trail"), listed("Test::Trail", THERE)), "fail"),
        (BY_NAME, (listed("Test::Trail"), listed("Test::Trail", THERE, "off")), "fail"),
        (BY_NAME, (listed("Test::Trail"), listed("Test::Trail", THERE, "failed")), "unknown"),
        (BY_NAME, (), "unknown"),
        (BY_REGION, (listed("Test::Trail"), listed("Test::Trail", THERE, "failed")), "fail"),
        (BY_REGION, (listed("Test::Trail", HERE, "failed"), listed("Test::Trail", THERE)), "unknown"),
        (BY_REGION, (listed("Test::Trail", THERE),), "unknown"),
        (BY_REGION, (listed("Test::Trail"), listed("Test::Trail", Scope("aws", ACCOUNT, "*"), "failed")), "unknown"),
        (BY_REGION, (listed("Test::Trail", Scope("aws", ACCOUNT, GLOBAL), "failed"),), "unknown"),
        (BY_NAME, (listed("Test::Trail"), listed("Test::Trail", Scope("aws", "999", "eu-west-1"), "failed")), "fail"),
    ],
)
def test_a_relation_is_complete_when_every_listing_that_could_hold_a_match_is(
    related: Mapping[str, Relation], rows: tuple[Collection, ...], verdict: str
) -> None:
    finding = only(check(WATCHED, None, related), bucket(), rows=(listed("Test::Bucket"), *rows))

    assert finding.verdict == verdict


GAP = (listed("Test::Bucket"), listed("Test::Trail"), listed("Test::Trail", THERE, "failed"))
"""Trails are listed here, and could not be there."""


@pytest.mark.parametrize(
    ("expression", "on", "verdict"),
    [
        ("trails.exists(t, t.on)", [True], "pass"),
        ("trails.exists(t, t.on)", [False, True], "pass"),
        ("trails.exists(t, t.on)", [False], "unknown"),
        ("trails.exists(t, t.on)", [], "unknown"),
        ("trails.exists(t, t.on && resource.size > 0)", [True], "pass"),
        ("trails.exists(t, t.on == (resource.size > 0))", [True], "pass"),
        ("!trails.exists(t, t.on)", [True], "fail"),
        ("!trails.exists(t, t.on)", [False], "unknown"),
        ("trails.all(t, t.on)", [False], "fail"),
        ("trails.all(t, t.on)", [True], "unknown"),
        ("trails.all(t, t.on || resource.size < 0)", [True], "unknown"),
        ("trails.exists(t, t.on) || resource.size > 0", [False], "pass"),
        ("trails.exists(t, trails.exists(u, u.on && t.on))", [True], "pass"),
        # What could be decided without reading what was not seen is not: that there is one more is not known.
        ("trails.exists(t, true)", [True], "unknown"),
        ("trails.exists(t, t.on || true)", [True], "unknown"),
        ("trails.all(t, t.on && false)", [False], "unknown"),
        ("trails.exists(t, resource.size > 0 ? true : t.on)", [True], "unknown"),
        ("trails.exists(t, trails.all(u, u.on))", [True], "unknown"),
        ("trails.size() > 0", [True], "unknown"),
        ("trails.exists(t, t.on) && trails.size() > 0", [True], "unknown"),
        ("trails.filter(t, t.on).size() > 0", [True], "unknown"),
        ("trails.exists_one(t, t.on)", [True], "unknown"),
        ("trails[0].on", [True], "unknown"),
    ],
)
def test_what_was_seen_of_an_incomplete_relation_decides_where_nothing_unseen_could_change_it(
    expression: str, on: list[bool], verdict: str
) -> None:
    trails = [trail(f"t{number}", bucket="b", on=value) for number, value in enumerate(on)]
    finding = only(check(expression, None, BY_NAME), bucket(properties={"size": 1}), *trails, rows=GAP)

    assert finding.verdict == verdict
    if verdict == "unknown":
        assert finding.causes == (Cause("trails", SLOW),)


@given(
    st.sampled_from(
        [
            "trails.exists(t, t.on)",
            "trails.all(t, t.on)",
            "!trails.all(t, !t.on) && resource.size > 0",
            "trails.exists(t, t.on && trails.exists(u, !u.on && t.on))",
            "trails.all(t, trails.exists(u, u.on && !t.on) || t.on)",
            "trails.exists(t, resource.size > 0 ? t.on : !t.on)",
            "trails.exists(t, true)",
            "trails.all(t, resource.size > 1)",
            "trails.size() == 1",
        ]
    ),
    st.lists(st.booleans(), max_size=3),
    st.lists(st.booleans(), max_size=3),
    st.integers(0, 2),
)
def test_a_verdict_on_an_incomplete_relation_stands_whatever_else_there_is(
    expression: str, seen: list[bool], more: list[bool], size: int
) -> None:
    compiled = check(expression, None, BY_NAME)
    item = bucket(properties={"size": size})
    trails = [trail(f"t{number}", bucket="b", on=value) for number, value in enumerate((*seen, *more))]

    partial = only(compiled, item, *trails[: len(seen)], rows=GAP)
    whole = only(compiled, item, *trails)

    assert partial.verdict in ("unknown", whole.verdict)


def test_a_message_does_not_count_what_was_not_seen() -> None:
    compiled = check("trails.all(t, t.on)", None, BY_NAME, message="${trails.size()} trails")
    finding = only(compiled, bucket(), trail("t", bucket="b", on=False), rows=GAP)

    assert (finding.verdict, finding.message) == ("fail", "(not readable) trails")


def test_an_own_key_that_is_unread_makes_the_relation_unknown_and_null_makes_it_empty() -> None:
    twins = {"twins": Relation("twins", "Test::Trail", {"bucket": "twin"})}
    compiled = check("twins.size() == 0", None, twins)
    other = trail("t", bucket="x", on=True)

    assert only(compiled, bucket(properties={"twin": "x"}), other).verdict == "fail"
    assert only(compiled, bucket(properties={"twin": "y"}), other).verdict == "pass"
    assert only(compiled, bucket(properties={"twin": None}), other).verdict == "pass"
    unknown = only(compiled, bucket(unread={"/twin": DENIED}), other)
    assert (unknown.verdict, unknown.causes[0].unread) == ("unknown", DENIED)


def test_filters_narrow_what_is_judged_and_never_what_it_is_related_to() -> None:
    items = (bucket("here"), bucket("there", scope=THERE), trail("t", scope=THERE, bucket="here", on=True))
    rows = tuple(listed(type_, scope) for type_ in ("Test::Bucket", "Test::Trail") for scope in (HERE, THERE))

    findings = evaluate(snapshot(*items, rows=rows), [check(WATCHED, None, BY_NAME)], lambda scope: scope == HERE)

    assert [(finding.subject.id, finding.verdict) for finding in findings] == [("here", "pass")]


def test_a_filter_leaves_out_the_listings_of_other_scopes_but_not_of_relations() -> None:
    rows = (
        listed("Test::Bucket"),
        listed("Test::Bucket", THERE, "failed"),
        listed("Test::Trail"),
        listed("Test::Trail", THERE, "failed"),
    )

    findings = evaluate(snapshot(bucket(), rows=rows), [check(WATCHED, None, BY_NAME)], lambda scope: scope == HERE)

    assert [(finding.subject.id, finding.verdict) for finding in findings] == [("b", "unknown")]


def test_findings_come_in_the_order_of_scope_check_and_subject_whatever_the_order_of_the_snapshot() -> None:
    items = [bucket(id_, {"size": 4}, scope=scope) for id_ in "cab" for scope in (THERE, HERE)]
    compiled = [check("resource.size > 3")]

    there = evaluate(snapshot(*items), compiled)
    again = evaluate(snapshot(*reversed(items)), compiled)

    assert there == again
    assert [finding.order for finding in there] == sorted(finding.order for finding in there)


# --- a verdict stands only if nothing unread could change it ---

EXPRESSIONS = (
    "resource.size > 3",
    "resource.size > 3 || resource.is_log_target",
    "resource.size > 3 && !resource.is_log_target",
    "!(resource.size > 3) || resource.algorithm == 'kms'",
    "resource.algorithm in params.approved",
    "resource.algorithm != null && resource.algorithm.startsWith('k')",
    "resource.is_log_target ? resource.size > 3 : resource.algorithm == null",
    "resource.rules.exists(r, r.open && r.port == 22)",
    "resource.rules.all(r, !r.open || r.cidr == '10.0.0.0/8')",
    "resource.rules.exists_one(r, r.open)",
    "resource.rules.filter(r, r.open).size() == 0",
    "resource.rules.map(r, r.port).exists(p, p == 22)",
    "resource.names.size() == 0 || 'a' in resource.names",
    "resource.names == ['a'] || resource.is_log_target",
    "resource.block != null && resource.block.acls && resource.block.policy",
    "resource.block == null || resource.block.acls",
    "now - resource.made_at < days(2) || resource.size == 0",
    "trails.exists(t, t.on && t.kind == 'all')",
    "trails.all(t, t.on) || resource.is_log_target",
    "trails.size() > 0 && resource.size > 3",
    "trails.filter(t, t.on).size() == 1",
    "resource.tags['team'] == 'web' || resource.size > 3",
)
WHENS = (None, "!resource.is_log_target", "resource.rules.size() > 0", "trails.exists(t, t.on)")

small = st.sampled_from
rules = st.lists(
    st.fixed_dictionaries({"port": small([22, 80]), "open": st.booleans(), "cidr": small([None, "10.0.0.0/8"])}),
    max_size=3,
)
buckets = st.fixed_dictionaries(
    {
        "algorithm": small([None, "kms", "AES256"]),
        "is_log_target": st.booleans(),
        "size": small([0, 3, 4]),
        "made_at": small(["2026-11-22T12:00:00Z", "2020-01-01T00:00:00Z"]),
        "names": st.lists(small("ab"), max_size=2),
        "rules": rules,
        "block": st.none() | st.fixed_dictionaries({"acls": st.booleans(), "policy": st.booleans()}),
    }
)
trails = st.lists(
    st.fixed_dictionaries({"bucket": small([None, "b", "c"]), "on": st.booleans(), "kind": small(["all", "some"])}),
    max_size=3,
)


def places(value: Mapping[str, Any], pointer: str = "") -> list[str]:
    """The pointers of every object key."""
    found = []
    for name, item in value.items():
        found.append(f"{pointer}/{name}")
        if isinstance(item, Mapping):
            found += places(item, f"{pointer}/{name}")
        elif isinstance(item, list):
            for index, entry in enumerate(item):
                found += places(entry, f"{pointer}/{name}/{index}") if isinstance(entry, Mapping) else []
    return found


def without(item: Resource, pointer: str) -> Resource:
    """The resource with one key unread."""
    properties = copy.deepcopy(dict(item.properties))
    *around, last = pointer.split("/")[1:]
    holder: Any = properties
    for part in around:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    del holder[last]
    return Resource(
        item.type, item.id, item.name, item.provider, item.account, item.region, item.tags, item.collected_at,
        properties, {pointer: DENIED},
    )  # fmt: skip


@cache
def compiled(expression: str, when: str | None) -> CompiledCheck:
    return check(expression, when, BY_NAME if "trails" in expression + (when or "") else None)


@settings(max_examples=500)
@given(
    properties=buckets,
    others=trails,
    tags=small([{}, {"team": "web"}, {"team": "it"}]),
    expression=small(EXPRESSIONS),
    when=small(WHENS),
    data=st.data(),
)
def test_what_is_unread_never_turns_a_verdict_into_another(
    properties: dict[str, Any],
    others: list[dict[str, Any]],
    tags: dict[str, str],
    expression: str,
    when: str | None,
    data: st.DataObject,
) -> None:
    judging = compiled(expression, when)
    subject = bucket("b", properties, tags=tags)
    items = [subject, *(trail(str(n), **values) for n, values in enumerate(others))]
    verdict = only(judging, *items).verdict

    which = data.draw(st.integers(0, len(items) - 1))
    items[which] = without(items[which], data.draw(small(places(items[which].properties))))
    finding = only(judging, *items)

    assert finding.verdict in (verdict, "unknown")
    if finding.verdict == "unknown" and verdict != "unknown":
        assert {cause.unread for cause in finding.causes} == {DENIED}


@given(properties=buckets, others=trails, expression=small(EXPRESSIONS), when=small(WHENS))
def test_an_incomplete_listing_never_turns_a_verdict_into_another(
    properties: dict[str, Any], others: list[dict[str, Any]], expression: str, when: str | None
) -> None:
    judging = compiled(expression, when)
    items = [bucket("b", properties, tags={}), *(trail(str(n), **values) for n, values in enumerate(others))]
    verdict = only(judging, *items).verdict

    rows = (listed("Test::Bucket"), listed("Test::Trail", HERE, "failed"))

    assert only(judging, *items, rows=rows).verdict in (verdict, "unknown")
