"""AWS Backup: what moto lacks of it, and a plan, a vault, jobs and restores.

moto keeps plans and vaults. Nothing is ever assigned to a plan, backed up or restored in it, so that these listings are
given: :func:`given` says what an operation lists in a region, and everywhere else there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Request
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

LISTS: Final = {
    "ListBackupJobs": "BackupJobs",
    "ListBackupSelections": "BackupSelectionsList",
    "ListProtectedResources": "Results",
    "ListRecoveryPointsByBackupVault": "RecoveryPoints",
    "ListRestoreJobs": "RestoreJobs",
    "ListRestoreTestingPlans": "RestoreTestingPlans",
    "ListRestoreTestingSelections": "RestoreTestingSelections",
}
"""The operations that moto lacks, and what they list."""
RECENT: Final = 1795305600.0
"""22 November 2026, in seconds since 1970."""


def correct(layer: Overrides) -> None:
    for operation, key in LISTS.items():
        layer.answer(f"backup:{operation}", {key: []})


def given(layer: Overrides, operation: str, rows: Iterable[Mapping[str, Any]], region: str, of: str = "") -> None:
    """Let ``operation`` list these rows in ``region``, where ``of`` is given only for the plan or vault of that name.

    ListRestoreJobs gives those of the status that is asked for.
    """
    kept = [dict(row) for row in rows]

    def answer(request: Request) -> dict[str, Any]:
        url = urlsplit(request.target)
        asked = dict(parse_qsl(url.query)).get("status")
        here = f"/{region}/backup/" in request.headers.get("authorization", "") and f"/{of}" in url.path
        return {LISTS[operation]: [row for row in kept if here and asked in (None, row.get("Status"))]}

    layer.answer(f"backup:{operation}", answer)


def plan(name: str, *rules: Mapping[str, Any], region: str = HOME) -> str:
    """The ARN of a new plan with these rules."""
    whole = [{"RuleName": f"rule-{place}", "TargetBackupVaultName": "main", **rule} for place, rule in enumerate(rules)]
    made = client("backup", region).create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": whole})
    arn: str = made["BackupPlanArn"]
    return arn


def vault_arn(name: str, region: str, account: str = ACCOUNT) -> str:
    """The ARN of a vault."""
    return f"arn:aws:backup:{region}:{account}:backup-vault:{name}"


def job(
    resource: str, state: str = "COMPLETED", at: float = RECENT, plan: str | None = None, **more: Any
) -> dict[str, Any]:
    """A row of ListBackupJobs, of a plan's only rule or on demand."""
    by = {"CreatedBy": {"BackupPlanArn": plan, "BackupRuleId": "rule"}} if plan else {}
    return {
        "BackupJobId": f"{resource}@{at}",
        "ResourceArn": resource,
        "CreationDate": at,
        "State": state,
        "MessageCategory": "SUCCESS",
        **by,
        **more,
    }


def restore(kind: str, status: str = "COMPLETED", at: float = RECENT, **more: Any) -> dict[str, Any]:
    """A row of ListRestoreJobs."""
    ended = {"CompletionDate": at} if status == "COMPLETED" else {}
    return {"RestoreJobId": f"{kind}@{at}", "ResourceType": kind, "Status": status, "CreationDate": at, **ended, **more}


def build(wire: AwsWire) -> None:
    away = {"DestinationBackupVaultArn": vault_arn("main", "eu-central-1"), "Lifecycle": {"DeleteAfterDays": 365}}
    daily = plan("daily", {"Lifecycle": {"DeleteAfterDays": 35}, "CopyActions": [away]}, {})
    client("backup").create_backup_vault(BackupVaultName="main", EncryptionKeyArn=f"arn:aws:kms:{HOME}:{ACCOUNT}:key/b")
    # moto counts none.
    wire.overrides.rewrite(
        "backup:ListBackupVaults",
        lambda body: body.replace(b'"NumberOfRecoveryPoints": 0', b'"NumberOfRecoveryPoints": 2'),
    )
    point = f"arn:aws:ec2:{HOME}::snapshot/snap-"
    points = [{"RecoveryPointArn": f"{point}{id_}", "IsEncrypted": id_ == "1"} for id_ in "12"]
    sessions = f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/sessions"
    test = f"arn:aws:backup:{HOME}:{ACCOUNT}:restore-testing-plan:quarterly-1"
    for operation, of, rows in (
        ("ListBackupSelections", daily.rpartition(":")[2], [{"SelectionName": "tables"}]),
        ("ListRecoveryPointsByBackupVault", "main", points),
        ("ListBackupJobs", "", [job(sessions, plan=daily), job(sessions, "FAILED")]),
        ("ListRestoreJobs", "", [restore("DynamoDB", ValidationStatus="SUCCESSFUL"), restore("EBS")]),
        (
            "ListRestoreTestingPlans",
            "",
            [{"RestoreTestingPlanArn": test, "RestoreTestingPlanName": "quarterly", "LastExecutionTime": RECENT}],
        ),
        ("ListRestoreTestingSelections", "quarterly", [{"RestoreTestingSelectionName": "tables"}]),
    ):
        given(wire.overrides, operation, rows, HOME, of)
