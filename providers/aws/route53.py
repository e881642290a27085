"""Amazon Route 53: hosted zones and where their queries are logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

HOSTED_ZONE: Final = "AWS::Route53::HostedZone"
TYPES: Final = (ResourceType(HOSTED_ZONE, GLOBAL),)


def _arn(aws: Caller, id_: str) -> str:
    """The ARN of a zone, whose id comes as "/hostedzone/Z123" or as "Z123"."""
    return f"arn:{aws.partition}:route53:::hostedzone/{id_.rpartition('/')[2]}"


def _hosted_zones(aws: Caller, scope: Scope) -> Iterator[Found]:
    for zone in aws.pages("route53", "list_hosted_zones", "HostedZones"):
        # Left out of zones that were made without a configuration, private ones too: then nobody knows.
        properties = {"private_zone": attribute(zone.get("Config") or {}, "PrivateZone")}
        yield Found(HOSTED_ZONE, _arn(aws, zone["Id"]), properties, zone["Name"])


def _query_logging(aws: Caller, scope: Scope) -> Iterator[Found]:
    for logging in aws.pages("route53", "list_query_logging_configs", "QueryLoggingConfigs"):
        properties = {"query_log_group_arn": attribute(logging, "CloudWatchLogsLogGroupArn")}
        yield Found(HOSTED_ZONE, _arn(aws, logging["HostedZoneId"]), properties)


READERS: Final = (
    Reader(
        operations=("route53:ListHostedZones",),
        read=_hosted_zones,
        lists=(HOSTED_ZONE,),
        fills={HOSTED_ZONE: ("private_zone",)},
        permissions=("route53:ListHostedZones",),
        where=GLOBAL,
    ),
    Reader(
        operations=("route53:ListQueryLoggingConfigs",),
        read=_query_logging,
        fills={HOSTED_ZONE: ("query_log_group_arn",)},
        permissions=("route53:ListQueryLoggingConfigs",),
        where=GLOBAL,
        unmentioned={HOSTED_ZONE: {"query_log_group_arn": None}},
    ),
)
