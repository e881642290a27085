"""``auditreel serve`` over stores in buckets: what is shown, how old it is said to be, and what a bucket is asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.custody import upkeep
from engine.errors import SealError, VerificationError
from engine.evidence.keys import load_keys
from engine.evidence.objects.address import parse, working_copy
from engine.evidence.objects.bucket import connect
from engine.evidence.objects.mirror import Mirror
from engine.evidence.objects.moments import SERVED, Moments
from engine.evidence.seal import Recorder, open_store
from engine.model import Clock
from engine.serve.accesses import AccessLog, standing
from engine.serve.following import EVERY, LATE, Bucket
from engine.serve.library import Store
from engine.serve.links import unsigned
from engine.serve.questions import QUESTIONS
from engine.serve.tools import Tools
from tests.emulators import object_services
from tests.emulators.moto_process import MotoProcess
from tests.emulators.object_services import GoogleStorage
from tests.end_to_end.served import BACKED_UP, NAME, Server, check, controls, hostile_night, organization
from tests.end_to_end.test_object_store import s3_at
from tests.unit.evidence.nightly import ENCRYPTED, recorded
from tests.unit.test_report_html import read

ROOT = Path(__file__).resolve().parents[2]
URL = "gs://acme-evidence/soc2"
FIRST = "2026-06-01"


@dataclass
class Served:
    """A bucket whose nights are recorded by one machine, and a server of it on another."""

    folder: Path
    service: GoogleStorage
    server: Server
    bucket: Bucket

    @property
    def recorder(self) -> Recorder:
        mirror = Mirror(connect(parse(URL)), self.folder / "recording")
        mirror.bring()
        mirror.begin()
        keys, trust = load_keys(self.folder / "recorder", {}), self.folder / "recorder" / "trust.json"
        return open_store(mirror.root, keys, trust, mirror)

    def night(self, day: int, verdict: str = "fail") -> str:
        checks = [check(ENCRYPTED, "CC6.1"), check(BACKED_UP, "A1.2")]
        found = {ENCRYPTED: {"a": "pass", "b": verdict}, BACKED_UP: {"forbidden-criterion": "fail"}}
        at = f"2026-06-0{day}T01:00:00Z"
        made = recorded(self.recorder, at, found, checks, controls=controls(), organization=organization(), accepted={})
        return made.root

    def drop(self) -> object_services.Bucket:
        return self.service.buckets.pop("acme-evidence")

    def restore(self, kept: object_services.Bucket) -> None:
        self.service.buckets["acme-evidence"] = kept


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in [name for name in os.environ if name.startswith(("AUDITREEL_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with GoogleStorage() as service:
        service.buckets["acme-evidence"] = object_services.Bucket()
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        upkeep.initialise(URL, tmp_path / "recorder")
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "trust.json").write_bytes((tmp_path / "recorder" / "trust.json").read_bytes())
        told: list[str] = []
        clock = Clock(lambda: server.time.at, lambda: server.time.seconds, lambda seconds: None)
        bucket = Bucket(URL, tmp_path / "config", Moments(parse(URL)), clock, told.append)
        server = Server(tmp_path, tmp_path / "logs" / "accesses.jsonl", source=bucket)
        server.told = told
        yield Served(tmp_path, service, server, bucket)
        server.close()
        bucket.close()


def test_a_new_night_is_shown_without_restart_and_no_request_of_a_reader_asks_the_bucket(served: Served) -> None:
    served.night(1)
    served.bucket.look()
    client = served.server.client(served.server.token())
    before = served.service.calls.copy()
    for _ in range(5):
        assert client.get("/").status == client.get(f"/{NAME}/{FIRST}--2026-06-01/").status == 200
        served.server.time.seconds += 10
    assert served.service.calls == before
    served.night(2, "pass")
    assert "2026-06-02" not in client.get("/api/v1/stores").json["stores"][0]["last"]
    served.server.time.at = "2026-06-10T09:01:00Z"
    served.bucket.look()
    served.server.time.seconds += 2
    listed = client.get("/api/v1/stores").json["stores"][0]
    assert (listed["last"], listed["read"]) == ("2026-06-09", "As the object store was at 2026-06-10T09:01:00Z.")
    found = client.get(f"/{NAME}/{FIRST}--2026-06-02/")
    assert read(found.body).words.index("As the object store was at 2026-06-10T09:01:00Z") < 300
    assert len(client.get(f"/api/v1/{NAME}/{FIRST}--2026-06-02").json["period"]["frames"]) == 2


def test_the_bucket_is_only_read_and_what_is_kept_of_it_stays_bounded(served: Served) -> None:
    for day in range(1, 4):
        served.night(day)
        before = served.service.calls.copy()
        served.bucket.look()
        served.bucket.look()
        asked = served.service.calls - before
        assert set(asked) == {"GET", "GET object"}
        assert asked["GET"] == 6  # three listings each
    root = working_copy(parse(URL)) / SERVED
    assert len(list(root.glob("moment-*"))) == 2
    before = served.service.calls["GET object"]
    served.bucket.look()
    assert served.service.calls["GET object"] == before
    (root / "moment-of-one-that-was-killed").mkdir()
    served.night(4)
    served.bucket.look()
    assert len(list(root.glob("moment-*"))) == 2
    served.bucket.close()
    assert list(root.glob("moment-*")) == []


def test_a_bucket_that_is_gone_leaves_the_last_state_and_no_page_that_looks_current(served: Served) -> None:
    served.night(1)
    served.bucket.look()
    run = f"{NAME}/{FIRST}--2026-06-01"
    whole = served.server.client(served.server.token())
    limited = served.server.client(served.server.token(FIRST, "2026-06-01", ("CC6.1",)))
    assert "NOT CURRENT" not in whole.get(f"/{run}/").text
    kept = served.drop()
    served.server.time.at, served.server.time.seconds = "2026-06-10T09:05:00Z", EVERY
    served.bucket.look()
    frame = whole.get(f"/api/v1/{run}").json["period"]["frames"][0]["moment"]["run"]
    said = (
        "NOT CURRENT: the object store could not be read since 2026-06-10T09:05:00Z. What is shown is what it held at "
        "2026-06-10T09:00:00Z; what was recorded, changed or lost there since is not seen."
    )
    for url in ("/", f"/{run}/", f"/{run}/runs/{frame}/", f"/{run}/runs/{frame}/records/0/", f"/{run}/downloads/"):
        found = whole.get(url)
        page = read(found.body)
        assert (found.status, said in page.words, "NoSuchBucket" in page.words) == (200, True, True)
        assert page.words.index(said) < 300
        assert "gs://" not in found.text
        assert '<p class="anchored not"><bdi>NOT CURRENT' in found.text
    hidden = limited.get(f"/{run}/")
    assert (hidden.status, said in hidden.text, "NoSuchBucket" in hidden.text) == (200, True, False)
    assert said in whole.get(f"/api/v1/{run}").json["read"]
    refused = whole.get(f"/{run}/downloads/report.txt")
    assert (refused.status, said in refused.text) == (503, True)
    assert whole.get(f"/{run}/runs/{frame}/records/0/proof.json").status == 200
    served.restore(kept)
    served.bucket.look()
    assert "NOT CURRENT" not in whole.get(f"/{run}/").text
    assert whole.get(f"/{run}/downloads/report.txt").status == 200
    failed, mended = served.server.told
    assert (failed.startswith(f"reading the store {URL}: "), "NoSuchBucket" in failed) == (True, True)
    assert mended == f"the store {URL} can be read again"


def test_a_bucket_that_does_not_answer_at_all_is_not_current_either(served: Served) -> None:
    served.night(1)
    served.bucket.look()
    client = served.server.client(served.server.token())
    served.server.time.seconds += LATE + 1  # the request is still under way
    said = client.get(f"/{NAME}/{FIRST}--2026-06-01/").text
    assert "NOT CURRENT: the object store could not be read. What is shown is what it held at" in said


def test_before_it_was_read_nothing_is_shown(served: Served) -> None:
    client = served.server.client(served.server.token())
    found = client.get("/")
    assert "being read for the first time" in read(found.body).words
    kept = served.drop()
    served.bucket.look()
    found = client.get(f"/{NAME}/{FIRST}--2026-06-01/")
    assert (found.status, "NoSuchBucket" in found.text, "gs://" in found.text) == (503, True, False)
    served.restore(kept)


def test_what_was_altered_or_lost_in_the_bucket_is_shown_as_that(served: Served) -> None:
    served.night(1)
    served.night(2)
    served.bucket.look()
    client = served.server.client(served.server.token())
    page = f"/{NAME}/{FIRST}--2026-06-02/"
    assert client.get(page).status == 200
    objects = served.service.buckets["acme-evidence"].objects
    name = next(name for name in objects if name.endswith("findings.parquet"))
    good = objects[name]
    served.service.put(served.service.buckets["acme-evidence"], name, good.data[:-9] + b"?" + good.data[-8:])
    served.bucket.look()
    served.server.time.seconds += 2
    found = client.get(page)
    assert (found.status, "DOES NOT VERIFY" in found.text) == (503, True)
    del objects[name]
    served.bucket.look()
    served.server.time.seconds += 2
    assert client.get(page).status == 503
    objects[name] = good
    served.bucket.look()
    served.server.time.seconds += 2
    assert client.get(page).status == 200


def test_a_head_that_was_pinned_since_the_bucket_was_read_is_no_fault_until_it_is_read_again(served: Served) -> None:
    def pinned() -> None:
        (served.folder / "config" / "trust.json").write_bytes((served.folder / "recorder" / "trust.json").read_bytes())
        served.server.time.seconds += 2

    served.night(1)
    pinned()
    served.bucket.look()
    client = served.server.client(served.server.token())
    page = f"/{NAME}/{FIRST}--2026-06-01/"
    served.night(2)
    pinned()
    assert client.get(page).status == 200
    served.bucket.look()
    served.server.time.seconds += 2
    assert client.get(page).status == 200
    # What was pinned before it was read has to be there.
    served.night(3)
    objects = served.service.buckets["acme-evidence"].objects
    for name in sorted(name for name in objects if "/chain/" in name)[-2:]:
        del objects[name]
    pinned()
    assert client.get(page).status == 200
    served.bucket.look()
    served.server.time.seconds += 2
    found = client.get(page)
    assert (found.status, "DOES NOT VERIFY" in found.text) == (503, True)


def test_no_page_says_that_it_is_of_a_later_moment_than_what_it_shows(served: Served) -> None:
    served.night(1)
    served.bucket.look()
    client = served.server.client(served.server.token())
    url = f"/api/v1/{NAME}/{FIRST}--2026-06-02"
    assert len(client.get(url).json["period"]["frames"]) == 1
    served.night(2)
    served.server.time.at = "2026-06-10T09:01:00Z"
    served.bucket.look()
    found = client.get(url).json  # in the same second: no pause may lie between a moment and its name
    assert (found["read"], len(found["period"]["frames"])) == ("As the object store was at 2026-06-10T09:01:00Z.", 2)


def test_a_chain_that_is_shorter_than_it_was_seen_to_be_is_told_though_no_pin_says_so(served: Served) -> None:
    """The server's trust file is as old as the server; whoever can delete objects could take back a bad night."""
    served.night(1, "pass")
    served.night(2)
    served.bucket.look()
    client = served.server.client(served.server.token())
    page = f"/{NAME}/{FIRST}--2026-06-02/"
    assert client.get(page).status == 200
    objects = served.service.buckets["acme-evidence"].objects
    night = sorted(name for name in objects if "/chain/" in name)[-2:]
    kept = {name: objects.pop(name) for name in night}
    for _ in range(2):
        served.bucket.look()
        assert (served.bucket.reading().current, "the chain was cut" in served.bucket.reading().why) == (False, True)
    started = Bucket(URL, served.folder / "config", Moments(parse(URL)), served.server.time.clock, [].append)
    started.look()
    with pytest.raises(VerificationError, match="the chain was cut"):
        assert started.where
    served.server.time.seconds += 2
    found = client.get(page)
    assert ("NOT CURRENT" in found.text, "the chain was cut" in found.text) == (True, True)
    objects.update(kept)
    served.bucket.look()
    assert served.bucket.reading().current


