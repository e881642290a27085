"""Every check that the mapped services let a plan judge is driven to pass and to fail by a plan, with its own file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.content.checks import CompiledCheck
from providers.terraform.aws import SERVICES
from tests.planned import Pair, Rows, compiled, judged_alone, one, statement, verdicts
from tests.plans import UNKNOWN, Ref

MAPPED = ("cloudtrail", "iam", "kms", "rds", "s3", "security_groups")
"""The services whose checks are driven here; a further service brings a table of its own."""


def bucket(part: str, good: dict[str, Any], bad: dict[str, Any] | None) -> Pair:
    """A pair of plans with a bucket and a part of it, or without the part; the account blocks nothing."""
    base: dict[str, dict[str, Any]] = {
        "aws_s3_bucket.x": {"bucket": "records"},
        "aws_s3_account_public_access_block.a": dict.fromkeys(BLOCK, False),
    }
    link = {"bucket": Ref("aws_s3_bucket.x.id")}
    return {**base, f"{part}.x": {**link, **good}}, base if bad is None else {**base, f"{part}.x": {**link, **bad}}


def group(good: list[dict[str, Any]], bad: list[dict[str, Any]], kind: str = "aws_security_group") -> Pair:
    named = {"name": "web"} if kind == "aws_security_group" else {}
    return one(kind, {"ingress": good}, {"ingress": bad}, **named, egress=[])


def rule(cidr: str, first: int, last: int, protocol: str = "tcp") -> dict[str, Any]:
    return {"protocol": protocol, "from_port": first, "to_port": last, "cidr_blocks": [cidr]}


def attached(good: str, bad: str) -> Pair:
    def plan(document: str) -> Rows:
        return {
            "aws_iam_policy.x": {"name": "x", "policy": document},
            "aws_iam_role.r": {"name": "r", "assume_role_policy": TRUST},
            "aws_iam_role_policy_attachment.a": {"role": "r", "policy_arn": Ref("aws_iam_policy.x.arn")},
        }

    return plan(good), plan(bad)


def database(good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    return one("aws_db_instance", good, bad, **{"identifier": "d", "engine": "postgres", **both})


def cluster(good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    return one("aws_rds_cluster", good, bad, **{"cluster_identifier": "c", "engine": "aurora-postgresql", **both})


def forced(kind: str, parameters: str, name: str, **more: Any) -> Pair:
    """A pair of plans with a database whose parameter group makes it refuse connections without TLS, or does not."""

    def plan(value: str) -> Rows:
        link = "parameter_group_name" if kind == "aws_db_instance" else "db_cluster_parameter_group_name"
        return {
            f"{parameters}.p": {"name": "p", "parameter": [{"name": name, "value": value}]},
            f"{kind}.x": {link: Ref(f"{parameters}.p.name"), **more},
        }

    return plan("1"), plan("0")


BLOCK = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
ALL, NONE = dict.fromkeys(BLOCK, True), dict.fromkeys(BLOCK, False)
TRUST = statement(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
READ, ADMIN = statement(Action="s3:GetObject"), statement(Action="*")
ISSUER = "token.actions.githubusercontent.com"
FEDERATED = {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"}
PINNED = {"StringLike": {f"{ISSUER}:sub": "repo:acme/app:*"}, "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}
OIDC = {"Principal": FEDERATED, "Action": "sts:AssumeRoleWithWebIdentity"}
TLS_ONLY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::records", "arn:aws:s3:::records/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
)
PUBLIC = statement(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::records/*")
STRONG = {
    "minimum_password_length": 16,
    "require_symbols": True,
    "require_numbers": True,
    "require_uppercase_characters": True,
    "require_lowercase_characters": True,
    "password_reuse_prevention": 24,
}
EXPIRES = {
    "rule": [
        {
            "status": "Enabled",
            "expiration": [{"days": 30}],
            "noncurrent_version_expiration": [{"noncurrent_days": 30}],
            "filter": [{"prefix": ""}],
        }
    ]
}
ENCRYPTION = "aws_s3_bucket_server_side_encryption_configuration"


def encryption(**default: Any) -> dict[str, Any]:
    return {"rule": [{"apply_server_side_encryption_by_default": [default]}]}


def replicated() -> Pair:
    """A bucket that is to be replicated, and is: to another region, or to its own."""

    def plan(region: str) -> Rows:
        destination = [{"bucket": Ref("aws_s3_bucket.copy.arn")}]
        return {
            "aws_s3_bucket.x": {"bucket": "records", "tags": {"criticality": "high"}},
            "aws_s3_bucket.copy": {"bucket": "copy", "region": region},
            "aws_s3_bucket_replication_configuration.x": {
                "bucket": "records",
                "rule": [{"status": "Enabled", "filter": [{"prefix": ""}], "destination": destination}],
            },
        }

    return plan("eu-west-1"), plan("eu-central-1")


def customer_key() -> Pair:
    good, bad = bucket(
        ENCRYPTION, encryption(sse_algorithm="aws:kms", kms_master_key_id=Ref("aws_kms_key.k.arn")), None
    )
    return {**good, "aws_kms_key.k": {}}, bad


TRAIL = {"name": "main", "s3_bucket_name": "logs"}
PASSWORDS = "aws_iam_account_password_policy"
PAIRS: dict[str, Pair] = {
    "aws.cloudtrail.kms_encrypted": one("aws_cloudtrail", {"kms_key_id": "arn:aws:kms:x"}, {}, **TRAIL),
    "aws.cloudtrail.log_file_validation": one("aws_cloudtrail", {"enable_log_file_validation": True}, {}, **TRAIL),
    "aws.ec2.default_security_group_closed": group([], [rule("10.0.0.0/8", 0, 0, "-1")], "aws_default_security_group"),
    "aws.ec2.security_group_no_open_all_ports": group([rule("10.0.0.0/8", 0, 65535)], [rule("0.0.0.0/0", 0, 65535)]),
    "aws.ec2.security_group_no_open_data_ports": group([rule("0.0.0.0/0", 443, 443)], [rule("0.0.0.0/0", 5432, 5432)]),
    "aws.ec2.security_group_no_open_rdp": group([rule("0.0.0.0/0", 443, 443)], [rule("0.0.0.0/0", 3389, 3389)]),
    "aws.ec2.security_group_no_open_ssh": group([rule("0.0.0.0/0", 443, 443)], [rule("0.0.0.0/0", 0, 0, "-1")]),
    "aws.iam.inline_policy_no_full_admin": one("aws_iam_role_policy", {"policy": READ}, {"policy": ADMIN}, role="r"),
    "aws.iam.oidc_trust_subject_restricted": one(
        "aws_iam_role",
        {"assume_role_policy": statement(**OIDC, Condition=PINNED)},
        {"assume_role_policy": statement(**OIDC)},
        name="r",
    ),
    "aws.iam.password_policy_complexity": one(PASSWORDS, STRONG, {**STRONG, "require_symbols": False}),
    "aws.iam.password_policy_length": one(PASSWORDS, STRONG, {**STRONG, "minimum_password_length": 6}),
    "aws.iam.password_policy_reuse_prevention": one(PASSWORDS, STRONG, {**STRONG, "password_reuse_prevention": None}),
    "aws.iam.policy_no_audit_trail_control": attached(READ, statement(Action="cloudtrail:*")),
    "aws.iam.policy_no_full_admin": attached(READ, ADMIN),
    "aws.iam.policy_no_privilege_escalation": attached(READ, statement(Action="iam:CreateAccessKey")),
    "aws.iam.role_trust_not_public": one(
        "aws_iam_role",
        {"assume_role_policy": TRUST},
        {"assume_role_policy": statement(Principal="*", Action="sts:AssumeRole")},
        name="r",
    ),
    "aws.iam.user_member_of_group": (
        {"aws_iam_user.u": {"name": "u"}, "aws_iam_user_group_membership.m": {"user": "u", "groups": ["g"]}},
        {"aws_iam_user.u": {"name": "u"}},
    ),
    "aws.iam.user_no_direct_policies": (
        {"aws_iam_user.u": {"name": "u"}},
        {"aws_iam_user.u": {"name": "u"}, "aws_iam_user_policy.p": {"user": "u", "name": "p", "policy": READ}},
    ),
    "aws.kms.key_policy_not_public": one(
        "aws_kms_key", {}, {"policy": statement(Principal={"AWS": "*"}, Action="kms:*")}
    ),
    "aws.kms.key_rotation": one("aws_kms_key", {"enable_key_rotation": True}, {}),
    "aws.rds.auto_minor_upgrade": database({}, {"auto_minor_version_upgrade": False}),
    "aws.rds.backup_retention": database({"backup_retention_period": 7}, {}),
    "aws.rds.cluster_backup_retention": cluster({"backup_retention_period": 7}, {}),
    "aws.rds.cluster_deletion_protection": cluster({"deletion_protection": True}, {}),
    "aws.rds.cluster_iam_authentication": cluster({"iam_database_authentication_enabled": True}, {}),
    "aws.rds.cluster_logs_exported": cluster({"enabled_cloudwatch_logs_exports": ["postgresql"]}, {}),
    "aws.rds.cluster_snapshot_not_public": one(
        "aws_db_cluster_snapshot", {}, {"shared_accounts": ["all"]}, db_cluster_snapshot_identifier="s"
    ),
    "aws.rds.cluster_tls_required": forced(
        "aws_rds_cluster", "aws_rds_cluster_parameter_group", "rds.force_ssl", engine="aurora-postgresql"
    ),
    "aws.rds.deletion_protection": database({"deletion_protection": True}, {}),
    "aws.rds.iam_authentication": database({"iam_database_authentication_enabled": True}, {}),
    "aws.rds.instance_encrypted": database({"storage_encrypted": True}, {}),
    "aws.rds.instance_not_public": database({}, {"publicly_accessible": True}),
    "aws.rds.logs_exported": database({"enabled_cloudwatch_logs_exports": ["postgresql", "upgrade"]}, {}),
    "aws.rds.multi_az": database({"multi_az": True}, {}),
    "aws.rds.snapshot_encrypted": (
        {"aws_db_snapshot.x": {"db_snapshot_identifier": "s", "encrypted": True}},
        {"aws_db_snapshot.x": {"db_snapshot_identifier": "s", "encrypted": False}},
    ),
    "aws.rds.snapshot_not_public": one("aws_db_snapshot", {}, {"shared_accounts": ["all"]}, db_snapshot_identifier="s"),
    "aws.rds.tls_required": forced("aws_db_instance", "aws_db_parameter_group", "rds.force_ssl", engine="postgres"),
    "aws.s3.account_public_access_block": one("aws_s3_account_public_access_block", ALL, NONE),
    "aws.s3.bucket_acl_not_public": bucket("aws_s3_bucket_acl", {"acl": "private"}, {"acl": "public-read"}),
    "aws.s3.bucket_default_encryption": bucket(
        ENCRYPTION, encryption(sse_algorithm="AES256"), encryption(sse_algorithm="none")
    ),
    "aws.s3.bucket_kms_encryption": customer_key(),
    "aws.s3.bucket_lifecycle_expiry": bucket("aws_s3_bucket_lifecycle_configuration", EXPIRES, None),
    "aws.s3.bucket_policy_not_public": bucket("aws_s3_bucket_policy", {"policy": TLS_ONLY}, {"policy": PUBLIC}),
    "aws.s3.bucket_public_access_block": bucket("aws_s3_bucket_public_access_block", ALL, NONE),
    "aws.s3.bucket_replication": replicated(),
    "aws.s3.bucket_tls_only": bucket("aws_s3_bucket_policy", {"policy": TLS_ONLY}, None),
    "aws.s3.bucket_versioning": bucket(
        "aws_s3_bucket_versioning", {"versioning_configuration": [{"status": "Enabled"}]}, None
    ),
}
ONE_SIDED: dict[str, str] = {
    "aws.kms.key_not_pending_deletion": "a key that waits for its deletion is in no plan",
    "aws.rds.cluster_encrypted": "that RDS does not encrypt with a key of its own is in no plan",
}
"""Checks that a plan can only let pass, and why."""


def judgeable() -> set[str]:
    """The checks of the mapped services that a plan can judge, as the gate selects them."""
    services = {"ec2" if name == "security_groups" else name for name in MAPPED}
    mine = [check for check in compiled() if check.check.id.split(".")[1] in services and mapped_here(check)]
    return {check.check.id for check in mine} & judged_alone()


def mapped_here(check: CompiledCheck) -> bool:
    """Whether what a check judges is one of the types that this file drives."""
    driven = (
        "AWS::S3",
        "AWS::IAM",
        "AWS::KMS",
        "AWS::RDS",
        "AWS::CloudTrail",
        "AWS::EC2::SecurityGroup",
        "AWS::Account",
    )
    return check.check.resource_type.startswith(driven)


def test_the_services_of_this_table_are_mapped() -> None:
    assert set(MAPPED) <= set(SERVICES)


def test_every_check_that_a_plan_can_judge_is_driven() -> None:
    assert judgeable() - ONE_SIDED.keys() == set(PAIRS)


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_plans_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


ATTACHED = "arn:aws:iam::aws:policy/ReadOnlyAccess"
FURTHER: dict[str, tuple[str, Rows, set[str]]] = {
    "a policy that one resource attaches to several users is attached to each": (
        "aws.iam.user_no_direct_policies",
        {
            "aws_iam_user.u": {"name": "u"},
            "aws_iam_user.v": {"name": "v"},
            "aws_iam_policy_attachment.a": {"name": "a", "users": ["u", "v"], "policy_arn": ATTACHED},
        },
        {"fail"},
    ),
    "a policy that is attached to roles is not attached to users": (
        "aws.iam.user_no_direct_policies",
        {
            "aws_iam_user.u": {"name": "u"},
            "aws_iam_policy_attachment.a": {"name": "a", "roles": ["r"], "policy_arn": ATTACHED},
        },
        {"pass"},
    ),
    "a policy that is attached to nobody knows whom may be attached to any user": (
        "aws.iam.user_no_direct_policies",
        {
            "aws_iam_user.u": {"name": "u"},
            "aws_iam_policy_attachment.a": {"name": "a", "users": UNKNOWN, "policy_arn": ATTACHED},
        },
        {"unknown"},
    ),
    "a prefix list of another plan is not read because one beside it is": (
        "aws.ec2.security_group_no_open_ssh",
        {
            "aws_ec2_managed_prefix_list.inner": {"name": "inner", "entry": [{"cidr": "10.0.0.0/8"}]},
            "aws_security_group.x": {
                "name": "x",
                "egress": [],
                "ingress": [
                    {
                        "protocol": "tcp",
                        "from_port": 22,
                        "to_port": 22,
                        "prefix_list_ids": ["pl-1", Ref("aws_ec2_managed_prefix_list.inner.id")],
                    }
                ],
            },
        },
        {"unknown"},
    ),
    "a group that names its members has each of them": (
        "aws.iam.user_member_of_group",
        {
            "aws_iam_user.u": {"name": "u"},
            "aws_iam_group_membership.m": {"name": "m", "group": "g", "users": ["u"]},
        },
        {"pass"},
    ),
}


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_plan_is_not_taken_for_more_than_it_tells(name: str) -> None:
    id_, rows, expected = FURTHER[name]
    assert verdicts(id_, rows) == expected
