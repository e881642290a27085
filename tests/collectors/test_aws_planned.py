"""The same infrastructure, on the wire and in a plan, is judged alike."""

from __future__ import annotations

import json
from typing import Any

import boto3

from engine.collection.conformance import conforming
from engine.judging.evaluate import evaluate
from engine.model import Collection, Finding, Scope, Snapshot
from providers.terraform import folded
from tests.collectors.scan import AS_OF, compiled, scan, types
from tests.collectors.test_aws_s3 import block_account
from tests.emulators.aws_wire import AwsWire
from tests.plans import PlanBuilder, Ref

REGION = "us-east-1"
CHECKS = (
    "aws.s3.bucket_versioning",
    "aws.s3.bucket_policy_not_public",
    "aws.s3.bucket_public_access_block",
    "aws.s3.bucket_acl_not_public",
    "aws.s3.bucket_tls_only",
    "aws.s3.bucket_lifecycle_expiry",
    "aws.ec2.security_group_no_open_ssh",
    "aws.ec2.security_group_no_open_all_ports",
    "aws.ec2.security_group_no_open_data_ports",
    "aws.iam.role_trust_not_public",
    "aws.iam.inline_policy_no_full_admin",
    "aws.iam.user_no_direct_policies",
    "aws.iam.user_member_of_group",
    "aws.rds.instance_encrypted",
    "aws.rds.instance_not_public",
    "aws.rds.backup_retention",
    "aws.rds.deletion_protection",
    "aws.rds.multi_az",
    "aws.cloudtrail.log_file_validation",
    "aws.cloudtrail.kms_encrypted",
)
FLAGS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}
ANYONE = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
SERVICE = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
ADMIN = {"Effect": "Allow", "Action": "*", "Resource": "*"}
OPEN = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
EVERYTHING = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "IpRanges": []}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def on_the_wire() -> None:
    s3, ec2, iam = boto3.client("s3", REGION), boto3.client("ec2", REGION), boto3.client("iam", REGION)
    for name in ("kept", "open", "bare"):
        s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_versioning(Bucket="open", VersioningConfiguration={"Status": "Suspended"})
    block = {"".join(part.title() for part in flag.split("_")): True for flag in FLAGS}
    s3.put_public_access_block(
        Bucket="kept", PublicAccessBlockConfiguration={key.replace("Acls", "Acls"): on for key, on in block.items()}
    )
    s3.put_bucket_policy(Bucket="open", Policy=document(PUBLIC))
    s3.put_bucket_acl(Bucket="open", ACL="public-read")
    rule = {
        "ID": "all",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 9},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
    }
    s3.put_bucket_lifecycle_configuration(Bucket="kept", LifecycleConfiguration={"Rules": [rule]})
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for name, rules in (("closed", []), ("ssh", [OPEN]), ("everything", [EVERYTHING])):
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        if rules:
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    iam.create_role(RoleName="anyone", AssumeRolePolicyDocument=document(ANYONE))
    iam.create_role(RoleName="service", AssumeRolePolicyDocument=document(SERVICE))
    iam.put_role_policy(RoleName="service", PolicyName="all", PolicyDocument=document(ADMIN))
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(UserName="ana", GroupName="staff")
    iam.create_user(UserName="bot")
    iam.put_user_policy(UserName="bot", PolicyName="own", PolicyDocument=document({**ADMIN, "Action": "s3:GetObject"}))
    rds = boto3.client("rds", REGION)
    plain = {
        "Engine": "postgres",
        "DBInstanceClass": "db.t3.micro",
        "AllocatedStorage": 20,
        "MasterUsername": "a",
        "MasterUserPassword": "secret-99",
    }
    rds.create_db_instance(
        DBInstanceIdentifier="safe",
        StorageEncrypted=True,
        BackupRetentionPeriod=14,
        DeletionProtection=True,
        MultiAZ=True,
        PubliclyAccessible=False,
        **plain,
    )
    rds.create_db_instance(DBInstanceIdentifier="loose", BackupRetentionPeriod=0, PubliclyAccessible=True, **plain)
    s3.create_bucket(Bucket="trails")
    trails = boto3.client("cloudtrail", REGION)
    trails.create_trail(Name="signed", S3BucketName="trails", EnableLogFileValidation=True)
    trails.create_trail(Name="unsigned", S3BucketName="trails")


