"""The least privilege of a run: every action that a planned call takes, and no other."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from engine import permissions as least
from engine.content.checks import CompiledCheck, compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.model import LISTINGS
from engine.run.preflight import Permissions, permissions, planned
from engine.run.reads import plans
from engine.run.request import RunRequest
from providers import declared


def request(*checks: str, **more: object) -> RunRequest:
    return RunRequest(config=Path("unused"), checks=checks, **more)  # type: ignore[arg-type]


def test_one_check_takes_what_its_calls_take() -> None:
    assert permissions(request("aws.iam.root_mfa_enabled")) == {
        "aws": Permissions(("ec2:DescribeRegions", "iam:GetAccountSummary"), ())
    }


def test_the_calls_of_a_check_are_said_before_any_is_made() -> None:
    selection, calls = planned(request("aws.iam.root_mfa_enabled"))

    assert [check.id for check in selection.checks] == ["aws.iam.root_mfa_enabled"]
    assert [(call.operations, call.permissions, call.times) for call in calls] == [
        (("sts:GetCallerIdentity",), (), "once"),
        (("ec2:DescribeRegions",), ("ec2:DescribeRegions",), "once"),
        (("iam:GetAccountSummary",), ("iam:GetAccountSummary",), "once an account"),
    ]
    assert "AWS::Account.root_mfa_enabled" in calls[2].fills


def test_a_shared_reading_is_planned_once_for_each_value_that_it_needs() -> None:
    _, calls = planned(request("aws.s3.*", "aws.kms.*"))

    assert {call.times for call in calls if call.operations == ("kms:DescribeKey",)} == {
        "once each AWS::KMS::Key",
        "once each kms_master_key_id of AWS::S3::Bucket",
    }


@cache
def compiled() -> dict[str, CompiledCheck]:
    content = load(find())
    return {check.check.id: check for check in compile_checks(content.checks.values(), content.types)}


@pytest.mark.parametrize("id_", sorted(compiled()))
def test_a_check_takes_the_permissions_of_each_of_its_calls_and_no_wildcard(id_: str) -> None:
    for made in plans([compiled()[id_]]):
        found = declared(made.provider)

        granted = least.actions(made, found)

        needed = {name for reader in (*made.readers, *made.alternatives) for name in reader.permissions}
        assert set(granted) == needed | {name for _, names in found.discovery for name in names}
        assert all(bool(reader.permissions) == (made.provider != LISTINGS) for reader in made.readers)
        assert not any("*" in action for action in granted)


def test_all_checks_together_take_the_permissions_of_each() -> None:
    every = permissions(request("*"))["aws"].reading

    assert list(every) == sorted(set(every))
    assert set(permissions(request("aws.s3.*"))["aws"].reading) < set(every)


def test_the_policy_is_a_statement_of_exactly_these_actions() -> None:
    policy = json.loads(least.granting("policy", "aws", ("s3:ListAllMyBuckets", "iam:GetAccountSummary")))

    assert policy["Statement"] == [
        {
            "Sid": "AuditreelRead",
            "Effect": "Allow",
            "Action": ["iam:GetAccountSummary", "s3:ListAllMyBuckets"],
            "Resource": "*",
        }
    ]
