"""Traces of a run, as whoever receives them by OTLP over HTTP sees them; and that a run does not depend on them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace.sampling import ParentBased

from engine import cli
from engine.cli.traces import traced
from engine.collection.observer import NOBODY
from engine.custody import upkeep
from engine.model import Clock
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions
from tests.emulators.wire import Answer, Exchange

ROOT = Path(__file__).resolve().parents[2]
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SECRET = "api-key=a-key-of-the-receiver"
NOW = "2026-06-01T02:00:05Z"
CHECKS = ("aws.s3.bucket_versioning", "aws.ec2.ebs_default_encryption")
NIGHTLY = ("run", "--check", CHECKS[0], "--check", CHECKS[1], "--store", "store")
DEMO = ("run", "--demo", "--check", CHECKS[0], "--store", "demo")
VERSIONING, BUCKETS = "s3:GetBucketVersioning", "s3:ListBuckets+s3:GetBucketLocation"
TWICE = {"retries": 1, "throttled": 1}


class Post(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """An OTLP receiver on a loopback address; answers with ``status``, after ``seconds``."""

    def __init__(self, status: int = 200, seconds: float = 0.0, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.posts: list[Post] = []
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.posts.append(Post(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver.released.wait(seconds)
                self.send_response(status)
                for header in headers:
                    self.send_header(*header)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(post.body) for post in self.posts]

    def spans(self) -> list[Span]:
        return [
            span
            for one in self.requests()
            for said in one.resource_spans
            for own in said.scope_spans
            for span in own.spans
        ]


@contextmanager
def receiving(**settings: Any) -> Iterator[Receiver]:
    receiver = Receiver(**settings)
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with its keys, and a clock that stands still."""
    clock = Clock(lambda: NOW, lambda: 0.0, lambda seconds: None)
    monkeypatch.setattr("engine.cli.clock.system_clock", lambda *_: clock)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    upkeep.initialise(str(tmp_path / "store"), tmp_path / "config")


@pytest.fixture
def account(aws_env: AwsWire, store: None) -> AwsWire:
    """An account with two buckets and two regions."""
    regions(aws_env.overrides, "us-east-1", "eu-west-1")
    for name in ("one", "two"):
        boto3.client("s3").create_bucket(Bucket=f"records-{name}")
    return aws_env


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, list[str]]:
    """The exit code of a run, its root, and what it said on the error stream."""
    code = cli.main(cli.group, [*words, "--format", "json"], "auditreel")
    told = capsys.readouterr()
    return code, json.loads(told.out)["record"]["root"], told.err.splitlines()


def value(given: Any) -> Any:
    return getattr(given, given.WhichOneof("value"))


def attributes(of: Any) -> dict[str, Any]:
    return {item.key: value(item.value) for item in of.attributes}


def tree(spans: list[Span], below: bytes) -> list[Any]:
    """What lies below a span, by name: name, attributes (``auditreel.`` is left out), and what lies below again."""
    found = []
    for span in sorted((span for span in spans if span.parent_span_id == below), key=lambda span: span.name):
        told = {name.removeprefix("auditreel."): said for name, said in attributes(span).items()}
        assert ("error.type" in told) is (span.status.code == Status.STATUS_CODE_ERROR)
        assert span.start_time_unix_nano <= span.end_time_unix_nano <= time.time_ns()
        under = tree(spans, span.span_id)
        found.append((span.name, told, under) if under else (span.name, told))
    return found


