"""Keys: their rotation, their deletion and their policies, built to pass and to fail."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.wire import Answer, Exchange

ACCOUNT = "123456789012"
ROTATION = ("aws.kms.key_rotation",)
DELETION = ("aws.kms.key_not_pending_deletion",)
POLICY = ("aws.kms.key_policy_not_public",)


def key(*, rotates: bool = False, **settings: Any) -> str:
    kms = boto3.client("kms")
    id_: str = kms.create_key(**settings)["KeyMetadata"]["KeyId"]
    if rotates:
        kms.enable_key_rotation(KeyId=id_)
    return id_


def statement(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*", **more}


def policy(*statements: dict[str, Any]) -> str:
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [own, *statements]})


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_only_keys_that_have_rotation_as_a_setting_are_asked_and_judged(aws_env: AwsWire) -> None:
    kms = boto3.client("kms")
    on, off = key(rotates=True), key()
    primary, asymmetric = key(MultiRegion=True, rotates=True), key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    hmac, imported = key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"), key(Origin="EXTERNAL")
    disabled, deleted = key(rotates=True), key(rotates=True)
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=deleted, PendingWindowInDays=7)
    aws_env.traffic.reset()
    _, findings = scan(ROTATION)
    assert by_name(findings) == {
        on: "pass",
        off: "fail",
        primary: "pass",
        asymmetric: "not_applicable",
        hmac: "not_applicable",
        imported: "not_applicable",
        disabled: "not_applicable",
        deleted: "not_applicable",
    }
    assert aws_env.traffic.calls["kms:GetKeyRotationStatus"] == 3
    assert aws_env.traffic.calls["kms:DescribeKey"] == 8


def test_a_replica_is_left_to_its_primary(aws_env: AwsWire) -> None:
    primary = key(MultiRegion=True)
    boto3.client("kms").replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")
    aws_env.overrides.change("kms:DescribeKey", _primary_in_its_region)
    snapshot, findings = scan(ROTATION, regions=("us-east-1", "eu-west-1"))
    found = {(f.scope.region, f.subject.name): f.verdict for f in findings}
    kinds = {item.region: item.properties["multi_region_key_type"] for item in snapshot.resources}
    assert found == {("us-east-1", primary): "fail", ("eu-west-1", primary): "not_applicable"}
    assert kinds == {"us-east-1": "PRIMARY", "eu-west-1": "REPLICA"}


def _primary_in_its_region(exchange: Exchange, answer: Answer) -> Answer:
    """moto calls the primary a replica, too, once it has one."""
    is_primary = exchange.call.region == "us-east-1"
    return answer.with_body(answer.body.replace(b'"REPLICA"', b'"PRIMARY"')) if is_primary else answer


def test_a_multi_region_key_without_its_configuration_is_unknown(aws_env: AwsWire) -> None:
    key(MultiRegion=True, rotates=True)
    aws_env.overrides.without("kms:DescribeKey", "KeyMetadata.MultiRegionConfiguration")
    _, findings = scan(ROTATION)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_keys_that_wait_for_their_deletion_fail(aws_env: AwsWire) -> None:
    enabled, waiting, disabled = key(), key(), key()
    kms = boto3.client("kms")
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=waiting, PendingWindowInDays=7)
    _, findings = scan(DELETION)
    assert by_name(findings) == {enabled: "pass", waiting: "fail", disabled: "pass"}
    (message,) = [f.message for f in findings if f.message]
    assert message.startswith(f"Key {waiting} waits for its deletion on 20")


def test_key_policies_open_to_everyone_fail(aws_env: AwsWire) -> None:
    of_account = {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "ec2.us-east-1.amazonaws.com"}}
    service_only = {"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}}
    default = key()
    everyone = key(Policy=policy(statement("*")))
    account = key(Policy=policy(statement({"AWS": "*"}, Condition=of_account)))
    service = key(Policy=policy(statement({"AWS": "*"}, Condition=service_only)))
    partner = key(Policy=policy(statement({"AWS": "arn:aws:iam::444455556666:root"})))
    _, findings = scan(POLICY)
    assert by_name(findings) == {
        default: "pass",
        everyone: "fail",
        account: "pass",
        service: "fail",
        partner: "pass",
    }


def test_keys_that_aws_manages_are_described_and_no_more(aws_env: AwsWire) -> None:
    id_ = key()
    manager = (b'"CUSTOMER"', b'"AWS"')
    aws_env.overrides.rewrite("kms:DescribeKey", lambda body: body.replace(*manager))
    aws_env.traffic.reset()
    _, findings = scan((*ROTATION, *DELETION, *POLICY))
    calls = {name: count for name, count in aws_env.traffic.calls.items() if name.startswith("kms:")}
    assert set(verdicts(findings).values()) == {"not_applicable"}
    assert {f.subject.name for f in findings} == {id_}
    assert calls == {"kms:ListKeys": 1, "kms:DescribeKey": 1}


def test_what_needs_an_undescribed_key_is_unread_without_a_call(aws_env: AwsWire) -> None:
    id_ = key(rotates=True)
    aws_env.faults.add("denied", "kms:DescribeKey")
    aws_env.traffic.reset()
    _, findings = scan((*ROTATION, *DELETION, *POLICY))
    assert {(f.subject.name, f.verdict, f.causes[0].unread.permission) for f in findings} == {
        (id_, "unknown", "kms:DescribeKey")
    }
    assert aws_env.traffic.calls["kms:GetKeyRotationStatus"] == 0
    assert aws_env.traffic.calls["kms:GetKeyPolicy"] == 0


@pytest.mark.parametrize(
    ("operation", "checks"),
    [("kms:GetKeyRotationStatus", ROTATION), ("kms:GetKeyPolicy", POLICY)],
)
@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_an_unread_attribute_is_unknown(aws_env: AwsWire, kind: Any, operation: str, checks: tuple[str, ...]) -> None:
    key(rotates=True)
    aws_env.faults.add(kind, operation)
    _, findings = scan((*DELETION, *checks))
    assert {f.check.id: f.verdict for f in findings} == {DELETION[0]: "pass", checks[0]: "unknown"}


@pytest.mark.parametrize("operation", ["kms:DescribeKey", "kms:GetKeyRotationStatus"])
def test_a_key_deleted_meanwhile_is_gone(aws_env: AwsWire, operation: str) -> None:
    key(rotates=True)
    aws_env.faults.add("error", operation, code="NotFoundException", status=400)
    snapshot, findings = scan(ROTATION)
    assert (findings, snapshot.resources) == ((), ())
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)]


def test_keys_are_read_as_they_are(aws_env: AwsWire) -> None:
    id_ = key()
    names = {"key_manager", "key_state", "key_spec", "origin", "multi_region_key_type", "deletion_date"}
    (found,) = read({"AWS::KMS::Key": {*names, "rotation_enabled"}}).resources
    assert (found.id, found.name) == (f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{id_}", id_)
    assert found.properties == {
        "key_manager": "CUSTOMER",
        "key_state": "Enabled",
        "key_spec": "SYMMETRIC_DEFAULT",
        "origin": "AWS_KMS",
        "multi_region_key_type": None,
        "deletion_date": None,
        "rotation_enabled": False,
    }
