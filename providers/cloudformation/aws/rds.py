"""Amazon RDS and Aurora: instances, members of clusters, and clusters."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.rds import CLUSTER, INSTANCE, OTHER_ENGINES
from providers.aws.rds_parameters import parameter_of
from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, arn, flag, listed, number, tags, truth
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping

_GROUPS: Final = ("AWS::RDS::DBParameterGroup", "AWS::RDS::DBClusterParameterGroup")
ALSO: Final = _GROUPS
_BORN: Final = "RDS User Guide: a new instance starts with its parameter group's values"
_SOURCES: Final = (
    "SourceDBInstanceIdentifier",
    "SourceDBClusterIdentifier",
    "SourceDbiResourceId",
    "SourceDBInstanceAutomatedBackupsArn",
    "DBSnapshotIdentifier",
    "DBClusterSnapshotIdentifier",
    "SnapshotIdentifier",
    "ReplicationSourceIdentifier",
    "GlobalClusterIdentifier",
)
_CLUSTERS: Final = Unread("not_collected", detail="the setting of its cluster")
_INHERITED: Final = Unread("known_after_apply", detail="what it is made of decides")
_BY_SUBNETS: Final = Unread("known_after_apply", detail="not said: the VPC and its subnets decide")
_DEFAULT_GROUP: Final = Unread("known_after_apply", detail="the default parameter group of its engine")
_OWN_KEY: Final = Unread("not_collected", detail="whether RDS encrypts it with a key of its own")
_MULTI_AZ: Final = f"{DOCUMENTED}: false by default"


def _own_engine(block: Block) -> Any:
    engine = block.get("Engine", None)
    return engine if isinstance(engine, Unread) else engine not in OTHER_ENGINES


def _member(block: Block) -> bool:
    return block.get("DBClusterIdentifier", None) is not None


def _engine(block: Block) -> Any:
    engine = block.get("Engine", None)
    return engine if engine is not None else _INHERITED


def _encrypted(block: Block) -> Any:
    value = truth(block.get("StorageEncrypted", None))
    if value is True or isinstance(value, Unread):
        return value
    if any(block.get(path, None) is not None for path in _SOURCES):
        # A copy of what is encrypted is encrypted, whatever it says itself.
        return _INHERITED
    return False


def _unless_member(given: Attribute, otherwise: Any) -> Derived:
    """A property that members of clusters do not have of their own."""
    return Derived(given.paths, lambda block: otherwise if _member(block) else given.read(block), given.source)


def _replica(path: str) -> Attribute:
    return Attribute(path, None, names=INSTANCE)


def _tls(group: str, type_: str) -> Derived:
    """``tls_parameter``, where the template holds the parameter group."""

    def read(block: Block) -> Any:
        if type_ == _GROUPS[0] and _member(block):
            return None
        engine = _engine(block)
        name = engine if isinstance(engine, Unread) else parameter_of(engine)
        if not isinstance(name, str):
            return name
        if block.get(group, None) is None:
            return _DEFAULT_GROUP
        groups = block.named(group, type_)
        if isinstance(groups, Unread):
            return groups
        if len(groups) != 1:
            return Unread("not_collected", detail="its parameter group is not in this template")
        parameters = groups[0].get("Parameters", {})
        if isinstance(parameters, Unread):
            return parameters
        value = parameters.get(name)
        return {"name": name, "value": value if value is None or isinstance(value, Unread) else _parameter(value)}

    return Derived((group, "Engine"), read)


def _parameter(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


MAPPINGS: Final = (
    Mapping(
        INSTANCE,
        "AWS::RDS::DBInstance",
        {
            "engine": Derived(("Engine",), _engine),
            "engine_version": Attribute("EngineVersion", _DEFAULT_GROUP, DOCUMENTED, convert=str),
            "cluster_id": Attribute("DBClusterIdentifier", None, names=CLUSTER),
            "replica_source": _replica("SourceDBInstanceIdentifier"),
            "publicly_accessible": flag("PubliclyAccessible", _BY_SUBNETS),
            "auto_minor_version_upgrade": flag("AutoMinorVersionUpgrade", True),
            "availability_zone": Attribute("AvailabilityZone", _INHERITED, f"{DOCUMENTED}: one that AWS chooses"),
            "parameter_apply_status": Constant("in-sync", _BORN),
            "storage_encrypted": Derived(
                ("StorageEncrypted",), lambda block: _CLUSTERS if _member(block) else _encrypted(block), DOCUMENTED
            ),
            "backup_retention_days": _unless_member(number("BackupRetentionPeriod", 1), _CLUSTERS),
            "multi_az": _unless_member(flag("MultiAZ", False, _MULTI_AZ), _CLUSTERS),
            "deletion_protection": flag("DeletionProtection", False),
            "log_exports": listed("EnableCloudwatchLogsExports"),
            "iam_authentication": _unless_member(flag("EnableIAMDatabaseAuthentication", False), None),
            "parameter_group": Attribute("DBParameterGroupName", _DEFAULT_GROUP, DOCUMENTED),
            "tls_parameter": _tls("DBParameterGroupName", _GROUPS[0]),
            "tags": tags(),
        },
        keys=("DBInstanceIdentifier", "DBInstanceArn", "Arn"),
        name=Attribute("DBInstanceIdentifier", None),
        identity=arn("AWS::RDS::DBInstance"),
        applies=_own_engine,
    ),
    Mapping(
        CLUSTER,
        "AWS::RDS::DBCluster",
        {
            "engine": Derived(("Engine",), _engine),
            "engine_version": Attribute("EngineVersion", _DEFAULT_GROUP, DOCUMENTED, convert=str),
            "storage_encrypted": Derived(("StorageEncrypted",), _encrypted, f"{DOCUMENTED}: false by default"),
            "storage_encryption_type": Derived(
                ("StorageEncrypted",),
                lambda block: (
                    "sse-kms" if (on := _encrypted(block)) is True else on if isinstance(on, Unread) else _OWN_KEY
                ),
                "RDS API, DBCluster: StorageEncryptionType",
            ),
            "backup_retention_days": number("BackupRetentionPeriod", 1),
            "deletion_protection": flag("DeletionProtection", False),
            "replica_source": _replica("ReplicationSourceIdentifier"),
            "log_exports": listed("EnableCloudwatchLogsExports"),
            "iam_authentication": flag("EnableIAMDatabaseAuthentication", False),
            "parameter_group": Attribute("DBClusterParameterGroupName", _DEFAULT_GROUP, DOCUMENTED),
            "parameter_apply_statuses": Constant([], _BORN),
            "tls_parameter": _tls("DBClusterParameterGroupName", _GROUPS[1]),
            "tags": tags(),
        },
        keys=("DBClusterIdentifier", "DBClusterArn", "Arn"),
        name=Attribute("DBClusterIdentifier", None),
        identity=arn("AWS::RDS::DBCluster"),
        applies=_own_engine,
    ),
)
