"""Identity Center: permission sets, in the account that owns them and in its other accounts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan
from tests.emulators.aws.sso import INSTANCE, instance, permission_set
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.identitycenter.permission_set_session_limited"
HERE = ("us-east-1",)


def by_id(findings: Any) -> dict[str, str]:
    return {finding.subject.id: finding.verdict for finding in findings}


@pytest.mark.parametrize(
    ("duration", "seconds", "verdict"),
    [
        ("PT1H", 3600, "pass"),
        ("PT8H", 28800, "pass"),
        ("PT480M", 28800, "pass"),
        ("PT8H1S", 28801, "fail"),
        ("PT12H", 43200, "fail"),
        ("P1D", 86400, "fail"),
        ("P1DT1H30M", 91800, "fail"),
    ],
)
def test_a_session_longer_than_a_working_day_fails(aws_env: AwsWire, duration: str, seconds: int, verdict: str) -> None:
    instance(aws_env, regions=HERE)
    arn = permission_set("Admin", duration, "us-east-1")
    snapshot, findings = scan((CHECK,))
    assert by_id(findings) == {arn: verdict}
    assert snapshot.resources[0].properties == {"instance_arn": INSTANCE, "session_duration_seconds": seconds}


@pytest.mark.parametrize(
    "duration", ["", "P", "PT", "P1M", "P1Y", "8H", "PT-1H", "PT1.5H", "-PT8H", "PT8H ", "PT9999999999H"]
)
def test_a_duration_that_is_none_is_unknown(aws_env: AwsWire, duration: str) -> None:
    instance(aws_env, regions=HERE)
    permission_set("Admin", "PT8H", "us-east-1")
    aws_env.overrides.rewrite(
        "sso-admin:DescribePermissionSet", lambda body: body.replace(b'"PT8H"', f'"{duration}"'.encode())
    )
    _, findings = scan((CHECK,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


def test_a_permission_set_without_word_of_its_duration_is_unknown(aws_env: AwsWire) -> None:
    # AWS answers with the default of one hour; what it does not say is not one hour.
    instance(aws_env, regions=HERE)
    permission_set("Admin", "PT8H", "us-east-1")
    aws_env.overrides.without("sso-admin:DescribePermissionSet", "PermissionSet.SessionDuration")
    _, findings = scan((CHECK,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_an_account_that_does_not_own_the_instance_is_not_asked_for_its_permission_sets(aws_env: AwsWire) -> None:
    instance(aws_env, owner="999988887777", regions=HERE)
    permission_set("Admin", "PT12H", "us-east-1")
    aws_env.faults.add("denied", "sso-admin:ListPermissionSets")
    snapshot, findings = scan((CHECK,))
    assert (findings, snapshot.resources) == ((), ())
    assert aws_env.faults.injected.total() == 0


def test_an_instance_in_two_regions_is_read_in_its_primary_one(aws_env: AwsWire) -> None:
    instance(aws_env, regions=("eu-west-1", "us-east-1"))
    arn = permission_set("Admin", "PT4H", "eu-west-1")
    snapshot, findings = scan((CHECK,), regions=("eu-west-1", "us-east-1"))
    assert by_id(findings) == {arn: "pass"}
    assert [(item.id, item.region) for item in snapshot.resources] == [(arn, "eu-west-1")]


def test_an_instance_without_word_of_its_owner_is_unknown(aws_env: AwsWire) -> None:
    instance(aws_env, regions=HERE)
    aws_env.overrides.without("sso-admin:ListInstances", "Instances.OwnerAccountId")
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["unknown"]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    "operation", ["sso-admin:ListInstances", "sso-admin:ListPermissionSets", "sso-admin:DescribePermissionSet"]
)
def test_what_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str) -> None:
    instance(aws_env, regions=HERE)
    permission_set("Admin", "PT4H", "us-east-1")
    aws_env.faults.add(kind, operation)
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["unknown"]


def test_a_permission_set_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    instance(aws_env, regions=HERE)
    permission_set("Admin", "PT4H", "us-east-1")
    aws_env.faults.add("error", "sso-admin:DescribePermissionSet", code="ResourceNotFoundException", status=400)
    snapshot, findings = scan((CHECK,))
    assert (findings, snapshot.resources) == ((), ())


def test_pages_of_one_give_the_same_and_nothing_is_asked_twice(aws_env: AwsWire) -> None:
    instance(aws_env, regions=HERE)
    for name in ("one", "two", "three"):
        permission_set(name, "PT1H", "us-east-1")
    wanted = {"AWS::SSO::PermissionSet": {"session_duration_seconds"}}
    whole = read(wanted).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole
    assert aws_env.traffic.calls["sso-admin:ListPermissionSets"] == 3
    assert not aws_env.traffic.repeats
