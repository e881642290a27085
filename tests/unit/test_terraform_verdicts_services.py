"""The services from Access Analyzer to DynamoDB, and logs: plans drive their checks to pass, to fail and to unknown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.planned import Pair, Rows, judged_alone, one, plan, statement, unknown, verdicts, verdicts_of
from tests.plans import UNKNOWN, PlanBuilder, Ref, Secret

ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
VAULT = ARN.format("backup", "backup-vault:main")


def rule(days: int, *copies: str) -> dict[str, Any]:
    copy_action = [{"destination_vault_arn": copy, "lifecycle": []} for copy in copies]
    return {"rule_name": "daily", "lifecycle": [{"delete_after": days}], "copy_action": copy_action}


def copied() -> Pair:
    """A backup plan that copies to a vault that is made too, in another region or in its own."""

    def plan(region: str) -> Rows:
        return {
            "aws_backup_vault.copy": {"name": "copy", "region": region},
            "aws_backup_plan.x": {"name": "x", "rule": [rule(35, Ref("aws_backup_vault.copy.arn"))]},
        }

    good, bad = plan("eu-west-1"), plan("eu-central-1")
    bad["aws_backup_plan.x"]["rule"] = [rule(35)]
    return good, bad


def method(authorization: str) -> Rows:
    return {
        "aws_api_gateway_rest_api.x": {"name": "x"},
        "aws_api_gateway_method.get": {
            "rest_api_id": Ref("aws_api_gateway_rest_api.x.id"),
            "resource_id": Ref("aws_api_gateway_rest_api.x.root_resource_id"),
            "http_method": "GET",
            "authorization": authorization,
        },
    }


def executions(level: str) -> Rows:
    return {
        "aws_api_gateway_stage.x": {"stage_name": "live", "rest_api_id": "a"},
        "aws_api_gateway_method_settings.x": {
            "rest_api_id": "a",
            "stage_name": "live",
            "method_path": "*/*",
            "settings": [{"logging_level": level}],
        },
    }


def group(subnets: dict[str, str]) -> Rows:
    made = {f"aws_subnet.{name}": {"vpc_id": "vpc-1", "availability_zone": zone} for name, zone in subnets.items()}
    ids = Ref(*(f"{address}.id" for address in made))
    return {**made, "aws_autoscaling_group.x": {"name": "x", "vpc_zone_identifier": ids, "min_size": 2, "max_size": 4}}


def balanced(kind: str | None) -> Rows:
    return {
        "aws_autoscaling_group.x": {"name": "x", "min_size": 2, "max_size": 4, "health_check_type": kind},
        "aws_autoscaling_attachment.x": {
            "autoscaling_group_name": Ref("aws_autoscaling_group.x.name"),
            "lb_target_group_arn": ARN.format("elasticloadbalancing", "targetgroup/x/1"),
        },
    }


def project(good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    return one("aws_codebuild_project", good, bad, **{"name": "x", "source": [{"type": "NO_SOURCE"}], **both})


def variable(value: Any, name: str = "TOKEN", kind: str = "PLAINTEXT") -> dict[str, Any]:
    return {"environment": [{"environment_variable": [{"name": name, "value": value, "type": kind}]}]}


def pipeline(*stages: tuple[str, str]) -> dict[str, Any]:
    return {
        "name": "x",
        "stage": [{"name": name, "action": [{"name": name, "category": category}]} for name, category in stages],
    }


def task(*components: str, enabled: bool = True) -> dict[str, Any]:
    rows = [{"Id": name, "Severity": "LOGGER_SEVERITY_DEFAULT"} for name in components]
    return {"replication_task_settings": json.dumps({"Logging": {"EnableLogging": enabled, "LogComponents": rows}})}


def table(good: dict[str, Any], bad: dict[str, Any]) -> Pair:
    return one("aws_dynamodb_table", good, bad, name="x")


def customer_key() -> Pair:
    good = {"server_side_encryption": [{"enabled": True, "kms_key_arn": Ref("aws_kms_key.k.arn")}]}
    first, second = table(good, {"server_side_encryption": [{"enabled": True}]})
    return {**first, "aws_kms_key.k": {}}, {**second, "aws_kms_key.k": {}}


LOG_GROUP = {"aws_cloudwatch_log_group.logs": {"name": "logs"}}
TO_LOGS = {"access_log_settings": [{"destination_arn": Ref("aws_cloudwatch_log_group.logs.arn"), "format": "x"}]}
BEHAVIOR = {"default_cache_behavior": [{"viewer_protocol_policy": "https-only"}]}
CERTIFICATE = {"acm_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
TLS_1_2 = {"viewer_certificate": [{**CERTIFICATE, "minimum_protocol_version": "TLSv1.2_2021"}]}
LOCK = {"backup_vault_name": "main", "min_retention_days": 35}
KEPT_VAULT = {"keep aws_backup_vault.x": {"name": "main", "arn": VAULT, "recovery_points": 5}}
PUBLIC = statement(Principal="*", Action="logs:PutLogEvents")
CLOSED = statement(Principal={"Service": "route53.amazonaws.com"}, Action="logs:PutLogEvents")

PAIRS: dict[str, Pair] = {
    "aws.account.security_contact_registered": (
        {"aws_account_alternate_contact.x": {"alternate_contact_type": "SECURITY", "email_address": "s@example.com"}},
        {
            "delete aws_account_alternate_contact.x": {
                "alternate_contact_type": "SECURITY",
                "email_address": "s@example.com",
            }
        },
    ),
    "aws.apigateway.method_authorized": (method("AWS_IAM"), method("NONE")),
    "aws.apigateway.stage_logging": (executions("INFO"), executions("OFF")),
    "aws.apigatewayv2.access_logging": (
        {**LOG_GROUP, "aws_apigatewayv2_stage.x": {"name": "live", "api_id": "a", **TO_LOGS}},
        {**LOG_GROUP, "aws_apigatewayv2_stage.x": {"name": "live", "api_id": "a"}},
    ),
    "aws.appsync.logging_enabled": one(
        "aws_appsync_graphql_api", {"log_config": [{"field_log_level": "ERROR"}]}, {}, name="x"
    ),
    "aws.autoscaling.group_health_check": (balanced("ELB"), balanced(None)),
    "aws.autoscaling.group_multi_az": (
        group({"a": "eu-central-1a", "b": "eu-central-1b"}),
        group({"a": "eu-central-1a", "b": "eu-central-1a"}),
    ),
    "aws.backup.cross_region_copy": copied(),
    "aws.backup.plan_retention": one("aws_backup_plan", {"rule": [rule(35)]}, {"rule": [rule(7)]}, name="x"),
    "aws.backup.vault_locked": (
        {**KEPT_VAULT, "keep aws_backup_vault_lock_configuration.x": LOCK},
        {**KEPT_VAULT, "delete aws_backup_vault_lock_configuration.x": LOCK},
    ),
    "aws.bedrock.invocation_logging": one(
        "aws_bedrock_model_invocation_logging_configuration",
        {"logging_config": [{"s3_config": [{"bucket_name": "prompts"}]}]},
        {"logging_config": [{"text_data_delivery_enabled": True}]},
    ),
    "aws.cloudfront.minimum_tls": one(
        "aws_cloudfront_distribution",
        TLS_1_2,
        {"viewer_certificate": [{"cloudfront_default_certificate": True}]},
        **BEHAVIOR,
    ),
    "aws.cloudfront.viewer_https": one(
        "aws_cloudfront_distribution", BEHAVIOR, {"default_cache_behavior": [{"viewer_protocol_policy": "allow-all"}]}
    ),
    "aws.cloudfront.waf_attached": one(
        "aws_cloudfront_distribution",
        {"web_acl_id": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/1"},
        {},
        **BEHAVIOR,
    ),
    "aws.cloudwatch.composite_alarm_actions_enabled": one(
        "aws_cloudwatch_composite_alarm",
        {"alarm_actions": [ARN.format("sns", "security")]},
        {},
        alarm_name="x",
        alarm_rule="ALARM(a)",
    ),
    "aws.codebuild.logging_enabled": project(
        {}, {"logs_config": [{"cloudwatch_logs": [{"status": "DISABLED"}], "s3_logs": []}]}
    ),
    "aws.codebuild.no_plaintext_credentials": project(
        variable("/build/token", kind="PARAMETER_STORE"), variable("x", name="AWS_SECRET_ACCESS_KEY")
    ),
    "aws.codepipeline.production_approval": (
        {"aws_codepipeline.x": pipeline(("Approve", "Approval"), ("Production", "Deploy"))},
        {"aws_codepipeline.x": pipeline(("Build", "Build"), ("Production", "Deploy"))},
    ),
    "aws.cognito.user_pool_mfa": one("aws_cognito_user_pool", {"mfa_configuration": "ON"}, {}, name="x"),
    "aws.dax.cluster_encrypted": one(
        "aws_dax_cluster", {"server_side_encryption": [{"enabled": True}]}, {}, cluster_name="x"
    ),
    "aws.dax.endpoint_encrypted": one(
        "aws_dax_cluster", {"cluster_endpoint_encryption_type": "TLS"}, {}, cluster_name="x"
    ),
    "aws.dms.instance_not_public": one(
        "aws_dms_replication_instance", {}, {"publicly_accessible": True}, replication_instance_id="x"
    ),
    "aws.dms.task_logging": one(
        "aws_dms_replication_task",
        task("SOURCE_UNLOAD", "SOURCE_CAPTURE"),
        task(enabled=False),
        replication_task_id="x",
    ),
    "aws.dms.task_target_logging": one(
        "aws_dms_replication_task", task("TARGET_LOAD", "TARGET_APPLY"), task("TARGET_LOAD"), replication_task_id="x"
    ),
    "aws.dynamodb.customer_managed_key": customer_key(),
    "aws.dynamodb.deletion_protection": table({"deletion_protection_enabled": True}, {}),
    "aws.dynamodb.point_in_time_recovery": table({"point_in_time_recovery": [{"enabled": True}]}, {}),
    "aws.logs.group_kms_encrypted": (
        {"aws_kms_key.k": {}, "aws_cloudwatch_log_group.x": {"name": "x", "kms_key_id": Ref("aws_kms_key.k.arn")}},
        {"aws_kms_key.k": {}, "aws_cloudwatch_log_group.x": {"name": "x"}},
    ),
    "aws.logs.group_retention": one(
        "aws_cloudwatch_log_group", {"retention_in_days": 365}, {"retention_in_days": 30}, name="x"
    ),
    "aws.logs.resource_policy_not_public": one(
        "aws_cloudwatch_log_resource_policy", {"policy_document": CLOSED}, {"policy_document": PUBLIC}, policy_name="x"
    ),
}
SERVICES = frozenset(id_.split(".")[1] for id_ in PAIRS)

FURTHER: dict[str, tuple[str, Rows, set[str]]] = {
    "an access log is a log of the stage": (
        "aws.apigateway.stage_logging",
        {**LOG_GROUP, "aws_api_gateway_stage.x": {"stage_name": "live", "rest_api_id": "a", **TO_LOGS}},
        {"pass"},
    ),
    "a policy that names its callers guards methods that ask nobody": (
        "aws.apigateway.method_authorized",
        {
            **method("NONE"),
            "aws_api_gateway_rest_api_policy.p": {
                "rest_api_id": Ref("aws_api_gateway_rest_api.x.id"),
                "policy": statement(Principal={"AWS": "123456789012"}, Action="execute-api:Invoke"),
            },
        },
        {"pass"},
    ),
    "methods of an OpenAPI definition are not read": (
        "aws.apigateway.method_authorized",
        {"aws_api_gateway_rest_api.x": {"name": "x", "body": "{}"}},
        {"unknown"},
    ),
    "settings of a stage of the same name of another API are not its own": (
        "aws.apigateway.stage_logging",
        {**executions("INFO"), "aws_api_gateway_stage.y": {"stage_name": "live", "rest_api_id": "b"}},
        {"pass", "fail"},
    ),
    "another kind of contact says nothing of the one for security": (
        "aws.account.security_contact_registered",
        {"aws_account_alternate_contact.x": {"alternate_contact_type": "BILLING", "email_address": "b@example.com"}},
        {"unknown"},
    ),
    "the contact of a member account says nothing of this one": (
        "aws.account.security_contact_registered",
        {
            "aws_account_alternate_contact.x": {
                "alternate_contact_type": "SECURITY",
                "email_address": "s@example.com",
                "account_id": "444455556666",
            }
        },
        {"unknown"},
    ),
    "zones that the provider read before do not stand for changed subnets": (
        "aws.autoscaling.group_multi_az",
        {
            "keep aws_subnet.a": {"id": "subnet-1", "availability_zone": "eu-central-1a"},
            "keep aws_autoscaling_group.x": {
                "name": "x",
                "vpc_zone_identifier": ["subnet-1"],
                "availability_zones": ["eu-central-1a", "eu-central-1b"],
                "min_size": 2,
                "max_size": 4,
            },
        },
        {"fail"},
    ),
    "a sensitive variable is not looked into": (
        "aws.codebuild.no_plaintext_credentials",
        {"aws_codebuild_project.x": {"name": "x", "source": [{"type": "NO_SOURCE"}], **variable(Secret("hunter2"))}},
        {"unknown"},
    ),
    "a credential in one variable is found beside another that is unknown": (
        "aws.codebuild.no_plaintext_credentials",
        {
            "aws_codebuild_project.x": {
                "name": "x",
                "source": [{"type": "NO_SOURCE"}],
                "environment": [
                    {
                        "environment_variable": [
                            {"name": "DATABASE_PASSWORD", "value": "hunter2-hunter2"},
                            {"name": "URL", "value": UNKNOWN},
                        ]
                    }
                ],
            }
        },
        {"fail"},
    ),
    "settings that a task leaves to DMS are known once it exists": (
        "aws.dms.task_logging",
        {"aws_dms_replication_task.x": {"replication_task_id": "x"}},
        {"unknown"},
    ),
    "cache behaviors of older provider versions are behaviors": (
        "aws.cloudfront.viewer_https",
        {
            "aws_cloudfront_distribution.x": {
                **BEHAVIOR,
                "cache_behavior": [{"path_pattern": "/a", "viewer_protocol_policy": "allow-all"}],
            }
        },
        {"fail"},
    ),
    "a vault that is new holds nothing that could be deleted": (
        "aws.backup.vault_locked",
        {"aws_backup_vault.x": {"name": "main"}},
        set(),
    ),
    "the lock of a vault may stand in another plan": ("aws.backup.vault_locked", KEPT_VAULT, {"unknown"}),
    "a bedrock configuration that is deleted logs nothing": (
        "aws.bedrock.invocation_logging",
        {
            "delete aws_bedrock_model_invocation_logging_configuration.x": {
                "logging_config": [{"s3_config": [{"bucket_name": "prompts"}]}]
            }
        },
        {"fail"},
    ),
}


def test_what_a_written_block_leaves_to_the_provider_takes_its_default() -> None:
    rows = {
        "aws_dynamodb_table.x": {"name": "x", "server_side_encryption": [{"enabled": True, "kms_key_arn": UNKNOWN}]}
    }
    document = plan(rows).document()
    written = document["configuration"]["root_module"]["resources"][0]["expressions"]["server_side_encryption"][0]
    id_ = "aws.dynamodb.customer_managed_key"
    assert verdicts_of(id_, json.dumps(document).encode()) == {"unknown"}
    del written["kms_key_arn"]
    assert verdicts_of(id_, json.dumps(document).encode()) == {"fail"}


def test_a_plan_without_a_region_does_not_tell_whose_contacts_it_sets() -> None:
    contact = {"alternate_contact_type": "SECURITY", "email_address": "s@example.com"}
    plan_ = PlanBuilder(region=None).create("aws_account_alternate_contact.x", **contact)
    assert verdicts_of("aws.account.security_contact_registered", plan_.data()) == {"unknown"}


def test_every_check_that_a_plan_can_judge_is_driven() -> None:
    assert {id_ for id_ in judged_alone() if id_.split(".")[1] in SERVICES} == set(PAIRS)


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_plans_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


@pytest.mark.parametrize("id_", sorted(id_ for id_, pair in PAIRS.items() if unknown(pair) is not None))
def test_what_is_known_only_after_apply_leaves_the_check_unknown(id_: str) -> None:
    rows = unknown(PAIRS[id_])
    assert rows is not None
    assert verdicts(id_, rows) == {"unknown"}


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_plan_is_not_taken_for_more_than_it_tells(name: str) -> None:
    id_, rows, expected = FURTHER[name]
    assert verdicts(id_, rows) == expected
