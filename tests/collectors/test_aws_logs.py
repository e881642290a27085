"""Log groups built to pass and to fail, and the chain from a trail to someone who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CHECK = "aws.cloudwatch.alarm_root_usage"
ROOT = '{ ($.userIdentity.type="Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }'
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail"


def test_log_groups_are_judged_by_their_retention(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    for name, days in (("short", 30), ("exact", 365), ("long", 731), ("forever", None), ("passed-on", 1)):
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    # moto keeps no class.
    aws_env.overrides.rewrite(
        "logs:DescribeLogGroups",
        lambda body: body.replace(
            b'"logGroupName": "passed-on"', b'"logGroupName": "passed-on", "logGroupClass": "DELIVERY"'
        ),
    )

    _, findings = scan(["aws.logs.group_retention"])

    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "short": "fail",
        "exact": "pass",
        "long": "pass",
        "forever": "pass",
        "passed-on": "not_applicable",
    }
    assert findings[0].subject.id == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:exact"


def test_more_log_groups_than_a_page_holds_are_all_judged(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    for number in range(120):
        logs.create_log_group(logGroupName=f"group-{number:03}")
    aws_env.traffic.reset()

    _, findings = scan(["aws.logs.group_retention"])

    assert [finding.subject.name for finding in findings] == [f"group-{number:03}" for number in range(120)]
    assert aws_env.traffic.calls["logs:DescribeLogGroups"] == 3


def test_a_page_that_fails_leaves_the_listing_incomplete(aws_env: AwsWire) -> None:
    logs = boto3.client("logs")
    for number in range(60):
        logs.create_log_group(logGroupName=f"group-{number:03}")
    aws_env.faults.add("denied", "logs:DescribeLogGroups", after=1)

    _, findings = scan(["aws.logs.group_retention"])

    assert sorted({finding.subject.kind for finding in findings}) == ["resource", "scope"]
    [gap] = [finding for finding in findings if finding.subject.kind == "scope"]
    assert (gap.verdict, gap.reason, len(findings)) == ("unknown", "access_denied", 51)


# --- the chain -------------------------------------------------------------------------------------------------------


def chain(wire: AwsWire) -> Any:
    """An account in which use of the root user reaches someone; gives the clients."""
    boto3.client("s3").create_bucket(Bucket="trail-logs")
    names = ("logs", "cloudtrail", "cloudwatch", "sns")
    aws = SimpleNamespace(**{name: boto3.client(name, region_name=REGION) for name in names}, wire=wire)
    aws.logs.create_log_group(logGroupName="trail")
    role = f"arn:aws:iam::{ACCOUNT}:role/cloudtrail"
    aws.cloudtrail.create_trail(
        Name="audit",
        S3BucketName="trail-logs",
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=f"{GROUP}:*",
        CloudWatchLogsRoleArn=role,
    )
    aws.cloudtrail.start_logging(Name="audit")
    count(aws, ROOT)
    aws.topic = aws.sns.create_topic(Name="security")["TopicArn"]
    aws.sns.subscribe(TopicArn=aws.topic, Protocol="email", Endpoint="oncall@example.com")
    alarm(aws)
    return aws


def count(aws: Any, pattern: str, group: str = "trail") -> None:
    metric = {"metricNamespace": "Security", "metricName": "RootUsage", "metricValue": "1"}
    aws.logs.put_metric_filter(
        logGroupName=group, filterName="root", filterPattern=pattern, metricTransformations=[metric]
    )


def alarm(aws: Any, **change: Any) -> None:
    settings = {
        "AlarmName": "root",
        "Namespace": "Security",
        "MetricName": "RootUsage",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "AlarmActions": [aws.topic],
    }
    aws.cloudwatch.put_metric_alarm(**(settings | change))


def judged() -> Finding:
    _, findings = scan([CHECK], regions=("us-east-1", REGION))
    [finding] = findings
    return finding


def filter_elsewhere(aws: Any) -> None:
    aws.logs.delete_metric_filter(logGroupName="trail", filterName="root")
    aws.logs.create_log_group(logGroupName="other")
    count(aws, ROOT, "other")


def subscription_elsewhere(aws: Any) -> None:
    alarm(aws, AlarmActions=[aws.sns.create_topic(Name="nobody")["TopicArn"]])


def unconfirmed(aws: Any) -> None:
    def pending(body: bytes) -> bytes:
        start, end = body.index(b"<SubscriptionArn>"), body.index(b"</SubscriptionArn>")
        return body[:start] + b"<SubscriptionArn>PendingConfirmation" + body[end:]

    aws.wire.overrides.rewrite("sns:ListSubscriptions", lambda body: pending(body) if b"oncall" in body else body)


def undelivered(aws: Any) -> None:
    aws.wire.overrides.edit(
        "cloudtrail:GetTrailStatus", lambda answer: answer.put("LatestCloudWatchLogsDeliveryError", "AccessDenied")
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda aws: None, "pass", id="whole"),
        pytest.param(lambda aws: count(aws, '{ $.userIdentity.type = "Root" }'), "pass", id="counts more"),
        pytest.param(lambda aws: aws.cloudtrail.delete_trail(Name="audit"), "fail", id="no trail"),
        pytest.param(lambda aws: aws.cloudtrail.stop_logging(Name="audit"), "fail", id="trail stopped"),
        pytest.param(undelivered, "fail", id="log group refuses"),
        pytest.param(lambda aws: count(aws, '{ $.userIdentity.type = "IAMUser" }'), "fail", id="counts another"),
        pytest.param(filter_elsewhere, "fail", id="filter on another group"),
        pytest.param(lambda aws: alarm(aws, MetricName="Other"), "fail", id="alarm on another metric"),
        pytest.param(lambda aws: alarm(aws, Threshold=5), "fail", id="alarm at the fifth time"),
        pytest.param(lambda aws: alarm(aws, EvaluationPeriods=3), "fail", id="alarm after three periods"),
        pytest.param(
            lambda aws: alarm(aws, EvaluationPeriods=3, DatapointsToAlarm=1), "pass", id="alarm at one of three periods"
        ),
        pytest.param(lambda aws: alarm(aws, ActionsEnabled=False), "fail", id="actions off"),
        pytest.param(subscription_elsewhere, "fail", id="nobody subscribed"),
        pytest.param(unconfirmed, "fail", id="not confirmed"),
    ],
)
def test_one_broken_link_means_that_nobody_hears(
    aws_env: AwsWire, change: Callable[[Any], None], expected: str
) -> None:
    aws = chain(aws_env)
    change(aws)
    aws_env.traffic.reset()

    finding = judged()

    assert (finding.verdict, finding.subject.id) == (expected, ACCOUNT)
    assert not aws_env.traffic.repeats


@pytest.mark.parametrize(
    "operation",
    [
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
        "logs:DescribeMetricFilters",
        "cloudwatch:DescribeAlarms",
        "sns:ListSubscriptions",
    ],
)
def test_a_link_that_cannot_be_seen_is_unknown_and_names_the_permission(aws_env: AwsWire, operation: str) -> None:
    chain(aws_env)
    aws_env.faults.add("denied", operation)

    finding = judged()

    assert (finding.verdict, finding.reason) == ("unknown", "access_denied")
    assert {cause.unread.permission for cause in finding.causes} == {operation}


def test_a_denied_region_leaves_the_chain_unknown_even_where_it_holds_elsewhere(aws_env: AwsWire) -> None:
    chain(aws_env)
    aws_env.faults.add("denied", "sns:ListSubscriptions", region="us-east-1")

    assert judged().verdict == "unknown"


def test_no_address_of_a_subscriber_is_kept(aws_env: AwsWire) -> None:
    aws = chain(aws_env)
    aws.sns.subscribe(TopicArn=aws.topic, Protocol="sms", Endpoint="+15550100")

    snapshot = read({"AWS::SNS::Subscription": {"topic_arn", "protocol", "pending_confirmation"}}, regions=[REGION])

    assert sorted(item.properties["protocol"] for item in snapshot.resources) == ["email", "sms"]
    assert "oncall" not in repr(snapshot)
    assert "5550100" not in repr(snapshot)


def test_alarms_and_filters_are_read_as_they_are(aws_env: AwsWire) -> None:
    aws = chain(aws_env)
    alarm(aws, Threshold=0.5, DatapointsToAlarm=1, EvaluationPeriods=2, Dimensions=[{"Name": "Queue", "Value": "a"}])

    wanted = {
        "AWS::CloudWatch::Alarm": {"threshold"},
        "AWS::Logs::MetricFilter": {"metrics"},
        "AWS::CloudTrail::Trail": {"cloud_watch_logs_log_group_arn"},
    }
    found = {item.type: item for item in read(wanted, regions=[REGION]).resources}

    assert found["AWS::CloudWatch::Alarm"].properties == {
        "namespace": "Security",
        "metric_name": "RootUsage",
        "dimensions": [{"name": "Queue", "value": "a"}],
        "statistic": "Sum",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": "0.5",
        "datapoints_to_alarm": 1,
        "actions_enabled": True,
        "alarm_actions": [aws.topic],
    }
    assert found["AWS::Logs::MetricFilter"].id == f"{REGION}|trail|root"
    assert found["AWS::Logs::MetricFilter"].properties == {
        "log_group_arn": GROUP,
        "filter_pattern": ROOT,
        "field_selection_criteria": None,
        "apply_on_transformed_logs": False,
        "metrics": [{"namespace": "Security", "name": "RootUsage", "value": "1", "dimensions": []}],
    }
    assert found["AWS::CloudTrail::Trail"].properties["cloud_watch_logs_log_group_arn"] == GROUP
