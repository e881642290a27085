"""Amazon DynamoDB: tables, how they are encrypted, protected and scaled, and what scales them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.aws.applicationautoscaling import TARGET
from providers.aws.dynamodb import TABLE
from providers.base import Unread
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

_PROVIDER: Final = "provider documentation"
_OWNED: Final = f"{_PROVIDER}, server_side_encryption: a key that AWS owns where it is not enabled"
_NEW: Final = "Application Auto Scaling API: a new target has no policies"
_ENABLED: Final = "server_side_encryption.enabled"
_KEY: Final = "server_side_encryption.kms_key_arn"


def _encryption(enabled: bool) -> str | None:
    return "ENABLED" if enabled else None


def _status(enabled: bool) -> str:
    return "ENABLED" if enabled else "DISABLED"


def _key(block: Block) -> Any:
    """The customer's key of a table; null where AWS manages or owns the key, which no customer's is then."""
    enabled = block.get(_ENABLED, False)
    if enabled is not True:
        return enabled if isinstance(enabled, Unread) else None
    return block.id(_KEY, "AWS::KMS::Key", None)


def _indexes(block: Block) -> Any:
    rows = block.blocks("global_secondary_index")
    if isinstance(rows, Unread):
        return rows
    names = [row.get("name") for row in rows]
    return next((name for name in names if isinstance(name, Unread)), None) or names


def _of_dynamodb(block: Block) -> Any:
    namespace = block.get("service_namespace")
    return namespace if isinstance(namespace, Unread) else namespace == "dynamodb"


def _table(block: Block) -> Any:
    resource = block.get("resource_id")
    return resource if isinstance(resource, Unread) else resource.split("/")[1]


def _name(block: Block) -> Any:
    parts = [block.get(path, None, computed=False) for path in ("resource_id", "scalable_dimension")]
    return " ".join(parts) if all(isinstance(part, str) for part in parts) else COMPUTED


def _policy(block: Block) -> list[Any]:
    return [block.get("policy_type", "StepScaling")]


def _sorted(kinds: Sequence[Any]) -> Any:
    return next((kind for kind in kinds if isinstance(kind, Unread)), None) or sorted(kinds)


MAPPINGS: Final = (
    Mapping(
        type=TABLE,
        terraform="aws_dynamodb_table",
        keys=("name", "id", "arn"),
        properties={
            "encryption_status": Attribute(_ENABLED, False, _OWNED, convert=_encryption),
            "kms_key_arn": Derived((_ENABLED, _KEY), _key, _OWNED),
            "deletion_protection": Attribute("deletion_protection_enabled", False, _PROVIDER),
            "billing_mode": Attribute("billing_mode", "PROVISIONED", _PROVIDER),
            "global_secondary_indexes": Derived(("global_secondary_index",), _indexes),
            "point_in_time_recovery": Attribute(
                "point_in_time_recovery.enabled",
                False,
                "DynamoDB API, UpdateContinuousBackups: off where nothing is said",
                convert=_status,
            ),
        },
    ),
    Mapping(
        type=TARGET,
        terraform="aws_appautoscaling_target",
        keys=("resource_id", "arn"),
        name=Derived(("resource_id", "scalable_dimension"), _name),
        applies=_of_dynamodb,
        parts=(
            Part(
                "aws_appautoscaling_policy",
                "resource_id",
                {"policy_types": Derived(("policy_type",), _policy, f"{_PROVIDER}: StepScaling where nothing is said")},
                _of_dynamodb,
                same=("scalable_dimension",),
            ),
        ),
        properties={
            "resource_id": Attribute("resource_id"),
            "table_name": Derived(("resource_id",), _table),
            "scalable_dimension": Attribute("scalable_dimension"),
            "min_capacity": Attribute("min_capacity"),
            "max_capacity": Attribute("max_capacity"),
            "scaling_out_suspended": Attribute(
                "suspended_state.dynamic_scaling_out_suspended",
                False,
                "Application Auto Scaling API, SuspendedState: nothing is suspended where nothing is said",
                optional=True,
            ),
            "policy_types": Split([], _NEW, group=_sorted),
        },
    ),
)
