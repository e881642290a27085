"""The chain from a trail to someone who hears of it, and whether alarms act at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import compiled, read, scan, verdicts
from tests.emulators.aws.cloudwatch import composite_alarm, composite_alarms
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CHECK = "aws.cloudwatch.alarm_root_usage"
ROOT = '{ ($.userIdentity.type="Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }'
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail"
WHOLE = {
    CHECK: ROOT,
    "aws.cloudwatch.alarm_unauthorized_calls": (
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'
    ),
    "aws.cloudwatch.alarm_console_sign_in": "{ $.eventName = ConsoleLogin }",
    "aws.cloudwatch.alarm_iam_policy_changes": '{ ($.eventSource = iam.amazonaws.com) && ($.eventName = "*Policy*") }',
    "aws.cloudwatch.alarm_audit_tampering": (
        "{ ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StopLogging) ||"
        " ($.eventName = StopConfigurationRecorder) || ($.eventName = DeleteDeliveryChannel) ||"
        " ($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion) }"
    ),
    "aws.cloudwatch.alarm_network_changes": "{ $.eventSource = ec2.amazonaws.com }",
}
"""Each alarm's check, and what a metric filter that counts everything for it may look like."""

EVERYTHING = "{ $.eventSource = * || $.eventName = * || $.errorCode = * || $.userIdentity.type = * }"

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


def count(aws: Any, pattern: str, group: str = "trail", **change: Any) -> None:
    metric = {"metricNamespace": "Security", "metricName": "RootUsage", "metricValue": "1", **change}
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


def composed(aws: Any, rule: str, **change: Any) -> None:
    """Let a composite alarm act in the place of the alarm."""
    alarm(aws, AlarmActions=[])
    composite_alarms(aws.wire.overrides, [composite_alarm("security", rule, aws.topic, **change)])


def judged(check: str = CHECK) -> Finding:
    _, findings = scan([check], regions=("us-east-1", REGION))
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
        pytest.param(lambda aws: alarm(aws, Unit="Count"), "fail", id="alarm on a unit that there is none of"),
        pytest.param(lambda aws: alarm(aws, TreatMissingData="breaching"), "fail", id="alarm without data"),
        pytest.param(lambda aws: alarm(aws, TreatMissingData="notBreaching"), "pass", id="no alarm without data"),
        pytest.param(lambda aws: alarm(aws, Threshold=0), "fail", id="alarm all the time"),
        pytest.param(lambda aws: count(aws, ROOT, defaultValue=1), "fail", id="counts without events"),
        pytest.param(lambda aws: count(aws, ROOT, defaultValue=0), "pass", id="counts nothing without events"),
        pytest.param(lambda aws: alarm(aws, ActionsEnabled=False), "fail", id="actions off"),
        pytest.param(lambda aws: composed(aws, "ALARM(root)"), "pass", id="composite alarm"),
        pytest.param(lambda aws: composed(aws, "ALARM(other) OR ALARM(root)"), "pass", id="composite, or another"),
        pytest.param(
            lambda aws: composed(aws, "ALARM(other) AND ALARM(root)"), "fail", id="composite, only with another"
        ),
        pytest.param(lambda aws: composed(aws, "ALARM(other)"), "fail", id="composite of another"),
        pytest.param(
            lambda aws: composed(aws, "ALARM(root)", ActionsEnabled=False), "fail", id="composite, actions off"
        ),
        pytest.param(
            lambda aws: composed(
                aws,
                "ALARM(root)",
                ActionsSuppressor="other",
            ),
            "fail",
            id="composite, may be suppressed",
        ),
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
    count(chain(aws_env), EVERYTHING)
    aws_env.faults.add("denied", operation)

    _, findings = scan(WHOLE, regions=("us-east-1", REGION))

    assert {finding.check.id: (finding.verdict, finding.reason) for finding in findings} == dict.fromkeys(
        WHOLE, ("unknown", "access_denied")
    )
    assert {cause.unread.permission for finding in findings for cause in finding.causes} == {operation}


def test_every_alarm_takes_the_same_chain_so_that_one_that_is_proved_proves_all(aws_env: AwsWire) -> None:
    root, *others = compiled(tuple(WHOLE))
    whole = root.check.expression
    writes_only = whole.replace('["ReadOnly", "WriteOnly"].all', '["WriteOnly"].all')

    assert whole != writes_only
    assert {check.check.expression for check in others} == {whole, writes_only}
    assert all(check.check.related == root.check.related for check in others)


