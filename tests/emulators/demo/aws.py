"""The company's product: an AWS account of about seventy resources in two regions.

Most of them are as they should be, some are not, and two nobody may read.
"""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import AbstractContextManager
from typing import Any, Final

import boto3

from tests.emulators.aws_services import HOME
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import account_summary, credential_report, regions
from tests.emulators.demo.environment import alone
from tests.emulators.demo.times import ago, epoch
from tests.emulators.moto_process import ACCOUNT

SECOND: Final = "us-east-1"
BASTION: Final = "sg-0b5c7d9e1f2a3b4c5"
ROOT_PATTERN: Final = (
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
)


def variables(url: str) -> dict[str, str]:
    """By which every AWS client talks to ``url``, with credentials that nobody has."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": HOME,
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def environment(url: str) -> AbstractContextManager[None]:
    """An environment with these :func:`variables`, and nothing else that AWS clients read."""
    return alone(variables(url), ("AWS_",))


def build(wire: AwsWire) -> None:
    """Make the company's resources. The environment must point at ``wire``."""
    regions(wire.overrides, HOME, SECOND)
    _identities(wire)
    key = _keys_and_secrets()
    _buckets(key)
    volumes = _network_and_machines(wire)
    _databases(wire, volumes)
    topic = _messages()
    _trail_and_alarms(wire, topic, key)
    # Two reads that the auditing role of the company does not have.
    wire.faults.add("denied", "secretsmanager:GetResourcePolicy")
    wire.faults.add("denied", "lambda:GetPolicy")


def _client(service: str, region: str = HOME) -> Any:
    return boto3.client(service, region_name=region)


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _trust(principal: Any, **more: Any) -> str:
    return _policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


def _identities(wire: AwsWire) -> None:
    iam = _client("iam")
    iam.update_account_password_policy(
        MinimumPasswordLength=14,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        PasswordReusePrevention=24,
    )
    for group, managed in {"administrators": "AdministratorAccess", "engineers": "PowerUserAccess"}.items():
        iam.create_group(GroupName=group)
        iam.attach_group_policy(GroupName=group, PolicyArn=f"arn:aws:iam::aws:policy/{managed}")
    for user, group in {"ana.lopez": "administrators", "ben.carter": "engineers", "kim.tanaka": "engineers"}.items():
        iam.create_user(UserName=user)
        iam.add_user_to_group(UserName=user, GroupName=group)
        iam.create_login_profile(UserName=user, Password="Not-a-secret-1")
    iam.create_user(UserName="ci-deploy")
    iam.create_access_key(UserName="ci-deploy")
    deploy = iam.create_policy(
        PolicyName="deploy", PolicyDocument=_policy(_allow(["ecs:UpdateService", "ecr:*"], "*"))
    )["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ci-deploy", PolicyArn=deploy)
    legacy = iam.create_policy(PolicyName="legacy-admin", PolicyDocument=_policy(_allow("*", "*")))["Policy"]["Arn"]
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=_trust({"Service": "ec2.amazonaws.com"}))
    iam.create_role(RoleName="migration", AssumeRolePolicyDocument=_trust({"Service": "dms.amazonaws.com"}))
    iam.attach_role_policy(RoleName="migration", PolicyArn=legacy)
    partner = {"StringEquals": {"sts:ExternalId": "northwind"}}
    iam.create_role(RoleName="partner-export", AssumeRolePolicyDocument=_trust({"AWS": "*"}, Condition=partner))
    account_summary(wire.overrides, AccountMFAEnabled=1, AccountPasswordPresent=1)
    used = {"password_last_used": ago(2), "password_last_changed": ago(200)}
    credential_report(
        wire.overrides,
        {
            "<root_account>": {"password_last_used": ago(412), "mfa_active": "true"},
            "ana.lopez": {**used, "mfa_active": "true"},
            "ben.carter": {**used, "mfa_active": "false"},
            "kim.tanaka": {**used, "mfa_active": "true", "password_last_used": ago(161)},
            "ci-deploy": {"access_key_1_last_rotated": ago(388), "access_key_1_last_used_date": ago(1)},
        },
        generated=ago(0.05),
    )


