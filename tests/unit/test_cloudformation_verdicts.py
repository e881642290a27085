"""Every check that the mapped types let a template judge is driven to pass and to fail by one, with its own file."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from engine.collection.conformance import conforming
from engine.content.checks import compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.gate.judgeable import needs_live
from engine.judging.evaluate import evaluate
from engine.model import Collection, Finding, Resource, Scope, Snapshot
from providers.cloudformation import fills, folded
from tests.templates import Rows, attribute, data, ref

AT = "2026-11-26T00:00:00Z"
CONTEXT = ("AWS::Account", "AWS::Region")
CONTENT = load(find())
CONFORM = conforming({name: schema.type for name, schema in CONTENT.types.items()})
Pair = tuple[Rows, Rows]


def one(type_: str, good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    """A pair of templates with one resource of a type."""
    return {"X": (type_, {**both, **good})}, {"X": (type_, {**both, **bad})}


def statement(**more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **more}]}


def bucket(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one("AWS::S3::Bucket", good, bad, BucketName="records")


def bucket_policy(good: dict[str, Any], bad: dict[str, Any] | None) -> Pair:
    def rows(document: dict[str, Any] | None) -> Rows:
        base = {"X": ("AWS::S3::Bucket", {"BucketName": "records", "PublicAccessBlockConfiguration": NONE})}
        part = ("AWS::S3::BucketPolicy", {"Bucket": ref("X"), "PolicyDocument": document})
        return base if document is None else {**base, "P": part}

    return rows(good), rows(bad)


def group(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one(
        "AWS::EC2::SecurityGroup",
        {"SecurityGroupIngress": [good]},
        {"SecurityGroupIngress": [bad]},
        GroupDescription="web",
    )


def rule(cidr: str, first: int, last: int, protocol: str = "tcp") -> dict[str, Any]:
    return {"IpProtocol": protocol, "FromPort": first, "ToPort": last, "CidrIp": cidr}


def attached(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    def rows(document: dict[str, Any]) -> Rows:
        return {
            "X": ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "p", "PolicyDocument": document}),
            "R": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [ref("X")]}),
        }

    return rows(good), rows(bad)


def beside(type_: str, part: str, link: str, good: Any, bad: Any, document: str = "PolicyDocument") -> Pair:
    """A pair of templates with a resource and a policy of its own beside it."""

    def rows(policy: Any) -> Rows:
        target: Any = [ref("X")] if link.endswith("s") else ref("X")
        return {"X": (type_, {}), "P": (part, {link: target, document: policy})}

    return rows(good), rows(bad)


def forced(type_: str, parameters: str, link: str, **more: Any) -> Pair:
    def rows(value: str) -> Rows:
        return {
            "P": (parameters, {"Family": "x", "Description": "x", "Parameters": {"rds.force_ssl": value}}),
            "X": (type_, {link: ref("P"), **more}),
        }

    return rows("1"), rows("0")


def redshift_tls() -> Pair:
    def rows(value: str) -> Rows:
        named = [{"ParameterName": "require_ssl", "ParameterValue": value}]
        return {
            "P": ("AWS::Redshift::ClusterParameterGroup", {"Parameters": named}),
            "X": ("AWS::Redshift::Cluster", {"ClusterParameterGroupName": ref("P")}),
        }

    return rows("true"), rows("false")


def balancer(name: str) -> Pair:
    def switch(value: str) -> dict[str, Any]:
        return {"LoadBalancerAttributes": [{"Key": name, "Value": value}]}

    return one("AWS::ElasticLoadBalancingV2::LoadBalancer", switch("true"), switch("false"))


def listener() -> Pair:
    def rows(action: dict[str, Any]) -> Rows:
        return {
            "B": ("AWS::ElasticLoadBalancingV2::LoadBalancer", {}),
            "X": (
                "AWS::ElasticLoadBalancingV2::Listener",
                {"LoadBalancerArn": ref("B"), "Protocol": "HTTP", "Port": 80, "DefaultActions": [action]},
            ),
        }

    return (
        rows({"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}),
        rows({"Type": "forward", "TargetGroupArn": "arn:aws:x"}),
    )


def task(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    container = {"Name": "app", "Image": "app"}
    return one(
        "AWS::ECS::TaskDefinition",
        {"ContainerDefinitions": [{**container, **good}]},
        {"ContainerDefinitions": [{**container, **bad}]},
    )


def distribution(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    def config(more: dict[str, Any]) -> dict[str, Any]:
        default = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"}
        return {"DistributionConfig": {"Enabled": True, "DefaultCacheBehavior": default, **more}}

    return one("AWS::CloudFront::Distribution", config(good), config(bad))


def encryption(**default: Any) -> dict[str, Any]:
    row = {"ServerSideEncryptionByDefault": default}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [row]}}


def customer_key() -> Pair:
    key = attribute("K", "Arn")
    good, bad = bucket(encryption(SSEAlgorithm="aws:kms", KMSMasterKeyID=key), encryption(SSEAlgorithm="AES256"))
    return {**good, "K": ("AWS::KMS::Key", {})}, bad


def replicated() -> Rows:
    """A bucket that is replicated to one of the same template."""
    rule_ = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": attribute("C", "Arn")}}
    tagged = {"Tags": [{"Key": "criticality", "Value": "high"}]}
    replication = {"ReplicationConfiguration": {"Role": "x", "Rules": [rule_]}}
    return {"X": ("AWS::S3::Bucket", {**tagged, **replication}), "C": ("AWS::S3::Bucket", {})}


def table_key() -> Pair:
    def rows(**more: Any) -> Rows:
        return {"X": (TABLE, {"SSESpecification": more}), "K": ("AWS::KMS::Key", {})}

    return rows(SSEEnabled=True, KMSMasterKeyId=ref("K")), rows(SSEEnabled=False)


def backup(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    def plan(more: dict[str, Any]) -> dict[str, Any]:
        return {"BackupPlan": {"BackupPlanRule": [{"RuleName": "r", "Lifecycle": {"DeleteAfterDays": 35}, **more}]}}

    return one("AWS::Backup::BackupPlan", plan(good), plan(bad))


NONE = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
ALL = dict.fromkeys(NONE, True)
TRUST = statement(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
READ, ADMIN = statement(Action="s3:GetObject"), statement(Action="*")
ISSUER = "token.actions.githubusercontent.com"
OIDC = {
    "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"},
    "Action": "sts:AssumeRoleWithWebIdentity",
}
PINNED = {"StringLike": {f"{ISSUER}:sub": "repo:acme/app:*"}, "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}
TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [attribute("X", "Arn"), {"Fn::Sub": "arn:aws:s3:::${X}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
PUBLIC = statement(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::records/*")
OWN = statement(Principal={"AWS": "arn:aws:iam::123456789012:root"}, Action="*")
ANYONE = statement(Principal="*", Action="*")
TRAIL = {"S3BucketName": "logs", "IsLogging": True}
EXPIRES = {
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Status": "Enabled",
                "ExpirationInDays": 30,
                "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            }
        ]
    }
}
SECRET = {"Environment": [{"Name": "KEY", "Value": "AKIAIOSFODNN7EXAMPLQ"}]}
POSTGRES = {"Engine": "postgres"}
AURORA = {"Engine": "aurora-postgresql"}
DOMAIN = "AWS::OpenSearchService::Domain"
DATABASE, CLUSTER = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"
TABLE, TASK, EKS = "AWS::DynamoDB::Table", "AWS::ECS::TaskDefinition", "AWS::EKS::Cluster"
WAREHOUSE = "AWS::Redshift::Cluster"
CACHE = "AWS::ElastiCache::ReplicationGroup"


def logs(*kinds: str) -> dict[str, Any]:
    return {
        "LogPublishingOptions": {kind: {"Enabled": "true", "CloudWatchLogsLogGroupArn": "arn:aws:x"} for kind in kinds}
    }


PAIRS: dict[str, Pair] = {
    "aws.apigateway.stage_logging": one(
        "AWS::ApiGateway::Stage", {"AccessLogSetting": {"DestinationArn": "arn:aws:logs:x"}}, {}, StageName="live"
    ),
    "aws.backup.cross_region_copy": backup(
        {"CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:123456789012:backup-vault:v"}]}, {}
    ),
    "aws.backup.plan_retention": backup({"Lifecycle": {"DeleteAfterDays": 35}}, {"Lifecycle": {"DeleteAfterDays": 1}}),
    "aws.cloudfront.minimum_tls": distribution(
        {"ViewerCertificate": {"AcmCertificateArn": "arn:aws:acm:x", "MinimumProtocolVersion": "TLSv1.2_2021"}},
        {"ViewerCertificate": {"AcmCertificateArn": "arn:aws:acm:x", "MinimumProtocolVersion": "TLSv1"}},
    ),
    "aws.cloudfront.viewer_https": distribution(
        {}, {"CacheBehaviors": [{"PathPattern": "*.txt", "ViewerProtocolPolicy": "allow-all"}]}
    ),
    "aws.cloudfront.waf_attached": distribution({"WebACLId": "arn:aws:wafv2:x"}, {}),
    "aws.cloudtrail.kms_encrypted": one("AWS::CloudTrail::Trail", {"KMSKeyId": "arn:aws:kms:x"}, {}, **TRAIL),
    "aws.cloudtrail.log_file_validation": one(
        "AWS::CloudTrail::Trail", {"EnableLogFileValidation": "true"}, {}, **TRAIL
    ),
    "aws.dynamodb.customer_managed_key": table_key(),
    "aws.dynamodb.deletion_protection": one(TABLE, {"DeletionProtectionEnabled": True}, {}),
    "aws.dynamodb.point_in_time_recovery": one(
        TABLE, {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}, {}
    ),
    "aws.ec2.instance_imdsv2_required": one(
        "AWS::EC2::Instance",
        {"MetadataOptions": {"HttpTokens": "required"}},
        {"MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "enabled"}},
    ),
    "aws.ec2.security_group_no_open_all_ports": group(rule("10.0.0.0/8", 0, 65535), rule("0.0.0.0/0", 0, 65535)),
    "aws.ec2.security_group_no_open_data_ports": group(rule("0.0.0.0/0", 443, 443), rule("0.0.0.0/0", 5432, 5432)),
    "aws.ec2.security_group_no_open_rdp": group(rule("0.0.0.0/0", 443, 443), rule("0.0.0.0/0", 3389, 3389)),
    "aws.ec2.security_group_no_open_ssh": group(rule("0.0.0.0/0", 443, 443), rule("0.0.0.0/0", 0, 0, "-1")),
    "aws.ec2.user_data_no_secrets": one(
        "AWS::EC2::Instance", {}, {"UserData": {"Fn::Base64": "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLQ"}}
    ),
    "aws.ecr.tags_immutable": one("AWS::ECR::Repository", {"ImageTagMutability": "IMMUTABLE"}, {}),
    "aws.ecs.no_secrets_in_environment": task({}, SECRET),
    "aws.ecs.service_safe_deploy": one(
        "AWS::ECS::Service",
        {"DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}},
        {},
    ),
    "aws.ecs.task_logging": task({"LogConfiguration": {"LogDriver": "awslogs"}}, {}),
    "aws.ecs.task_no_host_namespaces": (
        task({}, {})[0],
        {"X": (TASK, {"PidMode": "host", "ContainerDefinitions": []})},
    ),
    "aws.ecs.task_not_privileged": task({}, {"Privileged": "true"}),
    "aws.efs.encrypted": one("AWS::EFS::FileSystem", {"Encrypted": True}, {}),
    "aws.eks.control_plane_logging": one(
        EKS,
        {
            "Logging": {
                "ClusterLogging": {"EnabledTypes": [{"Type": kind} for kind in ("api", "audit", "authenticator")]}
            }
        },
        {},
    ),
    "aws.eks.endpoint_restricted": one(EKS, {"ResourcesVpcConfig": {"EndpointPublicAccess": False}}, {}),
    "aws.eks.secrets_encrypted": one(
        EKS, {"EncryptionConfig": [{"Resources": ["secrets"], "Provider": {}}]}, {"Version": "1.27"}
    ),
    "aws.elasticache.automatic_failover": one(CACHE, {"AutomaticFailoverEnabled": True}, {}),
    "aws.elasticache.backup_and_failover": one(CACHE, {"SnapshotRetentionLimit": 7}, {}),
    "aws.elasticache.multi_az": one(CACHE, {"MultiAZEnabled": True}, {}),
    "aws.elasticache.transit_encrypted": one(CACHE, {"TransitEncryptionEnabled": True}, {}),
    "aws.elbv2.deletion_protection": balancer("deletion_protection.enabled"),
    "aws.elbv2.drop_invalid_headers": balancer("routing.http.drop_invalid_header_fields.enabled"),
    "aws.elbv2.listener_encrypted": listener(),
    "aws.firehose.delivery_errors_logged": one(
        "AWS::KinesisFirehose::DeliveryStream",
        {"ExtendedS3DestinationConfiguration": {"CloudWatchLoggingOptions": {"Enabled": True}}},
        {"ExtendedS3DestinationConfiguration": {"CloudWatchLoggingOptions": {"Enabled": "false"}}},
    ),
    "aws.firehose.stream_encrypted": one(
        "AWS::KinesisFirehose::DeliveryStream",
        {"DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"}},
        {},
    ),
    "aws.iam.inline_policy_no_full_admin": one(
        "AWS::IAM::Policy", {"PolicyDocument": READ}, {"PolicyDocument": ADMIN}, PolicyName="p", Roles=["r"]
    ),
    "aws.iam.oidc_trust_subject_restricted": one(
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": statement(**OIDC, Condition=PINNED)},
        {"AssumeRolePolicyDocument": statement(**OIDC)},
    ),
    "aws.iam.policy_no_audit_trail_control": attached(READ, statement(Action="cloudtrail:*")),
    "aws.iam.policy_no_full_admin": attached(READ, ADMIN),
    "aws.iam.policy_no_privilege_escalation": attached(READ, statement(Action="iam:CreateAccessKey")),
    "aws.iam.role_trust_not_public": one(
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": TRUST},
        {"AssumeRolePolicyDocument": statement(Principal="*", Action="sts:AssumeRole")},
    ),
    "aws.iam.user_member_of_group": (
        {
            "U": ("AWS::IAM::User", {}),
            "A": ("AWS::IAM::UserToGroupAddition", {"GroupName": "g", "Users": [ref("U")]}),
        },
        {"U": ("AWS::IAM::User", {})},
    ),
    "aws.iam.user_no_direct_policies": (
        {"U": ("AWS::IAM::User", {"Groups": ["g"]})},
        {
            "U": ("AWS::IAM::User", {}),
            "P": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": READ, "Users": [ref("U")]}),
        },
    ),
    "aws.kinesis.stream_encrypted": one(
        "AWS::Kinesis::Stream", {"StreamEncryption": {"EncryptionType": "KMS", "KeyId": "x"}}, {}
    ),
    "aws.kinesis.stream_retention": one("AWS::Kinesis::Stream", {"RetentionPeriodHours": 8760}, {}),
    "aws.kms.key_policy_not_public": one("AWS::KMS::Key", {"KeyPolicy": OWN}, {"KeyPolicy": ANYONE}),
    "aws.kms.key_rotation": one("AWS::KMS::Key", {"EnableKeyRotation": True}, {}),
    "aws.lambda.concurrency_managed": one(
        "AWS::Lambda::Function",
        {"ReservedConcurrentExecutions": 5},
        {},
        Tags=[{"Key": "criticality", "Value": "high"}],
    ),
    "aws.logs.group_kms_encrypted": one("AWS::Logs::LogGroup", {"KmsKeyId": "arn:aws:kms:x"}, {}),
    "aws.logs.group_retention": one("AWS::Logs::LogGroup", {"RetentionInDays": 400}, {"RetentionInDays": 1}),
    "aws.opensearch.encrypted": one(DOMAIN, {"EncryptionAtRestOptions": {"Enabled": True}}, {}),
    "aws.opensearch.error_logs_published": one(DOMAIN, logs("ES_APPLICATION_LOGS"), {}),
    "aws.opensearch.https_required": one(DOMAIN, {"DomainEndpointOptions": {"EnforceHTTPS": True}}, {}),
    "aws.opensearch.logs_published": one(DOMAIN, logs("AUDIT_LOGS"), {}),
    "aws.opensearch.node_to_node_encrypted": one(DOMAIN, {"NodeToNodeEncryptionOptions": {"Enabled": True}}, {}),
    "aws.opensearch.not_public": one(DOMAIN, {"AccessPolicies": OWN}, {"AccessPolicies": ANYONE}),
    "aws.opensearch.tls_policy": one(
        DOMAIN, {"DomainEndpointOptions": {"TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"}}, {}
    ),
    "aws.rds.auto_minor_upgrade": one(DATABASE, {}, {"AutoMinorVersionUpgrade": False}, **POSTGRES),
    "aws.rds.backup_retention": one(DATABASE, {"BackupRetentionPeriod": "7"}, {}, **POSTGRES),
    "aws.rds.cluster_backup_retention": one(CLUSTER, {"BackupRetentionPeriod": 7}, {}, **AURORA),
    "aws.rds.cluster_deletion_protection": one(CLUSTER, {"DeletionProtection": True}, {}, **AURORA),
    "aws.rds.cluster_iam_authentication": one(CLUSTER, {"EnableIAMDatabaseAuthentication": True}, {}, **AURORA),
    "aws.rds.cluster_logs_exported": one(CLUSTER, {"EnableCloudwatchLogsExports": ["postgresql"]}, {}, **AURORA),
    "aws.rds.cluster_tls_required": forced(
        CLUSTER, "AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName", **AURORA
    ),
    "aws.rds.deletion_protection": one(DATABASE, {"DeletionProtection": True}, {}, **POSTGRES),
    "aws.rds.iam_authentication": one(DATABASE, {"EnableIAMDatabaseAuthentication": True}, {}, **POSTGRES),
    "aws.rds.instance_encrypted": one(DATABASE, {"StorageEncrypted": True}, {}, **POSTGRES),
    "aws.rds.instance_not_public": one(
        DATABASE, {"PubliclyAccessible": False}, {"PubliclyAccessible": True}, **POSTGRES
    ),
    "aws.rds.logs_exported": one(DATABASE, {"EnableCloudwatchLogsExports": ["postgresql", "upgrade"]}, {}, **POSTGRES),
    "aws.rds.multi_az": one(DATABASE, {"MultiAZ": True}, {}, **POSTGRES),
    "aws.rds.tls_required": forced(DATABASE, "AWS::RDS::DBParameterGroup", "DBParameterGroupName", **POSTGRES),
    "aws.redshift.encrypted": one(WAREHOUSE, {"Encrypted": True}, {"Encrypted": False}),
    "aws.redshift.not_public": one(WAREHOUSE, {"PubliclyAccessible": False}, {"PubliclyAccessible": True}),
    "aws.redshift.snapshot_retention": one(WAREHOUSE, {"AutomatedSnapshotRetentionPeriod": 14}, {}),
    "aws.redshift.tls_required": redshift_tls(),
    "aws.s3.bucket_default_encryption": bucket({}, encryption(SSEAlgorithm="none")),
    "aws.s3.bucket_kms_encryption": customer_key(),
    "aws.s3.bucket_lifecycle_expiry": bucket(EXPIRES, {}),
    "aws.s3.bucket_tls_only": bucket_policy(TLS_ONLY, None),
    "aws.s3.bucket_versioning": bucket({"VersioningConfiguration": {"Status": "Enabled"}}, {}),
    "aws.secretsmanager.policy_not_public": beside(
        "AWS::SecretsManager::Secret", "AWS::SecretsManager::ResourcePolicy", "SecretId", OWN, ANYONE, "ResourcePolicy"
    ),
    "aws.sns.topic_encrypted": one("AWS::SNS::Topic", {"KmsMasterKeyId": "alias/aws/sns"}, {}),
    "aws.sns.topic_policy_not_public": beside("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", OWN, ANYONE),
    "aws.sqs.dead_letter_queue": one(
        "AWS::SQS::Queue", {"RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:x", "maxReceiveCount": 5}}, {}
    ),
    "aws.sqs.queue_encrypted": one("AWS::SQS::Queue", {}, {"SqsManagedSseEnabled": False}),
    "aws.sqs.queue_policy_not_public": beside("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", OWN, ANYONE),
}
BY_THEMSELVES: dict[str, Pair] = {
    "aws.s3.bucket_acl_not_public": bucket({"PublicAccessBlockConfiguration": ALL}, {"AccessControl": "PublicRead"}),
    "aws.s3.bucket_policy_not_public": bucket_policy(TLS_ONLY, PUBLIC),
    "aws.s3.bucket_public_access_block": bucket({"PublicAccessBlockConfiguration": ALL}, {}),
}
"""Checks of buckets that the account's own block can let pass, which no template tells: the second is unknown then."""
ONE_SIDED: dict[str, tuple[Rows, str]] = {
    "aws.ec2.ebs_volume_encrypted": (
        {"X": ("AWS::EC2::Volume", {"Encrypted": True})},
        "a volume that says nothing is encrypted where the region's default says so",
    ),
    "aws.elasticache.encrypted": (
        {"X": (CACHE, {"AtRestEncryptionEnabled": True})},
        "that ElastiCache does not encrypt with a key of its own is in no template",
    ),
    "aws.kms.key_not_pending_deletion": ({"X": ("AWS::KMS::Key", {})}, "a key that is deleted is in no template"),
    "aws.rds.cluster_encrypted": (
        {"X": (CLUSTER, {"StorageEncrypted": True, **AURORA})},
        "that RDS does not encrypt with a key of its own is in no template",
    ),
}
"""Checks that a template can only let pass, and why."""
NEVER_PASSES: dict[str, tuple[Rows, str]] = {
    "aws.s3.bucket_replication": (replicated(), "the buckets of a template are in one region"),
}
"""Checks that a template can only let fail, and why."""
NEVER: dict[str, str] = {
    "aws.backup.vault_locked": "it is about vaults with recovery points, which a vault that is made has not",
    "aws.ec2.default_security_group_closed": "a template makes no default group",
    "aws.s3.account_public_access_block": "no template sets it, and the gate leaves it to the live account",
}
"""Checks that apply to nothing that a template makes."""
PLACE = {"AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012"}


