"""Amazon S3: a bucket with what it says of itself, and its policy beside it."""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, arn, policy, tags, truth, whole
from providers.terraform.aws.s3 import BUCKET, CANNED, DAYS_OF_A_YEAR, KEY, OWNER, managed
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_FLAGS: Final = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
_UNSAID: Final = "S3 API: without a configuration nothing is blocked, and ACLs are in force"
_SSE_S3: Final = "S3 User Guide, 'Default encryption': SSE-S3 for every bucket since January 2023"
_OWN: Final = Unread("known_after_apply", detail="the bucket itself, whose name is not known")
_DEFAULT: Final = "BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault"
_RETENTION: Final = "ObjectLockConfiguration.Rule.DefaultRetention"
_RULES: Final = "ReplicationConfiguration.Rules"


def _block(block: Block) -> Any:
    found = block.block("PublicAccessBlockConfiguration")
    if isinstance(found, Unread):
        return found
    return {ours: truth(found.get(theirs, False)) if found is not None else False for ours, theirs in _FLAGS.items()}


def _acl(block: Block) -> Any:
    acl = block.get("AccessControl", "Private")
    if isinstance(acl, Unread):
        return acl
    canned = {name.replace("-", ""): grants for name, grants in CANNED.items()}
    grants = canned.get(acl.lower())
    if grants is None:
        return Unread("missing_attribute", detail="a canned ACL that this version does not know")
    return [OWNER, *({"grantee_type": "Group", "grantee_uri": uri, "permission": which} for uri, which in grants)]


# --- which objects a rule is about -----------------------------------------------------------------------------------


def _keys(rows: Any) -> Any:
    if isinstance(rows, Unread):
        return rows
    return sorted(row["Key"] for row in rows)


def _lifecycle(block: Block) -> Any:
    rules = block.blocks("LifecycleConfiguration.Rules")
    return rules if isinstance(rules, Unread) else [_lifecycle_rule(rule) for rule in rules]


def _lifecycle_rule(rule: Block) -> dict[str, Any]:
    days = rule.get("NoncurrentVersionExpirationInDays", None)
    return {
        "status": rule.get("Status"),
        "prefix": rule.get("Prefix", ""),
        "object_tags": _keys(rule.get("TagFilters", [])),
        "object_size_greater_than": whole(rule.get("ObjectSizeGreaterThan", None)),
        "object_size_less_than": whole(rule.get("ObjectSizeLessThan", None)),
        "expiration_days": whole(rule.get("ExpirationInDays", None)),
        "expiration_date": rule.get("ExpirationDate", None),
        "noncurrent_days": whole(
            days if days is not None else rule.get("NoncurrentVersionExpiration.NoncurrentDays", None)
        ),
        "newer_noncurrent_versions": whole(rule.get("NoncurrentVersionExpiration.NewerNoncurrentVersions", None)),
    }


def _covered(rule: Block) -> dict[str, Any]:
    """The conditions of a replication rule: a filter with one or with several below ``And``, or an older prefix."""
    found = rule.block("Filter")
    if isinstance(found, Unread):
        return {"prefix": found, "object_tags": found}
    if found is None:
        return {"prefix": rule.get("Prefix", ""), "object_tags": []}
    every = found.block("And")
    if isinstance(every, Unread):
        return {"prefix": every, "object_tags": every}
    if every is not None:
        return {"prefix": every.get("Prefix", ""), "object_tags": _keys(every.get("TagFilters", []))}
    tag = found.block("TagFilter")
    names = tag if isinstance(tag, Unread) else [] if tag is None else [tag.get("Key")]
    return {"prefix": found.get("Prefix", ""), "object_tags": names}


def _replication(block: Block) -> Any:
    rules = block.blocks(_RULES)
    if isinstance(rules, Unread):
        return rules
    return [
        {
            "status": rule.get("Status"),
            **_covered(rule),
            "kms_encrypted_objects": rule.get("SourceSelectionCriteria.SseKmsEncryptedObjects.Status", "Disabled"),
            "destination_bucket": rule.id("Destination.Bucket", BUCKET),
        }
        for rule in rules
    ]


def _buckets(block: Block) -> Any:
    rules = _replication(block)
    if isinstance(rules, Unread):
        return rules
    names = [rule["destination_bucket"] for rule in rules]
    unread = next((name for name in names if isinstance(name, Unread)), None)
    return unread if unread is not None else sorted(set(names))


def _regions(block: Block) -> Any:
    buckets = _buckets(block)
    if isinstance(buckets, Unread):
        return buckets
    # A template's buckets are made where it is deployed; of others it says nothing.
    return [{"bucket": bucket, "region": _region(block, bucket)} for bucket in buckets]


def _region(block: Block, bucket: str) -> Any:
    return block.referring.region_of(bucket, BUCKET) or Unread(
        "not_collected", detail="a bucket whose region the template does not tell"
    )


def _days(block: Block) -> Any:
    days, years = (whole(block.get(f"{_RETENTION}.{unit}", None)) for unit in ("Days", "Years"))
    unread = next((value for value in (days, years) if isinstance(value, Unread)), None)
    return unread if unread is not None else (days or 0) + (years or 0) * DAYS_OF_A_YEAR or None


MAPPINGS: Final = (
    Mapping(
        BUCKET,
        "AWS::S3::Bucket",
        {
            "public_access_block": Derived(("PublicAccessBlockConfiguration",), _block, _UNSAID),
            "policy": Split(None, "S3 API: a new bucket has no policy"),
            "acl_grants": Derived(("AccessControl",), _acl, f"{DOCUMENTED}: Private by default"),
            "object_ownership": Attribute("OwnershipControls.Rules.ObjectOwnership", None, _UNSAID),
            "encryption_algorithm": Attribute(f"{_DEFAULT}.SSEAlgorithm", "AES256", _SSE_S3),
            "kms_master_key_id": Attribute(f"{_DEFAULT}.KMSMasterKeyID", None, names=KEY),
            "versioning_status": Attribute("VersioningConfiguration.Status", None),
            "logging_target_bucket": Derived(
                ("LoggingConfiguration.DestinationBucketName",),
                lambda block: block.get(
                    "LoggingConfiguration.DestinationBucketName",
                    None if block.get("LoggingConfiguration", None) is None else block.get("BucketName", _OWN),
                ),
                f"{DOCUMENTED}: the bucket itself, where only a prefix is said",
            ),
            "lifecycle_rules": Derived(("LifecycleConfiguration.Rules",), _lifecycle),
            "object_lock_retention_mode": Attribute(f"{_RETENTION}.Mode", None),
            "object_lock_retention_days": Derived((f"{_RETENTION}.Days", f"{_RETENTION}.Years"), _days),
            "replication_rules": Derived((_RULES,), _replication),
            "replication_buckets": Derived((_RULES,), _buckets),
            "replication_regions": Derived((_RULES,), _regions),
            "tags": tags(),
        },
        parts=(Part("AWS::S3::BucketPolicy", "Bucket", {"policy": policy("PolicyDocument")}),),
        keys=("BucketName", "Arn"),
        name=Attribute("BucketName", None),
        identity=arn("AWS::S3::Bucket"),
        finish=managed,
        follows=("kms_key_manager",),
    ),
)
