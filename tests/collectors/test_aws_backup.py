"""Backups, and restores of them: plans, vaults, jobs and tests, built to pass and to fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import AS_OF, read, scan, verdicts
from tests.emulators.aws.backup import RECENT, given, job, plan, restore, vault_arn
from tests.emulators.aws_wire import AwsWire

ACCOUNT: Final = "123456789012"
HERE: Final = "us-east-1"
DAY: Final = 86400.0
TABLE: Final = f"arn:aws:dynamodb:{HERE}:{ACCOUNT}:table/orders"
LATER: Final = "2027-02-01T00:00:00Z"
"""When the plans that tests make are no longer new."""
EVERY: Final = tuple(
    f"aws.backup.{name}"
    for name in (
        "cross_region_copy",
        "jobs_succeed",
        "plan_exists",
        "plan_retention",
        "plan_runs",
        "recovery_point_encrypted",
        "restore_proven",
        "restore_testing_plan",
        "vault_encrypted",
        "vault_locked",
    )
)


def judged(*checks: str, now: str = AS_OF, regions: tuple[str, ...] = (HERE,)) -> dict[tuple[str, str], str]:
    """(check, name) -> verdict."""
    _, findings = scan((f"aws.backup.{check}" for check in checks), regions, now)
    return {(id_.removeprefix("aws.backup."), name): verdict for (id_, name), verdict in verdicts(findings).items()}


def by_name(check: str, now: str = AS_OF) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in judged(check, now=now).items()}


def vault(wire: AwsWire, name: str, *, points: int = 0, locked: bool = False) -> None:
    """A vault with recovery points, which moto's vaults never have."""
    backup = boto3.client("backup")
    key = f"arn:aws:kms:{HERE}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    backup.create_backup_vault(BackupVaultName=name, EncryptionKeyArn=key)
    if locked:
        backup.put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=35)

    def count(document: Any) -> None:
        for row in document.items("BackupVaultList"):
            if row["BackupVaultName"] == name:
                row["NumberOfRecoveryPoints"] = points

    wire.overrides.edit("backup:ListBackupVaults", count)


def restores_tested(wire: AwsWire, last: float | None, selections: int = 1) -> None:
    """A restore testing plan that ran at ``last``."""
    arn = f"arn:aws:backup:{HERE}:{ACCOUNT}:restore-testing-plan:quarterly-1"
    ran = {} if last is None else {"LastExecutionTime": last}
    row = {"RestoreTestingPlanArn": arn, "RestoreTestingPlanName": "quarterly", **ran}
    given(wire.overrides, "ListRestoreTestingPlans", [row], HERE)
    names = [{"RestoreTestingSelectionName": f"selection-{place}"} for place in range(selections)]
    given(wire.overrides, "ListRestoreTestingSelections", names, HERE, "quarterly")


def healthy(wire: AwsWire) -> str:
    """An account that passes every check of AWS Backup :data:`LATER`; gives the plan's ARN."""
    copy = {"DestinationBackupVaultArn": vault_arn("copies", "eu-west-1", ACCOUNT)}
    daily = plan("daily", {"Lifecycle": {"DeleteAfterDays": 35}, "CopyActions": [copy]}, region=HERE)
    at = RECENT + 70 * DAY  # 31 January 2027
    given(wire.overrides, "ListBackupSelections", [{"SelectionName": "all"}], HERE, daily.rpartition(":")[2])
    vault(wire, "main", points=1, locked=True)
    points = [{"RecoveryPointArn": "arn:aws:ec2:us-east-1::snapshot/snap-1", "IsEncrypted": True}]
    given(wire.overrides, "ListRecoveryPointsByBackupVault", points, HERE, "main")
    given(wire.overrides, "ListBackupJobs", [job(TABLE, at=at, plan=daily)], HERE)
    given(wire.overrides, "ListRestoreJobs", [restore("DynamoDB", at=at)], HERE)
    protected = [{"ResourceArn": TABLE, "ResourceType": "DynamoDB", "LastBackupTime": at}]
    given(wire.overrides, "ListProtectedResources", protected, HERE)
    restores_tested(wire, at)
    return daily


