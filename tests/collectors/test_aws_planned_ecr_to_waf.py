"""The same infrastructure of the services from ECR to WAF, on the wire and in a plan, is judged alike."""

from __future__ import annotations

import json
from typing import Any

import boto3

from engine.collection.conformance import conforming
from engine.judging.evaluate import evaluate
from engine.model import Collection, Scope, Snapshot
from providers.terraform import folded
from providers.terraform.aws.tls_policies import PROTOCOLS
from tests.collectors.scan import AS_OF, compiled, scan, types
from tests.emulators.aws.lambda_ import archive
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.plans import PlanBuilder, Ref

REGION = "us-east-1"
CHECKS = (
    "aws.ecr.tags_immutable",
    "aws.efs.encrypted",
    "aws.elb.classic_access_logging",
    "aws.elb.classic_listener_encrypted",
    "aws.elbv2.access_logging",
    "aws.elbv2.deletion_protection",
    "aws.elbv2.drop_invalid_headers",
    "aws.elbv2.listener_encrypted",
    "aws.elbv2.listener_modern_tls_policy",
    "aws.elbv2.multi_az",
    "aws.events.rule_target_dead_letter",
    "aws.kinesis.stream_encrypted",
    "aws.kinesis.stream_retention",
    "aws.lambda.concurrency_managed",
    "aws.lambda.no_secrets_in_environment",
    "aws.lambda.policy_not_public",
    "aws.lambda.runtime_supported",
    "aws.redshift.encrypted",
    "aws.redshift.not_public",
    "aws.redshift.snapshot_retention",
    "aws.route53.query_logging",
    "aws.sagemaker.notebook_isolated",
    "aws.sagemaker.notebook_kms_key",
    "aws.secretsmanager.policy_not_public",
    "aws.sns.topic_encrypted",
    "aws.sns.topic_policy_not_public",
    "aws.sqs.queue_policy_not_public",
    "aws.states.logging_enabled",
    "aws.wafv2.logging_enabled",
)
UNLOGGED = {"aws.elb.classic_access_logging", "aws.elbv2.access_logging"}
"""Checks that nothing here passes."""
SPREAD = {"aws.elbv2.multi_az"}
"""Checks that nothing here fails: an application load balancer cannot be made in one zone."""
ANYONE = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
OWNER = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "*", "Resource": "*"}
SECRET = "hunter2hunter2"
LATEST_TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"
OLD_TLS = "ELBSecurityPolicy-2016-08"
WAREHOUSE = {"node_type": "ra3.large", "master_username": "admin"}


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


LOG_GROUP = arn("logs", "log-group:aws-waf-logs-x")
DEFINITION = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# --- on the wire -----------------------------------------------------------------------------------------------------


def client(service: str) -> Any:
    return boto3.client(service, REGION)  # type: ignore[call-overload]


def stores() -> None:
    ecr, efs, streams = client("ecr"), client("efs"), client("kinesis")
    ecr.create_repository(repositoryName="fixed", imageTagMutability="IMMUTABLE")
    ecr.create_repository(repositoryName="loose")
    efs.create_file_system(CreationToken="closed", Encrypted=True, Tags=[{"Key": "Name", "Value": "closed"}])
    efs.create_file_system(CreationToken="open", Tags=[{"Key": "Name", "Value": "open"}])
    for name in ("sealed", "plain"):
        streams.create_stream(StreamName=name, ShardCount=1)
    streams.start_stream_encryption(StreamName="sealed", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    streams.increase_stream_retention_period(StreamName="sealed", RetentionPeriodHours=8760)
    warehouses = client("redshift")
    common = {"NodeType": "ra3.large", "MasterUsername": "admin", "MasterUserPassword": "Secret-99"}
    warehouses.create_cluster(
        ClusterIdentifier="safe",
        Encrypted=True,
        PubliclyAccessible=False,
        AutomatedSnapshotRetentionPeriod=35,
        **common,
    )
    warehouses.create_cluster(ClusterIdentifier="bare", Encrypted=False, PubliclyAccessible=True, **common)


def balancers(subnets: list[str]) -> None:
    v2 = client("elbv2")
    for name, many, policy in (("strong", 3, LATEST_TLS), ("weak", 2, OLD_TLS)):
        made = v2.create_load_balancer(Name=name, Subnets=subnets[:many], Scheme="internet-facing")
        id_ = made["LoadBalancers"][0]["LoadBalancerArn"]
        forward = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        v2.create_listener(
            LoadBalancerArn=id_,
            Protocol="HTTPS",
            Port=443,
            SslPolicy=policy,
            Certificates=[{"CertificateArn": certificate()}],
            DefaultActions=[forward],
        )
        redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}
        action = redirect if name == "strong" else forward
        v2.create_listener(LoadBalancerArn=id_, Protocol="HTTP", Port=80, DefaultActions=[action])
        if name == "strong":
            keys = {
                "deletion_protection.enabled": "true",
                "routing.http.drop_invalid_header_fields.enabled": "true",
            }
            v2.modify_load_balancer_attributes(
                LoadBalancerArn=id_, Attributes=[{"Key": key, "Value": value} for key, value in keys.items()]
            )
    classic = client("elb")
    for name, protocol in (("old-tls", "HTTPS"), ("old-plain", "HTTP")):
        listener = {"Protocol": protocol, "LoadBalancerPort": 443, "InstancePort": 80}
        if protocol == "HTTPS":
            listener["SSLCertificateId"] = certificate()
        classic.create_load_balancer(LoadBalancerName=name, Listeners=[listener], AvailabilityZones=[f"{REGION}a"])


