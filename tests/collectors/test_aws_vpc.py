"""Security groups, the networks that their rules admit, and flow logs, built to pass and to fail."""

from __future__ import annotations

from collections import Counter
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

OPEN = (
    "aws.ec2.security_group_no_open_ssh",
    "aws.ec2.security_group_no_open_rdp",
    "aws.ec2.security_group_no_open_data_ports",
    "aws.ec2.security_group_no_open_all_ports",
)
SSH = OPEN[:1]
ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]
ANYWHERE_V6 = [{"CidrIpv6": "::/0"}]
HALVES = [{"CidrIp": "0.0.0.0/1"}, {"CidrIp": "128.0.0.0/1"}]


def group(name: str, *rules: dict[str, Any]) -> str:
    ec2 = boto3.client("ec2")
    id_: str = ec2.create_security_group(GroupName=name, Description=name)["GroupId"]
    if rules:
        ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=list(rules))
    return id_


def tcp(first: int, last: int | None = None, **sources: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last or first, **sources}


def prefix_list(name: str, *cidrs: str) -> str:
    created = boto3.client("ec2").create_managed_prefix_list(
        PrefixListName=name, MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": cidr} for cidr in cidrs]
    )
    id_: str = created["PrefixList"]["PrefixListId"]
    return id_


def from_list(port: int, id_: str) -> dict[str, Any]:
    return tcp(port, PrefixListIds=[{"PrefixListId": id_}])


def by_group(findings: Any, checks: tuple[str, ...] = OPEN) -> dict[str, tuple[str, ...]]:
    found = verdicts(findings)
    names = sorted({name for _, name in found} - {"default"})
    return {name: tuple(found[check, name] for check in checks) for name in names}