def _keys_and_secrets() -> str:
    kms, secrets = _client("kms"), _client("secretsmanager")
    data = kms.create_key(Description="customer data")["KeyMetadata"]
    kms.enable_key_rotation(KeyId=data["KeyId"])
    kms.create_key(Description="exports")
    retired = kms.create_key(Description="retired")["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=retired, PendingWindowInDays=30)
    secrets.create_secret(Name="ledger/database", SecretString="not-a-secret")
    secrets.create_secret(Name="mail/api", SecretString="not-a-secret")
    arn: str = data["Arn"]
    return arn


def _buckets(key: str) -> None:
    s3 = _client("s3")
    everywhere = {"LocationConstraint": HOME}
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    names = ("access-logs", "customer-documents", "exports", "public-site", "trail-logs")
    for name in (f"northwind-{name}" for name in names):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=everywhere)
        if "public" not in name:
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
        rule: dict[str, Any] = {"SSEAlgorithm": "AES256"}
        if "logs" not in name or "trail" in name:
            rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
        )
        if "exports" not in name:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        plain = {"Bool": {"aws:SecureTransport": "false"}}
        both = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        everyone = {"AWS": "*"}
        statements = [{"Effect": "Deny", "Principal": everyone, "Action": "s3:*", "Resource": both, "Condition": plain}]
        if "public" in name:
            statements.append(_allow("s3:GetObject", both[1], Principal=everyone))
        if "access" in name:
            statements.append(_allow("s3:PutObject", both[1], Principal={"Service": "logging.s3.amazonaws.com"}))
        s3.put_bucket_policy(Bucket=name, Policy=_policy(*statements))
    for name in ("northwind-customer-documents", "northwind-public-site", "northwind-trail-logs"):
        s3.put_bucket_logging(
            Bucket=name,
            BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "northwind-access-logs", "TargetPrefix": name}},
        )


def _open(port: int, source: str) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}


def _close_default_groups() -> None:
    for region in (HOME, SECOND):
        ec2 = _client("ec2", region)
        ec2.enable_ebs_encryption_by_default()
        named = [{"Name": "group-name", "Values": ["default"]}]
        for group in ec2.describe_security_groups(Filters=named)["SecurityGroups"]:
            for verb, rules in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
                if group[rules]:
                    revoke = getattr(ec2, f"revoke_security_group_{verb}")
                    revoke(GroupId=group["GroupId"], IpPermissions=group[rules])


def _network_and_machines(wire: AwsWire) -> list[str]:
    """The network, its machines and their load balancer; gives the volumes."""
    ec2 = _client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::northwind-access-logs",
    )
    groups = {}
    for name, rule in {
        "web": _open(443, "0.0.0.0/0"),
        "bastion": _open(22, "0.0.0.0/0"),
        "database": _open(5432, "10.20.0.0/16"),
    }.items():
        groups[name] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=groups[name], IpPermissions=[rule])
    made = groups["bastion"].encode()
    for operation in ("DescribeSecurityGroups", "DescribeNetworkInterfaces", "DescribeInstances"):
        # The id that the company's waiver names; moto makes ids up.
        wire.overrides.rewrite(f"ec2:{operation}", lambda body: body.replace(made, BASTION.encode()))
    for name, tokens in {"web": "required", "bastion": "optional"}.items():
        machine = ec2.run_instances(
            ImageId="ami-12345678",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            SecurityGroupIds=[groups[name]],
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "Encrypted": True}}],
            MetadataOptions={"HttpTokens": tokens, "HttpEndpoint": "enabled"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
        )["Instances"][0]["InstanceId"]
        volume = ec2.create_volume(AvailabilityZone=f"{HOME}a", Size=20, Encrypted=name == "web")["VolumeId"]
        ec2.attach_volume(VolumeId=volume, InstanceId=machine, Device="/dev/sdf")
    ec2.create_snapshot(VolumeId=volume, Description="before migration")
    _close_default_groups()
    elb = _client("elbv2")
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.2.0/24", AvailabilityZone=f"{HOME}b")["Subnet"]["SubnetId"]
    balancer = elb.create_load_balancer(Name="web", Subnets=[subnet, other], Scheme="internet-facing")
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[redirect],
    )
    volumes = ec2.describe_volumes()["Volumes"]
    return [f"arn:aws:ec2:{HOME}:{ACCOUNT}:volume/{volume['VolumeId']}" for volume in volumes]