def certificate() -> str:
    found: str = client("acm").request_certificate(DomainName="example.org")["CertificateArn"]
    return found


def messages() -> None:
    sns, sqs, secrets, events = client("sns"), client("sqs"), client("secretsmanager"), client("events")
    sns.create_topic(Name="quiet", Attributes={"KmsMasterKeyId": "alias/mine"})
    loud = sns.create_topic(Name="loud")["TopicArn"]
    sns.set_topic_attributes(TopicArn=loud, AttributeName="Policy", AttributeValue=document(ANYONE))
    sqs.create_queue(QueueName="own", Attributes={"Policy": document(OWNER)})
    sqs.create_queue(QueueName="all", Attributes={"Policy": document(ANYONE)})
    sqs.create_queue(QueueName="none")
    for name, statement in (("kept", OWNER), ("shared", ANYONE)):
        id_ = secrets.create_secret(Name=name, SecretString="x")["ARN"]
        secrets.put_resource_policy(SecretId=id_, ResourcePolicy=document(statement))
    secrets.create_secret(Name="bare", SecretString="x")
    for name in ("caught", "lost", "idle"):
        events.put_rule(Name=name, ScheduleExpression="rate(1 day)")
    target = {"Id": "t", "Arn": arn("sqs", "own")}
    events.put_targets(Rule="caught", Targets=[{**target, "DeadLetterConfig": {"Arn": arn("sqs", "none")}}])
    events.put_targets(Rule="lost", Targets=[target])


