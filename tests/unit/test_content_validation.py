"""The compiled tests of a schema against jsonschema, and how its problems are worded and placed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.content.files import parse
from engine.content.validation import Shape, shape, validator
from tests.unit.data_folders import BUCKET, CHECK, CHECKOUT, CONTROL, ORGANIZATION, RELATED, WAIVER

SCHEMAS = CHECKOUT / "schemas"

DEVIATION = CONTROL + "    deviation: {not_corrected_within: {critical: 1, high: 7, medium: 30, low: 90}}\n"
SETTINGS = (
    ORGANIZATION
    + """\
criteria: {CC6.4: {state: subservice, reason: The cloud provider guards its own rooms.}}
waivers: {max_days: 90, self_approval: allowed}
parameters: {aws.s3.bucket_encrypted: {approved: [AES256]}}
"""
)
VALID = [
    ("check", CHECK),
    ("check", RELATED),
    ("control", CONTROL),
    ("control", DEVIATION),
    ("control", CONTROL.replace("checks: [aws.s3.bucket_encrypted]", "satisfied_by: {any: [aws.a.b, report]}")),
    ("organization", ORGANIZATION),
    ("organization", SETTINGS),
    ("waiver", WAIVER),
]


def load(text: str) -> Any:
    document = parse(Path("x.yaml"), text.encode(), [])
    assert document is not None
    return document.value


def problems(kind: str, text: str) -> list[str]:
    document = parse(Path("x.yaml"), text.encode(), [])
    assert document is not None
    return [str(problem) for problem in shape(SCHEMAS / f"{kind}.schema.json").problems(document)]


_ODD = st.sampled_from([
    None, True, False, 0, 1, -1, 1.0, 366, "", "x", "A" * 200, [], {}, [[]], {"x": 1}, ["a", "a"], ["CC6.1", "CC6.1"],
    "CC6.1", "2026-02-30", "2026-01-01", "2026-01-01T00:00:00Z", "aws.s3.x", "aws.s3.x.y", "*", "any_failure",
])  # fmt: skip
_ODD = _ODD.map(copy.deepcopy)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A valid document with one to three values replaced, removed or added."""
    kind, text = draw(st.sampled_from(VALID))
    value = copy.deepcopy(load(text))
    for _ in range(draw(st.integers(1, 3))):
        node = value
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = draw(st.sampled_from(keys)) if keys else "new"
            if isinstance(node, (dict, list)) and keys and isinstance(node[key], (dict, list)) and draw(st.booleans()):
                node = node[key]
                continue
            break
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "remove" and keys:
            del node[key]
        elif action == "add" or not keys:
            if isinstance(node, dict):
                node[draw(st.sampled_from(["new", "version", "Title", "when", "a b", "related", "CC6.4"]))] = draw(_ODD)
            else:
                node.append(draw(_ODD))
        else:
            node[key] = draw(_ODD)
    return kind, value


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_the_compiled_tests_accept_what_jsonschema_accepts_and_nothing_else(case: tuple[str, Any]) -> None:
    kind, value = case
    rules = shape(SCHEMAS / f"{kind}.schema.json")
    assert rules.accepts(value) == validator(rules.schema).is_valid(value)


@pytest.mark.parametrize(("kind", "text"), VALID)
def test_valid_documents_are_accepted_by_both(kind: str, text: str) -> None:
    rules = shape(SCHEMAS / f"{kind}.schema.json")
    assert rules.accepts(load(text))
    assert validator(rules.schema).is_valid(load(text))


def test_a_keyword_without_a_compiled_test_is_left_to_jsonschema() -> None:
    rules = Shape({"type": "object", "dependentRequired": {"a": ["b"]}})
    document = parse(Path("x.yaml"), b"a: 1\n", [])
    assert document is not None
    assert [problem.key for problem in rules.problems(document)] == [""]
    fine = parse(Path("x.yaml"), b"a: 1\nb: 2\n", [])
    assert fine is not None
    assert rules.problems(fine) == []


