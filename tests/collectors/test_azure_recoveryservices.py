"""Backups: vaults, what they protect joined with what there is to protect, policies, and restores."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.azure.wire import AzureWire

VAULT, MACHINE = "Microsoft.RecoveryServices/vaults", "Microsoft.Compute/virtualMachines"
ITEM = f"{VAULT}/backupFabrics/protectionContainers/protectedItems"
ITEMS, POLICIES, JOBS = f"{VAULT}/backupProtectedItems", f"{VAULT}/backupPolicies", f"{VAULT}/backupJobs"
PROTECTED = "azure.recoveryservices.vm_protected"
RETENTION = "azure.recoveryservices.policy_retention"
VAULTS = ("azure.recoveryservices.vault_soft_delete", "azure.recoveryservices.vault_immutable")
RESTORED = "azure.recoveryservices.restore_proven"


def vault(azure: AzureWire, name: str, **settings: Any) -> str:
    return azure.tenant.add(VAULT, name, {"provisioningState": "Succeeded", **settings}, sku={"name": "RS0"})


def machine(azure: AzureWire, name: str, **more: Any) -> str:
    return azure.tenant.add(MACHINE, name, {"storageProfile": {"osDisk": {"osType": "Linux"}}}, **more)


def protect(azure: AzureWire, vault_id: str, source: str, when: str | None, **more: Any) -> None:
    """An item as "Backup Protected Items - List" shows it, with the source in the case in which Azure keeps it."""
    name = f"VM;iaasvmcontainerv2;rg;{source.rpartition('/')[2]}"
    properties = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "sourceResourceId": source.replace("/resourceGroups/rg/", "/resourceGroups/RG/"),
        "virtualMachineId": source,
        "protectionState": "Protected",
        "lastBackupStatus": "Completed",
        **more,
    }
    if when is not None:
        properties["lastRecoveryPoint"] = when
    container = f"{vault_id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}"
    azure.tenant.add(ITEM, name, properties, below=container)


def retention(days: int, unit: str = "Days") -> dict[str, Any]:
    duration = {"count": days, "durationType": unit}
    return {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": {"retentionDuration": duration}}


def policy(azure: AzureWire, vault_id: str, name: str, items: int = 1, **properties: Any) -> None:
    shown = {"backupManagementType": "AzureIaasVM", "protectedItemsCount": items, **properties}
    azure.tenant.add(POLICIES, name, shown, below=vault_id)


def job(
    azure: AzureWire, vault_id: str, operation: str, status: str, end: str | None, kind: str = "AzureIaasVM"
) -> None:
    ended = {} if end is None else {"endTime": end}
    properties = {"backupManagementType": kind, "operation": operation, "status": status, **ended}
    azure.tenant.add(JOBS, f"job-{len(azure.tenant.resources)}", properties, below=vault_id)


def test_machines_have_a_recent_recovery_point_or_not(azure: AzureWire) -> None:
    first, second = vault(azure, "first"), vault(azure, "second")
    protect(azure, first, machine(azure, "recent"), "2026-11-22T20:00:00.1234567Z")
    protect(azure, second, machine(azure, "old"), "2026-11-01T20:00:00Z")
    protect(azure, second, machine(azure, "stopped"), "2026-11-22T20:00:00Z", protectionState="ProtectionStopped")
    protect(azure, second, machine(azure, "first-pending"), None, protectionState="IRPending")
    both = machine(azure, "both")
    protect(azure, first, both, "2026-10-01T00:00:00Z", protectionState="ProtectionStopped")
    protect(azure, second, both, "2026-11-23T00:00:00Z")
    machine(azure, "bare")
    machine(azure, "stateless", tags={"backup": "not-required"})
    azure.manager.page_size = 1
    _, findings = scan((PROTECTED,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "recent": "pass",
        "old": "fail",
        "stopped": "fail",
        "first-pending": "fail",
        "both": "pass",
        "bare": "fail",
        "stateless": "not_applicable",
    }


def test_a_vault_that_is_not_read_may_protect_any_machine(azure: AzureWire) -> None:
    protect(azure, vault(azure, "open"), machine(azure, "seen"), "2026-11-22T20:00:00Z")
    protect(azure, vault(azure, "closed"), machine(azure, "unseen"), "2026-11-22T20:00:00Z")
    azure.faults.add("denied", f"arm:{ITEMS}", where=lambda exchange: "/closed/" in exchange.request.target)
    _, findings = scan((PROTECTED,))
    found = {f.subject.name: (f.verdict, f.reason) for f in findings}
    assert found["unseen"] == ("unknown", "access_denied")
    # What is seen to be protected is, whatever else there may be.
    assert found["seen"][0] in ("pass", "unknown")


def test_items_are_read_as_they_are(azure: AzureWire) -> None:
    source = machine(azure, "vm")
    protect(azure, vault(azure, "vault"), source, "2026-11-22T20:00:00.5Z")
    wanted = {ITEMS: {"management_type", "source_resource_id", "protection_state", "last_recovery_point_at"}}
    (found,) = read(wanted, provider="azure").resources
    assert (found.properties, dict(found.unread)) == (
        {
            "management_type": "AzureIaasVM",
            "source_resource_id": source.lower(),
            "protection_state": "Protected",
            "last_recovery_point_at": "2026-11-22T20:00:00.500000Z",
        },
        {},
    )


def test_policies_keep_backups_long_enough_or_not(azure: AzureWire) -> None:
    id_ = vault(azure, "vault")
    policy(azure, id_, "days", retentionPolicy=retention(30))
    policy(azure, id_, "weeks", retentionPolicy=retention(4, "Weeks"))
    weekly = {"retentionPolicyType": "LongTermRetentionPolicy", "weeklySchedule": {"retentionDuration": {"count": 52}}}
    policy(azure, id_, "weekly", retentionPolicy=weekly)
    full = {"policyType": "Full", "retentionPolicy": retention(60)}
    simple = {
        "retentionPolicyType": "SimpleRetentionPolicy",
        "retentionDuration": {"count": 15, "durationType": "Days"},
    }
    log = {"policyType": "Log", "retentionPolicy": simple}
    policy(azure, id_, "sql", backupManagementType="AzureWorkload", subProtectionPolicy=[full, log])
    policy(azure, id_, "short", subProtectionPolicy=[{**full, "retentionPolicy": retention(7)}, log])
    policy(azure, id_, "shares", vaultRetentionPolicy={"vaultRetention": retention(90), "snapshotRetentionInDays": 5})
    policy(azure, id_, "unused", 0, retentionPolicy=retention(7))
    policy(azure, id_, "odd", retentionPolicy=retention(30, "Fortnights"))
    _, findings = scan((RETENTION,))
    assert {f.subject.name: (f.verdict, f.reason) for f in findings} == {
        "days": ("pass", None),
        "weeks": ("fail", None),
        "weekly": ("fail", None),
        "sql": ("pass", None),
        "short": ("fail", None),
        "shares": ("pass", None),
        "unused": ("not_applicable", None),
        "odd": ("unknown", "malformed_response"),
    }


def test_vaults_pass_and_fail_by_what_they_are_set_to(azure: AzureWire) -> None:
    soft, immutable = (
        {"softDeleteSettings": {"softDeleteState": "AlwaysON"}},
        {"immutabilitySettings": {"state": "Locked"}},
    )
    vault(azure, "good", securitySettings={**soft, **immutable})
    vault(azure, "bad", securitySettings={"softDeleteSettings": {"softDeleteState": "Disabled"}})
    _, findings = scan(VAULTS)
    found = verdicts(findings)
    assert {name: {found[check, name] for check in VAULTS} for name in ("good", "bad")} == {
        "good": {"pass"},
        "bad": {"fail"},
    }


def test_what_an_older_api_version_of_a_vault_does_not_define_is_unread(azure: AzureWire) -> None:
    settings = {"softDeleteSettings": {"softDeleteState": "Enabled"}, "immutabilitySettings": {"state": "Locked"}}
    vault(azure, "old", securitySettings=settings)
    azure.resource_graph.api_versions[VAULT.lower()] = "2021-06-01"
    _, findings = scan(VAULTS)
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


def test_each_kind_of_backup_was_restored_or_not(azure: AzureWire) -> None:
    id_ = vault(azure, "vault")
    _, findings = scan((RESTORED,))
    assert [f.verdict for f in findings] == ["not_applicable"]

    protect(azure, id_, machine(azure, "vm"), "2026-11-22T20:00:00Z")
    job(azure, id_, "Backup", "Completed", "2026-11-22T20:00:00Z")
    job(azure, id_, "Restore", "Failed", "2026-11-22T20:00:00Z")
    job(azure, id_, "Restore", "InProgress", None)
    _, findings = scan((RESTORED,))
    assert [f.verdict for f in findings] == ["fail"]

    job(azure, id_, "Restore", "Completed", "2026-09-01T00:00:00Z")
    azure.manager.page_size = 1
    _, findings = scan((RESTORED,))
    assert [f.verdict for f in findings] == ["pass"]

    protect(azure, id_, "/sql", "2026-11-22T20:00:00Z", backupManagementType="AzureWorkload")
    _, findings = scan((RESTORED,))
    assert [f.verdict for f in findings] == ["fail"]


@pytest.mark.parametrize(("check", "type_"), [(PROTECTED, ITEMS), (RETENTION, POLICIES), (RESTORED, JOBS)])
@pytest.mark.parametrize("kind", ["denied", "throttled", "html"])
def test_what_a_vault_does_not_tell_is_unknown(azure: AzureWire, check: str, type_: str, kind: Any) -> None:
    id_ = vault(azure, "vault")
    protect(azure, id_, machine(azure, "vm"), "2026-11-22T20:00:00Z")
    azure.faults.add(kind, f"arm:{type_}")
    _, findings = scan((check,))
    assert {f.verdict for f in findings} == {"unknown"}
