"""Amazon VPC: network ACLs, with their entries for traffic into the subnets that they guard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.aws.ec2 import arn, together, values
from providers.base import MISSING, Found, Reader, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

NETWORK_ACL: Final = "AWS::EC2::NetworkAcl"
TYPES: Final = (ResourceType(NETWORK_ACL),)


def _network_acls(aws: Caller, scope: Scope) -> Iterator[Found]:
    for acl in aws.pages("ec2", "describe_network_acls", "NetworkAcls"):
        properties = {
            "owner_id": attribute(acl, "OwnerId"),
            "subnet_ids": together(values(acl.get("Associations"), "SubnetId")),
            "ingress": _ingress(acl.get("Entries")),
        }
        yield Found(NETWORK_ACL, arn(aws, "network-acl", acl["NetworkAclId"]), properties, acl["NetworkAclId"])


def _ingress(entries: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]] | Unread:
    """The entries for incoming traffic; every ACL has some, and an entry of unknown direction may be one."""
    if not entries or any(entry.get("Egress") is None for entry in entries):
        return MISSING
    found = [_entry(entry) for entry in entries if not entry["Egress"]]
    return sorted(found, key=lambda entry: -1 if entry["rule_number"] is MISSING else entry["rule_number"])


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    # EC2 leaves the ports out where the entry is about all of them. It is about IPv4 or about IPv6.
    ports = entry.get("PortRange")
    return {
        "rule_number": attribute(entry, "RuleNumber"),
        "action": attribute(entry, "RuleAction"),
        "protocol": attribute(entry, "Protocol"),
        "from_port": None if ports is None else attribute(ports, "From"),
        "to_port": None if ports is None else attribute(ports, "To"),
        "cidr": entry.get("CidrBlock") or attribute(entry, "Ipv6CidrBlock"),
    }


READERS: Final = (
    Reader(
        operations=("ec2:DescribeNetworkAcls",),
        read=_network_acls,
        lists=(NETWORK_ACL,),
        fills={NETWORK_ACL: ("owner_id", "subnet_ids", "ingress")},
        permissions=("ec2:DescribeNetworkAcls",),
    ),
)
