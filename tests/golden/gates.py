"""Gates made by hand: one that shows every movement once, and the configuration that it was planned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from engine.gate.model import Change, ChangeRequest, ContentChange, Gate, ModuleCall, NeedsLive, Place, Source
from engine.model import Assessment, Check, Finding, Resource, Scope, Selection, Snapshot, Subject, Unread
from engine.report.hcl import blocks
from engine.report.sources import Sources
from tests.golden.assessments import (
    AS_OF,
    ENCRYPTED,
    PUBLIC,
    ROOT,
    bucket,
    check,
    finding,
    populations,
    unknown,
    waiver,
)

PLANNED = Scope("aws", "111111111111", "eu-west-1")
SSH = check(
    "aws.ec2.security_group_no_public_ssh",
    "Security groups do not open SSH to the world",
    "critical",
    ["CC6.6"],
    resource_type="AWS::EC2::SecurityGroup",
    rationale="An administration port that anyone can reach is guessed at within minutes of its creation.",
    remediation={"terraform": "aws_security_group.ingress.cidr_blocks without 0.0.0.0/0 for port 22"},
)
TRAIL = check(
    "aws.cloudtrail.trail_logs_every_region",
    "Some trail logs every region",
    "high",
    ["CC7.2"],
    resource_type="AWS::CloudTrail::Trail",
    rationale="Without a trail nobody can say who changed what.",
    remediation={"terraform": "aws_cloudtrail.is_multi_region_trail = true"},
)
AFTER_APPLY = Unread("known_after_apply", None, None, "aws_kms_key.main.arn")

SOURCES = Sources(
    {
        path: blocks(text)
        for path, text in {
            "main.tf": 'module "data" {\n  source = "./modules/bucket"\n}\n\n'
            'module "shared" {\n  source = "registry/x/y"\n}\n',
            "network.tf": '# ssh\nresource "aws_security_group" "admin" {\n  ingress {\n    from_port = 22\n  }\n}\n',
            "trail.tf": 'resource "aws_cloudtrail" "other" {\n}\n',
            "modules/bucket/main.tf": 'resource "aws_s3_bucket" "this" {\n}\n\n'
            'resource "aws_s3_bucket_public_access_block" "this" {\n  block_public_acls = false\n}\n',
        }.items()
    },
    "infra",
)


def place(address: str, type_: str, name: str, modules: Sequence[ModuleCall] = (), parts: Sequence[str] = ()) -> Place:
    """Where a planned resource is written."""
    return Place(address, type_, name, tuple(modules), ("create",), None, tuple(parts))


def change(of: Check, item: Resource, movement: str, row: Finding | None, at: Place, **fields: object) -> Change:
    """What became of a verdict."""
    told = {"before": None, "after": row.verdict if row is not None else None, "finding": row, "place": at, **fields}
    subject = Subject("resource", item.type, item.id, item.name)
    return Change(of, subject, item.scope, movement, **told)  # type: ignore[arg-type]


def named(type_: str, address: str, **properties: object) -> Resource:
    """A planned resource, which has no id yet but its address."""
    return replace(bucket(address, **properties), type=type_, id=address)


def failing(of: Check, item: Resource, message: str) -> Finding:
    """A failure."""
    return finding(of, item, "fail", message=message, observed=(("resource.public", True),))


def every_movement() -> Gate:
    """New, worse, as before, waived, fixed, deleted and unknown; a pass; checks that need the live account."""
    calls = (ModuleCall("data", '"eu"', "./modules/bucket"),)
    new_ = named("AWS::S3::Bucket", 'module.data["eu"].aws_s3_bucket.this[0]', public=True)
    group = named("AWS::EC2::SecurityGroup", "aws_security_group.admin")
    old = named("AWS::S3::Bucket", "module.shared.aws_s3_bucket.archive")
    prices = named("AWS::S3::Bucket", "aws_s3_bucket.prices")
    mended = named("AWS::S3::Bucket", "aws_s3_bucket.mended")
    sound = named("AWS::S3::Bucket", "aws_s3_bucket.sound")
    trail = named("AWS::CloudTrail::Trail", "aws_cloudtrail.main")
    keyed = named("AWS::S3::Bucket", "aws_s3_bucket.keyed")
    accepted = waiver("public-prices", PUBLIC, [prices.id], date(2026, 12, 2))
    at = {
        new_.id: place(new_.id, "aws_s3_bucket", "this", calls,
                       ['module.data["eu"].aws_s3_bucket_public_access_block.this[0]']),
        group.id: place(group.id, "aws_security_group", "admin"),
        old.id: place(old.id, "aws_s3_bucket", "archive", [ModuleCall("shared", None, "registry/x/y")]),
        prices.id: place(prices.id, "aws_s3_bucket", "prices"),
        mended.id: place(mended.id, "aws_s3_bucket", "mended"),
        sound.id: place(sound.id, "aws_s3_bucket", "sound"),
        trail.id: place(trail.id, "aws_cloudtrail", "main"),
        keyed.id: place(keyed.id, "aws_s3_bucket", "keyed"),
    }  # fmt: skip
    rows = {
        "new": failing(PUBLIC, new_, "Bucket this can be reached by the public."),
        "worse": failing(SSH, group, "Port 22 is open to 0.0.0.0/0, ::/0."),
        "old": failing(ENCRYPTED, old, "Bucket archive is not encrypted."),
        "waived": failing(PUBLIC, prices, "Bucket prices can be reached by the public."),
        "fixed": finding(PUBLIC, mended, "pass"),
        "passes": finding(PUBLIC, sound, "pass"),
        "unknown": unknown(ENCRYPTED, keyed, AFTER_APPLY, "resource.encrypted"),
    }
    findings = tuple(sorted(rows.values(), key=lambda row: row.order))
    changes = (
        change(TRAIL, trail, "control_deleted", None, at[trail.id], before="pass", stops=True),
        change(SSH, group, "worse", rows["worse"], at[group.id], before="fail", stops=True,
               added=(("resource.ingress[1].cidr", "::/0"),)),
        change(ENCRYPTED, keyed, "unknown", rows["unknown"], at[keyed.id]),
        change(ENCRYPTED, old, "unchanged_failure", rows["old"], at[old.id], before="fail"),
        change(PUBLIC, mended, "fixed", rows["fixed"], at[mended.id], before="fail"),
        change(PUBLIC, prices, "new_failure", rows["waived"], at[prices.id], waiver=accepted),
        change(PUBLIC, new_, "new_failure", rows["new"], at[new_.id], stops=True),
    )  # fmt: skip
    checks = (TRAIL, SSH, ENCRYPTED, PUBLIC)
    waived = {index: accepted for index, row in enumerate(findings) if row is rows["waived"]}
    assessment = Assessment(
        kind="gate",
        organization="Example Corp",
        engine_version="0.1.0",
        as_of=AS_OF,
        selection=Selection(checks=checks, providers=("aws",)),
        snapshot=Snapshot(AS_OF, "terraform", {}, (PLANNED,), (), (), finished_at="2026-11-23T02:00:12Z"),
        findings=findings,
        waived=waived,
        populations=populations(checks, findings, waived),
        controls=(),
        criteria=(),
        waivers=(),
        unused_checks=(),
        fail_on="low",
        exit_code=3,
        exit_reasons={3: "2 failures and 1 deleted control are this change's"},
        run_id="20261123T020011Z-1f2e3d4c",
    )
    return Gate(
        assessment=assessment,
        source=Source(
            kind="terraform",
            path="plan.json",
            digest="5e" * 32,
            format_version="1.2",
            tool="Terraform 1.11.4",
            resources=12,
            judged=8,
            actions={"create": 9, "delete": 1, "update": 2},
            unmapped={"aws_s3_object": 2, "random_id": 1},
            orphans=("aws_s3_bucket_policy.elsewhere",),
            incomplete=("The plan was made with -target: other resources were left out.",),
        ),
        base="plan",
        base_name="what the plan says was there before",
        changes=changes,
        places={
            (item.type, item.scope, item.id): at[item.id]
            for item in (new_, group, old, prices, mended, sound, trail, keyed)
        },
        needs_live=(NeedsLive(ROOT, "no plan shows the multi-factor devices of the root user"),),
        content_changes=(ContentChange("policies/waivers/mine.yaml", "added"),),
        request=ChangeRequest("1" * 40, "2" * 40, "42", ("ciso@example.com",)),
        policy_ref="1" * 40,
    )


def passing() -> Gate:
    """A gate that lets the change pass: nothing fails that did not before."""
    gate = every_movement()
    kept = tuple(row for row in gate.changes if not row.stops and row.waiver is None)
    stopped = {row.subject.id for row in gate.changes if row.subject.id not in {kept_.subject.id for kept_ in kept}}
    findings = tuple(row for row in gate.assessment.findings if row.subject.id not in stopped)
    run = replace(
        gate.assessment, findings=findings, waived={}, exit_code=0, exit_reasons={},
        populations=populations(gate.assessment.selection.checks, findings, {}),
    )  # fmt: skip
    return replace(gate, assessment=run, changes=kept, content_changes=())
