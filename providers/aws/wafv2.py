"""AWS WAF: web ACLs and where they log requests to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

WEB_ACL: Final = "AWS::WAFv2::WebACL"
TYPES: Final = (ResourceType(WEB_ACL),)

CLOUDFRONT_REGION: Final = "us-east-1"
"""Where WAF answers for the web ACLs of CloudFront, which have no region. Other partitions have none of these."""
LOG_SCOPES: Final = ("CUSTOMER", "SECURITY_LAKE", "CLOUDWATCH_TELEMETRY_RULE_MANAGED")
"""Who owns a logging configuration: its account, or one of AWS's services for it. Each is listed apart."""


def _web_acls(aws: Caller, scope: Scope) -> Iterator[Found]:
    for of in ("REGIONAL", "CLOUDFRONT") if aws.region == CLOUDFRONT_REGION else ("REGIONAL",):
        acls = {acl["ARN"]: acl["Name"] for acl in aws.pages("wafv2", "list_web_acls", "WebACLs", Scope=of)}
        logs = _logs(aws, of, frozenset(acls))
        for arn, name in acls.items():
            yield Found(WEB_ACL, arn, {"logging_configurations": logs.get(arn, [])}, name)


def _logs(aws: Caller, of: str, acls: frozenset[str]) -> Mapping[str, list[Mapping[str, Any]]]:
    """The logging configurations of these web ACLs. What its account logs is not asked after elsewhere."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for owner in LOG_SCOPES:
        if not acls - found.keys():
            break
        for item in aws.pages(
            "wafv2", "list_logging_configurations", "LoggingConfigurations", Scope=of, LogScope=owner
        ):
            if item["ResourceArn"] in acls:
                found.setdefault(item["ResourceArn"], []).append(_configuration(item))
    return found


def _configuration(item: Mapping[str, Any]) -> Mapping[str, Any]:
    filtering = item.get("LoggingFilter")
    return {
        "destinations": attribute(item, "LogDestinationConfigs"),
        # Everything is kept where there is no filter.
        "default_behavior": None if filtering is None else attribute(filtering, "DefaultBehavior"),
        "filter_behaviors": []
        if filtering is None
        else sorted({entry["Behavior"] for entry in filtering.get("Filters") or []}),
    }


READERS: Final = (
    Reader(
        operations=("wafv2:ListWebACLs", "wafv2:ListLoggingConfigurations"),
        read=_web_acls,
        lists=(WEB_ACL,),
        fills={WEB_ACL: ("logging_configurations",)},
        permissions=("wafv2:ListWebACLs", "wafv2:ListLoggingConfigurations"),
    ),
)
