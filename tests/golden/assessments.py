"""Assessments made by hand: one that shows every state once, and the pieces to make others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.model import (
    Approval,
    Assessment,
    Cause,
    Check,
    Collection,
    Control,
    ControlConclusion,
    Criterion,
    CriterionConclusion,
    Finding,
    LedgerRow,
    LeftOut,
    Parameter,
    Population,
    Resource,
    Scope,
    Selection,
    Snapshot,
    Subject,
    Unread,
    Waiver,
    WaiverState,
)

ACCOUNT = "111111111111"
GLOBAL = Scope("aws", ACCOUNT, "global")
IRELAND = Scope("aws", ACCOUNT, "eu-west-1")
AS_OF = "2026-11-23T02:00:11Z"
DENIED = Unread("access_denied", "s3:GetBucketPolicy", "s3:GetBucketPolicy", "AccessDenied (request 4442587FB7D0A2F9)")


def check(id_: str, title: str, severity: str = "high", criteria: Sequence[str] = ("CC6.1",), **fields: Any) -> Check:
    """A check whose texts follow from its title."""
    return Check(
        id=id_,
        version=1,
        title=title,
        criteria=tuple(criteria),
        severity=severity,  # type: ignore[arg-type]
        **{
            "resource_type": "AWS::S3::Bucket",
            "rationale": "What is written to the bucket can be read by whoever reaches its storage.",
            "expression": "resource.encrypted",
            "message": "Bucket ${resource.name} is not encrypted.",
            "remediation": {"cli": "aws s3api put-bucket-encryption", "terraform": 'resource "x" "y" {}'},
            "references": ("https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html",),
            "path": Path("checks", *id_.split(".")).with_suffix(".yaml"),
            "source": b"",
            "digest": "ab" * 32,
            **fields,
        },
    )


ENCRYPTED = check("aws.s3.bucket_encrypted", "Buckets encrypt objects by default", criteria=("CC6.1", "C1.1"))
PUBLIC = check(
    "aws.s3.bucket_not_public",
    "Buckets cannot be reached by the public",
    "critical",
    parameters={"allowed": Parameter("allowed", "list<string>", [], "Buckets that are public on purpose.")},
)
ROOT = check(
    "aws.iam.root_mfa_enabled",
    "The root user has multi-factor authentication",
    "critical",
    resource_type="AWS::Account",
)
USERS = check("aws.iam.user_in_group", "Users get permissions through groups", "low", resource_type="AWS::IAM::User")
BACKUP = check(
    "aws.efs.backup_enabled", "File systems are backed up", "medium", ["A1.2"], resource_type="AWS::EFS::FileSystem"
)


def bucket(name: str, unread: Mapping[str, Unread] | None = None, **properties: Any) -> Resource:
    """A bucket in Ireland."""
    return Resource(
        type="AWS::S3::Bucket",
        id=f"arn:aws:s3:::{name}",
        name=name,
        provider="aws",
        account=ACCOUNT,
        region="eu-west-1",
        tags={"team": "data"},
        collected_at="2026-11-23T02:00:14Z",
        properties=properties,
        unread=unread or {},
    )


def finding(of: Check, item: Resource, verdict: str, **fields: Any) -> Finding:
    """A verdict on a resource."""
    subject = Subject("resource", item.type, item.id, item.name)
    told = {"collected_at": item.collected_at, "resource": item, **fields}
    return Finding(check=of, subject=subject, scope=item.scope, verdict=verdict, **told)  # type: ignore[arg-type]


def failed(of: Check, item: Resource) -> Finding:
    """A failure with what was observed."""
    message = f"Bucket {item.name} is not encrypted."
    return finding(of, item, "fail", message=message, observed=(("resource.encrypted", False),))


def unknown(of: Check, item: Resource, unread: Unread = DENIED, path: str = "resource.policy") -> Finding:
    """A verdict that one unread property withheld."""
    message = f"{path} is not known: {unread.reason}."
    return finding(of, item, "unknown", reason=unread.reason, message=message, causes=(Cause(path, unread),))


def unlisted(of: Check, scope: Scope, unread: Unread) -> Finding:
    """A verdict on a scope whose listing failed."""
    return Finding(
        check=of,
        subject=Subject("scope", of.resource_type, str(scope), str(scope)),
        scope=scope,
        verdict="unknown",
        reason=unread.reason,
        message=f"{of.resource_type} could not be listed completely: {unread.reason}.",
        causes=(Cause(of.resource_type, unread),),
    )


def waiver(id_: str, of: Check, resources: Sequence[str], expires: date, self_approved: bool = False) -> Waiver:
    """A waiver since the first of January."""
    return Waiver(
        id=id_,
        kind="risk_accepted",
        check=of.id,
        resources=tuple(resources),
        owner="data-platform",
        reason="Holds the public price list only.",
        start=date(2026, 1, 1),
        expires=expires,
        approval=Approval("ciso@example.com", date(2025, 12, 20), "asserted", self_approved),
        path=Path("policies/waivers", f"{id_}.yaml"),
        digest="cd" * 32,
        account=ACCOUNT,
        effective_at="2026-01-01T00:00:00Z",
    )


def control(id_: str, statement: str, criteria: Sequence[str], checks: Sequence[Check]) -> Control:
    """A continuous control."""
    return Control(
        id=id_,
        statement=statement,
        owner="platform",
        criteria=tuple(criteria),
        operation="continuous",
        path=Path("policies/controls", f"{id_}.yaml"),
        digest="ef" * 32,
        checks=tuple(item.id for item in checks),
    )


def criterion(id_: str, title: str, series_title: str, category: str = "security", **fields: Any) -> Criterion:
    """A criterion."""
    return Criterion(id_, title, id_.partition(".")[0], series_title, category, "both", "continuous", (), **fields)


def populations(
    checks: Sequence[Check], findings: Sequence[Finding], waived: Mapping[int, Waiver]
) -> tuple[Population, ...]:
    """The sums by check."""
    rows = []
    for item in checks:
        mine = [(index, row) for index, row in enumerate(findings) if row.check.id == item.id]
        sums = Counter(row.verdict for _, row in mine)
        rows.append(
            Population(
                check=item.id,
                listed=len(mine),
                passed=sums["pass"],
                failed=sums["fail"],
                unknown=sums["unknown"],
                not_applicable=sums["not_applicable"],
                complete=all(row.subject.kind == "resource" for _, row in mine),
                waived=sum(index in waived for index, _ in mine),
                queries=("s3:ListBuckets",) if item.resource_type == "AWS::S3::Bucket" else ("iam:ListUsers",),
            )
        )
    return tuple(rows)


def concluded(of: Control, word: str, rows: Sequence[Population], **fields: Any) -> ControlConclusion:
    """A conclusion with the sums of its populations."""
    return ControlConclusion(
        control=of,
        word=word,  # type: ignore[arg-type]
        passed=sum(row.passed for row in rows),
        failed=sum(row.failed for row in rows),
        waived=sum(row.waived for row in rows),
        unknown=sum(row.unknown for row in rows),
        not_applicable=sum(row.not_applicable for row in rows),
        complete=all(row.complete for row in rows),
        checks=tuple(row.check for row in rows),
        **fields,
    )


def every_state() -> Assessment:
    """Pass, fail, waived, unknown, not applicable, an incomplete listing, none existing, and each state of a waiver."""
    account = replace(bucket("main"), type="AWS::Account", id=ACCOUNT, name=ACCOUNT, region="global")
    throttled = Unread("throttled", "iam:ListUsers", None, "Throttling (request 7a62c49f)")
    findings = sorted(
        (
            finding(ENCRYPTED, bucket("ledger", encrypted=True), "pass"),
            failed(ENCRYPTED, bucket("invoices", encrypted=False)),
            failed(ENCRYPTED, bucket("price-list", encrypted=False)),
            finding(ENCRYPTED, bucket("logs"), "not_applicable"),
            unknown(PUBLIC, bucket("invoices", {"/policy": DENIED})),
            unknown(PUBLIC, bucket("ledger", {"/policy": DENIED})),
            finding(PUBLIC, bucket("logs", policy=None), "pass"),
            finding(ROOT, account, "pass"),
            unlisted(USERS, GLOBAL, throttled),
        ),
        key=lambda row: row.order,
    )
    accepted = waiver("public-prices", ENCRYPTED, ["arn:aws:s3:::price-list"], date(2026, 12, 2), self_approved=True)
    waived = {
        index: accepted
        for index, row in enumerate(findings)
        if row.verdict == "fail" and row.subject.id == "arn:aws:s3:::price-list"
    }
    checks = (BACKUP, ROOT, USERS, ENCRYPTED, PUBLIC)
    rows = populations(checks, findings, waived)
    by_check = {row.check: row for row in rows}
    encryption = concluded(
        control("ENC-01", "Stored data is encrypted.", ["CC6.1", "C1.1"], [ENCRYPTED]),
        "failures_observed",
        [by_check[ENCRYPTED.id]],
        reason="2 failures, 1 of them waived.",
    )
    public = concluded(
        control("ENC-02", "Nothing that we store can be read by the public.", ["CC6.1"], [ENCRYPTED, PUBLIC]),
        "failures_observed",
        [by_check[ENCRYPTED.id], by_check[PUBLIC.id]],
        reason="2 failures, 1 of them waived; 2 verdicts are unknown.",
    )
    root = concluded(
        control("IAM-01", "The root user cannot be used with a password alone.", ["CC6.1"], [ROOT]),
        "no_failures_observed",
        [by_check[ROOT.id]],
    )
    groups = concluded(
        control("IAM-02", "People get permissions through groups.", ["CC6.3"], [USERS]),
        "incomplete",
        [by_check[USERS.id]],
        reason="1 listing was not complete.",
    )
    backup = concluded(
        control("BCK-01", "Data can be restored.", ["A1.2"], [BACKUP]), "no_evidence", [by_check[BACKUP.id]]
    )
    logical = criterion(
        "CC6.1",
        "Logical access protections guard information assets",
        "Logical and physical access",
        aspects={"inventory": "assets are inventoried"},
    )
    return Assessment(
        kind="adhoc",
        organization="Example Corp",
        engine_version="0.1.0",
        as_of=AS_OF,
        selection=Selection(checks=checks, providers=("aws",), criteria=("security", "A1", "C1")),
        snapshot=Snapshot(
            as_of=AS_OF,
            source="live",
            identity={
                "account": ACCOUNT,
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/auditreel/nightly",
                "partition": "aws",
            },
            scopes=(IRELAND, GLOBAL),
            collections=(
                Collection("AWS::Account", GLOBAL, "complete", 1),
                Collection("AWS::EFS::FileSystem", IRELAND, "complete", 0),
                Collection("AWS::IAM::User", GLOBAL, "failed", 0, throttled),
                Collection("AWS::S3::Bucket", GLOBAL, "complete", 4),
                Collection("AWS::SecurityHub::Hub", IRELAND, "off", 0),
            ),
            resources=(account, bucket("invoices"), bucket("ledger"), bucket("logs"), bucket("price-list")),
            ledger=(
                LedgerRow(
                    GLOBAL,
                    "iam:ListUsers",
                    1,
                    14,
                    0,
                    0,
                    13,
                    0,
                    {"throttled": 1},
                    ("7a62c49f",),
                    "00" * 32,
                    (("", "throttled", "", "Throttling (request 7a62c49f)"),),
                ),
                LedgerRow(
                    GLOBAL,
                    "s3:GetBucketPolicy",
                    4,
                    4,
                    4,
                    2,
                    0,
                    0,
                    {"absent": 1, "access_denied": 2, "value": 1},
                    (),
                    "11" * 32,
                ),
                LedgerRow(GLOBAL, "s3:ListBuckets", 1, 1, 1, 4, 0, 0, {"value": 1}, (), "22" * 32),
            ),
            left_out=tuple(
                LeftOut(Scope("aws", ACCOUNT, region), region, "not opted in") for region in ("ap-east-1", "me-south-1")
            ),
            finished_at="2026-11-23T02:00:19Z",
        ),
        findings=tuple(findings),
        waived=waived,
        populations=rows,
        controls=(backup, encryption, public, groups, root),
        criteria=(
            CriterionConclusion(
                criterion("CC1.1", "Integrity and ethical values are set, lived and enforced", "Control environment"),
                "no_control",
                (),
            ),
            CriterionConclusion(
                criterion(
                    "CC1.2", "Board oversees internal control independently of management", "Control environment"
                ),
                "no_control",
                (),
            ),
            CriterionConclusion(logical, "controls", (encryption, public, root), ("inventory",)),
            CriterionConclusion(
                criterion(
                    "CC6.3", "Access follows roles, least privilege and duty separation", "Logical and physical access"
                ),
                "controls",
                (groups,),
            ),
            CriterionConclusion(
                criterion(
                    "CC6.4", "Physical access to facilities and media is restricted", "Logical and physical access"
                ),
                "subservice",
                (),
                reason="The cloud provider's own report shows it.",
            ),
            CriterionConclusion(
                criterion("CC7.1", "Configuration changes and new vulnerabilities are detected", "System operations"),
                "no_control",
                (),
            ),
            CriterionConclusion(
                criterion(
                    "A1.2",
                    "Environmental protection, backup and recovery infrastructure operate",
                    "Availability",
                    "availability",
                ),
                "controls",
                (backup,),
            ),
            CriterionConclusion(
                criterion(
                    "C1.1",
                    "Confidential information is identified and kept protected",
                    "Confidentiality",
                    "confidentiality",
                ),
                "controls",
                (encryption,),
            ),
            CriterionConclusion(
                criterion("P1.1", "Notice about privacy practices is given", "Privacy", "privacy"),
                "no_control",
                (),
                selected=False,
            ),
        ),
        waivers=(
            WaiverState(accepted, "in_force", tuple(findings[index] for index in waived)),
            WaiverState(waiver("old-invoices", ENCRYPTED, ["arn:aws:s3:::invoices"], date(2026, 11, 20)), "expired"),
            WaiverState(
                waiver("gone", PUBLIC, ["arn:aws:s3:::retired"], date(2027, 3, 1)),
                "unmatched",
                unmatched=("arn:aws:s3:::retired",),
            ),
            WaiverState(replace(waiver("draft", PUBLIC, ["x"], date(2027, 3, 1)), effective_at=None), "uncommitted"),
            WaiverState(waiver("next-year", PUBLIC, ["x"], date(2027, 3, 1)), "not_started"),
            WaiverState(
                replace(waiver("other", PUBLIC, ["x"], date(2027, 3, 1)), check="aws.kms.key_rotated"), "not_selected"
            ),
        ),
        unused_checks=(USERS.id,),
        fail_on="low",
        exit_code=3,
        exit_reasons={3: "1 failure at or above low is not waived", 4: "3 verdicts are unknown"},
        run_id="20261123T020011Z-1f2e3d4c",
        sealed=None,
    )


def sealed(assessment: Assessment) -> Assessment:
    """The same, recorded."""
    return replace(
        assessment,
        sealed={
            "store": "evidence",
            "sequence": 42,
            "digest": "7f" * 32,
            "root": "3a" * 32,
            "records": len(assessment.findings),
            "bytes": 4096,
        },
    )
