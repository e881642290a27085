"""What an EventBridge event pattern surely matches: one row a case, its id says why."""
# ruff: noqa: E501 - a case is a row

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.functions.events import FUNCTIONS

[covers] = [function.call for function in FUNCTIONS]

EVENT: dict[str, Any] = {
    "source": "aws.guardduty",
    "detail-type": "GuardDuty Finding",
    "account": "111122223333",
    "detail": {"severity": 8.0, "archived": False, "score": 8.9, "service": {"name": "guardduty"}, "note": None},
}
SOURCE = {"source": ["aws.guardduty"]}


def severity(*wanted: Any) -> dict[str, Any]:
    return {**SOURCE, "detail": {"severity": list(wanted)}}


COVERS = [
    (SOURCE, "the source"),
    ({**SOURCE, "detail-type": ["GuardDuty Finding"]}, "source and type"),
    ({"source": ["aws.macie", "aws.guardduty"]}, "one of several"),
    ({"account": ["111122223333"]}, "the account"),
    ({"source": [{"prefix": "aws."}]}, "a beginning"),
    ({"source": [{"prefix": {"equals-ignore-case": "AWS.g"}}]}, "a beginning in any case"),
    ({"source": [{"suffix": "duty"}]}, "an end"),
    ({"source": [{"suffix": {"equals-ignore-case": "DUTY"}}]}, "an end in any case"),
    ({"source": [{"equals-ignore-case": "AWS.GuardDuty"}]}, "any case"),
    ({"source": [{"wildcard": "aws.*"}]}, "a wildcard"),
    ({"source": [{"wildcard": "*guard*ty"}]}, "two wildcards"),
    ({"source": [{"exists": True}]}, "a field that is there"),
    ({"source": [{"anything-but": "aws.ec2"}]}, "not another source"),
    ({"source": [{"anything-but": ["aws.ec2", "aws.s3"]}]}, "not other sources"),
    ({"source": [{"anything-but": {"prefix": "com."}}]}, "not another beginning"),
    ({"source": [{"anything-but": {"suffix": ["ec2", "s3"]}}]}, "not other ends"),
    ({"source": [{"anything-but": {"wildcard": "com.*"}}]}, "not by a wildcard"),
    (severity({"numeric": [">=", 7]}), "a bound"),
    (severity({"numeric": [">=", 8]}), "the bound itself"),
    (severity({"numeric": [">", 7.9, "<=", 8.0]}), "two bounds"),
    (severity({"numeric": ["=", 8]}), "the number, by value"),
    (severity(8, 8.0), "the number in both ways that it may be written"),
    (severity({"anything-but": [1, 2.0]}), "not other numbers"),
    ({"detail": {"score": [8.9]}}, "a number with one way to be written"),
    ({"detail": {"archived": [False]}}, "a boolean"),
    ({"detail": {"note": [None]}}, "a null"),
    ({"detail": {"service": {"name": ["guardduty"]}}}, "a field two levels down"),
    ({"$or": [{"source": ["aws.ec2"]}, {"source": ["aws.guardduty"]}]}, "one of two patterns"),
    ({**SOURCE, "$or": [{"detail": {"severity": [{"numeric": [">", 4]}]}}, {"account": ["1"]}]}, "an alternative beside a field"),
]  # fmt: skip

