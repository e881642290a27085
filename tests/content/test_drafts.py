"""``auditreel check new`` for every resource type: refused until it is filled in, and good when it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from engine.authoring import drafts
from engine.authoring.examples import mismatches, skeleton
from engine.authoring.probes import probe
from engine.content.checks import compile_checks, load_checks
from engine.content.resources import ResourceSchema, load_types
from engine.content.root import PACKAGED, Root, find
from engine.errors import Problem, UsageError

EMPTY: Final = {
    "title": "must be a string, not null",
    "criteria": "must have at least 1 entry",
    "severity": "must be one of low, medium, high, critical, not null",
    "rationale": "must be a string, not null",
    "expression": "must be a string, not null",
    "message": "must be a string, not null",
    "remediation.cli": "must be a string, not null",
    "references": "must have at least 1 entry",
    "examples[0].name": "must be a string, not null",
    "examples[1].name": "must be a string, not null",
}
"""What is wrong with a draft that nobody has touched."""
FILLED: Final = {
    "title:": "title: Things are not called bad",
    "criteria: []": "criteria: [CC6.1]",
    "severity:": "severity: low",
    "rationale:": "rationale: Bad names say bad things.",
    "expression:": 'expression: resource.name != "bad"',
    "message:": "message: It is called ${resource.name}.",
    "  cli:": "  cli: aws rename",
    "references: []": 'references: ["https://docs.aws.amazon.com/"]',
    "  - name:\n    verdict: pass\n    resource: {}": "  - name: good\n    verdict: pass\n    resource: {name: good}",
    "  - name:\n    verdict: fail\n    resource: {}": "  - name: bad\n    verdict: fail\n    resource: {name: bad}",
}
"""What to write where, by what the draft holds there."""


@cache
def types() -> Mapping[str, ResourceSchema]:
    return load_types(find().schemas)


def folder(tmp_path: Path, text: str) -> Root:
    checks = tmp_path / "checks"
    path = checks / "aws" / "some" / "rule.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return replace(find(), checks=checks)


def refusals(root: Root) -> list[Problem]:
    problems: list[Problem] = []
    load_checks(root, problems)
    return problems


def filled(text: str, but: str = "") -> str:
    """The draft, filled in everywhere but at one place."""
    for empty, value in FILLED.items():
        at = re.compile(rf"^{re.escape(empty)}(?=\s*(#|$))", re.MULTILINE)
        assert len(at.findall(text)) == 1, empty
        if empty != but:
            text = at.sub(lambda match, value=value: value, text)
    return text


@pytest.mark.parametrize("name", sorted(types()))
def test_a_draft_is_refused_at_every_place_that_is_empty(tmp_path: Path, name: str) -> None:
    text = skeleton("aws.some.rule", types()[name])
    problems = refusals(folder(tmp_path, text))

    assert {problem.key: problem.message for problem in problems} == EMPTY
    # Each points into the line that is to be filled in.
    lines = text.splitlines()
    assert all(re.match(r"\s*(- )?\w+:", lines[problem.line - 1]) for problem in problems)
    assert len({problem.line for problem in problems}) == len(EMPTY)


@pytest.mark.parametrize("name", sorted(types()))
def test_a_draft_that_is_filled_in_is_a_check_that_holds(tmp_path: Path, name: str) -> None:
    root = folder(tmp_path, filled(skeleton("aws.some.rule", types()[name])))
    problems: list[Problem] = []
    checks = load_checks(root, problems)
    (compiled,) = compile_checks(checks.values(), types())

    assert problems == []
    assert (mismatches(compiled, types()), probe(compiled, types())) == ([], [])


@pytest.mark.parametrize("place", list(FILLED))
def test_a_draft_with_one_empty_place_left_is_still_refused(tmp_path: Path, place: str) -> None:
    root = folder(tmp_path, filled(skeleton("aws.some.rule", types()["AWS::S3::Bucket"]), but=place))

    assert refusals(root) != []


def test_a_draft_whose_examples_were_left_out_says_what_they_lack(tmp_path: Path) -> None:
    text = filled(skeleton("aws.some.rule", types()["AWS::S3::Bucket"]))
    text = text.replace('resource.name != "bad"', 'resource.versioning_status == "Enabled"')
    (compiled,) = compile_checks(load_checks(folder(tmp_path, text), []).values(), types())

    assert [(problem.key, problem.message) for problem in mismatches(compiled, types())] == [
        (
            f"examples[{index}].verdict",
            f"'{verdict[0]}' is unknown, not {verdict[1]}: resource.versioning_status is not known: not_collected.",
        )
        for index, verdict in enumerate((("good", "pass"), ("bad", "fail")))
    ]


def described(schemas: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        yield name
        inner = schema
        while isinstance(inner.get("items"), dict):
            inner = inner["items"]
        yield from described(inner.get("properties", {}))


@pytest.mark.parametrize("name", sorted(types()))
def test_a_draft_names_every_property_to_any_depth_in_comments_only(name: str) -> None:
    head, _, rest = skeleton("aws.some.rule", types()[name]).partition("version: 1\n")

    assert all(line.startswith("#") for line in head.splitlines())
    found = re.findall(r"^#   +(\w+): [a-z]", head, re.MULTILINE)
    assert sorted(found) == sorted(described(types()[name].properties))
    assert f"resource_type: {name}\n" in rest


# --- where a draft is not written ------------------------------------------------------------------------------------


def test_a_check_of_one_provider_does_not_judge_a_type_of_another(tmp_path: Path, monkeypatch: Any) -> None:
    root = replace(find(), checks=tmp_path / "checks")
    monkeypatch.setattr(drafts, "find", lambda policy: root)

    with pytest.raises(UsageError, match="AWS::S3::Bucket is of aws; the id begins with aws, not gcp"):
        drafts.draft("gcp.storage.bucket_rule", "AWS::S3::Bucket")
    assert list(tmp_path.iterdir()) == []


def test_an_installed_package_is_not_written_into(tmp_path: Path, monkeypatch: Any) -> None:
    root = replace(find(), checks=tmp_path / PACKAGED / "checks")
    monkeypatch.setattr(drafts, "find", lambda policy: root)

    with pytest.raises(UsageError, match="the next version replaces; name your policy folder"):
        drafts.draft("aws.s3.bucket_rule")
    assert list(tmp_path.iterdir()) == []


# --- an organisation's own checks ------------------------------------------------------------------------------------


def own(tmp_path: Path) -> Path:
    policy = tmp_path / "policies"
    policy.mkdir()
    (policy / "organization.yaml").write_text("name: Example\ncategories: [security]\n", encoding="utf-8")
    return policy


def test_a_draft_for_a_policy_folder_lies_in_it_also_beside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = own(tmp_path)
    installed = tmp_path / "lib" / PACKAGED / "checks"
    monkeypatch.setattr(drafts, "find", lambda policy=None: replace(find(policy), checks=installed))

    assert drafts.draft("aws.s3.bucket_rule", None, policy) == policy / "checks" / "aws" / "s3" / "bucket_rule.yaml"
    assert not installed.exists()


def test_a_draft_does_not_take_the_id_of_a_check_that_comes_along(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"aws\.s3\.bucket_tls_only comes along already"):
        drafts.draft("aws.s3.bucket_tls_only", None, own(tmp_path))
    assert not (tmp_path / "policies" / "checks").exists()


def test_a_service_may_have_a_shorter_name_than_the_cloud_gives_its_types(tmp_path: Path) -> None:
    draft = drafts.draft("aws.firehose.my_rule", None, own(tmp_path)).read_text()
    assert "resource_type: AWS::KinesisFirehose::DeliveryStream\n" in draft


@pytest.mark.parametrize(
    ("id_", "told"),
    [
        ("aws.s3.my_rule", None),  # there is one type of the service
        ("aws.rds.my_rule", "--type: AWS::RDS::DBCluster, AWS::RDS::DBClusterSnapshot, AWS::RDS::DBInstance, AWS::RDS"),
        ("github.none.my_rule", "--type: GitHub"),  # of a service that is none, all of the provider
    ],
)
def test_what_a_check_judges_follows_from_its_service_or_is_asked_for(
    tmp_path: Path, id_: str, told: str | None
) -> None:
    policy = own(tmp_path)
    if told is None:
        assert "resource_type: AWS::S3::Bucket\n" in drafts.draft(id_, None, policy).read_text()
        return
    with pytest.raises(UsageError) as raised:
        drafts.draft(id_, None, policy)
    assert told in str(raised.value)
    assert len(str(raised.value)) < 400