# --- the whole -------------------------------------------------------------------------------------------------------


def test_an_account_with_everything_passes_page_by_page_and_asks_nothing_twice(aws_env: AwsWire) -> None:
    healthy(aws_env)
    aws_env.traffic.reset()
    aws_env.paging.size, aws_env.paging.pauses = 1, True
    _, findings = scan(EVERY, now=LATER)
    assert {finding.check.id: finding.verdict for finding in findings} == dict.fromkeys(EVERY, "pass")
    assert not aws_env.traffic.repeats
    assert not aws_env.traffic.unidentified


def test_an_account_without_anything_fails_where_something_must_be(aws_env: AwsWire) -> None:
    assert judged(*(id_.removeprefix("aws.backup.") for id_ in EVERY)) == {
        ("plan_exists", ACCOUNT): "fail",
        ("restore_testing_plan", ACCOUNT): "fail",
        ("restore_proven", ACCOUNT): "not_applicable",
    }


UNSEEN: Final = {
    "backup:ListBackupPlans": {"cross_region_copy", "plan_exists", "plan_retention", "plan_runs"},
    "backup:GetBackupPlan": {"cross_region_copy", "plan_retention"},
    "backup:ListBackupSelections": {"plan_exists"},
    "backup:ListBackupVaults": {"recovery_point_encrypted", "vault_encrypted", "vault_locked"},
    "backup:ListRecoveryPointsByBackupVault": {"recovery_point_encrypted"},
    "backup:ListBackupJobs": {"jobs_succeed", "plan_runs"},
    "backup:ListRestoreJobs": {"restore_proven"},
    "backup:ListProtectedResources": {"restore_proven"},
    "backup:ListRestoreTestingPlans": {"restore_testing_plan"},
    "backup:ListRestoreTestingSelections": {"restore_testing_plan"},
}


@pytest.mark.parametrize("operation", UNSEEN)
@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_what_was_not_seen_is_unknown_and_nothing_else_is(aws_env: AwsWire, kind: Any, operation: str) -> None:
    healthy(aws_env)
    aws_env.faults.add(kind, operation)
    _, findings = scan(EVERY, now=LATER)
    unknown = {finding.check.id.removeprefix("aws.backup.") for finding in findings if finding.verdict == "unknown"}
    passed = {finding.check.id.removeprefix("aws.backup.") for finding in findings if finding.verdict == "pass"}
    assert (unknown, len(passed)) == (UNSEEN[operation], len(EVERY) - len(UNSEEN[operation]))
    if kind == "denied":
        assert {cause.unread.permission for f in findings for cause in f.causes} == {operation}


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        ("backup:GetBackupPlan", {"plan_retention"}),
        ("backup:ListRecoveryPointsByBackupVault", {"recovery_point_encrypted"}),
    ],
)
def test_what_is_deleted_while_it_is_read_is_not_judged(aws_env: AwsWire, operation: str, left: set[str]) -> None:
    healthy(aws_env)
    aws_env.faults.add("error", operation, code="ResourceNotFoundException", status=400)
    assert judged(*left, now=LATER) == {}


@pytest.mark.parametrize(
    ("operation", "check"),
    [
        ("backup:ListBackupSelections", "plan_exists"),
        ("backup:ListRestoreTestingSelections", "restore_testing_plan"),
    ],
)
def test_a_plan_that_is_deleted_while_it_is_read_is_no_plan(aws_env: AwsWire, operation: str, check: str) -> None:
    healthy(aws_env)
    aws_env.faults.add("error", operation, code="ResourceNotFoundException", status=400)
    assert judged(check, now=LATER) == {(check, ACCOUNT): "fail"}


