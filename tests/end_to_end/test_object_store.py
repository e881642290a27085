"""Evidence in a bucket: the answers of a folder, two writers of one chain, and what goes wrong with buckets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from engine.content.root import find
from engine.custody import examination, upkeep, verification
from engine.errors import SealError, UsageError, VerificationError
from engine.evidence import chain
from engine.evidence.keys import initialise, load_keys
from engine.evidence.objects.address import parse, working_copy
from engine.evidence.objects.bucket import Bucket, connect
from engine.evidence.objects.mirror import Mirror
from engine.evidence.seal import Recorder, open_store
from engine.model import Assessment, Clock
from engine.periods import Period
from engine.run import pipeline
from engine.run.observing import DEMO
from engine.run.request import RunRequest
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions
from tests.emulators.moto_process import MotoProcess
from tests.emulators.wire import Answer, Exchange
from tests.unit.evidence.nightly import ENCRYPTED, recorded
from tests.unit.evidence.synthetic_runs import START, begun, content, judged, plan, sealed

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "acme-evidence"
URL = f"s3://{BUCKET}/soc2/production"
NIGHT = "2026-11-24T03:00:00Z"


def clock(now: str = NIGHT) -> Clock:
    return Clock(lambda: now, time.monotonic, lambda seconds: None)


@cache
def s3_at(endpoint: str) -> Any:
    return boto3.session.Session("testing", "testing", region_name="us-east-1").client("s3", endpoint_url=endpoint)


@dataclass
class Place:
    """A bucket that is a store, and machines that record in it: each has a cache of its own, all have one key."""

    folder: Path
    s3: Any
    monkeypatch: pytest.MonkeyPatch

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def at(self, machine: str) -> Path:
        """Go on as another machine; gives its working copy."""
        self.monkeypatch.setenv("XDG_CACHE_HOME", str(self.folder / machine))
        return working_copy(parse(URL)) / "store"

    def run(self, store: str = URL, now: str = NIGHT, **asked: Any) -> Assessment:
        given = {"config": self.config, "store": store, "snapshot": str(DEMO), "checks": ("aws.iam.*",), **asked}
        return pipeline.run(RunRequest(**given), clock(now))

    def verify(self, store: str = URL) -> tuple[int, str]:
        verdict = verification.verify(store, self.config)
        return verdict.exit_code, "\n".join(verdict.lines)

    def names(self, below: str = "") -> list[str]:
        """The names of objects below the store's prefix."""
        prefix = f"soc2/production/{below}"
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [row["Key"].removeprefix("soc2/production/") for row in listed]

    def put(self, name: str, data: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=f"soc2/production/{name}", Body=data)

    def get(self, name: str) -> bytes:
        data: bytes = self.s3.get_object(Bucket=BUCKET, Key=f"soc2/production/{name}")["Body"].read()
        return data

    def delete(self, name: str) -> None:
        self.s3.delete_object(Bucket=BUCKET, Key=f"soc2/production/{name}")

    def kinds(self) -> list[str]:
        """What the chain in the bucket says."""
        mirror = Mirror(connect(parse(URL)), self.folder / "looking")
        mirror.bring()
        recorder = open_store(mirror.root, load_keys(self.config), self.config / "trust.json", mirror)
        return [placed.entry.kind for placed in chain.read(recorder.layout, recorder.trust).placed]


