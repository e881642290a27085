"""Checks that look at every resource of a type: judged by a plan that is laid over what a run read of the account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model import Resource
from tests.planned import (
    ACCOUNT,
    CONTENT,
    OPEN,
    REGION,
    Rows,
    held,
    judged_alone,
    over,
    plan,
    seen_over,
    statement,
    verdicts_over,
)
from tests.plans import UNKNOWN, PlanBuilder, Ref

Over = tuple[tuple[Resource, ...], Rows, Rows]
"""What a run read, and the plans over it that a check passes and fails."""


def arn(service: str, rest: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


def with_and_without(live: tuple[Resource, ...], rows: Rows, *gone: str) -> Over:
    """A plan that keeps what is there, and one that deletes some of it."""
    kept = {f"keep {address}": values for address, values in rows.items()}
    deleted = {f"{'delete' if address in gone else 'keep'} {address}": values for address, values in rows.items()}
    return live, kept, deleted


TOPIC = arn("sns", "security")
GROUP = arn("logs", "log-group:trail")
TRAIL = held(
    "AWS::CloudTrail::Trail",
    arn("cloudtrail", "trail/main"),
    "main",
    is_multi_region_trail=True,
    is_logging=True,
    cloud_watch_logs_log_group_arn=GROUP,
    latest_cloud_watch_logs_delivery_error=None,
    management_events=[{"read_write_type": "All", "narrowed_by": [], "excluded_event_sources": []}],
)
SUBSCRIPTION = held("AWS::SNS::Subscription", f"{TOPIC}:1", topic_arn=TOPIC, protocol="sqs", pending_confirmation=False)


def alarmed(id_: str) -> Over:
    """Filters on the trail's log group for each pattern of a check, with alarms that tell the topic, or tell nobody."""

    def plan(actions: list[str]) -> Rows:
        rows: dict[str, dict[str, Any]] = {
            "keep aws_cloudwatch_log_group.trail": {"name": "trail", "arn": f"{GROUP}:*"}
        }
        for number, pattern in enumerate(CONTENT.checks[id_].parameters["patterns"].default):
            metric = {"namespace": "Audit", "name": f"m{number}"}
            rows[f"aws_cloudwatch_log_metric_filter.f{number}"] = {
                "name": f"f{number}",
                "pattern": pattern,
                "log_group_name": Ref("aws_cloudwatch_log_group.trail.name") if number % 2 else "trail",
                "metric_transformation": [{**metric, "value": "1", "default_value": "0"}],
            }
            rows[f"aws_cloudwatch_metric_alarm.a{number}"] = {
                "alarm_name": f"a{number}",
                "namespace": "Audit",
                "metric_name": f"m{number}",
                "statistic": "Sum",
                "comparison_operator": "GreaterThanOrEqualToThreshold",
                "threshold": 1,
                "evaluation_periods": 1,
                "alarm_actions": actions,
            }
        return rows

    return (TRAIL, SUBSCRIPTION), plan([TOPIC]), plan([])


def scaling(rows: Rows) -> Over:
    group = {"aws_autoscaling_group.x": {"name": "x", "min_size": 1, "max_size": 4}}
    return (), {**group, **rows}, group


def capacity() -> Over:
    table = {"aws_dynamodb_table.x": {"name": "x"}}
    scaled: dict[str, dict[str, Any]] = {}
    for kind in ("Read", "Write"):
        shared = {
            "service_namespace": "dynamodb",
            "resource_id": "table/x",
            "scalable_dimension": f"dynamodb:table:{kind}CapacityUnits",
        }
        scaled[f"aws_appautoscaling_target.{kind}"] = {**shared, "min_capacity": 5, "max_capacity": 50}
        scaled[f"aws_appautoscaling_policy.{kind}"] = {**shared, "name": kind, "policy_type": "TargetTrackingScaling"}
    return (), {**table, **scaled}, table


def reached() -> Over:
    def plan(public: bool) -> Rows:
        return {
            "aws_subnet.s": {"vpc_id": "vpc-1", "map_public_ip_on_launch": public},
            "aws_instance.x": {"ami": "ami-1", "subnet_id": Ref("aws_subnet.s.id")},
        }

    return (), plan(False), plan(True)