def test_another_region_that_cannot_be_read_leaves_the_account_unknown(aws_env: AwsWire) -> None:
    aws_env.faults.add("denied", "backup:List*", region="eu-west-1")
    assert judged("plan_exists", "restore_testing_plan", "restore_proven", regions=(HERE, "eu-west-1")) == {
        ("plan_exists", ACCOUNT): "unknown",
        ("restore_testing_plan", ACCOUNT): "unknown",
        ("restore_proven", ACCOUNT): "unknown",
    }


# --- plans -----------------------------------------------------------------------------------------------------------

DAYS: Final = {"Lifecycle": {"DeleteAfterDays": 35}}


@pytest.mark.parametrize(
    ("rules", "short"),
    [
        ([DAYS], None),
        ([{}], None),
        ([{"Lifecycle": {"DeleteAfterDays": -1}}], None),
        ([{"Lifecycle": {"MoveToColdStorageAfterDays": 30}}], None),
        ([{"Lifecycle": {"DeleteAfterDays": 34}}], "rule-0"),
        ([DAYS, {"Lifecycle": {"DeleteAfterDays": 7}}], "rule-1"),
        ([{"Lifecycle": {"DeleteAfterDays": 0}}], "rule-0"),
    ],
)
def test_each_rule_of_a_plan_has_to_keep_long_enough(
    aws_env: AwsWire, rules: list[Mapping[str, Any]], short: str | None
) -> None:
    plan("plan", *rules, region=HERE)
    _, findings = scan(["aws.backup.plan_retention"])
    said = f"Backup plan plan does not keep the recovery points of each rule for 35 days: {short}."
    assert [(finding.verdict, finding.message) for finding in findings] == [("fail", said) if short else ("pass", None)]


def test_what_an_event_deletes_is_not_kept_for_its_days(aws_env: AwsWire) -> None:
    plan("plan", {"Lifecycle": {"DeleteAfterDays": 365}}, region=HERE)

    def after_the_copy(document: Any) -> None:
        for rule in document.items("BackupPlan.Rules"):
            rule["Lifecycle"]["DeleteAfterEvent"] = "DELETE_AFTER_COPY"  # which cannot be asked for

    aws_env.overrides.edit("backup:GetBackupPlan", after_the_copy)
    assert by_name("plan_retention") == {"plan": "fail"}


@pytest.mark.parametrize(
    ("region", "account", "expected"),
    [
        ("eu-west-1", ACCOUNT, "pass"),
        (HERE, "444455556666", "pass"),
        (HERE, ACCOUNT, "fail"),
    ],
)
def test_a_copy_counts_that_lies_elsewhere(aws_env: AwsWire, region: str, account: str, expected: str) -> None:
    plan("plan", {}, {"CopyActions": [{"DestinationBackupVaultArn": vault_arn("v", region, account)}]}, region=HERE)
    plan("without", {}, region=HERE)
    assert by_name("cross_region_copy") == {"plan": expected, "without": "fail"}


def test_a_copy_to_what_is_no_vault_is_malformed(aws_env: AwsWire) -> None:
    plan("plan", {"CopyActions": [{"DestinationBackupVaultArn": "arn:aws:s3:::somewhere"}]}, region=HERE)
    _, findings = scan(["aws.backup.cross_region_copy"])
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "malformed_response")]


def test_a_plan_that_nothing_is_assigned_to_is_no_plan(aws_env: AwsWire) -> None:
    _, full = plan("empty", DAYS, region=HERE), plan("full", DAYS, region=HERE)
    assert by_name("plan_exists") == {ACCOUNT: "fail"}
    given(aws_env.overrides, "ListBackupSelections", [{"SelectionName": "all"}], HERE, full.rpartition(":")[2])
    assert by_name("plan_exists") == {ACCOUNT: "pass"}


