"""Check files into checks, checks into programs: what loads, what does not, and where it says so."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from engine.content.checks import CompiledCheck, compile_checks, load_checks
from engine.content.examples import examples_of
from engine.content.load import load
from engine.content.parameters import conforms
from engine.content.resources import load_types
from engine.content.root import find
from engine.errors import ContentError, Problem
from engine.expressions.types import parse_type
from engine.model import Check, Parameter, Relation
from tests.unit.data_folders import BUCKET, CHECK, ENCRYPTION, LOGGING, RELATED, TRAIL, root, write


def loaded(folder: Path, text: str = CHECK, id_: str = ENCRYPTION) -> Check:
    problems: list[Problem] = []
    checks = load_checks(root(folder, {id_: text}), problems)
    assert problems == []
    return checks[id_]


def compiled(folder: Path, text: str = CHECK) -> CompiledCheck:
    check = loaded(folder, text)
    [result] = compile_checks([check], load_types(folder / "schemas"))
    return result


def compile_faults(folder: Path, text: str) -> list[str]:
    check = loaded(folder, text)
    with pytest.raises(ContentError) as caught:
        compile_checks([check], load_types(folder / "schemas"))
    return [str(problem).removeprefix(f"{check.path}:") for problem in caught.value.problems]


def test_a_check_file_becomes_a_check_named_by_its_path(tmp_path: Path) -> None:
    check = loaded(tmp_path)
    source = CHECK.encode()
    assert check.id == ENCRYPTION
    assert check.provider == "aws"
    assert (check.source, check.digest) == (source, hashlib.sha256(source).hexdigest())
    assert check.criteria == ("CC6.1", "C1.1")
    assert check.parameters == {
        "approved": Parameter("approved", "list<string>", ["aws:kms"], "Algorithms that are accepted.")
    }
    assert [(example.name, example.verdict) for example in examples_of(check)][:2] == [
        ("managed key", "pass"),
        ("another algorithm", "fail"),
    ]


def test_a_relation_is_within_the_account_unless_it_says_more(tmp_path: Path) -> None:
    text = RELATED.replace(", on: {bucket: name}", "")
    assert loaded(tmp_path, text).related == {"trails": Relation("trails", "Test::Trail", {"account": "account"})}


def test_a_compiled_check_knows_what_it_reads(tmp_path: Path) -> None:
    assert compiled(tmp_path).reads == {"Test::Bucket": frozenset({"algorithm", "is_log_target"})}
    related = compiled(tmp_path / "related", RELATED)
    assert related.reads == {"Test::Bucket": frozenset(), "Test::Trail": frozenset({"bucket", "is_logging"})}
    assert related.related == {"trails": "Test::Trail"}


def test_what_the_message_reads_is_read_too(tmp_path: Path) -> None:
    text = CHECK.replace("with ${resource.algorithm}", "since ${resource.made_at}")
    assert compiled(tmp_path, text).reads["Test::Bucket"] == {"algorithm", "is_log_target", "made_at"}


def test_tags_are_read_like_a_property_and_identity_is_not(tmp_path: Path) -> None:
    text = CHECK.replace(
        'when: "!resource.is_log_target"', 'when: resource.region != "x" && resource.tags.all(k, k != "x")'
    )
    assert compiled(tmp_path, text).reads["Test::Bucket"] == {"algorithm", "tags"}


def test_the_organisation_sets_parameters(tmp_path: Path) -> None:
    check = loaded(tmp_path)
    types = load_types(tmp_path / "schemas")
    [usual] = compile_checks([check], types)
    [strict] = compile_checks([check], types, {ENCRYPTION: {"approved": ["aws:kms:dsse"]}})
    assert (usual.parameters, strict.parameters) == ({"approved": ["aws:kms"]}, {"approved": ["aws:kms:dsse"]})


def test_loading_compiles_nothing(tmp_path: Path) -> None:
    # The checks that nobody selected cost no compilation, so what is wrong in them shows where they are compiled.
    assert loaded(tmp_path, CHECK.replace("resource.algorithm in", "resource.algoritm in")).id == ENCRYPTION


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("resource.algorithm in", "resource.algoritm in", "10:22: expression: "),
        ("expression: resource.alg", "expression: >-\n    true &&\n    resource.algx", "12:14: expression: "),
        ("params.approved", "params.aproved", "10:42: expression: "),
        ('"!resource.is_log_target"', "resource.size", "9:16: when: "),
        ('"!resource.is_log_target"', '"!resource.is_log_targt"', "9:18: when: "),
        ("resource.algorithm in params.approved", "resource.algorithm", "10:22: expression: "),
        ("resource.algorithm in params.approved", "resource.size == 'x'", "10:27: expression: "),
        ("resource.algorithm in params.approved", "resource.algorithm in", "10:"),
        ("with ${resource.algorithm}", "with ${resource.algoritm}", "11:36: message: "),
        (
            "Test::Bucket",
            "Test::Buckett",
            "3:16: resource_type: no schema in schemas/resources describes Test::Buckett",
        ),
        ("list<string>, default", "list<strin>, default", "8:20: parameters.approved.type: "),
        ("list<string>, default", "list<double>, default", "8:20: parameters.approved.type: evidence has no floating"),
        ('default: ["aws:kms"]', "default: [1]", "8:43: parameters.approved.default: is no list<string>"),
        ('default: ["aws:kms"]', "default: null", "8:43: parameters.approved.default: is no list<string>"),
    ],
)
def test_what_does_not_compile_is_located_in_the_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CHECK
    [fault] = compile_faults(tmp_path, CHECK.replace(old, new))
    assert fault.startswith(said), fault


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("{buckett: name}", "8:45: related.trails.on.buckett: Test::Trail has no buckett; did you mean bucket?"),
        ("{bucket: nam}", "8:53: related.trails.on.bucket: Test::Bucket has no nam; did you mean name?"),
        ("{bucket: size}", "8:53: related.trails.on.bucket: bucket is string?, size is int: they are never equal"),
        ("{is_logging: rules}", "8:57: related.trails.on.is_logging: is_logging is bool, rules is list<object>:"),
        ("{tags: tags}", "8:51: related.trails.on.tags: tags is map<string, string>: only text, integers"),
    ],
)
def test_a_join_of_what_is_not_there_or_never_equal_is_located(tmp_path: Path, on: str, said: str) -> None:
    [fault] = compile_faults(tmp_path, RELATED.replace("{bucket: name}", on))
    assert fault.startswith(said), fault


def test_every_problem_of_every_check_is_told_at_once(tmp_path: Path) -> None:
    broken = CHECK.replace("resource.algorithm in", "resource.a in").replace('"!resource.is_log_target"', "resource.b")
    found: list[Problem] = []
    checks = load_checks(root(tmp_path, {ENCRYPTION: broken, LOGGING: RELATED.replace("is_logging)", "is_on)")}), found)
    with pytest.raises(ContentError) as caught:
        compile_checks(checks.values(), load_types(tmp_path / "schemas"))
    places = [(problem.path.name, problem.line, problem.key) for problem in caught.value.problems]
    assert places == [
        ("bucket_encrypted.yaml", 9, "when"),
        ("bucket_encrypted.yaml", 10, "expression"),
        ("bucket_logged.yaml", 9, "expression"),
    ]


def test_all_data_folders_are_read_before_anything_is_said(tmp_path: Path) -> None:
    folders = root(
        tmp_path,
        {ENCRYPTION: CHECK.replace("severity: high", "severity: hihg"), LOGGING: RELATED.replace("[CC7.2]", "[CC7.9]")},
        {"organization.yaml": "name: Example\ncategories: [security]\ncolour: blue\n"},
        {"bucket": {**BUCKET, "additionalProperties": True}},
    )
    with pytest.raises(ContentError) as caught:
        load(folders)
    assert [(problem.path.name, problem.key) for problem in caught.value.problems] == [
        ("bucket_encrypted.yaml", "severity"),
        ("bucket_logged.yaml", "criteria[0]"),
        ("organization.yaml", "colour"),
        ("bucket.schema.json", "additionalProperties"),
    ]


@pytest.mark.parametrize("name", ["aws/s3/Upper.yaml", "aws/short.yaml", "aws/s3/deep/er.yaml", "aws/s3/ending.yml"])
def test_a_check_file_that_no_id_fits_is_refused_and_not_passed_over(tmp_path: Path, name: str) -> None:
    folders = root(tmp_path, {})
    write(folders.checks / name, CHECK)
    problems: list[Problem] = []
    assert load_checks(folders, problems) == {}
    assert [problem.path for problem in problems] == [folders.checks / name]


@pytest.mark.parametrize("name", ["resource", "params", "now"])
def test_a_relation_cannot_take_a_name_that_means_something_else(tmp_path: Path, name: str) -> None:
    problems: list[Problem] = []
    load_checks(root(tmp_path, {LOGGING: RELATED.replace("trails:", f"{name}:", 1)}), problems)
    assert [(problem.line, problem.key) for problem in problems] == [(8, f"related.{name}")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"additionalProperties": True}, "additionalProperties: must be false"),
        ({"type": "array"}, "type: must be object"),
        ({"title": 3}, "title: must name the resource type"),
        (
            {"properties": {"id": {"type": "string", "description": "x"}}},
            "properties.id: every resource has it already",
        ),
        ({"properties": {"a": {"type": "string"}}}, "properties.a: has no description"),
        ({"properties": {"a": {"type": "string", "description": "x"}}}, "properties.a: has no x-operation"),
        (
            {"properties": {"a": {"type": "number", "description": "x", "x-operation": "y"}}},
            "properties.a: resources have no 'number'",
        ),
    ],
)
def test_a_resource_schema_that_the_language_cannot_use_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    folders = root(tmp_path, {}, types={"bucket": {**BUCKET, **change}})
    with pytest.raises(ContentError) as caught:
        load_types(folders.schemas)
    assert said in str(caught.value)


def test_what_is_wrong_in_a_schema_has_the_line_of_the_property(tmp_path: Path) -> None:
    folders = root(tmp_path, {})
    path = folders.schemas / "resources" / "test" / "trail.schema.json"
    properties = {**TRAIL["properties"], "on": {"type": "strng", "description": "x", "x-operation": "y"}}  # type: ignore[dict-item]
    text = json.dumps({**TRAIL, "properties": properties}, indent=2)
    write(path, text)
    with pytest.raises(ContentError) as caught:
        load_types(folders.schemas)
    line = next(number for number, row in enumerate(text.split("\n"), 1) if '"on": {' in row)
    why = "resources have no 'strng': use integer, or string beyond 2^53"
    assert caught.value.problems == (Problem(path, line, 5, "properties.on", why),)


def test_two_schemas_of_one_type_and_a_key_twice_are_refused(tmp_path: Path) -> None:
    folders = root(tmp_path, {}, types={"one": BUCKET, "two": BUCKET})
    write(folders.schemas / "resources" / "test" / "three.schema.json", '{"title": "A", "title": "B"}')
    write(folders.schemas / "resources" / "test" / "four.schema.json", '{"title": ')
    with pytest.raises(ContentError) as caught:
        load_types(folders.schemas)
    assert [(problem.path.name, problem.line) for problem in caught.value.problems] == [
        ("four.schema.json", 1),
        ("three.schema.json", 1),
        ("two.schema.json", 1),
    ]


def test_a_resource_type_has_identity_and_tags_beside_its_properties(tmp_path: Path) -> None:
    folders = root(tmp_path, {})
    bucket = load_types(folders.schemas)["Test::Bucket"]
    assert set(bucket.type.fields) == {*BUCKET["properties"], "id", "name", "account", "region", "tags"}
    assert json.loads(bucket.source) == BUCKET


@pytest.mark.parametrize(
    ("value", "type_", "fits"),
    [
        (1, "int", True),
        (True, "int", False),
        (1, "bool", False),
        (1.5, "double", True),
        ("x", "string", True),
        (None, "string", False),
        (None, "string?", True),
        (["x", 1], "list<string>", False),
        ([], "list<string>", True),
        ({"a": [1]}, "map<string, list<int>>", True),
        ({"a": ["1"]}, "map<string, list<int>>", False),
        ("2026-01-01T00:00:00Z", "timestamp", True),
        ("yesterday", "timestamp", False),
        ({"a": object}, "dyn", True),
    ],
)
def test_a_value_is_of_its_type_or_is_not(value: object, type_: str, fits: bool) -> None:
    assert conforms(value, parse_type(type_)) is fits


def test_a_file_that_changed_is_read_and_compiled_anew_and_one_that_did_not_is_not(tmp_path: Path) -> None:
    folders = root(tmp_path, {ENCRYPTION: CHECK})
    types = load_types(tmp_path / "schemas")
    first, again = load_checks(folders, [])[ENCRYPTION], load_checks(folders, [])[ENCRYPTION]
    [path] = folders.checks.rglob("*.yaml")
    path.write_text(path.read_text().replace("version: 1", "version: 2"))
    changed = load_checks(folders, [])[ENCRYPTION]
    assert (again is first, changed.version, changed.digest != first.digest) == (True, 2, True)
    one, other = compile_checks([first], types), compile_checks([again], types)
    strict = compile_checks([first], types, {ENCRYPTION: {"approved": ["aws:kms:dsse"]}})
    assert one[0] is other[0]
    assert strict[0].parameters != one[0].parameters
    assert compile_checks([changed], types)[0].check is changed


@pytest.mark.parametrize("more", ["  - {name: torn, verdict: [\n", "  - {name: odd, verdict: perhaps, resource: {}}\n"])
def test_a_run_is_not_stopped_by_examples_and_their_test_is(tmp_path: Path, more: str) -> None:
    folder = root(tmp_path, {ENCRYPTION: CHECK + more})
    whole: list[Problem] = []
    lean: list[Problem] = []
    assert load_checks(folder, whole) == {}
    assert len(whole) == 1
    assert load_checks(folder, lean, examples=False).keys() == {ENCRYPTION}
    assert lean == []


@pytest.mark.parametrize("more", ["expression: 'true'\n", "severity: low\n", "unknown: 1\n"])
def test_keys_behind_the_examples_are_seen_without_them_too(tmp_path: Path, more: str) -> None:
    whole: list[Problem] = []
    lean: list[Problem] = []
    folder = root(tmp_path, {ENCRYPTION: CHECK + more})
    assert load_checks(folder, whole) == load_checks(folder, lean, examples=False) == {}
    assert whole == lean
    assert len(whole) == 1


def test_the_checks_that_come_along_are_the_same_without_their_examples() -> None:
    here = find()
    problems: list[Problem] = []
    assert load_checks(here, problems, examples=False) == load_checks(here, problems)
    assert problems == []


def test_of_clouds_that_are_not_used_nothing_is_read_and_what_is_in_no_clouds_folder_is_refused(tmp_path: Path) -> None:
    folders = root(tmp_path, {ENCRYPTION: CHECK})
    write(folders.checks / "azure" / "storage" / "other.yaml", "nothing")
    problems: list[Problem] = []
    assert list(load_checks(folders, problems, clouds={"aws"})) == ["aws.s3.bucket_encrypted"]
    assert problems == []
    write(folders.checks / "awz" / "storage" / "other.yaml", "nothing")
    write(folders.checks / "lost.yaml", CHECK)
    assert list(load_checks(folders, problems, clouds={"aws"})) == ["aws.s3.bucket_encrypted"]
    assert {problem.path for problem in problems} == {
        folders.checks / "awz/storage/other.yaml",
        folders.checks / "lost.yaml",
    }
