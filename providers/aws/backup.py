"""AWS Backup: plans, vaults, what was backed up, the jobs that did it, and restores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

PROTECTED: Final = "AWS::Backup::ProtectedResource"
PLAN: Final = "AWS::Backup::BackupPlan"
VAULT: Final = "AWS::Backup::BackupVault"
BACKUP_JOB: Final = "AWS::Backup::BackupJob"
RESTORE_JOB: Final = "AWS::Backup::RestoreJob"
RESTORE_TESTING_PLAN: Final = "AWS::Backup::RestoreTestingPlan"
TYPES: Final = tuple(
    ResourceType(name) for name in (PROTECTED, PLAN, VAULT, BACKUP_JOB, RESTORE_JOB, RESTORE_TESTING_PLAN)
)

UNDER_WAY: Final = frozenset({"CREATED", "PENDING", "RUNNING", "ABORTING"})
"""States of a backup job that has not ended."""
ON_DEMAND: Final = "on-demand"
"""Stands for the rule of a job that no plan began."""
NOT_VALIDATED: Final = "not-validated"
"""Stands for the result of a restore that is not validated."""
_GONE: Final = frozenset({"ResourceNotFoundException"})


def _protected_resources(aws: Caller, scope: Scope) -> Iterator[Found]:
    for row in aws.pages("backup", "list_protected_resources", "Results"):
        arn = row["ResourceArn"]
        properties = {
            "resource_arn": arn,
            "resource_type": attribute(row, "ResourceType"),
            # Left out of a resource whose first backup has not ended.
            "last_backup_at": instant(row["LastBackupTime"]) if row.get("LastBackupTime") else None,
        }
        yield Found(PROTECTED, arn, properties, row.get("ResourceName") or arn)


# --- plans -----------------------------------------------------------------------------------------------------------


def _plans(aws: Caller, scope: Scope) -> Iterator[Found]:
    for plan in aws.pages("backup", "list_backup_plans", "BackupPlansList"):
        properties = {"created_at": instant(plan.get("CreationDate"))}
        yield Found(PLAN, plan["BackupPlanArn"], properties, plan.get("BackupPlanName") or plan["BackupPlanId"])


def _plan_id(plan: Resource) -> str:
    """The id by which the API knows a plan: the end of its ARN."""
    return plan.id.rpartition(":")[2]


def _rules(aws: Caller, plan: Resource) -> Mapping[str, Any]:
    answer = aws.call("backup", "get_backup_plan", BackupPlanId=_plan_id(plan))
    return {"rules": [_rule(rule) for rule in answer["BackupPlan"]["Rules"]]}


def _rule(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    # Without a lifecycle recovery points are kept for good, and with -1 days (API reference, Lifecycle).
    lifecycle = rule.get("Lifecycle") or {}
    days = lifecycle.get("DeleteAfterDays")
    return {
        "name": attribute(rule, "RuleName"),
        "delete_after_days": None if days == -1 else days,
        "delete_after_event": lifecycle.get("DeleteAfterEvent"),
        "copy_actions": [_copy(action) for action in rule.get("CopyActions") or []],
    }


def _copy(action: Mapping[str, Any]) -> Mapping[str, Any]:
    _, _, service, region, account, _ = action["DestinationBackupVaultArn"].split(":", 5)
    if service != "backup" or not region or not account:
        raise ValueError("not the ARN of a vault")
    return {"destination_region": region, "destination_account": account}


def _selections(aws: Caller, plan: Resource) -> Mapping[str, Any]:
    pages = aws.pages("backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=_plan_id(plan))
    return {"selections": sorted(selection["SelectionName"] for selection in pages)}


# --- vaults ----------------------------------------------------------------------------------------------------------


def _vaults(aws: Caller, scope: Scope) -> Iterator[Found]:
    for vault in aws.pages("backup", "list_backup_vaults", "BackupVaultList"):
        properties = {
            "number_of_recovery_points": attribute(vault, "NumberOfRecoveryPoints"),
            "locked": attribute(vault, "Locked"),
            # A vault under a key of AWS's own names none.
            "encryption_key": vault.get("EncryptionKeyArn") or None,
            "encryption_key_type": vault.get("EncryptionKeyType"),
        }
        yield Found(VAULT, vault["BackupVaultArn"], properties, vault["BackupVaultName"])


def _recovery_points(aws: Caller, vault: Resource) -> Mapping[str, Any]:
    """What is to be said of a vault's recovery points: there can be many thousands, and others each night."""
    count = 0
    not_encrypted = []
    operation = "list_recovery_points_by_backup_vault"
    for point in aws.pages("backup", operation, "RecoveryPoints", BackupVaultName=vault.name):
        count += 1
        encrypted = attribute(point, "IsEncrypted")
        if encrypted is not True:
            not_encrypted.append({"recovery_point": point["RecoveryPointArn"], "encrypted": encrypted})
    return {
        "recovery_points": count,
        "unencrypted_recovery_points": sorted(not_encrypted, key=lambda point: point["recovery_point"]),
    }


# --- jobs ------------------------------------------------------------------------------------------------------------


def _backup_jobs(aws: Caller, scope: Scope) -> Iterator[Found]:
    jobs = (job for job in aws.pages("backup", "list_backup_jobs", "BackupJobs") if job["State"] not in UNDER_WAY)
    for key, job in _latest(jobs, _resource_and_rule, "CreationDate", "BackupJobId").items():
        category = attribute(job, "MessageCategory")
        properties = {
            "resource_arn": job["ResourceArn"],
            # Jobs on demand were created by no plan.
            "backup_plan_arn": _creator(job).get("BackupPlanArn"),
            "created_at": instant(job["CreationDate"]),
            "state": job["State"],
            # The API reference writes SUCCESS and Success.
            "message_category": category.upper() if isinstance(category, str) else category,
        }
        name = job.get("ResourceName") or job["ResourceArn"]
        yield Found(BACKUP_JOB, key, properties, f"{name} ({_creator(job).get('BackupRuleName') or _rule_id(job)})")