def test_a_plan_runs_by_its_own_jobs_of_the_window(aws_env: AwsWire) -> None:
    arns = {name: plan(name, DAYS, region=HERE) for name in ("daily", "failing", "old", "idle")}
    now = RECENT + 70 * DAY + DAY / 2 + 32 * DAY
    rows = [
        job(f"{TABLE}-1", at=now - DAY, plan=arns["daily"]),
        job(f"{TABLE}-2", "FAILED", at=now - DAY, plan=arns["failing"]),
        job(f"{TABLE}-3", at=now - 31 * DAY, plan=arns["old"]),
        job(f"{TABLE}-4", "RUNNING", at=now - DAY, plan=arns["idle"]),
        job(f"{TABLE}-5", at=now - DAY),
    ]
    given(aws_env.overrides, "ListBackupJobs", rows, HERE)
    assert by_name("plan_runs", now="2027-03-05T00:00:00Z") == {
        "daily": "pass",
        "failing": "pass",  # it runs; how its jobs end is judged for each of them
        "old": "fail",
        "idle": "fail",
    }


def test_a_new_plan_need_not_have_run(aws_env: AwsWire) -> None:
    plan("new", DAYS, region=HERE)
    assert by_name("plan_runs") == {"new": "not_applicable"}


# --- vaults ----------------------------------------------------------------------------------------------------------


def test_vaults_that_hold_recovery_points_have_to_be_locked(aws_env: AwsWire) -> None:
    vault(aws_env, "locked", points=3, locked=True)
    vault(aws_env, "open", points=3)
    vault(aws_env, "empty")
    assert by_name("vault_locked") == {"locked": "pass", "open": "fail", "empty": "not_applicable"}


@pytest.mark.parametrize("member", ["Locked", "NumberOfRecoveryPoints"])
def test_a_vault_of_which_aws_does_not_say_it_is_unknown(aws_env: AwsWire, member: str) -> None:
    vault(aws_env, "open", points=3)
    aws_env.overrides.without("backup:ListBackupVaults", f"BackupVaultList.{member}")
    _, findings = scan(["aws.backup.vault_locked"])
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "missing_attribute")]


def test_a_vault_without_a_key_of_its_own_or_of_aws_fails(aws_env: AwsWire) -> None:
    for name in ("own", "air-gapped", "none"):
        vault(aws_env, name)

    def keys(document: Any) -> None:
        for row in document.items("BackupVaultList"):
            if row["BackupVaultName"] != "own":
                del row["EncryptionKeyArn"]
            if row["BackupVaultName"] == "air-gapped":
                row["EncryptionKeyType"] = "AWS_OWNED_KMS_KEY"

    aws_env.overrides.edit("backup:ListBackupVaults", keys)
    assert by_name("vault_encrypted") == {"own": "pass", "air-gapped": "pass", "none": "fail"}


def point(id_: str, encrypted: bool | None) -> dict[str, Any]:
    said = {} if encrypted is None else {"IsEncrypted": encrypted}
    return {"RecoveryPointArn": f"arn:aws:ec2:us-east-1::snapshot/snap-{id_}", **said}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], "not_applicable"),
        ([point("1", True), point("2", True)], "pass"),
        ([point("1", True), point("2", False)], "fail"),
        ([point("1", True), point("2", None)], "unknown"),
        ([point("1", None), point("2", False)], "fail"),
    ],
)
def test_one_recovery_point_that_is_not_encrypted_fails_its_vault(
    aws_env: AwsWire, points: list[dict[str, Any]], expected: str
) -> None:
    vault(aws_env, "main")
    given(aws_env.overrides, "ListRecoveryPointsByBackupVault", points, HERE, "main")
    _, findings = scan(["aws.backup.recovery_point_encrypted"])
    encrypted = [row.get("IsEncrypted") for row in points].count(True)
    assert [finding.verdict for finding in findings] == [expected]
    if expected == "fail":
        assert findings[0].message == (
            f"Of the 2 recovery points in backup vault main {len(points) - encrypted} are not said to be encrypted, "
            f"among them {points[encrypted]['RecoveryPointArn']}."
        )


# --- jobs ------------------------------------------------------------------------------------------------------------


def jobs(wire: AwsWire, *rows: dict[str, Any]) -> tuple[Finding, ...]:
    given(wire.overrides, "ListBackupJobs", rows, HERE)
    _, findings = scan(["aws.backup.jobs_succeed"])
    return findings


