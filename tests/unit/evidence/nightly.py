"""Nights recorded through the real writer, with a policy that is read again from what was sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from engine.content.root import find
from engine.content.stored import in_force
from engine.content.strictness import is_weaker
from engine.evidence.canonical import digest
from engine.evidence.catalogue import Content
from engine.evidence.keys import load_secret
from engine.evidence.period.made import Asked, filmed, shown
from engine.evidence.seal import Judged, Plan, Recorder, Run, Sealed
from engine.evidence.trust import read_trust
from engine.model import Check, Collection, Finding, InForce, Population, Resource, Snapshot, Subject, Waiver
from engine.periods import Period
from tests.unit.evidence.synthetic_runs import BUCKET, SCOPE, finding, waiver
from tests.unit.evidence.synthetic_runs import check as made_check

ENCRYPTED, VERSIONED = "aws.s3.encrypted", "aws.s3.versioned"
ORGANIZATION = """name: Example Ltd
categories: [security]
schedule: {every: day, at: "02:00", timezone: Europe/Berlin, grace_hours: 3}
"""
CONTROLS = """controls:
  - id: DP-01
    statement: Buckets are encrypted with an approved algorithm.
    owner: Operations
    criteria: [CC6.1]
    aspects: [CC6.1.access_restricted]
    operation: continuous
    checks: [aws.s3.encrypted]
    deviation: {not_corrected_within: {critical: 1, high: 2, medium: 30, low: 90}}
  - id: DP-02
    statement: Buckets keep the versions of their objects.
    owner: Operations
    criteria: [CC6.1]
    aspects: [CC6.1.access_restricted]
    operation: continuous
    checks: [aws.s3.versioned]
    deviation: any_failure
  - id: MO-01
    statement: The configuration is read and judged every night.
    owner: Operations
    criteria: [CC7.1]
    aspects: [CC7.1.drift]
    operation: continuous
    evidence: [nightly_scans]
"""
WAIVER = """kind: risk_accepted
check: aws.s3.encrypted
account: "123456789012"
resources: ["arn:aws:s3:::b"]
owner: Ops
approver: Kim
approved_on: 2026-01-01
start: 2026-01-01
expires: 2027-01-01
reason: Migrated in spring.
"""


def source(version: int, days: int = 30) -> bytes:
    """The file of a check."""
    return f"""version: {version}
title: Made up
resource_type: {BUCKET}
criteria: [CC6.1]
severity: high
rationale: Made up.
parameters:
  max_days: {{type: int, default: {days}, description: Days.}}