@pytest.fixture
def empty(moto: MotoProcess, nobody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket, not yet a store."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    place = Place(tmp_path, s3_at(moto.url), monkeypatch)
    place.s3.create_bucket(Bucket=BUCKET)
    place.at("one")
    return place


@pytest.fixture
def place(empty: Place) -> Place:
    upkeep.initialise(URL, empty.config)
    return empty


def opened(place: Place, machine: str, bucket: Bucket | None = None) -> Recorder:
    """The store, opened for recording by a machine."""
    mirror = Mirror(bucket or connect(parse(URL)), place.folder / machine)
    mirror.bring()
    mirror.begin()
    return open_store(mirror.root, load_keys(place.config), place.config / "trust.json", mirror)


def record(recorder: Recorder, start: str = START) -> str:
    """A run of made-up findings, from intent to seal; gives its root."""
    return sealed(begun(recorder, plan(), content(), start), judged(), start).root


NIGHTS = ("2026-01-01", "2026-01-02", "2026-01-03")
JANUARY = date(2026, 1, 1), date(2026, 1, 3)


def nights(recorder: Recorder) -> list[str]:
    """Three nights on which a bucket is mended; gives the root of each."""
    verdicts = ("fail", "fail", "pass")
    return [
        recorded(recorder, f"{day}T01:05:00Z", {ENCRYPTED: {"a": "pass", "b": verdict}}).root
        for day, verdict in zip(NIGHTS, verdicts, strict=True)
    ]


def answers(period: Period) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What a period says, without the names of the runs."""
    failures = [
        (
            found.check,
            found.subject.id,
            found.began,
            found.ended,
            *(
                moment and moment.as_of
                for moment in (found.last_good, found.first_bad, found.last_bad, found.first_good)
            ),
        )
        for found in period.failures
    ]
    controls = [
        (found.control.id, found.word, found.nights, found.expected, found.subjects, found.deviations)
        for found in period.controls
    ]
    return failures, controls


def test_a_bucket_has_the_roots_and_the_answers_of_a_folder(place: Place) -> None:
    folder, config = place.folder / "store", place.folder / "local"
    config.mkdir()
    shutil.copy(place.config / "store-secret", config)
    initialise(folder, config, environment={})
    here = nights(open_store(folder, load_keys(config, {}), config / "trust.json"))
    there = nights(opened(place, "recording"))
    assert there == here
    place.at("a machine that was never here")
    code, said = place.verify()
    assert (code, said.splitlines()[-1].split(", head")[0]) == (0, "3 sealed runs, 6 records")
    mine = examination.period(URL, place.config, *JANUARY)
    theirs = examination.period(str(folder), config, *JANUARY)
    assert answers(mine) == answers(theirs)
    assert [row[:2] for row in answers(mine)[0]] == [("aws.s3.encrypted", "arn:aws:s3:::b")]


def test_two_schedulers_seal_into_one_chain(place: Place) -> None:
    words = ["run", "--snapshot", str(DEMO), "--check", "aws.iam.root_*", "--store", URL, "--config", str(place.config)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "engine", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(place.folder / machine)},
            cwd=place.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for machine in ("east", "west")
    ]
    said = [process.communicate(timeout=120)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert sorted(place.kinds()) == ["intent", "intent", "seal", "seal"]
    assert place.verify()[0] == 0


class Overtaken(Bucket):
    """A bucket in which somebody else appends just before our first entry does."""

    before: Callable[[], object] | None = None
    refused = 0

    def create(self, name: str, data: bytes) -> str:
        if name.startswith("chain/") and self.before is not None:
            before, self.before = self.before, None
            before()
        try:
            return super().create(name, data)
        except FileExistsError:
            self.refused += name.startswith("chain/")
            raise


def test_whoever_loses_the_race_for_a_number_appends_after_the_winner(place: Place) -> None:
    other = opened(place, "west")
    bucket = Overtaken(parse(URL), connect(parse(URL))._store)
    mine = opened(place, "east", bucket)
    bucket.before = lambda: record(other, "2026-11-23T02:00:01Z")
    record(mine)
    assert bucket.refused == 1
    assert place.kinds() == ["intent", "seal", "intent", "seal"]
    assert place.verify()[0] == 0


class Overwriting(Bucket):
    """An object store that does not know conditional writes."""

    def create(self, name: str, data: bytes) -> str:
        return self.replace(name, data)


def test_an_object_store_that_writes_over_what_is_there_is_refused(empty: Place) -> None:
    mirror = Mirror(Overwriting(parse(URL), connect(parse(URL))._store), empty.folder / "east")
    with pytest.raises(SealError, match="though asked to create"):
        mirror.begin()


def test_an_answer_that_was_lost_is_no_second_entry(place: Place) -> None:
    class Lossy(Bucket):
        """Creates, says that it could not, and does not find what it created by the same name the second time."""

        def create(self, name: str, data: bytes) -> str:
            tag = super().create(name, data)
            if name.startswith("chain/"):
                raise FileExistsError(name)  # what a request gets that was sent again
            return tag

    record(opened(place, "east", Lossy(parse(URL), connect(parse(URL))._store)))
    assert place.kinds() == ["intent", "seal"]
    assert place.verify()[0] == 0


def locked_policy(place: Place, lines: str) -> Path:
    folder = Path(shutil.copytree(find().policies, place.folder / "policies"))
    organization = folder / "organization.yaml"
    organization.write_text(organization.read_text() + lines)
    return folder


@pytest.fixture
def lockable(empty: Place) -> Place:
    """A store in a bucket that can lock objects."""
    empty.s3.delete_bucket(Bucket=BUCKET)
    empty.s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    upkeep.initialise(URL, empty.config)
    return empty


def test_object_lock_refuses_to_delete_what_was_sealed(lockable: Place) -> None:
    place = lockable
    policy = locked_policy(place, "\nretention: {days: 400, object_lock: compliance}\n")
    ran = place.run(policy=policy)
    assert ran.sealed is not None
    heads = {
        name: place.s3.head_object(Bucket=BUCKET, Key=f"soc2/production/{name}")
        for name in place.names()
        if name != "auditreel-store"
    }
    locked = {
        name: (head.get("ObjectLockMode"), str(head.get("ObjectLockRetainUntilDate"))[:10])
        for name, head in heads.items()
    }
    erasable = {name for name in locked if name.startswith(("private/", "index/"))}
    assert len(erasable) > 1
    assert {name: locked[name] for name in locked.keys() - erasable} == dict.fromkeys(
        locked.keys() - erasable, ("COMPLIANCE", "2027-12-30")
    )
    assert {locked[name][0] for name in erasable} == {None}
    for name in ("chain/00000000000000000002.json", f"runs/{ran.run_id}/findings.parquet"):
        with pytest.raises(ClientError, match="AccessDenied"):
            place.s3.delete_object(Bucket=BUCKET, Key=f"soc2/production/{name}", VersionId=heads[name]["VersionId"])
    assert place.verify()[0] == 0


def test_nothing_is_written_unlocked_because_the_seal_that_asks_for_locks_was_spoilt(lockable: Place) -> None:
    place = lockable
    place.run(policy=locked_policy(place, "\nretention: {days: 400, object_lock: compliance}\n"))
    upkeep.rotate_key(URL, place.config, clock("2026-11-26T09:00:00Z"))
    assert head(place, "chain/00000000000000000003.json")[0] == "COMPLIANCE"
    place.put("chain/00000000000000000002.json", b"{}")

    with pytest.raises(SealError, match=r"Object Lock: chain/00000000000000000002.json: does not verify"):
        upkeep.rotate_key(URL, place.config, clock("2026-11-26T10:00:00Z"))

    assert place.names("chain/")[-1] == "chain/00000000000000000003.json"


def head(place: Place, name: str) -> tuple[str, str, str | None]:
    said = place.s3.head_object(Bucket=BUCKET, Key=f"soc2/production/{name}")
    return (
        said["ObjectLockMode"],
        said["ObjectLockRetainUntilDate"].date().isoformat(),
        said.get("ObjectLockLegalHoldStatus"),
    )


def test_closed_periods_and_legal_holds_are_brought_to_objects_that_are_there(lockable: Place) -> None:
    place = lockable
    nights(opened(place, "recording"))
    policy = locked_policy(
        place,
        """
window: {from: 2026-01-01, to: 2026-01-31}
retention: {days: 400, object_lock: governance, holds: [{from: 2026-01-05, to: 2026-01-05, reason: a claim}]}
""",
    )
    names = {name.split("/")[1][:8]: name for name in place.names("runs/") if name.endswith("findings.parquet")}
    found = upkeep.lock(URL, place.config, clock("2026-02-01T09:00:00Z"), policy)
    unlocked = len(place.names()) - len(place.names("private/")) - 1
    assert (found.objects, found.extended, found.held, found.released) == (unlocked, unlocked, 0, 0)
    assert head(place, names["20260103"]) == ("GOVERNANCE", "2027-03-08", None)
    organization = policy / "organization.yaml"
    organization.write_text(organization.read_text().replace("2026-01-05", "2026-01-02"))
    found = upkeep.lock(URL, place.config, clock("2026-02-01T09:00:00Z"), policy)
    # The night itself, and one on either side, since holds have local dates; and what these share with others.
    assert (found.extended, found.held, found.released) == (0, unlocked, 0)
    organization.write_text(
        organization.read_text().replace("days: 400", "days: 500").replace("2026-01-02", "2026-02-20")
    )
    found = upkeep.lock(URL, place.config, clock("2026-02-01T09:00:00Z"), policy)
    assert (found.extended, found.held, found.released) == (unlocked, 0, unlocked)
    assert head(place, names["20260103"]) == ("GOVERNANCE", "2027-06-16", "OFF")
    assert place.verify()[0] == 0


def test_a_bucket_that_cannot_lock_is_told_before_anything_is_recorded(place: Place) -> None:
    policy = locked_policy(place, "\nretention: {days: 400, object_lock: compliance}\n")
    with pytest.raises(SealError, match="the bucket has none"):
        place.run(policy=policy)
    assert place.names() == ["auditreel-store"]


def test_a_bucket_that_vanishes_in_mid_run_loses_nothing_sealed(
    place: Place, aws_env: AwsWire, moto: MotoProcess
) -> None:
    place.monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto.url)
    regions(aws_env.overrides, "us-east-1")
    record(opened(place, "recording"))
    asked = {"snapshot": None, "checks": ("aws.iam.password_policy_length",), "resume_within": 12.0, "timeout": 60.0}
    kept: dict[str, bytes] = {}

    def vanishing(exchange: Exchange, answer: Answer) -> Answer:
        for name in place.names():
            kept[name] = place.get(name)
            place.delete(name)
        if kept:
            place.s3.delete_bucket(Bucket=BUCKET)
        return answer

    aws_env.overrides.change("iam:GetAccountPasswordPolicy", vanishing)
    stopped = place.run(now="2026-11-25T03:00:00Z", **asked)
    assert (stopped.exit_code, stopped.sealed) == (5, None)
    assert "NoSuchBucket" in stopped.exit_reasons[5]
    assert "once the bucket answers, the same command goes on" in stopped.exit_reasons[5]
    with pytest.raises(VerificationError, match="NoSuchBucket"):
        place.verify()

    place.s3.create_bucket(Bucket=BUCKET)
    for name, data in kept.items():
        place.put(name, data)
    aws_env.traffic.reset()
    again = place.run(now="2026-11-25T04:00:00Z", **asked)
    assert again.resumed == "2026-11-25T03:00:00Z"
    assert aws_env.traffic.calls["iam:GetAccountPasswordPolicy"] == 0  # it was read, and kept
    assert again.sealed is not None
    assert place.kinds() == ["intent", "seal", "intent", "seal"]
    assert place.verify()[0] == 0


def test_what_is_altered_in_the_bucket_is_told(place: Place) -> None:
    nights(opened(place, "recording"))
    name = next(name for name in place.names("runs/") if name.endswith("findings.parquet"))
    data = place.get(name)
    place.put(name, data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])
    code, said = place.verify()
    assert code == 5
    assert f"{name}: its digest is not the one that was sealed" in said
    with pytest.raises(VerificationError, match="its digest is not the one that was sealed"):
        examination.period(URL, place.config, *JANUARY)


def test_what_does_not_belong_into_the_bucket_is_told(place: Place) -> None:
    record(opened(place, "recording"))
    place.put("runs/notes.txt", b"something else")
    place.put("index/other", b"derived")
    place.put("index/spans", b"derived")
    code, said = place.verify()
    assert code == 5
    assert "problem: runs/notes.txt: does not belong to the store" in said
    assert "note: index/other is no evidence" in said
    assert "note: index/spans is derived and no evidence" in said


def test_a_chain_that_was_cut_off_in_the_bucket_is_told_and_not_written_on(place: Place) -> None:
    record(opened(place, "recording"))
    last = place.names("chain/")[-1]
    place.delete(last)
    code, said = place.verify()
    assert code == 5
    assert f"{last}: is missing: the chain was cut off" in said
    # Whoever was there before knows without a pin, and tells it each time.
    for _ in range(2):
        with pytest.raises(VerificationError, match=f"{last} is gone, which was there before: the chain was cut"):
            record(opened(place, "recording"))
    with pytest.raises(SealError, match="the chain was cut or rewritten"):
        record(opened(place, "another"))
    assert len(place.names("chain/")) == 1
    # What the bucket lost is kept, and can be put back.
    place.put(last, (place.folder / "recording" / "store" / last).read_bytes())
    assert place.verify()[0] == 0


def test_a_chain_that_is_cut_off_in_mid_run_is_not_written_on(place: Place) -> None:
    record(opened(place, "recording"))
    run = begun(opened(place, "recording"), plan(), content(), "2026-11-24T02:00:00Z")
    place.delete(place.names("chain/")[-1])
    with pytest.raises(SealError, match="is gone, which was there before: the chain was cut"):
        sealed(run, judged(), "2026-11-24T02:03:00Z")
    assert len(place.names("chain/")) == 2


def test_a_working_copy_that_was_altered_is_never_what_is_read(place: Place) -> None:
    copy = place.at("one")
    nights(opened(place, "recording"))
    examination.period(URL, place.config, *JANUARY)
    altered = next(copy.glob("runs/*/findings.parquet"))
    before = altered.read_bytes()
    altered.write_bytes(before[:-1] + b"?")
    assert place.verify()[0] == 0  # of the bucket, which nobody touched
    examination.period(URL, place.config, *JANUARY)
    assert altered.read_bytes() == before
    assert place.get(altered.relative_to(copy).as_posix()) == before


def test_what_a_killed_reading_fetched_goes_with_its_object_and_is_not_uploaded_again(place: Place) -> None:
    record(opened(place, "recording"))
    name = f"private/{'ab' * 32}.json"
    place.put(name, b"{}")
    fetching = Mirror._all

    def killed(self: Mirror, do: Callable[[Any], Any], items: Any) -> None:
        fetching(self, do, items)
        patch.setattr(Mirror, "_note", lambda self: None)  # the process is gone
        raise KeyboardInterrupt

    with place.monkeypatch.context() as patch:
        patch.setattr(Mirror, "_all", killed)
        with pytest.raises(KeyboardInterrupt):
            opened(place, "reading")
    copied = place.folder / "reading" / "store" / name
    assert copied.exists()
    place.delete(name)  # a person asked for it
    record(opened(place, "reading"), "2026-11-24T02:00:00Z")
    assert (name in place.names("private/"), copied.exists()) == (False, False)


def test_a_machine_that_was_never_there_has_the_index_and_believes_no_other(place: Place) -> None:
    asked = {"config": place.config, "store": URL, "snapshot": str(DEMO), "checks": ("aws.iam.root_*",)}
    assert "index" not in (pipeline.run(RunRequest(**asked), clock()).sealed or {})
    copy = place.at("a machine that was never there")
    assert upkeep.rebuild(URL, place.config, compare=True).state == "same"
    place.put("index/spans", (copy / "index" / "spans").read_bytes()[:-1] + b"?")
    assert upkeep.rebuild(URL, place.config, compare=True).state == "not ours"
    assert place.verify()[0] == 0


def test_expired_runs_leave_the_bucket_and_their_tombstone_verifies(place: Place) -> None:
    recorder = opened(place, "writing")
    for day in ("2026-01-01", "2026-01-02"):
        recorded(recorder, f"{day}T01:05:00Z", {ENCRYPTED: {"a": "pass", "b": "fail"}})
    policy = locked_policy(place, "\nretention: {days: 30}\n")
    opened(place, "two")
    runs = len(place.names("runs/"))
    done = upkeep.expire(URL, place.config, True, True, clock("2026-11-24T03:00:00Z"), policy)
    assert (runs, place.names("runs/"), done.sequence) == (4, [], 5)
    code, said = place.verify()
    assert code == 0
    assert "2 runs, 4 records" in said
    # Another machine's copy forgets them with the next run that it makes.
    opened(place, "two")
    assert list((place.folder / "two").rglob("*.parquet")) == [*(place.folder / "two" / "store" / "merged").glob("*")]
    code, said = place.verify()
    assert code == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://key:hunter2@bucket/x", "neither user, query nor fragment"),
        ("s3://bucket/x?token=hunter2", "neither user, query nor fragment"),
        ("https://bucket.s3.amazonaws.com/x", "https:// is no store"),
        ("s3:///x", "no name of a bucket"),
        ("s3://Bucket\n/x", "no name of a bucket"),
        ("s3://bucket/../x", "a prefix is made of"),
        ("s3://bucket/a b", "a prefix is made of"),
        ("s3://[bucket/x", "its URL cannot be read"),
    ],
)
def test_a_url_that_is_no_store_is_told_and_never_repeats_a_secret(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)) as raised:
        parse(url)
    assert "hunter2" not in str(raised.value)


def test_one_name_at_two_endpoints_is_two_stores() -> None:
    address = parse("s3://acme-evidence/soc2/")
    assert (str(address), address.key("chain/1")) == ("s3://acme-evidence/soc2", "soc2/chain/1")
    home = {"HOME": "/home/ops"}
    assert working_copy(address, home).parent == Path("/home/ops/.cache/auditreel/stores")
    assert working_copy(address, home) != working_copy(address, {**home, "AWS_ENDPOINT_URL": "https://s3.example.org"})
