"""Replays a year: every record of every night is judged again from what was stored, and must come out the same.

    python benchmarks/replays.py [--nights 365] [--python OTHER]... [--keep FOLDER]

The nights are those of the demonstration's company: all checks, judged by the engine, and in each night 2 % of the
resources have another setting. Each ``--python`` (an interpreter that has the core's dependencies) replays the same
store as well. Ends with 1 where a run did not come out identical.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine import __version__
from engine.collection import completed
from engine.collection.conformance import conforming
from engine.collection.planner import plan as planned
from engine.collection.snapshot import read
from engine.content.checks import compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.evidence.keys import TRUST_FILE, initialise, load_keys
from engine.evidence.seal import Judged, Plan, open_store
from engine.judging.evaluate import evaluate
from engine.model import Resource, Snapshot
from engine.run.observing import DEMO
from engine.run.recording import sources_of
from providers import declared

ROOT = Path(__file__).resolve().parents[1]
FIRST = datetime(2027, 6, 1, 1, 5, tzinfo=UTC)
"""So that a year holds a leap day."""


def changed(item: Resource, chance: random.Random) -> Resource:
    """A resource with one of its switches set otherwise."""
    switches = sorted(name for name, value in item.properties.items() if isinstance(value, bool))
    if not switches:
        return item
    name = chance.choice(switches)
    return replace(item, properties={**item.properties, name: not item.properties[name]})


def snapshots(first: Snapshot, nights: int, share: float = 0.02) -> Iterator[Snapshot]:
    """A snapshot a night, in which some resources are not as they were."""
    chance, resources = random.Random(1), list(first.resources)
    for night in range(nights):
        as_of = (FIRST + timedelta(days=night)).strftime("%Y-%m-%dT%H:%M:%SZ")
        seen = tuple(replace(item, collected_at=as_of) for item in resources)
        yield replace(first, as_of=as_of, finished_at=as_of, resources=seen)
        resources = [changed(item, chance) if chance.random() < share else item for item in resources]


def generate(store: Path, config: Path, nights: int, share: float = 0.02) -> int:
    """Judge and record the nights; gives how many records there are."""
    content = load(find())
    selected = [check for check in content.checks.values() if check.provider == "aws"]
    compiled = compile_checks(selected, content.types, content.policy.organization.parameters)
    reads: dict[str, set[str]] = {}
    for check in compiled:
        for type_, names in check.reads.items():
            reads.setdefault(type_, set()).update(names)
    conform = conforming({name: schema.type for name, schema in content.types.items()})
    whole = completed(read(DEMO), [planned("aws", declared("aws"), reads)], conform)
    initialise(store, config, environment={})
    sources, records = sources_of(content, compiled), 0
    asked = Plan("scheduled", "benchmark", "Example Ltd", {}, __version__, "0" * 64)
    for snapshot in snapshots(replace(whole, source="live"), nights, share):
        findings = evaluate(snapshot, compiled, lambda scope: True)
        recorder = open_store(store, load_keys(config, {}), config / TRUST_FILE)
        run = recorder.begin(*recorder.intended(asked, sources, snapshot.as_of))
        run.add(snapshot, findings)
        records += run.seal(Judged(snapshot, findings), snapshot.as_of).records
    return records


def replayed(python: str, store: Path, config: Path) -> subprocess.CompletedProcess[str]:
    """Replay every run of a store by another process."""
    return subprocess.run(
        [python, "-m", "engine", "replay", "--from", "2027-01-01", "--to", "2030-01-01", "--store", str(store)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "AUDITREEL_CONFIG": str(config)},
        cwd=store.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    """Record, replay, print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--python", action="append", default=[], help="an interpreter that replays the store as well")
    parser.add_argument("--keep", type=Path, help="make the store here, and leave it; one that is there is replayed")
    asked: Any = parser.parse_args()
    code = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        store, config = folder / "store", folder / "config"
        if not store.exists():
            print(f"{generate(store, config, asked.nights):,} records in {asked.nights} nights", flush=True)
        for python in (sys.executable, *asked.python):
            began = time.perf_counter()
            done = replayed(python, store, config)
            version = subprocess.run((python, "--version"), capture_output=True, text=True, check=True).stdout.strip()
            last = (done.stdout + done.stderr).strip().splitlines()[-1]
            print(f"{version}: {last} in {time.perf_counter() - began:.1f} s", flush=True)
            code |= int(done.returncode != 0)
    return code


if __name__ == "__main__":
    sys.exit(main())
