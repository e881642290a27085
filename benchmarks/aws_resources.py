"""Makes AWS resources of the kinds that checks read, each by its number: the number decides what is wrong with it."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.config import Config

ACCOUNT: Final = "123456789012"
CONNECTIONS: Final = 8


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document of statements that allow, unless they say otherwise."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def tcp(port: int, source: str) -> dict[str, Any]:
    """An ingress rule for one port."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}


TRUST: Final = policy({"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
OPEN_TRUST: Final = policy({"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
READ: Final = policy({"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"})
ADMIN: Final = policy({"Action": "*", "Resource": "*"})
ESCALATION: Final = policy({"Action": ["iam:PassRole", "lambda:CreateFunction"], "Resource": "*"})
EVERYTHING: Final = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
BLOCKED: Final = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
ROOT_USE: Final = (
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
)


class Account:
    """The account being filled: its clients, made once each, and how many requests they sent."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.region, self.calls = region, 0
        self._endpoint = endpoint
        self._session = boto3.Session("testing", "testing", region_name=region)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        """The client of a service."""
        with self._lock:  # a session is not safe to make clients from several threads
            if service not in self._clients:
                config = Config(max_pool_connections=CONNECTIONS, retries={"total_max_attempts": 2, "mode": "standard"})
                client = self._session.client(service, endpoint_url=self._endpoint, config=config)
                client.meta.events.register("before-send", self._sent)
                self._clients[service] = client
            return self._clients[service]

    def _sent(self, **_: Any) -> None:
        self.calls += 1

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of the region."""
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"


# --- identity -------------------------------------------------------------------------------------------------------


def managed_policy(aws: Account, number: int) -> None:
    """Every tenth gives everything, every seventh lets its holder rise."""
    document = ADMIN if number % 10 == 9 else ESCALATION if number % 7 == 6 else READ
    aws("iam").create_policy(PolicyName=f"policy-{number}", PolicyDocument=document)


def role(aws: Account, number: int) -> None:
    """Every twelfth is open to the world; every third has an inline policy."""
    trust = OPEN_TRUST if number % 12 == 11 else TRUST
    aws("iam").create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=trust)
    if number % 3 == 2:
        document = ADMIN if number % 9 == 8 else READ
        aws("iam").put_role_policy(RoleName=f"role-{number}", PolicyName="inline", PolicyDocument=document)


def group(aws: Account, number: int) -> None:
    """With a managed policy; the first has the administrator's."""
    name = "arn:aws:iam::aws:policy/" + ("AdministratorAccess" if number == 0 else "ReadOnlyAccess")
    aws("iam").create_group(GroupName=f"group-{number}")
    aws("iam").attach_group_policy(GroupName=f"group-{number}", PolicyArn=name)


def user(aws: Account, number: int) -> None:
    """Every second has a password, every third a key, every fifth a policy of its own."""
    iam, name = aws("iam"), f"user-{number}"
    iam.create_user(UserName=name)
    if number % 2:
        iam.create_login_profile(UserName=name, Password="Correct-Horse-7")
    if number % 3 == 2:
        iam.create_access_key(UserName=name)
    if number % 5 == 4:
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=READ)


def key(aws: Account, number: int) -> None:
    """Every third does not rotate; every fiftieth waits for its deletion."""
    kms = aws("kms")
    key_id = kms.create_key(Description=f"key-{number}")["KeyMetadata"]["KeyId"]
    if number % 3:
        kms.enable_key_rotation(KeyId=key_id)
    if number % 50 == 49:
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=30)


def secret(aws: Account, number: int) -> None:
    """None rotates."""
    aws("secretsmanager").create_secret(Name=f"secret-{number}", SecretString=f"planted-{number}")


# --- storage and data -----------------------------------------------------------------------------------------------


def bucket(aws: Account, number: int) -> None:
    """A third each: encrypted with a key and versioned; blocked; with a policy, every second of which is public."""
    s3, name = aws("s3"), f"bucket-{number}"
    s3.create_bucket(Bucket=name)
    if number % 3 == 0:
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    elif number % 3 == 1:
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCKED)
    else:
        who = "*" if number % 2 else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        statement = {"Principal": who, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
        s3.put_bucket_policy(Bucket=name, Policy=policy(statement))


def volume(aws: Account, number: int) -> None:
    """Every second is encrypted."""
    aws("ec2").create_volume(AvailabilityZone=f"{aws.region}a", Size=8, Encrypted=bool(number % 2))


def snapshot(aws: Account, number: int) -> None:
    """Of a volume of its own; every tenth is public."""
    ec2 = aws("ec2")
    of = ec2.create_volume(AvailabilityZone=f"{aws.region}a", Size=1)["VolumeId"]
    made = ec2.create_snapshot(VolumeId=of)["SnapshotId"]
    if number % 10 == 9:
        ec2.modify_snapshot_attribute(
            SnapshotId=made, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
        )


def database(aws: Account, number: int) -> None:
    """Every second is encrypted, every third in two zones, every fifth public, every seventh without backups."""
    aws("rds").create_db_instance(
        DBInstanceIdentifier=f"database-{number}",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword="Correct-Horse-7",
        StorageEncrypted=bool(number % 2),
        MultiAZ=number % 3 == 0,
        PubliclyAccessible=number % 5 == 4,
        BackupRetentionPeriod=0 if number % 7 == 6 else 7,
        DeletionProtection=number % 2 == 0,
    )


def table(aws: Account, number: int) -> None:
    """Every second can be restored to a point in time."""
    dynamodb, name = aws("dynamodb"), f"table-{number}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    if number % 2:
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )


