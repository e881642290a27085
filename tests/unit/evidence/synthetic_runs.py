"""Runs made up for tests: a snapshot, checks, findings and content that belong together."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from engine.evidence.canonical import digest
from engine.evidence.catalogue import Content
from engine.evidence.keys import TRUST_FILE, initialise, load_keys
from engine.evidence.seal import Judged, Plan, Recorder, Run, Sealed, open_store
from engine.model import (
    Approval,
    Check,
    Collection,
    Finding,
    LedgerRow,
    LeftOut,
    Population,
    Relation,
    Resource,
    Scope,
    Snapshot,
    Subject,
    Unread,
    Waiver,
)

START = "2026-11-23T02:00:00Z"
END = "2026-11-23T02:03:20Z"
SCOPE = Scope("aws", "123456789012", "eu-west-1")
GLOBAL = Scope("aws", "123456789012", "global")
BUCKET, TRAIL, USER = "AWS::S3::Bucket", "AWS::CloudTrail::Trail", "AWS::IAM::User"

SCHEMAS = {
    BUCKET: {"title": BUCKET, "properties": {"encryption_algorithm": {"type": ["string", "null"]}}},
    TRAIL: {"title": TRAIL, "properties": {"is_logging": {"type": "boolean"}}},
    USER: {
        "title": USER,
        "x-personal-identity": True,
        "properties": {
            "email": {"type": "string", "x-personal": True},
            "devices": {"items": {"properties": {"serial": {"x-personal": True}, "active": {"type": "boolean"}}}},
            "mfa_active": {"type": "boolean"},
        },
    },
}


def check(name: str, resource_type: str = BUCKET, **changes: Any) -> Check:
    source = f"# {name}\n".encode()
    plain = Check(
        id=f"aws.made.{name}",
        version=1,
        title=name,
        resource_type=resource_type,
        criteria=("CC6.1",),
        severity="high",
        rationale="",
        expression="true",
        message="${resource.encryption_algorithm} is not approved.",
        remediation={},
        references=(),
        path=Path(f"checks/aws/made/{name}.yaml"),
        source=source,
        digest=digest(source),
    )
    return replace(plain, **changes)


ENCRYPTED = check("encrypted")
LOGGED = check("logged", related={"trails": Relation("trails", TRAIL, {"account": "account"})})
MFA = check("mfa", USER, message="${resource.name} has no second factor.")


def resource(resource_type: str, resource_id: str, **properties: Any) -> Resource:
    return Resource(
        type=resource_type,
        id=resource_id,
        name=resource_id.rpartition(":")[2],
        provider=SCOPE.provider,
        account=SCOPE.account,
        region=GLOBAL.region if resource_type == USER else SCOPE.region,
        tags={"Größe": "ß", "100%": "\ud800", "stage": "prod"},
        collected_at="2026-11-23T02:00:07Z",
        properties=properties,
    )


def finding(of: Check, about: Resource, verdict: str, **more: Any) -> Finding:
    subject = Subject("resource", about.type, about.id, about.name)
    return Finding(of, subject, about.scope, verdict, resource=about, **more)  # type: ignore[arg-type]


def judged(buckets: int = 5, seed: str = "AES256", collected_at: str = "2026-11-23T02:00:07Z") -> Judged:
    """Every kind of record there is: each verdict, a relation, a scope, a personal subject, a waived failure."""
    trails = tuple(resource(TRAIL, f"arn:aws:cloudtrail:trail/{n}", is_logging=n == 0) for n in range(2))
    stored = [
        resource(BUCKET, f"arn:aws:s3:::bucket-{n:03d}", encryption_algorithm=seed if n % 2 else "aws:kms")
        for n in range(buckets)
    ]
    unread = replace(
        resource(BUCKET, "arn:aws:s3:::denied"),
        tags=None,
        unread={"/encryption_algorithm": Unread("access_denied", "s3:GetEncryption", "s3:GetEncryption", "req 1")},
    )
    user = resource(
        USER,
        "arn:aws:iam::1:user/jane.doe",
        email="jane.doe@example.org",
        devices=[{"serial": "S-4711", "active": True}],
    )
    world = tuple(replace(item, collected_at=collected_at) for item in (*trails, *stored, unread, user))
    trails, (unread, user), stored = world[:2], world[-2:], list(world[2:-2])
    findings = [_encrypted(item) for item in stored]
    findings += [finding(LOGGED, item, "pass", related={"trails": trails}) for item in stored[:3]]
    findings.append(finding(LOGGED, unread, "not_applicable", related={"trails": ()}))
    findings.append(
        finding(
            ENCRYPTED, unread, "unknown", reason="access_denied", message="resource.encryption_algorithm is not known."
        )
    )
    findings.append(
        finding(MFA, user, "fail", message="jane.doe has no second factor.", observed=(("resource.mfa_active", False),))
    )
    findings.append(
        Finding(
            MFA,
            Subject("scope", USER, str(SCOPE), str(SCOPE)),
            SCOPE,
            "unknown",
            reason="throttled",
            message=f"{USER} could not be listed completely: throttled.",
        )
    )
    findings.sort(key=lambda found: found.order)
    waived = next(index for index, found in enumerate(findings) if found.verdict == "fail")
    return Judged(_snapshot(world), findings, _populations(findings), {waived: waiver(findings[waived])})


def person() -> Resource:
    """The user of :func:`judged`."""
    return next(item for item in judged().snapshot.resources if item.type == USER)


def _encrypted(item: Resource) -> Finding:
    algorithm = item.properties["encryption_algorithm"]
    if algorithm == "aws:kms":
        return finding(ENCRYPTED, item, "pass")
    observed = (("resource.encryption_algorithm", algorithm),)
    return finding(ENCRYPTED, item, "fail", message=f"{algorithm} is not approved.", observed=observed)


def _populations(findings: list[Finding]) -> list[Population]:
    rows = []
    for name in sorted({found.check.id for found in findings}):
        verdicts = [found.verdict for found in findings if found.check.id == name]
        counts = [verdicts.count(word) for word in ("pass", "fail", "unknown", "not_applicable")]
        rows.append(Population(name, len(verdicts), *counts, complete=True, queries=("s3:ListBuckets",)))
    return rows


def waiver(about: Finding) -> Waiver:
    return Waiver(
        id="2026-014",
        kind="risk_accepted",
        check=about.check.id,
        resources=(about.subject.id,),
        owner="Ops",
        reason="Migrated in spring.",
        start=date(2026, 1, 1),
        expires=date(2027, 1, 1),
        approval=Approval("Kim", date(2026, 1, 1), "asserted", False),
        path=Path("policies/waivers/2026-014.yaml"),
        digest=digest(b"waiver"),
    )


def _snapshot(world: tuple[Resource, ...]) -> Snapshot:
    denied = Unread("throttled", "iam:ListUsers", "iam:ListUsers", "Throttling (request r-9)")
    ledger = LedgerRow(
        scope=SCOPE,
        reader="s3:GetBucketEncryption",
        planned=6,
        calls=6,
        pages=6,
        items=5,
        retries=1,
        polls=0,
        outcomes={"value": 5, "access_denied": 1},
        request_ids=("r-1", "r-2"),
        digest=digest(b"answers"),
        failures=(("arn:aws:s3:::denied", "access_denied", "s3:GetEncryption", "AccessDenied (request r-2)"),),
    )
    return Snapshot(
        as_of=START,
        source="live",
        identity={"arn": "arn:aws:iam::123456789012:role/auditor"},
        scopes=(GLOBAL, SCOPE),
        collections=(
            Collection(BUCKET, SCOPE, "complete", 6),
            Collection(TRAIL, SCOPE, "complete", 2),
            Collection(USER, GLOBAL, "complete", 1),
            Collection(USER, SCOPE, "failed", 0, denied),
        ),
        resources=tuple(sorted(world, key=lambda item: (item.type, item.account, item.region, item.id))),
        ledger=(ledger,),
        left_out=(LeftOut(Scope("aws", "123456789012", "af-south-1"), "af-south-1", "not opted in"),),
        finished_at="2026-11-23T02:03:00Z",
    )


def content(*checks: Check, schemas: dict[str, Any] = SCHEMAS) -> Content:
    used = checks or (ENCRYPTED, LOGGED, MFA)
    return Content(
        checks={item.id: item.source for item in used},
        controls={"access": b"statement: ...\n"},
        policies={"waivers/2026-014.yaml": b"waiver", "Größe.md": b"# text\n"},
        schemas={name: json.dumps(schema).encode() for name, schema in schemas.items()},
        parameters={item.id: {"approved": ["aws:kms"]} for item in used},
    )


def plan(**changes: Any) -> Plan:
    plain = Plan(
        kind="adhoc",
        trigger="user",
        organization="Example Ltd",
        filters={"criteria": ["security"]},
        engine_version="0.1.0",
        dependencies=digest(b"dependencies"),
    )
    return replace(plain, **changes)


def store_in(folder: Path, demonstration: bool = False) -> Recorder:
    """A new store below ``folder``, ready to record."""
    store, config = folder / "store", folder / "config"
    initialise(store, config, demonstration, environment={})
    return reopened(folder)


def copied(folder: Path, there: Path) -> Path:
    """What lies in ``folder``, in a folder of a test's own: a store is filled in ten times what a copy takes."""
    shutil.copytree(folder, there, dirs_exist_ok=True)
    return there


def reopened(folder: Path) -> Recorder:
    """The store of :func:`store_in`, opened by another process."""
    return open_store(folder / "store", load_keys(folder / "config", {}), folder / "config" / TRUST_FILE)


def begun(recorder: Recorder, plan: Plan, content: Content, start: str) -> Run:
    """A run that has begun."""
    return recorder.begin(*recorder.intended(plan, content, start))


def sealed(run: Run, what: Judged, at: str) -> Sealed:
    """What a run found, added in one part, and its seal."""
    run.add(what.snapshot, what.findings)
    return run.seal(what, at)


def record(recorder: Recorder, what: Judged | None = None, start: str = START, **changes: Any) -> Sealed:
    """One run, from intent to seal."""
    return sealed(begun(recorder, plan(**changes), content(), start), what or judged(), END)
