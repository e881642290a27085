"""The benchmarks' proxy is set and read over its own port."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore import exceptions
from botocore.config import Config

from benchmarks.latency_proxy import add_fault, proxy
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import MotoProcess


@pytest.fixture
def url(moto: MotoProcess, aws_env: AwsWire, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The endpoint of a running proxy, which clients talk to."""
    wire, _ = proxy(moto.address)
    with wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        yield wire.url


def control(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}/__proxy__/{path}", timeout=20) as answer:
        return json.load(answer)


def client(service: str) -> Any:
    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}))


def test_figures_count_calls_and_not_control(url: str) -> None:
    client("sqs").list_queues()
    client("sqs").list_queues()
    figures = control(url, "stats")
    kept = {name: figures[name] for name in ("total", "distinct", "repeats", "max_in_flight", "by_operation")}
    assert kept == {"total": 2, "distinct": 1, "repeats": 1, "max_in_flight": 1, "by_operation": {"sqs:ListQueues": 2}}
    control(url, "reset")
    assert control(url, "stats")["total"] == 0


def test_a_fault_is_set_and_taken_back(url: str) -> None:
    control(url, "set?fault=" + quote("denied sqs:* times=5"))
    with pytest.raises(exceptions.ClientError, match="AccessDenied"):
        client("sqs").list_queues()
    client("sns").list_topics()
    control(url, "set?fault=")
    client("sqs").list_queues()


@pytest.mark.parametrize(
    "setting", ["fault=denied+sqs:ListQueus", "fault=denied+*+share%3D1", "latency=5", "latency_ms=slow", "../stats"]
)
def test_a_setting_that_does_not_exist_is_an_error(url: str, setting: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        control(url, f"set?{setting}" if "=" in setting else "nothing")


def test_memory_answers_reads_until_something_is_written(url: str, moto: MotoProcess) -> None:
    control(url, "set?memory=1")
    sns, behind = client("sns"), boto3.client("sns", endpoint_url=moto.url)
    assert sns.list_topics()["Topics"] == []
    behind.create_topic(Name="unseen")
    assert sns.list_topics()["Topics"] == []
    sns.create_topic(Name="seen")
    assert len(sns.list_topics()["Topics"]) == 2


def test_what_the_mock_cannot_serve_is_no_server_error(url: str) -> None:
    with pytest.raises(exceptions.ClientError) as caught:
        client("ec2").get_image_block_public_access_state()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_fault_is_described_in_words(wire: AwsWire) -> None:
    add_fault(wire, "error s3:GetBucketPolicy code=NoSuchBucket status=404 after=1 region=eu-west-1")
    (fault,) = wire.faults.rules
    assert (fault.kind, fault.operation, fault.code, fault.status) == (
        "error",
        "s3:GetBucketPolicy",
        "NoSuchBucket",
        404,
    )
    assert (fault.after, fault.region, fault.times, fault.rate) == (1, "eu-west-1", None, 1.0)
