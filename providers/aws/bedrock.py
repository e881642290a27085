"""Amazon Bedrock: whether a region logs what models are asked and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Reader, Resource, ResourceType, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

REGION: Final = "AWS::Region"
TYPES: Final[tuple[ResourceType, ...]] = ()


def _logging(aws: Caller, region: Resource) -> Mapping[str, Any]:
    # An empty object where no logging is configured.
    config = aws.call("bedrock", "get_model_invocation_logging_configuration").get("loggingConfig")
    if config is None:
        return {"bedrock_invocation_logging": None}
    bucket, group = config.get("s3Config"), config.get("cloudWatchConfig")
    return {
        "bedrock_invocation_logging": {
            "s3_bucket": None if bucket is None else attribute(bucket, "bucketName"),
            "log_group": None if group is None else attribute(group, "logGroupName"),
        }
    }


READERS: Final = (
    Reader(
        operations=("bedrock:GetModelInvocationLoggingConfiguration",),
        read=_logging,
        per="resource",
        of=REGION,
        fills={REGION: ("bedrock_invocation_logging",)},
        permissions=("bedrock:GetModelInvocationLoggingConfiguration",),
    ),
)