def compute() -> None:
    trust = document({**OWNER, "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
    role = client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    functions = client("lambda")
    for name, runtime, variables in (("fresh", "python3.13", {"A": "b"}), ("stale", "python3.7", {"TOKEN": SECRET})):
        functions.create_function(
            FunctionName=name,
            Role=role,
            Runtime=runtime,
            Handler="a.b",
            Code={"ZipFile": archive()},
            Environment={"Variables": variables},
            Tags={"criticality": "high"},
        )
    functions.put_function_concurrency(FunctionName="fresh", ReservedConcurrentExecutions=5)
    statement = {"StatementId": "s", "Action": "lambda:InvokeFunction"}
    functions.add_permission(FunctionName="fresh", Principal="events.amazonaws.com", SourceAccount=ACCOUNT, **statement)
    functions.add_permission(FunctionName="stale", Principal="*", **statement)
    notebooks = client("sagemaker")
    common = {"InstanceType": "ml.t3.medium", "RoleArn": role}
    notebooks.create_notebook_instance(
        NotebookInstanceName="inside", DirectInternetAccess="Disabled", SubnetId="subnet-1", KmsKeyId="k", **common
    )
    notebooks.create_notebook_instance(NotebookInstanceName="outside", DirectInternetAccess="Enabled", **common)
    machines = client("stepfunctions")
    group = {"cloudWatchLogsLogGroup": {"logGroupArn": f"{LOG_GROUP}:*"}}
    for name, logging in (("told", {"level": "ALL", "destinations": [group]}), ("mute", {"level": "OFF"})):
        machines.create_state_machine(name=name, definition=DEFINITION, roleArn=role, loggingConfiguration=logging)


def network() -> list[str]:
    """A load balancer's subnets; zones and web ACLs beside them."""
    zones, firewalls = client("route53"), client("wafv2")
    logged = zones.create_hosted_zone(Name="logged.org", CallerReference="1")["HostedZone"]["Id"]
    zones.create_hosted_zone(Name="silent.org", CallerReference="2")
    client("logs").create_log_group(logGroupName="/aws/route53/logged.org")
    zones.create_query_logging_config(
        HostedZoneId=logged.rpartition("/")[2],
        CloudWatchLogsLogGroupArn=arn("logs", "log-group:/aws/route53/logged.org:*"),
    )
    for name in ("watched", "unwatched"):
        acl = firewalls.create_web_acl(
            Name=name,
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            VisibilityConfig={"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name},
        )["Summary"]["ARN"]
        if name == "watched":
            firewalls.put_logging_configuration(
                LoggingConfiguration={"ResourceArn": acl, "LogDestinationConfigs": [LOG_GROUP]}
            )
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("abc")
    ]


# --- in a plan -------------------------------------------------------------------------------------------------------


def in_a_plan() -> PlanBuilder:
    plan = PlanBuilder(region=REGION)
    planned_stores(plan)
    planned_balancers(plan)
    planned_messages(plan)
    planned_compute(plan)
    for name in ("logged", "silent"):
        plan.create(f"aws_route53_zone.{name}", name=f"{name}.org", vpc=[])
    plan.create(
        "aws_route53_query_log.q",
        zone_id=Ref("aws_route53_zone.logged.zone_id"),
        cloudwatch_log_group_arn=arn("logs", "log-group:/aws/route53/logged.org"),
    )
    for name in ("watched", "unwatched"):
        plan.create(f"aws_wafv2_web_acl.{name}", name=name, scope="REGIONAL")
    return plan.create(
        "aws_wafv2_web_acl_logging_configuration.w",
        resource_arn=Ref("aws_wafv2_web_acl.watched.arn"),
        log_destination_configs=[LOG_GROUP],
    )


def planned_stores(plan: PlanBuilder) -> None:
    plan.create("aws_ecr_repository.fixed", name="fixed", image_tag_mutability="IMMUTABLE")
    plan.create("aws_ecr_repository.loose", name="loose", image_tag_mutability="MUTABLE")
    plan.create("aws_efs_file_system.closed", name="closed", encrypted=True)
    plan.create("aws_efs_file_system.open", name="open")
    plan.create("aws_kinesis_stream.sealed", name="sealed", encryption_type="KMS", retention_period=8760)
    plan.create("aws_kinesis_stream.plain", name="plain", encryption_type="NONE", retention_period=24)
    plan.create(
        "aws_redshift_cluster.safe",
        cluster_identifier="safe",
        encrypted="true",
        publicly_accessible=False,
        automated_snapshot_retention_period=35,
        **WAREHOUSE,
    )
    plan.create(
        "aws_redshift_cluster.bare",
        cluster_identifier="bare",
        encrypted="false",
        publicly_accessible=True,
        automated_snapshot_retention_period=1,
        **WAREHOUSE,
    )


def planned_balancers(plan: PlanBuilder) -> None:
    zones = {f"subnet-{zone}": f"{REGION}{zone}" for zone in "abc"}
    for id_, zone in zones.items():
        plan.create(f"aws_subnet.{id_[-1]}", id=id_, availability_zone=zone)
    reply = {"type": "fixed-response", "fixed_response": [{"status_code": "404", "content_type": "text/plain"}]}
    redirect = {"type": "redirect", "redirect": [{"protocol": "HTTPS", "status_code": "HTTP_301"}]}
    for name, many, policy in (("strong", 3, LATEST_TLS), ("weak", 2, OLD_TLS)):
        strong = name == "strong"
        plan.create(
            f"aws_lb.{name}",
            name=name,
            load_balancer_type="application",
            subnets=list(zones)[:many],
            enable_deletion_protection=strong,
            drop_invalid_header_fields=strong,
        )
        link = {"load_balancer_arn": Ref(f"aws_lb.{name}.arn")}
        plan.create(
            f"aws_lb_listener.{name}-tls",
            protocol="HTTPS",
            port=443,
            ssl_policy=policy,
            default_action=[reply],
            **link,
        )
        action = redirect if strong else reply
        plan.create(f"aws_lb_listener.{name}", protocol="HTTP", port=80, default_action=[action], **link)
    for name, protocol in (("old-tls", "https"), ("old-plain", "http")):
        listener = {"lb_port": 443, "lb_protocol": protocol, "instance_port": 80, "instance_protocol": "http"}
        plan.create(f"aws_elb.{name}", name=name, listener=[listener], availability_zones=[f"{REGION}a"])


def planned_messages(plan: PlanBuilder) -> None:
    plan.create("aws_sns_topic.quiet", name="quiet", kms_master_key_id="alias/mine")
    plan.create("aws_sns_topic.loud", name="loud")
    plan.create("aws_sns_topic_policy.loud", arn=Ref("aws_sns_topic.loud.arn"), policy=document(ANYONE))
    plan.create("aws_sqs_queue.own", name="own", policy=document(OWNER))
    plan.create("aws_sqs_queue.all", name="all")
    plan.create("aws_sqs_queue_policy.all", queue_url=Ref("aws_sqs_queue.all.url"), policy=document(ANYONE))
    plan.create("aws_sqs_queue.none", name="none")
    for name, statement in (("kept", OWNER), ("shared", ANYONE)):
        plan.create(f"aws_secretsmanager_secret.{name}", name=name)
        plan.create(
            f"aws_secretsmanager_secret_policy.{name}",
            secret_arn=Ref(f"aws_secretsmanager_secret.{name}.arn"),
            policy=document(statement),
        )
    plan.create("aws_secretsmanager_secret.bare", name="bare")
    for name in ("caught", "lost", "idle"):
        plan.create(f"aws_cloudwatch_event_rule.{name}", name=name, schedule_expression="rate(1 day)")
    for name, dead in (("caught", [{"arn": Ref("aws_sqs_queue.none.arn")}]), ("lost", [])):
        plan.create(
            f"aws_cloudwatch_event_target.{name}",
            rule=name,
            target_id="t",
            arn=Ref("aws_sqs_queue.own.arn"),
            dead_letter_config=dead,
        )


def planned_compute(plan: PlanBuilder) -> None:
    for name, runtime, variables, reserved in (
        ("fresh", "python3.13", {"A": "b"}, 5),
        ("stale", "python3.7", {"TOKEN": SECRET}, -1),
    ):
        plan.create(
            f"aws_lambda_function.{name}",
            function_name=name,
            runtime=runtime,
            package_type="Zip",
            environment=[{"variables": variables}],
            reserved_concurrent_executions=reserved,
            tags={"criticality": "high"},
        )
    invoke = {"statement_id": "s", "action": "lambda:InvokeFunction"}
    plan.create(
        "aws_lambda_permission.fresh",
        function_name="fresh",
        principal="events.amazonaws.com",
        source_account=ACCOUNT,
        **invoke,
    )
    plan.create("aws_lambda_permission.stale", function_name="stale", principal="*", **invoke)
    plan.create(
        "aws_sagemaker_notebook_instance.inside",
        name="inside",
        direct_internet_access="Disabled",
        kms_key_id="k",
    )
    plan.create("aws_sagemaker_notebook_instance.outside", name="outside", direct_internet_access="Enabled")
    logging = {"level": "ALL", "log_destination": f"{LOG_GROUP}:*"}
    plan.create("aws_sfn_state_machine.told", name="told", logging_configuration=[logging])
    plan.create("aws_sfn_state_machine.mute", name="mute", logging_configuration=[{"level": "OFF"}])


def test_the_same_infrastructure_has_the_same_verdicts_planned_and_live(aws_env: AwsWire) -> None:
    balancers(network())
    stores()
    messages()
    compute()
    _, live = scan(CHECKS)
    conform = conforming({name: schema.type for name, schema in types().items()})
    resources = tuple(map(conform, folded(in_a_plan().data(), AS_OF).after))
    collections = (Collection("AWS::Account", Scope("aws", "unknown", "global"), "complete", 1),)
    planned = evaluate(Snapshot(AS_OF, "planned", {}, (), collections, resources), compiled(CHECKS))
    judged, was = (
        {(finding.check.id, finding.subject.name.removesuffix(".")): finding.verdict for finding in findings}
        for findings in (planned, live)
    )
    assert judged == was
    assert {id_ for (id_, _), verdict in judged.items() if verdict == "pass"} == set(CHECKS) - UNLOGGED
    assert {id_ for (id_, _), verdict in judged.items() if verdict == "fail"} == set(CHECKS) - SPREAD


def test_the_protocols_of_planned_policies_are_those_that_the_api_tells(aws_env: AwsWire) -> None:
    told = {row["Name"]: sorted(row["SslProtocols"]) for row in client("elbv2").describe_ssl_policies()["SslPolicies"]}
    assert told
    assert {name: PROTOCOLS.get(name) for name in told} == told
