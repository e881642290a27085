"""An organisation's own checks, below ``checks/`` of its policy folder, beside those that come along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.content.load import load
from engine.content.root import Root
from engine.errors import ContentError
from tests.unit.data_folders import CHECK, CONTROL, ENCRYPTION, LOGGING, RELATED, root, write

OWN = "aws.s3.bucket_our_rule"


def folders(tmp_path: Path, *own: tuple[str, str], policies: dict[str, str] | None = None) -> Root:
    made = root(tmp_path, {ENCRYPTION: CHECK, LOGGING: RELATED}, policies)
    for id_, text in own:
        write(made.policies / "checks" / f"{id_.replace('.', '/')}.yaml", text)
    return made


def problems(made: Root) -> list[str]:
    with pytest.raises(ContentError) as raised:
        load(made)
    return [str(problem) for problem in raised.value.problems]


def test_own_checks_are_there_beside_those_that_come_along_and_controls_and_parameters_may_name_them(
    tmp_path: Path,
) -> None:
    policies = {
        "controls/a.yaml": CONTROL.replace(f"[{ENCRYPTION}]", f"[{OWN}]"),
        "organization.yaml": f"name: Example\ncategories: [security]\nparameters:\n  {OWN}: {{approved: [AES256]}}\n",
    }
    content = load(folders(tmp_path, (OWN, CHECK), policies=policies))
    own = content.checks[OWN]
    assert set(content.checks) == {ENCRYPTION, LOGGING, OWN}
    assert own.path == tmp_path / "policies" / "checks" / "aws" / "s3" / "bucket_our_rule.yaml"
    assert own == replace(content.checks[ENCRYPTION], id=OWN, path=own.path)
    assert [control.checks for control in content.policy.controls] == [(OWN,)]


def test_an_own_check_does_not_take_the_place_of_one_that_comes_along(tmp_path: Path) -> None:
    weaker = CHECK.replace("resource.algorithm in params.approved", "size(params.approved) >= 0")
    made = folders(tmp_path, (ENCRYPTION, weaker))
    place = tmp_path / "policies" / "checks" / "aws" / "s3" / "bucket_encrypted.yaml"
    first = tmp_path / "checks" / "aws" / "s3" / "bucket_encrypted.yaml"
    assert problems(made) == [f"{place}:1:1: {ENCRYPTION} is the id of {first} already; give the file another name"]


def test_what_is_wrong_with_an_own_check_stops_every_command_at_its_place(tmp_path: Path) -> None:
    made = folders(tmp_path, (OWN, CHECK.replace("severity: high", "severity: huge")))
    write(made.policies / "checks" / "stray.yaml", CHECK)
    write(made.policies / "checks" / "aws" / "s3" / "other.yml", CHECK)
    there = tmp_path / "policies" / "checks"
    assert problems(made) == [
        f'{there}/aws/s3/bucket_our_rule.yaml:5:11: severity: must be one of low, medium, high, critical, not "huge"',
        f"{there}/aws/s3/other.yml:1:1: the name must end in .yaml",
        f"{there}/stray.yaml:1:1: the path must be <provider>/<service>/<name>.yaml in lower-case words",
    ]


def test_checks_of_clouds_that_are_not_in_use_are_not_looked_at(tmp_path: Path) -> None:
    made = folders(tmp_path, (OWN, CHECK), ("gcp.storage.bucket_ours", "no check"))
    assert OWN in load(made, clouds=("aws",)).checks
