"""Accelerator clusters, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

CHECKS = ("aws.dax.cluster_encrypted", "aws.dax.endpoint_encrypted")


def cluster(name: str, *, at_rest: bool = True, endpoint: str = "TLS") -> None:
    boto3.client("dax").create_cluster(
        ClusterName=name,
        NodeType="dax.t3.small",
        ReplicationFactor=1,
        IamRoleArn="arn:aws:iam::123456789012:role/dax",
        SSESpecification={"Enabled": at_rest},
        ClusterEndpointEncryptionType=endpoint,
    )


def judged() -> dict[str, tuple[str, str]]:
    found = verdicts(scan(CHECKS)[1])
    return {name: (found[CHECKS[0], name], found[CHECKS[1], name]) for _, name in found}


def test_each_kind_of_encryption_is_judged_on_its_own(aws_env: AwsWire) -> None:
    cluster("both")
    cluster("rest", endpoint="NONE")
    cluster("endpoint", at_rest=False)
    assert judged() == {"both": ("pass", "pass"), "rest": ("pass", "fail"), "endpoint": ("fail", "pass")}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [(b'"ENABLED"', b'"ENABLING"', ("fail", "pass")), (b'"TLS"', b'"SSL"', ("pass", "fail"))],
)
def test_a_word_that_is_not_the_one_fails(aws_env: AwsWire, old: bytes, new: bytes, expected: tuple[str, str]) -> None:
    cluster("items")
    aws_env.overrides.rewrite("dax:DescribeClusters", lambda body: body.replace(old, new))
    assert judged() == {"items": expected}


def test_members_that_an_answer_lacks_are_unknown(aws_env: AwsWire) -> None:
    cluster("items")
    aws_env.overrides.without(
        "dax:DescribeClusters", "Clusters.SSEDescription", "Clusters.ClusterEndpointEncryptionType"
    )
    assert judged() == {"items": ("unknown", "unknown")}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_what_is_not_listed_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    cluster("items")
    aws_env.faults.add(kind, "dax:DescribeClusters")
    assert {f.check.id: f.verdict for f in scan(CHECKS)[1]} == dict.fromkeys(CHECKS, "unknown")


def test_pages_of_one_item_give_the_same_clusters(aws_env: AwsWire) -> None:
    for name in ("items-a", "items-b"):
        cluster(name)
    wanted = {"AWS::DAX::Cluster": {"encryption_status", "endpoint_encryption_type"}}
    at_once = read(wanted).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == at_once
    assert [(item.id, item.properties) for item in at_once] == [
        (
            f"arn:aws:dax:us-east-1:123456789012:cache/{name}",
            {"encryption_status": "ENABLED", "endpoint_encryption_type": "TLS"},
        )
        for name in ("items-a", "items-b")
    ]
    assert aws_env.traffic.calls["dax:DescribeClusters"] == 2
