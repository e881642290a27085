"""Policies that real accounts had, from recordings beside the checkout: each is understood, what is found is reviewed.

The recordings are no part of the project; without them there is nothing to test.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from providers.aws.documents import document
from tests.unit.expressions.policy_table import ARGUMENTS, answered, rewritten

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "recorded" / "aws"

RESOURCE = ("iam.publicStatements",)
TRUST = ("iam.publicTrustStatements", "iam.trustedIssuers", "iam.unpinnedSubjectStatements")
IDENTITY = ("iam.administrativeStatements", "iam.grantsUnconditionally", "iam.escalations")

FOUND = {
    # Principal "*" and no condition.
    "test_cross_account_lambda/lambda.GetPolicy_2.json/Policy": {"iam.publicStatements": [1]},
    "test_cross_account_sns/sns.GetTopicAttributes_1.json/Attributes/Policy": {"iam.publicStatements": [1]},
    "test_efs_remove_matched/elasticfilesystem.DescribeFileSystemPolicy_1.json/Policy": {"iam.publicStatements": [1]},
    "test_efs_remove_named/elasticfilesystem.DescribeFileSystemPolicy_1.json/Policy": {"iam.publicStatements": [1]},
    # What endpoints allow where nobody says otherwise.
    "test_vpc_endpoint_service_details_filter/ec2.DescribeVpcEndpoints_1.json/VpcEndpoints/0/PolicyDocument": {
        "iam.publicStatements": [1]
    },
    "test_vpc_endpoint_service_details_filter/ec2.DescribeVpcEndpoints_1.json/VpcEndpoints/1/PolicyDocument": {
        "iam.publicStatements": [1]
    },
    "test_vpce_cross_account/ec2.DescribeVpcEndpoints_1.json/VpcEndpoints/1/PolicyDocument": {
        "iam.publicStatements": [1]
    },
}
"""What the library finds in these recordings, read by a person: everything else is harmless."""
REVIEWED = "cloud-custodian"


def documents(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Policy documents in a recorded answer, written as text, as URL-encoded text, or as an object."""
    if isinstance(value, str) and ('"Statement"' in value or "%22Statement%22" in value):
        value = document(value, quoted=value.startswith("%"))
    if (
        isinstance(value, dict)
        and "Statement" in value
        and ("Version" in value or isinstance(value["Statement"], list))
    ):
        # GetWebACL has a Statement too, which is no list and has no Version beside it.
        yield path, value
    elif isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from documents(item, f"{path}/{key}")


@cache
def recorded() -> list[tuple[str, dict[str, Any], tuple[str, ...]]]:
    """Every recorded policy: where it stands, the document, and the questions that are asked of its kind."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers are not beside the checkout")
    found = []
    for file in sorted(RECORDED.rglob("*.json")):
        answer = json.loads(file.read_text(encoding="utf-8-sig"))
        answer = answer.get("data", answer) if isinstance(answer, dict) else answer
        for path, policy in documents(answer):
            trust = path.endswith("AssumeRolePolicyDocument")
            principal = any("rincipal" in key for statement in _statements(policy) for key in statement)
            questions = TRUST if trust else RESOURCE if principal else IDENTITY
            where = file.relative_to(RECORDED).as_posix().removeprefix(f"{REVIEWED}/")
            found.append((f"{where}{path}", policy, questions))
    return found


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]


def test_every_recorded_policy_is_understood_and_what_is_found_is_what_was_reviewed() -> None:
    found: dict[str, dict[str, Any]] = {}
    for where, policy, questions in recorded():
        for question in questions:
            if answer := answered(question, policy, ARGUMENTS.get(question, [])):
                found.setdefault(where, {})[question] = answer
    reviewed = {
        where: answers for where, answers in found.items() if (RECORDED / REVIEWED / where.split("/")[0]).is_dir()
    }
    assert reviewed == FOUND


def test_there_are_policies_of_several_kinds() -> None:
    assert {RESOURCE, TRUST} <= {questions for _, _, questions in recorded()}
    assert len(recorded()) > 20


def test_how_a_recorded_policy_is_written_changes_no_answer() -> None:
    for where, policy, questions in recorded():
        for question in questions:
            other = rewritten(policy, random.Random(7))
            arguments = ARGUMENTS.get(question, [])
            assert answered(question, other, arguments) == answered(question, policy, arguments), where
