"""Amazon EMR: what a region lets clusters' security groups open to everyone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Reader, Resource, ResourceType, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

REGION: Final = "AWS::Region"
TYPES: Final[tuple[ResourceType, ...]] = ()


def _block(aws: Caller, region: Resource) -> Mapping[str, Any]:
    block = aws.call("emr", "get_block_public_access_configuration")["BlockPublicAccessConfiguration"]
    ranges = block.get("PermittedPublicSecurityGroupRuleRanges") or []
    return {
        "emr_block_public_access": {
            "block_public_security_group_rules": attribute(block, "BlockPublicSecurityGroupRules"),
            "permitted_ranges": [
                {"min_range": attribute(item, "MinRange"), "max_range": attribute(item, "MaxRange")} for item in ranges
            ],
        }
    }


READERS: Final = (
    Reader(
        operations=("emr:GetBlockPublicAccessConfiguration",),
        read=_block,
        per="resource",
        of=REGION,
        fills={REGION: ("emr_block_public_access",)},
        permissions=("elasticmapreduce:GetBlockPublicAccessConfiguration",),
    ),
)
