"""What a plan does not hold, leaves open or hides is unknown, and never a pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.model import Resource
from tests.planned import ACCOUNT, REGION, Rows, held, verdicts, verdicts_over
from tests.plans import UNKNOWN, Ref, Secret

REDIRECT = {"type": "redirect", "redirect": [{"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}]}
BALANCER = {"name": "web", "load_balancer_type": "application"}
FUNCTION = {"function_name": "f", "package_type": "Zip", "runtime": "python3.13"}
INVOKE = {"function_name": Ref("aws_lambda_function.x.arn"), "action": "lambda:InvokeFunction"}


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def function(**more: Any) -> dict[str, Any]:
    return {**FUNCTION, "arn": arn("lambda", "function:f"), "id": "f", "version": "$LATEST", **more}


def listener(prefix: str = "", **more: Any) -> Rows:
    there = {"arn": arn("elasticloadbalancing", "loadbalancer/app/web/1")} if prefix else {}
    return {
        f"{prefix}aws_lb.x": {**BALANCER, **there},
        f"{prefix}aws_lb_listener.x": {
            "load_balancer_arn": there.get("arn", Ref("aws_lb.x.arn")),
            "protocol": "HTTP",
            "port": 80,
            "default_action": [REDIRECT],
            **more,
        },
    }


def rule(action: dict[str, Any]) -> Rows:
    return {"aws_lb_listener_rule.r": {"listener_arn": Ref("aws_lb_listener.x.arn"), "priority": 1, "action": [action]}}


FORWARD = {"type": "forward", "target_group_arn": "t"}
PERMITTED = {"aws_lambda_function.x": FUNCTION}

VERDICTS: dict[str, tuple[str, Rows, str]] = {
    # A repository alone does not tell how its registry scans.
    "a registry elsewhere": ("aws.ecr.scan_on_push", {"aws_ecr_repository.x": {"name": "r"}}, "unknown"),
    "a registry of another region": (
        "aws.ecr.scan_on_push",
        {
            "aws_ecr_repository.x": {"name": "app", "region": "eu-west-1"},
            "aws_ecr_registry_scanning_configuration.r": {
                "scan_type": "BASIC",
                "rule": [{"scan_frequency": "SCAN_ON_PUSH", "repository_filter": [{"filter": "*"}]}],
            },
        },
        "unknown",
    ),
    "a filter without a wildcard is part of the name": (
        "aws.ecr.scan_on_push",
        {
            "aws_ecr_repository.x": {"name": "my-app-1"},
            "aws_ecr_registry_scanning_configuration.r": {
                "scan_type": "ENHANCED",
                "rule": [{"scan_frequency": "CONTINUOUS_SCAN", "repository_filter": [{"filter": "app"}]}],
            },
        },
        "pass",
    ),
    "containers that are secret": (
        "aws.ecs.task_not_privileged",
        {"aws_ecs_task_definition.x": {"family": "f", "container_definitions": Secret("[]")}},
        "unknown",
    ),
    "containers that are no JSON": (
        "aws.ecs.task_not_privileged",
        {"aws_ecs_task_definition.x": {"family": "f", "container_definitions": "[{"}},
        "unknown",
    ),
    "a privilege that is no switch": (
        "aws.ecs.task_not_privileged",
        {"aws_ecs_task_definition.x": {"family": "f", "container_definitions": '[{"name": "a", "privileged": "no"}]'}},
        "unknown",
    ),
    "no circuit breaker": ("aws.ecs.service_safe_deploy", {"aws_ecs_service.x": {"name": "s"}}, "fail"),
    "a cluster that the world reaches by default": (
        "aws.eks.endpoint_restricted",
        {"aws_eks_cluster.x": {"name": "k", "vpc_config": [{"subnet_ids": ["a"]}]}},
        "fail",
    ),
    "networks that are not known yet": (
        "aws.eks.endpoint_restricted",
        {"aws_eks_cluster.x": {"name": "k", "vpc_config": [{"public_access_cidrs": Ref("aws_eip.x.public_ip")}]}},
        "unknown",
    ),
    "a Valkey cache that says nothing": (
        "aws.elasticache.encrypted",
        {"aws_elasticache_replication_group.x": {"replication_group_id": "c", "engine": "valkey"}},
        "unknown",
    ),
    "a cache without failover": (
        "aws.elasticache.automatic_failover",
        {"aws_elasticache_replication_group.x": {"replication_group_id": "c", "automatic_failover_enabled": False}},
        "fail",
    ),
    "a member of a global cache": (
        "aws.elasticache.transit_encrypted",
        {"aws_elasticache_replication_group.x": {"replication_group_id": "c", "global_replication_group_id": "g"}},
        "unknown",
    ),
    "a listener that redirects": ("aws.elbv2.listener_encrypted", listener(), "pass"),
    "a listener with a rule that forwards": (
        "aws.elbv2.listener_encrypted",
        {**listener(), **rule(FORWARD)},
        "fail",
    ),
    "a listener with a rule that is not known": (
        "aws.elbv2.listener_encrypted",
        {**listener(), **rule({"type": "redirect", "redirect": [{"protocol": UNKNOWN}]})},
        "unknown",
    ),
    "a redirect that keeps the protocol": (
        "aws.elbv2.listener_encrypted",
        listener(default_action=[{"type": "redirect", "redirect": [{"host": "example.org"}]}]),
        "fail",
    ),
    "an existing listener, which may have other rules": (
        "aws.elbv2.listener_encrypted",
        listener("keep ", arn=arn("elasticloadbalancing", "listener/app/web/1/2")),
        "unknown",
    ),
    "a listener of a load balancer elsewhere": (
        "aws.elbv2.listener_encrypted",
        {"aws_lb_listener.x": {"load_balancer_arn": "arn:x", "protocol": "HTTP", "default_action": [FORWARD]}},
        "unknown",
    ),
    "a security policy that nobody here knows": (
        "aws.elbv2.listener_modern_tls_policy",
        listener(protocol="HTTPS", ssl_policy="ELBSecurityPolicy-TLS13-1-9-2031-01"),
        "unknown",
    ),
    "subnets that are not known": (
        "aws.elbv2.multi_az",
        {
            "aws_subnet.a": {"availability_zone": "eu-central-1a"},
            "aws_subnet.b": {"availability_zone": "eu-central-1b"},
            "aws_lb.x": {**BALANCER, "subnets": Ref("aws_subnet.a.id", "aws_subnet.b.id")},
        },
        "unknown",
    ),
    "an existing load balancer, whose web ACL may be elsewhere": (
        "aws.elbv2.waf_attached",
        {"keep aws_lb.x": {**BALANCER, "arn": "arn:lb"}},
        "unknown",
    ),
    "logs that CloudWatch may deliver": (
        "aws.elbv2.access_logging",
        {
            "aws_lb.x": BALANCER,
            "aws_cloudwatch_log_delivery_source.d": {
                "name": "d",
                "log_type": "ALB_ACCESS_LOGS",
                "resource_arn": Ref("aws_lb.x.arn"),
            },
        },
        "unknown",
    ),
    "an existing rule, which may have other targets": (
        "aws.events.rule_target_dead_letter",
        {
            "keep aws_cloudwatch_event_rule.x": {"name": "n", "id": "n", "arn": arn("events", "rule/n")},
            "aws_cloudwatch_event_target.t": {
                "rule": "n",
                "target_id": "t",
                "arn": "a",
                "dead_letter_config": [{"arn": "d"}],
            },
        },
        "unknown",
    ),
    "a planned queue for what fails": (
        "aws.events.rule_target_dead_letter",
        {
            "aws_sqs_queue.dead": {"name": "dead"},
            "aws_cloudwatch_event_rule.x": {"name": "n"},
            "aws_cloudwatch_event_target.t": {
                "rule": Ref("aws_cloudwatch_event_rule.x.name"),
                "target_id": "t",
                "arn": "a",
                "dead_letter_config": [{"arn": Ref("aws_sqs_queue.dead.arn")}],
            },
        },
        "pass",
    ),
    "encryption in transit left open": (
        "aws.kafka.transit_encrypted",
        {"aws_msk_cluster.x": {"cluster_name": "k"}},
        "unknown",
    ),
    "an argument that is overridden at last": (
        "aws.glue.job_continuous_logging",
        {
            "aws_glue_job.x": {
                "name": "j",
                "command": [{"name": "glueetl"}],
                "glue_version": "4.0",
                "default_arguments": {"--enable-continuous-cloudwatch-log": "true"},
                "non_overridable_arguments": {"--enable-continuous-cloudwatch-log": "false"},
            }
        },
        "fail",
    ),
    "a security configuration elsewhere": (
        "aws.glue.job_security_configuration",
        {"aws_glue_job.x": {"name": "j", "command": [{"name": "glueetl"}], "security_configuration": "elsewhere"}},
        "unknown",
    ),
    "a permission for a planned source": (
        "aws.lambda.policy_not_public",
        {
            **PERMITTED,
            "aws_lambda_permission.p": {**INVOKE, "principal": "*", "source_arn": Ref("aws_s3_bucket.b.arn")},
        },
        "unknown",
    ),
    "a permission for everybody beside another": (
        "aws.lambda.policy_not_public",
        {
            **PERMITTED,
            "aws_lambda_permission.p": {**INVOKE, "principal": ACCOUNT},
            "aws_lambda_permission.q": {**INVOKE, "principal": "*", "qualifier": "live"},
        },
        "fail",
    ),
    "an existing function, which may have other permissions": (
        "aws.lambda.policy_not_public",
        {"keep aws_lambda_function.x": function()},
        "unknown",
    ),
    "an existing function, which may have a URL": (
        "aws.lambda.url_requires_auth",
        {"keep aws_lambda_function.x": function()},
        "unknown",
    ),
    "versions that were published": (
        "aws.lambda.no_secrets_in_environment",
        {"keep aws_lambda_function.x": function(version="7")},
        "unknown",
    ),
    "no version that was published": (
        "aws.lambda.no_secrets_in_environment",
        {"keep aws_lambda_function.x": function()},
        "pass",
    ),
    "a variable that is not known beside one that is a secret": (
        "aws.lambda.no_secrets_in_environment",
        {
            "aws_lambda_function.x": {
                **FUNCTION,
                "environment": [{"variables": {"A": UNKNOWN, "DB_PASSWORD": "hunter2hunter2"}}],
            }
        },
        "fail",
    ),
    "an alias of a version": (
        "aws.lambda.runtime_supported",
        {
            **PERMITTED,
            "aws_lambda_alias.a": {
                "name": "live",
                "function_name": Ref("aws_lambda_function.x.arn"),
                "function_version": "3",
            },
        },
        "fail",
    ),
    "a domain that says nothing of HTTPS": (
        "aws.opensearch.https_required",
        {"aws_opensearch_domain.x": {"domain_name": "d"}},
        "unknown",
    ),
    "a domain whose policy is beside it": (
        "aws.opensearch.not_public",
        {
            "aws_opensearch_domain.x": {"domain_name": "d"},
            "aws_opensearch_domain_policy.p": {
                "domain_name": Ref("aws_opensearch_domain.x.domain_name"),
                "access_policies": json.dumps(
                    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "es:*", "Resource": "*"}]}
                ),
            },
        },
        "fail",
    ),
    "a domain in a planned VPC": (
        "aws.opensearch.not_public",
        {
            "aws_subnet.s": {"vpc_id": "vpc-1"},
            "aws_opensearch_domain.x": {
                "domain_name": "d",
                "access_policies": UNKNOWN,
                "vpc_options": [{"subnet_ids": [Ref("aws_subnet.s.id")], "vpc_id": UNKNOWN}],
            },
        },
        "pass",
    ),
    "a warehouse restored from a snapshot": (
        "aws.redshift.encrypted",
        {"aws_redshift_cluster.x": {"cluster_identifier": "w", "encrypted": False, "snapshot_identifier": "s"}},
        "unknown",
    ),
    "an existing warehouse, whose logs may fail": (
        "aws.redshift.audit_logging",
        {
            "keep aws_redshift_cluster.x": {"cluster_identifier": "w", "id": "w", "arn": "arn:w"},
            "keep aws_redshift_logging.l": {"cluster_identifier": "w", "id": "w"},
        },
        "unknown",
    ),
    "a parameter group elsewhere": (
        "aws.redshift.tls_required",
        {"aws_redshift_cluster.x": {"cluster_identifier": "w", "cluster_parameter_group_name": "theirs"}},
        "unknown",
    ),
    "a zone that may be logged elsewhere": (
        "aws.route53.query_logging",
        {"keep aws_route53_zone.x": {"name": "example.org", "zone_id": "Z1", "id": "Z1", "arn": "arn:z"}},
        "unknown",
    ),
    "a new topic": ("aws.sns.topic_policy_not_public", {"aws_sns_topic.x": {"name": "t"}}, "pass"),
    "a queue that says nothing of encryption": (
        "aws.sqs.queue_encrypted",
        {"aws_sqs_queue.x": {"name": "q"}},
        "unknown",
    ),
    "an existing queue with a policy read back": (
        "aws.sqs.queue_policy_not_public",
        {
            "keep aws_sqs_queue.x": {
                "name": "q",
                "url": "u",
                "id": "u",
                "arn": arn("sqs", "q"),
                "policy": json.dumps(
                    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}
                ),
            }
        },
        "fail",
    ),
    "a planned log group for a state machine": (
        "aws.states.logging_enabled",
        {
            "aws_sfn_state_machine.x": {
                "name": "m",
                "logging_configuration": [{"level": "ALL", "log_destination": UNKNOWN}],
            }
        },
        "unknown",
    ),
    "a server that says nothing of protocols": (
        "aws.transfer.secure_protocols",
        {"aws_transfer_server.x": {}},
        "pass",
    ),
    "an existing web ACL, which may be logged elsewhere": (
        "aws.wafv2.logging_enabled",
        {"keep aws_wafv2_web_acl.x": {"name": "w", "arn": "arn:w", "id": "w"}},
        "unknown",
    ),
}


@pytest.mark.parametrize("case", sorted(VERDICTS))
def test_what_lies_beyond_a_plan_is_never_taken_for_granted(case: str) -> None:
    id_, rows, verdict = VERDICTS[case]
    assert verdicts(id_, rows) == {verdict}


# --- over what a run read --------------------------------------------------------------------------------------------

TOPIC = arn("sns", "security")
SUBSCRIPTION = held("AWS::SNS::Subscription", f"{TOPIC}:1", topic_arn=TOPIC, protocol="sqs", pending_confirmation=False)
FEATURES = [{"name": name, "status": "ENABLED"} for name in ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")]
DETECTOR = held(
    "AWS::GuardDuty::Detector",
    arn("guardduty", "detector/d"),
    "d",
    status="ENABLED",
    features=FEATURES,
    open_findings=[],
)
PLANNED_DETECTOR = {"id": "d", "arn": DETECTOR.id, "enable": True}
FINDINGS = json.dumps({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]})
SESSION = held(
    "AWS::Macie::Session",
    f"{REGION}|{ACCOUNT}",
    REGION,
    status="ENABLED",
    automated_discovery_status="ENABLED",
    scheduled_jobs=[],
)
STANDARD = held("AWS::SecurityHub::Standard", arn("securityhub", "subscription/fsbp/v/1.0.0"), "fsbp", status="READY")
RESPONSE = held("AWS::SSMIncidents::ResponsePlan", f"arn:aws:ssm-incidents::{ACCOUNT}:response-plan/p", "p")


def routed(to: str) -> Rows:
    return {
        "aws_cloudwatch_event_rule.r": {"name": "findings", "event_pattern": FINDINGS},
        "aws_cloudwatch_event_target.t": {
            "rule": Ref("aws_cloudwatch_event_rule.r.name"),
            "target_id": "t",
            "arn": to,
        },
    }


def backed_up(status: str) -> Rows:
    return {
        "aws_efs_file_system.x": {"encrypted": True},
        "aws_efs_backup_policy.b": {
            "file_system_id": Ref("aws_efs_file_system.x.id"),
            "backup_policy": [{"status": status}],
        },
    }


def invoked(**config: Any) -> Rows:
    return {
        "aws_lambda_function.x": FUNCTION,
        "aws_lambda_permission.p": {**INVOKE, "principal": "sns.amazonaws.com", "source_arn": TOPIC},
        "aws_lambda_function_event_invoke_config.c": {"function_name": Ref("aws_lambda_function.x.arn"), **config},
    }


def kept(address: str, **values: Any) -> tuple[Rows, Rows]:
    """A plan that keeps a resource, and one that deletes it."""
    return {f"keep {address}": values}, {f"delete {address}": values}


OVER: dict[str, tuple[tuple[Resource, ...], Rows, Rows]] = {
    "aws.efs.backup_enabled": ((), backed_up("ENABLED"), backed_up("DISABLED")),
    "aws.events.guardduty_findings_routed": (
        (DETECTOR, SUBSCRIPTION),
        routed(TOPIC),
        routed(arn("sns", "nobody-listens")),
    ),
    "aws.guardduty.enabled": ((DETECTOR,), *kept("aws_guardduty_detector.d", **PLANNED_DETECTOR)),
    "aws.incidents.response_plan_exists": (
        (RESPONSE,),
        *kept("aws_ssmincidents_response_plan.p", name="p", arn=RESPONSE.id, id=RESPONSE.id),
    ),
    "aws.lambda.async_failure_destination": (
        (),
        invoked(destination_config=[{"on_failure": [{"destination": arn("sqs", "dead")}]}]),
        invoked(),
    ),
    "aws.macie.discovery_enabled": ((SESSION,), *kept("aws_macie2_account.m", id=ACCOUNT, status="ENABLED")),
    "aws.securityhub.enabled": (
        (STANDARD,),
        *kept("aws_securityhub_standards_subscription.s", id=STANDARD.id, standards_arn="arn:fsbp"),
    ),
}
"""What a run read, and the plans over it that a check passes and fails."""


@pytest.mark.parametrize("id_", sorted(OVER))
def test_a_check_of_a_whole_account_is_driven_by_plans_over_a_run(id_: str, tmp_path: Path) -> None:
    live, good, bad = OVER[id_]
    assert (verdicts_over(id_, live, good, tmp_path), verdicts_over(id_, live, bad, tmp_path)) == ({"pass"}, {"fail"})
