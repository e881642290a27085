"""Amazon RDS: a cluster and snapshots."""

from __future__ import annotations

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    rds = client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="analytics",
        Engine="aurora-postgresql",
        MasterUsername="master",
        MasterUserPassword=CANARY,
        StorageEncrypted=True,
        BackupRetentionPeriod=7,
    )
    rds.create_db_cluster_snapshot(DBClusterIdentifier="analytics", DBClusterSnapshotIdentifier="analytics-june")
    rds.create_db_snapshot(DBInstanceIdentifier="ledger", DBSnapshotIdentifier="ledger-june")
    rds.modify_db_instance(DBInstanceIdentifier="ledger", MasterUserPassword=CANARY)
