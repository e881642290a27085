"""The examples of a check as its tests, their variations, and the skeleton of a new check."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.authoring.examples import case_of, mismatches, skeleton, verdict
from engine.authoring.probes import probe
from engine.content.checks import compile_checks, load_checks
from engine.content.examples import examples_of
from engine.content.resources import load_types
from engine.errors import Problem
from engine.judging.joins import Related
from tests.unit.data_folders import CHECK, ENCRYPTION, RELATED, root


def faults(folder: Path, text: str, probing: bool = False) -> list[str]:
    """What is wrong with the examples (or, when probing, with their variations) of a check, with line and column."""
    folders = root(folder, {ENCRYPTION: text})
    problems: list[Problem] = []
    checks = load_checks(folders, problems)
    assert problems == []
    types = load_types(folders.schemas)
    [check] = compile_checks(checks.values(), types)
    found = probe(check, types) if probing else mismatches(check, types)
    return [str(problem).removeprefix(f"{check.check.path}:") for problem in found]


@pytest.mark.parametrize("text", [CHECK, RELATED])
def test_examples_that_say_what_the_check_does_are_no_problem(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == []
    assert faults(tmp_path, text, probing=True) == []


def test_an_example_that_is_judged_otherwise_is_located_with_the_message(tmp_path: Path) -> None:
    text = CHECK.replace("name: another algorithm, verdict: fail", "name: another algorithm, verdict: pass")
    assert faults(tmp_path, text) == [
        "16:40: examples[1].verdict: 'another algorithm' is fail, not pass: "
        "Encrypted with AES256, not with an approved algorithm."
    ]


def test_what_an_example_leaves_out_is_unread(tmp_path: Path) -> None:
    text = CHECK.replace("{algorithm: AES256, is_log_target: false}", "{is_log_target: false}")
    assert faults(tmp_path, text) == [
        "16:40: examples[1].verdict: 'another algorithm' is unknown, not fail: "
        "resource.algorithm is not known: not_collected."
    ]


def test_a_key_left_out_inside_a_list_is_unread_too(tmp_path: Path) -> None:
    text = CHECK.replace("resource.algorithm in params.approved", "resource.rules.exists(rule, rule.days > 3)").replace(
        'algorithm: "aws:kms", is', "rules: [{prefix: a}], is"
    )
    assert faults(tmp_path, text)[0] == (
        "15:34: examples[0].verdict: 'managed key' is unknown, not pass: "
        "resource.rules[0].days is not known: not_collected."
    )


def test_parameters_and_the_moment_of_an_example_replace_the_usual_ones(tmp_path: Path) -> None:
    text = CHECK + "  - {name: by parameter, verdict: pass, resource: {algorithm: AES256, is_log_target: false}, "
    assert faults(tmp_path / "a", text + "parameters: {approved: [AES256]}}\n") == []
    aged = CHECK.replace("resource.algorithm in params.approved", "now - resource.made_at < days(2)")
    aged = aged[: aged.index("  - {name: managed")] + (
        "  - {name: young, verdict: pass, resource: {made_at: '2025-12-31T00:00:00Z', is_log_target: false}}\n"
        "  - {name: old, verdict: fail, resource: {made_at: '2025-12-31T00:00:00Z', is_log_target: false},"
        " now: '2026-01-05T00:00:00Z'}\n"
        "  - {name: takes logs, verdict: not_applicable, resource: {is_log_target: true}}\n"
    )
    assert faults(tmp_path / "b", aged) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{algorithm: AES256, is", "{algoritm: AES256, is", "16:57: examples[1].resource.algoritm: is not known here;"),
        ("{algorithm: AES256, is", "{algorithm: 7, is", "16:68: examples[1].resource.algorithm: must be"),
        (
            "is_log_target: true}",
            "is_log_target: null}",
            "18:92: examples[3].resource.is_log_target: must be a boolean",
        ),
        ("is_log_target: true}", "is_log_target: true, tags: {a: 1}}", "examples[3].resource.tags.a: must be a string"),
        ("is_log_target: true}", "is_log_target: true, made_at: now}", "made_at: must be a time in UTC"),
        ("name: none", "name: managed key", "17:12: examples[2].name: another example has this name"),
        ("verdict: not_applicable", "verdict: pass", "15:3: examples: no example has the verdict not_applicable"),
        ("verdict: pass", "verdict: unknown", "15:3: examples: no example has the verdict pass"),
        (
            "{algorithm: AES256, is_log_target: false}",
            "{algorithm: AES256, is_log_target: false}, parameters: {aproved: [x]}",
            "examples[1].parameters.aproved: is no parameter; did you mean approved?",
        ),
        (
            "{algorithm: AES256, is_log_target: false}",
            "{algorithm: AES256, is_log_target: false}, parameters: {approved: x}",
            "examples[1].parameters.approved: is no list<string>",
        ),
        (
            "{algorithm: AES256, is_log_target: false}",
            "{algorithm: AES256, is_log_target: false}, related: {trails: []}",
            "examples[1].related.trails: is no relation",
        ),
    ],
)
def test_an_example_that_could_not_be_is_located(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CHECK
    problems = faults(tmp_path, CHECK.replace(old, new, 1))
    assert len(problems) == 1
    assert said in problems[0], problems


def test_a_related_resource_that_the_join_would_not_find_is_refused(tmp_path: Path) -> None:
    text = RELATED.replace(
        "resource: {}, related: {trails: [{is_logging: true}]}",
        "resource: {name: ledger}, related: {trails: [{bucket: other, is_logging: true}]}",
    )
    [problem] = faults(tmp_path, text)
    assert problem.endswith(
        "examples[0].related.trails[0].bucket: is not joined: name of the resource is another value"
    )


def test_a_relation_whose_key_is_unread_is_unread_and_one_whose_key_is_null_is_empty(tmp_path: Path) -> None:
    examples = """\