def _databases(wire: AwsWire, volumes: list[str]) -> None:
    rds, dynamodb = _client("rds"), _client("dynamodb")
    common = {
        "DBInstanceClass": "db.t3.medium",
        "Engine": "postgres",
        "AllocatedStorage": 100,
        "MasterUsername": "master",
        "MasterUserPassword": "not-a-secret",
    }
    production = {"StorageEncrypted": True, "MultiAZ": True, "BackupRetentionPeriod": 14, "DeletionProtection": True}
    rds.create_db_instance(DBInstanceIdentifier="ledger", PubliclyAccessible=False, **production, **common)
    rds.create_db_instance(
        DBInstanceIdentifier="reporting",
        StorageEncrypted=True,
        PubliclyAccessible=True,
        BackupRetentionPeriod=1,
        **common,
    )
    for name in ("ledger-events", "sessions"):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    dynamodb.update_continuous_backups(
        TableName="ledger-events", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    sessions = f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/sessions"
    days = {sessions: 9, **dict.fromkeys(volumes, 1)}
    protected = [
        {"ResourceArn": arn, "ResourceType": "EBS" if "volume" in arn else "DynamoDB", "LastBackupTime": epoch(age)}
        for arn, age in days.items()
    ]
    wire.overrides.answer(
        "backup:ListProtectedResources",
        lambda request: {"Results": protected if f"/{HOME}/" in request.headers.get("authorization", "") else []},
    )


def _messages() -> str:
    sqs, sns, functions = _client("sqs"), _client("sns"), _client("lambda")
    topic: str = sns.create_topic(Name="security")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security@northwind.example")
    for name in ("invoices", "mails"):
        sqs.create_queue(QueueName=f"{name}-dead")
        target = {"deadLetterTargetArn": f"arn:aws:sqs:{HOME}:{ACCOUNT}:{name}-dead", "maxReceiveCount": 5}
        sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": json.dumps(target)})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context): pass")
    for name, variables in {"render-invoice": {"STAGE": "prod"}, "send-mail": {"MAIL_API_KEY": "not-a-secret"}}.items():
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT}:role/app",
            Handler="handler.handle",
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": variables},
        )
    _client("secretsmanager").rotate_secret(
        SecretId="ledger/database",
        RotationLambdaARN=f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:render-invoice",
        RotationRules={"AutomaticallyAfterDays": 30},
    )
    return topic


def _trail_and_alarms(wire: AwsWire, topic: str, key: str) -> None:
    logs, trails, alarms = _client("logs"), _client("cloudtrail"), _client("cloudwatch")
    for name, days in {"trail": 400, "application": 30}.items():
        logs.create_log_group(logGroupName=name)
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    logs.put_metric_filter(
        logGroupName="trail",
        filterName="root-usage",
        filterPattern=ROOT_PATTERN,
        metricTransformations=[{"metricName": "RootUsage", "metricNamespace": "Security", "metricValue": "1"}],
    )
    common = {"EvaluationPeriods": 1, "Period": 60, "AlarmActions": [topic]}
    alarms.put_metric_alarm(
        AlarmName="root usage",
        Namespace="Security",
        MetricName="RootUsage",
        Statistic="Sum",
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        **common,
    )
    alarms.put_metric_alarm(
        AlarmName="invoices dead letters",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "invoices-dead"}],
        Statistic="Maximum",
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        **common,
    )
    trails.create_trail(
        Name="northwind",
        S3BucketName="northwind-trail-logs",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        KmsKeyId=key,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:trail:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
    )
    trails.start_logging(Name="northwind")
    for region in (HOME, SECOND):
        _client("guardduty", region).create_detector(Enable=True)
    config = _client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": f"arn:aws:iam::{ACCOUNT}:role/app",
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "northwind-trail-logs"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    # moto's recorder never delivers.
    wire.overrides.rewrite(
        "config:DescribeConfigurationRecorderStatus", lambda body: body.replace(b'"PENDING"', b'"SUCCESS"')
    )
