"""Amazon DynamoDB, ElastiCache, Kinesis, OpenSearch and Redshift."""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, arn, flag, number, policy, tags, truth
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_OWN_KEY: Final = Unread("not_collected", detail="whether AWS encrypts it with a key of its own")
_ENGINE: Final = Unread("known_after_apply", detail="not said: the engine or the global group decides")
_VPC: Final = Unread("known_after_apply", detail="the VPC of its subnets")
_PUBLIC: Final = Unread("known_after_apply", detail="not said: the default has changed over time")
_PARAMETERS: Final = Unread("not_collected", detail="its parameter group is not in this template")
_GROUP: Final = "AWS::Redshift::ClusterParameterGroup"
ALSO: Final = (_GROUP,)


def _word(given: Attribute, on: Any, off: Any) -> Derived:
    """A flag that the live adapter has as a word."""

    def read(block: Block) -> Any:
        value = given.read(block)
        return value if value is None or isinstance(value, Unread) else on if value else off

    return Derived(given.paths, read, given.source)


# --- DynamoDB --------------------------------------------------------------------------------------------------------

_SSE: Final = "SSESpecification.SSEEnabled"
_OWNED: Final = f"{DOCUMENTED}: a key that DynamoDB owns where it is not enabled"


def _key(block: Block) -> Any:
    enabled = truth(block.get(_SSE, False))
    if enabled is not True:
        return enabled if isinstance(enabled, Unread) else None
    return block.id("SSESpecification.KMSMasterKeyId", "AWS::KMS::Key", None)


def _indexes(block: Block) -> Any:
    rows = block.blocks("GlobalSecondaryIndexes")
    return rows if isinstance(rows, Unread) else [row.get("IndexName") for row in rows]


# --- ElastiCache -----------------------------------------------------------------------------------------------------


def _unless_inherited(given: Attribute) -> Derived:
    """What a member of a global group, or a Valkey group, has otherwise than said by default."""

    def read(block: Block) -> Any:
        value = block.get(given.path, None)
        if value is not None:
            return truth(value)
        engine = block.get("Engine", "redis")
        plain = isinstance(engine, str) and engine.lower() == "redis"
        return False if plain and block.get("GlobalReplicationGroupId", None) is None else _ENGINE

    return Derived((given.path, "Engine"), read, given.source)


_TRANSIT: Final = _unless_inherited(flag("TransitEncryptionEnabled", False))


def _mode(block: Block) -> Any:
    on = _TRANSIT.read(block)
    if on is False:
        return None
    return on if isinstance(on, Unread) else block.get("TransitEncryptionMode", "required")


# --- OpenSearch ------------------------------------------------------------------------------------------------------


def _vpc(block: Block) -> Any:
    subnets = block.get("VPCOptions.SubnetIds", [])
    return subnets if isinstance(subnets, Unread) else None if subnets == [] else _VPC


def _logs(block: Block) -> Any:
    found = block.get("LogPublishingOptions", {})
    if isinstance(found, Unread):
        return found
    return [
        {
            "type": name,
            "enabled": row if isinstance(row, Unread) else truth(row.get("Enabled", False)),
        }
        for name, row in sorted(found.items())
    ]


# --- Redshift --------------------------------------------------------------------------------------------------------


def _require_ssl(block: Block) -> Any:
    groups = block.named("ClusterParameterGroupName", _GROUP)
    if isinstance(groups, Unread) or len(groups) != 1:
        return groups if isinstance(groups, Unread) else _PARAMETERS
    rows = groups[0].blocks("Parameters")
    if isinstance(rows, Unread):
        return rows
    found = [row.get("ParameterValue") for row in rows if row.get("ParameterName") == "require_ssl"]
    value = found[0] if found else "false"
    return value if isinstance(value, Unread) else str(value).lower()


