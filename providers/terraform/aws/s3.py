"""Amazon S3: a bucket and the resources that configure it, with the inline blocks of older provider versions."""

from __future__ import annotations

from typing import Any, Final

from providers.base import MISSING, Unread
from providers.terraform.aws.documents import policy
from providers.terraform.block import REQUIRED, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Setting, Split, Where

BUCKET: Final = "AWS::S3::Bucket"
KEY: Final = "AWS::KMS::Key"
DAYS_OF_A_YEAR: Final = 365

_FLAGS: Final = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
_UNSAID: Final = "S3 API: without a configuration nothing is blocked, and ACLs are in force"
"""S3 gives new buckets both since April 2023. A plan that does not say so does not keep them so."""
_ALL: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
_SIGNED_IN: Final = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_LOG: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"
CANNED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "private": (),
    "public-read": ((_ALL, "READ"),),
    "public-read-write": ((_ALL, "READ"), (_ALL, "WRITE")),
    "authenticated-read": ((_SIGNED_IN, "READ"),),
    "log-delivery-write": ((_LOG, "WRITE"), (_LOG, "READ_ACP")),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}
"""What canned ACLs grant to groups (S3 User Guide, "Canned ACL"); each grants the owner FULL_CONTROL."""
OWNER: Final = {"grantee_type": "CanonicalUser", "grantee_uri": None, "permission": "FULL_CONTROL"}


def _identity(block: Block, where: Where) -> Any:
    name = block.get("bucket", None, computed=False)
    return f"arn:{where.partition}:s3:::{name}" if isinstance(name, str) else name


def _block_flags(block: Block) -> Any:
    # "Defaults to false" (provider documentation, aws_s3_bucket_public_access_block).
    return {name: block.get(name, False) for name in _FLAGS}


# --- ACL -------------------------------------------------------------------------------------------------------------


def _canned(acl: Any) -> Any:
    if isinstance(acl, Unread):
        return acl
    grants = CANNED.get(acl)
    if grants is None:
        return Unread("missing_attribute", detail="a canned ACL that this version does not know")
    return [OWNER, *({"grantee_type": "Group", "grantee_uri": uri, "permission": which} for uri, which in grants)]


def _acl(block: Block) -> Any:
    policies = block.blocks("access_control_policy")
    if isinstance(policies, Unread) or not policies:
        acl = block.get("acl", None, computed=False)
        # Where neither is set, the provider reads back what is there.
        return policies if acl is None and isinstance(policies, Unread) else MISSING if acl is None else _canned(acl)
    grants = policies[0].blocks("grant")
    return grants if isinstance(grants, Unread) else [_grant(grant) for grant in grants]


def _grant(grant: Block) -> dict[str, Any]:
    kind = grant.get("grantee.type")
    return {
        "grantee_type": kind,
        "grantee_uri": kind if isinstance(kind, Unread) else grant.get("grantee.uri") if kind == "Group" else None,
        "permission": grant.get("permission"),
    }


def _inline_acl(block: Block) -> Any:
    grants = block.blocks("grant", optional=True)
    if isinstance(grants, Unread) or not grants:
        acl = block.get("acl", None, optional=True)
        return acl if acl is None else _canned(acl)
    return [row for grant in grants for row in _inline_grants(grant)]


def _inline_grants(grant: Block) -> list[dict[str, Any]]:
    permissions = grant.get("permissions")
    kind = grant.get("type")
    uri = grant.get("uri", None) if kind == "Group" else None
    if isinstance(permissions, Unread):
        return [{"grantee_type": kind, "grantee_uri": uri, "permission": permissions}]
    return [{"grantee_type": kind, "grantee_uri": uri, "permission": permission} for permission in permissions]


# --- which objects a rule is about -----------------------------------------------------------------------------------


def _tag_names(tags: Any) -> Any:
    return tags if isinstance(tags, Unread) else sorted(tags or {})


