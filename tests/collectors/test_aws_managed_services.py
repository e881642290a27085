"""File transfer servers, GraphQL APIs, notebooks, and settings of regions and accounts for EMR, Bedrock, incidents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.ssm_incidents import response_plans
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
TRANSFER = "aws.transfer.secure_protocols"
GRAPHQL = "aws.appsync.logging_enabled"
ISOLATED, KMS_KEY = "aws.sagemaker.notebook_isolated", "aws.sagemaker.notebook_kms_key"
EMR = "aws.emr.block_public_access"
BEDROCK = "aws.bedrock.invocation_logging"
PLANS = "aws.incidents.response_plan_exists"


def by_name(findings: Iterable[Finding]) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def server(*protocols: str) -> str:
    settings = {"Protocols": list(protocols)} if protocols else {}
    return str(boto3.client("transfer").create_server(**settings)["ServerId"])


def graphql(name: str, level: str | None) -> None:
    logs = {"logConfig": {"fieldLogLevel": level, "cloudWatchLogsRoleArn": ROLE}} if level else {}
    boto3.client("appsync").create_graphql_api(name=name, authenticationType="AWS_IAM", **logs)


def notebook(name: str, **settings: Any) -> None:
    boto3.client("sagemaker").create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE, **settings
    )


def block(on: bool, *ranges: tuple[int, int]) -> None:
    permitted = [{"MinRange": first, "MaxRange": last} for first, last in ranges]
    boto3.client("emr").put_block_public_access_configuration(
        BlockPublicAccessConfiguration={
            "BlockPublicSecurityGroupRules": on,
            "PermittedPublicSecurityGroupRuleRanges": permitted,
        }
    )


def models(**destinations: Any) -> None:
    boto3.client("bedrock").put_model_invocation_logging_configuration(
        loggingConfig={**destinations, "textDataDeliveryEnabled": True}
    )


def seed() -> None:
    """One of each that passes."""
    server("SFTP")
    graphql("catalogue", "ALL")
    notebook("forecast", DirectInternetAccess="Disabled", KmsKeyId=KEY)
    block(True)
    models(s3Config={"bucketName": "models"})


EVERY = (TRANSFER, GRAPHQL, ISOLATED, KMS_KEY, EMR, BEDROCK)


def test_servers_that_offer_plain_ftp_fail(aws_env: AwsWire) -> None:
    found = {
        server(): "pass",  # AWS answers with SFTP
        server("SFTP", "FTPS"): "pass",
        server("AS2"): "pass",
        server("FTP"): "fail",
        server("SFTP", "FTP"): "fail",
    }
    _, findings = scan((TRANSFER,))
    assert by_name(findings) == found
    assert {f.message.rpartition(" ")[2] for f in findings if f.message} == {"FTP."}


def test_graphql_apis_that_log_no_field_fail(aws_env: AwsWire) -> None:
    levels = {"all": "ALL", "error": "ERROR", "info": "INFO", "debug": "DEBUG", "none": "NONE", "nothing": None}
    for name, level in levels.items():
        graphql(name, level)
    _, findings = scan((GRAPHQL,))
    assert by_name(findings) == {
        "all": "pass",
        "error": "pass",
        "info": "pass",
        "debug": "pass",
        "none": "fail",
        "nothing": "fail",
    }


def test_notebooks_with_internet_access_or_without_a_key_fail(aws_env: AwsWire) -> None:
    notebook("both", DirectInternetAccess="Disabled", KmsKeyId=KEY)
    notebook("open", DirectInternetAccess="Enabled", KmsKeyId=KEY)
    notebook("plain", DirectInternetAccess="Disabled")
    notebook("default")
    _, findings = scan((ISOLATED, KMS_KEY))
    found = verdicts(findings)
    assert {name: (found[ISOLATED, name], found[KMS_KEY, name]) for _, name in found} == {
        "both": ("pass", "pass"),
        "open": ("fail", "pass"),
        "plain": ("pass", "fail"),
        "default": ("fail", "fail"),
    }


@pytest.mark.parametrize(
    ("on", "ranges", "verdict"),
    [
        (True, (), "pass"),
        (True, ((22, 22),), "pass"),
        (True, ((22, 22), (8088, 8088)), "fail"),
        (True, ((22, 23),), "fail"),
        (False, (), "fail"),
    ],
)
def test_a_region_where_clusters_may_be_open_fails(
    aws_env: AwsWire, on: bool, ranges: tuple[tuple[int, int], ...], verdict: str
) -> None:
    block(on, *ranges)
    _, findings = scan((EMR,))
    assert by_name(findings) == {"us-east-1": verdict}


def test_each_region_has_its_own_block_and_log(aws_env: AwsWire) -> None:
    block(False)
    models(cloudWatchConfig={"logGroupName": "models", "roleArn": ROLE})
    _, findings = scan((EMR, BEDROCK), ("us-east-1", "eu-west-1"))
    assert verdicts(findings) == {
        (EMR, "us-east-1"): "fail",
        (EMR, "eu-west-1"): "pass",  # as in new accounts
        (BEDROCK, "us-east-1"): "pass",
        (BEDROCK, "eu-west-1"): "fail",
    }


def test_a_log_of_models_that_goes_nowhere_fails(aws_env: AwsWire) -> None:
    models()
    snapshot, findings = scan((BEDROCK,))
    assert by_name(findings) == {"us-east-1": "fail"}
    assert [item.properties["bedrock_invocation_logging"] for item in snapshot.resources] == [
        {"s3_bucket": None, "log_group": None}
    ]


def test_a_region_that_no_model_is_used_in_needs_no_log(aws_env: AwsWire) -> None:
    _, findings = scan((BEDROCK,), ("us-east-1", "eu-west-1"), parameters={BEDROCK: {"regions": ["eu-west-1"]}})
    assert by_name(findings) == {"us-east-1": "not_applicable", "eu-west-1": "fail"}


def test_an_account_needs_a_response_plan_in_any_region(aws_env: AwsWire) -> None:
    _, findings = scan((PLANS,), ("us-east-1", "eu-west-1"))
    assert [(f.subject.id, f.verdict) for f in findings] == [(ACCOUNT, "fail")]
    response_plans(aws_env.overrides, "outage", "breach")
    aws_env.paging.size = 1
    snapshot, findings = scan((PLANS,), ("us-east-1", "eu-west-1"))
    assert [(f.subject.id, f.verdict) for f in findings] == [(ACCOUNT, "pass")]
    plans = [item for item in snapshot.resources if item.type == "AWS::SSMIncidents::ResponsePlan"]
    assert {(item.region, item.name) for item in plans} == {
        (region, name) for region in ("us-east-1", "eu-west-1") for name in ("outage", "breach")
    }


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_a_region_whose_plans_were_not_listed_leaves_the_account_unknown(aws_env: AwsWire, kind: Any) -> None:
    response_plans(aws_env.overrides)
    aws_env.faults.add(
        kind, "ssm-incidents:ListResponsePlans", where=lambda exchange: exchange.call.region == "eu-west-1"
    )
    _, findings = scan((PLANS,), ("us-east-1", "eu-west-1"))
    assert [(f.subject.id, f.verdict) for f in findings] == [(ACCOUNT, "unknown")]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("transfer:ListServers", {TRANSFER}),
        ("transfer:DescribeServer", {TRANSFER}),
        ("appsync:ListGraphqlApis", {GRAPHQL}),
        ("sagemaker:ListNotebookInstances", {ISOLATED, KMS_KEY}),
        ("sagemaker:DescribeNotebookInstance", {ISOLATED, KMS_KEY}),
        ("emr:GetBlockPublicAccessConfiguration", {EMR}),
    ],
)
def test_what_was_not_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, unknown: set[str]) -> None:
    seed()
    aws_env.faults.add(kind, operation)
    _, findings = scan(EVERY)
    assert {f.check.id: f.verdict for f in findings} == {
        **dict.fromkeys(EVERY, "pass"),
        **dict.fromkeys(unknown, "unknown"),
    }


# An empty object is how Bedrock says that nothing is configured, so that a hollow answer cannot be told from it.
@pytest.mark.parametrize("kind", ["denied", "server_error", "malformed", "empty", "truncated"])
def test_a_log_of_models_that_was_not_read_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    models(s3Config={"bucketName": "models"})
    aws_env.faults.add(kind, "bedrock:GetModelInvocationLoggingConfiguration")
    _, findings = scan((BEDROCK,))
    assert by_name(findings) == {"us-east-1": "unknown"}


@pytest.mark.parametrize(
    ("operation", "missing", "check"),
    [
        ("transfer:DescribeServer", "Server.Protocols", TRANSFER),
        ("appsync:ListGraphqlApis", "graphqlApis.logConfig.fieldLogLevel", GRAPHQL),
        ("sagemaker:DescribeNotebookInstance", "DirectInternetAccess", ISOLATED),
        (
            "emr:GetBlockPublicAccessConfiguration",
            "BlockPublicAccessConfiguration.BlockPublicSecurityGroupRules",
            EMR,
        ),
        (
            "emr:GetBlockPublicAccessConfiguration",
            "BlockPublicAccessConfiguration.PermittedPublicSecurityGroupRuleRanges.MaxRange",
            EMR,
        ),
        ("bedrock:GetModelInvocationLoggingConfiguration", "loggingConfig.s3Config.bucketName", BEDROCK),
    ],
)
def test_a_member_that_is_always_there_and_is_not_is_unknown(
    aws_env: AwsWire, operation: str, missing: str, check: str
) -> None:
    seed()
    block(True, (22, 22))
    aws_env.overrides.without(operation, missing)
    _, findings = scan((check,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_a_server_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    server("FTP")
    aws_env.faults.add("error", "transfer:DescribeServer", code="ResourceNotFoundException", status=400)
    snapshot, findings = scan((TRANSFER,))
    assert (findings, snapshot.resources) == ((), ())


def test_a_notebook_that_is_refused_is_not_taken_for_deleted(aws_env: AwsWire) -> None:
    notebook("forecast", DirectInternetAccess="Disabled")
    aws_env.faults.add("error", "sagemaker:DescribeNotebookInstance", code="ValidationException", status=400)
    _, findings = scan((ISOLATED,))
    assert by_name(findings) == {"forecast": "unknown"}


def test_pages_of_one_make_the_same_resources(aws_env: AwsWire) -> None:
    for name in ("a", "b", "c"):
        server("SFTP")
        graphql(name, "ALL")
        notebook(name, DirectInternetAccess="Disabled")
    checks = (TRANSFER, GRAPHQL, ISOLATED, KMS_KEY)
    aws_env.traffic.reset()
    whole, _ = scan(checks)
    mine = ("transfer:", "appsync:", "sagemaker:")
    assert not [name for name in aws_env.traffic.repeats if name.startswith(mine)]
    aws_env.paging.size = 1
    cut, _ = scan(checks)
    assert [(r.id, r.properties) for r in cut.resources] == [(r.id, r.properties) for r in whole.resources]
    assert len(cut.resources) == 9


def test_resources_are_read_as_they_are(aws_env: AwsWire) -> None:
    seed()
    id_ = server("SFTP", "FTP")
    wanted = {
        "AWS::Transfer::Server": {"protocols"},
        "AWS::AppSync::GraphQLApi": {"field_log_level"},
        "AWS::SageMaker::NotebookInstance": {"direct_internet_access", "kms_key_id"},
        "AWS::Region": {"emr_block_public_access", "bedrock_invocation_logging"},
    }
    found = {(item.type, item.name): item.properties for item in read(wanted).resources}
    assert found["AWS::Transfer::Server", id_] == {"protocols": ["SFTP", "FTP"]}
    assert found["AWS::AppSync::GraphQLApi", "catalogue"] == {"field_log_level": "ALL"}
    assert found["AWS::SageMaker::NotebookInstance", "forecast"] == {
        "direct_internet_access": "Disabled",
        "kms_key_id": KEY,
    }
    assert found["AWS::Region", "us-east-1"] == {
        "opt_in_status": "opt-in-not-required",
        "emr_block_public_access": {"block_public_security_group_rules": True, "permitted_ranges": []},
        "bedrock_invocation_logging": {"s3_bucket": "models", "log_group": None},
    }
