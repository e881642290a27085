"""Amazon Bedrock: whether a region logs what models are asked and answer."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.bedrock import REGION
from providers.base import MISSING, Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Setting

_PATHS: Final = {
    "s3_bucket": "logging_config.s3_config.bucket_name",
    "log_group": "logging_config.cloudwatch_config.log_group_name",
}


def _logging(block: Block) -> Any:
    config = block.block("logging_config")
    if config is None or isinstance(config, Unread):
        return MISSING if config is None else config
    return {name: block.get(path, None, computed=False) for name, path in _PATHS.items()}


SETTINGS: Final = (
    Setting(
        REGION,
        "aws_bedrock_model_invocation_logging_configuration",
        {"bedrock_invocation_logging": Derived(tuple(_PATHS.values()), _logging)},
        removed={"bedrock_invocation_logging": None},
        source="Bedrock API, DeleteModelInvocationLoggingConfiguration: nothing is logged then",
    ),
)