def _covered(rule: Block) -> dict[str, Any]:
    """The conditions of a lifecycle or replication rule: a filter with one or with several below ``and``."""
    filter_ = rule.block("filter", optional=True)
    if isinstance(filter_, Unread):
        return {"prefix": filter_, "object_tags": filter_}
    if filter_ is None:
        return {"prefix": rule.get("prefix", "", optional=True), "object_tags": []}
    every = filter_.block("and", optional=True)
    if isinstance(every, Unread):
        return {"prefix": every, "object_tags": every}
    if every is not None:
        return {"prefix": every.get("prefix", ""), "object_tags": _tag_names(every.get("tags", {}))}
    tag = filter_.block("tag", optional=True)
    names = tag if isinstance(tag, Unread) else [] if tag is None else [tag.get("key")]
    # The inline block of the bucket has its tags in the filter itself.
    own = _tag_names(filter_.get("tags", {}, optional=True))
    prefix = filter_.get("prefix", "", optional=True)
    if isinstance(names, Unread) or isinstance(own, Unread):
        return {"prefix": prefix, "object_tags": names if isinstance(names, Unread) else own}
    return {"prefix": prefix, "object_tags": [*names, *own]}


def _size(rule: Block, name: str) -> Any:
    for path in (f"filter.and.{name}", f"filter.{name}"):
        value = rule.get(path, None, optional=True)
        if isinstance(value, Unread):
            return value
        if value not in (None, "", 0, "0"):
            return int(value)
    return None


def _whole(value: Any) -> Any:
    """A number that provider versions write as a number or as text, and as 0 where it is not set."""
    return value if isinstance(value, Unread) else int(value) or None if value not in (None, "") else None


def _lifecycle(block: Block) -> Any:
    rules = block.blocks("rule")
    return rules if isinstance(rules, Unread) else [_lifecycle_rule(rule) for rule in rules]


def _lifecycle_rule(rule: Block) -> dict[str, Any]:
    return {
        "status": rule.get("status"),
        **_covered(rule),
        "object_size_greater_than": _size(rule, "object_size_greater_than"),
        "object_size_less_than": _size(rule, "object_size_less_than"),
        "expiration_days": _whole(rule.get("expiration.days", None)),
        "expiration_date": rule.get("expiration.date", None),
        "noncurrent_days": _whole(rule.get("noncurrent_version_expiration.noncurrent_days", None)),
        "newer_noncurrent_versions": _whole(rule.get("noncurrent_version_expiration.newer_noncurrent_versions", None)),
    }


def _inline_lifecycle(block: Block) -> Any:
    rules = block.blocks("lifecycle_rule", optional=True)
    return rules if isinstance(rules, Unread) else [_inline_lifecycle_rule(rule) for rule in rules]


def _inline_lifecycle_rule(rule: Block) -> dict[str, Any]:
    enabled = rule.get("enabled")
    date = rule.get("expiration.date", None)
    if isinstance(date, str):
        date = f"{date}T00:00:00Z" if date and "T" not in date else date or None
    return {
        "status": enabled if isinstance(enabled, Unread) else "Enabled" if enabled else "Disabled",
        "prefix": rule.get("prefix", ""),
        "object_tags": _tag_names(rule.get("tags", {})),
        "object_size_greater_than": None,
        "object_size_less_than": None,
        "expiration_days": _whole(rule.get("expiration.days", None)),
        "expiration_date": date,
        "noncurrent_days": _whole(rule.get("noncurrent_version_expiration.days", None)),
        "newer_noncurrent_versions": None,
    }


# --- object lock, replication ----------------------------------------------------------------------------------------


def _retention_days(path: str) -> Derived:
    def read(block: Block) -> Any:
        days, years = (_whole(block.get(f"{path}.{unit}", None)) for unit in ("days", "years"))
        unread = next((value for value in (days, years) if isinstance(value, Unread)), None)
        if unread is not None:
            return unread
        return (days or 0) + (years or 0) * DAYS_OF_A_YEAR or None

    return Derived((f"{path}.days", f"{path}.years"), read)


