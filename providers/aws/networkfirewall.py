"""AWS Network Firewall: firewalls, and which logs they send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.ec2 import together, values
from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope

if TYPE_CHECKING:
    from providers.aws.caller import Caller

FIREWALL: Final = "AWS::NetworkFirewall::Firewall"
TYPES: Final = (ResourceType(FIREWALL),)


def _firewalls(aws: Caller, scope: Scope) -> Iterator[Found]:
    for firewall in aws.pages("network-firewall", "list_firewalls", "Firewalls"):
        yield Found(FIREWALL, firewall["FirewallArn"], {}, firewall["FirewallName"])


def _logging(aws: Caller, firewall: Resource) -> Mapping[str, Any]:
    answer = aws.call("network-firewall", "describe_logging_configuration", FirewallArn=firewall.id)
    configuration = answer.get("LoggingConfiguration")
    if configuration is None:
        # A firewall that never had a configuration is answered for by its ARN alone.
        return {"log_types": [] if answer.get("FirewallArn") == firewall.id else MISSING}
    return {"log_types": together(values(configuration.get("LogDestinationConfigs"), "LogType"))}


READERS: Final = (
    Reader(
        operations=("network-firewall:ListFirewalls",),
        read=_firewalls,
        lists=(FIREWALL,),
        fills={},
        permissions=("network-firewall:ListFirewalls",),
    ),
    Reader(
        operations=("network-firewall:DescribeLoggingConfiguration",),
        read=_logging,
        per="resource",
        of=FIREWALL,
        fills={FIREWALL: ("log_types",)},
        permissions=("network-firewall:DescribeLoggingConfiguration",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
