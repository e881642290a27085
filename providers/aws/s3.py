"""Amazon S3: general purpose buckets and the account's public access block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

BUCKET: Final = "AWS::S3::Bucket"
TYPES: Final = (ResourceType(BUCKET, "global"),)

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{3,255}", re.ASCII)
"""Names of buckets, also of those older than today's rules (S3 User Guide, bucket naming rules)."""
_REGION: Final = re.compile(r"[a-z0-9-]+", re.ASCII)
GONE: Final = frozenset({"NoSuchBucket"})
_NO_BLOCK_CODE: Final = frozenset({"NoSuchPublicAccessBlockConfiguration"})
_NO_BLOCK: Final[Mapping[str, bool]] = {
    "block_public_acls": False,
    "ignore_public_acls": False,
    "block_public_policy": False,
    "restrict_public_buckets": False,
}


def _buckets(aws: Caller, scope: Scope) -> Iterator[Found]:
    for bucket in aws.pages("s3", "list_buckets", "Buckets", MaxBuckets=1000):
        name = bucket["Name"]
        if not _NAME.fullmatch(name):
            raise ValueError("no name of a bucket")
        # AWS answers with the region because MaxBuckets is given; S3-compatible servers do not.
        region = bucket.get("BucketRegion") or region_of(aws.call("s3", "get_bucket_location", Bucket=name))
        if not _REGION.fullmatch(region):
            raise ValueError("no name of a region")
        yield Found(BUCKET, f"arn:{aws.partition}:s3:::{name}", {}, name, region)


def region_of(answer: Mapping[str, Any]) -> str:
    """A bucket's region; GetBucketLocation says null for us-east-1 and EU for old buckets in eu-west-1."""
    constraint: str | None = answer["LocationConstraint"]
    return "eu-west-1" if constraint == "EU" else constraint or "us-east-1"