@pytest.mark.parametrize(
    ("state", "category", "expected"),
    [
        ("COMPLETED", "SUCCESS", "pass"),
        ("COMPLETED", "Success", "pass"),
        ("COMPLETED", "ObjectsFailed", "fail"),
        ("COMPLETED", None, "unknown"),
        ("PARTIAL", "SUCCESS", "fail"),
        ("FAILED", "AccessDenied", "fail"),
        ("FAILED", None, "fail"),
        ("ABORTED", "SUCCESS", "fail"),
        ("EXPIRED", "SUCCESS", "fail"),
        ("INVENTED", "SUCCESS", "fail"),
    ],
)
def test_a_job_has_to_complete_without_issues(
    aws_env: AwsWire, state: str, category: str | None, expected: str
) -> None:
    row = job(TABLE, state, MessageCategory=category)
    findings = jobs(aws_env, {name: value for name, value in row.items() if value is not None})
    assert [(finding.subject.id, finding.verdict) for finding in findings] == [(f"{TABLE}|on-demand", expected)]


@pytest.mark.parametrize("state", ["CREATED", "PENDING", "RUNNING", "ABORTING"])
def test_a_job_that_has_not_ended_says_nothing_yet(aws_env: AwsWire, state: str) -> None:
    findings = jobs(aws_env, job(TABLE, "FAILED", at=RECENT - DAY), job(TABLE, state))
    assert [finding.verdict for finding in findings] == ["fail"]


def test_the_latest_job_of_each_rule_counts_in_whatever_order_they_are_listed(aws_env: AwsWire) -> None:
    monthly = {"CreatedBy": {"BackupPlanArn": "arn:plan", "BackupRuleId": "monthly"}}
    rows = [
        job(TABLE, "FAILED", at=RECENT - 2 * DAY),
        job(TABLE, at=RECENT),
        job(TABLE, "FAILED", at=RECENT - DAY),
        job(TABLE, "FAILED", at=RECENT, **monthly),
        job(TABLE, at=RECENT - DAY, **monthly),
        job(f"{TABLE}-old", "FAILED", at=RECENT - 8 * DAY),
    ]
    expected = {
        f"{TABLE}|on-demand": "pass",
        f"{TABLE}|monthly": "fail",
        f"{TABLE}-old|on-demand": "not_applicable",
    }
    for listed in (rows, rows[::-1]):
        assert {finding.subject.id: finding.verdict for finding in jobs(aws_env, *listed)} == expected


@pytest.mark.parametrize("member", ["State", "CreationDate", "ResourceArn"])
def test_a_job_that_cannot_be_placed_leaves_all_of_them_unknown(aws_env: AwsWire, member: str) -> None:
    row = job(TABLE)
    findings = jobs(aws_env, job(f"{TABLE}-2"), {name: value for name, value in row.items() if name != member})
    assert {(finding.subject.kind, finding.verdict, finding.reason) for finding in findings} == {
        ("scope", "unknown", "malformed_response")
    }


# --- restores --------------------------------------------------------------------------------------------------------


def protect(wire: AwsWire, *kinds: str) -> None:
    rows = [{"ResourceArn": f"arn:{place}", "ResourceType": kind} for place, kind in enumerate(kinds)]
    given(wire.overrides, "ListProtectedResources", rows, HERE)


