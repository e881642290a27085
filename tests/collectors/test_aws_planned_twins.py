"""The same infrastructure, made on the wire and planned: the check says the same of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest

from tests.collectors.scan import scan
from tests.collectors.scan import verdicts as found
from tests.emulators.aws_wire import AwsWire
from tests.planned import Pair, verdicts
from tests.unit import test_terraform_verdicts_ec2, test_terraform_verdicts_services

PAIRS: Mapping[str, Pair] = {**test_terraform_verdicts_services.PAIRS, **test_terraform_verdicts_ec2.PAIRS}
"""Plans that each check passes and fails."""
OPEN, INNER = "0.0.0.0/0", "10.0.0.0/8"


def name(good: bool) -> str:
    return "good" if good else "bad"


def network() -> str:
    vpc: str = boto3.client("ec2").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    return vpc


def acl(good: bool) -> str:
    ec2 = boto3.client("ec2")
    id_: str = ec2.create_network_acl(VpcId=network())["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=id_,
        Egress=False,
        RuleNumber=100,
        RuleAction="allow",
        Protocol="6",
        PortRange={"From": 22, "To": 22},
        CidrBlock=INNER if good else OPEN,
    )
    return id_


def subnet(good: bool) -> str:
    ec2 = boto3.client("ec2")
    id_: str = ec2.create_subnet(VpcId=network(), CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    if not good:
        ec2.modify_subnet_attribute(SubnetId=id_, MapPublicIpOnLaunch={"Value": True})
    return id_


def volume(good: bool) -> str:
    made = boto3.client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1, Encrypted=good)
    id_: str = made["VolumeId"]
    return id_


def snapshot(good: bool) -> str:
    ec2 = boto3.client("ec2")
    id_: str = ec2.create_snapshot(VolumeId=volume(False))["SnapshotId"]
    if good:
        ec2.modify_snapshot_attribute(
            SnapshotId=id_, Attribute="createVolumePermission", OperationType="add", UserIds=["444455556666"]
        )
    else:
        ec2.modify_snapshot_attribute(
            SnapshotId=id_, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
        )
    return id_


def instance(**more: Any) -> str:
    ec2 = boto3.client("ec2")
    id_: str = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, **more)["Instances"][0]["InstanceId"]
    return id_


def metadata(good: bool) -> str:
    tokens: Any = "required" if good else "optional"
    return instance(MetadataOptions={"HttpEndpoint": "enabled", "HttpTokens": tokens})


def user_data(good: bool) -> str:
    return instance(UserData="echo hello\n" if good else test_terraform_verdicts_ec2.SECRET)


def gateway(good: bool) -> str:
    options: Any = {} if good else {"AutoAcceptSharedAttachments": "enable"}
    made = boto3.client("ec2").create_transit_gateway(Options=options)["TransitGateway"]
    id_: str = made["TransitGatewayId"]
    return id_


def table(good: bool) -> str:
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=name(good),
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=good,
    )
    if good:
        dynamodb.update_continuous_backups(
            TableName=name(good), PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    return name(good)


def log_group(good: bool) -> str:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=name(good))
    logs.put_retention_policy(logGroupName=name(good), retentionInDays=365 if good else 30)
    return name(good)


def backup_plan(good: bool) -> str:
    rule: Any = {
        "RuleName": "daily",
        "TargetBackupVaultName": "main",
        "Lifecycle": {"DeleteAfterDays": 35 if good else 7},
    }
    boto3.client("backup").create_backup_plan(BackupPlan={"BackupPlanName": name(good), "Rules": [rule]})
    return name(good)


def user_pool(good: bool) -> str:
    cognito = boto3.client("cognito-idp")
    id_ = cognito.create_user_pool(PoolName=name(good))["UserPool"]["Id"]
    cognito.set_user_pool_mfa_config(
        UserPoolId=id_,
        MfaConfiguration="ON" if good else "OFF",
        SoftwareTokenMfaConfiguration={"Enabled": good},
    )
    return name(good)


def project(good: bool) -> str:
    variable: Any = (
        {"name": "TOKEN", "value": "/build/token", "type": "PARAMETER_STORE"}
        if good
        else {"name": "AWS_SECRET_ACCESS_KEY", "value": "x", "type": "PLAINTEXT"}
    )
    environment: Any = {
        "type": "LINUX_CONTAINER",
        "image": "i",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [variable],
    }
    boto3.client("codebuild").create_project(
        name=f"{name(good)}-project",
        source={"type": "S3", "location": "bucket/key"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment=environment,
        serviceRole="arn:aws:iam::123456789012:role/build",
    )
    return f"{name(good)}-project"


def log_policy(good: bool) -> str:
    services = test_terraform_verdicts_services
    boto3.client("logs").put_resource_policy(
        policyName=name(good), policyDocument=services.CLOSED if good else services.PUBLIC
    )
    return name(good)


def task(good: bool) -> str:
    dms = boto3.client("dms")
    logging = {"Logging": {"EnableLogging": good, "LogComponents": COMPONENTS if good else []}}
    dms.create_replication_task(
        ReplicationTaskIdentifier=name(good),
        SourceEndpointArn="arn:aws:dms:us-east-1:123456789012:endpoint:a",
        TargetEndpointArn="arn:aws:dms:us-east-1:123456789012:endpoint:b",
        ReplicationInstanceArn="arn:aws:dms:us-east-1:123456789012:rep:a",
        MigrationType="cdc",
        TableMappings="{}",
        ReplicationTaskSettings=json.dumps(logging),
    )
    return name(good)


def replication_instance(good: bool) -> str:
    boto3.client("dms").create_replication_instance(
        ReplicationInstanceIdentifier=name(good),
        ReplicationInstanceClass="dms.t3.small",
        PubliclyAccessible=not good,
    )
    return name(good)


def cluster(good: bool) -> str:
    boto3.client("dax").create_cluster(
        ClusterName=name(good),
        NodeType="dax.t3.small",
        ReplicationFactor=1,
        IamRoleArn="arn:aws:iam::123456789012:role/dax",
        SSESpecification={"Enabled": good},
        ClusterEndpointEncryptionType="TLS" if good else "NONE",
    )
    return name(good)


def api(good: bool) -> str:
    logs: Any = {"fieldLogLevel": "ERROR", "cloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/logs"}
    more: Any = {"logConfig": logs} if good else {}
    boto3.client("appsync").create_graphql_api(name=name(good), authenticationType="AWS_IAM", **more)
    return name(good)


def image(good: bool) -> str:
    ec2 = boto3.client("ec2")
    id_ = ec2.register_image(Name=name(good), RootDeviceName="/dev/sda1")["ImageId"]
    permission: Any = {"UserId": "444455556666"} if good else {"Group": "all"}
    ec2.modify_image_attribute(ImageId=id_, LaunchPermission={"Add": [permission]})
    return name(good)


def methods(good: bool) -> str:
    gateway = boto3.client("apigateway")
    id_ = gateway.create_rest_api(name=name(good))["id"]
    (root,) = gateway.get_resources(restApiId=id_)["items"]
    gateway.put_method(
        restApiId=id_, resourceId=root["id"], httpMethod="GET", authorizationType="AWS_IAM" if good else "NONE"
    )
    return name(good)


def group(good: bool) -> str:
    autoscaling, ec2 = boto3.client("autoscaling"), boto3.client("ec2")
    vpc = network()
    zones = ("us-east-1a", "us-east-1b" if good else "us-east-1a")
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(zones)
    ]
    template = ec2.create_launch_template(LaunchTemplateName=name(good), LaunchTemplateData={"ImageId": "ami-12345678"})
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name(good),
        MinSize=0,
        MaxSize=0,
        VPCZoneIdentifier=",".join(subnets),
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"]},
    )
    return name(good)


COMPONENTS = [{"Id": id_, "Severity": "LOGGER_SEVERITY_DEFAULT"} for id_ in ("SOURCE_UNLOAD", "SOURCE_CAPTURE")]
MADE: Mapping[Callable[[bool], str], tuple[str, ...]] = {
    api: ("aws.appsync.logging_enabled",),
    cluster: ("aws.dax.cluster_encrypted", "aws.dax.endpoint_encrypted"),
    group: ("aws.autoscaling.group_multi_az",),
    image: ("aws.ec2.ami_not_public",),
    methods: ("aws.apigateway.method_authorized",),
    replication_instance: ("aws.dms.instance_not_public",),
    acl: ("aws.ec2.nacl_no_open_admin_ports",),
    backup_plan: ("aws.backup.plan_retention",),
    gateway: ("aws.ec2.transit_gateway_no_auto_accept",),
    log_group: ("aws.logs.group_retention",),
    log_policy: ("aws.logs.resource_policy_not_public",),
    metadata: ("aws.ec2.instance_imdsv2_required",),
    project: ("aws.codebuild.no_plaintext_credentials",),
    snapshot: ("aws.ec2.ebs_snapshot_not_public",),
    subnet: ("aws.ec2.subnet_no_auto_public_ip",),
    table: ("aws.dynamodb.deletion_protection", "aws.dynamodb.point_in_time_recovery"),
    task: ("aws.dms.task_logging",),
    user_data: ("aws.ec2.user_data_no_secrets",),
    user_pool: ("aws.cognito.user_pool_mfa",),
    volume: ("aws.ec2.ebs_volume_encrypted",),
}
"""What makes on the wire what the plans of these checks make, to pass and to fail."""


def test_what_is_made_and_what_is_planned_have_the_same_verdict(
    aws_env: AwsWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    names = {make: (make(True), make(False)) for make in MADE}
    live = found(scan(sorted(id_ for ids in MADE.values() for id_ in ids))[1])
    made = {id_: tuple({live[id_, each]} for each in names[make]) for make, ids in MADE.items() for id_ in ids}
    assert made == {id_: tuple(verdicts(id_, rows) for rows in PAIRS[id_]) for id_ in made}
    assert set(map(str, made.values())) == {"({'pass'}, {'fail'})"}
