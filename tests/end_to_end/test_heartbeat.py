"""The heartbeat of a run: what it says while the run lives, when it ends, and when it is stopped or dies."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine import cli, pipeline
from engine.model import Assessment
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions

ROOT = Path(__file__).resolve().parents[2]
CHECK = "aws.s3.bucket_versioning"
PATIENCE = 60
Run = Callable[..., int]


@pytest.fixture
def account(aws_env: AwsWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AwsWire:
    """An account with two buckets that fail, and a store with its keys."""
    regions(aws_env.overrides, "us-east-1")
    s3 = boto3.client("s3")
    for name in ("one", "two", "three"):
        s3.create_bucket(Bucket=f"records-{name}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    pipeline.initialise(str(tmp_path / "store"), tmp_path / "config")
    return aws_env


def words(folder: Path) -> list[str]:
    """The command line of the nightly run."""
    told = ["--heartbeat", str(folder / "auditreel.prom"), "--log-json", str(folder / "runs.jsonl")]
    return ["run", "--check", CHECK, "--kind", "scheduled", "--store", str(folder / "store"), "--timeout", "60", *told]


def beat(folder: Path) -> dict[str, float]:
    """The values of the file, read by Prometheus' own parser; each metric is a gauge with a help text."""
    found = {}
    for family in text_string_to_metric_families((folder / "auditreel.prom").read_text()):
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        for sample in family.samples:
            label = "".join(f".{value}" for value in sample.labels.values())
            found[sample.name.removeprefix("auditreel_run_") + label] = sample.value
    return found


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def test_a_run_that_is_stopped_says_so_and_goes_on_when_it_is_asked_again(account: AwsWire, tmp_path: Path) -> None:
    silence = account.faults.add("timeout", "s3:GetBucketVersioning", after=1, seconds=1.5)
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *words(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    patience = time.monotonic() + PATIENCE
    while not account.faults.injected.total() and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.02)
    living = beat(tmp_path)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    account.faults.remove(silence)

    assert (process.returncode, out) == (signal.SIGTERM + 128, b"")
    assert b"the same command goes on where it stopped" in err
    assert set(living) == {"in_progress", "start_timestamp_seconds"}
    stopped = beat(tmp_path)
    told = ("in_progress", "exit_code", "complete", "sealed", "resumed")
    assert [stopped[name] for name in told] == [0, 143, 0, 0, 0]
    assert "verdicts.pass" not in stopped
    assert stopped["next_late_timestamp_seconds"] > stopped["next_due_timestamp_seconds"] > time.time()

    code = cli.main(cli.group, words(tmp_path), "auditreel")

    again = beat(tmp_path)
    assert code == 3
    assert [again[name] for name in told] == [0, 3, 1, 1, 1]
    assert {name: value for name, value in again.items() if name.startswith("verdicts")} == {
        "verdicts.pass": 0,
        "verdicts.fail": 3,
        "verdicts.unknown": 0,
        "verdicts.not_applicable": 0,
    }
    first, second = lines(tmp_path)
    assert (first["exit_code"], first["verdicts"], first["complete"]) == (143, None, False)
    assert (second["exit_code"], second["kind"], second["seal"]["sequence"]) == (3, "scheduled", again["seal_sequence"])
    assert first["started_at"] <= second["resumed"] <= second["as_of"] < second["started_at"]
    assert stat.S_IMODE((tmp_path / "auditreel.prom").stat().st_mode) == 0o644
    assert pipeline.verify(str(tmp_path / "store"), tmp_path / "config").exit_code == 0


def dies(error: BaseException) -> Callable[..., Assessment]:
    def run(*_: object, **__: object) -> Assessment:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code"), [(ValueError("x"), 1), (KeyboardInterrupt(), 130), (pipeline.UsageError("x"), 2)], ids=str
)
def test_a_run_that_dies_is_told_and_the_last_seal_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auditreel.prom").write_text(
        'auditreel_run_seal_sequence 7\nauditreel_run_verdicts{verdict="pass"} 5\nother_metric 3\ngarbage\x00\n'
    )
    monkeypatch.setattr(pipeline, "run", dies(error))

    assert cli.main(cli.group, words(tmp_path), "auditreel") == code

    found = beat(tmp_path)
    assert (found["exit_code"], found["complete"], found["in_progress"], found["seal_sequence"]) == (code, 0, 0, 7)
    assert "verdicts.pass" not in found
    assert [row["exit_code"] for row in lines(tmp_path)] == [code]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--heartbeat", "missing/a.prom"), "there is no folder missing"),
        (("--heartbeat", "a.prom", "--demo"), "is no sign of life"),
        (("--log-json", "-", "--snapshot", "x.json"), "is no sign of life"),
    ],
)
def test_what_would_not_be_told_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "run", dies(AssertionError("it ran")))

    assert cli.main(cli.group, ["run", *arguments], "auditreel") == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
