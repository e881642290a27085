"""Amazon VPC: security groups with the networks that their rules admit, VPCs, subnets, route tables and flow logs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.aws.ec2 import arn, tags, together, values
from providers.base import MISSING, Found, Reader, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

SECURITY_GROUP: Final = "AWS::EC2::SecurityGroup"
VPC: Final = "AWS::EC2::VPC"
SUBNET: Final = "AWS::EC2::Subnet"
ROUTE_TABLE: Final = "AWS::EC2::RouteTable"
FLOW_LOG: Final = "AWS::EC2::FlowLog"
TYPES: Final = tuple(ResourceType(name) for name in (SECURITY_GROUP, VPC, SUBNET, ROUTE_TABLE, FLOW_LOG))

Item = Mapping[str, Any]
_DESTINATIONS: Final = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")

PrefixLists = Mapping[str, list[str] | Unread]
"""The networks of each prefix list by its id, or why they could not be read."""


# --- security groups ---


def _security_groups(aws: Caller, scope: Scope) -> Iterator[Found]:
    groups = list(aws.pages("ec2", "describe_security_groups", "SecurityGroups"))
    prefix_lists = _prefix_lists(aws, groups)
    for group in groups:
        inbound, outbound = group.get("IpPermissions"), group.get("IpPermissionsEgress")
        properties = {
            "group_id": group["GroupId"],
            "vpc_id": attribute(group, "VpcId"),
            "ingress": MISSING if inbound is None else [_ingress(rule, prefix_lists) for rule in _ordered(inbound)],
            "egress": MISSING if outbound is None else [_ports(rule) for rule in _ordered(outbound)],
            "tags": tags(group),
        }
        # What lists interfaces does not tell who owns their groups, so a shared group is named from here too.
        yield Found(SECURITY_GROUP, arn(aws, "security-group", group["GroupId"]), properties, group["GroupName"])


def _ordered(rules: Sequence[Item]) -> list[Item]:
    keys = ("IpProtocol", "FromPort", "ToPort")
    return sorted(rules, key=lambda rule: [(rule.get(key) is not None, rule.get(key)) for key in keys])


def _ports(rule: Item) -> dict[str, Any]:
    # EC2 leaves the ports out where the protocol has none.
    return {
        "protocol": attribute(rule, "IpProtocol"),
        "from_port": rule.get("FromPort"),
        "to_port": rule.get("ToPort"),
    }


def _ingress(rule: Item, prefix_lists: PrefixLists) -> dict[str, Any]:
    ids = together(values(rule.get("PrefixListIds"), "PrefixListId"))
    named = [ids] if isinstance(ids, Unread) else [prefix_lists[id_] for id_ in ids]
    four = values(rule.get("IpRanges"), "CidrIp")
    six = values(rule.get("Ipv6Ranges"), "CidrIpv6")
    return {**_ports(rule), "cidrs": together(four, six, *named), "prefix_list_ids": ids}


def _prefix_lists(aws: Caller, groups: Sequence[Item]) -> PrefixLists:
    """The prefix lists that inbound rules name. A customer's may hold any network, 0.0.0.0/0 too."""
    used = {
        prefix_list["PrefixListId"]
        for group in groups
        for rule in group.get("IpPermissions") or []
        for prefix_list in rule.get("PrefixListIds") or []
    }

    def entries(id_: str) -> list[str] | Unread:
        return values(aws.pages("ec2", "get_managed_prefix_list_entries", "Entries", PrefixListId=id_), "Cidr")

    return {id_: aws.part("ec2:GetManagedPrefixListEntries", partial(entries, id_)) for id_ in sorted(used)}


# --- what uses a group or a VPC ---


def _network_interfaces(aws: Caller, scope: Scope) -> Iterator[Found]:
    in_vpc: Counter[str] = Counter()
    in_group: Counter[str] = Counter()
    public_in_group: Counter[str] = Counter()
    for interface in aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", IncludeManagedResources=True):
        groups = [group["GroupId"] for group in interface["Groups"]]
        in_vpc[interface["VpcId"]] += 1
        in_group.update(groups)
        if _is_public(interface):
            public_in_group.update(groups)
    for id_, count in in_vpc.items():
        yield Found(VPC, arn(aws, "vpc", id_), {"network_interface_count": count})
    for id_, count in in_group.items():
        counts = {"network_interface_count": count, "public_network_interface_count": public_in_group[id_]}
        yield Found(SECURITY_GROUP, arn(aws, "security-group", id_), counts)


def _is_public(interface: Item) -> bool:
    holders = (interface, *(interface.get("PrivateIpAddresses") or []))
    return any((holder.get("Association") or {}).get("PublicIp") for holder in holders)


# --- VPCs, their subnets and routes ---


