"""User data of instances on the wire; its forms are in tests/unit/test_user_data.py."""

from __future__ import annotations

import gzip
from typing import Any

import boto3
import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire

CHECK = ("aws.ec2.user_data_no_secrets",)
OPERATION = "ec2:DescribeInstanceAttribute"
SECRET = "Canary5InUserData"


def instance(**settings: Any) -> str:
    launched = boto3.client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, **settings)
    id_: str = launched["Instances"][0]["InstanceId"]
    return id_


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_instances_with_credentials_in_their_user_data_fail(aws_env: AwsWire) -> None:
    script = f"#!/bin/sh\nexport DB_PASSWORD={SECRET}\n"
    secret, packed = instance(UserData=script), instance(UserData=gzip.compress(script.encode()))
    clean, none, binary = instance(UserData="#!/bin/sh\n"), instance(), instance(UserData=b"\x7fELF\xff\xfe\xfd")
    aws_env.traffic.reset()
    snapshot, findings = scan(CHECK)
    assert by_name(findings) == {secret: "fail", packed: "fail", clean: "pass", none: "pass", binary: "unknown"}
    assert aws_env.traffic.calls[OPERATION] == 5
    assert not aws_env.traffic.repeats
    assert SECRET not in repr((snapshot, findings))
    assert {f.message for f in findings if f.verdict == "fail"} == {
        f"Instance {id_} keeps credentials in its user data: DB_PASSWORD (named-secret)." for id_ in (secret, packed)
    }
    (reason,) = [f.causes[0].unread for f in findings if f.verdict == "unknown"]
    assert (reason.reason, reason.operation, reason.detail) == (
        "malformed_response",
        OPERATION,
        "user data that is no text cannot be searched",
    )


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_user_data_that_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    id_ = instance()
    aws_env.faults.add(kind, OPERATION)
    _, findings = scan(CHECK)
    assert by_name(findings) == {id_: "unknown"}


def test_an_answer_that_does_not_speak_of_user_data_is_unknown(aws_env: AwsWire) -> None:
    """An instance without user data is answered for with an empty element."""
    id_ = instance()
    aws_env.overrides.without(OPERATION, "UserData")
    _, findings = scan(CHECK)
    assert [(f.subject.name, f.verdict, f.reason) for f in findings] == [(id_, "unknown", "malformed_response")]


def test_an_instance_terminated_meanwhile_is_gone(aws_env: AwsWire) -> None:
    instance(UserData="PASSWORD=x")
    aws_env.faults.add("error", OPERATION, code="InvalidInstanceID.NotFound", status=400)
    snapshot, findings = scan(CHECK)
    assert (findings, snapshot.resources) == ((), ())
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)]
