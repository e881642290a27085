"""Measures what evidence costs: seconds to seal a run, bytes a record, seconds to verify it.

    python benchmarks/evidence.py [--resources 250] [--types 8] [--checks 10] [--nights 5]

The workload: for each of `types` resource types, `resources` resources and `checks` checks; 2 % of the resources change
each night. Read the seconds beside the calibration, which is what as many short lines of JSON take on this machine.
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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.evidence.catalogue import Content
from engine.evidence.keys import TRUST_FILE, initialise, load_keys
from engine.evidence.seal import Judged, Plan, Recorder, Run, Sealed, open_store
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from engine.model import Check, Collection, Finding, LedgerRow, Resource, Scope, Snapshot, Subject

SCOPE = Scope("aws", "123456789012", "eu-west-1")
T = TypeVar("T")
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


def changed(found: list[Resource], chance: random.Random) -> list[Resource]:
    """The next night: 2 % have another setting."""
    return [
        replace(item, properties={**item.properties, "retention_days": chance.randrange(400)})
        if chance.random() < 0.02
        else item
        for item in found
    ]


def content_of(used: list[Check]) -> Content:
    """Data files of a usual size."""
    schema = json.dumps({"properties": {"mode": {"type": "string"}}}).encode()
    return Content(
        checks={check.id: check.source for check in used},
        controls={f"control-{number}": b"statement\n" * 40 for number in range(25)},
        policies={"organization.yaml": b"name: Example\n"},
        schemas=dict.fromkeys({check.resource_type for check in used}, schema),
        parameters={check.id: {} for check in used},
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the wall and of the processor, and bytes."""

    wall: float
    processor: float
    size: int = 0


def timed(action: Callable[[], T]) -> tuple[Cost, T]:
    """What an action cost, and its result."""
    wall, processor = time.perf_counter(), time.process_time()
    result = action()
    return Cost(time.perf_counter() - wall, time.process_time() - processor), result


def sealed_nights(store: Path, config: Path, asked: argparse.Namespace) -> tuple[list[Cost], list[Cost], Sealed]:
    """Record night after night: what each intent cost, what each seal cost, and the last run."""
    chance = random.Random(1)
    used = checks(asked.types, asked.checks)
    by_type = {
        check.resource_type: [other for other in used if other.resource_type == check.resource_type] for check in used
    }
    plan, content = Plan("scheduled", "benchmark", "Example Ltd", {}, "0.1.0", "0" * 64), content_of(used)
    found = resources(asked.types, asked.resources, chance)
    begins, seals = [], []
    for night in range(asked.nights):
        judged = Judged(snapshot(found, asked.types, chance), judge(found, by_type, chance))
        start = f"2026-11-{night % 28 + 1:02d}T02:00:00Z"
        recorder = open_store(store, load_keys(config, {}), config / TRUST_FILE)
        cost, run = timed(partial(begun, recorder, plan, content, start))
        begins.append(cost)
        before = size_of(store)
        cost, sealed = timed(partial(sealed_run, run, judged, start))
        seals.append(replace(cost, size=size_of(store) - before))
        found = changed(found, chance)
    return begins, seals, sealed


def begun(recorder: Recorder, plan: Plan, content: Content, start: str) -> Run:
    """A run that has begun."""
    return recorder.begin(*recorder.intended(plan, content, start))


def sealed_run(run: Run, judged: Judged, ended_at: str) -> Sealed:
    """Record and seal what a run found."""
    run.add(judged.snapshot, judged.findings)
    return run.seal(judged, ended_at)


def calibration(records: int) -> None:
    """As many short lines of JSON, hashed: what any recorder must do at least."""
    lines = (json.dumps(["aws.service.check", f"arn:aws:service:{number}", "pass", None]) for number in range(records))
    hashlib.sha256("\n".join(lines).encode()).hexdigest()


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def median(costs: list[Cost]) -> str:
    """The median of what nights cost."""
    wall = statistics.median(cost.wall for cost in costs)
    return f"{wall:.3f} s ({statistics.median(cost.processor for cost in costs):.3f} s of processor)"


def main() -> None:
    """Run the workload and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("resources", 250), ("types", 8), ("checks", 10), ("nights", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, config = Path(folder, "store"), Path(folder, "config")
        initialise(store, config)
        begins, seals, sealed = sealed_nights(store, config, asked)
        verified, report = timed(lambda: verify(store, read_trust(config / TRUST_FILE)))
        parts = {path.name: path.stat().st_size for path in (store / "runs" / sealed.run).iterdir()}
    least, _ = timed(lambda: calibration(sealed.records))
    later = statistics.mean(cost.size for cost in seals[1:] or seals)
    print(f"{sealed.records} records a night, {asked.nights} nights; calibration {least.wall:.3f} s")
    print(f"begin        first {median(begins[:1])}, later {median(begins[1:] or begins)}")
    print(f"seal         first {median(seals[:1])}, later {median(seals[1:] or seals)}; budget 0.5 s for 20,000")
    print(f"first night  {seals[0].size / sealed.records:.2f} bytes a record, with every body and the entries")
    print(f"later        {later / sealed.records:.2f} bytes a record ({later:.0f} bytes); budget 8")
    print("of these    ", ", ".join(f"{name} {size / sealed.records:.2f}" for name, size in sorted(parts.items())))
    print(f"verify       {verified.wall / asked.nights:.3f} s a run, {len(report.problems)} problems")


if __name__ == "__main__":
    main()
