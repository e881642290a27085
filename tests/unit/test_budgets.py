"""What a command may load, and how many requests a scan may send: counts, for seconds are the benchmarks' business."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from benchmarks.seed_aws import seed
from engine.cli import VERBS
from engine.cli.clock import system_clock
from engine.model import LedgerRow, Snapshot
from engine.run import pipeline
from engine.run.request import RunRequest
from providers import declared
from providers.base import Reader
from tests.emulators import corrections
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import MotoProcess

ROOT = Path(__file__).resolve().parents[2]
LOADED = """
import sys
from engine.cli import {script}
sys.argv = ["{script}", *{arguments}]
try:
    {script}()
except SystemExit:
    print(*sorted(sys.modules), file=sys.stderr)
"""
NETWORK = {"boto3", "botocore", "urllib3"}
EVIDENCE = {"duckdb", "cryptography"}
MODELS = {"mcp", "mcp_types", "pydantic", "starlette", "uvicorn", "httpx2"}
TWICE = {"ec2:DescribeSnapshots", "logs:DescribeResourcePolicies"}
"""Asked for all snapshots, and for those that anyone may restore; for policies of the account, and of log groups."""


def loaded(script: str, *arguments: str) -> set[str]:
    """The packages, the standard library's apart, that a command has loaded when it ends."""
    code = LOADED.format(script=script, arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return packages(done.stderr.splitlines()[-1]) - bare() - sys.stdlib_module_names


def packages(names: str) -> set[str]:
    return {name.partition(".")[0] for name in names.split()}


@cache
def bare() -> set[str]:
    """What an interpreter of this environment loads for nothing."""
    code = "import sys; print(*sys.modules)"
    return packages(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize(
    "command", [("run_checks", "--help"), ("auditreel", "--help"), ("auditreel", "--version"), ("auditreel", "rnu")]
)
def test_help_and_usage_errors_load_click_and_nothing_else(command: tuple[str, ...]) -> None:
    assert loaded(*command) == {"click", "engine"}


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_loads_neither_sdk_nor_database_nor_renderer(verb: str) -> None:
    heavy = {"rich", "jinja2", "yaml", "jsonschema", "msgspec", "re2", *MODELS, *NETWORK, *EVIDENCE}
    assert not loaded("auditreel", verb, "--help") & heavy


def test_the_demonstration_runs_on_the_core_alone() -> None:
    used = loaded("run_checks", "--demo")
    assert {"yaml", "msgspec"} <= used
    assert not used & {"jsonschema", *NETWORK, *EVIDENCE}


def test_a_scan_sends_what_its_plan_says_and_nothing_twice(moto: MotoProcess, aws_env: AwsWire, tmp_path: Path) -> None:
    corrections.regions(aws_env.overrides, "us-east-1")
    seed(moto.url, "small")
    assessment = pipeline.run(RunRequest(config=tmp_path, timeout=120.0), system_clock(threading.Event()))
    ledger = assessment.snapshot.ledger
    assert aws_env.traffic.repeats == +Counter({"iam:GenerateCredentialReport": sum(row.polls for row in ledger)})
    assert aws_env.traffic.total == sum(row.calls for row in ledger)
    assert [row for row in ledger if row.calls > bound(row, assessment.snapshot)] == []


def bound(row: LedgerRow, snapshot: Snapshot) -> int:
    """The requests that a reader's declaration allows where every listing fits on one page."""
    readers = [reader for reader in declared("aws").readers if reader.name == row.reader]
    if not readers:  # the discovery's
        return 1
    return sum(_bound(reader, row, snapshot) for reader in readers)


def _bound(reader: Reader, row: LedgerRow, snapshot: Snapshot) -> int:
    if reader.per == "scope":
        return len(reader.operations) + (row.reader in TWICE) + row.polls
    held = sum(collection.count for collection in snapshot.collections if collection.type == reader.of)
    return held * len(reader.operations)
