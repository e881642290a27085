"""Measures a year of evidence: bytes a record, the index, and what a report of the year costs a new process.

    python benchmarks/year.py [--nights 365] [--resources 250] [--types 8] [--checks 10] [--keep FOLDER] [--verify]
                              [--bundle]

The workload goes through the real writer: of `types` x `resources` resources, judged by `checks` checks each, 2 %
change each night, and half of the verdicts on them flip. The report is made by a process of its own, on one core, of
the index that is kept (cold) and without one. Read the seconds beside the calibration.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.evidence import calibration, checks, resources, size_of, snapshot, timed
from benchmarks.measured import cost
from engine.cli import GARBAGE
from engine.evidence import standalone_verify
from engine.evidence.catalogue import Content
from engine.evidence.compaction import compact
from engine.evidence.keys import TRUST_FILE, initialise, load_keys
from engine.evidence.seal import Judged, Plan, open_store
from engine.evidence.trust import read_trust
from engine.evidence.verify import verify
from engine.model import Check, Finding, Resource, Scope, Subject

SCOPE = Scope("aws", "123456789012", "eu-west-1")
FIRST = date(2026, 1, 1)
ORGANIZATION = b"""name: Example Ltd
categories: [security]
schedule: {every: day, at: "02:00", timezone: Europe/Berlin, grace_hours: 4}
"""


def source_of(check: Check) -> bytes:
    """The file of a made-up check."""
    return f"""version: 1
title: {check.id}
resource_type: {check.resource_type}
criteria: [CC6.1]
severity: high
rationale: Made up to be measured.
expression: resource.mode == "standard"
message: Made up.
remediation: {{console: None.}}
references: []
examples: []
""".encode()


def controls_of(used: list[Check]) -> bytes:
    """A control for each resource type."""
    lines = ["controls:"]
    for number, kind in enumerate(sorted({check.resource_type for check in used}), 1):
        mine = ", ".join(check.id for check in used if check.resource_type == kind)
        lines += [
            f"  - id: XX-{number:02d}",
            "    statement: What is made up stays made up, night after night.",
            "    owner: Operations",
            "    criteria: [CC6.1]",
            "    aspects: [CC6.1.authentication]",
            "    operation: continuous",
            f"    checks: [{mine}]",
            "    deviation: {not_corrected_within: {critical: 2, high: 14, medium: 30, low: 90}}",
        ]
    return "\n".join(lines).encode() + b"\n"


def content_of(used: list[Check]) -> Content:
    """The data folders that the runs are judged by."""
    schema = json.dumps({"properties": {"mode": {"type": "string"}}}).encode()
    return Content(
        checks={check.id: check.source for check in used},
        controls={"controls/all.yaml": controls_of(used)},
        policies={"organization.yaml": ORGANIZATION},
        schemas=dict.fromkeys({check.resource_type for check in used}, schema),
        parameters={check.id: {} for check in used},
    )


class World:
    """Resources and the verdicts on them, which stay from night to night unless the resource changes."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.chance = random.Random(1)
        self.types = asked.types
        made = checks(asked.types, asked.checks)
        self.checks = [
            replace(check, source=source_of(check), digest=hashlib.sha256(source_of(check)).hexdigest())
            for check in made
        ]
        self.by_type: dict[str, list[Check]] = {}
        for check in self.checks:
            self.by_type.setdefault(check.resource_type, []).append(check)
        self.resources = resources(asked.types, asked.resources, self.chance)
        self.verdicts = {
            (check.id, item.id): self.chance.choices(("pass", "fail"), (93, 7))[0]
            for item in self.resources
            for check in self.by_type[item.type]
        }

    def judged(self, as_of: str) -> Judged:
        """What a run finds."""
        findings = sorted(
            (self._finding(check, item) for item in self.resources for check in self.by_type[item.type]),
            key=lambda finding: finding.order,
        )
        found = snapshot(self.resources, self.types, self.chance)
        return Judged(replace(found, as_of=as_of, finished_at=as_of), findings)

    def _finding(self, check: Check, item: Resource) -> Finding:
        subject = Subject("resource", item.type, item.id, item.name)
        if self.verdicts[check.id, item.id] == "pass":
            return Finding(check, subject, SCOPE, "pass", resource=item)
        said = (("resource.mode", "standard"),)
        return Finding(check, subject, SCOPE, "fail", message="It is not allowed.", observed=said, resource=item)

    def change(self) -> None:
        """The next night: 2 % have another setting, and half of the verdicts on them flip."""
        for place, item in enumerate(self.resources):
            if self.chance.random() < 0.02:
                setting = {**item.properties, "retention_days": self.chance.randrange(400)}
                self.resources[place] = replace(item, properties=setting)
                for check in self.by_type[item.type]:
                    if self.chance.random() < 0.5:
                        was = self.verdicts[check.id, item.id]
                        self.verdicts[check.id, item.id] = "fail" if was == "pass" else "pass"


def generate(store: Path, config: Path, asked: argparse.Namespace) -> list[float]:
    """Record night after night; what each took to seal, in seconds."""
    world, seconds = World(asked), []
    plan, content = Plan("scheduled", "benchmark", "Example Ltd", {}, "0.1.0", "0" * 64), content_of(world.checks)
    for night in range(asked.nights):
        moment = datetime(FIRST.year, FIRST.month, FIRST.day, 1, 5, tzinfo=UTC) + timedelta(days=night)
        start = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        judged = world.judged(start)
        began = time.perf_counter()
        recorder = open_store(store, load_keys(config, {}), config / TRUST_FILE)
        run = recorder.begin(*recorder.intended(plan, content, start))
        run.add(judged.snapshot, judged.findings)
        run.seal(judged, start)
        seconds.append(time.perf_counter() - began)
        world.change()
    return seconds