def _creator(job: Mapping[str, Any]) -> Mapping[str, Any]:
    return job.get("CreatedBy") or {}


def _rule_id(job: Mapping[str, Any]) -> str:
    return _creator(job).get("BackupRuleId") or ON_DEMAND


def _resource_and_rule(job: Mapping[str, Any]) -> str:
    return f"{job['ResourceArn']}|{_rule_id(job)}"


def _restore_jobs(aws: Caller, scope: Scope) -> Iterator[Found]:
    listed = aws.pages("backup", "list_restore_jobs", "RestoreJobs", ByStatus="COMPLETED")
    jobs = (job for job in listed if job["Status"] == "COMPLETED")
    for key, job in _latest(jobs, _kind_and_result, "CompletionDate", "RestoreJobId").items():
        properties = {
            "resource_type": job["ResourceType"],
            "completed_at": instant(job["CompletionDate"]),
            # Only a restore that was begun as a test is validated.
            "validation_status": job.get("ValidationStatus"),
        }
        yield Found(RESTORE_JOB, f"{aws.region}|{key}", properties, f"restore of {job['ResourceType']}")


def _kind_and_result(job: Mapping[str, Any]) -> str:
    return f"{job['ResourceType']}|{job.get('ValidationStatus') or NOT_VALIDATED}"


def _latest(
    jobs: Iterable[dict[str, Any]], key: Callable[[Mapping[str, Any]], str], time: str, id_: str
) -> dict[str, dict[str, Any]]:
    """The latest of the jobs that have a key in common; of two at one time the one whose id comes last."""
    latest: dict[str, dict[str, Any]] = {}
    for job in jobs:
        other = latest.setdefault(key(job), job)
        if (job[time], job[id_]) > (other[time], other[id_]):
            latest[key(job)] = job
    return latest


# --- restore tests ---------------------------------------------------------------------------------------------------


def _testing_plans(aws: Caller, scope: Scope) -> Iterator[Found]:
    for plan in aws.pages("backup", "list_restore_testing_plans", "RestoreTestingPlans"):
        last = plan.get("LastExecutionTime")
        properties = {"last_executed_at": instant(last) if last else None}
        yield Found(RESTORE_TESTING_PLAN, plan["RestoreTestingPlanArn"], properties, plan["RestoreTestingPlanName"])


def _testing_selections(aws: Caller, plan: Resource) -> Mapping[str, Any]:
    operation = "list_restore_testing_selections"
    pages = aws.pages("backup", operation, "RestoreTestingSelections", RestoreTestingPlanName=plan.name)
    return {"selections": sorted(selection["RestoreTestingSelectionName"] for selection in pages)}


READERS: Final = (
    Reader(
        operations=("backup:ListProtectedResources",),
        read=_protected_resources,
        lists=(PROTECTED,),
        fills={PROTECTED: ("resource_arn", "resource_type", "last_backup_at")},
        permissions=("backup:ListProtectedResources",),
    ),
    Reader(
        operations=("backup:ListBackupPlans",),
        read=_plans,
        lists=(PLAN,),
        fills={PLAN: ("created_at",)},
        permissions=("backup:ListBackupPlans",),
    ),
    Reader(
        operations=("backup:GetBackupPlan",),
        read=_rules,
        per="resource",
        of=PLAN,
        fills={PLAN: ("rules",)},
        permissions=("backup:GetBackupPlan",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("backup:ListBackupSelections",),
        read=_selections,
        per="resource",
        of=PLAN,
        fills={PLAN: ("selections",)},
        permissions=("backup:ListBackupSelections",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("backup:ListBackupVaults",),
        read=_vaults,
        lists=(VAULT,),
        fills={VAULT: ("number_of_recovery_points", "locked", "encryption_key", "encryption_key_type")},
        permissions=("backup:ListBackupVaults",),
    ),
    Reader(
        operations=("backup:ListRecoveryPointsByBackupVault",),
        read=_recovery_points,
        per="resource",
        of=VAULT,
        fills={VAULT: ("recovery_points", "unencrypted_recovery_points")},
        permissions=("backup:ListRecoveryPointsByBackupVault",),
        gone_codes=_GONE,
    ),
    Reader(
        operations=("backup:ListBackupJobs",),
        read=_backup_jobs,
        lists=(BACKUP_JOB,),
        fills={BACKUP_JOB: ("resource_arn", "backup_plan_arn", "created_at", "state", "message_category")},
        permissions=("backup:ListBackupJobs",),
    ),
    Reader(
        operations=("backup:ListRestoreJobs",),
        read=_restore_jobs,
        lists=(RESTORE_JOB,),
        fills={RESTORE_JOB: ("resource_type", "completed_at", "validation_status")},
        permissions=("backup:ListRestoreJobs",),
    ),
    Reader(
        operations=("backup:ListRestoreTestingPlans",),
        read=_testing_plans,
        lists=(RESTORE_TESTING_PLAN,),
        fills={RESTORE_TESTING_PLAN: ("last_executed_at",)},
        permissions=("backup:ListRestoreTestingPlans",),
    ),
    Reader(
        operations=("backup:ListRestoreTestingSelections",),
        read=_testing_selections,
        per="resource",
        of=RESTORE_TESTING_PLAN,
        fills={RESTORE_TESTING_PLAN: ("selections",)},
        permissions=("backup:ListRestoreTestingSelections",),
        gone_codes=_GONE,
    ),
)
