"""Classic Load Balancers, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

ENCRYPTED = ("aws.elb.classic_listener_encrypted",)
LOGGING = ("aws.elb.classic_access_logging",)
LISTING, ATTRIBUTES = "elb:DescribeLoadBalancers", "elb:DescribeLoadBalancerAttributes"
CERTIFICATE = "arn:aws:iam::123456789012:server-certificate/web"


def balancer(name: str, *listeners: tuple[str, int]) -> None:
    boto3.client("elb").create_load_balancer(
        LoadBalancerName=name,
        AvailabilityZones=["us-east-1a"],
        Listeners=[
            {
                "Protocol": protocol,
                "LoadBalancerPort": port,
                "InstancePort": 8080,
                **({"SSLCertificateId": CERTIFICATE} if protocol in ("HTTPS", "SSL") else {}),
            }
            for protocol, port in listeners
        ],
    )


def log(name: str, *, enabled: bool) -> None:
    attributes = {"AccessLog": {"Enabled": enabled, "S3BucketName": "logs"}}
    boto3.client("elb").modify_load_balancer_attributes(LoadBalancerName=name, LoadBalancerAttributes=attributes)


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_load_balancers_that_listen_in_clear_text_fail(aws_env: AwsWire) -> None:
    balancer("https", ("HTTPS", 443))
    balancer("ssl", ("SSL", 993), ("HTTPS", 443))
    balancer("http", ("HTTPS", 443), ("HTTP", 80))
    balancer("tcp", ("TCP", 5000))
    balancer("idle", ("HTTP", 80))
    boto3.client("elb").delete_load_balancer_listeners(LoadBalancerName="idle", LoadBalancerPorts=[80])
    _, findings = scan(ENCRYPTED)
    assert by_name(findings) == {
        "https": "pass",
        "ssl": "pass",
        "http": "fail",
        "tcp": "fail",
        "idle": "not_applicable",
    }
    assert sorted(f.message for f in findings if f.message) == [
        "Load balancer http listens in clear text on HTTP 80.",
        "Load balancer tcp listens in clear text on TCP 5000.",
    ]


def test_load_balancers_without_access_logs_fail(aws_env: AwsWire) -> None:
    for name in ("on", "off", "never"):
        balancer(name, ("HTTPS", 443))
    log("on", enabled=True)
    log("off", enabled=False)
    _, findings = scan(LOGGING)
    assert by_name(findings) == {"on": "pass", "off": "fail", "never": "fail"}


@pytest.mark.parametrize(
    ("operation", "member", "checks"),
    [
        (LISTING, "LoadBalancerDescriptions.ListenerDescriptions", ENCRYPTED),
        (LISTING, "LoadBalancerDescriptions.ListenerDescriptions.Listener", ENCRYPTED),
        (LISTING, "LoadBalancerDescriptions.ListenerDescriptions.Listener.Protocol", ENCRYPTED),
        (ATTRIBUTES, "LoadBalancerAttributes.AccessLog", LOGGING),
        (ATTRIBUTES, "LoadBalancerAttributes.AccessLog.Enabled", LOGGING),
    ],
)
def test_what_an_answer_lacks_is_unknown(
    aws_env: AwsWire, operation: str, member: str, checks: tuple[str, ...]
) -> None:
    balancer("web", ("HTTPS", 443))
    log("web", enabled=True)
    aws_env.overrides.without(operation, member)
    _, findings = scan(checks)
    assert [(f.subject.name, f.verdict, f.reason) for f in findings] == [("web", "unknown", "missing_attribute")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_a_failed_listing_is_one_unknown_a_check(aws_env: AwsWire, kind: Any) -> None:
    balancer("web", ("HTTPS", 443))
    aws_env.faults.add(kind, LISTING)
    _, findings = scan((*ENCRYPTED, *LOGGING))
    assert [(f.subject.kind, f.verdict) for f in findings] == [("scope", "unknown")] * 2


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_attributes_that_could_not_be_read_matter_to_their_check_only(aws_env: AwsWire, kind: Any) -> None:
    balancer("web", ("HTTPS", 443))
    aws_env.faults.add(kind, ATTRIBUTES)
    _, findings = scan((*ENCRYPTED, *LOGGING))
    assert {f.check.id: f.verdict for f in findings} == {ENCRYPTED[0]: "pass", LOGGING[0]: "unknown"}


def test_a_load_balancer_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    balancer("web", ("HTTPS", 443))
    aws_env.faults.add("error", ATTRIBUTES, code="LoadBalancerNotFound", status=400)
    snapshot, findings = scan(LOGGING)
    assert (findings, snapshot.resources) == ((), ())
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)]


def test_load_balancers_are_read_as_they_are_in_pages_of_one_too(aws_env: AwsWire) -> None:
    balancer("one", ("HTTP", 80))
    balancer("two", ("SSL", 993), ("TCP", 25))
    wanted = {"AWS::ElasticLoadBalancing::LoadBalancer": {"listeners", "access_log_enabled"}}
    whole = read(wanted)
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole.resources
    assert (aws_env.traffic.calls[LISTING], aws_env.traffic.repeats) == (2, {})
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer"
    assert {item.id: item.properties for item in whole.resources} == {
        f"{arn}/one": {"listeners": [{"port": 80, "protocol": "HTTP"}], "access_log_enabled": False},
        f"{arn}/two": {
            "listeners": [{"port": 993, "protocol": "SSL"}, {"port": 25, "protocol": "TCP"}],
            "access_log_enabled": False,
        },
    }
