"""The least privilege as Terraform and CloudFormation: valid, whole, in policies that IAM accepts."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from cfnlint.api import lint
from policy_sentry.querying.actions import get_actions_with_access_level

from engine import permissions as least
from engine.errors import UsageError
from engine.permissions import aws
from engine.run.preflight import permissions
from engine.run.request import RunRequest
from tests.emulators.aws_wire import AwsWire

FEW: Final = ("s3:ListAllMyBuckets", "iam:GetAccountSummary", "ec2:DescribeRegions")
MANY: Final = tuple(f"service{n % 17}:DescribeSomethingOfTheService{n}" for n in range(500))
GOLDEN: Final = Path(__file__).parent / "permissions"


def size(document: Any) -> int:
    """What IAM counts of a policy: everything but blanks."""
    return len(re.sub(r"\s", "", json.dumps(document)))


@pytest.mark.parametrize("count", [0, 1, 3, 160, 500])
def test_parts_hold_each_action_once_and_each_fits_into_a_managed_policy(count: int) -> None:
    names = MANY[:count]
    found = aws.parts((*names, *names))

    assert [name for part in found for name in part] == sorted(names)
    assert all(size(json.loads(aws.policy(part))) <= 6_144 for part in found)


def test_a_part_is_begun_only_where_the_one_before_is_full() -> None:
    found = aws.parts(MANY)

    assert len(found) > 2
    for part, following in pairwise(found):
        assert size(json.loads(aws.policy([*part, following[0]]))) > 6_144


def test_exactly_as_many_characters_as_iam_allows_are_one_part() -> None:
    room = 6_144 - size(json.loads(aws.policy(["a:b", ""])))

    assert len(aws.parts(["a:b", "c" * room])) == 1
    assert len(aws.parts(["a:b", "c" * (room + 1)])) == 2


def test_a_policy_that_iam_would_refuse_says_what_to_use_instead() -> None:
    assert least.note("policy", "aws", FEW) == ""
    assert "--format terraform or cloudformation" in least.note("policy", "aws", MANY)
    assert least.note("terraform", "aws", MANY) == ""


def test_a_form_that_a_provider_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no cloudformation of it"):
        least.granting("cloudformation", "gcp", FEW)


# --- Terraform -------------------------------------------------------------------------------------------------------


def test_the_terraform_is_the_one_we_looked_at() -> None:
    # Written anew by: python -c "from engine.permissions import aws; print(aws.terraform([...]))"
    assert least.granting("terraform", "aws", FEW) + "\n" == (GOLDEN / "role.tf").read_text()


def blocks(text: str) -> dict[tuple[str, ...], str]:
    """The top-level blocks of a configuration, by their labels; raises where braces or quotes do not match."""
    found: dict[tuple[str, ...], str] = {}
    plain = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for head, body in re.findall(r'^([a-z]+(?: "[^"\n]+")*) \{\n(.*?)^\}\n', plain, flags=re.MULTILINE | re.DOTALL):
        key = tuple(re.findall(r"[\w-]+", head))
        assert key not in found
        assert body.count("{") == body.count("}")
        assert body.count("[") == body.count("]")
        assert all(line.count('"') % 2 == 0 for line in body.splitlines())
        found[key] = body
    left = re.sub(r'^([a-z]+(?: "[^"\n]+")*) \{\n(.*?)^\}\n', "", plain, flags=re.MULTILINE | re.DOTALL)
    assert left.strip() == ""
    return found


def test_the_terraform_attaches_every_part_to_the_role() -> None:
    found = blocks(least.granting("terraform", "aws", MANY) + "\n")
    numbers = range(1, len(aws.parts(MANY)) + 1)

    granted = [
        re.findall(r'^      "(.*)",$', found["data", "aws_iam_policy_document", f"auditreel_read_{n}"], re.MULTILINE)
        for n in numbers
    ]
    assert granted == aws.parts(MANY)
    for n in numbers:
        document = f"data.aws_iam_policy_document.auditreel_read_{n}.json"
        assert document in found["resource", "aws_iam_policy", f"auditreel_read_{n}"]
        attachment = found["resource", "aws_iam_role_policy_attachment", f"auditreel_read_{n}"]
        assert f"aws_iam_policy.auditreel_read_{n}.arn" in attachment
        assert "aws_iam_role.auditreel.name" in attachment
    assert {key[1] for key in found if key[0] == "variable"} == {"role_name", "trusted_principal", "external_id"}
    named = {name for body in found.values() for name in re.findall(r"var\.(\w+)", body)}
    assert named == {key[1] for key in found if key[0] == "variable"}


# --- CloudFormation --------------------------------------------------------------------------------------------------


@cache
def real() -> tuple[str, ...]:
    """More actions that exist than two managed policies hold."""
    return tuple(get_actions_with_access_level("iam", "List") + get_actions_with_access_level("ec2", "List"))


def faults(template: str) -> list[str]:
    """What cfn-lint finds wrong or warns of."""
    return [f"{match.rule.id}: {match.message}" for match in lint(template)]


@pytest.mark.parametrize("selected", ["every check", "many actions"])
def test_the_template_is_valid(selected: str) -> None:
    request = RunRequest(config=Path("unused"), checks=("*",))
    names = permissions(request)["aws"].reading if selected == "every check" else real()

    assert faults(least.granting("cloudformation", "aws", names)) == []


def test_a_template_that_is_wrong_would_be_found() -> None:
    template = least.granting("cloudformation", "aws", FEW)

    assert faults(template.replace("!Ref RoleName", "!Ref RolName")) != []
    assert faults(template.replace("iam:GetAccountSummary", "iam:GetAccountSumary")) != []


def test_the_template_is_the_one_we_looked_at() -> None:
    assert least.granting("cloudformation", "aws", FEW) + "\n" == (GOLDEN / "role.yaml").read_text()


@pytest.mark.parametrize(
    ("given", "condition"),
    [({}, None), ({"ExternalId": "audit-2026"}, {"StringEquals": {"sts:ExternalId": "audit-2026"}})],
    ids=["own account", "external id"],
)
def test_a_stack_of_the_template_is_a_role_that_may_do_exactly_that(
    aws_env: AwsWire, given: dict[str, str], condition: Any
) -> None:
    scanner = "arn:aws:iam::999999999999:role/scanner"
    parameters = {"RoleName": "reader", "TrustedPrincipal": scanner, **given}
    boto3.client("cloudformation").create_stack(
        StackName="auditreel",
        TemplateBody=least.granting("cloudformation", "aws", real()),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    iam = boto3.client("iam")
    (trust,) = iam.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    granted: list[str] = []
    for attached in iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"]:
        version = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId="v1")["PolicyVersion"]
        granted += version["Document"]["Statement"][0]["Action"]

    assert trust == {
        "Effect": "Allow",
        "Principal": {"AWS": scanner},
        "Action": "sts:AssumeRole",
        **({"Condition": condition} if condition else {}),
    }
    assert sorted(granted) == sorted(real())
