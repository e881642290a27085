"""Network ACLs, whose entries are tried in order, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
CHECK = ("aws.ec2.nacl_no_open_admin_ports",)
V4, V6 = {"CidrBlock": "0.0.0.0/0"}, {"Ipv6CidrBlock": "::/0"}


def acl(*entries: dict[str, Any]) -> str:
    """A network ACL with these entries beside the one that denies the rest; its id."""
    ec2 = boto3.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    id_: str = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    for entry in entries:
        ec2.create_network_acl_entry(NetworkAclId=id_, **{"Egress": False, **entry})
    return id_


def entry(number: int, action: str, source: dict[str, str], first: int, last: int, protocol: str = "6") -> Any:
    ports = {"From": first, "To": last}
    return {"RuleNumber": number, "RuleAction": action, "Protocol": protocol, "PortRange": ports, **source}


def everything(number: int, action: str, source: dict[str, str]) -> Any:
    return {"RuleNumber": number, "RuleAction": action, "Protocol": "-1", **source}


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def default() -> str:
    ec2 = boto3.client("ec2")
    (found,) = ec2.describe_network_acls(Filters=[{"Name": "default", "Values": ["true"]}])["NetworkAcls"]
    id_: str = found["NetworkAclId"]
    return id_


def test_the_first_entry_that_matches_decides(aws_env: AwsWire) -> None:
    expected = {
        default(): "fail",
        acl(): "pass",
        acl(entry(100, "allow", V4, 443, 443)): "pass",
        acl(entry(100, "allow", V4, 22, 22)): "fail",
        acl(entry(100, "allow", V6, 3380, 3400)): "fail",
        acl(entry(100, "allow", V4, 3389, 3389, "17")): "fail",
        acl(entry(100, "allow", V4, 22, 22, "17")): "pass",
        acl(entry(100, "allow", {"CidrBlock": "10.0.0.0/8"}, 22, 22)): "pass",
        acl(everything(90, "deny", V4), everything(100, "allow", V4)): "pass",
        acl(everything(100, "allow", V4), everything(90, "deny", V4)): "pass",
        acl(everything(90, "allow", V4), everything(100, "deny", V4)): "fail",
        acl(everything(90, "deny", V4), everything(100, "allow", V6)): "fail",
        acl(everything(90, "deny", {"CidrBlock": "203.0.113.0/24"}), everything(100, "allow", V4)): "fail",
        acl({**everything(100, "allow", V4), "Egress": True}): "pass",
    }
    _, findings = scan(CHECK)
    assert by_name(findings) == expected


def test_a_message_says_which_ports_are_open_and_how_many_subnets_are_concerned(aws_env: AwsWire) -> None:
    id_ = acl(entry(100, "allow", V4, 22, 22))
    _, findings = scan(CHECK)
    (message,) = [f.message for f in findings if f.subject.name == id_]
    assert message == (f"Network ACL {id_} of 0 subnets admits the whole internet to TCP ports 22 and UDP ports none.")


def test_an_acl_of_another_account_is_left_to_that_account(aws_env: AwsWire) -> None:
    owner = (b"<ownerId>123456789012</ownerId>", b"<ownerId>444455556666</ownerId>")
    aws_env.overrides.rewrite("ec2:DescribeNetworkAcls", lambda body: body.replace(*owner))
    _, findings = scan(CHECK)
    assert set(by_name(findings).values()) == {"not_applicable"}


@pytest.mark.parametrize(
    "member",
    [
        "NetworkAcls.OwnerId",
        "NetworkAcls.Entries",
        "NetworkAcls.Entries.Egress",
        "NetworkAcls.Entries.RuleAction",
        "NetworkAcls.Entries.CidrBlock",
        "NetworkAcls.Entries.Protocol",
        "NetworkAcls.Entries.PortRange.From",
    ],
)
def test_an_entry_that_is_not_whole_lets_no_acl_pass(aws_env: AwsWire, member: str) -> None:
    id_ = acl(entry(100, "allow", V4, 1, 443))
    aws_env.overrides.without("ec2:DescribeNetworkAcls", member)
    _, findings = scan(CHECK)
    assert {f.subject.name: f.verdict for f in findings}[id_] == "unknown"


def test_an_acl_without_any_entry_is_unknown(aws_env: AwsWire) -> None:
    """Every network ACL has an entry that denies the rest."""
    aws_env.overrides.edit("ec2:DescribeNetworkAcls", lambda document: document.keep("NetworkAcls.Entries", []))
    _, findings = scan(CHECK)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_acls_that_could_not_be_listed_are_one_unknown(aws_env: AwsWire, kind: Any) -> None:
    aws_env.faults.add(kind, "ec2:DescribeNetworkAcls")
    _, findings = scan(CHECK)
    assert [(f.subject.kind, f.verdict) for f in findings] == [("scope", "unknown")]


def test_acls_are_read_as_they_are_in_pages_of_one_too(aws_env: AwsWire) -> None:
    id_ = acl(everything(200, "allow", V6), entry(90, "deny", V4, 20, 30), entry(100, "allow", V4, 22, 22, "17"))
    wanted = {"AWS::EC2::NetworkAcl": {"owner_id", "subnet_ids", "ingress"}}
    whole = read(wanted)
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole.resources
    assert (aws_env.traffic.calls["ec2:DescribeNetworkAcls"], aws_env.traffic.repeats) == (2, {})
    (found,) = [item for item in whole.resources if item.name == id_]
    keys = ("rule_number", "action", "protocol", "from_port", "to_port", "cidr")
    assert found.id == f"arn:aws:ec2:us-east-1:{ACCOUNT}:network-acl/{id_}"
    assert found.properties == {
        "owner_id": ACCOUNT,
        "subnet_ids": [],
        "ingress": [
            dict(zip(keys, row, strict=True))
            for row in (
                (90, "deny", "6", 20, 30, "0.0.0.0/0"),
                (100, "allow", "17", 22, 22, "0.0.0.0/0"),
                (200, "allow", "-1", None, None, "::/0"),
                (32767, "deny", "-1", None, None, "0.0.0.0/0"),
            )
        ],
    }
