"""The proxy itself: what goes in at one end comes out at the other, and is counted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from tests.emulators import moto_process
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import MotoProcess

Client = Callable[..., Any]


@pytest.fixture
def client(aws_env: AwsWire) -> Client:
    """A boto3 client that does not retry."""

    def make(service: str, **settings: Any) -> Any:
        settings.setdefault("read_timeout", 20)
        return boto3.client(service, config=Config(retries={"total_max_attempts": 1}, **settings))

    return make


def test_an_answer_passes_as_it_is(wire: AwsWire, client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="one")
    s3.put_object(Bucket="one", Key="a/b c.txt", Body=b"\x00\xff" * 40_000)
    got = s3.get_object(Bucket="one", Key="a/b c.txt")
    assert got["Body"].read() == b"\x00\xff" * 40_000
    assert s3.head_object(Bucket="one", Key="a/b c.txt")["ContentLength"] == 80_000
    assert wire.traffic.calls == {"s3:CreateBucket": 1, "s3:PutObject": 1, "s3:GetObject": 1, "s3:HeadObject": 1}


def test_equal_calls_are_repeats_and_calls_elsewhere_are_not(wire: AwsWire, client: Client) -> None:
    for region in ("us-east-1", "eu-west-1"):
        ec2 = boto3.client("ec2", region_name=region)
        for _ in range(3):
            ec2.describe_vpcs()
        ec2.describe_vpcs(Filters=[{"Name": "state", "Values": ["available"]}])
    assert wire.traffic.calls == {"ec2:DescribeVpcs": 8}
    assert wire.traffic.repeats == {"ec2:DescribeVpcs": 4}


def test_a_retry_of_what_failed_is_no_repeat(aws_env: AwsWire) -> None:
    wire = aws_env
    wire.faults.add("throttled", "iam:ListUsers", times=1)
    boto3.client("iam", config=Config(retries={"total_max_attempts": 3, "mode": "standard"})).list_users()
    assert [(entry.status, entry.injected) for entry in wire.traffic.log] == [(400, "throttled"), (200, None)]
    assert wire.traffic.repeats == {}


def test_requests_in_flight_are_counted_while_they_wait(wire: AwsWire, client: Client) -> None:
    sqs = client("sqs", max_pool_connections=8)
    wire.latency.seconds = 0.3
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sqs.list_queues(), range(8)))
    assert wire.traffic.max_in_flight == 8
    assert wire.traffic.in_flight == 0


def test_a_reset_forgets_every_resource(moto: MotoProcess, client: Client) -> None:
    client("s3").create_bucket(Bucket="one")
    moto.reset()
    assert client("s3").list_buckets()["Buckets"] == []


def test_a_server_that_is_gone_is_a_closed_connection(wire: AwsWire, client: Client) -> None:
    with AwsWire(("127.0.0.1", 1)) as nowhere, pytest.raises(botocore.exceptions.ConnectionClosedError):
        boto3.client(
            "sts", endpoint_url=nowhere.url, config=Config(retries={"total_max_attempts": 1})
        ).get_caller_identity()


def test_what_a_rewrite_raises_is_kept_for_the_end_of_the_test(moto: MotoProcess) -> None:
    with AwsWire(moto.address) as wire:
        wire.overrides.rewrite("sts:GetCallerIdentity", lambda _: 1 / 0)  # type: ignore[arg-type, return-value]
        sts = boto3.client(
            "sts",
            endpoint_url=wire.url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}),
        )
        with pytest.raises(botocore.exceptions.ConnectionClosedError):
            sts.get_caller_identity()
        assert [type(error) for error in wire.broken] == [ZeroDivisionError]


def test_moto_ends_with_the_process_that_started_it() -> None:
    command = [sys.executable, "-P", moto_process.__file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert int(child.stdout.readline()) > 0
        child.stdin.close()  # as a killed parent does
        assert child.wait(20) == 0
