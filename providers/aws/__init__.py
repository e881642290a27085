"""AWS: one module a service declares what can be read; :mod:`providers.aws.adapter` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from providers.base import GLOBAL, Reader, ResourceType

SERVICES: Final = (
    "accessanalyzer",
    "account",
    "acm",
    "apigateway",
    "apigatewayv2",
    "applicationautoscaling",
    "appsync",
    "autoscaling",
    "backup",
    "bedrock",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "cognito",
    "config",
    "dax",
    "dms",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "efs",
    "eks",
    "elasticache",
    "elb",
    "elbv2",
    "emr",
    "events",
    "firehose",
    "gateways",
    "glue",
    "guardduty",
    "iam",
    "inspector2",
    "kafka",
    "kinesis",
    "kms",
    "lambda_",
    "logs",
    "macie2",
    "mq",
    "network_acls",
    "networkfirewall",
    "opensearch",
    "organizations",
    "rds",
    "redshift",
    "route53",
    "s3",
    "s3_retention",
    "sagemaker",
    "secretsmanager",
    "securityhub",
    "sns",
    "sqs",
    "ssm",
    "ssm_incidents",
    "sso",
    "stepfunctions",
    "transfer",
    "user_data",
    "vpc",
    "wafv2",
)
"""The modules of this package that declare ``TYPES`` and ``READERS``."""

_MODULES: Final = tuple(import_module(f"providers.aws.{service}") for service in SERVICES)
READERS: Final[tuple[Reader, ...]] = tuple(reader for module in _MODULES for reader in module.READERS)
TYPES: Final[Mapping[str, ResourceType]] = {
    type_.name: type_
    for type_ in (
        ResourceType("AWS::Account", GLOBAL),
        ResourceType("AWS::Region"),
        *(type_ for module in _MODULES for type_ in module.TYPES),
    )
}
DISCOVERED: Final[Mapping[str, tuple[str, ...]]] = {"AWS::Account": ("partition",), "AWS::Region": ("opt_in_status",)}
"""The types whose resources come with the discovery, and the properties that come with them."""
DISCOVERY: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("sts:GetCallerIdentity", ()),
    ("ec2:DescribeRegions", ("ec2:DescribeRegions",)),
)
"""The operations of the discovery, each with its permissions; who one is, everyone may ask."""


def entering(access: Mapping[str, Any]) -> dict[str, str]:
    """The operations by which whoever scans finds and enters further accounts, and how often each is called, in words.

    The permissions have the same names. ``access`` is what the policy says of accounts (``aws`` of
    organization.yaml's access).
    """
    unit = "once an organizational unit"
    below = {"organizations:ListAccountsForParent": unit, "organizations:ListOrganizationalUnitsForParent": unit}
    if not access.get("accounts"):
        return below if access.get("groups") else {}
    rules = [access.get(name) or {} for name in ("include", "exclude")]
    called = {"sts:AssumeRole": "once an account"}
    if access["accounts"] == "organization":
        called["organizations:ListAccounts"] = "once"
    if access.get("groups") or any("organizational_units" in rule for rule in rules):
        called |= below
    if any("tags" in rule for rule in rules):
        called["organizations:ListTagsForResource"] = "once an account"
    return called
