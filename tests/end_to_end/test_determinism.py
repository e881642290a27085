"""Equal evidence has an equal root: whatever the thread order, the day, the process or its hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.collection.snapshot import written
from engine.custody import inspection, upkeep
from engine.model import Assessment, Snapshot
from engine.report import FORMATS, Options
from engine.run import pipeline
from engine.run.request import RunRequest
from tests.emulators.identify import Call
from tests.end_to_end.account import Account, clock, undisturbed

ROOT = Path(__file__).resolve().parents[2]
NEXT_YEAR = "2027-12-31T23:59:59Z"


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> RunRequest:
    """A recorded run of every check. One store: another has another secret, and so other private digests."""
    folder = tmp_path_factory.mktemp("determinism")
    upkeep.initialise(str(folder / "store"), folder / "keys")
    return RunRequest(config=folder / "keys", store=str(folder / "store"), checks=("*",))


@dataclass(frozen=True, slots=True)
class First:
    """The run that all others are compared with, and in which order it was answered."""

    assessment: Assessment
    order: tuple[Call, ...]


@pytest.fixture(scope="module")
def ran(seeded_account: Account, request_: RunRequest, tmp_path_factory: pytest.TempPathFactory) -> First:
    with undisturbed(seeded_account, tmp_path_factory.mktemp("home")):
        assessment = pipeline.run(request_, clock())
        return First(assessment, tuple(entry.call for entry in seeded_account.wire.traffic.log))


@pytest.fixture(scope="module")
def first(ran: First) -> Assessment:
    return ran.assessment


@pytest.fixture(scope="module")
def stored(request_: RunRequest, first: Assessment, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("stored") / "snapshot.json"
    path.write_bytes(written(kept(request_, first)))
    return str(path)


def kept(request: RunRequest, assessment: Assessment) -> Snapshot:
    """The snapshot of a run, as its store keeps it."""
    return inspection.snapshot_of(str(assessment.run_id), request.store, request.config)


def findings(assessment: Assessment) -> list[Any]:
    found: list[Any] = json.loads(FORMATS["json"].render(assessment, Options()))["findings"]
    return found


def root(assessment: Assessment) -> str:
    assert assessment.sealed is not None, assessment.exit_reasons
    assert assessment.sealed["records"] == len(assessment.findings)
    return str(assessment.sealed["root"])


def test_answers_in_another_order_give_the_same_root(account: Account, request_: RunRequest, ran: First) -> None:
    first = ran.assessment
    account.wire.latency.jitter = 0.02
    again = pipeline.run(request_, clock())
    assert tuple(entry.call for entry in account.wire.traffic.log) != ran.order
    assert kept(request_, again).resources == kept(request_, first).resources
    assert findings(again) == findings(first)
    assert root(again) == root(first)


def test_a_snapshot_is_judged_the_same_on_another_day(request_: RunRequest, first: Assessment, stored: str) -> None:
    later = RunRequest(config=request_.config, store=request_.store, checks=("*",), snapshot=stored)
    again = pipeline.run(later, clock(NEXT_YEAR))
    assert (root(again), findings(again)) == (root(first), findings(first))


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_a_process_with_another_hash_seed_seals_the_same_root(
    request_: RunRequest, first: Assessment, stored: str, seed: str
) -> None:
    arguments = ["run", "--check", "*", "--snapshot", stored, "--store", str(request_.store)]
    process = subprocess.run(
        [sys.executable, "-m", "engine", *arguments, "--config", str(request_.config), "--format", "json"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "HOME": str(request_.config)},
        cwd=request_.config,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == first.exit_code, process.stderr.decode()
    document = json.loads(process.stdout)
    assert document["record"]["root"] == root(first)
    assert document["findings"] == findings(first)


def test_another_account_gives_another_root(account: Account, request_: RunRequest, first: Assessment) -> None:
    account.said.rewrite("ec2:DescribeVolumes", lambda body: body.replace(b"<encrypted>true", b"<encrypted>false"))
    assert root(pipeline.run(request_, clock())) != root(first)