def report(store: Path, config: Path, nights: int) -> None:
    """What the process of its own does: the report, and what it cost."""
    began, processor = time.perf_counter(), time.process_time()
    from engine.custody.examination import period

    gc.set_threshold(GARBAGE)
    made = period(str(store), config, FIRST, FIRST + timedelta(days=nights - 1))
    cost = f"{time.perf_counter() - began:.2f} s ({time.process_time() - processor:.2f} s of processor)"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    failures = f"{len(made.failures):,} failures, {sum(row.deviation is True for row in made.failures):,} deviations"
    print(f"{cost}, {memory} MB: {failures}, {len(made.nights)} nights, {len(made.coverage)} rows of coverage")


def measured(what: str, store: Path, config: Path, nights: int) -> None:
    """Make the report in a new process, on one core."""
    began = time.perf_counter()
    command = [sys.executable, __file__, "--report", str(store), str(config), "--nights", str(nights)]
    if sys.platform == "linux":
        command = ["taskset", "-c", "0", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"})
    print(f"{what:<13}{time.perf_counter() - began:.2f} s with the start of the process; {done.stdout.strip()}")


def bundled(store: Path, config: Path, folder: Path, nights: int) -> None:
    """Export the nights as an auditor's bundle, and verify it with both verifiers, each in a process of its own."""
    target, last = folder / "audit.zip", FIRST + timedelta(days=nights - 1)
    engine = [sys.executable, "-m", "engine"]
    standalone = [sys.executable, "-I", standalone_verify.__file__, str(target), "--key", str(config / TRUST_FILE)]
    span = ["--from", FIRST.isoformat(), "--to", last.isoformat(), "--store", str(store), "--output", str(target)]
    target.unlink(missing_ok=True)
    environment = {**os.environ, "AUDITREEL_CONFIG": str(config), "PYTHONPATH": str(Path(__file__).parents[1])}
    for what, command in (
        ("export", [*engine, "export", *span]),
        ("verify it", [*engine, "verify", str(target), "--store", str(store), "--allow-unanchored"]),
        ("the other", [*standalone, "--allow-unanchored"]),
    ):
        found = cost(command, environment)
        print(f"{what:<13}{found.wall:.1f} s ({found.cpu:.1f} s of processor), {found.peak:.0f} MB, exit {found.code}")
    print(f"bundle       {target.stat().st_size:,} bytes")


def folded(store: Path, config: Path, records: int) -> None:
    """Merge the months that are over, and verify again. It changes the store."""
    recorder = open_store(store, load_keys(config, {}), config / TRUST_FILE)
    until = (FIRST + timedelta(days=3650)).isoformat()
    cost, months = timed(lambda: compact(recorder, until, f"{until}T00:00:00Z"))
    size = size_of(store)
    took = f"{len(months)} months in {cost.processor:.0f} s of processor"
    print(f"merged       {size:,} bytes, {size / records:.2f} a record; {took}")
    cost, found = timed(lambda: verify(store, read_trust(config / TRUST_FILE)))
    print(
        f"verify       {cost.wall:.1f} s ({cost.processor:.1f} s of processor), {len(found.problems)} problems, merged"
    )


def main() -> None:
    """Run the workload and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("resources", 250), ("types", 8), ("checks", 10), ("nights", 365)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--keep", type=Path, help="make the store here, and leave it; one that is there is measured")
    parser.add_argument("--verify", action="store_true", help="verify the whole store too, then merged by months")
    parser.add_argument("--bundle", action="store_true", help="export the nights and verify the bundle, too")
    parser.add_argument("--report", type=Path, nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.report:
        report(*asked.report, asked.nights)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        store, config = folder / "store", folder / "config"
        seconds = []
        if not store.exists():
            initialise(store, config, environment={})
            seconds = generate(store, config, asked)
        records = asked.resources * asked.types * asked.checks * asked.nights
        size, runs = size_of(store), size_of(store / "runs")
        least, _ = timed(lambda: calibration(records // asked.nights))
        print(f"{records:,} records in {asked.nights} nights; calibration {least.wall:.3f} s a night")
        if seconds:
            print(f"seal         first {seconds[0]:.2f} s, last {seconds[-1]:.2f} s, all {sum(seconds):.0f} s")
        print(f"store        {size:,} bytes, {size / records:.2f} a record with every body; runs {runs / records:.2f}")
        measured("no index", store, config, asked.nights)
        print(f"index        {size_of(store / 'index'):,} bytes, {size_of(store / 'index') / records:.2f} a record")
        for _ in range(3):
            measured("cold report", store, config, asked.nights)
        if asked.bundle:
            bundled(store, config, folder, asked.nights)
        if asked.verify:
            gc.set_threshold(GARBAGE)
            cost, found = timed(lambda: verify(store, read_trust(config / TRUST_FILE)))
            print(
                f"verify       {cost.wall:.1f} s ({cost.processor:.1f} s of processor), {len(found.problems)} problems"
            )
            folded(store, config, records)


if __name__ == "__main__":
    main()
