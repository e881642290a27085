"""Evidence in Google Cloud Storage and Azure Blob Storage: the client's own requests, over a socket.

Against servers that follow the services' documentation (``tests/emulators/object_services.py``), and against Azurite,
which is Microsoft's, where that is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from engine.content.root import find
from engine.custody import examination, upkeep, verification
from engine.errors import SealError, UsageError, VerificationError
from engine.evidence import chain
from engine.evidence.keys import load_keys
from engine.evidence.objects.address import parse, working_copy
from engine.evidence.objects.bucket import Bucket, StoreUnavailable, connect
from engine.evidence.objects.mirror import Mirror
from engine.evidence.seal import Recorder, open_store
from engine.model import Clock
from engine.run.observing import DEMO
from tests.emulators import object_services
from tests.emulators.azurite import PROGRAM, Azurite
from tests.emulators.gcp.wire import Google
from tests.emulators.object_services import AzureBlobs, GoogleStorage, ObjectService
from tests.unit.evidence.nightly import ENCRYPTED, recorded
from tests.unit.evidence.synthetic_runs import begun, content, judged, plan, sealed

ROOT = Path(__file__).resolve().parents[2]
NAME = "acme-evidence"
GONE = {"gs": "NoSuchBucket", "az": "ContainerNotFound"}
RETAINED = {"gs": "RetentionPolicyNotMet", "az": "BlobImmutableDueToPolicy"}
JANUARY = date(2026, 1, 1), date(2026, 1, 2)


@dataclass
class Place:
    """A store in a bucket, and machines that record in it: each has a cache of its own, all have one key."""

    url: str
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    drop: Callable[[], None]
    """Remove the bucket."""
    restore: Callable[[], None]
    """Make it again as it was."""

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def scheme(self) -> str:
        return self.url[:2]

    def at(self, machine: str) -> Path:
        """Go on as another machine; gives its working copy."""
        self.monkeypatch.setenv("XDG_CACHE_HOME", str(self.folder / machine))
        return working_copy(parse(self.url)) / "store"

    def opened(self, machine: str) -> Recorder:
        """The store, opened for recording by a machine."""
        mirror = Mirror(connect(parse(self.url)), self.folder / machine)
        mirror.bring()
        mirror.begin()
        return open_store(mirror.root, load_keys(self.config, {}), self.config / "trust.json", mirror)

    def nights(self, machine: str = "recording") -> list[str]:
        recorder = self.opened(machine)
        return [
            recorded(recorder, f"{day}T01:05:00Z", {ENCRYPTED: {"a": "pass", "b": verdict}}).root
            for day, verdict in (("2026-01-01", "fail"), ("2026-01-02", "pass"))
        ]

    def verify(self) -> tuple[int, str]:
        verdict = verification.verify(self.url, self.config)
        return verdict.exit_code, "\n".join(verdict.lines)


def of(service: ObjectService) -> tuple[Callable[[], None], Callable[[], None]]:
    kept = service.buckets[NAME]

    def drop() -> None:
        del service.buckets[NAME]

    def restore() -> None:
        service.buckets[NAME] = kept

    return drop, restore


def of_azurite(azurite: Azurite) -> tuple[Callable[[], None], Callable[[], None]]:
    kept: dict[str, bytes] = {}

    def bucket() -> Bucket:
        return connect(parse(f"az://{NAME}"))

    def drop() -> None:
        kept.update({name: bucket().get(name) for name in bucket().list()})
        azurite.container("DELETE", NAME)

    def restore() -> None:
        azurite.container("PUT", NAME)
        for name, data in kept.items():
            bucket().create(name, data)

    return drop, restore


def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "GOOGLE_", "AWS_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    if shutil.which(PROGRAM) is None:
        pytest.skip("needs azurite")
    with Azurite(tmp_path_factory.mktemp("azurite")) as azurite:
        yield azurite


@pytest.fixture(params=["gs", "az", "azurite"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    unset(monkeypatch)
    with ExitStack() as stack:
        if request.param == "azurite":
            azurite: Azurite = request.getfixturevalue("azurite")
            azurite.container("PUT", NAME)
            stack.callback(azurite.container, "DELETE", NAME)
            environment, (drop, restore) = azurite.environment, of_azurite(azurite)
        else:
            service = stack.enter_context(GoogleStorage() if request.param == "gs" else AzureBlobs())
            service.page = 7
            service.buckets[NAME] = object_services.Bucket()
            environment, (drop, restore) = service.environment, of(service)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        url = f"{'gs' if request.param == 'gs' else 'az'}://{NAME}/soc2/production"
        made = Place(url, tmp_path, monkeypatch, drop, restore)
        made.at("one")
        upkeep.initialise(url, made.config)
        yield made


def test_two_nights_are_recorded_verified_and_reported_by_another_machine(place: Place) -> None:
    place.nights()
    place.at("a machine that was never here")
    code, said = place.verify()
    assert (code, said.splitlines()[-1].split(", head")[0]) == (0, "2 sealed runs, 4 records")
    period = examination.period(place.url, place.config, *JANUARY)
    assert [(row.check, row.subject.id) for row in period.failures] == [("aws.s3.encrypted", "arn:aws:s3:::b")]


def test_what_a_machine_uploaded_is_not_fetched_again(place: Place) -> None:
    place.nights()
    assert Mirror(connect(parse(place.url)), place.folder / "recording").bring().fetched == 0
    assert Mirror(connect(parse(place.url)), place.folder / "another").bring().fetched > 10


@pytest.mark.parametrize("place", ["azurite"], indirect=True)  # moto's has it too, and both take seconds
def test_two_schedulers_seal_into_one_chain(place: Place) -> None:
    words = ["run", "--snapshot", str(DEMO), "--check", "aws.iam.root_*", "--store", place.url]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "engine", *words, "--config", str(place.config)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(place.folder / machine)},
            cwd=place.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for machine in ("east", "west")
    ]
    said = [process.communicate(timeout=120)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    recorder = place.opened("looking")
    kinds = [placed.entry.kind for placed in chain.read(recorder.layout, recorder.trust).placed]
    assert sorted(kinds) == ["intent", "intent", "seal", "seal"]
    assert place.verify()[0] == 0


def test_whoever_loses_the_race_for_a_number_appends_after_the_winner(place: Place) -> None:
    east, west = place.opened("east"), place.opened("west")
    run = begun(east, plan(), content(), "2026-11-23T02:00:00Z")
    other = begun(west, plan(), content(), "2026-11-23T02:00:01Z")
    sealed(run, judged(), "2026-11-23T02:03:00Z")
    sealed(other, judged(), "2026-11-23T02:03:01Z")
    assert place.verify()[0] == 0


def test_a_bucket_that_vanishes_in_mid_run_loses_nothing_sealed(place: Place) -> None:
    place.nights()
    run = begun(place.opened("recording"), plan(), content(), "2026-11-24T02:00:00Z")
    place.drop()
    with pytest.raises(SealError, match=f"{GONE[place.scheme]}.*nothing that was sealed is touched"):
        sealed(run, judged(), "2026-11-24T02:03:00Z")
    with pytest.raises(VerificationError, match=f"{GONE[place.scheme]}.*could not verify"):
        place.verify()
    place.restore()
    sealed(
        begun(place.opened("recording"), plan(), content(), "2026-11-24T03:00:00Z"), judged(), "2026-11-24T03:03:00Z"
    )
    code, said = place.verify()
    assert (code, "3 sealed runs" in said) == (0, True)


def test_what_is_gone_or_altered_in_the_bucket_is_told(place: Place) -> None:
    place.nights()
    bucket = connect(parse(place.url))
    name = next(name for name in bucket.list("runs") if name.endswith("findings.parquet"))
    data = bucket.get(name)
    bucket.replace(name, data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])
    code, said = place.verify()
    assert (code, f"{name}: its digest is not the one that was sealed" in said) == (5, True)
    bucket.delete(name)
    bucket.delete(name)  # which is not there any more
    code, said = place.verify()
    assert (code, name in said) == (5, True)
    with pytest.raises(FileNotFoundError) as raised:
        bucket.get(name)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("place", ["gs", "az"], indirect=True)
def test_object_lock_is_refused_where_it_is_not_s3s(place: Place) -> None:
    policy = Path(shutil.copytree(find().policies, place.folder / "policies"))
    with (policy / "organization.yaml").open("a") as file:
        file.write("\nretention: {days: 400, object_lock: compliance}\n")
    clock = Clock(lambda: "2026-11-24T03:00:00Z", lambda: 0.0, lambda seconds: None)
    with pytest.raises(UsageError, match="set a locked retention on the bucket itself"):
        upkeep.lock(place.url, place.config, clock, policy)


@pytest.fixture(params=["gs", "az"])
def retained(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, ObjectService]]:
    """A bucket that retains what is written into it, by its own policy."""
    unset(monkeypatch)
    with GoogleStorage() if request.param == "gs" else AzureBlobs() as service:
        service.buckets[NAME] = object_services.Bucket(retained=True)
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        yield f"{request.param}://{NAME}/soc2", service


def test_nights_are_recorded_under_a_buckets_own_retention(
    retained: tuple[str, ObjectService], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = retained
    place = Place(url, tmp_path, monkeypatch, lambda: None, lambda: None)
    place.at("one")
    upkeep.initialise(url, place.config)
    place.nights()
    assert place.verify()[0] == 0
    policy = Path(shutil.copytree(find().policies, place.folder / "policies"))
    with (policy / "organization.yaml").open("a") as file:
        file.write("\nretention: {days: 30}\n")
    clock = Clock(lambda: "2026-11-24T03:00:00Z", lambda: 0.0, lambda seconds: None)
    with pytest.raises(SealError, match="removing what was replaced from"):
        upkeep.expire(url, place.config, True, True, clock, policy)


def test_what_a_policy_retains_is_said_to_be_that_where_it_is_written_over(
    retained: tuple[str, ObjectService],
) -> None:
    url, _ = retained
    bucket = connect(parse(url))
    bucket.replace("index/spans", b"one")
    with pytest.raises(StoreUnavailable, match=RETAINED[url[:2]]):
        bucket.replace("index/spans", b"two")
    with pytest.raises(FileExistsError):
        bucket.create("index/spans", b"three")


def test_the_key_of_a_service_account_opens_a_bucket_of_google(gcp: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is google-auth that gets the token, for a scope: without one Google gives none."""

    def accepted(token: str) -> bool:
        return gcp.scopes.get(token) == "https://www.googleapis.com/auth/devstorage.read_write"

    with GoogleStorage(accepted) as service:
        service.buckets[NAME] = object_services.Bucket()
        monkeypatch.setenv("GOOGLE_BASE_URL", service.url)
        bucket = connect(parse(f"gs://{NAME}/soc2"))
        bucket.create("chain/00000000000000000001.json", b"{}")
        assert bucket.get("chain/00000000000000000001.json") == b"{}"