NARROWER = [
    ({}, "no fields: EventBridge takes no such pattern"),
    ({"source": ["aws.ec2"]}, "another source"),
    ({"source": []}, "no value at all"),
    ({"source": "aws.guardduty"}, "a value that is in no array"),
    ({"source": {"prefix": "aws."}}, "an object where a value stands"),
    ({"source": ["aws.guard"]}, "a part of it"),
    ({"source": ["AWS.GUARDDUTY"]}, "another case"),
    ({**SOURCE, "detail": {"type": [{"prefix": "Backdoor:"}]}}, "some types of findings"),
    ({**SOURCE, "detail": {"type": [{"exists": True}]}}, "a field that need not be there"),
    ({**SOURCE, "detail": {"type": [{"exists": False}]}}, "a field that must not be there"),
    ({**SOURCE, "detail": {"type": [{"anything-but": "x"}]}}, "a field that is not known"),
    ({"source": [{"exists": False}]}, "a field that is there, and must not be"),
    ({"source": [{"anything-but": "aws.guardduty"}]}, "everything but this"),
    ({"source": [{"anything-but": ["aws.s3", "aws.guardduty"]}]}, "everything but some"),
    ({"source": [{"anything-but": {"prefix": "aws."}}]}, "nothing of AWS"),
    ({"source": [{"anything-but": {"equals-ignore-case": ["AWS.GuardDuty"]}}]}, "not this in any case"),
    ({"source": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}, "not by a comparison that is not known"),
    ({"source": [{"anything-but": []}]}, "not nothing"),
    ({"source": [{"prefix": "com."}]}, "another beginning"),
    ({"source": [{"wildcard": "aws.*x"}]}, "another end"),
    ({"source": [{"wildcard": "aws.guardduty.*"}]}, "more than there is"),
    ({"source": [{"wildcard": "aws\\.*"}]}, "a backslash that is one"),
    ({"source": [{"wildcard": "aws.guard\\*"}]}, "a star that is one"),
    ({"source": [{"cidr": "10.0.0.0/8"}]}, "an address"),
    ({"source": [{"contains": "guard"}]}, "a comparison that EventBridge does not have"),
    ({"source": [{"prefix": "aws.", "suffix": "duty"}]}, "two comparisons in one"),
    ({"source": [{"numeric": [">", 1]}]}, "a number where a text stands"),
    (severity({"numeric": [">", 8]}), "above"),
    (severity({"numeric": [">=", 4, "<", 7]}), "medium only"),
    (severity({"numeric": [">="]}), "a sign without a number"),
    (severity({"numeric": [">=", "7"]}), "a text for a bound"),
    (severity({"numeric": ["=>", 7]}), "a sign that is none"),
    (severity(8), "one way to write the number of two"),
    (severity(8.0), "the other way"),
    (severity("8.0"), "a text for a number"),
    (severity({"anything-but": 8}), "everything but this number"),
    ({"detail": {"archived": [0]}}, "a number for a boolean"),
    ({"detail": ["x"]}, "a value where an object stands"),
    ({"detail": {"service": {}}}, "no fields below"),
    ({"$or": []}, "no alternatives"),
    ({"$or": [{"source": ["aws.ec2"]}, {"account": ["1"]}]}, "neither of two"),
    ({"$or": {"source": ["aws.guardduty"]}}, "an alternative that is no list"),
    ({"$or": [{}]}, "an alternative without fields"),
    ({"source": ["aws.ec2"], "$or": [SOURCE, SOURCE]}, "an alternative, and another source"),
]  # fmt: skip


def ids(rows: list[tuple[Any, str]]) -> list[str]:
    return [row[-1] for row in rows]


@pytest.mark.parametrize(("pattern", "why"), COVERS, ids=ids(COVERS))
def test_covers(pattern: Any, why: str) -> None:
    assert covers(json.dumps(pattern), EVENT)


@pytest.mark.parametrize(("pattern", "why"), NARROWER, ids=ids(NARROWER))
def test_does_not_cover(pattern: Any, why: str) -> None:
    assert not covers(json.dumps(pattern), EVENT)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "null",
        '"aws.guardduty"',
        '{"source": ["aws.guardduty"]',
        '{"source": ["aws.ec2"], "source": ["aws.guardduty"]}',
        '{"detail": {"severity": [NaN]}}',
        '{"detail": {"severity": [{"numeric": ["<", 1e99999999999999999999]}]}}',
        '{"source": ' * 2000,
    ],
    ids=["null", "empty", "a list", "a null", "a text", "cut", "a field twice", "not JSON", "a huge number", "deep"],
)
def test_what_is_no_pattern_covers_nothing(text: str | None) -> None:
    assert not covers(text, EVENT)


def test_an_event_that_is_no_object_is_not_covered() -> None:
    assert not covers(json.dumps(SOURCE), "aws.guardduty")


VALUES = st.sampled_from(["aws.guardduty", "x", True, None, 8, [], ["aws.guardduty"], [{"exists": True}], {"a": 1}])


@given(st.dictionaries(st.sampled_from([*EVENT, "$or", "time"]), VALUES | st.lists(VALUES, max_size=2), max_size=3))
def test_every_pattern_has_an_answer_and_a_further_field_never_widens_it(pattern: dict[str, Any]) -> None:
    answer = covers(json.dumps(pattern), EVENT)
    assert answer in (True, False)
    assert not covers(json.dumps({**pattern, "id": ["1"]}), EVENT)


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=8))
def test_wildcards_match_as_shells_do(pattern: str, value: str) -> None:
    from fnmatch import fnmatchcase

    assert covers(json.dumps({"x": [{"wildcard": pattern}]}), {"x": value}) == fnmatchcase(value, pattern)