def _block(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    block = answer["PublicAccessBlockConfiguration"]
    return {
        "block_public_acls": attribute(block, "BlockPublicAcls"),
        "ignore_public_acls": attribute(block, "IgnorePublicAcls"),
        "block_public_policy": attribute(block, "BlockPublicPolicy"),
        "restrict_public_buckets": attribute(block, "RestrictPublicBuckets"),
    }


def _bucket_block(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    return {"public_access_block": _block(aws.call("s3", "get_public_access_block", Bucket=bucket.name))}


def _account_block(aws: Caller, account: Resource) -> Mapping[str, Any]:
    answer = aws.call("s3control", "get_public_access_block", AccountId=account.account)
    return {"s3_public_access_block": _block(answer)}


def _policy(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    return {"policy": document(aws.call("s3", "get_bucket_policy", Bucket=bucket.name)["Policy"])}


def _acl(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    return {"acl_grants": [_grant(grant) for grant in aws.call("s3", "get_bucket_acl", Bucket=bucket.name)["Grants"]]}


def _grant(grant: Mapping[str, Any]) -> Mapping[str, Any]:
    grantee = grant["Grantee"]
    kind = grantee["Type"]
    return {
        "grantee_type": kind,
        "grantee_uri": attribute(grantee, "URI") if kind == "Group" else None,
        "permission": attribute(grant, "Permission"),
    }


def _ownership(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    answer = aws.call("s3", "get_bucket_ownership_controls", Bucket=bucket.name)
    return {"object_ownership": attribute(answer["OwnershipControls"]["Rules"][0], "ObjectOwnership")}


def _encryption(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    answer = aws.call("s3", "get_bucket_encryption", Bucket=bucket.name)
    # A rule may hold other settings only (a bucket key, blocked encryption types).
    rules = [rule.get("ApplyServerSideEncryptionByDefault") for rule in _rules(answer)]
    default = next((rule for rule in rules if rule is not None), None)
    if default is None:
        return {"encryption_algorithm": MISSING, "kms_master_key_id": MISSING}
    return {
        "encryption_algorithm": attribute(default, "SSEAlgorithm"),
        "kms_master_key_id": _key_arn(aws, default.get("KMSMasterKeyID")),
    }


def _rules(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return rules


def _key_arn(aws: Caller, key: str | None) -> str | None:
    """The ARN of a key or alias that may be written without its account, which is then the bucket's."""
    if key is None or key.startswith("arn:"):
        return key
    return f"arn:{aws.partition}:kms:{aws.region}:{aws.account}:{key if key.startswith('alias/') else f'key/{key}'}"


def _key_manager(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    key = bucket.properties["kms_master_key_id"]
    if key is None or f":{aws.account}:key/" in key:
        return {"kms_key_manager": None}
    if ":alias/aws/" in key:
        # AWS's own; asking for one that is not there yet would make it (KMS API reference, DescribeKey).
        return {"kms_key_manager": "AWS"}
    return {"kms_key_manager": attribute(aws.call("kms", "describe_key", KeyId=key)["KeyMetadata"], "KeyManager")}


def _versioning(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    # S3 answers with an empty element for a bucket that never had versioning.
    return {"versioning_status": aws.call("s3", "get_bucket_versioning", Bucket=bucket.name).get("Status")}


def _logging(aws: Caller, bucket: Resource) -> Mapping[str, Any]:
    # S3 answers with an empty element where logging is off.
    enabled = aws.call("s3", "get_bucket_logging", Bucket=bucket.name).get("LoggingEnabled")
    return {"logging_target_bucket": None if enabled is None else attribute(enabled, "TargetBucket")}


READERS: Final = (
    Reader(
        operations=("s3:ListBuckets", "s3:GetBucketLocation"),
        read=_buckets,
        lists=(BUCKET,),
        fills={},
        permissions=("s3:ListAllMyBuckets", "s3:GetBucketLocation"),
        where="global",
    ),
    Reader(
        operations=("s3:GetPublicAccessBlock",),
        read=_bucket_block,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("public_access_block",)},
        permissions=("s3:GetBucketPublicAccessBlock",),
        absent={"public_access_block": _NO_BLOCK},
        absent_codes=_NO_BLOCK_CODE,
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3control:GetPublicAccessBlock",),
        read=_account_block,
        per="resource",
        of="AWS::Account",
        fills={"AWS::Account": ("s3_public_access_block",)},
        permissions=("s3:GetAccountPublicAccessBlock",),
        absent={"s3_public_access_block": _NO_BLOCK},
        absent_codes=_NO_BLOCK_CODE,
    ),
    Reader(
        operations=("s3:GetBucketPolicy",),
        read=_policy,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("policy",)},
        permissions=("s3:GetBucketPolicy",),
        absent_codes=frozenset({"NoSuchBucketPolicy"}),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetBucketAcl",),
        read=_acl,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("acl_grants",)},
        permissions=("s3:GetBucketAcl",),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetBucketOwnershipControls",),
        read=_ownership,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("object_ownership",)},
        permissions=("s3:GetBucketOwnershipControls",),
        absent_codes=frozenset({"OwnershipControlsNotFoundError"}),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetBucketEncryption",),
        read=_encryption,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("encryption_algorithm", "kms_master_key_id")},
        permissions=("s3:GetEncryptionConfiguration",),
        absent_codes=frozenset({"ServerSideEncryptionConfigurationNotFoundError"}),
        gone_codes=GONE,
    ),
    Reader(
        operations=("kms:DescribeKey",),
        read=_key_manager,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("kms_key_manager",)},
        needs=("kms_master_key_id",),
        shared=True,
        permissions=("kms:DescribeKey",),
        absent_codes=frozenset({"NotFoundException"}),
    ),
    Reader(
        operations=("s3:GetBucketVersioning",),
        read=_versioning,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("versioning_status",)},
        permissions=("s3:GetBucketVersioning",),
        gone_codes=GONE,
    ),
    Reader(
        operations=("s3:GetBucketLogging",),
        read=_logging,
        per="resource",
        of=BUCKET,
        fills={BUCKET: ("logging_target_bucket",)},
        permissions=("s3:GetBucketLogging",),
        gone_codes=GONE,
    ),
)