def in_a_plan() -> PlanBuilder:
    plan = PlanBuilder(region=REGION)
    for name in ("kept", "open", "bare"):
        plan.create(f"aws_s3_bucket.{name}", bucket=name)
    plan.create("aws_s3_bucket.trails", bucket="trails")
    for name, status in (("kept", "Enabled"), ("open", "Suspended")):
        plan.create(
            f"aws_s3_bucket_versioning.{name}",
            bucket=Ref(f"aws_s3_bucket.{name}.id"),
            versioning_configuration=[{"status": status}],
        )
    plan.create("aws_s3_bucket_public_access_block.kept", bucket="kept", **dict.fromkeys(FLAGS, True))
    plan.create("aws_s3_account_public_access_block.none", **dict.fromkeys(FLAGS, False))
    plan.create("aws_s3_bucket_policy.open", bucket="open", policy=document(PUBLIC))
    plan.create("aws_s3_bucket_acl.open", bucket="open", acl="public-read")
    rule = {
        "status": "Enabled",
        "filter": [{"prefix": ""}],
        "expiration": [{"days": 9}],
        "noncurrent_version_expiration": [{"noncurrent_days": 9}],
    }
    plan.create("aws_s3_bucket_lifecycle_configuration.kept", bucket="kept", rule=[rule])
    plan.create("aws_security_group.closed", name="closed", ingress=[], egress=[])
    for name in ("ssh", "everything"):
        plan.create(f"aws_security_group.{name}", name=name)
    link = {name: Ref(f"aws_security_group.{name}.id") for name in ("ssh", "everything")}
    plan.create(
        "aws_vpc_security_group_ingress_rule.ssh",
        security_group_id=link["ssh"],
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_ipv4="0.0.0.0/0",
    )
    plan.create(
        "aws_vpc_security_group_ingress_rule.all",
        security_group_id=link["everything"],
        ip_protocol="-1",
        cidr_ipv6="::/0",
    )
    plan.create("aws_iam_role.anyone", name="anyone", assume_role_policy=document(ANYONE))
    plan.create("aws_iam_role.service", name="service", assume_role_policy=document(SERVICE))
    plan.create("aws_iam_role_policy.all", name="all", role=Ref("aws_iam_role.service.id"), policy=document(ADMIN))
    plan.create("aws_iam_user.ana", name="ana").create("aws_iam_user.bot", name="bot")
    plan.create("aws_iam_user_group_membership.ana", user="ana", groups=["staff"])
    plan.create("aws_iam_user_policy.own", name="own", user="bot", policy=document({**ADMIN, "Action": "s3:GetObject"}))
    plain = {"engine": "postgres", "instance_class": "db.t3.micro"}
    plan.create(
        "aws_db_instance.safe",
        identifier="safe",
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        multi_az=True,
        **plain,
    )
    plan.create("aws_db_instance.loose", identifier="loose", publicly_accessible=True, **plain)
    plan.create("aws_cloudtrail.signed", name="signed", s3_bucket_name="trails", enable_log_file_validation=True)
    return plan.create("aws_cloudtrail.unsigned", name="unsigned", s3_bucket_name="trails")


def told(findings: tuple[Finding, ...]) -> dict[tuple[str, str], str]:
    """The verdicts by check and name; every VPC comes with a default group that no plan makes."""
    return {
        (finding.check.id, finding.subject.name): finding.verdict
        for finding in findings
        if finding.subject.name != "default"
    }


def judged(plan: PlanBuilder) -> tuple[Finding, ...]:
    conform = conforming({name: schema.type for name, schema in types().items()})
    resources = tuple(map(conform, folded(plan.data(), AS_OF).after))
    scope = Scope("aws", "unknown", "global")
    return evaluate(
        Snapshot(AS_OF, "planned", {}, (), (Collection("AWS::Account", scope, "complete", 1),), resources),
        compiled(CHECKS),
    )


def test_the_same_infrastructure_has_the_same_verdicts_planned_and_live(aws_env: AwsWire) -> None:
    block_account(aws_env)
    on_the_wire()
    _, live = scan(CHECKS)
    planned = told(judged(in_a_plan()))
    assert {"pass", "fail"} <= set(planned.values())
    assert planned == told(live)
