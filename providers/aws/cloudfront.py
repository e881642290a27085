"""Amazon CloudFront: distributions, how they log, and real-time log configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

DISTRIBUTION: Final = "AWS::CloudFront::Distribution"
REALTIME_LOG: Final = "AWS::CloudFront::RealtimeLogConfig"
TYPES: Final = (ResourceType(DISTRIBUTION, "global"), ResourceType(REALTIME_LOG, "global"))


def _distributions(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("cloudfront", "list_distributions"):
        listing = page["DistributionList"]
        items = _page(listing)
        if listing["Quantity"] and not items:
            raise KeyError("Items")
        for item in items:
            certificate = item.get("ViewerCertificate") or {}
            properties = {
                "cache_behaviors": _behaviors(item),
                "default_certificate": _default_certificate(certificate),
                "minimum_protocol_version": attribute(certificate, "MinimumProtocolVersion"),
                # An empty text where there is none.
                "web_acl_id": MISSING if item.get("WebACLId") is None else item["WebACLId"] or None,
                "connection_mode": item.get("ConnectionMode"),
            }
            yield Found(DISTRIBUTION, item["ARN"], properties, item["Id"])


def _page(listing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items of a page, which leaves them out where there are none, and says whether another follows."""
    if listing["IsTruncated"] and not listing.get("NextMarker"):
        raise KeyError("NextMarker")
    return listing.get("Items") or []


def _behaviors(distribution: Mapping[str, Any]) -> list[Mapping[str, Any]] | Unread:
    """The cache behaviors in the order in which CloudFront tries them; the default one, which takes the rest, last."""
    others, default = distribution.get("CacheBehaviors"), distribution.get("DefaultCacheBehavior")
    if others is None or default is None:
        return MISSING
    items = others.get("Items") or []
    if len(items) != others.get("Quantity"):
        return MISSING
    return [
        *(_behavior(attribute(item, "PathPattern"), item) for item in items),
        _behavior("*", default),
    ]


def _behavior(path: Any, item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "path_pattern": path,
        "viewer_protocol_policy": attribute(item, "ViewerProtocolPolicy"),
        "realtime_log_config_arn": item.get("RealtimeLogConfigArn") or None,
    }


def _default_certificate(certificate: Mapping[str, Any]) -> bool | Unread:
    # A distribution has CloudFront's certificate or one of these two; older answers name only what it has.
    if certificate.get("ACMCertificateArn") or certificate.get("IAMCertificateId"):
        return False
    found: bool | Unread = attribute(certificate, "CloudFrontDefaultCertificate")
    return found


def _standard_logging(aws: Caller, distribution: Resource) -> Mapping[str, Any]:
    config = aws.call("cloudfront", "get_distribution_config", Id=distribution.name)["DistributionConfig"]
    return {"standard_logging_enabled": attribute(config.get("Logging") or {}, "Enabled")}


def _tenants(aws: Caller, distribution: Resource) -> Mapping[str, Any]:
    if distribution.properties["connection_mode"] in (None, "direct"):
        # Only a multi-tenant distribution has tenants.
        return {"tenants": []}
    pages = aws.pages(
        "cloudfront",
        "list_distribution_tenants",
        "DistributionTenantList",
        AssociationFilter={"DistributionId": distribution.name},
    )
    return {"tenants": [_tenant(tenant) for tenant in pages]}


def _tenant(tenant: Mapping[str, Any]) -> Mapping[str, Any]:
    # Left out where a tenant takes everything, or this, from its distribution.
    custom = (tenant.get("Customizations") or {}).get("WebAcl")
    return {
        "name": attribute(tenant, "Name"),
        "web_acl_action": None if custom is None else attribute(custom, "Action"),
    }


def _deliveries(aws: Caller, scope: Scope) -> Iterator[Found]:
    """What CloudWatch Logs delivers of distributions (standard logging v2), which it does from us-east-1."""
    sources = {
        source["name"]: source
        for source in aws.pages("logs", "describe_delivery_sources", "deliverySources")
        if source["service"] == "cloudfront"
    }
    found: dict[str, list[Mapping[str, Any]]] = {}
    for delivery in aws.pages("logs", "describe_deliveries", "deliveries"):
        # A source that nothing delivers from logs nothing.
        source = sources.get(delivery["deliverySourceName"])
        if source is not None:
            said = {"log_type": attribute(source, "logType"), "source_status": source.get("status")}
            for arn in source["resourceArns"]:
                found.setdefault(arn, []).append(said)
    for arn, deliveries in found.items():
        yield Found(DISTRIBUTION, arn, {"log_deliveries": deliveries})


def _realtime_logs(aws: Caller, scope: Scope) -> Iterator[Found]:
    for page in aws.whole_pages("cloudfront", "list_realtime_log_configs"):
        for item in _page(page["RealtimeLogConfigs"]):
            yield Found(REALTIME_LOG, item["ARN"], {"sampling_rate": attribute(item, "SamplingRate")}, item["Name"])


READERS: Final = (
    Reader(
        operations=("cloudfront:ListDistributions",),
        read=_distributions,
        lists=(DISTRIBUTION,),
        fills={
            DISTRIBUTION: (
                "cache_behaviors",
                "default_certificate",
                "minimum_protocol_version",
                "web_acl_id",
                "connection_mode",
            )
        },
        permissions=("cloudfront:ListDistributions",),
        where="global",
    ),
    Reader(
        operations=("logs:DescribeDeliverySources", "logs:DescribeDeliveries"),
        read=_deliveries,
        fills={DISTRIBUTION: ("log_deliveries",)},
        permissions=("logs:DescribeDeliverySources", "logs:DescribeDeliveries"),
        unmentioned={DISTRIBUTION: {"log_deliveries": []}},
        where="global",
    ),
    Reader(
        operations=("cloudfront:GetDistributionConfig",),
        read=_standard_logging,
        per="resource",
        of=DISTRIBUTION,
        fills={DISTRIBUTION: ("standard_logging_enabled",)},
        permissions=("cloudfront:GetDistributionConfig",),
        gone_codes=frozenset({"NoSuchDistribution"}),
    ),
    Reader(
        operations=("cloudfront:ListDistributionTenants",),
        read=_tenants,
        per="resource",
        of=DISTRIBUTION,
        needs=("connection_mode",),
        fills={DISTRIBUTION: ("tenants",)},
        permissions=("cloudfront:ListDistributionTenants",),
    ),
    Reader(
        operations=("cloudfront:ListRealtimeLogConfigs",),
        read=_realtime_logs,
        lists=(REALTIME_LOG,),
        fills={REALTIME_LOG: ("sampling_rate",)},
        permissions=("cloudfront:ListRealtimeLogConfigs",),
        where="global",
    ),
)
