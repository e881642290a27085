"""Gaps: concluded from findings and people's evidence by hand, over a few criteria of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.content.policy import Policy
from engine.judging.conclude import conclude
from engine.model import (
    NIGHTLY_SCANS,
    Assessment,
    Bounds,
    Cause,
    Check,
    Control,
    Criterion,
    Finding,
    Organization,
    Snapshot,
    Unread,
    Waiver,
)
from engine.programme.gap import Gap, gap
from engine.programme.model import Attachment, Programme, Record, Recurrence, Subservice
from engine.programme.model import Policy as Document
from engine.programme.remediation import Task
from engine.programme.scoped import Nights
from tests.unit.verdicts import check, control, finding, selection, snapshot

ON = date(2026, 11, 26)
NOW = "2026-11-26T02:00:00Z"
TYPE = "Test::Bucket"
PUBLIC = replace(
    check("aws.s3.public", "critical"),
    title="Buckets cannot be reached by the public",
    remediation={"cli": "aws s3api put-public-access-block", "terraform": "aws_s3_bucket_public_access_block"},
)
ENCRYPTED = replace(check("aws.s3.encrypted", "medium"), title="Buckets are encrypted", remediation={"cli": "encrypt"})
LOGGED = replace(check("aws.s3.logged", "low"), title="Access to buckets is recorded", remediation={"cli": "log"})
VERSIONED = replace(check("aws.s3.versioned", "low"), title="Buckets keep versions", remediation={"cli": "keep"})
DENIED = Unread("access_denied", "s3:GetBucketLogging", "s3:GetBucketLogging")


def criterion(id_: str, title: str, series: str, category: str = "security", **aspects: str) -> Criterion:
    """A criterion with aspects."""
    return Criterion(
        id_, title, id_.partition(".")[0], series, category, "both", "continuous", ("minutes", "charter"), aspects
    )


CRITERIA = {
    row.id: row
    for row in (
        criterion("CC1.1", "Integrity and values are lived", "Control environment", rules="Rules are written down"),
        criterion("CC6.1", "Access is protected", "Access", public="Nothing is public", keys="Keys are kept"),
        criterion("CC6.2", "Users are registered and removed", "Access", review="Access is reviewed"),
        criterion("CC6.4", "Facilities are protected", "Access", doors="Doors are locked"),
        criterion("CC7.1", "Changes are detected", "Operations", logs="Access is recorded"),
        criterion("CC7.2", "Systems are watched", "Operations", nights="Systems are scanned", alarms="Alarms ring"),
        criterion("CC8.1", "Changes are approved", "Changes", versions="Versions are kept"),
        criterion("A1.2", "Backups are kept", "Availability", "availability", copies="Copies are kept"),
    )
}
RECURRING = control(
    "AC-02", criteria=["CC6.2"], aspects=("CC6.2.review",), operation="recurring", evidence=("access_review",),
    occurs=Recurrence("quarter", 30, date(2026, 1, 1)),
)  # fmt: skip
CONTROLS = (
    control("AC-01", [PUBLIC.id, ENCRYPTED.id], ["CC6.1", "CC8.1"], aspects=("CC6.1.public",)),
    RECURRING,
    control("AC-03", criteria=["CC6.2"], evidence=("access_policy",), owner="Head of People"),
    control("BC-01", [VERSIONED.id], ["A1.2"], aspects=("A1.2.copies",)),
    control("CM-01", [VERSIONED.id], ["CC8.1"], aspects=("CC8.1.versions",)),
    control("MO-01", [LOGGED.id], ["CC7.1"], aspects=("CC7.1.logs",)),
    control("MO-02", criteria=["CC7.2"], aspects=("CC7.2.nights",), evidence=(NIGHTLY_SCANS,)),
)
FINDINGS = (
    finding(PUBLIC, "fail", "site"),
    finding(PUBLIC, "pass", "ledger"),
    finding(ENCRYPTED, "fail", "site"),
    finding(ENCRYPTED, "fail", "ledger"),
    finding(ENCRYPTED, "fail", "logs"),
    replace(finding(LOGGED, "unknown", "ledger"), causes=(Cause("resource.logging", DENIED),)),
    finding(VERSIONED, "pass", "ledger"),
)
VENDOR = Subservice("cloud", "Example Cloud", "carve_out", "hosting", "AC-03")
REVIEW = Record(
    "review-q3", "access_review", "Access review", "Dana", Path("x"), "0" * 64, date(2026, 9, 20),
    files=(Attachment("review.csv", "0" * 64, 1),),
)  # fmt: skip
POLICY = Document("access", "access_policy", "Access", "CTO", "1", ("CC6.2",), Path("access.md"), "0" * 64)
APPROVED = replace(POLICY, approved_by="Robin", approved_on=date(2026, 1, 2), review_by=date(2027, 1, 2))


def judged(
    findings: Sequence[Finding] = FINDINGS,
    controls: Sequence[Control] = CONTROLS,
    checks: Sequence[Check] = (PUBLIC, ENCRYPTED, LOGGED, VERSIONED),
    shot: Snapshot | None = None,
    waivers: Sequence[Waiver] = (),
    records: Sequence[Record] = (),
    documents: Sequence[Document] = (),
    nights: Nights | None = None,
    tasks: Sequence[Task] = (),
    criteria: dict[str, Criterion] | None = None,
    bounds: Bounds | None = None,
    **fields: Any,
) -> Gap:
    """The gap of an organisation of which all this is known."""
    organization = Organization(
        **{"name": "Example Corp", "categories": ("security",), "path": Path("o"), "digest": "", **fields}
    )
    policy = Policy(
        criteria or CRITERIA, organization, tuple(controls), tuple(waivers), {}, tuple(records), tuple(documents)
    )
    shot = replace(shot or snapshot(TYPE), as_of=NOW)
    asked = selection(*checks)
    shown = conclude(findings, asked, shot, policy)
    run = Assessment(
        kind="adhoc", organization=organization.name, engine_version="0.1.0", as_of=NOW, selection=asked,
        snapshot=shot, findings=tuple(findings), waived=shown.waived, populations=shown.populations,
        controls=shown.controls, criteria=shown.criteria, waivers=shown.waivers, unused_checks=(), fail_on="low",
        exit_code=shown.exit_code, exit_reasons=shown.exit_reasons, boundary=bounds,
    )  # fmt: skip
    return gap(run, organization, policy.documents, ON, nights, {task.id: task for task in tasks})


def every_state(**fields: Any) -> Gap:
    """Each state of a criterion, each kind of item, a plan, and an owner who has a name."""
    return judged(
        stated={"CC6.4": ("subservice", "Example Cloud locks the doors.")},
        programme=Programme(subservices=(VENDOR,), owners={"Head of Security": ("Ana Lopez",)}),
        documents=[POLICY],
        tasks=[
            Task("check/aws.s3.public", "1 failure", "Dana", ON, date(2026, 12, 15), "SEC-1"),
            Task("check/aws.s3.encrypted", "3 failures", "", date(2026, 10, 1), date(2026, 11, 1)),
        ],
        **fields,
    )


def everything_shown() -> Gap:
    """Nothing is lacking: every control shows what it should, and a store has the nights."""
    quarters = [replace(REVIEW, id=f"q{number}", effective_on=date(2026, 3 * number - 1, 1)) for number in (1, 2, 3, 4)]
    shown = [finding(item, "pass", "ledger") for item in (PUBLIC, ENCRYPTED, LOGGED, VERSIONED)]
    whole = {"CC6.1.public", "CC6.1.keys", "CC7.2.nights", "CC7.2.alarms"}
    controls = [
        replace(row, aspects=tuple(sorted({*row.aspects, *(name for name in whole if name[:5] in row.criteria)})))
        for row in CONTROLS
    ]
    controls.append(control("GV-01", [PUBLIC.id], ["CC1.1"], aspects=("CC1.1.rules",)))
    return judged(
        shown, controls, records=quarters, documents=[APPROVED], nights=Nights(31, 31, True),
        stated={"CC6.4": ("subservice", "Example Cloud locks the doors.")},
    )  # fmt: skip


def large(checks: int = 500, resources: int = 5_000) -> Gap:
    """Many checks that all fail, over the real criteria's number of controls."""
    made = [
        replace(
            check(f"aws.service{number % 40}.a_name_that_is_as_long_as_most_{number}", "high"),
            title=f"Resources of kind {number} are set up as the organisation wants them to be",
            remediation={"cli": f"aws service{number} put-configuration --name NAME --some-long-option enabled",
                         "terraform": f"aws_service_{number}.some_attribute = true, with all that belongs to it"},
        )
        for number in range(checks)
    ]  # fmt: skip
    findings = [
        finding(made[number % checks], "fail", f"arn:aws:service:eu-west-1:111122223333:resource/{number:012}")
        for number in range(resources)
    ]
    ids = list(real := real_criteria())
    controls = [
        control(f"AC-{number:02}", [item.id for item in made[number::90]],
                [ids[number % len(ids)], ids[(number + 7) % len(ids)]],
                statement=f"Control {number} of the organisation says what is done, by whom and how often.")
        for number in range(90)
    ]  # fmt: skip
    return judged(
        findings, controls, made, criteria=real,
        categories=("security", "availability", "confidentiality", "processing_integrity", "privacy"),
    )  # fmt: skip


def real_criteria() -> dict[str, Criterion]:
    """The 61 criteria that come along."""
    from tests.unit.verdicts import policy

    return dict(policy().criteria)


def hostile(text: str = '"><script>alert(1)</script>\u202e' + "x" * 300) -> Gap:
    """Names from outside that try to act, wherever one is shown."""
    public = replace(PUBLIC, title=text, remediation={"cli": text})
    document = replace(POLICY, owner=text)
    return judged(
        [finding(public, "fail", text), *FINDINGS[2:]], checks=(public, ENCRYPTED, LOGGED, VERSIONED),
        documents=[document], name=text, stated={"CC6.4": ("subservice", text)},
        programme=Programme(subservices=(replace(VENDOR, name=text),), owners={"Head of Security": (text,)}),
        tasks=[Task(f"check/{PUBLIC.id}", text, text, ON, ticket=text)],
    )  # fmt: skip