@pytest.mark.parametrize(("check", "pattern"), WHOLE.items())
def test_each_alarm_needs_all_that_it_is_about_to_be_counted(aws_env: AwsWire, check: str, pattern: str) -> None:
    aws = chain(aws_env)
    count(aws, pattern)
    whole = judged(check)
    count(aws, pattern.replace("{", "{ ($.awsRegion = us-east-1) && (").replace("}", ") }"))
    narrower = judged(check)
    count(aws, "{ $.eventName = DeleteTrail }")
    another = judged(check)

    assert [finding.verdict for finding in (whole, narrower, another)] == ["pass", "fail", "fail"]
    assert "Patterns that no metric filter counts at all: { $." in str(another.message)


def test_several_filters_count_together_and_each_needs_its_alarm(aws_env: AwsWire) -> None:
    aws = chain(aws_env)
    check = "aws.cloudwatch.alarm_unauthorized_calls"
    for name, pattern in {
        "Refused": '{ $.errorCode = "*UnauthorizedOperation" }',
        "Denied": "{ $.errorCode = AccessDenied* }",
    }.items():
        metric = {"metricNamespace": "Security", "metricName": name, "metricValue": "1"}
        aws.logs.put_metric_filter(
            logGroupName="trail", filterName=name, filterPattern=pattern, metricTransformations=[metric]
        )
    alarm(aws, AlarmName="refused", MetricName="Refused")
    half = judged(check)
    alarm(aws, AlarmName="denied", MetricName="Denied")

    assert (half.verdict, judged(check).verdict) == ("fail", "pass")
    assert str(half.message).endswith("Patterns that no metric filter counts at all: none.")


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ([], dict.fromkeys(WHOLE, "pass")),
        (
            ["rdsdata.amazonaws.com"],
            {**dict.fromkeys(WHOLE, "pass"), "aws.cloudwatch.alarm_unauthorized_calls": "fail"},
        ),
        (
            ["kms.amazonaws.com"],
            {
                **dict.fromkeys(WHOLE, "pass"),
                "aws.cloudwatch.alarm_unauthorized_calls": "fail",
                "aws.cloudwatch.alarm_audit_tampering": "fail",
            },
        ),
    ],
)
def test_events_that_the_trail_leaves_out_cannot_set_an_alarm_off(
    aws_env: AwsWire, excluded: list[str], expected: dict[str, str]
) -> None:
    aws = chain(aws_env)
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "ExcludeManagementEventSources": excluded}
    aws.cloudtrail.put_event_selectors(TrailName="audit", EventSelectors=[selector])
    count(
        aws,
        "{ $.eventVersion = * || $.eventSource = * || $.eventName = * || $.errorCode = * || $.userIdentity.type = * }",
    )

    _, findings = scan(WHOLE, regions=("us-east-1", REGION))

    assert {finding.check.id: finding.verdict for finding in findings} == expected


def test_a_denied_region_changes_nothing_where_the_chain_holds_elsewhere(aws_env: AwsWire) -> None:
    chain(aws_env)
    aws_env.faults.add("denied", "sns:ListSubscriptions", region="us-east-1")

    assert judged().verdict == "pass"


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
        "unit": None,
        "statistic": "Sum",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": "0.5",
        "datapoints_to_alarm": 1,
        "treat_missing_data": None,
        "actions_enabled": True,
        "alarm_actions": [aws.topic],
    }
    assert found["AWS::Logs::MetricFilter"].id == f"{REGION}|trail|root"
    assert found["AWS::Logs::MetricFilter"].properties == {
        "log_group_arn": GROUP,
        "filter_pattern": ROOT,
        "field_selection_criteria": None,
        "apply_on_transformed_logs": False,
        "metrics": [
            {
                "namespace": "Security",
                "name": "RootUsage",
                "value": "1",
                "default_value": None,
                "unit": "None",
                "dimensions": [],
            }
        ],
    }
    assert found["AWS::CloudTrail::Trail"].properties["cloud_watch_logs_log_group_arn"] == GROUP


# --- alarms that act -------------------------------------------------------------------------------------------------

ACTS = "aws.cloudwatch.alarm_actions_enabled"
COMPOSITE_ACTS = "aws.cloudwatch.composite_alarm_actions_enabled"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:ops"
SCALING = f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:1:autoScalingGroupName/a:policyName/b"


