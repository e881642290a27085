"""Amazon S3: how long the objects of a bucket are kept, when they cannot be deleted, and where else they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.s3 import BUCKET, GONE, region_of
from providers.base import MISSING, Reader, Resource, ResourceType, Unread, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

TYPES: Final[tuple[ResourceType, ...]] = ()

DAYS_OF_A_YEAR: Final = 365


def _tags(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    answer = aws.call("s3", "get_bucket_tagging", Bucket=bucket.name)
    return {"tags": {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}}


# --- which objects a rule is about -----------------------------------------------------------------------------------


def _covered(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The conditions on objects of a lifecycle or replication rule, wherever it has them.

    Older rules have a prefix, newer ones a filter with one condition, or with several below And. A filter without a
    condition and an empty prefix mean every object; a rule has one of the two (API reference, LifecycleRule).
    """
    filter_ = rule.get("Filter")
    if filter_ is None:
        return {"prefix": attribute(rule, "Prefix"), "object_tags": []}
    every = filter_.get("And") or filter_
    tags = [*(every.get("Tags") or []), *([every["Tag"]] if every.get("Tag") else [])]
    return {"prefix": every.get("Prefix") or "", "object_tags": sorted(tag["Key"] for tag in tags)}


def _sizes(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    filter_ = rule.get("Filter") or {}
    every = filter_.get("And") or filter_
    return {
        "object_size_greater_than": every.get("ObjectSizeGreaterThan"),
        "object_size_less_than": every.get("ObjectSizeLessThan"),
    }


# --- deletion --------------------------------------------------------------------------------------------------------


def _lifecycle(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    answer = aws.call("s3", "get_bucket_lifecycle_configuration", Bucket=bucket.name)
    return {"lifecycle_rules": [_lifecycle_rule(rule) for rule in answer["Rules"]]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    expiration = rule.get("Expiration") or {}
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    return {
        "status": attribute(rule, "Status"),
        **_covered(rule),
        **_sizes(rule),
        "expiration_days": expiration.get("Days"),
        "expiration_date": instant(expiration["Date"]) if expiration.get("Date") else None,
        "noncurrent_days": noncurrent.get("NoncurrentDays"),
        "newer_noncurrent_versions": noncurrent.get("NewerNoncurrentVersions"),
    }


def _object_lock(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    lock = aws.call("s3", "get_object_lock_configuration", Bucket=bucket.name)["ObjectLockConfiguration"]
    # The rule is optional, and its default may be an event hold alone; a mode comes with days or years.
    retention = (lock.get("Rule") or {}).get("DefaultRetention") or {}
    mode = retention.get("Mode")
    if lock["ObjectLockEnabled"] != "Enabled" or mode is None:
        return {"object_lock_retention_mode": None, "object_lock_retention_days": None}
    days, years = retention.get("Days"), retention.get("Years")
    whole = MISSING if days is None and years is None else (days or 0) + (years or 0) * DAYS_OF_A_YEAR
    return {"object_lock_retention_mode": mode, "object_lock_retention_days": whole}


# --- copies ----------------------------------------------------------------------------------------------------------


def _replication(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    rules = aws.call("s3", "get_bucket_replication", Bucket=bucket.name)["ReplicationConfiguration"]["Rules"]
    return {
        "replication_rules": [_replication_rule(rule) for rule in rules],
        "replication_buckets": sorted({rule["Destination"]["Bucket"] for rule in rules}),
    }


def _replication_rule(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    # "By default, Amazon S3 doesn't replicate objects that are encrypted with SSE-KMS" (user guide).
    encrypted = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects")
    return {
        "status": attribute(rule, "Status"),
        **_covered(rule),
        "kms_encrypted_objects": "Disabled" if encrypted is None else attribute(encrypted, "Status"),
        "destination_bucket": rule["Destination"]["Bucket"],
    }


def _replication_regions(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    buckets = bucket.properties["replication_buckets"]
    return {"replication_regions": [{"bucket": arn, "region": _region(aws, arn)} for arn in buckets]}


def _region(aws: Caller, arn: str) -> str | Unread | None:
    """Where a bucket lies that may be another account's, which then has to allow the question; None for no bucket."""
    name = arn.rpartition(":")[2]
    answer = aws.part(
        "s3:GetBucketLocation", lambda: aws.optional("s3", "get_bucket_location", "NoSuchBucket", Bucket=name)
    )
    return answer if answer is None or isinstance(answer, Unread) else region_of(answer)


READERS: Final = (
    Reader(
        operations=("s3:GetBucketTagging",),
        read=_tags,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("tags",)},
        permissions=("s3:GetBucketTagging",),
        absent={"tags": {}},
        absent_codes=frozenset({"NoSuchTagSet"}),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetBucketLifecycleConfiguration",),
        read=_lifecycle,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("lifecycle_rules",)},
        permissions=("s3:GetLifecycleConfiguration",),
        absent={"lifecycle_rules": []},
        absent_codes=frozenset({"NoSuchLifecycleConfiguration"}),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetObjectLockConfiguration",),
        read=_object_lock,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("object_lock_retention_mode", "object_lock_retention_days")},
        permissions=("s3:GetBucketObjectLockConfiguration",),
        absent_codes=frozenset({"ObjectLockConfigurationNotFoundError"}),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetBucketReplication",),
        read=_replication,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("replication_rules", "replication_buckets")},
        permissions=("s3:GetReplicationConfiguration",),
        absent={"replication_rules": [], "replication_buckets": []},
        absent_codes=frozenset({"ReplicationConfigurationNotFoundError"}),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetBucketLocation",),
        read=_replication_regions,
        per="resource",
        of=BUCKET,
        needs=("replication_buckets",),
        shared=True,
        fills={BUCKET: ("replication_regions",)},
        permissions=("s3:GetBucketLocation",),
    ),
)
