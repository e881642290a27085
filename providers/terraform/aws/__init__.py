"""Terraform's AWS provider: what its resources are in the types of :mod:`providers.aws`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from providers.terraform.aws.whereabouts import whereabouts
from providers.terraform.catalogue import Catalogue, catalogue

__all__ = ["ALSO_NAMED", "CATALOGUE", "SERVICES", "whereabouts"]

ALSO_NAMED: Final[tuple[str, ...]] = ()

SERVICES: Final = (
    "accessanalyzer",
    "account",
    "apigateway",
    "apigatewayv2",
    "appsync",
    "autoscaling",
    "backup",
    "bedrock",
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
    "glue",
    "guardduty",
    "iam",
    "kafka",
    "kinesis",
    "kms",
    "lambda_",
    "logs",
    "macie2",
    "mq",
    "networkfirewall",
    "opensearch",
    "organizations",
    "rds",
    "redshift",
    "route53",
    "s3",
    "sagemaker",
    "secretsmanager",
    "security_groups",
    "securityhub",
    "sns",
    "sqs",
    "ssm",
    "ssm_incidents",
    "sso",
    "stepfunctions",
    "transfer",
    "vpc",
    "wafv2",
)
"""The modules, one a service: each has ``MAPPINGS``, ``SETTINGS`` (of accounts and regions), or both.

``ALSO`` names Terraform types that its mappings read for others only."""

_MODULES: Final = tuple(import_module(f"{__name__}.{service}") for service in SERVICES)

CATALOGUE: Final[Catalogue] = catalogue(
    "aws",
    [mapping for module in _MODULES for mapping in getattr(module, "MAPPINGS", ())],
    [setting for module in _MODULES for setting in getattr(module, "SETTINGS", ())],
    [name for module in _MODULES for name in getattr(module, "ALSO", ())],
)
