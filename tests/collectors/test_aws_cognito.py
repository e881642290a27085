"""Cognito: user pools that require a second factor, and others."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.cognito.user_pool_mfa"


def pool(name: str, mfa: str | None = None) -> str:
    cognito = boto3.client("cognito-idp")
    id_: str = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
    if mfa:
        cognito.set_user_pool_mfa_config(
            UserPoolId=id_, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration=mfa
        )
    return id_


def test_only_a_pool_that_requires_it_passes(aws_env: AwsWire) -> None:
    pool("required", "ON")
    pool("optional", "OPTIONAL")
    pool("none")
    aws_env.traffic.reset()
    _, findings = scan((CHECK,))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "required": "pass",
        "optional": "fail",
        "none": "fail",
    }
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("operation", ["cognito-idp:ListUserPools", "cognito-idp:GetUserPoolMfaConfig"])
def test_what_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str) -> None:
    pool("required", "ON")
    aws_env.faults.add(kind, operation)
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["unknown"]


def test_a_word_that_is_new_does_not_pass(aws_env: AwsWire) -> None:
    pool("required", "ON")
    aws_env.overrides.rewrite("cognito-idp:GetUserPoolMfaConfig", lambda body: body.replace(b'"ON"', b'"ADAPTIVE"'))
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["fail"]


def test_a_pool_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    pool("required", "ON")
    aws_env.faults.add("error", "cognito-idp:GetUserPoolMfaConfig", code="ResourceNotFoundException", status=400)
    snapshot, findings = scan((CHECK,))
    assert (findings, snapshot.resources) == ((), ())


def test_pools_are_read_as_they_are_and_in_pages_of_one_too(aws_env: AwsWire) -> None:
    ids = {name: pool(name) for name in ("one", "two")}
    wanted = {"AWS::Cognito::UserPool": {"mfa_configuration"}}
    whole = read(wanted).resources
    assert {item.name: (item.id, item.properties) for item in whole} == {
        name: (f"arn:aws:cognito-idp:us-east-1:123456789012:userpool/{id_}", {"mfa_configuration": "OFF"})
        for name, id_ in ids.items()
    }
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole
    assert aws_env.traffic.calls["cognito-idp:ListUserPools"] == 2