def test_a_receiver_gets_the_tree_of_a_run_and_the_root_is_that_of_a_run_without_traces(
    account: AwsWire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account.faults.add("throttled", "s3:GetBucketVersioning", times=1)
    without = ran(capsys, *NIGHTLY)
    account.faults.clear()
    account.faults.add("throttled", "s3:GetBucketVersioning", times=1)
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", SECRET)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=audit")
        monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        assert ran(capsys, *NIGHTLY) == without

    assert {(post.path, post.headers["content-type"], post.headers["api-key"]) for post in receiver.posts} == {
        ("/v1/traces", "application/x-protobuf", "a-key-of-the-receiver")
    }
    cloud = {"provider": "aws", "cloud.provider": "aws"}
    account_ = {**cloud, "cloud.account.id": "123456789012"}
    encryption = "ec2:GetEbsEncryptionByDefault"
    once = {"executions": 1, "calls": 1, "outcomes.value": 1}
    readers = [
        (encryption, {**account_, "cloud.region": "eu-west-1", "reader": encryption, **once}),
        (encryption, {**account_, "cloud.region": "us-east-1", "reader": encryption, **once}),
        (VERSIONING, {**account_, "reader": VERSIONING, "executions": 2, "calls": 2, "outcomes.value": 2, **TWICE}),
        (BUCKETS, {**account_, "reader": BUCKETS, **once, "pages": 1, "items": 2}),
    ]
    entered = {"executions": 6, "calls": 6, "outcomes.value": 6, "pages": 1, "items": 2, **TWICE, "resources": 4}
    run = {"run.kind": "adhoc", "run.resumed": False, "run.sealed": True, "verdicts.fail": 4, "process.exit.code": 3}
    found = tree(receiver.spans(), bytes.fromhex("b7ad6b7169203331"))
    assert found[0][1].pop("run.id").startswith("20260601T020005Z-")
    assert found == [
        (
            "auditreel run",
            run,
            [
                ("begin", {}),
                ("compile", {}),
                ("conclude", {}),
                ("discover", cloud),
                ("judge", {}),  # of what is said of the accounts as a whole
                ("judge", account_),
                ("plan", {}),
                ("read", cloud, [("read account", {**account_, **entered}, readers)]),
                ("record", {}),
                ("record", account_),
                ("seal", {}),
            ],
        )
    ]
    assert {span.trace_id.hex() for span in receiver.spans()} == {"0af7651916cd43dd8448eb211c80319c"}
    (resource,) = {json.dumps(attributes(said.resource)) for one in receiver.requests() for said in one.resource_spans}
    assert json.loads(resource) | dict.fromkeys(
        ("telemetry.sdk.version", "service.version", "service.instance.id"), ""
    ) == {
        "deployment.environment.name": "audit",
        "service.instance.id": "",  # at random
        "service.name": "auditreel",
        "service.version": "",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": "",
    }
    # No name or id of a resource, no key, no text of a provider, nothing of this machine.
    for word in ("records-", "arn:", "a-key-of-the-receiver", "testing", socket.gethostname(), str(Path.cwd())):
        assert not any(word.encode() in post.body for post in receiver.posts), word


def test_what_was_denied_is_an_error_by_its_reason_all_the_way_up(
    account: AwsWire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    account.faults.add("denied", "s3:GetBucketVersioning")
    with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{receiver.url}/of/traces")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly")
        assert ran(capsys, "run", "--check", CHECKS[0], "--store", "store")[0] == 4

    assert {post.path for post in receiver.posts} == {"/of/traces"}
    assert {span.name: attributes(span)["error.type"] for span in receiver.spans() if span.status.code} == {
        VERSIONING: "access_denied",
        "read account": "access_denied",
        "auditreel run": "4",
    }
    resources = [attributes(said.resource) for one in receiver.requests() for said in one.resource_spans]
    assert {resource["service.name"] for resource in resources} == {"nightly"}


def test_a_run_that_is_stopped_has_a_trace_that_says_so(
    account: AwsWire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def signalled(exchange: Exchange, answer: Answer) -> Answer:
        left.append(os.kill(os.getpid(), signal.SIGTERM) if not left else None)
        return answer

    left: list[None] = []
    account.overrides.change("s3:GetBucketVersioning", signalled)
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.url)
        assert cli.main(cli.group, [*NIGHTLY], "auditreel") == 143

    (run,) = [span for span in receiver.spans() if span.name == "auditreel run"]
    assert attributes(run) == {"error.type": "Interrupted"}
    assert "traces" not in capsys.readouterr().err


