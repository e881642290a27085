"""Runs that nobody watches: what the heartbeat says of them, and what the guide tells to do."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine import cli
from engine.custody import examination, upkeep, verification
from engine.errors import UsageError
from engine.evidence import standalone_verify
from engine.model import Assessment, Clock
from engine.run import pipeline
from engine.serve.accesses import AccessLog
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions
from tests.emulators.wire import Answer, Exchange

ROOT = Path(__file__).resolve().parents[2]
CHECK = "aws.s3.bucket_versioning"
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
    upkeep.initialise(str(tmp_path / "store"), tmp_path / "config")
    return aws_env


def words(folder: Path) -> list[str]:
    """The command line of the nightly run."""
    told = ["--heartbeat", str(folder / "auditreel.prom"), "--log-json", str(folder / "runs.jsonl")]
    asked = ["--check", CHECK, "--trigger", "scheduled", "--timeout", "60"]
    return ["run", *asked, "--store", str(folder / "store"), *told]


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


TOLD = ("in_progress", "exit_code", "complete", "sealed", "resumed")


def interrupting(account: AwsWire, seen: Callable[[], object]) -> None:
    """The next answer but one about a bucket comes with SIGTERM; ``seen`` is called just before."""
    left = [2]

    def signalled(exchange: Exchange, answer: Answer) -> Answer:
        left[0] -= 1
        if left[0] == 0:
            seen()
            os.kill(os.getpid(), signal.SIGTERM)
        return answer

    account.overrides.change("s3:GetBucketVersioning", signalled)


def test_a_run_that_is_stopped_says_so_and_goes_on_when_it_is_asked_again(
    account: AwsWire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    living: dict[str, float] = {}
    interrupting(account, lambda: living.update(beat(tmp_path)))

    assert cli.main(cli.group, words(tmp_path), "auditreel") == signal.SIGTERM + 128

    assert "the same command goes on where it stopped" in capsys.readouterr().err
    assert set(living) == {"in_progress", "start_timestamp_seconds"}
    stopped = beat(tmp_path)
    assert [stopped[name] for name in TOLD] == [0, 143, 0, 0, 0]
    assert "verdicts.pass" not in stopped
    assert stopped["next_late_timestamp_seconds"] > stopped["next_due_timestamp_seconds"] > time.time()

    assert cli.main(cli.group, words(tmp_path), "auditreel") == 3

    again = beat(tmp_path)
    assert [again[name] for name in TOLD] == [0, 3, 1, 1, 1]
    assert {name: value for name, value in again.items() if name.startswith("verdicts")} == {
        "verdicts.pass": 0,
        "verdicts.fail": 3,
        "verdicts.unknown": 0,
        "verdicts.not_applicable": 0,
    }
    first, second = lines(tmp_path)
    assert (first["exit_code"], first["verdicts"], first["complete"]) == (143, None, False)
    assert (second["exit_code"], second["kind"], second["seal"]["sequence"]) == (3, "scheduled", again["seal_sequence"])
    assert first["started_at"] <= second["resumed"] <= second["as_of"] <= second["started_at"]
    assert stat.S_IMODE((tmp_path / "auditreel.prom").stat().st_mode) == 0o644
    assert verification.verify(str(tmp_path / "store"), tmp_path / "config").exit_code == 0


def dies(error: BaseException) -> Callable[..., Assessment]:
    def run(*_: object, **__: object) -> Assessment:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code"),
    [(ValueError("x"), 1), (BrokenPipeError(errno.EPIPE, "x"), 1), (KeyboardInterrupt(), 130), (UsageError("x"), 2)],
    ids=repr,
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


def test_a_week_of_nights_shows_exactly_what_was_missed_partial_and_resumed(
    account: AwsWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nights 1, 2 and 7 are whole, 3 has no run, 4 is partial, 5 was stopped for good, 6 was stopped and resumed."""
    now = [""]
    clock = Clock(lambda: now[0], lambda: 0.0, lambda seconds: None)
    monkeypatch.setattr("engine.cli.clock.system_clock", lambda *_: clock)
    s3 = boto3.client("s3")
    beats, notices, diffs, stopped = {}, {}, {}, {}

    def called(*arguments: str) -> str:
        codes.append(cli.main(cli.group, [*arguments, "--store", str(tmp_path / "store")], "auditreel"))
        return capsys.readouterr().out

    def scan(night: int, at: str = "02:00:05") -> None:
        now[0] = f"2026-06-0{night}T{at}Z"
        cli.main(cli.group, words(tmp_path), "auditreel")
        beats[night] = beat(tmp_path)
        capsys.readouterr()

    for night in range(1, 8):
        codes: list[int] = []
        if night == 2:
            s3.put_bucket_versioning(Bucket="records-one", VersioningConfiguration={"Status": "Enabled"})
        if night == 4:
            denied = account.faults.add("denied", "s3:GetBucketVersioning")
        if night in (5, 6):
            interrupting(account, lambda: None)
        if night != 3:
            scan(night)
        if night == 4:
            account.faults.remove(denied)
        if night == 6:
            stopped = beats[6]
            scan(night, "05:00:00")
        now[0] = f"2026-06-0{night}T08:00:00Z"
        notices[night] = called("notify", "--dry-run")
        diffs[night] = json.loads(called("diff", "--format", "json") or "{}")
        diffs[night]["codes"] = codes

    # The heartbeat: exit code, complete, sealed, resumed; the third night's is the second's, and late. The sixth's is
    # of a run that was stopped, until it goes on.
    told = {night: [int(found[name]) for name in TOLD[1:]] for night, found in beats.items()}
    assert told == {
        1: [3, 1, 1, 0],
        2: [3, 1, 1, 0],
        4: [4, 0, 1, 0],
        5: [143, 0, 0, 0],
        6: [3, 1, 1, 1],
        7: [3, 1, 1, 0],
    }
    assert [stopped[name] for name in TOLD[1:]] == [143, 0, 0, 0]
    assert beats[2]["next_late_timestamp_seconds"] == epoch("2026-06-03T08:00:00Z")
    assert beats[5]["seal_sequence"] == beats[4]["seal_sequence"] < beats[6]["seal_sequence"]

    # The notifications: the subject of each night's; the last is quiet.
    subjects = {night: re.search("^Subject: .*, night of (.*)$", text, re.M) for night, text in notices.items()}
    assert {night: found[1] if found else None for night, found in subjects.items()} == {
        1: "2026-06-01: first run, nothing to compare with",
        2: "2026-06-02: fixed: 1",
        3: "2026-06-03: 1 night without a run",
        4: "2026-06-04: newly unreadable: 3, 1 night between without a run",
        5: "2026-06-05: 1 night without a run, 1 run not sealed",
        6: "2026-06-06: readable again, and failing: 2, readable again: 1, 1 night between without a run",
        7: None,
    }

    # What they say of runs: each night without one, each that has no seal, each that was resumed.
    resumed = "began at 2026-06-06T02:00:05Z, stopped, and went on at 2026-06-06T05:00:00Z"
    said = re.compile(r"^- (.*(?:no run|never sealed|it died).*)$|, resumed \((.*?)\)", re.M)
    of_runs = {night: {a or b for a, b in said.findall(text)} for night, text in notices.items()}
    (dead,) = {line.split(":")[0] for line in of_runs[5] if "never" in line}
    assert of_runs == {
        1: set(),
        2: set(),
        3: {"2026-06-03: no run was sealed"},
        4: {"missed 2026-06-03 no run"},
        5: {"2026-06-05: no run was sealed", f"{dead}: never sealed"},
        6: {
            "missed 2026-06-05 no run",
            f"run {dead} abandoned: it died, and what was asked next is not the same, or too late",
            resumed,
        },
        7: set(),
    }

    # The differences: turns, nights without a run, runs without a seal, exit codes of notify and diff.
    shown = {
        night: ([row["turn"] for row in found["turned"]], found["missed"], len(found["unsealed"]))
        for night, found in diffs.items()
        if "turned" in found
    }
    assert {night: shown[night] for night in (2, 4, 6, 7)} == {
        2: (["fixed"], [], 0),
        4: (3 * ["unreadable"], ["2026-06-03"], 0),
        6: (["found_failing", "found_failing", "readable"], ["2026-06-05"], 1),
        7: ([], [], 0),
    }
    assert {night: found["codes"] for night, found in diffs.items()} == {
        1: [0, 2], 2: [0, 0], 3: [0, 0], 4: [0, 4], 5: [0, 4], 6: [0, 3], 7: [0, 0]
    }  # fmt: skip
    assert diffs[6]["after"]["as_of"] == "2026-06-06T02:00:05Z"
    assert diffs[6]["after"]["until"] == "2026-06-06T05:00:00Z"
    sides = {
        night: [found[side]["resumed"] for side in ("before", "after")]
        for night, found in diffs.items()
        if shown.get(night)
    }
    assert sides == {
        2: [None, None], 3: [None, None], 4: [None, None], 5: [None, None], 6: [None, resumed], 7: [resumed, None]
    }  # fmt: skip

    # The coverage of the week.
    week = (date(2026, 6, 1), date(2026, 6, 7))
    period = examination.period(str(tmp_path / "store"), tmp_path / "config", *week)
    assert [(row.state, row.late, len(row.unsealed), [words for _, words in row.resumed]) for row in period.nights] == [
        ("ran", False, 0, []),
        ("ran", False, 0, []),
        ("did_not_run", False, 0, []),
        ("partly", False, 0, []),
        ("did_not_run", False, 1, []),
        ("ran", False, 0, [resumed]),
        ("ran", False, 0, []),
    ]
    assert {row.scope.region: row.nights for row in period.coverage} == {"us-east-1": "rr-p-rr", "global": "rr-r-rr"}
    assert [frame.resumed_at for frame in period.frames] == [(), (), (), ("2026-06-06T05:00:00Z",), ()]

    # And so do its report and what an auditor is handed, which both verifiers accept.
    report = called("report", "type2", "--from", "2026-06-01", "--to", "2026-06-07")
    told = "4 of 7 nights ran, 1 ran in part, 2 did not run; 1 of those that ran stopped and went on. 5 sealed runs."
    assert told in " ".join(report.split())
    assert resumed in " ".join(report.split())
    called("export", "--from", "2026-06-01", "--to", "2026-06-07", "--output", str(tmp_path / "week.zip"))
    assert codes[-1] == 0
    assert verification.verify(str(tmp_path / "week.zip"), tmp_path / "config").exit_code == 0
    other = (sys.executable, "-I", standalone_verify.__file__, "week.zip", "--key", "config/trust.json")
    assert subprocess.run(other, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_the_nightly_run_seals_how_the_log_of_accesses_stands_and_tells_of_one_that_was_altered(
    account: AwsWire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = AccessLog(tmp_path / "accesses.jsonl")
    log.add(path="/report", status=200)
    log.add(path="/record", status=200)
    log.close()
    nightly = [*words(tmp_path), "--access-log", str(tmp_path / "accesses.jsonl")]

    assert cli.main(cli.group, nightly, "auditreel") == 3

    sealed = upkeep.sealed_accesses(str(tmp_path / "store"), tmp_path / "config", "accesses.jsonl")
    assert [count for _, count, _ in sealed] == [2]
    (tmp_path / "accesses.jsonl").write_bytes((tmp_path / "accesses.jsonl").read_bytes().splitlines(keepends=True)[0])
    capsys.readouterr()
    assert cli.main(cli.group, nightly, "auditreel") == 5
    shown = capsys.readouterr()
    assert "aws.s3.bucket_versioning" in shown.out
    assert "it has 1 lines, and entry 3 of the chain says 2" in shown.err
    assert beat(tmp_path)["exit_code"] == 5
    assert verification.verify(str(tmp_path / "store"), tmp_path / "config").exit_code == 0
    unrecorded = ["run", "--demo", "--check", CHECK, "--access-log", str(tmp_path / "accesses.jsonl")]
    assert cli.main(cli.group, unrecorded, "auditreel") == 2
