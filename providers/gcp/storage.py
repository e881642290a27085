"""Cloud Storage: buckets, how they are protected, and who may use them.

Source: Cloud Storage JSON API reference, "Buckets".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Reader, Resource, ResourceType
from providers.gcp.assets import GONE, Item, own_principals, policy, resource
from providers.gcp.fields import Field, flag, labels, read, text, whole

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

BUCKET: Final = "storage.googleapis.com/Bucket"
TYPES: Final = (ResourceType(BUCKET, GLOBAL),)
API: Final = "https://storage.googleapis.com/storage/v1/b"

_CONDITION: Final[Mapping[str, Field]] = {"age_days": Field("condition.age", whole, None)}
_FIELDS: Final[Mapping[str, Field]] = {
    # Left out of buckets from before 2019; without it ACLs count (Bucket, "iamConfiguration").
    "uniform_bucket_level_access": Field("iamConfiguration.uniformBucketLevelAccess.enabled", flag, False),
    # "inherited" is the default; "unspecified" is its older name.
    "public_access_prevention": Field("iamConfiguration.publicAccessPrevention", text, "inherited"),
    "versioning_enabled": Field("versioning.enabled", flag, False),
    # A bucket without a policy has no soft delete, as one with 0 seconds.
    "soft_delete_seconds": Field("softDeletePolicy.retentionDurationSeconds", whole, 0),
    "retention_seconds": Field("retentionPolicy.retentionPeriod", whole, None),
    "retention_locked": Field("retentionPolicy.isLocked", flag, False),
    "default_kms_key": Field("encryption.defaultKmsKeyName", text, None),
    "tags": Field("labels", labels, {}),
}
FILLS: Final = (*_FIELDS, "lifecycle_rules")


def _bucket(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    said = read(_FIELDS, item)
    if said["public_access_prevention"] == "unspecified":
        said["public_access_prevention"] = "inherited"
    return {
        **said,
        "lifecycle_rules": _lifecycle(item),
        "name": item["name"],
        "region": item["location"].lower(),
    }


def _lifecycle(item: Mapping[str, Any]) -> Any:
    rules = item.get("lifecycle", {}).get("rule", [])
    return [
        {
            "action": rule["action"]["type"],
            **read(_CONDITION, rule),
            "conditions": sorted(rule.get("condition", {})),
        }
        for rule in rules
    ]


def _acls(gcp: Caller, bucket: Resource) -> Mapping[str, Any]:
    """Whom the bucket's ACL and the default ACL of its objects name.

    The inventory's lists are empty whether there are entries or not.
    """
    answer = gcp.get("storage.buckets.get", f"{API}/{bucket.name}", projection="full", fields="acl,defaultObjectAcl")
    # The owners of its project are always in a bucket's ACL; the other list is left out where it is empty. A caller
    # without storage.buckets.getIamPolicy sees neither (Buckets: get, "projection").
    rows = [*answer["acl"], *answer.get("defaultObjectAcl", ())]
    return {"acl_entities": sorted({row["entity"] for row in rows})}


def _uniform(bucket: Resource) -> Mapping[str, Any] | None:
    """Uniform access makes access lists ineffective."""
    return {"acl_entities": []} if bucket.properties["uniform_bucket_level_access"] else None


def _listed(gcp: Caller) -> Iterator[Item]:
    buckets = gcp.pages(
        "storage.buckets.list",
        API,
        "items",
        kind="storage#buckets",
        limit="maxResults",
        size=1000,
        project=gcp.account,
    )
    for item in buckets:
        yield f"//storage.googleapis.com/{item['name']}", item


def _policy(gcp: Caller, bucket: Resource) -> Mapping[str, Any]:
    return gcp.get("storage.buckets.getIamPolicy", f"{API}/{bucket.name}/iam", optionsRequestedPolicyVersion=3)


READERS: Final = (
    resource(
        BUCKET,
        FILLS,
        _bucket,
        operations=("storage.buckets.list",),
        items=_listed,
        permissions=("storage.buckets.list",),
    ),
    policy(
        BUCKET,
        ("principals",),
        own_principals,
        _policy,
        operation="storage.buckets.getIamPolicy",
        permission="storage.buckets.getIamPolicy",
        unmentioned={"principals": []},
    ),
    Reader(
        operations=("storage.buckets.get",),
        read=_acls,
        per="resource",
        where=GLOBAL,
        of=BUCKET,
        needs=("uniform_bucket_level_access",),
        known=_uniform,
        fills={BUCKET: ("acl_entities",)},
        permissions=("storage.buckets.get", "storage.buckets.getIamPolicy"),
        gone_codes=GONE,
    ),
)
