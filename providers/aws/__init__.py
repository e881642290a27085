"""AWS: one module a service declares what can be read; :mod:`providers.aws.adapter` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from providers.base import GLOBAL, Reader, ResourceType

SERVICES: Final = (
    "autoscaling",
    "backup",
    "cloudtrail",
    "cloudwatch",
    "config",
    "dynamodb",
    "ec2",
    "efs",
    "elb",
    "elbv2",
    "gateways",
    "guardduty",
    "iam",
    "kms",
    "lambda_",
    "logs",
    "network_acls",
    "networkfirewall",
    "rds",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "user_data",
    "vpc",
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
