"""Resources of their own find their owner; what may belong to several, or may not be made at all, is unread."""

from __future__ import annotations

from typing import Any

import pytest

from providers.base import Resource
from providers.cloudformation import folded
from tests.templates import Rows, attribute, data, ref

AT = "2026-11-26T00:00:00Z"
GROUP, RULE = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
OPEN = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
OPENED = [
    {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidrs": ["0.0.0.0/0"], "prefix_list_ids": []},
]
UNSURE = {"Parameters": {"E": {"Type": "String"}}, "Conditions": {"Prod": {"Fn::Equals": [ref("E"), "prod"]}}}


def held(rows: Rows, type_: str, **sections: Any) -> dict[str, Resource]:
    """The resources of a type by name."""
    return {item.name: item for item in folded(data(rows, **sections), AT, {}).after if item.type == type_}


def reasons(item: Resource, name: str) -> set[str]:
    return {why.reason for pointer, why in item.unread.items() if pointer.split("/")[1] == name}


@pytest.mark.parametrize(
    "link",
    [
        {"GroupId": ref("Web")},
        {"GroupId": attribute("Web", "GroupId")},
        {"GroupId": {"Fn::Sub": "${Web.GroupId}"}},
        {"GroupName": "web"},
        {"GroupName": ref("Web")},
    ],
)
def test_a_rule_belongs_to_the_group_that_it_names(link: dict[str, Any]) -> None:
    found = held(
        {
            "Web": (GROUP, {"GroupName": "web"}),
            "Other": (GROUP, {"GroupName": "other"}),
            "Ssh": (RULE, {**link, **OPEN}),
        },
        GROUP,
    )
    assert {name: item.properties["ingress"] for name, item in found.items()} == {"web": OPENED, "other": []}


@pytest.mark.parametrize("link", [{"Fn::ImportValue": "group"}, {"Fn::Select": [0, ref("AWS::NotificationARNs")]}])
def test_a_rule_that_may_be_of_any_group_leaves_all_of_them_unknown(link: Any) -> None:
    found = held({"Web": (GROUP, {}), "Other": (GROUP, {}), "Ssh": (RULE, {"GroupId": link, **OPEN})}, GROUP)
    assert [reasons(item, "ingress") for item in found.values()] == [{"ambiguous"}, {"ambiguous"}]


def test_a_rule_of_a_group_elsewhere_shows_what_it_opens_there() -> None:
    found = folded(data({"Web": (GROUP, {}), "Ssh": (RULE, {"GroupId": "sg-1", **OPEN})}), AT, {})
    groups = {item.id: item for item in found.after if item.type == GROUP}
    assert groups["Web"].properties["ingress"] == []
    assert groups["sg-1"].properties["ingress"][0] == OPENED[0]
    assert found.orphans == {"Ssh": True}


def test_a_part_that_is_made_under_a_condition_that_nobody_knows_adds_what_nobody_knows() -> None:
    rows = data({"Web": (GROUP, {}), "Ssh": (RULE, {"GroupId": ref("Web"), **OPEN})}, **UNSURE).decode()
    text = rows.replace(f'{{"Type": "{RULE}"', f'{{"Condition": "Prod", "Type": "{RULE}"')
    (group,) = [item for item in folded(text.encode(), AT, {}).after if item.type == GROUP]
    assert reasons(group, "ingress") == {"not_collected"}
    (made,) = [item for item in folded(text.encode(), AT, {"E": "prod"}).after if item.type == GROUP]
    assert made.properties["ingress"] == OPENED


def test_an_open_rule_is_seen_beside_one_that_is_made_under_an_unknown_condition() -> None:
    perhaps = {"Fn::If": ["Prod", {**OPEN, "CidrIp": "10.0.0.0/8"}, ref("AWS::NoValue")]}
    found = held({"Web": (GROUP, {"GroupName": "web", "SecurityGroupIngress": [perhaps, OPEN]})}, GROUP, **UNSURE)
    assert OPENED[0] in found["web"].properties["ingress"]
    assert len(found["web"].properties["ingress"]) == 2
    assert reasons(found["web"], "ingress") == {"not_collected"}


def test_a_policy_belongs_to_each_principal_that_its_list_names() -> None:
    user = "AWS::IAM::User"
    named = {"PolicyName": "read", "PolicyDocument": {}, "Users": [ref("A"), "b"]}
    found = held(
        {
            "A": (user, {}),
            "B": (user, {"UserName": "b"}),
            "C": (user, {"UserName": "c"}),
            "P": ("AWS::IAM::Policy", named),
        },
        user,
    )
    listed = {name: item.properties["inline_policies"] for name, item in found.items()}
    assert listed == {"A": ["read"], "b": ["read"], "c": []}


def test_a_managed_policy_is_attached_from_either_end() -> None:
    managed, role = "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"
    found = held(
        {
            "P": (managed, {"PolicyDocument": {}, "Roles": [ref("A")]}),
            "A": (role, {"AssumeRolePolicyDocument": {}}),
            "B": (role, {"AssumeRolePolicyDocument": {}, "ManagedPolicyArns": [ref("P"), "arn:aws:iam::aws:policy/X"]}),
        },
        managed,
    )
    assert found["P"].properties["attachment_count"] == 2


def test_secrets_that_parameters_hold_are_nowhere() -> None:
    secret = {"Parameters": {"S": {"Type": "String", "NoEcho": "true", "Default": "hunter2"}}}
    rows: Rows = {
        "B": ("AWS::S3::Bucket", {"BucketName": ref("S"), "Tags": [{"Key": "k", "Value": {"Fn::Sub": "x${S}"}}]}),
        "T": (
            "AWS::ECS::TaskDefinition",
            {"ContainerDefinitions": [{"Name": "a", "Environment": [{"Name": "P", "Value": ref("S")}]}]},
        ),
    }
    found = folded(data(rows, **secret), AT, {"S": "hunter2"})
    assert "hunter2" not in repr((found.after, found.places, found.plan))
    bucket = next(item for item in found.after if item.type == "AWS::S3::Bucket")
    assert reasons(bucket, "tags") == {"sensitive"}


def test_where_it_is_deployed_gives_what_has_a_name_the_id_that_the_live_adapter_gives() -> None:
    place = {"AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012"}
    rows: Rows = {
        "B": ("AWS::S3::Bucket", {"BucketName": "records"}),
        "R": ("AWS::IAM::Role", {"RoleName": "r", "Path": "/a/", "AssumeRolePolicyDocument": {}}),
        "T": ("AWS::CloudTrail::Trail", {"TrailName": "main", "IsLogging": True, "S3BucketName": ref("B")}),
        "K": ("AWS::KMS::Key", {}),
    }
    found = folded(data(rows), AT, place)
    ids = {
        (item.id, item.account, item.region) for item in found.after if not item.type.startswith(("AWS::A", "AWS::Re"))
    }
    assert ids == {
        ("arn:aws:s3:::records", "123456789012", "eu-central-1"),
        ("arn:aws:iam::123456789012:role/a/r", "123456789012", "global"),
        ("arn:aws:cloudtrail:eu-central-1:123456789012:trail/main", "123456789012", "eu-central-1"),
        ("K", "123456789012", "eu-central-1"),
    }
