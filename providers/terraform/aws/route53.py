"""Amazon Route 53: hosted zones and their query logging."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.route53 import HOSTED_ZONE
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split


def _private(block: Block) -> Any:
    vpcs = block.blocks("vpc")
    return vpcs if isinstance(vpcs, Unread) else bool(vpcs)


MAPPINGS: Final = (
    Mapping(
        type=HOSTED_ZONE,
        terraform="aws_route53_zone",
        keys=("zone_id", "id", "arn"),
        where="global",
        parts=(
            Part(
                "aws_route53_query_log",
                "zone_id",
                {"query_log_group_arn": Attribute("cloudwatch_log_group_arn", names="AWS::Logs::LogGroup")},
            ),
        ),
        properties={
            "private_zone": Derived(
                ("vpc.vpc_id",), _private, "provider documentation, aws_route53_zone: a zone with a VPC is private"
            ),
            "query_log_group_arn": Split(None, "Route 53 API, CreateQueryLoggingConfig: none until then"),
        },
    ),
)
