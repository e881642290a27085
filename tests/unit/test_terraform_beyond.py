"""What a plan does not hold, leaves open or hides is unknown, and never a pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.model import Resource
from providers.terraform import folded
from tests.planned import ACCOUNT, AT, REGION, Rows, held, plan, verdicts, verdicts_over
from tests.plans import UNKNOWN, Ref, Secret
from tests.unit.data_folders import CHECKOUT
from tests.unit.test_terraform_verdicts_ecr_to_waf import NEEDS_LIVE, ONE_SIDED, PAIRS, mine

FACTS = CHECKOUT.parent / "shared" / "catalogue" / "checks.yaml"

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
    "blocks of a set, of which one leaves open what another writes": (
        "aws.opensearch.logs_published",
        {
            "aws_opensearch_domain.x": {
                "domain_name": "d",
                "log_publishing_options": [
                    {"log_type": "AUDIT_LOGS", "cloudwatch_log_group_arn": "a", "enabled": UNKNOWN},
                    {"log_type": "INDEX_SLOW_LOGS", "cloudwatch_log_group_arn": "b"},
                ],
            }
        },
        "unknown",
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


def test_a_block_of_a_set_in_another_order_than_it_is_written_is_not_taken_for_left_open() -> None:
    options = VERDICTS["blocks of a set, of which one leaves open what another writes"][1]
    built = plan(options).document()
    (row,) = built["configuration"]["root_module"]["resources"]
    row["expressions"]["log_publishing_options"].reverse()
    found = folded(json.dumps(built).encode(), AT).after
    (domain,) = (item for item in found if item.type == "AWS::OpenSearchService::Domain")
    assert "/published_logs/0/enabled" in domain.unread


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


ALARM = held(
    "AWS::CloudWatch::Alarm",
    arn("cloudwatch", "alarm:failed"),
    "failed",
    namespace="AWS/SQS",
    metric_name="ApproximateNumberOfMessagesVisible",
    dimensions=[{"name": "QueueName", "value": "failed"}],
    actions_enabled=True,
    alarm_actions=[TOPIC],
)


def dead(name: str) -> Rows:
    """A queue, and one by that name for what it fails at."""
    return {
        "aws_sqs_queue.dead": {"name": name},
        "aws_sqs_queue.x": {"name": "orders", "redrive_policy": Ref("aws_sqs_queue.dead.arn")},
    }


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
    "aws.sqs.dlq_alarm": ((ALARM,), dead("failed"), dead("unwatched")),
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


def test_deleting_a_control_of_these_services_is_told() -> None:
    controls = {
        "aws_guardduty_detector.d": {"id": "d", "arn": DETECTOR.id},
        "aws_macie2_account.m": {"id": ACCOUNT},
        "aws_networkfirewall_firewall.f": {"name": "f", "arn": "arn:f"},
        "aws_securityhub_account.h": {"id": ACCOUNT, "enable_default_standards": True},
        "aws_securityhub_standards_subscription.s": {"id": STANDARD.id},
        "aws_ssmincidents_response_plan.p": {"name": "p", "arn": RESPONSE.id},
        "aws_wafv2_web_acl.w": {"name": "w", "arn": "arn:w"},
    }
    found = folded(plan({f"delete {address}": values for address, values in controls.items()}).data(), AT)
    assert {item.place.address for item in found.deleted} == set(controls)


# --- the catalogue of facts ------------------------------------------------------------------------------------------

NOT_DRIVEN = {
    "aws.inspector2.enabled": NEEDS_LIVE["aws.inspector2.enabled"],
    "aws.kinesis.stream_encrypted_and_retained": "it is two checks here, aws.kinesis.stream_encrypted and its sister",
    "aws.organizations.ai_data_use_opt_out": NEEDS_LIVE["aws.organizations.ai_data_use_opt_out"],
    "aws.organizations.region_deny_scp": NEEDS_LIVE["aws.organizations.region_deny_scp"],
}
"""Checks that the catalogue calls judgeable on a plan and that no plan drives, with why."""


@pytest.mark.skipif(not FACTS.is_file(), reason="the catalogue of facts is not beside the checkout")
def test_every_check_that_the_catalogue_calls_judgeable_is_driven_or_has_a_reason() -> None:
    rows = yaml.safe_load(FACTS.read_text())["checks"]
    judgeable = mine(row["id"] for row in rows if row["terraform"]["judgeable"] in ("yes", "partial"))
    assert judgeable - {*PAIRS, *ONE_SIDED, *OVER} == set(NOT_DRIVEN)


def test_what_a_plan_cannot_judge_alone_is_driven_over_a_run_or_is_no_matter_of_plans() -> None:
    assert set(OVER) <= set(NEEDS_LIVE)
