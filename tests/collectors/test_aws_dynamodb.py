"""Tables: their keys, their protection and their capacity, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, types, verdicts
from tests.emulators.aws_wire import AwsWire

KEY, PROTECTION, CAPACITY = (
    f"aws.dynamodb.{name}" for name in ("customer_managed_key", "deletion_protection", "capacity_scales")
)
CHECKS = (KEY, PROTECTION, CAPACITY)
ACCOUNT = "123456789012"
SCHEMA = [{"AttributeName": "id", "KeyType": "HASH"}]
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def table(name: str, *, indexes: tuple[str, ...] = (), demand: bool = False, **settings: Any) -> None:
    capacity = {} if demand else {"ProvisionedThroughput": UNITS}
    rows = [
        {"IndexName": index, "KeySchema": SCHEMA, "Projection": {"ProjectionType": "ALL"}, **capacity}
        for index in indexes
    ]
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=SCHEMA,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST" if demand else "PROVISIONED",
        **capacity,
        **({"GlobalSecondaryIndexes": rows} if rows else {}),
        **settings,
    )


def target(resource: str, kind: str, *, policy: bool = True, most: int = 100, suspended: bool = False) -> None:
    scaling = boto3.client("application-autoscaling")
    place = "index" if "/index/" in resource else "table"
    of = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource,
        "ScalableDimension": f"dynamodb:{place}:{kind}CapacityUnits",
    }
    state = {"DynamicScalingOutSuspended": suspended}
    scaling.register_scalable_target(**of, MinCapacity=5, MaxCapacity=most, SuspendedState=state)
    if policy:
        metric = {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"}
        scaling.put_scaling_policy(
            **of,
            PolicyName=f"{resource} {kind}",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": metric},
        )


def both(resource: str, **writes: Any) -> None:
    """Let reads scale, and writes as they are told to."""
    target(resource, "Read")
    target(resource, "Write", **writes)


def judged(check: str) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(scan((check,))[1]).items()}


def test_only_a_key_of_the_customers_passes(aws_env: AwsWire) -> None:
    kms = boto3.client("kms")
    own, managed = (kms.create_key(Description=name)["KeyMetadata"]["Arn"] for name in ("own", "managed"))
    table("owned", demand=True)
    for name, key in (("own", own), ("managed", managed), ("lost", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/gone")):
        table(name, demand=True, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})

    def manager(body: bytes) -> bytes:
        return body.replace(b'"CUSTOMER"', b'"AWS"') if b'"managed"' in body else body

    aws_env.overrides.rewrite("kms:DescribeKey", manager)
    assert judged(KEY) == {"own": "pass", "managed": "fail", "owned": "fail", "lost": "fail"}


def test_a_table_whose_encryption_is_being_changed_fails(aws_env: AwsWire) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    table("t", demand=True, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    aws_env.overrides.rewrite("dynamodb:DescribeTable", lambda body: body.replace(b'"ENABLED"', b'"UPDATING"'))
    assert judged(KEY) == {"t": "fail"}


def test_unprotected_tables_fail(aws_env: AwsWire) -> None:
    table("kept", demand=True, DeletionProtectionEnabled=True)
    table("loose", demand=True, DeletionProtectionEnabled=False)
    assert judged(PROTECTION) == {"kept": "pass", "loose": "fail"}


def test_capacity_must_follow_demand_in_reads_as_well_as_writes(aws_env: AwsWire) -> None:
    table("demand", demand=True, indexes=("by-id",))
    for name in ("scales", "fixed", "reads", "idle", "full", "suspended", "scales2"):
        table(name)
    for name in ("index", "no-index"):
        table(name, indexes=("by-id",))
        both(f"table/{name}")
    both("table/scales")
    target("table/reads", "Read")
    both("table/idle", policy=False)
    both("table/full", most=5)
    both("table/suspended", suspended=True)
    both("table/index/index/by-id")
    assert judged(CAPACITY) == {
        "demand": "pass",
        "scales": "pass",
        "fixed": "fail",
        "reads": "fail",
        "idle": "fail",
        "full": "fail",
        "suspended": "fail",
        # Its name begins like another's.
        "scales2": "fail",
        "index": "pass",
        "no-index": "fail",
    }


def test_a_table_that_tells_no_billing_mode_is_provisioned(aws_env: AwsWire) -> None:
    table("fixed")
    table("scales")
    both("table/scales")
    aws_env.overrides.without("dynamodb:DescribeTable", "Table.BillingModeSummary")
    assert judged(CAPACITY) == {"fixed": "fail", "scales": "pass"}


def test_policies_are_not_asked_for_where_nothing_may_scale(aws_env: AwsWire) -> None:
    table("fixed")
    aws_env.traffic.reset()
    assert judged(CAPACITY) == {"fixed": "fail"}
    assert aws_env.traffic.calls["application-autoscaling:DescribeScalingPolicies"] == 0


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "checks"),
    [
        ("dynamodb:ListTables", CHECKS),
        ("dynamodb:DescribeTable", CHECKS),
        ("kms:ListKeys", (KEY,)),
        ("kms:DescribeKey", (KEY,)),
        ("application-autoscaling:DescribeScalableTargets", (CAPACITY,)),
        ("application-autoscaling:DescribeScalingPolicies", (CAPACITY,)),
    ],
)
def test_what_is_not_seen_is_unknown(aws_env: AwsWire, operation: str, checks: tuple[str, ...], kind: Any) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    table("t", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    both("table/t")
    aws_env.faults.add(kind, operation)
    _, findings = scan(checks)
    assert {f.check.id for f in findings} == set(checks)
    assert {f.verdict for f in findings} == {"unknown"}
    if kind == "denied":
        assert {f.causes[0].unread.permission for f in findings} == {operation}


def test_a_table_on_demand_needs_no_targets_to_be_seen(aws_env: AwsWire) -> None:
    table("demand", demand=True)
    aws_env.faults.add("denied", "application-autoscaling:*")
    assert judged(CAPACITY) == {"demand": "pass"}


@pytest.mark.parametrize(
    ("member", "check"),
    [
        ("DeletionProtectionEnabled", PROTECTION),
        ("SSEDescription.KMSMasterKeyArn", KEY),
        ("SSEDescription.Status", KEY),
    ],
)
def test_a_member_that_an_answer_lacks_is_unknown(aws_env: AwsWire, member: str, check: str) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    table("t", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    aws_env.overrides.without("dynamodb:DescribeTable", f"Table.{member}")
    _, (finding,) = scan((check,))
    assert (finding.verdict, finding.reason) == ("unknown", "missing_attribute")


def test_a_target_that_does_not_tell_whether_it_is_suspended_is_unknown(aws_env: AwsWire) -> None:
    table("t")
    both("table/t")
    aws_env.overrides.without(
        "application-autoscaling:DescribeScalableTargets", "ScalableTargets.SuspendedState.DynamicScalingOutSuspended"
    )
    _, (finding,) = scan((CAPACITY,))
    assert (finding.verdict, finding.reason) == ("unknown", "missing_attribute")


def test_a_description_without_an_arn_is_none(aws_env: AwsWire) -> None:
    table("t")
    aws_env.overrides.answer("dynamodb:DescribeTable", {"Table": {"TableStatus": "ACTIVE"}})
    _, findings = scan(CHECKS)
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "malformed_response")}


def test_a_table_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    table("t")
    aws_env.faults.add("error", "dynamodb:DescribeTable", code="ResourceNotFoundException", status=400)
    snapshot, findings = scan((PROTECTION,))
    assert (findings, snapshot.resources) == ((), ())
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)]


def test_pages_of_one_item_give_the_same_tables_and_targets(aws_env: AwsWire) -> None:
    for name in ("a", "b"):
        table(name, indexes=("by-id",))
        both(f"table/{name}")
    wanted = {
        "AWS::DynamoDB::Table": {"billing_mode", "global_secondary_indexes"},
        "AWS::ApplicationAutoScaling::ScalableTarget": set(
            types()["AWS::ApplicationAutoScaling::ScalableTarget"].properties
        ),
    }
    at_once = read(wanted).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    in_pages = read(wanted).resources
    assert len(at_once) == 6
    assert in_pages == at_once
    assert aws_env.traffic.calls["application-autoscaling:DescribeScalingPolicies"] > 1
    assert not aws_env.traffic.repeats


def test_a_target_is_read_as_it_is(aws_env: AwsWire) -> None:
    target("table/orders/index/by-id", "Write")
    type_ = "AWS::ApplicationAutoScaling::ScalableTarget"
    (found,) = read({type_: set(types()[type_].properties)}).resources
    assert found.id.startswith(f"arn:aws:application-autoscaling:us-east-1:{ACCOUNT}:scalable-target/")
    assert found.properties == {
        "resource_id": "table/orders/index/by-id",
        "table_name": "orders",
        "scalable_dimension": "dynamodb:index:WriteCapacityUnits",
        "min_capacity": 5,
        "max_capacity": 100,
        "scaling_out_suspended": False,
        "policy_types": ["TargetTrackingScaling"],
    }
