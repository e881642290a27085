"""AWS KMS: keys, with policies of their own or in a resource beside them."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.kms import KEY, ROTATES
from providers.base import Unread
from providers.terraform.aws.documents import policy
from providers.terraform.mapping import Attribute, Constant, Given, Mapping, Part, Split

ROOT_ONLY: Final[dict[str, Any]] = {"Version": "2012-10-17", "Statement": []}
"""The default key policy, without the statement for the account that the key will be in, which a plan may not tell."""
DEFAULT_POLICY: Final = "KMS Developer Guide, 'Default key policy': the key's own account, and nobody else"
_PROVIDER: Final = "provider documentation"
_PARTS: Final = (Part("aws_kms_key_policy", "key_id", {"policy": policy("policy")}),)


def _state(enabled: bool) -> str:
    return "Enabled" if enabled else "Disabled"


def rotation(properties: dict[str, Any]) -> dict[str, Any]:
    """``rotation_enabled`` is null where it is no setting of the key, as the live adapter has it."""
    deciding = {name: properties[name] for name in (*ROTATES, "multi_region_key_type")}
    unread = next((value for value in deciding.values() if isinstance(value, Unread)), None)
    if unread is not None:
        return {**properties, "rotation_enabled": unread}
    if (
        any(deciding[name] != value for name, value in ROTATES.items())
        or deciding["multi_region_key_type"] == "REPLICA"
    ):
        return {**properties, "rotation_enabled": None}
    return properties


def _mapping(terraform: str, enabled: str, **given: Given) -> Mapping:
    return Mapping(
        type=KEY,
        terraform=terraform,
        keys=("key_id", "id", "arn"),
        name=Attribute("key_id", None),
        parts=_PARTS,
        finish=rotation,
        properties={
            "key_manager": Constant("CUSTOMER", "KMS API, DescribeKey: AWS makes its own keys itself"),
            "key_state": Attribute(enabled, True, _PROVIDER, convert=_state),
            "key_spec": Constant("SYMMETRIC_DEFAULT", _PROVIDER),
            "deletion_date": Constant(None, "KMS API, DescribeKey: only of a key that waits for its deletion"),
            "policy": Split(ROOT_ONLY, DEFAULT_POLICY, inline=policy("policy")),
            **given,
        },
    )


MAPPINGS: Final = (
    _mapping(
        "aws_kms_key",
        "is_enabled",
        key_spec=Attribute("customer_master_key_spec", "SYMMETRIC_DEFAULT", _PROVIDER),
        origin=Attribute(
            "custom_key_store_id",
            "AWS_KMS",
            _PROVIDER,
            optional=True,
            convert=lambda store: (
                "AWS_KMS" if store in ("", "AWS_KMS") else Unread("not_collected", detail="a custom store")
            ),
        ),
        multi_region_key_type=Attribute(
            "multi_region", None, optional=True, convert=lambda multi: "PRIMARY" if multi else None
        ),
        rotation_enabled=Attribute("enable_key_rotation", False, _PROVIDER),
    ),
    _mapping(
        "aws_kms_external_key",
        "enabled",
        origin=Constant("EXTERNAL", _PROVIDER),
        multi_region_key_type=Attribute(
            "multi_region", None, optional=True, convert=lambda multi: "PRIMARY" if multi else None
        ),
        rotation_enabled=Constant(None, "KMS Developer Guide: imported key material does not rotate"),
    ),
    _mapping(
        "aws_kms_replica_key",
        "enabled",
        origin=Constant("AWS_KMS", _PROVIDER),
        multi_region_key_type=Constant("REPLICA", _PROVIDER),
        rotation_enabled=Constant(None, "KMS Developer Guide: a replica rotates with its primary"),
    ),
)
