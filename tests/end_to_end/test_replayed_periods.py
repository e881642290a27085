"""A period is judged again by the real engine: identical, also by another Python; what was doctored is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import replays
from engine import __version__
from engine.content.checks import CompiledCheck, compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.custody import inspection, rejudging, verification
from engine.evidence.keys import TRUST_FILE, load_keys
from engine.evidence.seal import Judged, Plan, open_store
from engine.judging.evaluate import evaluate
from engine.model import Finding, Resource, Snapshot
from engine.run.recording import sources_of
from tests.end_to_end.verbs import auditreel

NIGHTS = 3
CHECK, PARAMETER = "aws.iam.password_policy_length", "min_length"
OTHERS = ("python3.11", "python3.12", "python3.13", "python3.14")
CORE = (
    "import click, cryptography, duckdb, jinja2, jsonschema, msgspec, re2, rich, sys, yaml; print(sys.version_info[:2])"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with some nights of the demonstration's company, in which a tenth of the resources change each night."""
    made = tmp_path_factory.mktemp("period")
    replays.generate(made / "store", made / "config", NIGHTS, share=0.1)
    return made


def outcome(folder: Path, last: str = "2027-12-31") -> tuple[int, tuple[str, ...]]:
    verdict = rejudging.replays(("2027-06-01", last), str(folder / "store"), folder / "config")
    return verdict.exit_code, verdict.lines


def test_every_run_of_a_period_comes_out_identical(folder: Path) -> None:
    code, lines = outcome(folder)
    assert code == 0
    assert sum(line.endswith("records: identical") for line in lines) == NIGHTS
    assert lines[-1].endswith(f": {NIGHTS} runs identical")
    assert outcome(folder, "2027-06-02")[1][-1].startswith("2 runs, ")


def test_a_period_without_a_run_is_not_identical(folder: Path) -> None:
    verdict = rejudging.replays(("2020-01-01", "2020-12-31"), str(folder / "store"), folder / "config")
    assert (verdict.exit_code, verdict.lines[-1]) == (5, "0 runs, 0 records: 0 runs identical")


def test_the_command_tells_it_and_refuses_half_a_period(folder: Path) -> None:
    done = auditreel(folder, "replay", "--from", "2027-06-01", "--to", "2027-06-30")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines()[-1].endswith(f"{NIGHTS} runs identical")
    assert auditreel(folder, "replay", "--from", "2027-06-01").returncode == 2


def another() -> str | None:
    """Another supported Python that has the core's dependencies: the one that is named, or one of the usual names."""
    named = os.environ.get("OTHER_PYTHON")
    for name in (named,) if named else OTHERS:
        path = shutil.which(name)
        if path is None:
            continue
        done = subprocess.run((path, "-c", CORE), capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() != str(sys.version_info[:2]):
            return path
    return None


def test_another_python_replays_the_same(folder: Path) -> None:
    python = another()
    if python is None:
        pytest.skip("no other Python has the core's dependencies (OTHER_PYTHON names one)")
    done = replays.replayed(python, folder / "store", folder / "config")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == outcome(folder)[1][-1]


# --- what was doctored ---


def shortened(item: Resource) -> Resource:
    """An account with a password policy that fails."""
    policy = item.properties.get("password_policy")
    if not isinstance(policy, dict):
        return item
    return replace(item, properties={**item.properties, "password_policy": {**policy, "minimum_length": 8}})


def judged(kind: str, snapshot: Snapshot, honest: Sequence[CompiledCheck]) -> list[Finding]:
    """What a doctored engine, check or parameter finds, told as if the honest ones had."""
    content = load(find())
    check = content.checks[CHECK]
    if kind == "engine":
        found = evaluate(snapshot, honest, lambda scope: True)
        return [
            replace(one, verdict="pass", message=None, observed=()) if one.verdict == "fail" else one for one in found
        ]
    if kind == "check":
        doctored = compile_checks(
            [replace(check, expression="true || resource.password_policy != null")], content.types
        )
    else:
        doctored = compile_checks([check], content.types, {CHECK: {PARAMETER: 1}})
    return [replace(one, check=check) for one in evaluate(snapshot, doctored, lambda scope: True)]


@pytest.mark.parametrize("kind", ["engine", "check", "parameter"])
def test_a_doctored_part_is_named_with_the_records_that_it_changed(folder: Path, tmp_path: Path, kind: str) -> None:
    """The holder of the key seals what another engine, check or parameter said, under the names of the honest ones."""
    store = Path(shutil.copytree(folder, tmp_path / "copy"))
    content = load(find())
    honest = compile_checks([content.checks[CHECK]], content.types)
    base = inspection.snapshot_of(
        sorted(path.name for path in (store / "store" / "runs").iterdir())[0], str(store / "store"), store / "config"
    )
    snapshot = replace(
        base, as_of="2028-01-01T01:05:00Z", source="live", resources=tuple(map(shortened, base.resources))
    )
    truth = {(one.subject.id, one.scope): one.verdict for one in evaluate(snapshot, honest, lambda scope: True)}
    findings = judged(kind, snapshot, honest)
    wrong = [one for one in findings if truth[one.subject.id, one.scope] != one.verdict]
    assert wrong
    recorder = open_store(store / "store", load_keys(store / "config", {}), store / "config" / TRUST_FILE)
    plan = Plan("scheduled", "test", "Example Ltd", {}, __version__, "0" * 64)
    run = recorder.begin(*recorder.intended(plan, sources_of(content, honest), snapshot.as_of))
    run.add(snapshot, findings)
    sealed = run.seal(Judged(snapshot, findings), snapshot.as_of)

    assert verification.verify(str(store / "store"), store / "config").exit_code == 0
    verdict = rejudging.replay(sealed.run, str(store / "store"), store / "config")
    assert verdict.exit_code == 5
    named = [line for line in verdict.lines if line.startswith("differs: ")]
    assert sum(": verdict: sealed 'pass', replayed 'fail'" in line for line in named) == len(wrong)
    assert all(CHECK in line for line in named)
    assert verdict.lines[-1].endswith("differs")
