"""AWS Glue: jobs and security configurations."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.glue import CONTINUOUS_LOGGING, JOB, SECURITY_CONFIGURATION
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Where

_CONFIGURATION: Final = "aws_glue_security_configuration"
_LOGS: Final = "encryption_configuration.cloudwatch_encryption.cloudwatch_encryption_mode"


def _configuration(block: Block) -> Any:
    """The name of the security configuration: also that of a planned one, which its id will be."""
    value = block.get("security_configuration", None)
    if not isinstance(value, Unread):
        return value or None
    found = block.named("security_configuration", _CONFIGURATION)
    return found[0].get("name") if not isinstance(found, Unread) and len(found) == 1 else value


def _continuous_logging(block: Block) -> Any:
    """The argument; one that cannot be overridden holds whatever the default is."""
    for path in ("non_overridable_arguments", "default_arguments"):
        arguments = block.get(path, None, optional=True)
        if isinstance(arguments, Unread):
            return arguments
        value = (arguments or {}).get(CONTINUOUS_LOGGING)
        if value is not None:
            return value
    return None


def _s3_modes(block: Block) -> Any:
    rows = block.blocks("encryption_configuration.s3_encryption")
    return rows if isinstance(rows, Unread) else [row.get("s3_encryption_mode", "DISABLED") for row in rows]


def _identity(block: Block, where: Where) -> Any:
    name = block.get("name", None, computed=False)
    return f"{where.region}|{name}" if where.region is not None and isinstance(name, str) else None


MAPPINGS: Final = (
    Mapping(
        type=JOB,
        terraform="aws_glue_job",
        keys=("name", "id", "arn"),
        properties={
            "command": Attribute("command.name", "glueetl", "provider documentation, aws_glue_job"),
            "glue_version": Attribute("glue_version", None, computed=False, convert=lambda version: version or None),
            "security_configuration": Derived(("security_configuration",), _configuration),
            "continuous_logging": Derived(("default_arguments", "non_overridable_arguments"), _continuous_logging),
        },
    ),
    Mapping(
        type=SECURITY_CONFIGURATION,
        terraform=_CONFIGURATION,
        keys=("name", "id"),
        identity=_identity,
        properties={
            "s3_encryption_modes": Derived(("encryption_configuration.s3_encryption.s3_encryption_mode",), _s3_modes),
            "cloudwatch_encryption_mode": Attribute(_LOGS, "DISABLED", f"provider documentation, {_CONFIGURATION}"),
        },
    ),
)
