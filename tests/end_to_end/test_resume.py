"""A run that died goes on where it stopped, if it is the same run; the evidence is that of an undisturbed one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from engine.custody.upkeep import initialise
from engine.custody.verification import verify
from engine.errors import Interrupted
from engine.evidence import chain
from engine.evidence.keys import load_keys
from engine.evidence.seal import open_store
from engine.model import Assessment, Clock
from engine.run.pipeline import run
from engine.run.request import RunRequest
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions
from tests.emulators.wire import Answer, Exchange

CHECKS = (
    "aws.s3.bucket_versioning",
    "aws.s3.bucket_access_logging",
    "aws.kms.key_rotation",
    "aws.iam.password_policy_length",
    "aws.iam.root_no_access_keys",
    "aws.ec2.ebs_default_encryption",
    "aws.ec2.vpc_flow_logs_enabled",
)
ROOT = Path(__file__).resolve().parents[2]
COUNTED = ("kms:DescribeKey", "s3:GetBucketVersioning", "s3:GetBucketLogging")
START = "2026-11-25T02:00:00Z"
LATER = "2026-11-25T05:00:00Z"
LAST = "2026-11-25T06:00:00Z"
TOO_LATE = "2026-11-25T15:00:00Z"
HOLDER = "import fcntl,sys;f=open(sys.argv[1],'r+b');fcntl.flock(f,2);print(1,flush=True);input()"


def clock(now: str = START) -> Clock:
    return Clock(lambda: now, time.monotonic, lambda seconds: None)


@dataclass(frozen=True, slots=True)
class Place:
    """A seeded account, and a store for its runs."""

    wire: AwsWire
    store: Path
    config: Path

    def request(self, **asked: Any) -> RunRequest:
        given = {"checks": CHECKS, "timeout": 60.0, "store": str(self.store), **asked}
        return RunRequest(config=self.config, **given)

    def run(self, now: str = START, cancelled: threading.Event | None = None, **asked: Any) -> Assessment:
        return run(self.request(**asked), clock(now), cancelled=cancelled)

    def stopped_after(self, requests: int, now: str = START, operations: Sequence[str] = COUNTED, **asked: Any) -> None:
        """A run that is asked to stop after so many answers of some operations."""
        cancelled, left = threading.Event(), [requests]

        def counted(exchange: Exchange, answer: Answer) -> Answer:
            left[0] -= 1
            if left[0] <= 0:
                cancelled.set()
            return answer

        for operation in operations:
            self.wire.overrides.change(operation, counted)
        with pytest.raises(Interrupted):
            self.run(now, cancelled, **asked)

    def entries(self) -> list[str]:
        recorder = open_store(self.store, load_keys(self.config), self.config / "trust.json")
        return [placed.entry.kind for placed in chain.read(recorder.layout, recorder.trust).placed]

    def resumed(self) -> list[tuple[str, tuple[str, ...] | None]]:
        """When each sealed run began, and when it went on."""
        recorder = open_store(self.store, load_keys(self.config), self.config / "trust.json")
        seals = chain.read(recorder.layout, recorder.trust).of_kind("seal")
        return [(seal.asked.started_at, seal.resumed_at) for _, seal in seals]

    def journals(self) -> list[Path]:
        return sorted((self.store / "tmp").glob("*.journal"))


@pytest.fixture
def place(aws_env: AwsWire, tmp_path: Path) -> Place:
    regions(aws_env.overrides, "us-east-1", "eu-west-1")
    s3, kms = boto3.client("s3"), boto3.client("kms")
    for number in range(6):
        s3.create_bucket(Bucket=f"records-{number}")
        kms.create_key(Description=f"key {number}")
    s3.put_bucket_versioning(Bucket="records-3", VersioningConfiguration={"Status": "Enabled"})
    made = Place(aws_env, tmp_path / "store", tmp_path / "config")
    initialise(str(made.store), made.config)
    aws_env.traffic.reset()
    return made


def root(assessment: Assessment) -> Any:
    assert assessment.sealed is not None
    return assessment.sealed["root"]


def test_an_interrupted_run_goes_on_and_has_the_root_of_an_undisturbed_one(place: Place) -> None:
    undisturbed = place.run()
    calls = place.wire.traffic.calls
    place.stopped_after(5)
    assert place.entries() == ["intent", "seal", "intent"]
    assert len(place.journals()) == 1
    place.wire.traffic.reset()

    resumed = place.run(LATER)

    assert root(resumed) == root(undisturbed)
    assert (resumed.resumed, resumed.as_of) == (START, START)
    assert place.entries() == ["intent", "seal", "intent", "seal"]
    assert place.resumed() == [(START, None), (START, (LATER,))]
    assert place.journals() == []
    assert 0 < place.wire.traffic.total < sum(calls.values())
    assert verify(str(place.store), place.config).exit_code == 0
    assert [(row.scope, row.reader, row.calls) for row in resumed.snapshot.ledger] == [
        (row.scope, row.reader, row.calls) for row in undisturbed.snapshot.ledger
    ]


def test_the_seal_says_each_time_that_a_run_went_on(place: Place) -> None:
    place.stopped_after(3)
    # Who we are is asked by every run, whatever the one before has read.
    place.stopped_after(1, LATER, ["sts:GetCallerIdentity"])

    place.run(LAST)
    place.run(LAST)

    assert place.resumed() == [(START, (LATER, LAST)), (LAST, None)]
    assert verify(str(place.store), place.config).exit_code == 0


def test_what_failed_before_is_asked_again(place: Place) -> None:
    fault = place.wire.faults.add("denied", "iam:GetAccountPasswordPolicy")
    place.stopped_after(9)
    place.wire.faults.remove(fault)

    resumed = place.run()

    assert resumed.resumed == START
    assert [f.verdict for f in resumed.findings if f.check.id == "aws.iam.password_policy_length"] == ["fail"]


CHANGES: dict[str, Callable[[Place], dict[str, Any]]] = {
    "other checks": lambda place: {"checks": CHECKS[1:]},
    "another severity": lambda place: {"severity": "low"},
    "another region": lambda place: {"regions": ("us-east-1",)},
    "too late": lambda place: {"now": TOO_LATE},
    "not wanted": lambda place: {"resume_within": 0.0},
    "a shorter time": lambda place: {"now": LATER, "resume_within": 2.0},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_run_that_is_not_the_same_begins_anew_and_the_dead_one_is_given_up(place: Place, change: str) -> None:
    place.stopped_after(5)
    place.wire.traffic.reset()

    anew = place.run(**CHANGES[change](place))

    assert anew.resumed is None
    assert anew.sealed is not None
    assert place.entries() == ["intent", "abandon", "intent", "seal"]
    assert place.journals() == []
    assert verify(str(place.store), place.config).exit_code == 0


def test_a_run_of_another_caller_begins_anew(place: Place) -> None:
    place.stopped_after(5)
    arn = (b"user/moto", b"user/mallory")
    place.wire.overrides.rewrite("sts:GetCallerIdentity", lambda body: body.replace(*arn))

    anew = place.run()

    assert anew.resumed is None
    assert "mallory" in anew.snapshot.identity["arn"]
    assert place.entries() == ["intent", "abandon", "intent", "seal"]


@pytest.mark.parametrize("where", ["frame", "cut out", "another key"])
def test_a_journal_that_was_altered_is_not_gone_on_with(place: Place, where: str) -> None:
    place.stopped_after(9)
    (journal,) = place.journals()
    data = bytearray(journal.read_bytes())
    if where == "frame":
        data[-1] ^= 1
    elif where == "cut out":
        first = 36 + int.from_bytes(data[:4], "big")
        second = first + 36 + int.from_bytes(data[first : first + 4], "big")
        data = data[:first] + data[second:]
    else:
        data[4:36] = bytes(32)
    journal.write_bytes(data)

    anew = place.run()

    assert anew.resumed is None
    assert place.entries() == ["intent", "abandon", "intent", "seal"]
    assert place.journals() == []


@pytest.mark.parametrize("how", ["cut short", "longer by its length"])
def test_half_a_frame_at_the_end_is_read_again(place: Place, how: str) -> None:
    undisturbed = place.run()
    place.stopped_after(9)
    (journal,) = place.journals()
    data = bytearray(journal.read_bytes())
    if how == "cut short":
        del data[-7:]
    else:
        at = 0
        while (following := at + 36 + int.from_bytes(data[at : at + 4], "big")) < len(data):
            at = following
        data[at] ^= 1
    journal.write_bytes(data)

    resumed = place.run()

    assert resumed.resumed == START
    assert root(resumed) == root(undisturbed)


def test_the_journal_of_a_run_that_lives_is_left_alone(place: Place) -> None:
    place.stopped_after(5)
    (journal,) = place.journals()
    holding = subprocess.Popen(
        (sys.executable, "-c", HOLDER, str(journal)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holding.stdout is not None
    holding.stdout.readline()

    anew = place.run()

    assert anew.resumed is None
    assert place.journals() == [journal]
    assert place.entries() == ["intent", "intent", "seal"]
    holding.communicate(b"\n")


def test_killed_at_several_moments_and_gone_on_with_the_root_is_the_same(place: Place, tmp_path: Path) -> None:
    undisturbed = place.run()
    total = place.wire.traffic.total
    for number, after in enumerate((2, total // 3, 2 * total // 3, total - 2)):
        silence = place.wire.faults.add("timeout", "*", after=after)
        child = subprocess.Popen(
            (sys.executable, "-m", "tests.end_to_end.resume_child"),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert child.stdin is not None
        child.stdin.write(json.dumps({"store": str(place.store), "config": str(place.config), "checks": CHECKS}))
        child.stdin.close()
        while not place.wire.faults.injected.total() and child.poll() is None:
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        while place.wire.traffic.in_flight:  # what it had asked is answered, and counted, all the same
            time.sleep(0.01)
        place.wire.faults.remove(silence)
        place.wire.faults.injected.clear()
        place.wire.traffic.reset()

        resumed = place.run()

        assert root(resumed) == root(undisturbed), number
        assert place.wire.traffic.total < total or number == 0
        assert verify(str(place.store), place.config).exit_code == 0
    assert place.journals() == []


def test_secrets_are_not_in_the_journal(place: Place) -> None:
    canary = "Canary7PlantedSecretXk2f9Qw"
    boto3.client("iam").create_user(UserName="kim")
    boto3.client("secretsmanager").create_secret(Name="canary", SecretString=canary)
    place.stopped_after(5, checks=(*CHECKS, "aws.secretsmanager.rotation_enabled"))

    (journal,) = place.journals()

    assert journal.stat().st_mode & 0o777 == 0o600
    assert canary.encode() not in journal.read_bytes()


def test_without_a_store_nothing_is_kept(place: Place) -> None:
    with pytest.raises(Interrupted):
        place.run(cancelled=_set(), store=None)
    assert place.journals() == []
    assert place.run(store=None).resumed is None


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def test_a_store_copied_with_its_journal_goes_on_too(place: Place, tmp_path: Path) -> None:
    place.stopped_after(5)
    shutil.copytree(place.store, tmp_path / "copy")
    copy = replace(place, store=tmp_path / "copy")

    assert copy.run().resumed == START
