"""Measures what evidence costs: seconds to seal a run, bytes a record, seconds to verify it.

    python benchmarks/evidence.py [--resources 250] [--types 8] [--checks 10] [--nights 5]

The workload: for each of `types` resource types, `resources` resources and `checks` checks; 2 % of the resources change
each night. Budgets (two cores): 20,000 results sealed in 0.5 s, 8 bytes a record. The calibration line is the time that
plain SHA-256 over the run's records takes on this machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.evidence.catalogue import Content
from engine.evidence.keys import TRUST_FILE, initialise, load_keys
from engine.evidence.seal import Judged, Plan, open_store
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from engine.model import Check, Collection, Finding, LedgerRow, Population, Resource, Scope, Snapshot, Subject

SCOPE = Scope("aws", "123456789012", "eu-west-1")
VERDICTS = ("pass", "fail", "unknown", "not_applicable")


def checks(types: int, each: int) -> list[Check]:
    """Made-up checks, `each` for every type."""
    return [_check(kind, number) for kind in range(types) for number in range(each)]


def _check(kind: int, number: int) -> Check:
    source = f"# check {kind} {number}\n".encode() * 60
    return Check(
        id=f"aws.service{kind}.attribute_{number}_is_set",
        version=1,
        title="",
        resource_type=f"AWS::Service{kind}::Thing",
        criteria=("CC6.1",),
        severity="high",
        rationale="",
        expression="true",
        message="${resource.mode} is not allowed.",
        remediation={},
        references=(),
        examples=(),
        path=Path("made-up.yaml"),
        source=source,
        digest=hashlib.sha256(source).hexdigest(),
    )


def resources(types: int, each: int, chance: random.Random) -> list[Resource]:
    """Made-up resources of about 1.7 KB JSON."""
    return [_resource(kind, chance) for kind in range(types) for _ in range(each)]


def _resource(kind: int, chance: random.Random) -> Resource:
    number = f"{chance.getrandbits(48):012x}"
    rules = [
        {"from_port": chance.randrange(1024), "cidrs": ["10.0.0.0/8", "192.168.0.0/16"], "description": "made up"}
        for _ in range(12)
    ]
    return Resource(
        type=f"AWS::Service{kind}::Thing",
        id=f"arn:aws:service{kind}:eu-west-1:123456789012:thing/{number}",
        name=number,
        provider="aws",
        account="123456789012",
        region="eu-west-1",
        tags={"stage": "prod", "owner": "platform", "cost-centre": str(chance.randrange(40))},
        collected_at=f"2026-11-23T02:00:{chance.randrange(20):02d}Z",
        properties={"mode": "standard", "enabled": True, "retention_days": chance.randrange(400), "rules": rules},
    )


def judge(found: list[Resource], by_type: dict[str, list[Check]], chance: random.Random) -> list[Finding]:
    """Verdicts by dice: 90 % pass, 7 % fail, 2 % unknown, 1 % not applicable."""
    findings = []
    for item in found:
        for check in by_type[item.type]:
            verdict = chance.choices(VERDICTS, (90, 7, 2, 1))[0]
            findings.append(_finding(check, item, verdict))
    return sorted(findings, key=lambda finding: finding.order)


def _finding(check: Check, item: Resource, verdict: Any) -> Finding:
    said: dict[str, Any] = {}
    if verdict == "fail":
        said = {"message": f"{item.properties['mode']} is not allowed.", "observed": (("resource.mode", "standard"),)}
    if verdict == "unknown":
        said = {"message": "resource.mode is not known: access_denied.", "reason": "access_denied"}
    subject = Subject("resource", item.type, item.id, item.name)
    return Finding(check, subject, SCOPE, verdict, resource=item, **said)


def snapshot(found: list[Resource], types: int, chance: random.Random) -> Snapshot:
    """What a run of that size leaves in the ledger: one call in three resources."""
    readers = tuple(
        LedgerRow(
            scope=SCOPE,
            reader=f"service{kind}:DescribeThings",
            planned=1,
            calls=len(found) // types // 3,
            pages=3,
            items=len(found) // types,
            retries=0,
            polls=0,
            outcomes={"value": 1},
            request_ids=tuple(f"{chance.getrandbits(128):032x}" for _ in range(len(found) // types // 3)),
            digest=f"{chance.getrandbits(256):064x}",
        )
        for kind in range(types)
    )
    collections = tuple(Collection(f"AWS::Service{kind}::Thing", SCOPE, "complete", 1) for kind in range(types))
    ordered = tuple(sorted(found, key=lambda item: (item.type, item.account, item.region, item.id)))
    identity = {"arn": "arn:aws:iam::123456789012:role/auditor"}
    return Snapshot("2026-11-23T02:00:00Z", "live", identity, (SCOPE,), collections, ordered, readers)


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of wall clock, and the result."""
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def changed(found: list[Resource], chance: random.Random) -> list[Resource]:
    """The next night: 2 % have another setting."""
    return [
        replace(item, properties={**item.properties, "retention_days": chance.randrange(400)})
        if chance.random() < 0.02
        else item
        for item in found
    ]