MAPPINGS: Final = (
    Mapping(
        "AWS::DynamoDB::Table",
        "AWS::DynamoDB::Table",
        {
            "point_in_time_recovery": _word(
                flag("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", False), "ENABLED", "DISABLED"
            ),
            "encryption_status": _word(flag(_SSE, False, _OWNED), "ENABLED", None),
            "kms_key_arn": Derived((_SSE,), _key, _OWNED),
            "deletion_protection": flag("DeletionProtectionEnabled", False),
            "billing_mode": Attribute("BillingMode", "PROVISIONED", DOCUMENTED),
            "global_secondary_indexes": Derived(("GlobalSecondaryIndexes",), _indexes),
            "tags": tags(),
        },
        keys=("TableName", "Arn"),
        name=Attribute("TableName", None),
        identity=arn("AWS::DynamoDB::Table"),
    ),
    Mapping(
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ReplicationGroup",
        {
            "at_rest_encryption": _unless_inherited(flag("AtRestEncryptionEnabled", False)),
            "storage_encryption_type": Derived(
                ("KmsKeyId",), lambda block: "sse-kms" if isinstance(block.get("KmsKeyId", None), str) else _OWN_KEY
            ),
            "transit_encryption": _TRANSIT,
            "transit_encryption_mode": Derived(("TransitEncryptionMode",), _mode),
            "snapshot_retention_days": number("SnapshotRetentionLimit", 0),
            "automatic_failover": _word(flag("AutomaticFailoverEnabled", False), "enabled", "disabled"),
            "multi_az": _word(flag("MultiAZEnabled", False), "enabled", "disabled"),
            "tags": tags(),
        },
        keys=("ReplicationGroupId",),
        name=Attribute("ReplicationGroupId", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::Kinesis::Stream",
        "AWS::Kinesis::Stream",
        {
            "encryption_type": Attribute("StreamEncryption.EncryptionType", "NONE", DOCUMENTED),
            "retention_period_hours": number("RetentionPeriodHours", 24),
            "tags": tags(),
        },
        keys=("Name", "Arn"),
        identity=arn("AWS::Kinesis::Stream"),
        name=Attribute("Name", None),
    ),
    Mapping(
        "AWS::OpenSearchService::Domain",
        "AWS::OpenSearchService::Domain",
        {
            "vpc_id": Derived(("VPCOptions",), _vpc),
            "access_policy": policy("AccessPolicies"),
            "encrypted_at_rest": flag("EncryptionAtRestOptions.Enabled", False),
            "node_to_node_encrypted": flag("NodeToNodeEncryptionOptions.Enabled", False),
            "https_enforced": flag("DomainEndpointOptions.EnforceHTTPS", False),
            "tls_policy": Attribute(
                "DomainEndpointOptions.TLSSecurityPolicy", "Policy-Min-TLS-1-0-2019-07", DOCUMENTED
            ),
            "published_logs": Derived(("LogPublishingOptions",), _logs),
            "tags": tags(),
        },
        keys=("DomainName", "Arn", "DomainArn"),
        name=Attribute("DomainName", None),
        identity=arn("AWS::OpenSearchService::Domain"),
    ),
    Mapping(
        "AWS::Redshift::Cluster",
        "AWS::Redshift::Cluster",
        {
            "encrypted": flag("Encrypted", _PUBLIC),
            "publicly_accessible": flag("PubliclyAccessible", _PUBLIC),
            "snapshot_retention_days": number("AutomatedSnapshotRetentionPeriod", 1),
            "parameter_group": Attribute("ClusterParameterGroupName", "default.redshift-1.0", DOCUMENTED),
            "require_ssl": Derived(("ClusterParameterGroupName",), _require_ssl),
            "require_ssl_apply_status": Derived(
                (), lambda block: "in-sync", "Redshift API: a new cluster starts with it"
            ),
            "logging_enabled": Derived(
                ("LoggingProperties",), lambda block: block.get("LoggingProperties", None) is not None, DOCUMENTED
            ),
            "tags": tags(),
        },
        keys=("ClusterIdentifier",),
        name=Attribute("ClusterIdentifier", None),
        identity=lambda block, where: None,
    ),
)