def judged(rows: Rows, **sections: Any) -> Snapshot:
    """What a template holds, as the gate judges it."""
    found = tuple(map(CONFORM, folded(data(rows, **sections), AT, PLACE).after))
    scope = Scope("aws", PLACE["AWS::AccountId"], "global")
    collections = tuple(Collection(type_, scope, "complete", 1) for type_ in CONTEXT)
    return Snapshot(AT, "planned", {}, (), collections, found)


def findings(id_: str, rows: Rows, **sections: Any) -> tuple[Finding, ...]:
    (check,) = compile_checks([CONTENT.checks[id_]], CONTENT.types)
    return tuple(evaluate(judged(rows, **sections), [check]))


def verdicts(id_: str, rows: Rows, **sections: Any) -> set[str]:
    return {finding.verdict for finding in findings(id_, rows, **sections)} - {"not_applicable"}


def judgeable() -> set[str]:
    """The checks that a template can judge, as the gate selects them."""
    known: Mapping[str, Any] = fills()
    whole = [Resource(type_, "x", "x", "aws", "1", "r", {}, AT, dict.fromkeys(names)) for type_, names in known.items()]
    compiled = compile_checks(CONTENT.checks.values(), CONTENT.types)
    left = {row.check.id for row in needs_live(compiled, known, CONTEXT, whole)}
    return {check.check.id for check in compiled if check.check.id not in left}


