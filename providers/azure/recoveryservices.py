"""Azure Backup: Recovery Services vaults, what they protect, by which policies, and what was restored from them.

Read from Resource Manager below each vault: the table of Resource Graph does not say with which api-version its rows
were read, so that an item without a recovery point could not be told from one whose recovery point is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.azure.readers import bulk, children
from providers.azure.shapes import Shape, always, arm_id, since
from providers.base import GLOBAL, ResourceType
from providers.times import instant

VAULT: Final = "Microsoft.RecoveryServices/vaults"
ITEM: Final = f"{VAULT}/backupProtectedItems"
POLICY: Final = f"{VAULT}/backupPolicies"
JOB: Final = f"{VAULT}/backupJobs"
TYPES: Final = tuple(ResourceType(name, GLOBAL) for name in (VAULT, ITEM, POLICY, JOB))
VERSION: Final = "2024-04-01"

VAULT_SHAPE: Final[Shape] = {
    "soft_delete_state": since("2023-04-01", "properties.securitySettings.softDeleteSettings.softDeleteState"),
    "immutability_state": since("2022-10-01", "properties.securitySettings.immutabilitySettings.state"),
}
_ITEM: Final[Shape] = {
    "management_type": always("properties.backupManagementType"),
    "source_resource_id": since(VERSION, "properties.sourceResourceId", None, arm_id),
    "protection_state": since(VERSION, "properties.protectionState"),
    "last_recovery_point_at": since(VERSION, "properties.lastRecoveryPoint", None, instant),
}

_DAYS: Final = {"Days": 1, "Weeks": 7, "Months": 28, "Years": 365}
"""Days of a unit at the least."""


def _policies(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a policy makes, a row for each kind of backup: databases have several, all else has one, a full backup."""
    parts = properties.get("subProtectionPolicy") or [{"policyType": "Full", **_only(properties)}]
    return [{"kind": part["policyType"], "daily_retention_days": _daily(part["retentionPolicy"])} for part in parts]


def _only(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    # Of file shares that go to the vault, the snapshots have the one and the vault the other.
    vault = (properties.get("vaultRetentionPolicy") or {}).get("vaultRetention")
    return {"retentionPolicy": vault or properties["retentionPolicy"]}


def _daily(policy: Mapping[str, Any]) -> int | None:
    """Days for which daily backups are kept at the least; None where none are made daily."""
    if policy["retentionPolicyType"] == "SimpleRetentionPolicy":
        duration = policy.get("retentionDuration")
    else:
        duration = (policy.get("dailySchedule") or {}).get("retentionDuration")
    return int(duration["count"]) * _DAYS[duration["durationType"]] if duration else None


POLICY_SHAPE: Final[Shape] = {
    "protected_items": always("properties.protectedItemsCount"),
    "backups": always("properties", _policies),
}
_JOB: Final[Shape] = {
    "management_type": always("properties.backupManagementType"),
    "status": always("properties.status"),
    "ended_at": since(VERSION, "properties.endTime", None, instant),
}

READERS: Final = (
    bulk(VAULT, VAULT_SHAPE),
    children(VAULT, ITEM, _ITEM, VERSION),
    children(VAULT, POLICY, POLICY_SHAPE, VERSION),
    # Without a time: the reference gives no window that would be meant then ("Backup Jobs - List").
    children(VAULT, JOB, _JOB, VERSION, query="$filter=operation%20eq%20%27Restore%27"),
)
