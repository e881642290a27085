"""Auto Scaling groups, their policies and scheduled actions, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document

ZONES = ("aws.autoscaling.group_multi_az",)
HEALTH = ("aws.autoscaling.group_health_check",)
SCALES = ("aws.autoscaling.group_scaling_policy",)
GROUPS = "autoscaling:DescribeAutoScalingGroups"
POLICIES = "autoscaling:DescribePolicies"
ACTIONS = "autoscaling:DescribeScheduledActions"


def subnets(count: int) -> str:
    found = boto3.client("ec2").describe_subnets()["Subnets"]
    return ",".join(row["SubnetId"] for row in sorted(found, key=lambda row: str(row["AvailabilityZone"]))[:count])


def group(name: str, low: int = 0, high: int = 4, zones: int = 2, **settings: Any) -> str:
    scaling = boto3.client("autoscaling")
    if not scaling.describe_launch_configurations()["LaunchConfigurations"]:
        scaling.create_launch_configuration(
            LaunchConfigurationName="any", ImageId="ami-12345678", InstanceType="t3.micro"
        )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName="any",
        MinSize=low,
        MaxSize=high,
        DesiredCapacity=low,
        VPCZoneIdentifier=subnets(zones),
        **settings,
    )
    return name


def policy(of: str, kind: str = "TargetTrackingScaling", **settings: Any) -> None:
    metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50}
    if kind == "TargetTrackingScaling":
        settings = {"TargetTrackingConfiguration": metric, **settings}
    boto3.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName=of, PolicyName=f"{of} policy", PolicyType=kind, **settings
    )


def predictive(of: str, **mode: str) -> None:
    pair = {"PredefinedMetricType": "ASGCPUUtilization"}
    specification = {"TargetValue": 50, "PredefinedMetricPairSpecification": pair}
    policy(of, "PredictiveScaling", PredictiveScalingConfiguration={"MetricSpecifications": [specification], **mode})


def action(of: str, **sizes: int) -> None:
    boto3.client("autoscaling").put_scheduled_update_group_action(
        AutoScalingGroupName=of, ScheduledActionName=f"{of} action", Recurrence="0 8 * * *", **sizes
    )


def suspend(of: str, *processes: str) -> None:
    boto3.client("autoscaling").suspend_processes(AutoScalingGroupName=of, ScalingProcesses=list(processes))


def target_group() -> str:
    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = boto3.client("elbv2").create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
    arn: str = made["TargetGroups"][0]["TargetGroupArn"]
    return arn


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_groups_in_one_zone_fail(aws_env: AwsWire) -> None:
    group("one", zones=1)
    group("two", zones=2)
    group("three", zones=3)
    _, findings = scan(ZONES)
    assert by_name(findings) == {"one": "fail", "two": "pass", "three": "pass"}
    assert [f.message for f in findings if f.message] == [
        "Auto Scaling group one launches instances in us-east-1a only."
    ]


def test_a_zone_that_is_named_twice_is_one(aws_env: AwsWire) -> None:
    group("one", zones=1)

    def twice(document: Document) -> None:
        for row in document.items("AutoScalingGroups"):
            zones = row.find("AvailabilityZones")
            zones.append(zones[0])

    aws_env.overrides.edit(GROUPS, twice)
    _, findings = scan(ZONES)
    assert by_name(findings) == {"one": "fail"}


def test_load_balanced_groups_that_do_not_ask_the_load_balancer_fail(aws_env: AwsWire) -> None:
    boto3.client("elb").create_load_balancer(
        LoadBalancerName="old",
        AvailabilityZones=["us-east-1a"],
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
    )
    arn = target_group()
    group("asks", TargetGroupARNs=[arn], HealthCheckType="ELB")
    group("asks both", TargetGroupARNs=[arn], HealthCheckType="EC2,ELB")
    group("asks EC2", TargetGroupARNs=[arn], HealthCheckType="EC2")
    group("classic", LoadBalancerNames=["old"], HealthCheckType="EC2")
    group("alone", HealthCheckType="EC2")
    _, findings = scan(HEALTH)
    assert by_name(findings) == {
        "asks": "pass",
        "asks both": "pass",
        "asks EC2": "fail",
        "classic": "fail",
        "alone": "not_applicable",
    }


@pytest.mark.parametrize(
    ("identifier", "kind", "verdict"),
    [
        ("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1", "elbv2", "pass"),
        ("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1", None, "pass"),
        ("old", "elb", "pass"),
        ("arn:aws:vpc-lattice:us-east-1:1:targetgroup/tg-1", "vpc-lattice", "fail"),
        ("arn:aws:vpc-lattice:us-east-1:1:targetgroup/tg-1", None, "fail"),
        (None, "elb", "unknown"),
    ],
)
def test_what_the_newer_list_of_traffic_sources_names_counts_too(
    aws_env: AwsWire, identifier: str | None, kind: str | None, verdict: str
) -> None:
    """moto does not have TrafficSources. The type is told where the identifier is a name."""
    group("web", HealthCheckType="ELB")
    inner = f"<Identifier>{identifier}</Identifier>" if identifier else ""
    inner += f"<Type>{kind}</Type>" if kind else ""
    sources = f"<TrafficSources><member>{inner}</member></TrafficSources>".encode()
    end = b"<HealthCheckType>"
    aws_env.overrides.rewrite(GROUPS, lambda body: body.replace(end, sources + end))
    _, findings = scan(HEALTH)
    assert by_name(findings) == {"web": verdict}


def test_groups_that_nothing_scales_fail(aws_env: AwsWire) -> None:
    for name in ("tracked", "deaf", "frozen", "forecast", "default forecast", "foreseen", "full"):
        group(name, high=0 if name == "full" else 4)
    group("bare")
    for name in ("tracked", "deaf", "frozen", "full"):
        policy(name)
    suspend("deaf", "AlarmNotification")
    suspend("frozen", "Launch")
    predictive("forecast", Mode="ForecastOnly")
    predictive("default forecast")
    predictive("foreseen", Mode="ForecastAndScale")
    for name in ("scheduled", "off schedule"):
        group(name)
        action(name, MaxSize=8)
    suspend("off schedule", "ScheduledActions")
    group("raised", high=0)
    action("raised", MinSize=2, MaxSize=2)
    group("unmoved", high=0)
    action("unmoved", MinSize=0, MaxSize=0)
    _, findings = scan(SCALES)
    assert by_name(findings) == {
        "tracked": "pass",
        "deaf": "fail",
        "frozen": "fail",
        "forecast": "fail",
        "default forecast": "fail",
        "foreseen": "pass",
        "full": "fail",
        "bare": "fail",
        "scheduled": "pass",
        "off schedule": "fail",
        "raised": "pass",
        "unmoved": "fail",
    }
    messages = {f.subject.name: f.message for f in findings if f.message}
    assert messages["deaf"] == (
        "Auto Scaling group deaf keeps 0 to 4 instances, and no policy or scheduled action in force scales it; "
        "suspended: AlarmNotification."
    )


def test_a_policy_that_is_disabled_scales_nothing(aws_env: AwsWire) -> None:
    group("web")
    policy("web")
    aws_env.overrides.rewrite(
        POLICIES, lambda body: body.replace(b"<Enabled>true</Enabled>", b"<Enabled>false</Enabled>")
    )
    _, findings = scan(SCALES)
    assert by_name(findings) == {"web": "fail"}


def test_policies_of_another_region_are_another_groups(aws_env: AwsWire) -> None:
    group("web")
    policy("web")
    other = boto3.client("autoscaling", region_name="eu-west-1")
    other.create_launch_configuration(LaunchConfigurationName="any", ImageId="ami-1", InstanceType="t3.micro")
    other.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="any",
        MinSize=0,
        MaxSize=4,
        AvailabilityZones=["eu-west-1a"],
    )
    _, findings = scan(SCALES, regions=("us-east-1", "eu-west-1"))
    assert {f.scope.region: f.verdict for f in findings} == {"us-east-1": "pass", "eu-west-1": "fail"}


@pytest.mark.parametrize(
    ("operation", "member", "checks"),
    [
        (GROUPS, "AutoScalingGroups.AvailabilityZones", ZONES),
        (GROUPS, "AutoScalingGroups.HealthCheckType", HEALTH),
        (GROUPS, "AutoScalingGroups.MinSize", SCALES),
        (GROUPS, "AutoScalingGroups.MaxSize", SCALES),
        (POLICIES, "ScalingPolicies.Enabled", SCALES),
        (POLICIES, "ScalingPolicies.PolicyType", SCALES),
        (POLICIES, "ScalingPolicies.AutoScalingGroupName", SCALES),
    ],
)
def test_what_an_answer_lacks_is_unknown(
    aws_env: AwsWire, operation: str, member: str, checks: tuple[str, ...]
) -> None:
    group("web", TargetGroupARNs=[target_group()])
    policy("web")
    aws_env.overrides.without(operation, member)
    _, findings = scan(checks)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_groups_that_could_not_be_listed_are_unknown(aws_env: AwsWire, kind: Any) -> None:
    group("web")
    aws_env.faults.add(kind, GROUPS)
    _, findings = scan((*ZONES, *HEALTH, *SCALES))
    assert [(f.subject.kind, f.verdict) for f in findings] == [("scope", "unknown")] * 3


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "expected"),
    [(POLICIES, ("unknown", "pass", "unknown")), (ACTIONS, ("pass", "unknown", "unknown"))],
)
def test_what_could_not_be_listed_matters_where_nothing_else_scales_the_group(
    aws_env: AwsWire, operation: str, expected: tuple[str, ...], kind: Any
) -> None:
    for name in ("tracked", "scheduled", "bare"):
        group(name)
    policy("tracked")
    action("scheduled", MaxSize=8)
    aws_env.faults.add(kind, operation)
    _, findings = scan(SCALES)
    found = by_name(findings)
    assert (found["tracked"], found["scheduled"], found["bare"]) == expected


def test_everything_is_read_as_it_is_in_pages_of_one_too(aws_env: AwsWire) -> None:
    arn = target_group()
    group("web", low=0, high=4, TargetGroupARNs=[arn], HealthCheckType="ELB,EC2")
    group("other")
    suspend("web", "Terminate", "Launch")
    policy("web")
    predictive("other", Mode="ForecastAndScale")
    action("web", MinSize=1)
    action("other", MaxSize=9)
    wanted = {
        "AWS::AutoScaling::AutoScalingGroup": {
            "availability_zones",
            "min_size",
            "max_size",
            "health_check_types",
            "suspended_processes",
            "traffic_sources",
        },
        "AWS::AutoScaling::ScalingPolicy": {"auto_scaling_group_name", "enabled", "predictive_mode"},
        "AWS::AutoScaling::ScheduledAction": {"auto_scaling_group_name", "min_size", "max_size"},
    }
    whole = read(wanted)
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole.resources
    assert (aws_env.traffic.calls[GROUPS], aws_env.traffic.repeats) == (2, {})
    assert {item.name: (item.properties, dict(item.unread)) for item in whole.resources} == {
        "web": (
            {
                "availability_zones": ["us-east-1a", "us-east-1b"],
                "min_size": 0,
                "max_size": 4,
                "health_check_types": ["EC2", "ELB"],
                "suspended_processes": ["Launch", "Terminate"],
                "traffic_sources": [{"identifier": arn, "type": "elbv2"}],
            },
            {},
        ),
        "other": (
            {
                "availability_zones": ["us-east-1a", "us-east-1b"],
                "min_size": 0,
                "max_size": 4,
                "health_check_types": ["EC2"],
                "suspended_processes": [],
                "traffic_sources": [],
            },
            {},
        ),
        "web policy": ({"auto_scaling_group_name": "web", "enabled": True, "predictive_mode": None}, {}),
        "other policy": (
            {"auto_scaling_group_name": "other", "enabled": True, "predictive_mode": "ForecastAndScale"},
            {},
        ),
        "web action": ({"auto_scaling_group_name": "web", "min_size": 1, "max_size": None}, {}),
        "other action": ({"auto_scaling_group_name": "other", "min_size": None, "max_size": 9}, {}),
    }
