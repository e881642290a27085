"""The services from ECR to WAF: plans drive their checks to pass, to fail and to unknown, each with its own file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.planned import CONTENT, Pair, Rows, judged_alone, one, statement, verdicts
from tests.plans import UNKNOWN, Ref

SERVICES = frozenset(
    {
        *("ecr", "ecs", "efs", "eks", "elasticache", "elb", "elbv2", "emr", "events", "firehose", "glue"),
        *("guardduty", "identitycenter", "incidents", "inspector2", "kafka", "kinesis", "lambda", "macie", "mq"),
        *(
            "networkfirewall",
            "opensearch",
            "organizations",
            "redshift",
            "route53",
            "sagemaker",
            "secretsmanager",
            "securityhub",
            "sns",
        ),
        *("sqs", "ssm", "states", "transfer", "wafv2"),
    }
)
"""The services whose checks are driven here."""


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:eu-central-1:123456789012:{resource}"


def beside(owner: Rows, part: str, good: dict[str, Any], bad: dict[str, Any] | None = None) -> Pair:
    """A pair of plans with an owner and a part of it, or without the part."""
    return {**owner, f"{part}.p": good}, owner if bad is None else {**owner, f"{part}.p": bad}


def delivery(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    """A pair of plans with a Firehose stream that delivers to a bucket."""

    def rows(more: dict[str, Any]) -> Rows:
        bucket = {**TO_BUCKET["extended_s3_configuration"][0], **more}
        stream = {**TO_BUCKET, "extended_s3_configuration": [bucket]}
        return {"aws_kinesis_firehose_delivery_stream.x": stream}

    return rows(good), rows(bad)


# --- what several pairs have in common -------------------------------------------------------------------------------

TO_BUCKET: dict[str, Any] = {
    "name": "s",
    "destination": "extended_s3",
    "extended_s3_configuration": [
        {"bucket_arn": "arn:aws:s3:::records", "role_arn": "arn:aws:iam::123456789012:role/r"}
    ],
}
PUBLIC = statement(Principal="*", Action="*")
PRIVATE = statement(Principal={"AWS": arn("iam", "root").replace("eu-central-1", "")}, Action="*")


def scanned(frequency: str, name: str) -> Rows:
    rule = {"scan_frequency": frequency, "repository_filter": [{"filter": "app-*", "filter_type": "WILDCARD"}]}
    return {
        "aws_ecr_registry_scanning_configuration.r": {"scan_type": "BASIC", "rule": [rule]},
        "aws_ecr_repository.x": {"name": name},
    }


def tasks(good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    def plan(container: dict[str, Any]) -> Rows:
        definitions = json.dumps([{"name": "web", "image": "web", **container}])
        return {"aws_ecs_task_definition.x": {"family": "web", "container_definitions": definitions, **both}}

    return plan(good), plan(bad)


def caches(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one("aws_elasticache_replication_group", good, bad, replication_group_id="c", engine="redis")


CLASSIC = {"instance_port": 80, "instance_protocol": "http", "lb_port": 443}
WEB = {"name": "web", "load_balancer_type": "application", "subnets": ["subnet-1", "subnet-2"]}
REDIRECT = {"type": "redirect", "redirect": [{"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}]}
FORWARD = {"type": "forward", "target_group_arn": arn("elasticloadbalancing", "targetgroup/x/1")}


def zoned(*zones: str) -> Rows:
    subnets = {
        f"aws_subnet.{zone}": {"id": f"subnet-{zone}", "availability_zone": f"eu-central-1{zone}"} for zone in zones
    }
    return {**subnets, "aws_lb.x": {**WEB, "subnets": [f"subnet-{zone}" for zone in zones]}}


def listening(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    def plan(listener: dict[str, Any]) -> Rows:
        return {
            "aws_lb.x": WEB,
            "aws_lb_listener.x": {
                "load_balancer_arn": Ref("aws_lb.x.arn"),
                "port": 443,
                "default_action": [FORWARD],
                **listener,
            },
        }

    return plan(good), plan(bad)


def targets(**target: Any) -> Rows:
    return {
        "aws_cloudwatch_event_rule.x": {"name": "nightly", "schedule_expression": "rate(1 day)"},
        "aws_cloudwatch_event_target.x": {
            "rule": Ref("aws_cloudwatch_event_rule.x.name"),
            "target_id": "t",
            "arn": arn("lambda", "function:f"),
            **target,
        },
    }


def jobs(**encryption: Any) -> Pair:
    """A pair of plans with a job that has a security configuration, or none."""
    job = {"name": "etl", "command": [{"name": "glueetl"}]}
    safe = {"name": "safe", "encryption_configuration": [encryption]}
    link = {"security_configuration": Ref("aws_glue_security_configuration.s.id")}
    good: Rows = {"aws_glue_security_configuration.s": safe, "aws_glue_job.x": {**job, **link}}
    return good, {"aws_glue_job.x": job}


def transit(**settings: Any) -> dict[str, Any]:
    return {"cluster_name": "k", "encryption_info": [{"encryption_in_transit": [settings]}]}


FUNCTION = {"function_name": "f", "package_type": "Zip", "runtime": "python3.13", "handler": "a.b"}
MAPPED = {"event_source_arn": arn("kinesis", "stream/s"), "function_name": "f"}


def function(part: str, good: dict[str, Any], bad: dict[str, Any] | None = None) -> Pair:
    link = {"function_name": Ref("aws_lambda_function.x.function_name")}
    return beside({"aws_lambda_function.x": FUNCTION}, part, {**link, **good}, None if bad is None else {**link, **bad})


def logged(destinations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "firewall_arn": Ref("aws_networkfirewall_firewall.x.arn"),
        "logging_configuration": [{"log_destination_config": destinations}],
    }


def destination(kind: str) -> dict[str, Any]:
    return {"log_type": kind, "log_destination_type": "S3", "log_destination": {"bucketName": "b"}}


def domains(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one("aws_opensearch_domain", good, bad, domain_name="d")


def published(kind: str, enabled: bool = True) -> dict[str, Any]:
    group = arn("logs", "log-group:d")
    return {"log_publishing_options": [{"log_type": kind, "enabled": enabled, "cloudwatch_log_group_arn": group}]}


WAREHOUSE = {"cluster_identifier": "w", "automated_snapshot_retention_period": 1}


def warehouses(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one("aws_redshift_cluster", {**WAREHOUSE, **good}, {**WAREHOUSE, **bad})


def forced(value: str) -> Rows:
    return {
        "aws_redshift_parameter_group.p": {
            "name": "p",
            "family": "redshift-1.0",
            "parameter": [{"name": "require_ssl", "value": value}],
        },
        "aws_redshift_cluster.x": {
            **WAREHOUSE,
            "cluster_parameter_group_name": Ref("aws_redshift_parameter_group.p.name"),
        },
    }


def redriven(**policy: Any) -> dict[str, Any]:
    return {"redrive_policy": json.dumps(policy)}


def keeping(behavior: str) -> dict[str, Any]:
    return {
        "resource_arn": Ref("aws_wafv2_web_acl.x.arn"),
        "log_destination_configs": [arn("logs", "log-group:aws-waf-logs-x")],
        "logging_filter": [
            {"default_behavior": "DROP", "filter": [{"behavior": behavior, "requirement": "MEETS_ANY"}]}
        ],
    }


def machine(level: str) -> dict[str, Any]:
    return {"logging_configuration": [{"level": level, "log_destination": f"{arn('logs', 'log-group:m')}:*"}]}


# --- the pairs -------------------------------------------------------------------------------------------------------

PAIRS: dict[str, Pair] = {
    "aws.ecr.scan_on_push": (scanned("SCAN_ON_PUSH", "app-web"), scanned("SCAN_ON_PUSH", "base")),
    "aws.ecr.tags_immutable": one(
        "aws_ecr_repository", {"image_tag_mutability": "IMMUTABLE"}, {"image_tag_mutability": "MUTABLE"}, name="r"
    ),
    "aws.ecs.no_secrets_in_environment": tasks(
        {"environment": [{"name": "DB_HOST", "value": "db"}]},
        {"Environment": [{"Name": "DB_PASSWORD", "Value": "hunter2hunter2"}]},
    ),
    "aws.ecs.service_safe_deploy": one(
        "aws_ecs_service",
        {"deployment_circuit_breaker": [{"enable": True, "rollback": True}]},
        {"deployment_circuit_breaker": [{"enable": True, "rollback": False}]},
        name="s",
    ),
    "aws.ecs.task_logging": tasks({"logConfiguration": {"logDriver": "awslogs"}}, {}),
    "aws.ecs.task_no_host_namespaces": one(
        "aws_ecs_task_definition",
        {"pid_mode": "task"},
        {"pid_mode": "host"},
        family="web",
        container_definitions=json.dumps([{"name": "web"}]),
    ),
    "aws.ecs.task_not_privileged": tasks({}, {"Privileged": True}),
    "aws.efs.encrypted": one("aws_efs_file_system", {"encrypted": True}, {"encrypted": False}),
    "aws.eks.control_plane_logging": one(
        "aws_eks_cluster",
        {"enabled_cluster_log_types": ["api", "audit", "authenticator", "controllerManager", "scheduler"]},
        {"enabled_cluster_log_types": ["api"]},
        name="k",
    ),
    "aws.eks.endpoint_restricted": one(
        "aws_eks_cluster",
        {"vpc_config": [{"endpoint_public_access": True, "public_access_cidrs": ["203.0.113.0/24"]}]},
        {"vpc_config": [{"endpoint_public_access": True}]},
        name="k",
    ),
    "aws.eks.secrets_encrypted": one(
        "aws_eks_cluster",
        {"encryption_config": [{"resources": ["secrets"], "provider": [{"key_arn": arn("kms", "key/k")}]}]},
        {"encryption_config": []},
        name="k",
        version="1.27",
    ),
    "aws.elasticache.automatic_failover": caches({"automatic_failover_enabled": True}, {}),
    "aws.elasticache.backup_and_failover": caches({"snapshot_retention_limit": 35}, {}),
    "aws.elasticache.multi_az": caches({"multi_az_enabled": True}, {}),
    "aws.elasticache.transit_encrypted": caches(
        {"transit_encryption_enabled": True, "transit_encryption_mode": "required"},
        {"transit_encryption_enabled": True, "transit_encryption_mode": "preferred"},
    ),
    "aws.elb.classic_access_logging": one(
        "aws_elb", {"access_logs": [{"bucket": "b"}]}, {"access_logs": [{"bucket": "b", "enabled": False}]}, name="e"
    ),
    "aws.elb.classic_listener_encrypted": one(
        "aws_elb",
        {"listener": [{**CLASSIC, "lb_protocol": "https"}]},
        {"listener": [{**CLASSIC, "lb_protocol": "http"}]},
        name="e",
    ),
    "aws.elbv2.access_logging": one("aws_lb", {"access_logs": [{"bucket": "b", "enabled": True}]}, {}, **WEB),
    "aws.elbv2.deletion_protection": one("aws_lb", {"enable_deletion_protection": True}, {}, **WEB),
    "aws.elbv2.drop_invalid_headers": one("aws_lb", {"drop_invalid_header_fields": True}, {}, **WEB),
    "aws.elbv2.listener_encrypted": listening({"protocol": "HTTPS"}, {"protocol": "HTTP"}),
    "aws.elbv2.listener_modern_tls_policy": listening(
        {"protocol": "HTTPS", "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}, {"protocol": "HTTPS"}
    ),
    "aws.elbv2.multi_az": (zoned("a", "b", "c"), zoned("a")),
    "aws.elbv2.waf_attached": beside(
        {"aws_lb.x": WEB, "aws_wafv2_web_acl.w": {"name": "w", "scope": "REGIONAL"}},
        "aws_wafv2_web_acl_association",
        {"resource_arn": Ref("aws_lb.x.arn"), "web_acl_arn": Ref("aws_wafv2_web_acl.w.arn")},
    ),
    "aws.emr.block_public_access": one(
        "aws_emr_block_public_access_configuration",
        {"block_public_security_group_rules": True},
        {"block_public_security_group_rules": False},
    ),
    "aws.events.rule_target_dead_letter": (targets(dead_letter_config=[{"arn": arn("sqs", "dead")}]), targets()),
    "aws.firehose.delivery_errors_logged": delivery(
        {"cloudwatch_logging_options": [{"enabled": True, "log_group_name": "g", "log_stream_name": "s"}]}, {}
    ),
    "aws.firehose.stream_encrypted": one(
        "aws_kinesis_firehose_delivery_stream", {"server_side_encryption": [{"enabled": True}]}, {}, **TO_BUCKET
    ),
    "aws.glue.job_continuous_logging": one(
        "aws_glue_job",
        {"default_arguments": {"--enable-continuous-cloudwatch-log": "true"}},
        {"default_arguments": {}},
        name="etl",
        command=[{"name": "glueetl"}],
        glue_version="4.0",
    ),
    "aws.glue.job_logs_encrypted": jobs(cloudwatch_encryption=[{"cloudwatch_encryption_mode": "SSE-KMS"}]),
    "aws.glue.job_security_configuration": jobs(s3_encryption=[{"s3_encryption_mode": "SSE-KMS"}]),
    "aws.identitycenter.permission_set_session_limited": one(
        "aws_ssoadmin_permission_set", {"session_duration": "PT4H"}, {"session_duration": "PT12H"}, name="p"
    ),
    "aws.kafka.in_cluster_encrypted": (
        {"aws_msk_cluster.x": transit(client_broker="TLS", in_cluster=True)},
        {"aws_msk_cluster.x": transit(client_broker="TLS", in_cluster=False)},
    ),
    "aws.kafka.transit_encrypted": (
        {"aws_msk_cluster.x": transit(client_broker="TLS", in_cluster=True)},
        {"aws_msk_cluster.x": transit(client_broker="TLS_PLAINTEXT", in_cluster=True)},
    ),
    "aws.kinesis.stream_encrypted": one("aws_kinesis_stream", {"encryption_type": "KMS"}, {}, name="s"),
    "aws.kinesis.stream_retention": one("aws_kinesis_stream", {"retention_period": 8760}, {}, name="s"),
    "aws.lambda.concurrency_managed": one(
        "aws_lambda_function",
        {"reserved_concurrent_executions": 5},
        {"reserved_concurrent_executions": -1},
        tags={"criticality": "high"},
        **FUNCTION,
    ),
    "aws.lambda.no_secrets_in_environment": one(
        "aws_lambda_function",
        {"environment": [{"variables": {"TABLE": "orders"}}]},
        {"environment": [{"variables": {"API_TOKEN": "hunter2hunter2"}}]},
        **FUNCTION,
    ),
    "aws.lambda.policy_not_public": function(
        "aws_lambda_permission",
        {"action": "lambda:InvokeFunction", "principal": "210987654321"},
        {"action": "lambda:InvokeFunction", "principal": "*"},
    ),
    "aws.lambda.runtime_supported": one(
        "aws_lambda_function",
        {"runtime": "python3.13"},
        {"runtime": "python3.7"},
        function_name="f",
        package_type="Zip",
    ),
    "aws.lambda.stream_failure_handling": one(
        "aws_lambda_event_source_mapping",
        {"destination_config": [{"on_failure": [{"destination_arn": arn("sqs", "dead")}]}]},
        {},
        **MAPPED,
    ),
    "aws.lambda.stream_retries_bounded": one(
        "aws_lambda_event_source_mapping",
        {"maximum_retry_attempts": 3, "maximum_record_age_in_seconds": 60},
        {},
        **MAPPED,
    ),
    "aws.lambda.url_requires_auth": function(
        "aws_lambda_function_url", {"authorization_type": "AWS_IAM"}, {"authorization_type": "NONE"}
    ),
    "aws.mq.broker_audit_logging": one(
        "aws_mq_broker", {"logs": [{"audit": "true"}]}, {"logs": [{"audit": "false"}]}, engine_type="ActiveMQ"
    ),
    "aws.mq.broker_logging": one("aws_mq_broker", {"logs": [{"general": True}]}, {}, engine_type="RabbitMQ"),
    "aws.networkfirewall.logging_enabled": beside(
        {"aws_networkfirewall_firewall.x": {"name": "f"}},
        "aws_networkfirewall_logging_configuration",
        logged([destination("ALERT"), destination("FLOW")]),
    ),
    "aws.opensearch.encrypted": domains({"encrypt_at_rest": [{"enabled": True}]}, {}),
    "aws.opensearch.error_logs_published": domains(
        published("ES_APPLICATION_LOGS"), published("ES_APPLICATION_LOGS", False)
    ),
    "aws.opensearch.https_required": domains(
        {"domain_endpoint_options": [{"enforce_https": True}]}, {"domain_endpoint_options": [{"enforce_https": False}]}
    ),
    "aws.opensearch.logs_published": domains(published("AUDIT_LOGS"), published("INDEX_SLOW_LOGS")),
    "aws.opensearch.node_to_node_encrypted": domains({"node_to_node_encryption": [{"enabled": True}]}, {}),
    "aws.opensearch.not_public": domains({"access_policies": PRIVATE}, {"access_policies": PUBLIC}),
    "aws.opensearch.tls_policy": domains(
        {"domain_endpoint_options": [{"tls_security_policy": "Policy-Min-TLS-1-2-PFS-2023-10"}]},
        {"domain_endpoint_options": [{"tls_security_policy": "Policy-Min-TLS-1-0-2019-07"}]},
    ),
    "aws.organizations.account_in_organization": one(
        "aws_organizations_organization", {"feature_set": "ALL"}, {"feature_set": "CONSOLIDATED_BILLING"}
    ),
    "aws.redshift.audit_logging": beside(
        {"aws_redshift_cluster.x": WAREHOUSE},
        "aws_redshift_logging",
        {"cluster_identifier": Ref("aws_redshift_cluster.x.id"), "log_destination_type": "cloudwatch"},
    ),
    "aws.redshift.encrypted": warehouses({"encrypted": "true"}, {"encrypted": "false"}),
    "aws.redshift.not_public": warehouses({"publicly_accessible": False}, {"publicly_accessible": True}),
    "aws.redshift.snapshot_retention": warehouses({"automated_snapshot_retention_period": 35}, {}),
    "aws.redshift.tls_required": (forced("true"), forced("false")),
    "aws.route53.query_logging": beside(
        {"aws_route53_zone.x": {"name": "example.org", "vpc": []}},
        "aws_route53_query_log",
        {"zone_id": Ref("aws_route53_zone.x.zone_id"), "cloudwatch_log_group_arn": arn("logs", "log-group:q")},
    ),
    "aws.sagemaker.notebook_isolated": one(
        "aws_sagemaker_notebook_instance", {"direct_internet_access": "Disabled"}, {}, name="n"
    ),
    "aws.sagemaker.notebook_kms_key": one("aws_sagemaker_notebook_instance", {"kms_key_id": "k"}, {}, name="n"),
    "aws.secretsmanager.policy_not_public": beside(
        {"aws_secretsmanager_secret.x": {"name": "s"}},
        "aws_secretsmanager_secret_policy",
        {"secret_arn": Ref("aws_secretsmanager_secret.x.arn"), "policy": PRIVATE},
        {"secret_arn": Ref("aws_secretsmanager_secret.x.arn"), "policy": PUBLIC},
    ),
    "aws.sns.topic_encrypted": one("aws_sns_topic", {"kms_master_key_id": "alias/mine"}, {}, name="t"),
    "aws.sns.topic_policy_not_public": beside(
        {"aws_sns_topic.x": {"name": "t"}},
        "aws_sns_topic_policy",
        {"arn": Ref("aws_sns_topic.x.arn"), "policy": PRIVATE},
        {"arn": Ref("aws_sns_topic.x.arn"), "policy": PUBLIC},
    ),
    "aws.sqs.dead_letter_queue": one(
        "aws_sqs_queue", redriven(deadLetterTargetArn=arn("sqs", "dead"), maxReceiveCount=4), {}, name="q"
    ),
    "aws.sqs.queue_encrypted": one(
        "aws_sqs_queue", {"sqs_managed_sse_enabled": True}, {"sqs_managed_sse_enabled": False}, name="q"
    ),
    "aws.sqs.queue_policy_not_public": beside(
        {"aws_sqs_queue.x": {"name": "q"}},
        "aws_sqs_queue_policy",
        {"queue_url": Ref("aws_sqs_queue.x.id"), "policy": PRIVATE},
        {"queue_url": Ref("aws_sqs_queue.x.id"), "policy": PUBLIC},
    ),
    "aws.ssm.documents_not_public": one(
        "aws_ssm_document",
        {"permissions": {"type": "Share", "account_ids": "210987654321"}},
        {"permissions": {"type": "Share", "account_ids": "All"}},
        name="d",
    ),
    "aws.states.logging_enabled": one("aws_sfn_state_machine", machine("ALL"), machine("OFF"), name="m"),
    "aws.transfer.secure_protocols": one(
        "aws_transfer_server", {"protocols": ["SFTP"]}, {"protocols": ["FTP", "SFTP"]}
    ),
    "aws.wafv2.logging_enabled": beside(
        {"aws_wafv2_web_acl.x": {"name": "w", "scope": "REGIONAL"}},
        "aws_wafv2_web_acl_logging_configuration",
        keeping("KEEP"),
        keeping("DROP"),
    ),
}
ONE_SIDED: dict[str, tuple[Rows, str, str]] = {
    "aws.elasticache.encrypted": (
        {"aws_elasticache_replication_group.x": {"at_rest_encryption_enabled": "true"}},
        "pass",
        "that ElastiCache does not encrypt with a key of its own is in no plan",
    ),
    "aws.secretsmanager.rotation_enabled": (
        {"aws_secretsmanager_secret.x": {"name": "s"}},
        "fail",
        "when a secret was made, or rotated last, is in no plan",
    ),
}
"""Checks that a plan can only let pass, or only fail: the plan, the verdict, and why there is no other."""
WHOLE_ACCOUNT = "it looks at everything of a kind in the account, of which a plan holds some"
NEEDS_LIVE: dict[str, str] = {
    "aws.efs.backup_enabled": "what AWS Backup last did is in no plan, and it counts beside the backup policy",
    "aws.events.guardduty_findings_routed": WHOLE_ACCOUNT,
    "aws.guardduty.enabled": WHOLE_ACCOUNT,
    "aws.guardduty.findings_handled": "findings are in no plan",
    "aws.incidents.response_plan_exists": WHOLE_ACCOUNT,
    "aws.inspector2.enabled": "which account an enabler names, and which the plan is for, a plan leaves open",
    "aws.inspector2.findings_within_sla": "findings are in no plan",
    "aws.lambda.async_failure_destination": f"{WHOLE_ACCOUNT}: every rule that may invoke the function",
    "aws.macie.discovery_enabled": WHOLE_ACCOUNT,
    "aws.organizations.ai_data_use_opt_out": "the policy in effect comes of all that is attached above the account",
    "aws.organizations.region_deny_scp": "which accounts are in the organization is in no plan",
    "aws.securityhub.enabled": WHOLE_ACCOUNT,
    "aws.sqs.dlq_alarm": WHOLE_ACCOUNT,
    "aws.ssm.association_compliant": "what ran on instances is in no plan",
    "aws.ssm.patch_compliant": "what ran on instances is in no plan",
}
"""Checks that a plan cannot judge by itself, and why. The gate judges them over the last run that was sealed."""


def mine(ids: Any) -> set[str]:
    return {id_ for id_ in ids if id_.startswith("aws.") and id_.split(".")[1] in SERVICES}


def test_every_check_of_these_services_is_driven_or_needs_the_live_account_for_a_reason() -> None:
    alone = mine(judged_alone())
    assert mine(CONTENT.checks) - alone == set(NEEDS_LIVE)
    assert alone == {*PAIRS, *ONE_SIDED}


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_plans_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("id_", sorted(ONE_SIDED))
def test_a_check_that_a_plan_judges_to_one_side_reaches_it(id_: str) -> None:
    rows, verdict, why = ONE_SIDED[id_]
    assert verdicts(id_, rows) == {verdict}, why


# --- what a plan leaves to the apply ---------------------------------------------------------------------------------


def hidden(pair: Pair) -> Rows:
    """The first plan of a pair with everything unknown that it has otherwise than the second."""
    good, bad = pair

    def values(address: str, row: dict[str, Any]) -> dict[str, Any]:
        other = bad.get(address, {})
        return {
            name: value if isinstance(value, Ref) or other.get(name) == value else UNKNOWN
            for name, value in row.items()
        }

    return {address: values(address, row) for address, row in good.items()}


THERE = frozenset({"aws.elbv2.waf_attached", "aws.redshift.audit_logging"})
"""Checks that a resource beside satisfies by being there, whatever it says."""


@pytest.mark.parametrize("id_", sorted(PAIRS.keys() - THERE))
def test_what_is_known_only_after_apply_leaves_the_check_unknown(id_: str) -> None:
    assert verdicts(id_, hidden(PAIRS[id_])) == {"unknown"}