def test_every_check_that_a_template_can_judge_is_driven() -> None:
    assert judgeable() - ONE_SIDED.keys() - NEVER_PASSES.keys() - NEVER.keys() == set(PAIRS) | set(BY_THEMSELVES)


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_templates_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("id_", sorted(BY_THEMSELVES))
def test_a_bucket_that_the_account_may_protect_is_unknown_unless_it_protects_itself(id_: str) -> None:
    good, bad = BY_THEMSELVES[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"unknown"})


@pytest.mark.parametrize("id_", sorted(ONE_SIDED))
def test_what_a_template_can_only_let_pass_passes(id_: str) -> None:
    assert verdicts(id_, ONE_SIDED[id_][0]) == {"pass"}


@pytest.mark.parametrize("id_", sorted(NEVER_PASSES))
def test_what_a_template_can_only_let_fail_fails(id_: str) -> None:
    assert verdicts(id_, NEVER_PASSES[id_][0]) == {"fail"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in the properties of a resource but those of functions."""
    if path:
        yield path
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key not in ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Base64"):
            yield from places(inner, (*path, key))


def hidden(rows: Rows, name: str, path: tuple[Any, ...]) -> Rows:
    """The resources with the value at one place behind an import of another stack."""
    type_, values = copy.deepcopy(rows[name])
    holder: Any = values
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = {"Fn::ImportValue": "other"}
    return {**rows, name: (type_, values)}


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_no_value_of_a_failing_template_that_is_hidden_lets_it_pass(id_: str) -> None:
    bad = PAIRS[id_][1]
    passed = {
        (name, *path)
        for name, (_, values) in bad.items()
        for path in places(values)
        if not verdicts(id_, hidden(bad, name, path)) <= {"fail", "unknown"}
    }
    assert passed == set()


@pytest.mark.parametrize("id_", sorted({**PAIRS, **BY_THEMSELVES}))
def test_no_function_that_is_not_resolved_makes_a_verdict(id_: str) -> None:
    """Every value of the failing template behind an import of another stack: nothing of it passes by a default."""
    for rows in {**PAIRS, **BY_THEMSELVES}[id_]:
        imported = {
            name: (type_, {key: {"Fn::ImportValue": f"other-{key}"} for key in values})
            for name, (type_, values) in rows.items()
        }
        before = verdicts(id_, rows)
        told = verdicts(id_, imported)
        silent = verdicts(id_, {name: (type_, {}) for name, (type_, _) in rows.items()})
        assert told <= {"unknown"} | (before & silent), (before, told, silent)
