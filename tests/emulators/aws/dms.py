"""AWS Database Migration Service: a replication instance, and a task that logs."""

from __future__ import annotations

import json

from tests.emulators.aws_services import CANARY, HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    dms = client("dms")
    instance = dms.create_replication_instance(
        ReplicationInstanceIdentifier="migration",
        ReplicationInstanceClass="dms.t3.small",
        PubliclyAccessible=False,
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    components = [
        {"Id": id_, "Severity": "LOGGER_SEVERITY_DEFAULT"} for id_ in ("SOURCE_UNLOAD", "SOURCE_CAPTURE", "TARGET_LOAD")
    ]
    settings = {
        "Logging": {"EnableLogging": True, "LogComponents": components},
        "TargetMetadata": {"TaskRecoveryTableEnabled": False, "SecretKey": CANARY},
    }
    dms.create_replication_task(
        ReplicationTaskIdentifier="ledger-to-warehouse",
        SourceEndpointArn=f"arn:aws:dms:{HOME}:{ACCOUNT}:endpoint:SOURCE",
        TargetEndpointArn=f"arn:aws:dms:{HOME}:{ACCOUNT}:endpoint:TARGET",
        ReplicationInstanceArn=instance,
        MigrationType="full-load-and-cdc",
        TableMappings="{}",
        ReplicationTaskSettings=json.dumps(settings),
    )
