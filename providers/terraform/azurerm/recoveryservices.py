"""Azure Backup: Recovery Services vaults, the policies in them, and the machines that they protect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from providers.azure.compute import MACHINE
from providers.azure.recoveryservices import ITEM, POLICY, VAULT
from providers.base import Unread
from providers.terraform.azurerm.naming import NAME, PROVIDER, RESOURCE, identity, known, reference, rows, switched
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

_PROTECTED: Final = "azurerm_backup_protected_vm"


def _days(block: Block, *paths: str) -> Any:
    """Days for which daily backups are kept; null where none are made daily."""
    for path in paths:
        own = block.block(path, optional=True)
        if isinstance(own, Unread):
            return own
        if own is not None:
            return own.get("count")
    return None


def _full(block: Block) -> list[dict[str, Any]]:
    return [{"kind": "Full", "daily_retention_days": _days(block, "retention_daily")}]


def _part(row: Block) -> dict[str, Any]:
    return {
        "kind": row.get("policy_type"),
        "daily_retention_days": _days(row, "retention_daily", "simple_retention"),
    }


def _count(items: Sequence[Any]) -> int:
    return len(items)


_ITEM: Final = Part(
    _PROTECTED, "backup_policy_id", {"protected_items": Derived(("id",), lambda block: [None])}, elsewhere=True
)


def _policy(terraform: str, paths: tuple[str, ...], read: Callable[[Block], Any]) -> Mapping:
    return Mapping(
        type=POLICY,
        terraform=terraform,
        name=NAME,
        identity=known(),
        parts=(_ITEM,),
        control=True,
        properties={
            "protected_items": Split(0, "Backup API: a new policy protects nothing", group=_count),
            "backups": Derived(paths, read),
        },
    )


MAPPINGS: Final = (
    Mapping(
        type=VAULT,
        terraform="azurerm_recovery_services_vault",
        keys=RESOURCE,
        name=NAME,
        identity=identity(VAULT),
        properties={
            "soft_delete_state": Attribute(
                "soft_delete_enabled", True, PROVIDER, convert=switched("Enabled", "Disabled")
            ),
            # Where nothing is said it is disabled (Vaults API, ImmutabilitySettings).
            "immutability_state": Attribute("immutability", None),
        },
    ),
    _policy("azurerm_backup_policy_vm", ("retention_daily.count",), _full),
    _policy("azurerm_backup_policy_file_share", ("retention_daily.count",), _full),
    _policy(
        "azurerm_backup_policy_vm_workload",
        (
            "protection_policy.policy_type",
            "protection_policy.retention_daily.count",
            "protection_policy.simple_retention.count",
        ),
        lambda block: rows(block, "protection_policy", _part),
    ),
    Mapping(
        type=ITEM,
        terraform=_PROTECTED,
        name=Attribute("source_vm_id", None),
        identity=known(),
        control=True,
        properties={
            "management_type": Constant("AzureIaasVM", "Backup API: how machines are backed up"),
            "source_resource_id": reference("source_vm_id", MACHINE),
            "protection_state": Attribute("protection_state", computed=False),
        },
    ),
)