examples:
  - {name: joined, verdict: pass, resource: {algorithm: x}, related: {trails: [{is_logging: true}]}}
  - {name: key unread, verdict: unknown, resource: {}, related: {trails: [{is_logging: true}]}}
  - {name: key is null, verdict: fail, resource: {algorithm: null}, related: {trails: [{is_logging: true}]}}
"""
    text = RELATED[: RELATED.index("examples:")].replace("{bucket: name}", "{bucket: algorithm}") + examples
    assert faults(tmp_path, text) == []


def test_an_example_proves_the_check_and_not_what_an_organisation_made_of_it(tmp_path: Path) -> None:
    folders = root(tmp_path, {ENCRYPTION: CHECK})
    types = load_types(folders.schemas)
    [check] = compile_checks(load_checks(folders, []).values(), types, {ENCRYPTION: {"approved": []}})
    assert mismatches(check, types) == []
    example = examples_of(check.check)[0]
    assert verdict(check, types, example, case_of(check.check, example)).verdict == "pass"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("resource.algorithm.startsWith('aws')", "resource.algorithm as null is an expression_error"),
        ("resource.rules.all(rule, rule.days > 3)", "resource.rules[0].days as null is an expression_error"),
    ],
)
def test_a_null_that_a_check_does_not_expect_is_found(tmp_path: Path, expression: str, says: str) -> None:
    text = CHECK.replace("resource.algorithm in params.approved", expression).replace(
        'algorithm: "aws:kms", is', 'algorithm: "aws:kms", rules: [{days: 9}], is'
    )
    assert any(says in problem for problem in faults(tmp_path, text, probing=True))


def test_a_verdict_that_stands_on_what_was_not_read_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An evaluator that takes a missing list for an empty one: what the probe is there to find.
    from engine.judging import evaluate
    from engine.judging.joins import plain_resource

    def careless(item: object) -> dict[str, object]:
        return {"algorithm": None, "is_log_target": False, **plain_resource(item)}  # type: ignore[arg-type]

    monkeypatch.setattr(evaluate.judge, "__defaults__", (careless,))
    problems = faults(tmp_path, CHECK, probing=True)
    assert any(
        "is fail while resource.algorithm is unread, and pass where it is 'aws:kms'" in text for text in problems
    )
    assert any(
        "while resource.is_log_target is unread, and not_applicable where it is True" in text for text in problems
    )


def test_an_unread_value_that_cannot_matter_leaves_the_verdict(tmp_path: Path) -> None:
    text = CHECK.replace("resource.algorithm in params.approved", "resource.algorithm != null || resource.size > 0")
    text = text.replace("is_log_target: false}", "is_log_target: false, size: 0}").replace(
        "another algorithm, verdict: fail", "another algorithm, verdict: pass"
    )
    assert faults(tmp_path, text) == []
    assert faults(tmp_path, text, probing=True) == []


def test_a_skeleton_lists_the_properties_and_is_refused_until_it_is_filled_in(tmp_path: Path) -> None:
    folders = root(tmp_path, {})
    types = load_types(folders.schemas)
    text = skeleton("aws.s3.bucket_sealed", types["Test::Bucket"])
    assert text.startswith("# checks/aws/s3/bucket_sealed.yaml\n")
    for name in types["Test::Bucket"].properties:
        assert f"#   {name}: " in text
    problems: list[Problem] = []
    load_checks(root(tmp_path, {"aws.s3.bucket_sealed": text}), problems)
    keys = {problem.key for problem in problems}
    assert {"title", "criteria", "severity", "rationale", "expression", "message", "examples[0].name"} <= keys
    assert all(problem.line > 1 for problem in problems)


def test_a_relation_that_is_taken_for_empty_when_it_was_not_listed_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.authoring.examples.Related", lambda resources, unread=None: Related(resources))
    problems = faults(tmp_path, RELATED, probing=True)
    assert any("is fail while trails is unread, and pass where it holds 1" in problem for problem in problems)
