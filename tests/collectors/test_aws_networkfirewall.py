"""Network firewalls and their logs, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

CHECK = ("aws.networkfirewall.logging_enabled",)
LISTING, LOGGING = "network-firewall:ListFirewalls", "network-firewall:DescribeLoggingConfiguration"


def firewall(name: str, *log_types: str) -> str:
    """A firewall that sends these logs; one without any has no configuration at all."""
    firewalls = boto3.client("network-firewall")
    made = firewalls.create_firewall(
        FirewallName=name,
        FirewallPolicyArn="arn:aws:network-firewall:us-east-1:123456789012:firewall-policy/any",
        VpcId="vpc-1",
        SubnetMappings=[{"SubnetId": "subnet-1"}],
    )
    arn: str = made["Firewall"]["FirewallArn"]
    if log_types:
        destinations = [
            {"LogType": kind, "LogDestinationType": "S3", "LogDestination": {"bucketName": "logs"}}
            for kind in log_types
        ]
        firewalls.update_logging_configuration(
            FirewallArn=arn, LoggingConfiguration={"LogDestinationConfigs": destinations}
        )
    return arn


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_firewalls_that_log_neither_flows_nor_alerts_fail(aws_env: AwsWire) -> None:
    firewall("alerts", "ALERT")
    firewall("flows", "FLOW", "TLS")
    firewall("tls", "TLS")
    firewall("none")
    _, findings = scan(CHECK)
    assert by_name(findings) == {"alerts": "pass", "flows": "pass", "tls": "fail", "none": "fail"}
    assert sorted(f.message for f in findings if f.message) == [
        "Firewall none sends no log of the kinds ALERT, FLOW; it sends: none.",
        "Firewall tls sends no log of the kinds ALERT, FLOW; it sends: TLS.",
    ]


def test_a_configuration_without_destinations_is_no_log(aws_env: AwsWire) -> None:
    firewall("emptied", "ALERT")
    empty = {"LogDestinationConfigs": []}
    arn = "arn:aws:network-firewall:us-east-1:123456789012:firewall/emptied"
    aws_env.overrides.answer(LOGGING, {"FirewallArn": arn, "LoggingConfiguration": empty})
    _, findings = scan(CHECK)
    assert by_name(findings) == {"emptied": "fail"}


@pytest.mark.parametrize(
    "member",
    [
        "LoggingConfiguration.LogDestinationConfigs",
        "LoggingConfiguration.LogDestinationConfigs.LogType",
    ],
)
def test_a_configuration_that_is_not_whole_is_unknown(aws_env: AwsWire, member: str) -> None:
    firewall("edge", "ALERT")
    aws_env.overrides.without(LOGGING, member)
    _, findings = scan(CHECK)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_an_answer_for_another_firewall_says_nothing(aws_env: AwsWire) -> None:
    firewall("edge")
    aws_env.overrides.answer(LOGGING, {"FirewallArn": "arn:aws:network-firewall:us-east-1:1:firewall/other"})
    _, findings = scan(CHECK)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(("operation", "subject"), [(LISTING, "scope"), (LOGGING, "resource")])
def test_what_could_not_be_read_is_unknown(aws_env: AwsWire, operation: str, subject: str, kind: Any) -> None:
    firewall("edge", "ALERT")
    aws_env.faults.add(kind, operation)
    _, findings = scan(CHECK)
    assert [(f.subject.kind, f.verdict) for f in findings] == [(subject, "unknown")]


def test_a_firewall_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    firewall("edge", "ALERT")
    aws_env.faults.add("error", LOGGING, code="ResourceNotFoundException", status=400)
    snapshot, findings = scan(CHECK)
    assert (findings, snapshot.resources) == ((), ())
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)]


def test_firewalls_are_read_as_they_are_in_pages_of_one_too(aws_env: AwsWire) -> None:
    one, two = firewall("one", "TLS", "ALERT"), firewall("two")
    wanted = {"AWS::NetworkFirewall::Firewall": {"log_types"}}
    whole = read(wanted)
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole.resources
    assert (aws_env.traffic.calls[LISTING], aws_env.traffic.repeats) == (2, {})
    assert {item.id: (item.name, item.properties) for item in whole.resources} == {
        one: ("one", {"log_types": ["ALERT", "TLS"]}),
        two: ("two", {"log_types": []}),
    }
