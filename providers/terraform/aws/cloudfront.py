"""Amazon CloudFront: distributions, how they log, and real-time log configurations."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.cloudfront import DISTRIBUTION, REALTIME_LOG
from providers.aws.wafv2 import WEB_ACL
from providers.base import MISSING, Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping

_PROVIDER: Final = "provider documentation, aws_cloudfront_distribution"
_CERTIFICATES: Final = ("viewer_certificate.acm_certificate_arn", "viewer_certificate.iam_certificate_id")
_DEFAULT: Final = "viewer_certificate.cloudfront_default_certificate"


def _behaviors(block: Block) -> Any:
    """The cache behaviors in the order in which CloudFront tries them; the default one, which takes the rest, last."""
    others, default = block.blocks("ordered_cache_behavior"), block.block("default_cache_behavior")
    # Provider versions before 2 have them in a set.
    older = block.blocks("cache_behavior", optional=True)
    if isinstance(others, Unread) or isinstance(older, Unread) or isinstance(default, Unread) or default is None:
        return next((value for value in (others, older, default) if isinstance(value, Unread)), MISSING)
    rows = (*others, *older)
    return [*(_behavior(row.get("path_pattern"), row) for row in rows), _behavior("*", default)]


def _behavior(path: Any, row: Block) -> dict[str, Any]:
    arn = row.id("realtime_log_config_arn", REALTIME_LOG, None, optional=True)
    return {
        "path_pattern": path,
        "viewer_protocol_policy": row.get("viewer_protocol_policy"),
        "realtime_log_config_arn": arn or None if not isinstance(arn, Unread) else arn,
    }


def _default_certificate(block: Block) -> Any:
    """Whether viewers see CloudFront's certificate: where it is said, and where none of its own is set."""
    own = [block.get(path, None, computed=False) for path in _CERTIFICATES]
    if any(isinstance(value, str) and value for value in own):
        return False
    default = block.get(_DEFAULT, None)
    if default is True or isinstance(default, Unread):
        return default
    # A certificate that is not known yet is one all the same, since a distribution has one of the three.
    return not any(isinstance(value, Unread) for value in own)


def _standard_logging(block: Block) -> Any:
    config = block.block("logging_config")
    if config is None or isinstance(config, Unread):
        return False if config is None else config
    bucket = config.get("bucket", "", computed=False)
    # Without a bucket the block speaks of cookies in logs of version 2 only. A bucket that is only planned is one.
    if isinstance(bucket, Unread) and bucket.reason == "known_after_apply":
        return True if _planned(config) else bucket
    return bucket if isinstance(bucket, Unread) else bucket != ""


def _planned(config: Block) -> bool:
    buckets = config.named("bucket", "aws_s3_bucket")
    return not isinstance(buckets, Unread) and bool(buckets)


MAPPINGS: Final = (
    Mapping(
        type=DISTRIBUTION,
        terraform="aws_cloudfront_distribution",
        name=Attribute("id", None, computed=False),
        where="global",
        properties={
            "cache_behaviors": Derived(("default_cache_behavior", "ordered_cache_behavior"), _behaviors),
            "default_certificate": Derived((*_CERTIFICATES, _DEFAULT), _default_certificate, _PROVIDER),
            "minimum_protocol_version": Attribute("viewer_certificate.minimum_protocol_version", "TLSv1", _PROVIDER),
            "web_acl_id": Attribute("web_acl_id", None, names=WEB_ACL, convert=lambda id_: id_ or None),
            "connection_mode": Constant("direct", "CloudFront API, CreateDistribution"),
            "tenants": Constant([], "CloudFront API: only a multi-tenant distribution has tenants"),
            "standard_logging_enabled": Derived(("logging_config", "logging_config.bucket"), _standard_logging),
        },
    ),
    Mapping(
        type=REALTIME_LOG,
        terraform="aws_cloudfront_realtime_log_config",
        where="global",
        properties={"sampling_rate": Attribute("sampling_rate")},
    ),
)
