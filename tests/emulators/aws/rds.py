"""Amazon RDS: a cluster and snapshots."""

from __future__ import annotations

import re
from typing import Final

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.overrides import Overrides

_RESTORABLE: Final = re.compile(rb"(<LatestRestorableTime>[\d-]*)T[^<]*")


def correct(layer: Overrides) -> None:
    # In moto databases can be restored up to the microsecond of the question; in RDS that moves on every few minutes.
    for operation in ("DescribeDBInstances", "DescribeDBClusters"):
        layer.rewrite(f"rds:{operation}", lambda body: _RESTORABLE.sub(rb"\1T00:00:00Z", body))


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