def _vpcs(aws: Caller, scope: Scope) -> Iterator[Found]:
    for vpc in aws.pages("ec2", "describe_vpcs", "Vpcs"):
        properties = {
            "is_default": attribute(vpc, "IsDefault"),
            "owner_id": attribute(vpc, "OwnerId"),
            "tags": tags(vpc),
        }
        yield Found(VPC, arn(aws, "vpc", vpc["VpcId"]), properties, vpc["VpcId"])


def _subnets(aws: Caller, scope: Scope) -> Iterator[Found]:
    by_vpc: defaultdict[str, list[str]] = defaultdict(list)
    for subnet in aws.pages("ec2", "describe_subnets", "Subnets"):
        by_vpc[subnet["VpcId"]].append(subnet["SubnetId"])
        properties = {
            "owner_id": attribute(subnet, "OwnerId"),
            "map_public_ip_on_launch": attribute(subnet, "MapPublicIpOnLaunch"),
            "tags": tags(subnet),
        }
        yield Found(SUBNET, arn(aws, "subnet", subnet["SubnetId"]), properties, subnet["SubnetId"])
    for vpc, subnets in by_vpc.items():
        yield Found(VPC, arn(aws, "vpc", vpc), {"subnet_ids": sorted(subnets)})


def _route_tables(aws: Caller, scope: Scope) -> Iterator[Found]:
    for table in aws.pages("ec2", "describe_route_tables", "RouteTables"):
        associations, routes = table.get("Associations"), table.get("Routes")
        # An association with the VPC (the main one) or with a gateway names no subnet.
        named = [row for row in associations or [] if row.get("SubnetId")]
        properties = {
            "vpc_id": attribute(table, "VpcId"),
            "main": MISSING if associations is None else any(row.get("Main") for row in associations),
            "subnet_ids": MISSING if associations is None else together(values(named, "SubnetId")),
            "internet_destinations": MISSING if routes is None else _internet_destinations(routes),
        }
        yield Found(ROUTE_TABLE, arn(aws, "route-table", table["RouteTableId"]), properties, table["RouteTableId"])


def _internet_destinations(routes: Sequence[Item]) -> list[str] | Unread:
    to_internet = [
        {"Destination": next((route[key] for key in _DESTINATIONS if key in route), None)}
        for route in routes
        if str(route.get("GatewayId")).startswith("igw-") and route.get("State") not in ("blackhole", "filtered")
    ]
    return together(values(to_internet, "Destination"))


# --- flow logs ---


def _flow_logs(aws: Caller, scope: Scope) -> Iterator[Found]:
    for log in aws.pages("ec2", "describe_flow_logs", "FlowLogs"):
        properties = {
            "resource_id": attribute(log, "ResourceId"),
            "status": attribute(log, "FlowLogStatus"),
            "delivery_status": attribute(log, "DeliverLogsStatus"),
            "traffic_type": attribute(log, "TrafficType"),
        }
        yield Found(FLOW_LOG, arn(aws, "vpc-flow-log", log["FlowLogId"]), properties, log["FlowLogId"])


_COUNT: Final = "network_interface_count"
_PUBLIC_COUNT: Final = "public_network_interface_count"

READERS: Final = (
    Reader(
        operations=("ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries"),
        read=_security_groups,
        lists=(SECURITY_GROUP,),
        fills={SECURITY_GROUP: ("group_id", "vpc_id", "ingress", "egress", "tags")},
        permissions=("ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries"),
    ),
    Reader(
        operations=("ec2:DescribeNetworkInterfaces",),
        read=_network_interfaces,
        fills={SECURITY_GROUP: (_COUNT, _PUBLIC_COUNT), VPC: (_COUNT,)},
        unmentioned={SECURITY_GROUP: {_COUNT: 0, _PUBLIC_COUNT: 0}, VPC: {_COUNT: 0}},
        permissions=("ec2:DescribeNetworkInterfaces",),
    ),
    Reader(
        operations=("ec2:DescribeVpcs",),
        read=_vpcs,
        lists=(VPC,),
        fills={VPC: ("is_default", "owner_id", "tags")},
        permissions=("ec2:DescribeVpcs",),
    ),
    Reader(
        operations=("ec2:DescribeSubnets",),
        read=_subnets,
        lists=(SUBNET,),
        fills={VPC: ("subnet_ids",), SUBNET: ("owner_id", "map_public_ip_on_launch", "tags")},
        unmentioned={VPC: {"subnet_ids": []}},
        permissions=("ec2:DescribeSubnets",),
    ),
    Reader(
        operations=("ec2:DescribeRouteTables",),
        read=_route_tables,
        lists=(ROUTE_TABLE,),
        fills={ROUTE_TABLE: ("vpc_id", "main", "subnet_ids", "internet_destinations")},
        permissions=("ec2:DescribeRouteTables",),
    ),
    Reader(
        operations=("ec2:DescribeFlowLogs",),
        read=_flow_logs,
        lists=(FLOW_LOG,),
        fills={FLOW_LOG: ("resource_id", "status", "delivery_status", "traffic_type")},
        permissions=("ec2:DescribeFlowLogs",),
    ),
)
