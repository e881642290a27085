"""Cache groups: encryption, snapshots and failover, built to pass and to fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest

from tests.collectors.scan import read, scan, types, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document

GROUP = "AWS::ElastiCache::ReplicationGroup"
CHECKS = ("encrypted", "transit_encrypted", "backup_and_failover", "automatic_failover", "multi_az")
HARDENED = {
    "AtRestEncryptionEnabled": True,
    "TransitEncryptionEnabled": True,
    "SnapshotRetentionLimit": 1,
    "AutomaticFailoverEnabled": True,
    "MultiAZEnabled": True,
}


def group(name: str, **settings: Any) -> None:
    boto3.client("elasticache").create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription=name, Engine="redis", NumCacheClusters=2, **settings
    )


def told(wire: AwsWire, said: Mapping[str, str | None]) -> None:
    """Let every group say these members; None takes one away."""

    def edit(document: Document) -> None:
        for item in document.items("ReplicationGroups"):
            for member, value in said.items():
                element = item.find(member)
                if element is not None:
                    item.remove(element)
                if value is not None:
                    ElementTree.SubElement(item, member).text = value

    wire.overrides.edit("elasticache:DescribeReplicationGroups", edit)


def judged(*checks: str) -> dict[str, tuple[str, ...]]:
    _, findings = scan([f"aws.elasticache.{check}" for check in checks])
    found = verdicts(findings)
    names = sorted({name for _, name in found})
    return {name: tuple(found[f"aws.elasticache.{check}", name] for check in checks) for name in names}


def test_groups_are_judged_by_their_settings(aws_env: AwsWire) -> None:
    group("good", **HARDENED)
    group("bare")
    group("mixed", **HARDENED, TransitEncryptionMode="preferred")
    assert judged(*CHECKS) == {
        "good": ("pass",) * 5,
        "bare": ("fail",) * 5,
        "mixed": ("pass", "fail", "pass", "pass", "pass"),
    }


@pytest.mark.parametrize(
    ("check", "said", "verdict"),
    [
        ("encrypted", {"AtRestEncryptionEnabled": "false", "StorageEncryptionType": "sse-elasticache"}, "pass"),
        ("encrypted", {"AtRestEncryptionEnabled": "false", "StorageEncryptionType": "sse-new"}, "fail"),
        ("encrypted", {"AtRestEncryptionEnabled": "false", "StorageEncryptionType": None}, "unknown"),
        ("encrypted", {"AtRestEncryptionEnabled": "true", "StorageEncryptionType": None}, "pass"),
        ("transit_encrypted", {"TransitEncryptionMode": None}, "unknown"),
        ("transit_encrypted", {"TransitEncryptionMode": "optional"}, "fail"),
        ("transit_encrypted", {"TransitEncryptionEnabled": "false", "TransitEncryptionMode": None}, "fail"),
        ("transit_encrypted", {"TransitEncryptionEnabled": None}, "unknown"),
        ("backup_and_failover", {"SnapshotRetentionLimit": "0"}, "fail"),
        ("backup_and_failover", {"SnapshotRetentionLimit": None}, "unknown"),
        ("automatic_failover", {"AutomaticFailover": "enabling"}, "fail"),
        ("automatic_failover", {"AutomaticFailover": None}, "unknown"),
        ("multi_az", {"MultiAZ": "someday"}, "fail"),
        ("multi_az", {"MultiAZ": None}, "unknown"),
    ],
)
def test_what_an_answer_says_or_lacks_decides(
    aws_env: AwsWire, check: str, said: dict[str, str | None], verdict: str
) -> None:
    group("g", **HARDENED)
    told(aws_env, said)
    assert judged(check) == {"g": (verdict,)}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_what_is_not_listed_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    group("g", **HARDENED)
    aws_env.faults.add(kind, "elasticache:DescribeReplicationGroups")
    _, findings = scan([f"aws.elasticache.{check}" for check in CHECKS])
    assert {f.check.id: f.verdict for f in findings} == {f"aws.elasticache.{check}": "unknown" for check in CHECKS}


def test_pages_of_one_item_give_the_same_groups(aws_env: AwsWire) -> None:
    for name in ("a", "b", "c"):
        group(name)
    wanted = {GROUP: set(types()[GROUP].properties)}
    at_once = read(wanted).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == at_once
    assert [item.name for item in at_once] == ["a", "b", "c"]
    assert aws_env.traffic.calls["elasticache:DescribeReplicationGroups"] == 3
    assert not aws_env.traffic.repeats


def test_a_group_is_read_as_it_is(aws_env: AwsWire) -> None:
    group("g", AtRestEncryptionEnabled=True)
    (found,) = read({GROUP: set(types()[GROUP].properties)}).resources
    assert found.id == "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:g"
    assert found.properties == {
        "at_rest_encryption": True,
        "storage_encryption_type": "sse-elasticache",
        "transit_encryption": False,
        "transit_encryption_mode": None,
        "snapshot_retention_days": 0,
        "automatic_failover": "disabled",
        "multi_az": "disabled",
    }
