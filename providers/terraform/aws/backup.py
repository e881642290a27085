"""AWS Backup: plans with what they select, vaults with their locks, and restore testing plans."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.backup import PLAN, RESTORE_TESTING_PLAN, VAULT
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

_NEW: Final = "AWS Backup API: what is new has none"
_NOT_THIS_PLAN: Final = Unread("not_collected", detail="a vault that is not in this plan")


def _rules(block: Block) -> Any:
    rows = block.blocks("rule")
    return rows if isinstance(rows, Unread) else [_rule(row) for row in rows]


def _rule(row: Block) -> dict[str, Any]:
    copies = row.blocks("copy_action")
    days = row.get("lifecycle.delete_after", None)
    return {
        "name": row.get("rule_name"),
        # The provider has 0 where nothing is set; recovery points are kept for good then, as with -1 (Lifecycle).
        "delete_after_days": days if isinstance(days, Unread) or days not in (0, -1) else None,
        # The provider sends the lifecycle without events.
        "delete_after_event": None,
        "copy_actions": copies if isinstance(copies, Unread) else [_copy(copy) for copy in copies],
    }


def _copy(action: Block) -> dict[str, Any]:
    arn = action.id("destination_vault_arn", VAULT)
    if isinstance(arn, Unread):
        return {"destination_region": arn, "destination_account": arn}
    if not arn.startswith("arn:"):
        # A vault that is made by this plan, in an account that nobody knows yet.
        region = action.referring.region_of(arn, VAULT) or _NOT_THIS_PLAN
        return {"destination_region": region, "destination_account": Unread("known_after_apply")}
    _, _, _, region, account, _ = arn.split(":", 5)
    return {"destination_region": region, "destination_account": account}


def _one(path: str) -> Derived:
    return Derived((path,), lambda block: [block.get(path)])


def _sorted(names: Any) -> Any:
    return next((name for name in names if isinstance(name, Unread)), None) or sorted(names)


MAPPINGS: Final = (
    Mapping(
        type=PLAN,
        terraform="aws_backup_plan",
        control=True,
        parts=(Part("aws_backup_selection", "plan_id", {"selections": _one("name")}),),
        properties={
            "rules": Derived(("rule",), _rules),
            "selections": Split([], _NEW, group=_sorted),
        },
    ),
    Mapping(
        type=VAULT,
        terraform="aws_backup_vault",
        keys=("name", "id", "arn"),
        parts=(
            Part(
                "aws_backup_vault_lock_configuration",
                "backup_vault_name",
                {"locked": Constant(True, "AWS Backup API, PutBackupVaultLockConfiguration")},
            ),
        ),
        properties={
            "number_of_recovery_points": Attribute("recovery_points", 0, _NEW),
            "locked": Split(False, _NEW),
            "encryption_key": Attribute("kms_key_arn", names="AWS::KMS::Key"),
        },
    ),
    Mapping(
        type=RESTORE_TESTING_PLAN,
        terraform="aws_backup_restore_testing_plan",
        keys=("name", "arn"),
        parts=(
            Part("aws_backup_restore_testing_selection", "restore_testing_plan_name", {"selections": _one("name")}),
        ),
        properties={
            "selections": Split([], _NEW, group=_sorted),
            "last_executed_at": Split(None, "AWS Backup API: what is new has not run"),
        },
    ),
)