ANALYZER = arn("access-analyzer", "analyzer/main")
DISTRIBUTION = arn("cloudfront", "distribution/E1", "")
RECORDER = held(
    "AWS::Config::ConfigurationRecorder",
    f"{REGION}|default",
    "default",
    all_supported=True,
    recording_strategy=None,
    excluded_resource_types=[],
    recording=True,
    last_status="SUCCESS",
)
CHANNEL = held("AWS::Config::DeliveryChannel", f"{REGION}|default", "default", s3_bucket_name="config")
VPC = held(
    "AWS::EC2::VPC",
    arn("ec2", "vpc/vpc-1"),
    "vpc-1",
    is_default=False,
    owner_id=ACCOUNT,
    network_interface_count=3,
    subnet_ids=["subnet-1"],
)
FLOW_LOG = held(
    "AWS::EC2::FlowLog",
    arn("ec2", "vpc-flow-log/fl-1"),
    "fl-1",
    resource_id="vpc-1",
    traffic_type="ALL",
    status="ACTIVE",
    delivery_status="SUCCESS",
)
TESTING = held(
    "AWS::Backup::RestoreTestingPlan",
    arn("backup", "restore-testing-plan:x"),
    "x",
    selections=["s"],
    last_executed_at="2026-11-20T00:00:00Z",
)
LOGGED = {"id": "E1", "arn": DISTRIBUTION, "default_cache_behavior": [{"viewer_protocol_policy": "https-only"}]}
LIVE_DISTRIBUTION = held(
    "AWS::CloudFront::Distribution", DISTRIBUTION, "E1", "global", standard_logging_enabled=True, log_deliveries=[]
)
BACKUP_PLAN = held("AWS::Backup::BackupPlan", arn("backup", "backup-plan:p"), "p", selections=["s"])

BUCKET = held("AWS::S3::Bucket", "arn:aws:s3:::logs", "logs", logging_target_bucket=None)
RECORDS = held(
    "AWS::S3::Bucket",
    "arn:aws:s3:::records",
    "records",
    policy=None,
    acl_grants=[],
    public_access_block=OPEN,
    object_ownership="BucketOwnerEnforced",
)
TO_RECORDS = replace(
    TRAIL,
    properties={**TRAIL.properties, "s3_bucket_name": "records", "latest_delivery_error": None, "s3_data_events": []},
)
KEPT_TRAIL = {
    "name": "main",
    "arn": TRAIL.id,
    "s3_bucket_name": "records",
    "is_multi_region_trail": True,
    "enable_logging": True,
    "cloud_watch_logs_group_arn": f"{GROUP}:*",
}
DATA_EVENTS = [
    {"read_write_type": "All", "data_resource": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]},
]
ADMINISTRATORS = {
    f"aws_iam_role_policy_attachment.a{number}": {
        "role": Ref(f"aws_iam_role.r{number}.name"),
        "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess",
    }
    for number in range(6)
}
ROLES = {
    f"aws_iam_role.r{number}": {"name": f"r{number}", "assume_role_policy": statement(Action="sts:AssumeRole")}
    for number in range(6)
}