def unused() -> str:
    """An address on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_receiver_that_takes_nothing_costs_one_line_and_changes_nothing(
    store: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, root, told = ran(capsys, *DEMO)
    monkeypatch.setenv("OTEL_BSP_EXPORT_TIMEOUT", "300")
    for settings, why in (
        (None, ""),
        ({"seconds": 60.0}, ""),
        ({"status": 404}, " (HTTP 404)"),
        ({"status": 307, "headers": (("location", "/elsewhere"),)}, ""),
        ({"status": 503, "headers": (("retry-after", "3600"),)}, ""),
    ):
        with receiving(**settings) if settings is not None else nullcontext() as there:
            monkeypatch.setenv(ENDPOINT, there.url if there is not None else unused())
            began = time.monotonic()
            said = f"traces: 8 of 8 spans were not delivered{why}; the run is not touched by that"
            assert ran(capsys, *DEMO) == (code, root, [said, *told]), settings
            assert time.monotonic() - began < 50
        assert there is None or {post.path for post in there.posts} == {"/v1/traces"}


def test_a_defect_of_traces_is_told_and_changes_nothing(
    store: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, root, told = ran(capsys, *DEMO)
    monkeypatch.setattr("engine.cli.spans.Counter", lambda *_: 1 // 0)
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.url)
        defect = "traces: they are not complete, by a defect (ZeroDivisionError); the run is not touched by that"
        assert ran(capsys, *DEMO) == (code, root, [defect, *told])

    assert {span.name for span in receiver.spans() if span.parent_span_id == b""} == {"auditreel run"}


@pytest.mark.parametrize("works", [0, 2])
def test_a_sampler_that_raises_at_any_span_costs_no_run(
    store: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], works: int
) -> None:
    """The environment may name a sampler of anybody's (OTEL_TRACES_SAMPLER), and the SDK lets it raise."""
    code, root, told = ran(capsys, *DEMO)
    asked: list[str] = []
    sample = ParentBased.should_sample

    def should_sample(self: ParentBased, context: Any, trace_id: int, name: str, *rest: Any, **named: Any) -> Any:
        asked.append(name)
        return sample(self, context, trace_id, name, *rest, **named) if len(asked) <= works else 1 // 0

    monkeypatch.setattr(ParentBased, "should_sample", should_sample)
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.url)
        found = ran(capsys, *DEMO)
    assert (*found[:2], found[2][1:]) == (code, root, told)
    assert "ZeroDivisionError" in found[2][0]
    assert len(receiver.spans()) == works


@pytest.mark.parametrize(
    ("environment", "writes", "said"),
    [
        ({}, False, ""),
        ({ENDPOINT: ""}, False, ""),
        ({ENDPOINT: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "TRUE"}, False, ""),
        ({ENDPOINT: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, False, ""),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:1"}, False, ""),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, False, "OTEL_TRACES_EXPORTER names zipkin; there are otlp and none"),
        ({ENDPOINT: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False, "asks for grpc"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_BSP_MAX_QUEUE_SIZE": "-5"}, False, "settings (ValueError)"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "always_off"}, True, ""),
    ],
    ids=str,
)
def test_the_environment_decides_as_opentelemetry_specifies(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    environment: dict[str, str], writes: bool, said: str,
) -> None:  # fmt: skip
    for name, given in environment.items():
        monkeypatch.setenv(name, given)

    with traced() as observer:
        assert (observer is not NOBODY) is writes

    told = capsys.readouterr().err.splitlines()
    assert [said in line for line in told] == [True] * bool(said)


def test_without_the_extra_a_run_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "engine.cli.spans", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    with traced({ENDPOINT: "http://127.0.0.1:1"}) as observer:
        assert observer is NOBODY
    assert "pip install 'auditreel[otel]'" in capsys.readouterr().err


def test_nothing_of_opentelemetry_is_imported_unless_it_is_asked_for() -> None:
    asked = (
        "import sys; from engine import cli; cli.main(cli.group, ['run', '--demo', '--check', 'aws.s3.*'], 'auditreel')"
    )
    shown = "print([name for name in sys.modules if name.startswith('opentelemetry')], file=sys.stderr)"
    found = subprocess.run(
        (sys.executable, "-c", f"{asked}; {shown}"),
        cwd=ROOT, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stderr.splitlines()[-1] == "[]"
