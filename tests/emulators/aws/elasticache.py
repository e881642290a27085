"""Amazon ElastiCache: a replication group."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    layer.edit("elasticache:DescribeReplicationGroups", _told)


def build(wire: AwsWire) -> None:
    client("elasticache").create_replication_group(
        ReplicationGroupId="carts",
        ReplicationGroupDescription="carts",
        Engine="redis",
        NumCacheClusters=2,
        AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True,
        AuthToken=CANARY,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        SnapshotRetentionLimit=7,
    )


def _told(document: Document) -> None:
    """How groups are encrypted, which moto leaves out; the mode is required where nobody chose another."""
    for group in document.items("ReplicationGroups"):
        kind = "none"
        if group.findtext("AtRestEncryptionEnabled") == "true":
            kind = "sse-kms" if group.findtext("KmsKeyId") else "sse-elasticache"
        ElementTree.SubElement(group, "StorageEncryptionType").text = kind
        if group.findtext("TransitEncryptionEnabled") == "true" and not group.findtext("TransitEncryptionMode"):
            ElementTree.SubElement(group, "TransitEncryptionMode").text = "required"