def test_groups_open_to_the_internet_fail(aws_env: AwsWire) -> None:
    group("closed")
    group("web", tcp(443, IpRanges=ANYWHERE, Ipv6Ranges=ANYWHERE_V6))
    group("office", tcp(22, IpRanges=[{"CidrIp": "198.51.100.0/24"}]))
    group("ssh", tcp(22, IpRanges=ANYWHERE))
    group("ssh over IPv6", tcp(22, Ipv6Ranges=ANYWHERE_V6))
    group("ssh in halves", tcp(22, IpRanges=HALVES))
    group("rdp", tcp(3380, 3400, IpRanges=ANYWHERE))
    group("ssh over UDP", {"IpProtocol": "udp", "FromPort": 22, "ToPort": 22, "IpRanges": ANYWHERE})
    group("rdp over UDP", {"IpProtocol": "udp", "FromPort": 3389, "ToPort": 3389, "IpRanges": ANYWHERE})
    group("database", tcp(5432, IpRanges=ANYWHERE))
    group("all protocols", {"IpProtocol": "-1", "IpRanges": ANYWHERE})
    group("all TCP ports", tcp(0, 65535, IpRanges=ANYWHERE))
    group("other groups", {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group("inner")}]})
    group("ping", {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": ANYWHERE})
    _, findings = scan(OPEN)
    assert by_group(findings) == {
        "closed": ("pass", "pass", "pass", "pass"),
        "web": ("pass", "pass", "pass", "pass"),
        "office": ("pass", "pass", "pass", "pass"),
        "ssh": ("fail", "pass", "pass", "pass"),
        "ssh over IPv6": ("fail", "pass", "pass", "pass"),
        "ssh in halves": ("fail", "pass", "pass", "pass"),
        "rdp": ("pass", "fail", "pass", "pass"),
        "ssh over UDP": ("pass", "pass", "pass", "pass"),
        "rdp over UDP": ("pass", "fail", "pass", "pass"),
        "database": ("pass", "pass", "fail", "pass"),
        "all protocols": ("fail", "fail", "fail", "fail"),
        "all TCP ports": ("fail", "fail", "fail", "fail"),
        "other groups": ("pass", "pass", "pass", "pass"),
        "inner": ("pass", "pass", "pass", "pass"),
        "ping": ("pass", "pass", "pass", "pass"),
    }


def test_prefix_lists_count_as_what_they_hold(aws_env: AwsWire) -> None:
    group("offices", from_list(22, prefix_list("offices", "198.51.100.0/24")))
    group("everyone", from_list(22, prefix_list("everyone", "0.0.0.0/0")))
    half = prefix_list("half", "0.0.0.0/1")
    group("list and network", tcp(22, IpRanges=HALVES[1:], PrefixListIds=[{"PrefixListId": half}]))
    group("half", from_list(22, half))
    _, findings = scan(SSH)
    assert by_group(findings, SSH) == {
        "offices": ("pass",),
        "everyone": ("fail",),
        "list and network": ("fail",),
        "half": ("pass",),
    }


def test_only_prefix_lists_in_use_are_read_and_each_once(aws_env: AwsWire) -> None:
    prefix_list("unused", "0.0.0.0/0")
    used = prefix_list("used", "198.51.100.0/24")
    group("one", from_list(22, used))
    group("two", from_list(443, used), from_list(22, used))
    aws_env.traffic.reset()
    scan(SSH)
    assert aws_env.traffic.calls["ec2:GetManagedPrefixListEntries"] == 1
    assert aws_env.traffic.repeats == Counter()


def test_an_unread_prefix_list_is_unknown_unless_it_could_not_matter(aws_env: AwsWire) -> None:
    used = prefix_list("used", "0.0.0.0/0")
    group("ssh", from_list(22, used))
    group("https", from_list(443, used))
    group("open anyway", from_list(22, used), tcp(22, 23, IpRanges=ANYWHERE))
    group("no list", tcp(22, IpRanges=[{"CidrIp": "10.0.0.0/8"}]))
    aws_env.faults.add("denied", "ec2:GetManagedPrefixListEntries")
    snapshot, findings = scan(SSH)
    assert by_group(findings, SSH) == {
        "ssh": ("unknown",),
        "https": ("pass",),
        "open anyway": ("fail",),
        "no list": ("pass",),
    }
    (cause,) = next(f.causes for f in findings if f.verdict == "unknown")
    unread = cause.unread
    assert cause.path == "resource.ingress[0].cidrs"
    assert (unread.reason, unread.operation, unread.permission) == (
        "access_denied",
        "ec2:GetManagedPrefixListEntries",
        "ec2:GetManagedPrefixListEntries",
    )
    failures = [failure for row in snapshot.ledger for failure in row.failures]
    assert [failure[:3] for failure in failures] == [("", "access_denied", "ec2:GetManagedPrefixListEntries")]


@pytest.mark.parametrize("kind", ["server_error", "throttled", "hollow", "truncated", "cut", "policy_denied"])
def test_no_fault_of_a_prefix_list_lets_its_group_pass(aws_env: AwsWire, kind: Any) -> None:
    group("ssh", from_list(22, prefix_list("used", "0.0.0.0/0")))
    aws_env.faults.add(kind, "ec2:GetManagedPrefixListEntries")
    _, findings = scan(SSH)
    assert by_group(findings, SSH) == {"ssh": ("unknown",)}


@pytest.mark.parametrize(
    "member",
    [
        "SecurityGroups.IpPermissions",
        "SecurityGroups.IpPermissions.IpRanges",
        "SecurityGroups.IpPermissions.IpRanges.CidrIp",
        "SecurityGroups.IpPermissions.Ipv6Ranges",
        "SecurityGroups.IpPermissions.PrefixListIds",
    ],
)
def test_a_rule_that_is_not_whole_lets_no_group_pass(aws_env: AwsWire, member: str) -> None:
    group("ssh", tcp(22, IpRanges=[{"CidrIp": "10.0.0.0/8"}]))
    aws_env.overrides.without("ec2:DescribeSecurityGroups", member)
    _, findings = scan(SSH)
    assert by_group(findings, SSH) == {"ssh": ("unknown",)}


def test_a_message_says_what_uses_the_group(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    used = group("used", tcp(22, IpRanges=ANYWHERE))
    group("unused", tcp(22, IpRanges=ANYWHERE))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    private = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_network_interface(SubnetId=private, Groups=[used])
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, SecurityGroupIds=[used])
    _, findings = scan(SSH)
    tails = {f.subject.name: f.message.partition("; ")[2] for f in findings if f.message}
    assert tails == {
        "used": "it is used by 2 network interfaces, 1 of them with a public address.",
        "unused": "it is used by 0 network interfaces, 0 of them with a public address.",
    }


def test_an_unread_use_of_a_group_changes_no_verdict(aws_env: AwsWire) -> None:
    group("ssh", tcp(22, IpRanges=ANYWHERE))
    aws_env.faults.add("denied", "ec2:DescribeNetworkInterfaces")
    snapshot, findings = scan(SSH)
    (found,) = [item for item in snapshot.resources if item.name == "ssh"]
    assert by_group(findings, SSH) == {"ssh": ("fail",)}
    assert {pointer: unread.reason for pointer, unread in found.unread.items()} == {
        "/network_interface_count": "access_denied",
        "/public_network_interface_count": "access_denied",
    }


def test_the_default_group_fails_while_it_has_rules(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    check = ("aws.ec2.default_security_group_closed",)
    group("web", tcp(443, IpRanges=ANYWHERE))
    _, before = scan(check)
    (default,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    if default["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=default["GroupId"], IpPermissions=default["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=default["GroupId"], IpPermissions=default["IpPermissionsEgress"])
    _, after = scan(check)
    assert verdicts(before) == {(check[0], "default"): "fail", (check[0], "web"): "not_applicable"}
    assert verdicts(after) == {(check[0], "default"): "pass", (check[0], "web"): "not_applicable"}


# --- flow logs ---

FLOW_LOGS = ("aws.ec2.vpc_flow_logs_enabled",)


def vpc(cidr: str = "10.0.0.0/16") -> str:
    id_: str = boto3.client("ec2").create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    return id_


def subnet(of: str, cidr: str) -> str:
    id_: str = boto3.client("ec2").create_subnet(VpcId=of, CidrBlock=cidr)["Subnet"]["SubnetId"]
    return id_


def flow_log(on: str, traffic: str = "ALL") -> str:
    kind = {"vpc-": "VPC", "subnet-": "Subnet", "eni-": "NetworkInterface"}[on[: on.index("-") + 1]]
    boto3.client("s3").create_bucket(Bucket="flow-logs")
    created = boto3.client("ec2").create_flow_logs(
        ResourceIds=[on],
        ResourceType=kind,
        TrafficType=traffic,
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-logs",
    )
    id_: str = created["FlowLogIds"][0]
    return id_


def by_vpc(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items() if not name.endswith("default")}


def test_a_vpc_passes_by_its_own_log_or_by_those_of_all_its_subnets(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    (default,) = (row["VpcId"] for row in ec2.describe_vpcs()["Vpcs"])
    own, none, subnets, half, accepted, single = (vpc() for _ in range(6))
    flow_log(own)
    flow_log(subnet(subnets, "10.0.0.0/24"))
    flow_log(subnet(subnets, "10.0.1.0/24"), "REJECT")
    flow_log(subnet(half, "10.0.0.0/24"))
    subnet(half, "10.0.1.0/24")
    flow_log(accepted, "ACCEPT")
    interface = ec2.create_network_interface(SubnetId=subnet(single, "10.0.0.0/24"))["NetworkInterface"]
    flow_log(interface["NetworkInterfaceId"])
    _, findings = scan(FLOW_LOGS)
    assert by_vpc(findings) == {
        default: "not_applicable",
        own: "pass",
        none: "fail",
        subnets: "pass",
        half: "fail",
        accepted: "fail",
        single: "fail",
    }


def test_a_default_vpc_in_use_is_judged(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    (default,) = (row["VpcId"] for row in ec2.describe_vpcs()["Vpcs"])
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
    _, findings = scan(FLOW_LOGS)
    assert by_vpc(findings) == {default: "fail"}


def test_a_log_whose_delivery_fails_is_none(aws_env: AwsWire) -> None:
    of = vpc()
    flow_log(of)
    status = (b"<deliverLogsStatus>SUCCESS<", b"<deliverLogsStatus>FAILED<")
    aws_env.overrides.rewrite("ec2:DescribeFlowLogs", lambda body: body.replace(*status))
    _, findings = scan(FLOW_LOGS)
    assert by_vpc(findings)[of] == "fail"


def test_a_vpc_of_another_account_is_left_to_that_account(aws_env: AwsWire) -> None:
    of = vpc()
    owner = (b"<ownerId>123456789012</ownerId>", b"<ownerId>444455556666</ownerId>")
    aws_env.overrides.rewrite("ec2:DescribeVpcs", lambda body: body.replace(*owner))
    _, findings = scan(FLOW_LOGS)
    assert by_vpc(findings)[of] == "not_applicable"


@pytest.mark.parametrize(
    ("operation", "verdicts_"),
    [
        ("ec2:DescribeFlowLogs", ("unknown", "unknown")),
        ("ec2:DescribeSubnets", ("pass", "unknown")),
        ("ec2:DescribeNetworkInterfaces", ("pass", "fail")),
    ],
)
def test_a_denial_leaves_only_what_it_could_change_unknown(
    aws_env: AwsWire, operation: str, verdicts_: tuple[str, str]
) -> None:
    logged, bare = vpc(), vpc("10.1.0.0/16")
    flow_log(logged)
    aws_env.faults.add("denied", operation)
    _, findings = scan(FLOW_LOGS)
    found = by_vpc(findings)
    assert (found[logged], found[bare]) == verdicts_


def test_counts_of_what_nothing_uses_are_zero(aws_env: AwsWire) -> None:
    of = vpc()
    snapshot = read({"AWS::EC2::VPC": {"network_interface_count", "subnet_ids"}})
    (found,) = [item for item in snapshot.resources if item.name == of]
    assert (found.properties["network_interface_count"], found.properties["subnet_ids"]) == (0, [])
    assert found.unread == {}


# --- subnets ---

PUBLIC_ADDRESSES = ("aws.ec2.subnet_no_auto_public_ip",)


def only(findings: Any, *names: str) -> dict[str, str]:
    found = {name: verdict for (_, name), verdict in verdicts(findings).items()}
    return {name: found[name] for name in names}


def test_subnets_that_give_every_instance_a_public_address_fail(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    of = vpc()
    private, public, meant, other = (subnet(of, f"10.0.{number}.0/24") for number in range(4))
    for id_ in (public, meant, other):
        ec2.modify_subnet_attribute(SubnetId=id_, MapPublicIpOnLaunch={"Value": True})
    ec2.create_tags(Resources=[meant], Tags=[{"Key": "tier", "Value": "public"}])
    ec2.create_tags(Resources=[other], Tags=[{"Key": "tier", "Value": "private"}])
    default = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]["SubnetId"]
    _, findings = scan(PUBLIC_ADDRESSES)
    assert only(findings, private, public, meant, other, default) == {
        private: "pass",
        public: "fail",
        meant: "not_applicable",
        other: "fail",
        default: "fail",
    }


def test_a_subnet_of_another_account_is_left_to_that_account(aws_env: AwsWire) -> None:
    owner = (b"<ownerId>123456789012</ownerId>", b"<ownerId>444455556666</ownerId>")
    aws_env.overrides.rewrite("ec2:DescribeSubnets", lambda body: body.replace(*owner))
    _, findings = scan(PUBLIC_ADDRESSES)
    assert {f.verdict for f in findings} == {"not_applicable"}


@pytest.mark.parametrize("member", ["Subnets.MapPublicIpOnLaunch", "Subnets.OwnerId"])
def test_a_subnet_that_does_not_say_is_unknown(aws_env: AwsWire, member: str) -> None:
    aws_env.overrides.without("ec2:DescribeSubnets", member)
    _, findings = scan(PUBLIC_ADDRESSES)
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_subnets_that_could_not_be_listed_are_one_unknown(aws_env: AwsWire, kind: Any) -> None:
    aws_env.faults.add(kind, "ec2:DescribeSubnets")
    _, findings = scan(PUBLIC_ADDRESSES)
    assert [(f.subject.kind, f.verdict) for f in findings] == [("scope", "unknown")]


def test_subnets_are_listed_once_for_what_is_asked_of_them_and_of_their_vpc(aws_env: AwsWire) -> None:
    wanted = {"AWS::EC2::Subnet": {"owner_id", "map_public_ip_on_launch", "tags"}, "AWS::EC2::VPC": {"subnet_ids"}}
    whole = read(wanted)
    aws_env.traffic.reset()
    read(wanted)
    assert aws_env.traffic.calls["ec2:DescribeSubnets"] == 1
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole.resources
    assert not aws_env.traffic.repeats
    (of,) = [item for item in whole.resources if item.type == "AWS::EC2::VPC"]
    subnets = [item for item in whole.resources if item.type == "AWS::EC2::Subnet"]
    assert of.properties["subnet_ids"] == sorted(item.name for item in subnets)
    assert {(item.id.rpartition("/")[0], item.properties["owner_id"]) for item in subnets} == {
        ("arn:aws:ec2:us-east-1:123456789012:subnet", "123456789012")
    }