def test_every_schema_of_ours_compiles() -> None:
    # Otherwise jsonschema, which is slower than all the rest, would judge every document of that kind.
    never = [path.name for path in SCHEMAS.glob("*.schema.json") if path.name.split(".")[0] in dict(VALID)]
    assert sorted(never) == [
        "check.schema.json",
        "control.schema.json",
        "organization.schema.json",
        "waiver.schema.json",
    ]
    criteria = yaml.safe_load((CHECKOUT / "policies" / "criteria.yaml").read_text())
    assert shape(SCHEMAS / "criteria.schema.json").accepts(criteria)
    assert Shape(BUCKET).accepts({"algorithm": None, "rules": [{"days": 3}]})


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("check", CHECK.replace("severity: high", "severty: high"), [
            "x.yaml:5:1: severty: is not known here; did you mean severity?",
            "x.yaml:1:1: severity is missing",
        ]),
        ("check", CHECK.replace("version: 1", "version: 1.0"), ["x.yaml:1:10: version: must be an integer, not 1.0"]),
        ("check", CHECK.replace("version: 1", "version: true"), ["x.yaml:1:10: version: must be an integer, not true"]),
        ("check", CHECK.replace("severity: high", "severity: hihg"), [
            'x.yaml:5:11: severity: must be one of low, medium, high, critical, not "hihg"; did you mean high?'
        ]),
        ("check", CHECK.replace("[CC6.1, C1.1]", "[CC6.1, CC6.1]"), ["x.yaml:4:11: criteria: has an entry twice"]),
        ("check", CHECK.replace("[CC6.1, C1.1]", "CC6.1"), ['x.yaml:4:11: criteria: must be an array, not "CC6.1"']),
        ("check", CHECK.replace("verdict: fail, resource: {algorithm: A", "verdct: fail, resource: {algorithm: A"), [
            "x.yaml:16:31: examples[1].verdct: is not known here; did you mean verdict?",
            "x.yaml:16:5: examples[1]: verdict is missing",
        ]),
        ("check", RELATED.replace("trails:", "Trails:", 1), [
            'x.yaml:8:3: related.Trails: is no name for this: "Trails" does not match ^[a-z][a-z0-9_]*$'
        ]),
        ("waiver", WAIVER.replace("2026-12-31", "2026-02-30"), [
            'x.yaml:10:10: expires: must be a date (2026-01-31), not "2026-02-30"'
        ]),
        ("waiver", WAIVER.replace('"111122223333"', "111122223333"), [
            "x.yaml:3:10: account: must be a string, not 111122223333"
        ]),
        ("waiver", WAIVER.replace("arn:aws:s3:::prices", "arn:aws:s3:::*"), [
            'x.yaml:4:13: resources[0]: "arn:aws:s3:::*" does not match ^[^*]+$'
        ]),
        ("control", CONTROL + "    deviation: sometimes\n", [
            'x.yaml:9:16: controls[0].deviation: must be any_failure or an object, not "sometimes"'
        ]),
        ("control", DEVIATION.replace("low: 90", "low: 900"), [
            "x.yaml:9:79: controls[0].deviation.not_corrected_within.low: must be at most 365, not 900"
        ]),
        ("organization", ORGANIZATION + "boundry: {}\n", [
            "x.yaml:3:1: boundry: is not known here; did you mean boundary?"
        ]),
        ("organization", "- a\n", ['x.yaml:1:1: must be an object, not ["a"]']),
    ],
)  # fmt: skip
def test_problems_are_worded_for_people_and_placed(kind: str, text: str, said: list[str]) -> None:
    assert problems(kind, text) == said


def test_a_hostile_value_is_shown_short_and_harmless() -> None:
    [said] = problems("check", CHECK.replace("severity: high", 'severity: "\\e[31m' + "x" * 70_000 + '"'))
    assert len(said) < 300
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("moment", "valid"),
    [
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01T00:00:00.123456789Z", True),
        ("2026-02-29T00:00:00Z", False),
        ("2026-01-01T24:00:00Z", False),
        ("2026-01-01T00:00:00+00:00", False),
        ("2026-01-01", False),
        ("2026-01-01 00:00:00Z", False),
        ("٢٠٢٦-01-01T00:00:00Z", False),
    ],
)
def test_a_time_is_rfc_3339_in_utc(moment: str, valid: bool) -> None:
    rules = Shape({"type": "string", "format": "date-time"})
    assert rules.accepts(moment) is valid
    assert validator(rules.schema).is_valid(moment) is valid