@pytest.mark.parametrize(
    ("restores", "expected"),
    [
        ([restore("EBS"), restore("RDS")], "pass"),
        ([restore("EBS", ValidationStatus="SUCCESSFUL"), restore("RDS", ValidationStatus="TIMED_OUT")], "pass"),
        ([restore("EBS")], "fail"),
        ([restore("EBS"), restore("RDS", "FAILED")], "fail"),
        ([restore("EBS"), restore("RDS", "RUNNING")], "fail"),
        ([restore("EBS"), restore("RDS", ValidationStatus="FAILED")], "fail"),
        ([restore("EBS"), restore("RDS", ValidationStatus="VALIDATING")], "fail"),
        ([restore("EBS"), restore("RDS", ValidationStatus="INVENTED")], "fail"),
        ([restore("EBS"), restore("RDS", at=RECENT - 366 * DAY)], "fail"),
        # An earlier one that was validated counts beside a later one that failed, and whichever is listed first.
        ([restore("EBS"), restore("RDS", ValidationStatus="FAILED"), restore("RDS", at=RECENT - DAY)], "pass"),
        ([restore("EBS", at=RECENT - 400 * DAY), restore("EBS"), restore("RDS")], "pass"),
        ([restore("EBS"), restore("EBS", at=RECENT - 400 * DAY), restore("RDS")], "pass"),
        ([], "fail"),
    ],
)
def test_each_kind_that_is_backed_up_has_to_have_been_restored(
    aws_env: AwsWire, restores: list[dict[str, Any]], expected: str
) -> None:
    protect(aws_env, "EBS", "RDS", "EBS")
    given(aws_env.overrides, "ListRestoreJobs", restores, HERE)
    assert by_name("restore_proven") == {ACCOUNT: expected}


def test_a_restore_in_another_region_proves_the_kind(aws_env: AwsWire) -> None:
    protect(aws_env, "EBS")
    given(aws_env.overrides, "ListRestoreJobs", [restore("EBS")], "eu-west-1")
    assert judged("restore_proven", regions=(HERE, "eu-west-1")) == {("restore_proven", ACCOUNT): "pass"}


def test_restores_that_were_not_asked_for_do_not_count(aws_env: AwsWire) -> None:
    protect(aws_env, "EBS")
    failed = {**restore("EBS", "FAILED"), "CompletionDate": RECENT}
    aws_env.overrides.answer("backup:ListRestoreJobs", {"RestoreJobs": [failed]})
    assert by_name("restore_proven") == {ACCOUNT: "fail"}


def test_a_kind_that_aws_does_not_name_is_unknown(aws_env: AwsWire) -> None:
    given(aws_env.overrides, "ListProtectedResources", [{"ResourceArn": "arn:1"}], HERE)
    given(aws_env.overrides, "ListRestoreJobs", [restore("EBS")], HERE)
    assert by_name("restore_proven") == {ACCOUNT: "unknown"}


@pytest.mark.parametrize(
    ("last", "selections", "expected"),
    [
        (RECENT, 1, "pass"),
        (RECENT - 88 * DAY, 2, "pass"),
        (RECENT - 91 * DAY, 1, "fail"),
        (None, 1, "fail"),
        (RECENT, 0, "fail"),
    ],
)
def test_a_restore_testing_plan_has_to_have_run_on_something(
    aws_env: AwsWire, last: float | None, selections: int, expected: str
) -> None:
    restores_tested(aws_env, last, selections)
    assert by_name("restore_testing_plan") == {ACCOUNT: expected}


# --- what is said ----------------------------------------------------------------------------------------------------


