"""Amazon RDS and Aurora: instances, members of clusters, clusters and manual snapshots."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.rds import CLUSTER, CLUSTER_SNAPSHOT, INSTANCE, OTHER_ENGINES, SNAPSHOT
from providers.aws.rds_parameters import parameter_of
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Given, Mapping, Split

_PROVIDER: Final = "provider documentation"
_BORN: Final = "RDS User Guide: a new instance starts with its parameter group's values"
_INHERITED: Final = Unread("known_after_apply", detail="what it is restored from decides")
_KEYS: Final = ("id", "arn", "identifier", "cluster_identifier", "resource_id")


def _own_engine(block: Block) -> Any:
    engine = block.get("engine", "", computed=False)
    return engine if isinstance(engine, Unread) else engine not in OTHER_ENGINES


def _encrypted(*origins: str) -> Derived:
    """Whether the storage is encrypted: by its own setting, where it is not made of something else."""

    def read(block: Block) -> Any:
        value = block.get("storage_encrypted", None)
        if value:
            return value
        sources = [block.get(origin, None, optional=True) for origin in origins]
        made_of = next((source for source in sources if source not in (None, "", [])), None)
        # A copy of what is encrypted is encrypted, whatever it says itself.
        return _INHERITED if made_of is not None else False

    return Derived(("storage_encrypted", *origins), read, f"{_PROVIDER}: false by default")


def _tls(group: str, type_: str) -> Derived:
    """``tls_parameter``, where the plan holds the parameter group."""

    def read(block: Block) -> Any:
        engine = block.get("engine", computed=False)
        name = engine if isinstance(engine, Unread) else parameter_of(engine)
        if not isinstance(name, str):
            return name
        groups = block.named(group, type_)
        if isinstance(groups, Unread):
            return groups
        if len(groups) != 1:
            return Unread("not_collected", detail="its parameter group is not in this plan")
        rows = groups[0].blocks("parameter")
        if isinstance(rows, Unread):
            return rows
        names = [row.get("name") for row in rows]
        unread = next((row for row in names if isinstance(row, Unread)), None)
        values = [row.get("value") for row, its in zip(rows, names, strict=True) if its == name]
        if not values and unread is not None:
            return unread
        return {"name": name, "value": values[0] if values else None}

    return Derived((group, "engine"), read)


def _sorted(values: Any) -> list[Any]:
    return sorted(values)


_INSTANCE: Final[dict[str, Given | Split]] = {
    "engine": Attribute("engine", computed=False),
    "engine_version": Attribute("engine_version", computed=False),
    "publicly_accessible": Attribute("publicly_accessible", False, f"{_PROVIDER}: false, which it always sends"),
    "auto_minor_version_upgrade": Attribute("auto_minor_version_upgrade", True, _PROVIDER),
    "availability_zone": Attribute("availability_zone", None, computed=False),
    "parameter_apply_status": Split("in-sync", _BORN),
}

ALSO: Final = ("aws_db_parameter_group", "aws_rds_cluster_parameter_group")

MAPPINGS: Final = (
    Mapping(
        type=INSTANCE,
        terraform="aws_db_instance",
        keys=_KEYS,
        name=Attribute("identifier", None),
        applies=_own_engine,
        properties={
            **_INSTANCE,
            "cluster_id": Constant(None, f"{_PROVIDER}: members of clusters are aws_rds_cluster_instance"),
            "replica_source": Attribute(
                "replicate_source_db", None, names=INSTANCE, convert=lambda source: source or None
            ),
            "storage_encrypted": _encrypted(
                "snapshot_identifier", "replicate_source_db", "restore_to_point_in_time", "s3_import"
            ),
            "backup_retention_days": Attribute("backup_retention_period", 0, _PROVIDER),
            "multi_az": Attribute("multi_az", False, f"{_PROVIDER}, and RDS API, CreateDBInstance"),
            "deletion_protection": Attribute("deletion_protection", False, _PROVIDER),
            "log_exports": Attribute("enabled_cloudwatch_logs_exports", [], _PROVIDER, convert=_sorted),
            "iam_authentication": Attribute("iam_database_authentication_enabled", False, _PROVIDER),
            "parameter_group": Attribute("parameter_group_name", computed=False),
            "tls_parameter": _tls("parameter_group_name", "aws_db_parameter_group"),
        },
    ),
    Mapping(
        type=INSTANCE,
        terraform="aws_rds_cluster_instance",
        keys=_KEYS,
        name=Attribute("identifier", None),
        applies=_own_engine,
        properties={
            **_INSTANCE,
            "cluster_id": Attribute("cluster_identifier", names=CLUSTER),
            "replica_source": Constant(None, "RDS API: a member replicates within its cluster"),
            "parameter_group": Attribute("db_parameter_group_name", computed=False),
            "tls_parameter": Constant(None, "RDS API: the cluster's parameter group has it"),
            "iam_authentication": Constant(None, "RDS API: the cluster's setting"),
            "storage_encrypted": Attribute("storage_encrypted", computed=False),
        },
    ),
    Mapping(
        type=CLUSTER,
        terraform="aws_rds_cluster",
        keys=_KEYS,
        name=Attribute("cluster_identifier", None),
        applies=_own_engine,
        properties={
            "engine": Attribute("engine"),
            "engine_version": Attribute("engine_version", computed=False),
            "storage_encrypted": _encrypted(
                "snapshot_identifier",
                "replication_source_identifier",
                "restore_to_point_in_time",
                "s3_import",
                "global_cluster_identifier",
            ),
            "storage_encryption_type": Attribute(
                "storage_encrypted",
                Unread("not_collected", detail="whether RDS encrypts it with a key of its own"),
                "RDS API, DBCluster: StorageEncryptionType",
                convert=lambda on: (
                    "sse-kms" if on else Unread("not_collected", detail="whether RDS encrypts it with a key of its own")
                ),
            ),
            "backup_retention_days": Attribute("backup_retention_period", 1, _PROVIDER),
            "deletion_protection": Attribute("deletion_protection", False, _PROVIDER),
            "replica_source": Attribute("replication_source_identifier", None, convert=lambda source: source or None),
            "log_exports": Attribute("enabled_cloudwatch_logs_exports", [], _PROVIDER, convert=_sorted),
            "iam_authentication": Attribute("iam_database_authentication_enabled", False, _PROVIDER),
            "parameter_group": Attribute("db_cluster_parameter_group_name", computed=False),
            "parameter_apply_statuses": Split([], _BORN),
            "tls_parameter": _tls("db_cluster_parameter_group_name", "aws_rds_cluster_parameter_group"),
        },
    ),
    Mapping(
        type=SNAPSHOT,
        terraform="aws_db_snapshot",
        keys=("id", "db_snapshot_identifier", "db_snapshot_arn"),
        name=Attribute("db_snapshot_identifier", None),
        identity=lambda block, where: block.get("db_snapshot_arn", None, computed=False),
        properties={
            "snapshot_type": Constant("manual", "RDS API: what CreateDBSnapshot makes"),
            "encrypted": Attribute("encrypted", computed=False),
            "restorable_by": Attribute("shared_accounts", [], _PROVIDER, convert=_sorted, optional=True),
        },
    ),
    Mapping(
        type=CLUSTER_SNAPSHOT,
        terraform="aws_db_cluster_snapshot",
        keys=("id", "db_cluster_snapshot_identifier", "db_cluster_snapshot_arn"),
        name=Attribute("db_cluster_snapshot_identifier", None),
        identity=lambda block, where: block.get("db_cluster_snapshot_arn", None, computed=False),
        properties={
            "snapshot_type": Constant("manual", "RDS API: what CreateDBClusterSnapshot makes"),
            "storage_encrypted": Attribute("storage_encrypted", computed=False),
            "restorable_by": Attribute("shared_accounts", [], _PROVIDER, convert=_sorted, optional=True),
        },
    ),
)
