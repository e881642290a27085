"""Plans become the resources of the live adapter: what belongs to what, what is unknown, what holds by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from providers.base import Resource
from providers.terraform import folded
from tests.plans import UNKNOWN, PlanBuilder, Ref, Secret

AT = "2026-11-26T00:00:00Z"
ENABLED = [{"status": "Enabled"}]
SSH = {"ip_protocol": "tcp", "from_port": 22, "to_port": 22}


def after(plan: PlanBuilder, type_: str = "AWS::S3::Bucket") -> dict[str, Resource]:
    return {item.name: item for item in folded(plan.data(), AT).after if item.type == type_}


def before(plan: PlanBuilder, type_: str = "AWS::S3::Bucket") -> dict[str, Resource]:
    return {item.name: item for item in folded(plan.data(), AT).before if item.type == type_}


def seen(item: Resource, name: str) -> Any:
    """The property, or why it is unread."""
    return item.properties[name] if name in item.properties else item.unread[f"/{name}"].reason


# --- what belongs to what --------------------------------------------------------------------------------------------


def by_value() -> PlanBuilder:
    return (
        PlanBuilder()
        .create("aws_s3_bucket.a", bucket="a")
        .create("aws_s3_bucket_versioning.v", bucket="a", versioning_configuration=ENABLED)
    )


def by_reference() -> PlanBuilder:
    return (
        PlanBuilder()
        .create("aws_s3_bucket.a", bucket="a")
        .create("aws_s3_bucket_versioning.v", bucket=Ref("aws_s3_bucket.a.id"), versioning_configuration=ENABLED)
    )


def through_a_variable() -> PlanBuilder:
    return (
        PlanBuilder()
        .create("aws_s3_bucket.a", bucket="a")
        .create("module.m.aws_s3_bucket_versioning.v", bucket=Ref("var.bucket"), versioning_configuration=ENABLED)
        .call("m", bucket=Ref("aws_s3_bucket.a.id"))
    )


def through_an_output() -> PlanBuilder:
    return (
        PlanBuilder()
        .create("module.m.aws_s3_bucket.a", bucket="a")
        .output(["m"], "name", Ref("aws_s3_bucket.a.id"))
        .create("aws_s3_bucket_versioning.v", bucket=Ref("module.m.name"), versioning_configuration=ENABLED)
    )


def through_two_modules() -> PlanBuilder:
    return (
        PlanBuilder()
        .create("module.team.aws_s3_bucket.a", bucket="a")
        .create(
            "module.team.module.m.aws_s3_bucket_versioning.v",
            bucket=Ref("var.bucket"),
            versioning_configuration=ENABLED,
        )
        .call("m", within=["team"], bucket=Ref("aws_s3_bucket.a.bucket"))
    )


@pytest.mark.parametrize("plan", [by_value, by_reference, through_a_variable, through_an_output, through_two_modules])
def test_a_part_belongs_to_the_bucket_that_it_names(plan: Any) -> None:
    made = plan().create("aws_s3_bucket.other", bucket="other")
    found = after(made)
    assert {name: seen(item, "versioning_status") for name, item in found.items()} == {"a": "Enabled", "other": None}


def test_an_instance_belongs_to_the_instance_with_its_key() -> None:
    plan = PlanBuilder()
    for key, status in (('"x"', "Enabled"), ('"y.z"', "Suspended")):
        plan.create(f"aws_s3_bucket.b[{key}]", bucket=f"b-{key[1]}")
        plan.create(
            f"aws_s3_bucket_versioning.v[{key}]",
            bucket=Ref("aws_s3_bucket.b", "each.key"),
            versioning_configuration=[{"status": status}],
        )
    assert {name: seen(item, "versioning_status") for name, item in after(plan).items()} == {
        "b-x": "Enabled",
        "b-y": "Suspended",
    }


def test_a_chain_of_for_each_keeps_its_keys() -> None:
    plan = PlanBuilder()
    for key in ('"x"', '"y"'):
        plan.create(f"aws_s3_bucket.b[{key}]", bucket=f"b-{key[1]}")
    plan.create(
        'aws_s3_bucket_versioning.v["y"]', bucket=Ref("each.value.id", "each.value"), versioning_configuration=ENABLED
    )
    plan.repeated('aws_s3_bucket_versioning.v["y"]', Ref("aws_s3_bucket.b"))
    assert {name: seen(item, "versioning_status") for name, item in after(plan).items()} == {
        "b-x": None,
        "b-y": "Enabled",
    }


def test_two_candidates_left_are_ambiguous() -> None:
    plan = PlanBuilder()
    for key in ("0", "1"):
        plan.create(f"aws_s3_bucket.b[{key}]", bucket=f"b-{key}")
    plan.create("aws_s3_bucket_versioning.v", bucket=Ref("aws_s3_bucket.b"), versioning_configuration=ENABLED)
    plan.create("aws_s3_bucket.other", bucket="other")
    assert {name: seen(item, "versioning_status") for name, item in after(plan).items()} == {
        "b-0": "ambiguous",
        "b-1": "ambiguous",
        "other": None,
    }


def test_a_part_of_an_unknown_owner_leaves_no_candidate_sure() -> None:
    plan = PlanBuilder().create("aws_s3_bucket.a", bucket="a").create("aws_s3_bucket.b", bucket="b")
    plan.create("aws_s3_bucket_versioning.v", bucket=Ref("local.name"), versioning_configuration=ENABLED)
    assert {name: seen(item, "versioning_status") for name, item in after(plan).items()} == {
        "a": "ambiguous",
        "b": "ambiguous",
    }


def test_two_parts_that_contradict_each_other_are_ambiguous() -> None:
    plan = by_value().create(
        "aws_s3_bucket_versioning.w", bucket="a", versioning_configuration=[{"status": "Suspended"}]
    )
    assert seen(after(plan)["a"], "versioning_status") == "ambiguous"


def test_a_part_whose_owner_is_elsewhere_is_named() -> None:
    plan = PlanBuilder().create("aws_s3_bucket_policy.p", bucket="elsewhere", policy="{}")
    assert folded(plan.data(), AT).orphans == {"aws_s3_bucket_policy.p": True}


# --- defaults, deletions, what is unknown ----------------------------------------------------------------------------


def test_a_new_bucket_has_what_s3_gives_it() -> None:
    found = after(PlanBuilder().create("aws_s3_bucket.a", bucket="a"))["a"]
    names = (
        "encryption_algorithm",
        "versioning_status",
        "logging_target_bucket",
        "policy",
        "lifecycle_rules",
        "object_ownership",
    )
    assert [seen(found, name) for name in names] == ["AES256", None, None, None, [], None]


def test_what_no_attribute_of_an_existing_bucket_holds_is_not_collected() -> None:
    plan = PlanBuilder().keep("aws_s3_bucket.a", bucket="a", id="a", arn="arn:aws:s3:::a")
    assert seen(after(plan)["a"], "public_access_block") == "not_collected"


def test_a_part_that_is_deleted_leaves_what_the_provider_leaves() -> None:
    plan = PlanBuilder().keep("aws_s3_bucket.a", bucket="a", id="a", arn="arn:aws:s3:::a")
    plan.delete("aws_s3_bucket_versioning.v", bucket="a", versioning_configuration=ENABLED)
    plan.delete("aws_s3_bucket_public_access_block.p", bucket="a", block_public_acls=True, ignore_public_acls=True)
    was, will = before(plan)["a"], after(plan)["a"]
    assert (seen(was, "versioning_status"), seen(will, "versioning_status")) == ("Enabled", "Suspended")
    assert seen(will, "public_access_block")["ignore_public_acls"] is False


def test_a_sensitive_value_is_nowhere() -> None:
    plan = (
        PlanBuilder()
        .create("aws_s3_bucket.a", bucket="a")
        .create("aws_s3_bucket_policy.p", bucket="a", policy=Secret('{"Statement": "s3cr3t"}'))
    )
    found = folded(plan.data(), AT)
    assert seen(after(plan)["a"], "policy") == "sensitive"
    assert "s3cr3t" not in repr(found.after)


def test_a_value_that_only_apply_tells_is_known_after_apply() -> None:
    plan = PlanBuilder().create("aws_s3_bucket.a", bucket="a")
    plan.create("aws_s3_bucket_versioning.v", bucket="a", versioning_configuration=[{"status": UNKNOWN}])
    plan.create("aws_s3_bucket_policy.p", bucket="a", policy=Ref("data.aws_iam_policy_document.d.json"))
    found = after(plan)["a"]
    assert (seen(found, "versioning_status"), seen(found, "policy")) == ("known_after_apply", "known_after_apply")


def test_a_planned_key_is_known_to_be_there() -> None:
    plan = PlanBuilder().create("aws_s3_bucket.a", bucket="a").create("aws_kms_key.k")
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": Ref("aws_kms_key.k.arn")}
    plan.create(
        "aws_s3_bucket_server_side_encryption_configuration.e",
        bucket="a",
        rule=[{"apply_server_side_encryption_by_default": [default]}],
    )
    assert seen(after(plan)["a"], "kms_master_key_id") == "aws_kms_key.k"


def test_a_resource_that_moves_keeps_its_id() -> None:
    plan = PlanBuilder().keep("aws_s3_bucket.new", bucket="a", id="a", arn="arn:aws:s3:::a").moved("aws_s3_bucket.old")
    found = folded(plan.data(), AT)
    [bucket] = [item for item in found.after if item.type == "AWS::S3::Bucket"]
    place = found.places[bucket.type, bucket.scope, "arn:aws:s3:::a"]
    assert (place.address, place.previous_address) == ("aws_s3_bucket.new", "aws_s3_bucket.old")


# --- security groups -------------------------------------------------------------------------------------------------


def rules(plan: PlanBuilder) -> list[Mapping[str, Any]]:
    (group,) = after(plan, "AWS::EC2::SecurityGroup").values()
    found: list[Mapping[str, Any]] = group.properties["ingress"]
    return found


def rule(cidrs: list[str], port: int = 22, lists: list[str] | None = None) -> dict[str, Any]:
    return {"protocol": "tcp", "from_port": port, "to_port": port, "cidrs": cidrs, "prefix_list_ids": lists or []}


def test_rules_of_all_three_kinds_come_together_by_protocol_and_ports() -> None:
    plan = PlanBuilder().create("aws_security_group.g", name="g")
    link = Ref("aws_security_group.g.id")
    plan.create("aws_vpc_security_group_ingress_rule.a", security_group_id=link, cidr_ipv4="10.0.0.0/8", **SSH)
    plan.create("aws_vpc_security_group_ingress_rule.b", security_group_id=link, cidr_ipv6="::/0", **SSH)
    plan.create(
        "aws_security_group_rule.c",
        security_group_id=link,
        type="ingress",
        protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_blocks=["0.0.0.0/0"],
    )
    plan.create(
        "aws_security_group_rule.d", security_group_id=link, type="egress", protocol="-1", from_port=0, to_port=0
    )
    assert rules(plan) == [rule(["10.0.0.0/8", "::/0"]), rule(["0.0.0.0/0"], 443)]


def test_a_rule_for_the_group_itself_hides_no_other_rule() -> None:
    own = {"protocol": "tcp", "from_port": 22, "to_port": 22, "self": True}
    open_ = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
    plan = PlanBuilder().create("aws_security_group.g", name="g", ingress=[own, open_])
    assert rules(plan) == [rule(["0.0.0.0/0"])]


def test_the_networks_of_a_planned_prefix_list_are_those_of_its_entries() -> None:
    plan = PlanBuilder().create("aws_security_group.g", name="g")
    plan.create("aws_ec2_managed_prefix_list.l", entry=[{"cidr": "0.0.0.0/0"}])
    plan.create(
        "aws_vpc_security_group_ingress_rule.r",
        security_group_id=Ref("aws_security_group.g.id"),
        prefix_list_id=Ref("aws_ec2_managed_prefix_list.l.id"),
        **SSH,
    )
    assert rules(plan) == [rule(["0.0.0.0/0"])]


def test_what_a_prefix_list_elsewhere_admits_is_unread() -> None:
    plan = PlanBuilder().create("aws_security_group.g", name="g")
    plan.create(
        "aws_vpc_security_group_ingress_rule.r",
        security_group_id=Ref("aws_security_group.g.id"),
        prefix_list_id="pl-1",
        **SSH,
    )
    (group,) = after(plan, "AWS::EC2::SecurityGroup").values()
    assert group.unread["/ingress/0/cidrs"].reason == "not_collected"


def test_a_prefix_list_of_which_nobody_knows_the_id_may_admit_anything() -> None:
    plan = PlanBuilder().create("aws_security_group.g", name="g", egress=[])
    plan.create(
        "aws_vpc_security_group_ingress_rule.r",
        security_group_id=Ref("aws_security_group.g.id"),
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        prefix_list_id=UNKNOWN,
    )
    (group,) = after(plan, "AWS::EC2::SecurityGroup").values()
    assert {pointer for pointer in group.unread if pointer.startswith("/ingress")} >= {"/ingress/0/cidrs"}


def test_a_rule_that_is_taken_away_is_no_longer_in_what_the_provider_read_back() -> None:
    held = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
    own = {"id": "sg-1", "arn": "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1", "name": "g"}
    plan = PlanBuilder().keep("aws_security_group.g", ingress=[held], **own)
    del plan.modules[()].resources[0]["expressions"]["ingress"]
    plan.delete("aws_vpc_security_group_ingress_rule.r", security_group_id="sg-1", cidr_ipv4="0.0.0.0/0", **SSH)
    (was,) = before(plan, "AWS::EC2::SecurityGroup").values()
    assert (was.properties["ingress"], rules(plan)) == ([rule(["0.0.0.0/0"])], [])


def test_blocks_that_could_be_dynamic_are_not_taken_for_none() -> None:
    found = after(PlanBuilder().create("aws_security_group.g", name="g"), "AWS::EC2::SecurityGroup")["g"]
    assert seen(found, "ingress") == "known_after_apply"


def test_an_open_rule_of_a_group_elsewhere_is_seen_and_more_may_be_there() -> None:
    plan = PlanBuilder().create(
        "aws_vpc_security_group_ingress_rule.r", security_group_id="sg-9", cidr_ipv4="0.0.0.0/0", **SSH
    )
    (group,) = after(plan, "AWS::EC2::SecurityGroup").values()
    assert (group.properties["ingress"], group.unread["/ingress/1/cidrs"].reason) == (
        [rule(["0.0.0.0/0"]), {}],
        "not_collected",
    )


# --- accounts and regions --------------------------------------------------------------------------------------------


def test_an_account_is_told_by_arns_only() -> None:
    plan = PlanBuilder().keep("aws_kms_key.k", arn="arn:aws:kms:eu-west-1:123456789012:key/1", key_id="1", id="1")
    plan.create("aws_s3_bucket.a", bucket="a")
    found = folded(plan.data(), AT).after
    assert {
        (item.type, item.account, item.region) for item in found if item.type not in ("AWS::Account", "AWS::Region")
    } == {
        ("AWS::KMS::Key", "123456789012", "eu-west-1"),
        ("AWS::S3::Bucket", "123456789012", "eu-central-1"),
    }


def test_a_region_that_the_plan_does_not_tell_is_unread() -> None:
    found = after(PlanBuilder(region=None).create("aws_s3_bucket.a", bucket="a"))["a"]
    assert (found.region, found.unread["/region"].reason) == ("unknown", "not_collected")
