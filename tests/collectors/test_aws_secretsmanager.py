"""Secrets: their rotation and their policies, built to pass and to fail, and what they hold never read."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

ROTATION = ("aws.secretsmanager.rotation_enabled",)
POLICY = ("aws.secretsmanager.policy_not_public",)
CANARY = "correct-horse-battery-staple"


def secret(name: str, **settings: Any) -> str:
    arn: str = boto3.client("secretsmanager").create_secret(Name=name, SecretString=CANARY, **settings)["ARN"]
    return arn


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def listed(wire: AwsWire, **members: dict[str, Any]) -> None:
    """Set members of secrets in secretsmanager:ListSecrets, by the secret's name."""

    def rewrite(body: bytes) -> bytes:
        answer = json.loads(body)
        for row in answer["SecretList"]:
            row.update(members.get(row["Name"], {}))
        return json.dumps(answer).encode()

    wire.overrides.rewrite("secretsmanager:ListSecrets", rewrite)


def test_secrets_that_do_not_rotate_in_time_fail(aws_env: AwsWire) -> None:
    for name in ("rotated", "late", "never", "cancelled", "owned", "replica", "primary"):
        secret(name)
    september, june = 1788220800, 1780272000  # 2026-09-01 and 2026-06-01
    listed(
        aws_env,
        rotated={"RotationEnabled": True, "LastRotatedDate": september},
        late={"RotationEnabled": True, "LastRotatedDate": june},
        cancelled={"RotationEnabled": False, "LastRotatedDate": september},
        owned={"OwningService": "rds"},
        replica={"PrimaryRegion": "eu-west-1"},
        primary={"PrimaryRegion": "us-east-1"},
    )
    _, findings = scan(ROTATION)
    assert by_name(findings) == {
        "rotated": "pass",
        "late": "fail",
        "never": "fail",
        "cancelled": "fail",
        "owned": "not_applicable",
        "replica": "not_applicable",
        "primary": "fail",
    }


def test_a_secret_set_to_rotate_passes_until_its_first_rotation_is_late(aws_env: AwsWire) -> None:
    arn = secret("new")
    boto3.client("secretsmanager").rotate_secret(
        SecretId=arn, RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False
    )
    _, findings = scan(ROTATION)
    assert by_name(findings) == {"new": "pass"}


def test_a_secret_that_waits_for_its_deletion_is_not_judged(aws_env: AwsWire) -> None:
    secret("kept")
    secret("deleted")
    boto3.client("secretsmanager").delete_secret(SecretId="deleted", RecoveryWindowInDays=7)
    _, findings = scan(ROTATION)
    assert by_name(findings) == {"kept": "fail"}


def test_a_secret_without_a_date_is_unknown(aws_env: AwsWire) -> None:
    secret("dateless")
    listed(aws_env, dateless={"RotationEnabled": True})
    aws_env.overrides.without("secretsmanager:ListSecrets", "SecretList.CreatedDate")
    _, findings = scan(ROTATION)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_policies_open_to_everyone_fail(aws_env: AwsWire) -> None:
    client = boto3.client("secretsmanager")
    rule = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    own = {"StringEquals": {"aws:PrincipalOrgID": "o-abc1234567"}}
    statements: dict[str, dict[str, Any]] = {
        "public": {**rule, "Principal": "*"},
        "partner": {**rule, "Principal": {"AWS": "arn:aws:iam::444455556666:root"}},
        "organization": {**rule, "Principal": "*", "Condition": own},
    }
    secret("none")
    for name, statement in statements.items():
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        client.put_resource_policy(SecretId=secret(name), ResourcePolicy=document)
    _, findings = scan(POLICY)
    assert by_name(findings) == {"none": "pass", "public": "fail", "partner": "pass", "organization": "pass"}


@pytest.mark.parametrize("kind", ["denied", "hollow", "truncated", "server_error"])
def test_an_unread_policy_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    secret("unread")
    aws_env.faults.add(kind, "secretsmanager:GetResourcePolicy")
    _, findings = scan(POLICY)
    assert by_name(findings) == {"unread": "unknown"}


def test_a_policy_of_another_secret_is_no_answer(aws_env: AwsWire) -> None:
    arn = secret("mine")
    aws_env.overrides.rewrite(
        "secretsmanager:GetResourcePolicy",
        lambda body: body.replace(arn.encode(), arn.replace("mine", "other").encode()),
    )
    _, findings = scan(POLICY)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "malformed_response")]


def test_a_secret_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    secret("gone")
    aws_env.faults.add("error", "secretsmanager:GetResourcePolicy", code="ResourceNotFoundException", status=400)
    snapshot, findings = scan(POLICY)
    assert (findings, snapshot.resources) == ((), ())


def test_what_a_secret_holds_is_never_asked_for(aws_env: AwsWire) -> None:
    secret("plain", Description="note", Tags=[{"Key": "team", "Value": "core"}])
    aws_env.traffic.reset()
    snapshot, _ = scan((*ROTATION, *POLICY))
    (found,) = snapshot.resources
    calls = {name for name in aws_env.traffic.calls if name.startswith("secretsmanager:")}
    assert calls == {"secretsmanager:ListSecrets", "secretsmanager:GetResourcePolicy"}
    assert CANARY not in repr(snapshot)
    assert found.tags == {"team": "core"}


def test_secrets_are_read_as_they_are(aws_env: AwsWire) -> None:
    arn = secret("plain")
    listed(aws_env, plain={"CreatedDate": 1767225600.5})
    names = {"rotation_enabled", "last_rotated_at", "created_at", "owning_service", "primary_region", "policy"}
    (found,) = read({"AWS::SecretsManager::Secret": names}).resources
    assert (found.id, found.unread) == (arn, {})
    assert found.properties == {
        "rotation_enabled": None,
        "last_rotated_at": None,
        "created_at": "2026-01-01T00:00:00.500000Z",
        "owning_service": None,
        "primary_region": None,
        "policy": None,
    }
