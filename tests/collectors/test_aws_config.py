"""AWS Config's check on regions built to pass and to fail it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import scan
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.config.recorder_all_regions"
REGIONS = ("us-east-1", "eu-west-1")
ROLE = "arn:aws:iam::123456789012:role/config"


def recorder(region: str, **group: Any) -> Any:
    """A recorder that runs and delivers."""
    config = boto3.client("config", region_name=region)
    record(config, **(group or {"allSupported": True, "includeGlobalResourceTypes": region == "us-east-1"}))
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config-history"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    return config


def record(config: Any, **group: Any) -> None:
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": group}
    )


def excluding(*types: str) -> dict[str, Any]:
    return {
        "allSupported": False,
        "exclusionByResourceTypes": {"resourceTypes": list(types)},
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    }


@pytest.fixture
def config_env(aws_env: AwsWire) -> AwsWire:
    """An AWS in which recorders work: moto's never get beyond PENDING."""
    boto3.client("s3").create_bucket(Bucket="config-history")
    recorded(aws_env, "SUCCESS")
    return aws_env


def recorded(wire: AwsWire, status: str) -> None:
    wire.overrides.rewrite(
        "config:DescribeConfigurationRecorderStatus",
        lambda body: body.replace(b'"PENDING"', f'"{status}"'.encode()),
    )


def by_region(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.subject.name: finding.verdict for finding in findings}


def test_each_region_is_judged_by_its_own_recorder(config_env: AwsWire) -> None:
    recorder("us-east-1")
    config_env.traffic.reset()

    _, findings = scan([CHECK], regions=REGIONS)

    assert by_region(findings) == {"us-east-1": "pass", "eu-west-1": "fail"}
    assert not config_env.traffic.repeats


def stop(config: Any) -> None:
    config.stop_configuration_recorder(ConfigurationRecorderName="default")


def undeliver(config: Any) -> None:
    stop(config)
    config.delete_delivery_channel(DeliveryChannelName="default")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda config: None, "pass", id="all"),
        pytest.param(stop, "fail", id="stopped"),
        pytest.param(undeliver, "fail", id="no channel"),
        pytest.param(
            lambda config: record(config, allSupported=False, resourceTypes=["AWS::EC2::Instance"]),
            "fail",
            id="one type",
        ),
        pytest.param(lambda config: record(config, **excluding("AWS::IAM::User")), "pass", id="all but a global type"),
        pytest.param(lambda config: record(config, **excluding("AWS::EC2::VPC")), "fail", id="all but networks"),
    ],
)
def test_a_recorder_must_run_record_everything_and_deliver(
    config_env: AwsWire, change: Callable[[Any], None], expected: str
) -> None:
    change(recorder("eu-west-1"))

    _, findings = scan([CHECK], regions=["eu-west-1"])

    assert by_region(findings) == {"eu-west-1": expected}


@pytest.mark.parametrize(
    ("status", "expected"), [("SUCCESS", "pass"), ("Success", "pass"), ("PENDING", "fail"), ("FAILURE", "fail")]
)
def test_the_latest_recording_must_have_succeeded(aws_env: AwsWire, status: str, expected: str) -> None:
    boto3.client("s3").create_bucket(Bucket="config-history")
    recorder("us-east-1")
    recorded(aws_env, status)

    _, findings = scan([CHECK])

    assert by_region(findings) == {"us-east-1": expected}


@pytest.mark.parametrize(
    "operation",
    [
        "config:DescribeConfigurationRecorders",
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeDeliveryChannels",
    ],
)
def test_a_denial_in_one_region_makes_that_region_unknown(config_env: AwsWire, operation: str) -> None:
    for region in REGIONS:
        recorder(region)
    config_env.faults.add("denied", operation, region="eu-west-1")

    _, findings = scan([CHECK], regions=REGIONS)

    assert by_region(findings) == {"us-east-1": "pass", "eu-west-1": "unknown"}
    [unknown] = [finding for finding in findings if finding.verdict == "unknown"]
    assert {cause.unread.permission for cause in unknown.causes} == {operation}


def test_a_recorder_without_a_status_is_unknown(config_env: AwsWire) -> None:
    recorder("us-east-1")
    config_env.overrides.answer("config:DescribeConfigurationRecorderStatus", {"ConfigurationRecordersStatus": []})

    _, findings = scan([CHECK])

    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "missing_attribute")]