expression: resource.age_days <= params.max_days
message: Made up.
remediation: {{console: None.}}
references: []
examples: []
""".encode()


def a_check(id_: str, version: int = 1) -> Check:
    """A check as its file says it."""
    data = source(version)
    return made_check("made", id=id_, version=version, source=data, digest=digest(data))


def content(
    checks: Sequence[Check],
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    controls: str = CONTROLS,
    organization: str = ORGANIZATION,
) -> Content:
    """The data folders of a run."""
    return Content(
        checks={check.id: check.source for check in checks},
        controls={"controls/all.yaml": controls.encode()},
        policies={"organization.yaml": organization.encode(), "waivers/2026-014.yaml": WAIVER.encode()},
        schemas={BUCKET: b'{"title": "' + BUCKET.encode() + b'", "properties": {}}'},
        parameters={check.id: {"max_days": 30, **(parameters or {}).get(check.id, {})} for check in checks},
    )


def plan(kind: Any = "scheduled", **filters: Any) -> Plan:
    """What a run sets out to do."""
    return Plan(kind, "test", "Example Ltd", filters, "0.1.0", digest(b"dependencies"))


def judged(
    as_of: str,
    verdicts: Mapping[str, Mapping[str, str]],
    checks: Sequence[Check],
    listing: Literal["complete", "failed"] = "complete",
    source: str = "live",
    accepted: Mapping[str, Waiver] | None = None,
) -> Judged:
    """What a run found: by check and bucket its verdict; ``accepted`` are waivers by bucket."""
    buckets = sorted({name for found in verdicts.values() for name in found})
    made = {name: _bucket(name, as_of) for name in buckets}
    findings = sorted(
        (
            _finding(check, made[name], verdict)
            for check in checks
            for name, verdict in verdicts.get(check.id, {}).items()
        ),
        key=lambda found: found.order,
    )
    if listing == "failed":
        findings += [_unlisted(check) for check in checks]
        findings.sort(key=lambda found: found.order)
    waived = {
        number: (accepted or {})[found.subject.name]
        for number, found in enumerate(findings)
        if found.verdict == "fail" and found.subject.name in (accepted or {})
    }
    snapshot = Snapshot(
        as_of=as_of,
        source=source,
        identity={"arn": "arn:aws:iam::123456789012:role/auditor"},
        scopes=(SCOPE,),
        collections=(Collection(BUCKET, SCOPE, listing, len(buckets)),),
        resources=tuple(made.values()),
        finished_at=as_of,
    )
    return Judged(snapshot, findings, _populations(findings, checks, listing), waived)


def _bucket(name: str, as_of: str) -> Resource:
    return Resource(
        BUCKET, f"arn:aws:s3:::{name}", name, SCOPE.provider, SCOPE.account, SCOPE.region, {}, as_of, {"age_days": 1}
    )


def _finding(check: Check, item: Resource, verdict: str) -> Finding:
    said: dict[str, Any] = {"message": "It is too old."} if verdict == "fail" else {}
    if verdict == "unknown":
        said = {"reason": "access_denied", "message": "resource.age_days is not known."}
    return finding(check, item, verdict, **said)


def _unlisted(check: Check) -> Finding:
    said = {"reason": "throttled", "message": "could not be listed completely: throttled."}
    return Finding(check, Subject("scope", BUCKET, str(SCOPE), str(SCOPE)), SCOPE, "unknown", **said)  # type: ignore[arg-type]


def _populations(findings: Sequence[Finding], checks: Sequence[Check], listing: str) -> list[Population]:
    rows = []
    for check in checks:
        verdicts = [found.verdict for found in findings if found.check.id == check.id]
        counts = [verdicts.count(word) for word in ("pass", "fail", "unknown", "not_applicable")]
        rows.append(
            Population(check.id, len(verdicts), *counts, complete=listing == "complete", queries=("s3:ListBuckets",))
        )
    return rows


def begun(recorder: Recorder, at: str, checks: Sequence[Check], planned: Plan | None = None, **more: Any) -> Run:
    """A run that has begun."""
    return recorder.begin(*recorder.intended(planned or plan(), content(checks, **more), at))


def recorded(
    recorder: Recorder,
    at: str,
    verdicts: Mapping[str, Mapping[str, str]],
    checks: Sequence[Check] = (),
    planned: Plan | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    controls: str = CONTROLS,
    organization: str = ORGANIZATION,
    **more: Any,
) -> Sealed:
    """One night, from intent to seal."""
    checks = checks or [a_check(id_) for id_ in verdicts]
    run = begun(recorder, at, checks, planned, parameters=parameters, controls=controls, organization=organization)
    what = judged(at, verdicts, checks, **more)
    run.add(what.snapshot, what.findings)
    return run.seal(what, at)


def policy_of(sources: Mapping[str, Mapping[str, bytes]], parameters: Mapping[str, Mapping[str, Any]]) -> InForce:
    """As the pipeline reads it."""
    return in_force(sources["checks"], sources["controls"], sources["policies"], parameters, find())


def made(folder: Path, starts: str, ends: str, type_: Literal[1, 2] = 2, secret: bool = True) -> Period:
    """The period of the store below ``folder``."""
    config, asked = folder / "config", Asked(date.fromisoformat(starts), date.fromisoformat(ends), type_)
    trust = read_trust(config / "trust.json")
    film, reading = filmed(folder / "store", trust, load_secret(config) if secret else None, asked, policy_of)
    return shown(film, reading, trust, asked, is_weaker)


def accepted(name: str, check: Check) -> Waiver:
    """A waiver of a bucket's failure."""
    plain = waiver(finding(check, _bucket(name, "2026-01-01T00:00:00Z"), "fail", message=""))
    return replace(plain, id="2026-014")
