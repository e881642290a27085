"""Amazon Route 53: a zone that logs its queries, and one that does not."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    logged(zone("northwind.example"), "northwind.example")
    zone("northwind.test")


def zone(name: str) -> str:
    """Make a public zone; its id."""
    made = client("route53").create_hosted_zone(Name=name, CallerReference=name)
    return str(made["HostedZone"]["Id"])


def logged(zone_id: str, name: str) -> None:
    """Let a zone log its queries."""
    group = f"/aws/route53/{name}"
    client("logs", "us-east-1").create_log_group(logGroupName=group)
    client("route53").create_query_logging_config(
        HostedZoneId=zone_id.rpartition("/")[2],
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:*",
    )