RECORDS_KEPT = {"keep aws_s3_bucket.x": {"bucket": "records", "arn": RECORDS.id}}
PUBLIC = statement(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::records/*")
CLOSED = statement(Principal={"Service": "cloudtrail.amazonaws.com"}, Action="s3:PutObject")


def trail(good: dict[str, Any], bad: dict[str, Any]) -> Over:
    """What a run read of a trail and its bucket, and plans that change the trail."""
    return (
        (TO_RECORDS, RECORDS),
        {"keep aws_cloudtrail.x": {**KEPT_TRAIL, **good}},
        {"keep aws_cloudtrail.x": {**KEPT_TRAIL, **bad}},
    )


def locked(days: int | None) -> Rows:
    lock = {"rule": [{"default_retention": [{"mode": "COMPLIANCE", "days": days}]}]}
    made: dict[str, dict[str, Any]] = {"aws_s3_bucket.x": {"bucket": "x", "tags": {"retention": "locked"}}}
    return made if days is None else {**made, "aws_s3_bucket_object_lock_configuration.x": {"bucket": "x", **lock}}


OVER: dict[str, Over] = {
    "aws.cloudtrail.delivered_to_cloudwatch": (
        (
            replace(
                TO_RECORDS,
                properties={**TO_RECORDS.properties, "latest_cloud_watch_logs_delivery_time": "2026-11-25T23:00:00Z"},
            ),
        ),
        {"keep aws_cloudtrail.x": KEPT_TRAIL},
        {"keep aws_cloudtrail.x": {**KEPT_TRAIL, "cloud_watch_logs_group_arn": ""}},
    ),
    "aws.cloudtrail.log_bucket_not_public": (
        (TO_RECORDS, RECORDS),
        {"keep aws_s3_bucket_policy.x": {"bucket": "records", "policy": CLOSED}, **RECORDS_KEPT},
        {"keep aws_s3_bucket_policy.x": {"bucket": "records", "policy": PUBLIC}, **RECORDS_KEPT},
    ),
    "aws.cloudtrail.multi_region_trail": trail({}, {"is_multi_region_trail": False}),
    "aws.cloudtrail.s3_data_events": (
        (TO_RECORDS, BUCKET),
        {"keep aws_cloudtrail.x": {**KEPT_TRAIL, "event_selector": DATA_EVENTS}},
        {"keep aws_cloudtrail.x": KEPT_TRAIL},
    ),
    "aws.iam.administrator_access_limited": ((), ROLES, {**ROLES, **ADMINISTRATORS}),
    "aws.s3.bucket_access_logging": (
        (BUCKET,),
        {"aws_s3_bucket.x": {"bucket": "x"}, "aws_s3_bucket_logging.x": {"bucket": "x", "target_bucket": "logs"}},
        {"aws_s3_bucket.x": {"bucket": "x"}},
    ),
    "aws.s3.bucket_object_lock": ((), locked(30), locked(None)),
    "aws.accessanalyzer.external_access_enabled": with_and_without(
        (held("AWS::AccessAnalyzer::Analyzer", ANALYZER, "main", type="ACCOUNT", status="ACTIVE"),),
        {"aws_accessanalyzer_analyzer.x": {"analyzer_name": "main", "arn": ANALYZER, "type": "ACCOUNT"}},
        "aws_accessanalyzer_analyzer.x",
    ),
    "aws.autoscaling.group_scaling_policy": scaling(
        {
            "aws_autoscaling_policy.x": {
                "name": "x",
                "autoscaling_group_name": "x",
                "policy_type": "TargetTrackingScaling",
            }
        }
    ),
    "aws.backup.plan_exists": with_and_without(
        (BACKUP_PLAN,),
        {
            "aws_backup_plan.x": {"id": "p", "arn": BACKUP_PLAN.id, "name": "p", "rule": []},
            "aws_backup_selection.s": {"plan_id": "p", "name": "s"},
        },
        "aws_backup_plan.x",
        "aws_backup_selection.s",
    ),
    "aws.backup.restore_testing_plan": with_and_without(
        (TESTING,),
        {"aws_backup_restore_testing_plan.x": {"name": "x", "arn": TESTING.id}},
        "aws_backup_restore_testing_plan.x",
    ),
    "aws.cloudfront.access_logging": (
        (LIVE_DISTRIBUTION,),
        {"keep aws_cloudfront_distribution.x": {**LOGGED, "logging_config": [{"bucket": "logs.s3.amazonaws.com"}]}},
        {"keep aws_cloudfront_distribution.x": LOGGED},
    ),
    "aws.cloudwatch.alarm_actions_enabled": (
        (),
        {"aws_cloudwatch_metric_alarm.x": {"alarm_name": "x", "evaluation_periods": 1, "alarm_actions": [TOPIC]}},
        {"aws_cloudwatch_metric_alarm.x": {"alarm_name": "x", "evaluation_periods": 1}},
    ),
    **{
        id_: alarmed(id_)
        for id_ in sorted(CONTENT.checks)
        if id_.startswith("aws.cloudwatch.alarm_") and id_ != "aws.cloudwatch.alarm_actions_enabled"
    },
    "aws.config.recorder_all_regions": (
        (RECORDER, CHANNEL),
        {
            "keep aws_config_configuration_recorder.x": {"id": "default", "name": "default"},
            "keep aws_config_configuration_recorder_status.x": {"name": "default", "is_enabled": True},
        },
        {
            "keep aws_config_configuration_recorder.x": {"id": "default", "name": "default"},
            "keep aws_config_configuration_recorder_status.x": {"name": "default", "is_enabled": False},
        },
    ),
    "aws.dynamodb.capacity_scales": capacity(),
    "aws.ec2.instance_no_public_ip": reached(),
    "aws.ec2.vpc_flow_logs_enabled": with_and_without(
        (VPC, FLOW_LOG),
        {
            "aws_vpc.x": {"id": "vpc-1", "arn": VPC.id, "owner_id": ACCOUNT},
            "aws_flow_log.x": {"id": "fl-1", "arn": FLOW_LOG.id, "vpc_id": "vpc-1", "traffic_type": "ALL"},
        },
        "aws_flow_log.x",
    ),
}

INSTANCE = arn("ec2", "instance/i-1")
FURTHER: dict[str, tuple[str, tuple[Resource, ...], Rows, set[str]]] = {
    "a flow log that is new has yet to deliver": (
        "aws.ec2.vpc_flow_logs_enabled",
        (VPC,),
        {
            "keep aws_vpc.x": {"id": "vpc-1", "arn": VPC.id, "owner_id": ACCOUNT},
            "aws_flow_log.x": {"vpc_id": "vpc-1", "traffic_type": "ALL"},
        },
        {"unknown"},
    ),
    "an analyzer that is new has yet to be active": (
        "aws.accessanalyzer.external_access_enabled",
        (),
        {"aws_accessanalyzer_analyzer.x": {"analyzer_name": "main"}},
        {"unknown"},
    ),
    "a subscription that is new has yet to be confirmed": (
        "aws.cloudwatch.alarm_root_usage",
        (TRAIL,),
        {
            **alarmed("aws.cloudwatch.alarm_root_usage")[1],
            "aws_sns_topic_subscription.x": {"topic_arn": TOPIC, "protocol": "email"},
        },
        {"unknown"},
    ),
    "an elastic address is one of the instance": (
        "aws.ec2.instance_no_public_ip",
        (),
        {
            **reached()[1],
            "aws_eip.x": {"instance": Ref("aws_instance.x.id")},
        },
        {"fail"},
    ),
    "what a run read of an instance stands, since a plan does not tell of every interface": (
        "aws.ec2.instance_no_public_ip",
        (
            held(
                "AWS::EC2::Instance",
                INSTANCE,
                "i-1",
                public_ipv4_addresses=["198.51.100.7"],
                network_interfaces=[],
                vpc_id="vpc-1",
            ),
        ),
        {
            "keep aws_instance.x": {
                "id": "i-1",
                "arn": INSTANCE,
                "public_ip": "",
                "primary_network_interface_id": "eni-1",
            }
        },
        {"fail"},
    ),
}


@pytest.mark.parametrize(("verb", "expected"), [("keep", {"pass"}), ("replace", {"unknown"})])
def test_what_a_run_read_of_a_resource_that_is_replaced_does_not_stand_for_the_new_one(
    verb: str, expected: set[str], tmp_path: Path
) -> None:
    live = held("AWS::EC2::Instance", INSTANCE, "i-1", image_deprecated_at=None, image_id="ami-1")
    values = {"id": "i-1", "arn": INSTANCE, "ami": "ami-1"}
    builder = PlanBuilder()
    if verb == "keep":
        builder.keep("aws_instance.x", **values)
    else:
        builder.replace("aws_instance.x", values, ami="ami-2", id=UNKNOWN, arn=UNKNOWN)
    assert over("aws.ec2.image_not_deprecated", (live,), builder, tmp_path) == expected


def test_a_name_that_a_run_read_in_another_region_is_another_resource(tmp_path: Path) -> None:
    kind = "AWS::Logs::LogGroup"
    live = [held(kind, "app", region=region, kms_key_id=None) for region in ("eu-west-1", "us-east-1")]
    found = seen_over(live, plan({"keep aws_config_delivery_channel.a": {"id": "a", "name": "a"}}), tmp_path)
    assert sorted(item.region for item in found.resources if item.type == kind) == ["eu-west-1", "us-east-1"]


def test_these_checks_are_none_that_a_plan_alone_is_judged_by() -> None:
    assert set(OVER) & judged_alone() == set()


@pytest.mark.parametrize("id_", sorted(OVER))
def test_a_pair_of_plans_over_a_run_drives_the_check_to_pass_and_to_fail(id_: str, tmp_path: Path) -> None:
    live, good, bad = OVER[id_]
    assert (verdicts_over(id_, live, good, tmp_path), verdicts_over(id_, live, bad, tmp_path)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_plan_over_a_run_is_not_taken_for_more_than_it_tells(name: str, tmp_path: Path) -> None:
    id_, live, rows, expected = FURTHER[name]
    assert verdicts_over(id_, live, rows, tmp_path) == expected
