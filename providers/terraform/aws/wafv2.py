"""AWS WAF: web ACLs and their logging."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.wafv2 import WEB_ACL
from providers.base import Unread
from providers.terraform.aws.beyond import one_of
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Mapping, Part, Split

_DESTINATIONS: Final = "log_destination_configs"
_FILTER: Final = "logging_filter"
_KEEPERS: Final = ("AWS::Logs::LogGroup", "AWS::S3::Bucket")


def _configurations(block: Block) -> Any:
    """The one configuration that the part is. It has exactly one destination (WAF API, LoggingConfiguration)."""
    destinations, filter_ = one_of(block, _DESTINATIONS, *_KEEPERS), block.block(_FILTER)
    found = destinations if isinstance(destinations, list) else [destinations]
    if filter_ is None:
        return [{"destinations": found, "default_behavior": None, "filter_behaviors": []}]
    if isinstance(filter_, Unread):
        return [{"destinations": found, "default_behavior": filter_, "filter_behaviors": filter_}]
    rows = filter_.blocks("filter")
    behaviors = rows if isinstance(rows, Unread) else [row.get("behavior") for row in rows]
    if not isinstance(behaviors, Unread) and not any(isinstance(row, Unread) for row in behaviors):
        behaviors = sorted(set(behaviors))
    return [{"destinations": found, "default_behavior": filter_.get("default_behavior"), "filter_behaviors": behaviors}]


MAPPINGS: Final = (
    Mapping(
        type=WEB_ACL,
        terraform="aws_wafv2_web_acl",
        keys=("arn", "id"),
        control=True,
        parts=(
            Part(
                "aws_wafv2_web_acl_logging_configuration",
                "resource_arn",
                {
                    "logging_configurations": Derived(
                        (_DESTINATIONS, f"{_FILTER}.default_behavior", f"{_FILTER}.filter.behavior"), _configurations
                    )
                },
            ),
        ),
        properties={"logging_configurations": Split([], "WAF API, PutLoggingConfiguration: none until then")},
    ),
)