def file_system(aws: Account, number: int) -> None:
    """Every second is encrypted."""
    aws("efs").create_file_system(CreationToken=f"files-{number}", Encrypted=bool(number % 2))


# --- compute and network --------------------------------------------------------------------------------------------


def network(aws: Account, number: int) -> None:
    """Every second has flow logs."""
    ec2 = aws("ec2")
    made = ec2.create_vpc(CidrBlock=f"10.{number + 1}.0.0/16")["Vpc"]["VpcId"]
    if number % 2:
        ec2.create_flow_logs(
            ResourceIds=[made],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::bucket-0",
        )


def security_group(aws: Account, number: int) -> None:
    """Every fourth is open to SSH, every ninth to everything."""
    ec2 = aws("ec2")
    made = ec2.create_security_group(GroupName=f"group-{number}", Description="seeded")["GroupId"]
    rule = EVERYTHING if number % 9 == 8 else tcp(22, "0.0.0.0/0") if number % 4 == 3 else tcp(443, "10.0.0.0/8")
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])


def instance(aws: Account, number: int) -> None:
    """Every second takes metadata requests without a token. Each has a volume."""
    aws("ec2").run_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        MetadataOptions={"HttpTokens": "optional" if number % 2 else "required", "HttpEndpoint": "enabled"},
    )


def image(aws: Account, number: int) -> None:
    """Every fifth is public."""
    ec2 = aws("ec2")
    made = ec2.register_image(Name=f"image-{number}", RootDeviceName="/dev/sda1")["ImageId"]
    if number % 5 == 4:
        ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"Group": "all"}]})


def load_balancer(aws: Account, number: int) -> None:
    """With one listener; every second is plain HTTP."""
    elb, ec2 = aws("elbv2"), aws("ec2")
    zones = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][:2]
    made = elb.create_load_balancer(Name=f"balancer-{number}", Subnets=[zone["SubnetId"] for zone in zones])
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    listener: dict[str, Any] = {"Protocol": "HTTP", "Port": 80}
    if number % 2 == 0:
        certificate = aws("acm").request_certificate(DomainName=f"balancer-{number}.example.com")["CertificateArn"]
        listener = {"Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": certificate}]}
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"], DefaultActions=[answer], **listener
    )


def function(aws: Account, number: int) -> None:
    """Every eighth may be called by anybody, every sixth has what looks like a secret in its environment."""
    variables = {"AWS_SECRET": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"} if number % 6 == 5 else {"STAGE": "test"}
    aws("lambda").create_function(
        FunctionName=f"function-{number}",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/role-0",
        Handler="main.run",
        Code={"ZipFile": CODE},
        Environment={"Variables": variables},
    )
    if number % 8 == 7:
        aws("lambda").add_permission(
            FunctionName=f"function-{number}", StatementId="all", Action="lambda:InvokeFunction", Principal="*"
        )


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), "")
    return packed.getvalue()


CODE: Final = _code()

# --- messages, logs, alarms -----------------------------------------------------------------------------------------


def topic(aws: Account, number: int) -> None:
    """Every sixth is open to anybody; every second has a subscriber."""
    sns = aws("sns")
    made = sns.create_topic(Name=f"topic-{number}")["TopicArn"]
    if number % 6 == 5:
        statement = {"Principal": "*", "Action": "sns:Publish", "Resource": made}
        sns.set_topic_attributes(TopicArn=made, AttributeName="Policy", AttributeValue=policy(statement))
    if number % 2 == 0:
        sns.subscribe(TopicArn=made, Protocol="sqs", Endpoint=aws.arn("sqs", "queue-0"))


def queue(aws: Account, number: int) -> None:
    """Of three, the first is where the second's messages end; the third has no such queue."""
    attributes = {}
    if number % 3 == 1:
        target = aws.arn("sqs", f"queue-{number - 1}")
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 5})
        aws("sqs").create_queue(QueueName=f"queue-{number - 1}")  # the same answer where it exists
    aws("sqs").create_queue(QueueName=f"queue-{number}", Attributes=attributes)


def log_group(aws: Account, number: int) -> None:
    """Every second keeps its events for a year; the first has a filter for the root user."""
    logs, name = aws("logs"), f"/seeded/{number}"
    logs.create_log_group(logGroupName=name)
    if number % 2:
        logs.put_retention_policy(logGroupName=name, retentionInDays=365)
    if number == 0:
        metric = {"metricName": "root-use", "metricNamespace": "audit", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName=name, filterName="root", filterPattern=ROOT_USE, metricTransformations=[metric]
        )


def alarm(aws: Account, number: int) -> None:
    """The first is for the root user; the others for messages that ended in a dead letter queue."""
    what: dict[str, Any] = {"MetricName": "root-use", "Namespace": "audit"}
    if number:
        dimension = {"Name": "QueueName", "Value": f"queue-{3 * (number - 1)}"}
        what = {"MetricName": "ApproximateNumberOfMessagesVisible", "Namespace": "AWS/SQS", "Dimensions": [dimension]}
    aws("cloudwatch").put_metric_alarm(
        AlarmName=f"alarm-{number}",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[aws.arn("sns", "topic-0")],
        **what,
    )


def trail(aws: Account, number: int) -> None:
    """The first covers every region and is validated; all log into the first bucket."""
    cloudtrail, name = aws("cloudtrail"), f"trail-{number}"
    group = aws.arn("logs", "log-group:/seeded/0:*")
    to_logs = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/role-0"}
    cloudtrail.create_trail(
        Name=name,
        S3BucketName="bucket-0",
        IsMultiRegionTrail=number == 0,
        EnableLogFileValidation=number == 0,
        **(to_logs if number == 0 else {}),
    )
    cloudtrail.start_logging(Name=name)