def _replication(path: str, buckets_only: bool = False) -> Derived:
    def read(block: Block) -> Any:
        rules = block.blocks(path, optional=True)
        if isinstance(rules, Unread):
            return rules
        found = [_replication_rule(rule) for rule in rules]
        if not buckets_only:
            return found
        names = [rule["destination_bucket"] for rule in found]
        unread = next((name for name in names if isinstance(name, Unread)), None)
        return unread if unread is not None else sorted(set(names))

    return Derived((path,), read)


def _replication_regions(path: str) -> Derived:
    def read(block: Block) -> Any:
        buckets = _replication(path, True).read(block)
        if isinstance(buckets, Unread):
            return buckets
        return [{"bucket": bucket, "region": _region(block, bucket)} for bucket in buckets]

    return Derived((path,), read)


def _region(block: Block, bucket: str) -> Any:
    return block.referring.region_of(bucket, BUCKET) or Unread(
        "not_collected", detail="a bucket that is not in this plan"
    )


def _encrypted_objects(rule: Block) -> Any:
    path = "source_selection_criteria.sse_kms_encrypted_objects"
    criteria = rule.block("source_selection_criteria")
    if criteria is None or isinstance(criteria, Unread):
        return "Disabled" if criteria is None else criteria
    enabled = rule.get(f"{path}.enabled", False, optional=True)
    if enabled is True:
        return "Enabled"
    return enabled if isinstance(enabled, Unread) else rule.get(f"{path}.status", "Disabled", optional=True)


def _replication_rule(rule: Block) -> dict[str, Any]:
    return {
        "status": rule.get("status"),
        **_covered(rule),
        "kms_encrypted_objects": _encrypted_objects(rule),
        "destination_bucket": rule.id("destination.bucket", BUCKET),
    }


# --- the mapping -----------------------------------------------------------------------------------------------------


def _older(created: Any, source: str, inline: Attribute | Derived, removed: Any = REQUIRED) -> Split:
    """A property that the bucket itself has in older provider versions."""
    return Split(created, source, inline=inline, removed=removed, optional=True)


def _set(text: str) -> str | None:
    """A text of which "" says as much as null."""
    return text or None


def _enabled(value: bool) -> str | None:
    # The provider reads a bucket that never had versioning back as not enabled, as it does one that was suspended.
    return "Enabled" if value else None


def _versioned(status: str) -> str | None:
    # "Disabled" is only allowed for a bucket that never had versioning (provider documentation).
    return None if status == "Disabled" else status


def managed(properties: dict[str, Any]) -> dict[str, Any]:
    """``kms_key_manager``: null for the account's own keys, AWS for its aliases, and else nothing that a plan tells."""
    key = properties["kms_master_key_id"]
    if isinstance(key, Unread):
        manager: Any = key
    elif key is None:
        manager = None
    elif "alias/aws/" in key:
        # AWS's own key by its alias is what aws:kms means without a key; keys of the account are not looked through.
        return {**properties, "kms_master_key_id": None, "kms_key_manager": "AWS"}
    elif "alias/" in key:
        manager = Unread("not_collected", detail="what an alias leads to is not in a plan")
    else:
        manager = None
    return {**properties, "kms_key_manager": manager}


_ENCRYPTION: Final = "rule.apply_server_side_encryption_by_default"
_INLINE_ENCRYPTION: Final = f"server_side_encryption_configuration.{_ENCRYPTION}"
_SSE_S3: Final = "S3 User Guide, 'Default encryption': SSE-S3 for every bucket since January 2023"
_PROVIDER: Final = "provider documentation, on deletion"

