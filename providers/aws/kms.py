"""AWS KMS: keys, what kind they are, whether they rotate and who may use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

KEY: Final = "AWS::KMS::Key"
TYPES: Final = (ResourceType(KEY),)

ROTATES: Final[Mapping[str, Any]] = {
    "key_manager": "CUSTOMER",
    "key_spec": "SYMMETRIC_DEFAULT",
    "origin": "AWS_KMS",
    "key_state": "Enabled",
}
"""What a key must be for its automatic rotation to be a setting of its own (GetKeyRotationStatus).

A replica of a multi-Region key is set by its primary. AWS's own keys always rotate; asymmetric, HMAC, imported and
custom store keys never do; a key that is disabled or waits for its deletion is not rotated.
"""
_GONE: Final = frozenset({"NotFoundException"})


def _keys(aws: Caller, scope: Scope) -> Iterator[Found]:
    for key in aws.pages("kms", "list_keys", "Keys"):
        yield Found(KEY, key["KeyArn"], {}, key["KeyId"])


def _metadata(aws: Caller, key: Resource) -> Mapping[str, Any]:
    metadata = aws.call("kms", "describe_key", KeyId=key.id)["KeyMetadata"]
    deletion = metadata.get("DeletionDate")
    return {
        "key_manager": attribute(metadata, "KeyManager"),
        "key_state": attribute(metadata, "KeyState"),
        "key_spec": attribute(metadata, "KeySpec"),
        "origin": attribute(metadata, "Origin"),
        "multi_region_key_type": _multi_region(key.name, metadata),
        # There in state PendingDeletion only.
        "deletion_date": instant(deletion) if deletion else None,
    }


def _multi_region(id_: str, metadata: Mapping[str, Any]) -> Any:
    # "mrk-" is how AWS documents that multi-Region keys are told from others; the others have no such configuration.
    configuration = metadata.get("MultiRegionConfiguration")
    if configuration is None:
        return MISSING if id_.startswith("mrk-") else None
    return attribute(configuration, "MultiRegionKeyType")


def _rotation(aws: Caller, key: Resource) -> Mapping[str, Any]:
    own = {name: key.properties[name] for name in ROTATES}
    if own != ROTATES or key.properties["multi_region_key_type"] == "REPLICA":
        return {"rotation_enabled": None}
    answer = aws.call("kms", "get_key_rotation_status", KeyId=key.id)
    return {"rotation_enabled": attribute(answer, "KeyRotationEnabled")}


def _policy(aws: Caller, key: Resource) -> Mapping[str, Any]:
    if key.properties["key_manager"] != "CUSTOMER":
        return {"policy": None}
    answer = aws.call("kms", "get_key_policy", KeyId=key.id, PolicyName="default")
    return {"policy": document(answer["Policy"])}


READERS: Final = (
    Reader(
        operations=("kms:ListKeys",),
        read=_keys,
        lists=(KEY,),
        fills={},
        permissions=("kms:ListKeys",),
    ),
    Reader(
        operations=("kms:DescribeKey",),
        read=_metadata,
        per="resource",
        of=KEY,
        fills={KEY: ("key_manager", "key_state", "key_spec", "origin", "multi_region_key_type", "deletion_date")},
        permissions=("kms:DescribeKey",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("kms:GetKeyRotationStatus",),
        read=_rotation,
        per="resource",
        of=KEY,
        needs=(*ROTATES, "multi_region_key_type"),
        fills={KEY: ("rotation_enabled",)},
        permissions=("kms:GetKeyRotationStatus",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("kms:GetKeyPolicy",),
        read=_policy,
        per="resource",
        of=KEY,
        needs=("key_manager",),
        fills={KEY: ("policy",)},
        permissions=("kms:GetKeyPolicy",),
        gone_codes=_GONE,
    ),
)
