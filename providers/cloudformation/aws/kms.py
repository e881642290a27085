"""AWS KMS: keys and replicas of keys, with their policies."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.kms import KEY
from providers.cloudformation.aws.values import DOCUMENTED, flag, policy, tags
from providers.terraform.aws.kms import DEFAULT_POLICY, ROOT_ONLY, rotation
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Given, Mapping

_FROM_ELSEWHERE: Final = "KMS Developer Guide: a replica rotates with its primary"


def _state(block: Block) -> Any:
    enabled = flag("Enabled", True).read(block)
    return ("Enabled" if enabled else "Disabled") if isinstance(enabled, bool) else enabled


def _multi(block: Block) -> Any:
    multi = flag("MultiRegion", False).read(block)
    return ("PRIMARY" if multi else None) if isinstance(multi, bool) else multi


def _mapping(type_: str, **given: Given) -> Mapping:
    return Mapping(
        KEY,
        type_,
        {
            "key_manager": Constant("CUSTOMER", "KMS API, DescribeKey: AWS makes its own keys itself"),
            "key_state": Derived(("Enabled",), _state, f"{DOCUMENTED}: enabled by default"),
            "key_spec": Constant("SYMMETRIC_DEFAULT", DOCUMENTED),
            "deletion_date": Constant(None, "KMS API, DescribeKey: only of a key that waits for its deletion"),
            "policy": policy("KeyPolicy", ROOT_ONLY, source=DEFAULT_POLICY),
            "tags": tags(),
            **given,
        },
        keys=("KeyId", "Arn"),
        name=Attribute("KeyId", None),
        identity=lambda block, where: None,
        finish=rotation,
    )


MAPPINGS: Final = (
    _mapping(
        "AWS::KMS::Key",
        key_spec=Attribute("KeySpec", "SYMMETRIC_DEFAULT", DOCUMENTED),
        origin=Attribute("Origin", "AWS_KMS", DOCUMENTED),
        multi_region_key_type=Derived(("MultiRegion",), _multi, f"{DOCUMENTED}: false by default"),
        rotation_enabled=flag("EnableKeyRotation", False),
    ),
    _mapping(
        "AWS::KMS::ReplicaKey",
        origin=Constant("AWS_KMS", DOCUMENTED),
        multi_region_key_type=Constant("REPLICA", DOCUMENTED),
        rotation_enabled=Constant(None, _FROM_ELSEWHERE),
    ),
)
