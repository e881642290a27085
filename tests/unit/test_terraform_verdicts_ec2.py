"""EC2 and its networks: plans drive the checks to pass, to fail and to unknown."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha1
from typing import Any

import pytest

from tests.planned import Pair, Rows, judged_alone, one, plan, unknown, verdicts, verdicts_of
from tests.plans import UNKNOWN, Ref

INSTANCE = {"ami": "ami-1", "instance_type": "t3.micro"}
SECRET = "export DATABASE_PASSWORD=hunter2-hunter2\n"
HASH = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def metadata(tokens: Any) -> dict[str, Any]:
    return {"metadata_options": [{"http_endpoint": "enabled", "http_tokens": tokens}]}


def shared(owner: str, part: str, link: str, good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    made = {f"{owner}.x": {"name": "x"} if owner == "aws_ami" else {"volume_id": "vol-1"}}
    link_to = {link: Ref(f"{owner}.x.id")}
    return {**made, f"{part}.p": {**link_to, **good}}, {**made, f"{part}.p": {**link_to, **bad}}


def entry(action: str, cidr: str, number: int = 100, protocol: str = "tcp", port: int = 22) -> dict[str, Any]:
    return {
        "rule_no": number,
        "action": action,
        "protocol": protocol,
        "from_port": port,
        "to_port": port,
        "cidr_block": cidr,
        "ipv6_cidr_block": "",
    }


def acl(*entries: dict[str, Any]) -> Rows:
    return {"aws_network_acl.x": {"vpc_id": "vpc-1", "ingress": list(entries), "egress": []}}


def rule(action: str, cidr: Any, number: int = 100) -> dict[str, Any]:
    return {
        "network_acl_id": Ref("aws_network_acl.x.id"),
        "egress": False,
        "rule_number": number,
        "rule_action": action,
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr_block": cidr,
    }


def launched(template: dict[str, Any], version: Any, **own: Any) -> Rows:
    by = [{"id": Ref("aws_launch_template.t.id"), "version": version}]
    return {"aws_launch_template.t": {"name": "t", **template}, "aws_instance.x": {"launch_template": by, **own}}


PAIRS: dict[str, Pair] = {
    "aws.ec2.ami_not_public": shared(
        "aws_ami", "aws_ami_launch_permission", "image_id", {"account_id": "444455556666"}, {"group": "all"}
    ),
    "aws.ec2.client_vpn_logging": one(
        "aws_ec2_client_vpn_endpoint",
        {"connection_log_options": [{"enabled": True, "cloudwatch_log_group": "vpn"}]},
        {"connection_log_options": [{"enabled": False}]},
    ),
    "aws.ec2.ebs_default_encryption": one("aws_ebs_encryption_by_default", {}, {"enabled": False}),
    "aws.ec2.ebs_snapshot_not_public": shared(
        "aws_ebs_snapshot",
        "aws_snapshot_create_volume_permission",
        "snapshot_id",
        {"account_id": "444455556666"},
        {"account_id": "all"},
    ),
    "aws.ec2.ebs_volume_encrypted": one(
        "aws_ebs_volume", {"encrypted": True}, {"encrypted": False}, availability_zone="eu-central-1a"
    ),
    "aws.ec2.instance_imdsv2_required": one("aws_instance", metadata("required"), metadata("optional"), **INSTANCE),
    "aws.ec2.nacl_no_open_admin_ports": (acl(entry("allow", "10.0.0.0/8")), acl(entry("allow", "0.0.0.0/0"))),
    "aws.ec2.snapshot_block_public_access": one(
        "aws_ebs_snapshot_block_public_access", {"state": "block-all-sharing"}, {"state": "unblocked"}
    ),
    "aws.ec2.subnet_no_auto_public_ip": one("aws_subnet", {}, {"map_public_ip_on_launch": True}, vpc_id="vpc-1"),
    "aws.ec2.transit_gateway_no_auto_accept": one(
        "aws_ec2_transit_gateway", {}, {"auto_accept_shared_attachments": "enable"}
    ),
    "aws.ec2.user_data_no_secrets": one(
        "aws_instance", {"user_data": "echo hello\n"}, {"user_data": SECRET}, **INSTANCE
    ),
}
ELSEWHERE = "aws.ec2.default_security_group_closed", "aws.ec2.security_group_no_open_"
"""Checks of security groups, which test_terraform_verdicts.py drives."""

IMDS, VOLUME, DATA = "aws.ec2.instance_imdsv2_required", "aws.ec2.ebs_volume_encrypted", "aws.ec2.user_data_no_secrets"
NACL = "aws.ec2.nacl_no_open_admin_ports"
FURTHER: dict[str, tuple[str, Rows, set[str]]] = {
    "an instance that says nothing takes what its image and the account say": (
        IMDS,
        {"aws_instance.x": INSTANCE},
        {"unknown"},
    ),
    "an instance takes the options of its launch template": (IMDS, launched(metadata("required"), "$Latest"), {"pass"}),
    "the first version of a launch template is its default": (
        IMDS,
        launched(metadata("optional"), "$Default"),
        {"fail"},
    ),
    "the template's own latest version is the one that is planned": (
        IMDS,
        launched(metadata("required"), Ref("aws_launch_template.t.latest_version")),
        {"pass"},
    ),
    "the latest version of another launch template is not the one that is planned": (
        IMDS,
        {
            **launched(metadata("required"), Ref("aws_launch_template.u.latest_version")),
            "aws_launch_template.u": {"name": "u", **metadata("required")},
        },
        {"pass", "unknown"},
    ),
    "another version of a launch template is not the one that is planned": (
        IMDS,
        launched(metadata("required"), "7"),
        {"pass", "unknown"},
    ),
    "the options of an instance go before those of its launch template": (
        IMDS,
        launched(metadata("required"), "$Latest", **metadata("optional")),
        {"pass", "fail"},
    ),
    "options without tokens are not filled up from the launch template": (
        IMDS,
        launched(metadata("required"), "$Latest", metadata_options=[{"http_endpoint": "enabled"}]),
        {"pass", "unknown"},
    ),
    "a launch template in another plan is not read": (
        IMDS,
        {"aws_instance.x": {"launch_template": [{"id": "lt-1", "version": "$Latest"}]}},
        {"unknown"},
    ),
    "an instance inherits the user data of its launch template": (
        DATA,
        launched({"user_data": b64encode(SECRET.encode()).decode()}, "$Latest"),
        {"fail"},
    ),
    "a hash of user data is no user data": (DATA, {"aws_instance.x": {**INSTANCE, "user_data": HASH}}, {"unknown"}),
    "base64 of user data is looked into": (
        DATA,
        {"aws_instance.x": {**INSTANCE, "user_data_base64": b64encode(SECRET.encode()).decode()}},
        {"fail"},
    ),
    "an instance without user data holds no secret in it": (DATA, {"aws_instance.x": INSTANCE}, {"pass"}),
    "a volume that says nothing takes what the region says": (VOLUME, {"aws_ebs_volume.x": {}}, {"unknown"}),
    "the root volume of an instance that says nothing of it is one": (
        VOLUME,
        {"aws_instance.x": INSTANCE},
        {"unknown"},
    ),
    "each volume of an instance is judged": (
        VOLUME,
        {
            "aws_instance.x": {
                **INSTANCE,
                "root_block_device": [{"encrypted": True}],
                "ebs_block_device": [{"device_name": "/dev/sdf", "encrypted": False}],
            }
        },
        {"pass", "fail"},
    ),
    "a launch template's mapping without a volume is none": (
        VOLUME,
        {
            "aws_launch_template.t": {
                "block_device_mappings": [
                    {"device_name": "/dev/sda1", "ebs": [{"encrypted": "true"}]},
                    {"device_name": "/dev/sdb", "virtual_name": "ephemeral0"},
                ]
            }
        },
        {"pass"},
    ),
    "a launch template's volume that says nothing takes what the region says": (
        VOLUME,
        {"aws_launch_template.t": {"block_device_mappings": [{"device_name": "/dev/sda1", "ebs": [{}]}]}},
        {"unknown"},
    ),
    "rules of their own are rules of the ACL": (
        NACL,
        {"aws_network_acl.x": {"vpc_id": "vpc-1"}, "aws_network_acl_rule.a": rule("allow", "0.0.0.0/0")},
        {"fail"},
    ),
    "an earlier entry that denies goes before": (
        NACL,
        acl(entry("deny", "0.0.0.0/0", 90, "-1", 0), entry("allow", "0.0.0.0/0")),
        {"pass"},
    ),
    "an earlier entry whose block is unknown may deny": (
        NACL,
        {
            "aws_network_acl.x": {"vpc_id": "vpc-1"},
            "aws_network_acl_rule.a": rule("deny", UNKNOWN, 90),
            "aws_network_acl_rule.b": rule("allow", "0.0.0.0/0"),
        },
        {"unknown"},
    ),
    "the entries of the default ACL that are not written are removed": (
        NACL,
        {"aws_default_network_acl.x": {"default_network_acl_id": "acl-1", "ingress": [], "egress": []}},
        {"pass"},
    ),
    "default subnets hand out public addresses": (
        "aws.ec2.subnet_no_auto_public_ip",
        {"aws_default_subnet.x": {"availability_zone": "eu-central-1a"}},
        {"fail"},
    ),
    "an existing snapshot may be shared by another plan": (
        "aws.ec2.ebs_snapshot_not_public",
        {"keep aws_ebs_snapshot.x": {"id": "snap-1", "volume_id": "vol-1"}},
        {"unknown"},
    ),
    "default encryption that is deleted is off": (
        "aws.ec2.ebs_default_encryption",
        {"delete aws_ebs_encryption_by_default.x": {"enabled": True}},
        {"fail"},
    ),
    "a block of public snapshots that is deleted is off": (
        "aws.ec2.snapshot_block_public_access",
        {"delete aws_ebs_snapshot_block_public_access.x": {"state": "block-all-sharing"}},
        {"fail"},
    ),
    "an image that the provider reads back as public is": (
        "aws.ec2.ami_not_public",
        {"keep aws_ami.x": {"name": "x", "public": True}},
        {"fail"},
    ),
}


def hashed(text: str, written: str) -> bytes:
    """A plan of a provider version that keeps only the hash of user data, whose configuration shows a text."""
    document = plan({"aws_instance.x": {**INSTANCE, "user_data": sha1(text.encode()).hexdigest()}}).document()
    block = document["configuration"]["root_module"]["resources"][0]
    block["expressions"]["user_data"] = {"constant_value": written}
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        pytest.param(SECRET, SECRET, {"fail"}, id="a secret that the configuration shows"),
        pytest.param("echo\n", "echo\n", {"pass"}, id="no secret in what the configuration shows"),
        pytest.param(SECRET, "echo\n", {"unknown"}, id="another text than the hash is of"),
    ],
)
def test_hashed_user_data_is_read_where_the_configuration_shows_the_very_text(
    text: str, written: str, expected: set[str]
) -> None:
    assert verdicts_of(DATA, hashed(text, written)) == expected


def test_every_check_that_a_plan_can_judge_is_driven() -> None:
    assert {id_ for id_ in judged_alone() if id_.startswith("aws.ec2.") and not id_.startswith(ELSEWHERE)} == set(PAIRS)


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_plans_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("id_", sorted(id_ for id_, pair in PAIRS.items() if unknown(pair) is not None))
def test_what_is_known_only_after_apply_leaves_the_check_unknown(id_: str) -> None:
    rows = unknown(PAIRS[id_])
    assert rows is not None
    assert verdicts(id_, rows) == {"unknown"}


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_plan_is_not_taken_for_more_than_it_tells(name: str) -> None:
    id_, rows, expected = FURTHER[name]
    assert verdicts(id_, rows) == expected