def alarms(wire: AwsWire, whole: Sequence[dict[str, Any]] = (), **actions: Any) -> None:
    """Alarms on metrics, by their names, and alarms on those."""
    aws = SimpleNamespace(cloudwatch=boto3.client("cloudwatch"), topic=TOPIC)
    for name, change in actions.items():
        alarm(aws, AlarmName=name, **change)
    composite_alarms(wire.overrides, whole)


def whole(name: str, rule: str, *actions: str, **more: Any) -> dict[str, Any]:
    return composite_alarm(name, rule, *actions, region="us-east-1", **more)


def test_alarms_are_judged_by_what_they_run(aws_env: AwsWire) -> None:
    alarms(
        aws_env,
        [
            whole("whole", "ALARM(child) OR ALARM(topic)", TOPIC),
            whole("empty", "ALARM(silent)"),
            whole("switched-off", "ALARM(silent)", TOPIC, ActionsEnabled=False),
        ],
        topic={},
        silent={"AlarmActions": []},
        off={"ActionsEnabled": False},
        scales={"AlarmActions": [SCALING]},
        scales_off={"AlarmActions": [SCALING], "ActionsEnabled": False},
        both={"AlarmActions": [SCALING, TOPIC]},
        child={"AlarmActions": []},
    )
    aws_env.traffic.reset()

    _, findings = scan([ACTS, COMPOSITE_ACTS])

    assert verdicts(findings) == {
        (ACTS, "topic"): "pass",
        (ACTS, "silent"): "fail",
        (ACTS, "off"): "fail",
        (ACTS, "scales"): "not_applicable",
        (ACTS, "scales_off"): "not_applicable",
        (ACTS, "both"): "pass",
        (ACTS, "child"): "pass",
        (COMPOSITE_ACTS, "whole"): "pass",
        (COMPOSITE_ACTS, "empty"): "fail",
        (COMPOSITE_ACTS, "switched-off"): "fail",
    }
    assert {name: n for name, n in aws_env.traffic.calls.items() if "cloudwatch" in name} == {
        "cloudwatch:DescribeAlarms": 1
    }


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize("check", [ACTS, COMPOSITE_ACTS])
def test_alarms_that_could_not_be_listed_are_unknown(aws_env: AwsWire, kind: Any, check: str) -> None:
    alarms(aws_env, [whole("whole", "ALARM(topic)", TOPIC)], topic={})
    aws_env.faults.add(kind, "cloudwatch:DescribeAlarms")

    _, findings = scan([check])

    assert [(finding.subject.kind, finding.verdict) for finding in findings] == [("scope", "unknown")]


@pytest.mark.parametrize("check", [ACTS, COMPOSITE_ACTS])
def test_whether_actions_are_enabled_is_never_assumed(aws_env: AwsWire, check: str) -> None:
    alarms(aws_env, [whole("whole", "ALARM(topic)", TOPIC)], topic={})
    aws_env.overrides.without(
        "cloudwatch:DescribeAlarms", "MetricAlarms.ActionsEnabled", "CompositeAlarms.ActionsEnabled"
    )

    _, findings = scan([check])

    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "missing_attribute")]


def test_an_answer_that_lists_no_kind_of_alarm_is_no_listing_of_none(aws_env: AwsWire) -> None:
    alarms(aws_env, [whole("whole", "ALARM(topic)", TOPIC)], topic={})
    aws_env.overrides.without("cloudwatch:DescribeAlarms", "CompositeAlarms")

    _, findings = scan([COMPOSITE_ACTS])

    assert [(finding.subject.kind, finding.reason) for finding in findings] == [("scope", "malformed_response")]


def test_pages_of_one_alarm_give_the_same_alarms(aws_env: AwsWire) -> None:
    composites = [whole(f"whole-{number}", "ALARM(one)", TOPIC) for number in range(2)]
    alarms(aws_env, composites, one={}, two={"Unit": "Count"}, three={"AlarmActions": []})
    wanted = {"AWS::CloudWatch::Alarm": {"unit"}, "AWS::CloudWatch::CompositeAlarm": {"alarm_rule"}}
    found = read(wanted).resources

    aws_env.paging.size = 1

    assert read(wanted).resources == found
    assert [item.name for item in found] == ["one", "three", "two", "whole-0", "whole-1"]
    assert found[-1].properties == {
        "alarm_rule": "ALARM(one)",
        "actions_suppressor": None,
        "actions_enabled": True,
        "alarm_actions": [TOPIC],
    }