def test_backups_are_read_as_they_are(aws_env: AwsWire) -> None:
    daily = healthy(aws_env)
    wanted = {
        "AWS::Backup::BackupPlan": {"rules", "selections"},
        "AWS::Backup::BackupVault": {"locked", "encryption_key_type", "recovery_points", "unencrypted_recovery_points"},
        "AWS::Backup::BackupJob": {"state", "message_category", "created_at", "resource_arn", "backup_plan_arn"},
        "AWS::Backup::RestoreJob": {"resource_type", "completed_at", "validation_status"},
        "AWS::Backup::RestoreTestingPlan": {"last_executed_at", "selections"},
    }
    found = {item.type.rpartition(":")[2]: item for item in read(wanted).resources}
    assert found["BackupJob"].name == f"{TABLE} (rule)"
    assert {kind: item.id for kind, item in found.items()} == {
        "BackupPlan": daily,
        "BackupVault": vault_arn("main", HERE, ACCOUNT),
        "BackupJob": f"{TABLE}|rule",
        "RestoreJob": "us-east-1|DynamoDB|not-validated",
        "RestoreTestingPlan": f"arn:aws:backup:{HERE}:{ACCOUNT}:restore-testing-plan:quarterly-1",
    }
    copied = {"destination_region": "eu-west-1", "destination_account": ACCOUNT}
    at = "2027-01-31T00:00:00Z"
    plan_ = {"created_at": found["BackupPlan"].properties["created_at"]}
    assert {kind: {**item.properties} for kind, item in found.items()} == {
        "BackupPlan": {
            **plan_,
            "rules": [
                {"name": "rule-0", "delete_after_days": 35, "delete_after_event": None, "copy_actions": [copied]}
            ],
            "selections": ["all"],
        },
        "BackupVault": {
            "number_of_recovery_points": 1,
            "locked": True,
            "encryption_key": f"arn:aws:kms:{HERE}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "encryption_key_type": None,
            "recovery_points": 1,
            "unencrypted_recovery_points": [],
        },
        "BackupJob": {
            "resource_arn": TABLE,
            "backup_plan_arn": daily,
            "created_at": at,
            "state": "COMPLETED",
            "message_category": "SUCCESS",
        },
        "RestoreJob": {"resource_type": "DynamoDB", "completed_at": at, "validation_status": None},
        "RestoreTestingPlan": {"last_executed_at": at, "selections": ["selection-0"]},
    }


# --- what has a recovery point of another kind -----------------------------------------------------------------------


def protected(wire: AwsWire, *arns: str, at: float = RECENT) -> None:
    rows = [{"ResourceArn": arn, "ResourceType": "EBS", "LastBackupTime": at} for arn in arns]
    given(wire.overrides, "ListProtectedResources", rows, HERE)