def descriptors_of_moments() -> set[str]:
    """The moments that this process holds open."""
    places = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return {str(place) for place in places if "/moment-" in str(place)}


def test_a_full_disk_leaves_the_last_state_that_says_so_and_nothing_half_made(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.night(1)
    served.bucket.look()
    root = working_copy(parse(URL)) / SERVED
    served.night(2)
    real = os.link

    def full(*names: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    before = descriptors_of_moments()
    with monkeypatch.context() as patched:
        patched.setattr(os, "link", full)
        for _ in range(3):
            served.bucket.look()
            assert "No space left on device" in served.bucket.reading().why
    assert os.link is real
    # What a test before this one left open in the same process is closed when it is collected.
    assert (len(list(root.glob("moment-*"))), descriptors_of_moments() - before) == (1, set())
    served.bucket.look()
    assert served.bucket.reading().current


def test_a_cache_that_somebody_clears_is_made_again(served: Served) -> None:
    served.night(1)
    served.bucket.look()
    client = served.server.client(served.server.token())
    for folder in (working_copy(parse(URL)) / SERVED).glob("moment-*"):
        shutil.rmtree(folder)
    served.server.time.seconds += 2
    assert client.get(f"/{NAME}/{FIRST}--2026-06-01/").status == 503
    served.bucket.look()
    served.server.time.seconds += 2
    assert client.get(f"/{NAME}/{FIRST}--2026-06-01/").status == 200


def test_the_log_does_not_lie_in_the_copy_of_a_bucket(served: Served) -> None:
    with pytest.raises(SealError, match="inside the store"):
        AccessLog(working_copy(parse(URL)) / SERVED / "accesses.jsonl", served.bucket.folders)


def test_folders_and_buckets_of_two_clouds_are_served_together_by_a_process_without_keys(
    served: Served, moto: MotoProcess, nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    s3 = s3_at(moto.url)
    s3.create_bucket(Bucket="acme-evidence")
    three = served.folder / "three"
    hostile_night(three, ["b"])
    for path in (three / "store").rglob("*"):
        if path.is_file():
            s3.upload_file(str(path), "acme-evidence", path.relative_to(three / "store").as_posix())
    served.night(1)
    (served.folder / "only").mkdir()
    (served.folder / "only" / "trust.json").write_bytes((three / "config" / "trust.json").read_bytes())
    words = ["--config", str(served.folder / "only"), "--config", str(served.folder / "config")]
    words += ["--config", str(served.folder / "only"), "--store", "s3://acme-evidence", "--store", f"google={URL}"]
    words += ["--store", f"folder={three / 'store'}", "--access-log", str(served.folder / "log"), "--no-links"]
    with subprocess.Popen(
        [sys.executable, "-m", "engine", "serve", *words, "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        cwd=served.folder,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        found = re.fullmatch(r"serving acme-evidence, google, folder on (http://127\.0\.0\.1:\d+/) .*\n", line)
        assert found, line
        for _ in range(100):
            home = urllib.request.urlopen(found[1], timeout=30).read().decode()
            if home.count("As the object store was at") == 2:
                break
            time.sleep(0.2)
        pages = re.findall(r'href="([\w-]+/[\d-]+/)">', home)
        got = [urllib.request.urlopen(found[1] + page, timeout=60).status for page in dict.fromkeys(pages)]
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert ({page.partition("/")[0] for page in pages}, set(got)) == ({"acme-evidence", "google", "folder"}, {200})
    assert standing(served.folder / "log").count >= len(got) + 1
    assert list((served.folder / "cache").rglob("moment-*")) == []


def test_a_model_is_told_with_every_answer_as_of_when_it_is(served: Served) -> None:
    store = Store(NAME, URL, served.folder / "config", lambda: served.server.time.seconds, served.bucket)
    link, clock = unsigned("a model", (store.id,)), served.server.time.clock
    model = Tools({NAME: store}, link, served.server.access, clock, served.server.told.append)
    period = {"store": NAME, "period": f"{FIRST}--2026-06-02"}
    unread = [model.call("stores", {}), model.call("glance", period)]
    assert [row.failed for row in unread] == [True, True]
    assert unread[0].value["answer"]["stores"][0]["read"] == "The object store was not read yet."
    assert "it is being read for the first time" in unread[1].value["problem"]
    assert "gs://" not in json.dumps([row.value for row in unread])
    served.night(1)
    served.night(2)
    served.bucket.look()
    served.server.time.seconds += 2
    runs = [row["moment"]["run"] for row in model.call("runs", period).value["answer"]["rows"]]
    resource = model.call("failures", period).value["answer"]["rows"][0]["resource"]
    given = {"before": runs[0], "run": runs[1], "index": 0, "control": "DP-01", "resource": resource, **period}

    def told(said: str) -> None:
        for question in QUESTIONS:
            if question.large:
                continue
            found = model.call(question.name, {part: given[part] for part in question.parts})
            assert not found.failed, (question.name, found.value)
            answer = found.value["answer"]
            read = answer["stores"][0]["read"] if question.name == "stores" else answer["read"]
            assert read.startswith(said), question.name
            for about in found.value["about"]:
                assert (about["read"], about["not_seen"]["told"][0]) == (read, read), question.name
            assert "gs://" not in json.dumps(found.value)

    told("As the object store was at 2026-06-10T09:00:00Z.")
    served.drop()
    served.server.time.at, served.server.time.seconds = "2026-06-10T09:05:00Z", EVERY
    served.bucket.look()
    told(
        "NOT CURRENT: the object store could not be read since 2026-06-10T09:05:00Z. What is shown is what it held at "
        "2026-06-10T09:00:00Z; what was recorded, changed or lost there since is not seen."
    )


def test_a_model_asks_a_bucket_over_a_process_without_keys_that_leaves_no_copy_of_a_moment(served: Served) -> None:
    def asked(method: str, **given: Any) -> Any:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": given}).encode() + b"\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())["result"]

    served.night(1)
    words = ["--config", str(served.folder / "config"), "--store", URL, "--access-log", str(served.folder / "log")]
    with subprocess.Popen(
        [sys.executable, "-m", "engine", "mcp", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=served.folder,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        client = {"name": "a test", "version": "1"}
        asked("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        for _ in range(100):
            found = asked("tools/call", name="stores", arguments={})
            if not found.get("isError"):
                break
            time.sleep(0.2)
        (listed,), (about,) = found["structuredContent"]["answer"]["stores"], found["structuredContent"]["about"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    assert (listed["first"], listed["problem"]) == (FIRST, None)
    assert re.fullmatch(r"As the object store was at \S+Z\.", listed["read"])
    assert about["read"] == listed["read"]
    assert standing(served.folder / "log").count >= 1
    assert list((served.folder / "cache").rglob("moment-*")) == []
