"""A real cluster on this machine reads an organization: the evidence is that of threads, and who was lost is named."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import dask
import pytest
from distributed import Client, LocalCluster
from distributed.core import Status

import engine
from engine.cli.clock import system_clock
from engine.collection.cluster import LOST, NOBODY, Cluster, _read
from engine.collection.tasks import executed
from engine.custody.upkeep import initialise
from engine.custody.verification import verify
from engine.errors import ClusterUnfit
from engine.model import Assessment, Clock
from engine.report import FORMATS, Options
from engine.run.pipeline import run
from engine.run.request import RunRequest
from tests.emulators import kept_clients
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions
from tests.emulators.moto_process import ACCOUNT, MotoProcess
from tests.emulators.wire import Answer, Exchange
from tests.end_to_end.test_organization import policy
from tests.end_to_end.verbs import auditreel

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ("aws.s3.bucket_versioning", "aws.iam.password_policy_length", "aws.ec2.ebs_default_encryption")
START = "2026-11-25T02:00:00Z"


def standing() -> Clock:
    """A wall clock that stands still."""
    real = system_clock()
    return Clock(lambda: START, real.monotonic, real.sleep)


@pytest.fixture(scope="module")
def cluster(moto_wire: AwsWire) -> Iterator[Any]:
    """A scheduler in this process and two workers, processes that a nanny each starts again."""
    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": moto_wire.url,
        "PYTHONPATH": str(ROOT),
    }
    # Without an address Dask's HTTP server takes a fixed port, on every interface; without bokeh it has no dashboard.
    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),  # see docs/nightly.md
        LocalCluster(n_workers=2, threads_per_worker=1, **here, env=settings, silence_logs=50) as made,
    ):
        yield made


@dataclass(frozen=True, slots=True)
class Firm:
    """An organization of four accounts, each with a bucket, and a store for runs of it."""

    place: Path
    accounts: tuple[str, ...]
    wire: Any = None
    template: Path = Path()

    @property
    def store(self) -> str:
        return str(self.place / "store")

    @property
    def config(self) -> Path:
        return self.place / "config"

    def run(self, cluster: Cluster | None = None, clock: Clock | None = None) -> Assessment:
        request = RunRequest(
            config=self.config,
            checks=CHECKS,
            policy=self.place / "policies",
            store=self.store,
        )
        return run(request, clock or standing(), cluster=cluster)

    def unseen(self, found: Assessment) -> dict[str, set[str | None]]:
        """Accounts of which everything is unknown, and why."""
        verdicts: dict[str, set[str]] = {}
        whys: dict[str, set[str | None]] = {}
        for finding in found.findings:
            verdicts.setdefault(finding.scope.account, set()).add(finding.verdict)
            whys.setdefault(finding.scope.account, set()).update(cause.unread.detail for cause in finding.causes)
        return {account: whys[account] for account, seen in verdicts.items() if seen == {"unknown"}}


@pytest.fixture(scope="module")
def template(moto_process: MotoProcess, tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """The organization, its policy, and an empty store; what threads read of it is the root to compare with."""
    moto_process.reset()
    made = partial(
        boto3.client,
        endpoint_url=moto_process.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    organizations = made("organizations")
    organizations.create_organization(FeatureSet="ALL")
    accounts = [ACCOUNT]
    for name in ("production", "staging", "trial"):
        status = organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
        accounts.append(status["AccountId"])
        arn = f"arn:aws:iam::{accounts[-1]}:role/any"
        given = made("sts").assume_role(RoleArn=arn, RoleSessionName="seed")["Credentials"]
        keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
        made("s3", **keys, aws_session_token=given["SessionToken"]).create_bucket(Bucket=f"records-{name}")
    place = tmp_path_factory.mktemp("firm")
    policy(place)
    initialise(str(place / "store"), place / "config")
    return Firm(place, tuple(accounts))


@pytest.fixture
def firm(
    template: Firm, moto_wire: AwsWire, nobody: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Firm]:
    """The organization on an undisturbed wire, and a store of the same keys."""
    moto_wire.reset()
    regions(moto_wire.overrides, "us-east-1", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_wire.url)
    kept_clients.use(monkeypatch)
    shutil.copytree(template.place, tmp_path / "firm")
    yield replace(template, place=tmp_path / "firm", template=template.place, wire=moto_wire)
    if moto_wire.broken:
        raise moto_wire.broken[0]


@pytest.fixture
def threads(firm: Firm, known: dict[str, Any]) -> Any:
    """The root of what threads read, and what it took; read once."""
    if not known:
        known["run"], known["calls"] = firm.run(), firm.wire.traffic.calls
        firm.wire.traffic.reset()
        shutil.rmtree(firm.place)
        shutil.copytree(firm.template, firm.place)
    return SimpleNamespace(**known)


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return {}


def at(cluster: Any, patience: float = 30.0) -> Cluster:
    return Cluster(cluster.scheduler_address.replace("tcp://", "dask://"), system_clock, patience)


def root(found: Assessment) -> Any:
    assert found.sealed is not None
    return found.sealed["root"]


@pytest.fixture
def workers(cluster: Any) -> Any:
    """The cluster with both of its workers, whatever a test before did to them."""
    cluster.scheduler.allowed_failures = 3
    cluster.scale(2)
    cluster.wait_for_workers(2, timeout=60)
    return cluster


def when_an_account_is_read(firm: Firm, act: Callable[[], object]) -> None:
    """Do something once, as soon as the first account is being read."""
    left = [act]

    def change(exchange: Exchange, answer: Answer) -> Answer:
        if left:
            left.pop()()
        return answer

    firm.wire.overrides.change("iam:GetAccountPasswordPolicy", change)


def kill(cluster: Any) -> None:
    """Kill the worker that reads the most."""
    worker = max(cluster.scheduler.workers.values(), key=lambda worker: len(worker.processing))
    os.kill(worker.pid, signal.SIGKILL)


def judged(firm: Firm, found: Assessment) -> set[str]:
    """The accounts of which something was seen."""
    return {finding.scope.account for finding in found.findings} - firm.unseen(found).keys()


def test_a_cluster_gives_the_evidence_of_threads(firm: Firm, workers: Any, threads: Any) -> None:
    scattered = firm.run(at(workers))

    assert root(scattered) == root(threads.run)
    assert judged(firm, scattered) == set(firm.accounts)
    assert [(row.scope, row.reader, row.calls, row.outcomes) for row in scattered.snapshot.ledger] == [
        (row.scope, row.reader, row.calls, row.outcomes) for row in threads.run.snapshot.ledger
    ]
    # Each worker asks who it is; nothing else is asked twice.
    assert firm.wire.traffic.calls - threads.calls == Counter({"sts:GetCallerIdentity": 2})
    assert verify(firm.store, firm.config, allow_unanchored=True).exit_code == 0


def test_an_account_whose_worker_is_killed_is_read_by_another(firm: Firm, workers: Any, threads: Any) -> None:
    when_an_account_is_read(firm, lambda: kill(workers))

    scattered = firm.run(at(workers))

    assert root(scattered) == root(threads.run)
    assert firm.unseen(scattered) == {}


def test_an_account_that_is_lost_with_every_worker_is_unknown_by_name(firm: Firm, workers: Any) -> None:
    workers.scheduler.allowed_failures = 0
    when_an_account_is_read(firm, lambda: kill(workers))

    scattered = firm.run(at(workers))

    lost = firm.unseen(scattered)
    assert lost
    assert set(map(frozenset, lost.values())) == {frozenset({LOST})}
    assert judged(firm, scattered) | lost.keys() == set(firm.accounts)
    assert {finding.check.id for finding in scattered.findings if finding.scope.account in lost} == set(CHECKS)
    assert 4 in scattered.exit_reasons
    assert not any(population.complete for population in scattered.populations)
    told = json.loads(FORMATS["json"].render(scattered, Options()))
    assert {row["scope"]["account"] for row in told["findings"] if row["verdict"] == "unknown"} == lost.keys()
    shown = " ".join(str(FORMATS["text"].render(scattered, Options())).split())
    assert f"could not be read, so nothing in {'it' if len(lost) == 1 else 'them'} was seen: {min(lost)}" in shown
    assert "unavailable: dask:ReadAccount" in shown


def test_sigterm_cancels_what_is_under_way_and_the_same_command_goes_on_with_whole_accounts(
    firm: Firm, workers: Any, threads: Any
) -> None:
    checks = [word for check in CHECKS for word in ("--check", check)]
    places = ("--policy", str(firm.place / "policies"), "--store", firm.store, "--config", str(firm.config))
    command = (sys.executable, "-m", "engine", "run", *checks, *places, "--executor", at(workers).address)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    asked: list[Exchange] = []

    def change(exchange: Exchange, answer: Answer) -> Answer:
        asked.append(exchange)
        if len(asked) == 4:
            # Two accounts have come back: two workers of a thread each cannot be at four.
            process.terminate()
        return answer

    firm.wire.overrides.change("iam:GetAccountPasswordPolicy", change)
    _, said = process.communicate(timeout=120)
    assert (process.returncode, "SIGTERM" in said) == (128 + signal.SIGTERM, True), said
    firm.wire.traffic.reset()

    resumed = firm.run(at(workers), system_clock())

    assert resumed.resumed is not None
    assert root(resumed) == root(threads.run)
    assert firm.wire.traffic.calls["iam:GetAccountPasswordPolicy"] < 4
    assert not any(task.state == "processing" for task in workers.scheduler.tasks.values())


def test_a_worker_hears_that_its_task_is_cancelled(workers: Any, tmp_path: Path) -> None:
    def waits(expected: object, task: bytes, cancelled: Any) -> tuple[str, str]:
        begun = Path(task.decode())
        begun.touch()
        (begun.parent / f"heard {cancelled.wait(30)}").touch()
        return "lost", "cancelled"

    def put(function: Any) -> Any:
        from engine.collection import cluster

        before, cluster.executed = cluster.executed, function
        return before

    with Client(workers.scheduler_address, set_as_default=False) as client:
        client.run(put, waits)
        task = client.submit(_read, {}, str(tmp_path / "begun").encode(), pure=False)
        seen(tmp_path / "begun")

        task.cancel()

        seen(tmp_path / "heard True")
        client.run(put, executed)


def seen(path: Path) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + 25
    while not path.exists():
        assert time.monotonic() < end, f"no {path.name}"
        time.sleep(0.05)


def test_a_worker_of_another_version_is_refused_by_name_and_nothing_is_read(
    firm: Firm, workers: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("import engine\nengine.__version__ = '0.0.9'\n")
    command = (sys.executable, "-m", "distributed.cli.dask_worker", workers.scheduler_address)
    command += ("--no-nanny", "--no-dashboard", "--nthreads", "1", "--host", "127.0.0.1")
    environment = {**os.environ, "PYTHONPATH": f"{other}{os.pathsep}{ROOT}"}
    environment["DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"] = "False"
    before = set(workers.scheduler.workers)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        workers.wait_for_workers(3, timeout=60)
        (address,) = set(workers.scheduler.workers) - before

        with pytest.raises(ClusterUnfit) as refused:
            firm.run(at(workers))
    finally:
        process.kill()
        process.wait()

    version = f"its software is another: auditreel 0.0.9 instead of {engine.__version__}"
    assert str(refused.value).splitlines()[1:] == [f"  {address}: {version}"]
    assert refused.value.exit_code == 2
    assert firm.wire.traffic.calls["sts:AssumeRole"] == 0


def test_where_no_worker_is_left_what_was_not_read_is_unknown_by_name(firm: Firm, workers: Any) -> None:
    when_an_account_is_read(firm, lambda: workers.scale(0))

    scattered = firm.run(at(workers, patience=3.0))

    lost = firm.unseen(scattered)
    assert lost
    assert set(map(frozenset, lost.values())) == {frozenset({NOBODY})}
    assert judged(firm, scattered) | lost.keys() == set(firm.accounts)
    assert 4 in scattered.exit_reasons
    assert not any(population.complete for population in scattered.populations)


def test_what_workers_never_take_up_is_unknown_by_name(firm: Firm, workers: Any) -> None:
    def put(status: Status, dask_worker: Any) -> None:
        dask_worker.memory_manager.memory_pause_fraction = False  # or it resumes as soon as it has memory
        dask_worker.status = status

    with Client(workers.scheduler_address, set_as_default=False) as client:
        when_an_account_is_read(firm, lambda: client.run(put, Status.paused))
        try:
            scattered = firm.run(at(workers, patience=2.0))
        finally:
            client.run(put, Status.running)

    lost = firm.unseen(scattered)
    assert lost
    assert set(map(frozenset, lost.values())) == {frozenset({NOBODY})}
    assert judged(firm, scattered) | lost.keys() == set(firm.accounts)
    assert 4 in scattered.exit_reasons


def test_where_no_scheduler_answers_no_run_begins(firm: Firm) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"dask://127.0.0.1:{nobody.getsockname()[1]}"

        with pytest.raises(ClusterUnfit, match=f"{address}: no scheduler of Dask answers .*--executor threads") as told:
            firm.run(Cluster(address, system_clock, connect=0.5))

    assert told.value.exit_code == 2
    assert sorted(path.name for path in (firm.place / "store" / "chain").iterdir()) == []
    assert firm.wire.traffic.total == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--executor", "processes"), "'processes' is none; there are: threads, dask://HOST:PORT"),
        (("--executor", "dask://127.0.0.1:9", "--demo"), "a demonstration or a stored snapshot reads no account"),
    ],
)
def test_an_executor_that_cannot_be_meant_is_a_usage_error(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = auditreel(tmp_path, "run", *arguments)

    assert done.returncode == 2
    assert said in done.stderr.decode()