def restorable(wire: AwsWire, operation: str, moment: str | None) -> None:
    """Let databases be restorable up to this moment, or not say so; in moto all of them are up to now."""
    tag = re.compile(rb"<LatestRestorableTime>[^<]*</LatestRestorableTime>")
    told = f"<LatestRestorableTime>{moment}</LatestRestorableTime>".encode() if moment else b""
    wire.overrides.rewrite(f"rds:{operation}", lambda body: tag.sub(told, body))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-16T12:00:00Z", "pass"),
        ("2026-11-16T11:59:59Z", "fail"),
        (None, "unknown"),
    ],
)
def test_automated_backups_of_databases_count_up_to_where_they_restore(
    aws_env: AwsWire, moment: str | None, expected: str
) -> None:
    rds = boto3.client("rds")
    common = {"MasterUsername": "master", "MasterUserPassword": "not-a-secret"}
    small = {"DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20, **common}
    rds.create_db_instance(DBInstanceIdentifier="kept", BackupRetentionPeriod=7, **small)
    rds.create_db_instance(DBInstanceIdentifier="not-kept", BackupRetentionPeriod=0, **small)
    rds.create_db_cluster(DBClusterIdentifier="cluster", Engine="aurora-postgresql", **common)
    rds.create_db_instance(
        DBInstanceIdentifier="member",
        DBInstanceClass="db.r5.large",
        Engine="aurora-postgresql",
        DBClusterIdentifier="cluster",
    )
    for operation in ("DescribeDBInstances", "DescribeDBClusters"):
        restorable(aws_env, operation, moment)
    assert judged("db_instances_protected", "db_clusters_protected") == {
        ("db_instances_protected", "kept"): expected,
        ("db_instances_protected", "not-kept"): "fail",
        ("db_instances_protected", "member"): "not_applicable",
        ("db_clusters_protected", "cluster"): expected,
    }


def test_a_cluster_counts_its_backups_by_aws_backup_and_its_owner_may_except_it(aws_env: AwsWire) -> None:
    rds = boto3.client("rds")
    common = {"Engine": "aurora-mysql", "MasterUsername": "master", "MasterUserPassword": "not-a-secret"}
    excepted = {"Tags": [{"Key": "backup", "Value": "not-required"}]}
    arns = [
        rds.create_db_cluster(DBClusterIdentifier=name, **common, **more)["DBCluster"]["DBClusterArn"]
        for name, more in {"kept": {}, "lost": {}, "excepted": excepted}.items()
    ]
    restorable(aws_env, "DescribeDBClusters", "2026-10-01T00:00:00Z")
    protected(aws_env, arns[0])
    assert by_name("db_clusters_protected") == {"kept": "pass", "lost": "fail", "excepted": "not_applicable"}


def test_a_replicated_cluster_is_backed_up_at_its_source(aws_env: AwsWire) -> None:
    common = {"Engine": "aurora-mysql", "MasterUsername": "master", "MasterUserPassword": "not-a-secret"}
    source = boto3.client("rds", region_name="eu-west-1").create_db_cluster(DBClusterIdentifier="source", **common)
    replicated = {"ReplicationSourceIdentifier": source["DBCluster"]["DBClusterArn"]}
    boto3.client("rds").create_db_cluster(DBClusterIdentifier="replica", **common, **replicated)
    assert by_name("db_clusters_protected") == {"replica": "not_applicable"}


def test_buckets_count_their_versions_and_their_backups(aws_env: AwsWire) -> None:
    s3 = boto3.client("s3")
    for name, status in {"versions": "Enabled", "suspended": "Suspended", "copied": None, "cache": None}.items():
        s3.create_bucket(Bucket=name)
        if status:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    s3.put_bucket_tagging(Bucket="cache", Tagging={"TagSet": [{"Key": "backup", "Value": "not-required"}]})
    protected(aws_env, "arn:aws:s3:::copied")
    assert by_name("buckets_protected") == {
        "versions": "pass",
        "suspended": "fail",
        "copied": "pass",
        "cache": "not_applicable",
    }


def test_volumes_count_snapshots_that_are_whole_and_young(aws_env: AwsWire) -> None:
    ec2 = boto3.client("ec2")
    machine = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    root = ec2.describe_volumes()["Volumes"][0]["VolumeId"]
    volumes = {"root": root}
    for name, device in (("young", "/dev/sdf"), ("old", "/dev/sdg"), ("broken", "/dev/sdh")):
        volumes[name] = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
        ec2.attach_volume(VolumeId=volumes[name], InstanceId=machine, Device=device)
    said = {"young": ("2026-11-16T12:00:00Z", "completed"), "old": ("2026-11-16T11:59:59Z", "completed")}
    said["broken"] = ("2026-11-22T00:00:00Z", "error")
    snapshots = {ec2.create_snapshot(VolumeId=volumes[name])["SnapshotId"]: said[name] for name in said}

    def times(document: Any) -> None:
        for item in document.items("Snapshots"):
            at, state = snapshots[item.findtext("snapshotId")]
            item.find("startTime").text, item.find("status").text = at, state

    aws_env.overrides.edit("ec2:DescribeSnapshots", times)
    found = by_name("volumes_protected")
    assert {name: found[id_] for name, id_ in volumes.items()} == {
        "root": "fail",
        "young": "pass",
        "old": "fail",
        "broken": "fail",
    }


@pytest.mark.parametrize("operation", ["ec2:DescribeSnapshots", "backup:ListProtectedResources"])
@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_a_volume_without_a_seen_backup_is_unknown_where_one_may_be_unseen(
    aws_env: AwsWire, kind: Any, operation: str
) -> None:
    boto3.client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
    aws_env.faults.add(kind, operation)
    assert set(by_name("volumes_protected").values()) == {"unknown"}


@pytest.mark.parametrize(
    ("operation", "check"),
    [
        ("s3:GetBucketTagging", "buckets_protected"),
        ("s3:GetBucketVersioning", "buckets_protected"),
        ("backup:ListProtectedResources", "buckets_protected"),
        ("rds:DescribeDBClusters", "db_clusters_protected"),
    ],
)
def test_an_unseen_backup_of_another_kind_is_unknown(aws_env: AwsWire, operation: str, check: str) -> None:
    boto3.client("s3").create_bucket(Bucket="uploads")
    aws_env.faults.add("denied", operation)
    assert set(by_name(check).values()) == {"unknown"}
