"""IAM's checks of what should not be there any more: second keys, idle roles, open tokens, old certificates."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.iam import last_used
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import credential_report

ACCOUNT = "123456789012"
GITHUB = "token.actions.githubusercontent.com"
KEYS = "aws.iam.user_single_active_access_key"
GROUPS = "aws.iam.user_member_of_group"
TOKENS = "aws.iam.oidc_trust_subject_restricted"
IDLE = "aws.iam.role_unused_removed"
CERTIFICATES = "aws.iam.server_certificate_not_expired"
WEB = "sts:AssumeRoleWithWebIdentity"
PROVIDER = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"}


def trust(principal: dict[str, str], action: str, condition: dict[str, dict[str, str]] | None = None) -> str:
    conditions = {"Condition": condition} if condition else {}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **conditions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(name: str, policy: str | None = None, path: str = "/") -> None:
    given = policy or trust({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")
    boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=given, Path=path)


def of(findings: Any, check: str) -> dict[str, str]:
    return {name: verdict for (id_, name), verdict in verdicts(findings).items() if id_ == check}


def user(name: str, keys: int = 0, group: str | None = None) -> list[str]:
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    if group:
        iam.add_user_to_group(UserName=name, GroupName=group)
    return [iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"] for _ in range(keys)]


def test_a_second_active_key_fails_and_a_user_without_group_does(aws_env: AwsWire) -> None:
    boto3.client("iam").create_group(GroupName="engineers")
    user("none", group="engineers")
    user("one", 1)
    user("two", 2, group="engineers")
    _, second = user("changed", 2)
    boto3.client("iam").update_access_key(UserName="changed", AccessKeyId=second, Status="Inactive")
    _, findings = scan((KEYS, GROUPS))
    assert of(findings, KEYS) == {"none": "not_applicable", "one": "pass", "two": "fail", "changed": "pass"}
    assert of(findings, GROUPS) == {"none": "pass", "one": "fail", "two": "pass", "changed": "fail"}
    assert {f.message for f in findings if f.verdict == "fail"} == {
        "User two has 2 active access keys.",
        "User one belongs to no group.",
        "User changed belongs to no group.",
    }


def test_a_key_whose_state_is_garbled_is_unknown(aws_env: AwsWire) -> None:
    user("one", 1)
    user("two", 2)
    user("garbled", 2)
    credential_report(aws_env.overrides, {"garbled": {"access_key_2_active": "yes"}})
    _, findings = scan((KEYS,))
    assert of(findings, KEYS) == {"one": "pass", "two": "fail", "garbled": "unknown"}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("iam:GetCredentialReport", {KEYS}),
        ("iam:GetAccountAuthorizationDetails", {KEYS, GROUPS, TOKENS, IDLE}),
        ("iam:ListServerCertificates", {CERTIFICATES}),
    ],
)
def test_what_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, unknown: set[str]) -> None:
    user("one", 1)
    role(
        "deploy",
        trust({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"}, "sts:AssumeRoleWithWebIdentity"),
    )
    boto3.client("iam").upload_server_certificate(ServerCertificateName="www", CertificateBody="-", PrivateKey="-")
    aws_env.faults.add(kind, operation)
    _, findings = scan((KEYS, GROUPS, TOKENS, IDLE, CERTIFICATES))
    assert {f.check.id for f in findings} == {KEYS, GROUPS, TOKENS, IDLE, CERTIFICATES}
    assert {f.check.id for f in findings if f.verdict == "unknown"} == unknown


# --- roles that CI services take -------------------------------------------------------------------------------------


def test_a_role_for_a_ci_service_must_pin_the_subject(aws_env: AwsWire) -> None:
    own = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"}
    role("pinned", trust(PROVIDER, WEB, {"StringLike": {f"{GITHUB}:sub": "repo:acme/app:*"}}))
    role("any", trust(PROVIDER, WEB, {"StringLike": {f"{GITHUB}:sub": "repo:*"}}))
    role("audience", trust(PROVIDER, WEB, {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}))
    role("absent", trust(PROVIDER, WEB, {"ForAllValues:StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}))
    role("pods", trust(own, WEB))
    role("machine")
    _, findings = scan((TOKENS,))
    assert of(findings, TOKENS) == {
        "pinned": "pass",
        "any": "fail",
        "audience": "fail",
        "absent": "fail",
        "pods": "not_applicable",
        "machine": "not_applicable",
    }
    assert {f.message for f in findings if f.subject.name == "any"} == {
        f"Role any accepts tokens of any subject: Statement 1: no condition pins the sub of {GITHUB}."
    }


# --- roles that nobody uses ------------------------------------------------------------------------------------------


def test_roles_are_judged_by_their_last_use_else_by_their_creation(aws_env: AwsWire) -> None:
    for name in ("busy", "idle", "limit", "never"):
        role(name)
    role("AWSServiceRoleForSupport", path="/aws-service-role/support.amazonaws.com/")
    role("AWSReservedSSO_Admin_01", path="/aws-reserved/sso.amazonaws.com/eu-west-1/")
    last_used(
        aws_env, {"busy": "2027-11-22T00:00:00Z", "limit": "2027-05-27T12:00:00Z", "idle": "2027-05-27T11:59:59Z"}
    )
    _, findings = scan((IDLE,), now="2027-11-23T12:00:00Z")
    assert of(findings, IDLE) == {
        "busy": "pass",
        "limit": "pass",
        "idle": "fail",
        "never": "fail",  # made more than 180 days before
        "AWSServiceRoleForSupport": "not_applicable",
        "AWSReservedSSO_Admin_01": "not_applicable",
    }


def test_a_role_made_yesterday_and_not_used_yet_passes(aws_env: AwsWire) -> None:
    role("new")
    snapshot = read({"AWS::IAM::Role": {"last_used_at", "created_at"}})
    (made,) = snapshot.resources
    assert made.properties["last_used_at"] is None
    _, findings = scan((IDLE,), now=made.properties["created_at"])
    assert of(findings, IDLE) == {"new": "pass"}


def test_a_role_without_word_of_its_use_is_unknown(aws_env: AwsWire) -> None:
    role("deploy")
    aws_env.overrides.without("iam:GetAccountAuthorizationDetails", "RoleDetailList.RoleLastUsed")
    _, findings = scan((IDLE,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


# --- certificates ----------------------------------------------------------------------------------------------------


def certificates(*names: str) -> None:
    for name in names:
        boto3.client("iam").upload_server_certificate(ServerCertificateName=name, CertificateBody="-", PrivateKey="-")


@pytest.mark.parametrize(
    ("now", "verdict"),
    [("2012-05-08T01:02:03Z", "pass"), ("2012-05-08T01:02:03.004Z", "fail"), ("2026-11-23T12:00:00Z", "fail")],
)
def test_a_certificate_fails_from_the_moment_that_it_ends(aws_env: AwsWire, now: str, verdict: str) -> None:
    certificates("www")  # moto's end on 8 May 2012
    _, findings = scan((CERTIFICATES,), now=now)
    assert of(findings, CERTIFICATES) == {"www": verdict}


def test_no_certificates_are_no_findings_and_complete(aws_env: AwsWire) -> None:
    snapshot, findings = scan((CERTIFICATES,))
    assert findings == ()
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)]


def test_a_certificate_without_its_end_is_unknown(aws_env: AwsWire) -> None:
    certificates("www")
    aws_env.overrides.without("iam:ListServerCertificates", "ServerCertificateMetadataList.Expiration")
    _, findings = scan((CERTIFICATES,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_pages_of_one_give_the_same_and_nothing_is_asked_twice(aws_env: AwsWire) -> None:
    certificates("one", "two", "three")
    role("one")
    role("two")
    wanted = {"AWS::IAM::ServerCertificate": {"expiration"}, "AWS::IAM::Role": {"last_used_at"}}
    whole = read(wanted).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole
    assert aws_env.traffic.calls["iam:ListServerCertificates"] == 3
    assert not aws_env.traffic.repeats