PARTS: Final = (
    Part(
        "aws_s3_bucket_public_access_block",
        "bucket",
        {"public_access_block": Derived(_FLAGS, _block_flags, "provider documentation: each defaults to false")},
    ),
    Part("aws_s3_bucket_policy", "bucket", {"policy": policy("policy")}),
    Part("aws_s3_bucket_acl", "bucket", {"acl_grants": Derived(("acl", "access_control_policy.grant"), _acl)}),
    Part("aws_s3_bucket_ownership_controls", "bucket", {"object_ownership": Attribute("rule.object_ownership")}),
    Part(
        "aws_s3_bucket_server_side_encryption_configuration",
        "bucket",
        {
            "encryption_algorithm": Attribute(f"{_ENCRYPTION}.sse_algorithm"),
            "kms_master_key_id": Attribute(f"{_ENCRYPTION}.kms_master_key_id", None, names=KEY, convert=_set),
        },
    ),
    Part(
        "aws_s3_bucket_versioning",
        "bucket",
        {"versioning_status": Attribute("versioning_configuration.status", convert=_versioned)},
    ),
    Part("aws_s3_bucket_logging", "bucket", {"logging_target_bucket": Attribute("target_bucket")}),
    Part("aws_s3_bucket_lifecycle_configuration", "bucket", {"lifecycle_rules": Derived(("rule",), _lifecycle)}),
    Part(
        "aws_s3_bucket_object_lock_configuration",
        "bucket",
        {
            "object_lock_retention_mode": Attribute("rule.default_retention.mode", None),
            "object_lock_retention_days": _retention_days("rule.default_retention"),
        },
    ),
    Part(
        "aws_s3_bucket_replication_configuration",
        "bucket",
        {
            "replication_rules": _replication("rule"),
            "replication_buckets": _replication("rule", True),
            "replication_regions": _replication_regions("rule"),
        },
    ),
)

MAPPINGS: Final = (
    Mapping(
        type=BUCKET,
        terraform="aws_s3_bucket",
        keys=("id", "bucket", "arn"),
        name=Attribute("bucket", None),
        identity=_identity,
        parts=PARTS,
        finish=managed,
        follows=("kms_key_manager",),
        properties={
            "public_access_block": Split(dict.fromkeys(_FLAGS, False), _UNSAID),
            "policy": _older(None, _PROVIDER, inline=policy("policy", optional=True)),
            "acl_grants": _older(
                [OWNER],
                "S3 User Guide, 'Default ACL'",
                inline=Derived(("acl", "grant"), _inline_acl),
            ),
            "object_ownership": Split(None, _UNSAID),
            "encryption_algorithm": _older(
                "AES256", _SSE_S3, inline=Attribute(f"{_INLINE_ENCRYPTION}.sse_algorithm", None)
            ),
            "kms_master_key_id": _older(
                None,
                _SSE_S3,
                inline=Attribute(f"{_INLINE_ENCRYPTION}.kms_master_key_id", None, names=KEY, convert=_set),
            ),
            "versioning_status": _older(
                None,
                "S3 User Guide, 'Using versioning': unversioned is the default",
                inline=Attribute("versioning.enabled", None, convert=_enabled),
                removed="Suspended",
            ),
            "logging_target_bucket": _older(
                None, "S3 User Guide: off by default", inline=Attribute("logging.target_bucket", None)
            ),
            "lifecycle_rules": _older([], _PROVIDER, inline=Derived(("lifecycle_rule",), _inline_lifecycle)),
            "object_lock_retention_mode": _older(
                None, _PROVIDER, inline=Attribute("object_lock_configuration.rule.default_retention.mode", None)
            ),
            "object_lock_retention_days": _older(
                None, _PROVIDER, inline=_retention_days("object_lock_configuration.rule.default_retention")
            ),
            "replication_rules": _older([], _PROVIDER, inline=_replication("replication_configuration.rules")),
            "replication_buckets": _older([], _PROVIDER, inline=_replication("replication_configuration.rules", True)),
            "replication_regions": _older(
                [], _PROVIDER, inline=_replication_regions("replication_configuration.rules")
            ),
        },
    ),
)

SETTINGS: Final = (
    Setting(
        "AWS::Account",
        "aws_s3_account_public_access_block",
        {"s3_public_access_block": Derived(_FLAGS, _block_flags, "provider documentation: each defaults to false")},
        removed={"s3_public_access_block": dict.fromkeys(_FLAGS, False)},
        source="S3 API, DeletePublicAccessBlock: without a configuration nothing is blocked",
    ),
)
