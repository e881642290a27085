"""Amazon RDS: a cluster and snapshots; encryption, recovery and parameter groups as RDS tells them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from tests.emulators.arguments import argument
from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document, parsed
from tests.emulators.overrides import Overrides
from tests.emulators.wire import Answer, Exchange

_FAMILY: Final = re.compile(r"default\.([a-z-]+?)-?(\d+)(?:\.(\d+))?")
_REQUIRED_SINCE: Final = {"postgres": (15, 0), "aurora-postgresql": (17, 0), "mysql": (9, 7), "mariadb": (11, 8)}
"""By family of parameter groups, from which version TLS is required by default (RDS and Aurora User Guides)."""


def correct(layer: Overrides) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    layer.edit("rds:DescribeDBInstances", lambda document: _restorable(document, "DBInstances", at))
    layer.edit("rds:DescribeDBClusters", lambda document: _restorable(document, "DBClusters", at))
    layer.edit("rds:DescribeDBClusters", lambda document: _encryption(document, "DBClusters"))
    layer.edit("rds:DescribeDBClusterSnapshots", lambda document: _encryption(document, "DBClusterSnapshots"))
    layer.change("rds:DescribeDBParameters", _parameters)
    layer.change("rds:DescribeDBClusterParameters", _parameters)


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


def _restorable(document: Document, name: str, at: str) -> None:
    """moto says that everything could be restored to the moment of the request."""
    for item in document.items(name):
        element = item.find("LatestRestorableTime")
        if name == "DBInstances" and (
            item.findtext("DBClusterIdentifier") or item.findtext("BackupRetentionPeriod") == "0"
        ):
            item.remove(element)
        else:
            element.text = at


def _encryption(document: Document, name: str) -> None:
    for item in document.items(name):
        kind = "sse-kms" if item.findtext("StorageEncrypted") == "true" else "none"
        ElementTree.SubElement(item, "StorageEncryptionType").text = kind


def _parameters(exchange: Exchange, answer: Answer) -> Answer:
    """Only the parameter that is asked for, and with the value that it has where nobody set one.

    moto ignores the filter, knows no default groups of clusters, and holds only what was set.
    """
    cluster = exchange.call.operation == "DescribeDBClusterParameters"
    group = argument(exchange.request, exchange.call, f"DB{'Cluster' if cluster else ''}ParameterGroupName") or ""
    if answer.status != 200 and not group.startswith("default."):
        return answer
    form = dict(parse_qsl(exchange.request.body.decode()))
    wanted = {value for key, value in form.items() if ".Values." in key}
    held = parsed(exchange.call, answer.body).items("Parameters") if answer.status == 200 else []
    values = {item.findtext("ParameterName"): item.findtext("ParameterValue") for item in held}
    rows = {name: values.get(name) or _default(group) for name in sorted(wanted)}
    return replace(answer.with_body(_listing(exchange.call.operation, rows, values)), status=200)


def _default(group: str) -> str:
    family = _FAMILY.match(group)
    since = _REQUIRED_SINCE.get(family.group(1), (999, 0)) if family else (999, 0)
    version = (int(family.group(2)), int(family.group(3) or 0)) if family else (0, 0)
    return "1" if version >= since else "0"


def _listing(operation: str, rows: dict[str, str], values: dict[Any, Any]) -> bytes:
    items = "".join(
        f"<Parameter><ParameterName>{name}</ParameterName><ParameterValue>{value}</ParameterValue>"
        f"<Source>{'user' if name in values else 'system'}</Source></Parameter>"
        for name, value in rows.items()
    )
    return (
        f'<{operation}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><{operation}Result>'
        f"<Parameters>{items}</Parameters></{operation}Result></{operation}Response>"
    ).encode()