def main() -> None:
    """Run the workload and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("resources", 250), ("types", 8), ("checks", 10), ("nights", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    chance = random.Random(1)
    used = checks(asked.types, asked.checks)
    by_type: dict[str, list[Check]] = {}
    for check in used:
        by_type.setdefault(check.resource_type, []).append(check)
    schema = json.dumps({"properties": {"mode": {"type": "string"}}}).encode()
    content = Content(
        checks={check.id: check.source for check in used},
        controls={f"c{number}": b"statement\n" * 40 for number in range(25)},
        policies={"organization.yaml": b"name: Example\n"},
        schemas=dict.fromkeys(by_type, schema),
        parameters={check.id: {} for check in used},
    )
    plan = Plan("scheduled", "benchmark", "Example Ltd", {}, "0.1.0", "0" * 64)
    found = resources(asked.types, asked.resources, chance)
    with tempfile.TemporaryDirectory() as folder:
        store, config = Path(folder, "store"), Path(folder, "config")
        initialise(store, config)
        nights(store, config, asked, plan, content, found, by_type, chance)


def nights(
    store: Path,
    config: Path,
    asked: argparse.Namespace,
    plan: Plan,
    content: Content,
    found: list[Resource],
    by_type: dict[str, list[Check]],
    chance: random.Random,
) -> None:
    """Seal night after night, then verify."""
    begins, seals, sizes = [], [], []
    for night in range(asked.nights):
        findings = judge(found, by_type, chance)
        populations = [Population(check.id, 1, 1, 0, 0, 0, True) for group in by_type.values() for check in group][:0]
        judged = Judged(snapshot(found, asked.types, chance), findings, populations)
        start = f"2026-11-{night % 28 + 1:02d}T02:00:00Z"
        recorder = open_store(store, load_keys(config, {}), config / TRUST_FILE)
        seconds, run = timed(lambda: recorder.begin(plan, content, start))  # noqa: B023 - called at once
        begins.append(seconds)
        before = size_of(store)
        seconds, sealed = timed(lambda: run.seal(judged, start))  # noqa: B023 - called at once
        seals.append(seconds)
        sizes.append(size_of(store) - before)
        found = changed(found, chance)
    records = sealed.records
    print(f"{records} records, {asked.nights} nights")
    print(f"begin: first {begins[0]:.3f} s, later {statistics.median(begins[1:] or begins):.3f} s")
    print(
        f"seal:  first {seals[0]:.3f} s, later {statistics.median(seals[1:] or seals):.3f} s    budget 0.5 s for 20,000"
    )
    print(
        f"disk:  first night {sizes[0] / records:.2f} bytes a record (with all bodies), later "
        f"{statistics.mean(sizes[1:] or sizes):.0f} bytes = {statistics.mean(sizes[1:] or sizes) / records:.2f} a record    budget 8"
    )
    for part in ("findings", "ledger"):
        path = store / "runs" / sealed.run / f"{part}.parquet"
        print(f"       {part}.parquet {path.stat().st_size / records:.2f} bytes a record")
    seconds, report = timed(lambda: verify(store, read_trust(config / TRUST_FILE)))
    print(f"verify: {seconds:.2f} s for {asked.nights} runs, {len(report.problems)} problems")


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
