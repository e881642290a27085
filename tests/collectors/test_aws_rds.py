"""What databases of RDS and Aurora say of upgrades, logs, logins, TLS and recovery, built to pass and to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest

from tests.collectors.scan import read, scan, types, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document

NOW = "2026-11-23T12:00:00Z"
INSTANCE_CHECKS = ("auto_minor_upgrade", "iam_authentication", "logs_exported", "restorable_recently", "tls_required")
CLUSTER_CHECKS = ("cluster_encrypted", *(f"cluster_{name}" for name in INSTANCE_CHECKS))
SNAPSHOT_CHECKS = ("snapshot_encrypted", "cluster_snapshot_encrypted")
WORDS = {"+": "pass", "-": "fail", "?": "unknown", "/": "not_applicable"}
LOGIN = {"MasterUsername": "master", "MasterUserPassword": "not-a-secret"}


def instance(name: str, engine: str = "postgres", version: str = "14.10", **settings: Any) -> None:
    given = {"DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20, "BackupRetentionPeriod": 7, **LOGIN, **settings}
    boto3.client("rds").create_db_instance(DBInstanceIdentifier=name, Engine=engine, EngineVersion=version, **given)


def cluster(name: str, engine: str = "aurora-postgresql", version: str = "16.4", **settings: Any) -> None:
    boto3.client("rds").create_db_cluster(
        DBClusterIdentifier=name, Engine=engine, EngineVersion=version, **LOGIN, **settings
    )


def group(name: str, family: str, parameter: str, value: str, *, of_cluster: bool = False) -> str:
    rds = boto3.client("rds")
    parameters = [{"ParameterName": parameter, "ParameterValue": value, "ApplyMethod": "immediate"}]
    about = {"DBParameterGroupFamily": family, "Description": name}
    if of_cluster:
        rds.create_db_cluster_parameter_group(DBClusterParameterGroupName=name, **about)
        rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=parameters)
    else:
        rds.create_db_parameter_group(DBParameterGroupName=name, **about)
        rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=parameters)
    return name


def told(wire: AwsWire, operation: str, of: Mapping[str, Mapping[str, str | None]]) -> None:
    """Let a listing say these members of the items with these names; None takes a member away."""
    name = operation.partition(":Describe")[2]
    key = f"{name.removesuffix('s')}Identifier"

    def edit(document: Document) -> None:
        for item in document.items(name):
            for member, value in of.get(item.findtext(key), {}).items():
                element = item.find(member)
                if element is not None:
                    item.remove(element)
                if value is not None:
                    ElementTree.SubElement(item, member).text = value

    wire.overrides.edit(operation, edit)


def recent(wire: AwsWire) -> None:
    """Let everything be restorable to five minutes ago."""
    for operation, name in (("rds:DescribeDBInstances", "DBInstances"), ("rds:DescribeDBClusters", "DBClusters")):
        wire.overrides.edit(operation, _restorable(name))


def _restorable(name: str) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        for item in document.items(name):
            element = item.find("LatestRestorableTime")
            if element is not None:
                element.text = "2026-11-23T11:55:00Z"

    return edit


def judged(checks: tuple[str, ...]) -> dict[str, str]:
    """Name -> one sign a check, in their order."""
    _, findings = scan([f"aws.rds.{check}" for check in checks], now=NOW)
    found = verdicts(findings)
    signs = {word: sign for sign, word in WORDS.items()}
    return {
        name: "".join(signs[found[f"aws.rds.{check}", name]] for check in checks)
        for name in sorted({name for _, name in found})
    }


# --- instances and clusters ---


def test_instances_are_judged_and_members_left_to_their_cluster(aws_env: AwsWire) -> None:
    recent(aws_env)
    strict = group("strict", "postgres14", "rds.force_ssl", "1")
    good = {
        "AutoMinorVersionUpgrade": True,
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
        "DBParameterGroupName": strict,
    }
    instance("good", **good)
    instance("bad", AutoMinorVersionUpgrade=False, EnableCloudwatchLogsExports=["upgrade"], BackupRetentionPeriod=0)
    instance("oracle", "oracle-ee", "19.0.0.0.ru-2022-10", EnableCloudwatchLogsExports=["alert"])
    cluster("orders")
    instance("member", "aurora-postgresql", "16.4", DBClusterIdentifier="orders", AutoMinorVersionUpgrade=False)
    boto3.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="good", DBInstanceClass="db.t3.micro"
    )
    # RDS does not tell it of a member.
    told(aws_env, "rds:DescribeDBInstances", {"member": {"IAMDatabaseAuthenticationEnabled": None}})
    assert judged(INSTANCE_CHECKS) == {
        "good": "+++++",
        "bad": "-----",
        "oracle": "+/++/",
        "member": "-////",
        "replica": "+++/+",
    }


def test_clusters_are_judged_by_their_own_settings(aws_env: AwsWire) -> None:
    recent(aws_env)
    strict = group("strict", "aurora-postgresql16", "rds.force_ssl", "1", of_cluster=True)
    cluster(
        "good",
        StorageEncrypted=True,
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=["postgresql"],
        DBClusterParameterGroupName=strict,
    )
    cluster("bad", "aurora-mysql", "8.0.mysql_aurora.3.08.0")
    cluster("graph", "neptune", "1.3.0.0")
    old = {"AutoMinorVersionUpgrade": "false", "LatestRestorableTime": "2026-11-22T11:59:59Z"}
    told(aws_env, "rds:DescribeDBClusters", {"bad": old})
    assert judged(CLUSTER_CHECKS) == {"good": "++++++", "bad": "------"}


@pytest.mark.parametrize(
    ("encrypted", "kind", "verdict"),
    [("false", "sse-rds", "pass"), ("false", "sse-new", "fail"), ("false", None, "unknown"), ("true", None, "pass")],
)
def test_a_key_that_aws_owns_encrypts_too(aws_env: AwsWire, encrypted: str, kind: str | None, verdict: str) -> None:
    cluster("c")
    boto3.client("rds").create_db_cluster_snapshot(DBClusterIdentifier="c", DBClusterSnapshotIdentifier="s")
    said = {"StorageEncrypted": encrypted, "StorageEncryptionType": kind}
    told(aws_env, "rds:DescribeDBClusters", {"c": said})
    told(aws_env, "rds:DescribeDBClusterSnapshots", {"s": said})
    checks = ("aws.rds.cluster_encrypted", "aws.rds.cluster_snapshot_encrypted")
    found = verdicts(scan(checks)[1])
    assert (found[checks[0], "c"], found[checks[1], "s"]) == (verdict, verdict)


def test_snapshots_without_encryption_fail(aws_env: AwsWire) -> None:
    rds = boto3.client("rds")
    for name, encrypted in (("secret", True), ("plain", False)):
        instance(name, StorageEncrypted=encrypted)
        cluster(f"c-{name}", StorageEncrypted=encrypted)
        rds.create_db_snapshot(DBSnapshotIdentifier=f"{name}-june", DBInstanceIdentifier=name)
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=f"c-{name}-june", DBClusterIdentifier=f"c-{name}")
    _, findings = scan([f"aws.rds.{check}" for check in SNAPSHOT_CHECKS])
    assert {name: verdict for (_, name), verdict in verdicts(findings).items() if name.endswith("june")} == {
        "secret-june": "pass",
        "plain-june": "fail",
        "c-secret-june": "pass",
        "c-plain-june": "fail",
    }


# --- recovery ---


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        ({"LatestRestorableTime": "2026-11-22T12:00:00Z"}, "+"),
        ({"LatestRestorableTime": "2026-11-22T11:59:59Z"}, "-"),
        ({"LatestRestorableTime": "2026-11-20T00:00:00Z", "DBInstanceStatus": "stopped"}, "/"),
        ({"LatestRestorableTime": None, "BackupRetentionPeriod": "0"}, "-"),
        # With automated backups there is a time.
        ({"LatestRestorableTime": None}, "?"),
        ({"LatestRestorableTime": None, "BackupRetentionPeriod": None}, "?"),
    ],
)
def test_recovery_is_as_recent_as_the_listing_says(aws_env: AwsWire, said: dict[str, str | None], sign: str) -> None:
    instance("db")
    told(aws_env, "rds:DescribeDBInstances", {"db": said})
    assert judged(("restorable_recently",)) == {"db": sign}


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        ({"LatestRestorableTime": "2026-11-22T12:00:00Z"}, "+"),
        ({"LatestRestorableTime": "2026-11-20T00:00:00Z", "Status": "stopped"}, "/"),
        ({"LatestRestorableTime": None}, "?"),
    ],
)
def test_recovery_of_a_cluster_likewise(aws_env: AwsWire, said: dict[str, str | None], sign: str) -> None:
    cluster("c")
    told(aws_env, "rds:DescribeDBClusters", {"c": said})
    assert judged(("cluster_restorable_recently",)) == {"c": sign}


# --- TLS ---


def test_the_default_of_an_engine_counts_where_its_parameter_group_shows_it(aws_env: AwsWire) -> None:
    for engine, version in (("postgres", "14.10"), ("postgres", "15.4"), ("mysql", "8.4.5"), ("mariadb", "11.8.2")):
        instance(f"{engine}-{version.replace('.', '-')}", engine, version)
    assert judged(("tls_required",)) == {
        "postgres-14-10": "-",
        "postgres-15-4": "+",
        "mysql-8-4-5": "-",
        "mariadb-11-8-2": "+",
    }


DEFAULTS = {
    "pg14": ("postgres", "14.10", "-"),
    "pg15": ("postgres", "15.4", "+"),
    "mysql84": ("mysql", "8.4.5", "-"),
    "mysql97": ("mysql", "9.7.0", "+"),
    "mariadb114": ("mariadb", "11.4.5", "-"),
    "mariadb118": ("mariadb", "11.8.2", "+"),
    "sqlserver": ("sqlserver-se", "15.00.4043.16.v1", "-"),
    "db2": ("db2-se", "11.5.9.0", "/"),
    "custom": ("custom-sqlserver-se", "15.00.4043.16.v1", "/"),
}
CLUSTER_DEFAULTS = {
    "pg16": ("aurora-postgresql", "16.4", "-"),
    "pg17": ("aurora-postgresql", "17.4", "+"),
    "mysql": ("aurora-mysql", "8.0.mysql_aurora.3.08.0", "-"),
    "zones": ("postgres", "15.4", "+"),
}


def test_a_value_that_is_not_shown_is_the_default_of_the_engine(aws_env: AwsWire) -> None:
    for name in DEFAULTS:
        instance(name)
    for name in CLUSTER_DEFAULTS:
        cluster(name)
    for operation, rows in (("DescribeDBInstances", DEFAULTS), ("DescribeDBClusters", CLUSTER_DEFAULTS)):
        said = {name: {"Engine": engine, "EngineVersion": version} for name, (engine, version, _) in rows.items()}
        told(aws_env, f"rds:{operation}", said)
    for operation in ("DescribeDBParameters", "DescribeDBClusterParameters"):
        parameters(aws_env, operation, "<Source>engine-default</Source>")
    assert judged(("tls_required",)) == {name: sign for name, (_, _, sign) in DEFAULTS.items()}
    assert judged(("cluster_tls_required",)) == {name: sign for name, (_, _, sign) in CLUSTER_DEFAULTS.items()}


def test_upgrades_of_a_custom_engine_are_its_owners(aws_env: AwsWire) -> None:
    instance("own")
    told(
        aws_env, "rds:DescribeDBInstances", {"own": {"Engine": "custom-oracle-ee", "AutoMinorVersionUpgrade": "false"}}
    )
    assert judged(("auto_minor_upgrade",)) == {"own": "/"}


def parameters(wire: AwsWire, operation: str, value: str) -> None:
    """Let a group hold every parameter of TLS with this value."""
    rows = "".join(
        f"<Parameter><ParameterName>{name}</ParameterName>{value}</Parameter>"
        for name in ("require_secure_transport", "rds.force_ssl", "rds.force_ssl_versions")
    )
    result = f"<{operation}Result><Parameters>{rows}</Parameters></{operation}Result>"
    wire.overrides.answer(f"rds:{operation}", f"<{operation}Response>{result}</{operation}Response>")


@pytest.mark.parametrize(
    ("value", "status", "sign"),
    [
        ("1", "in-sync", "+"),
        ("ON", "in-sync", "+"),
        ("0", "in-sync", "-"),
        ("OFF", "in-sync", "-"),
        ("2", "in-sync", "-"),
        ("1", "pending-reboot", "-"),
        ("1", "applying", "-"),
        ("1", "failed-to-apply", "-"),
    ],
)
def test_what_is_not_in_force_refuses_nobody(aws_env: AwsWire, value: str, status: str, sign: str) -> None:
    instance("db")
    cluster("c")
    instance("m", "aurora-postgresql", "16.4", DBClusterIdentifier="c")
    for operation in ("DescribeDBParameters", "DescribeDBClusterParameters"):
        parameters(aws_env, operation, f"<ParameterValue>{value}</ParameterValue>")
    for operation in ("rds:DescribeDBInstances", "rds:DescribeDBClusters"):
        aws_env.overrides.rewrite(operation, lambda body: body.replace(b">in-sync<", f">{status}<".encode()))
    _, findings = scan(("aws.rds.tls_required", "aws.rds.cluster_tls_required"))
    found = verdicts(findings)
    assert found == {
        ("aws.rds.tls_required", "db"): WORDS[sign],
        ("aws.rds.tls_required", "m"): "not_applicable",
        ("aws.rds.cluster_tls_required", "c"): WORDS[sign],
    }


@pytest.mark.parametrize("said", ["", "<Source>user</Source>"])
def test_a_value_that_somebody_set_and_the_answer_lacks_is_unknown(aws_env: AwsWire, said: str) -> None:
    instance("db", "postgres", "16.4")
    parameters(aws_env, "DescribeDBParameters", said)
    _, (finding,) = scan(("aws.rds.tls_required",))
    assert (finding.verdict, finding.reason) == ("unknown", "missing_attribute")


def test_a_version_without_the_parameter_refuses_nobody(aws_env: AwsWire) -> None:
    instance("db", "mysql", "5.6.51")
    empty = "<DescribeDBParametersResponse><DescribeDBParametersResult><Parameters/></DescribeDBParametersResult>"
    aws_env.overrides.answer("rds:DescribeDBParameters", f"{empty}</DescribeDBParametersResponse>")
    _, (finding,) = scan(("aws.rds.tls_required",))
    assert finding.verdict == "fail"
    assert "its version has no parameter to refuse them" in str(finding.message)


def test_an_engine_that_nobody_knows_is_unknown(aws_env: AwsWire) -> None:
    instance("db")
    cluster("c")
    told(aws_env, "rds:DescribeDBInstances", {"db": {"Engine": "nodb"}})
    told(aws_env, "rds:DescribeDBClusters", {"c": {"Engine": "aurora-nodb"}})
    _, findings = scan(("aws.rds.tls_required", "aws.rds.cluster_tls_required"))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")] * 2


def test_each_parameter_group_is_read_once_and_only_where_it_decides(aws_env: AwsWire) -> None:
    strict = group("strict", "postgres14", "rds.force_ssl", "1")
    for name in ("one", "two", "three"):
        instance(name, DBParameterGroupName=strict)
    instance("default")
    instance("oracle", "oracle-ee", "19.0.0.0.ru-2022-10")
    cluster("c")
    instance("member", "aurora-postgresql", "16.4", DBClusterIdentifier="c")
    aws_env.traffic.reset()
    signs = judged(("tls_required",))
    assert signs == {"one": "+", "two": "+", "three": "+", "default": "-", "oracle": "/", "member": "/"}
    assert aws_env.traffic.calls["rds:DescribeDBParameters"] == 2
    assert not aws_env.traffic.repeats


# --- what is not seen ---

LISTINGS = {
    "rds:DescribeDBInstances": INSTANCE_CHECKS,
    "rds:DescribeDBClusters": CLUSTER_CHECKS,
    "rds:DescribeDBSnapshots": SNAPSHOT_CHECKS[:1],
    "rds:DescribeDBClusterSnapshots": SNAPSHOT_CHECKS[1:],
    "rds:DescribeDBParameters": ("tls_required",),
    "rds:DescribeDBClusterParameters": ("cluster_tls_required",),
}


@pytest.mark.parametrize("operation", LISTINGS)
@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
def test_what_is_not_seen_is_unknown(aws_env: AwsWire, operation: str, kind: Any) -> None:
    instance("db")
    cluster("c")
    aws_env.faults.add(kind, operation)
    _, findings = scan([f"aws.rds.{check}" for check in LISTINGS[operation]])
    assert {f.check.id for f in findings} == {f"aws.rds.{check}" for check in LISTINGS[operation]}
    assert {f.verdict for f in findings} == {"unknown"}
    if kind == "denied":
        assert {f.causes[0].unread.permission for f in findings} == {operation}


COMMON = ("AutoMinorVersionUpgrade", "IAMDatabaseAuthenticationEnabled", "LatestRestorableTime")


@pytest.mark.parametrize(
    ("operation", "members", "checks"),
    [
        (
            "rds:DescribeDBInstances",
            (
                "AutoMinorVersionUpgrade",
                "IAMDatabaseAuthenticationEnabled",
                "LatestRestorableTime",
                "DBParameterGroups",
            ),
            ("auto_minor_upgrade", "iam_authentication", "restorable_recently", "tls_required"),
        ),
        (
            "rds:DescribeDBClusters",
            COMMON,
            tuple(f"cluster_{x}" for x in ("auto_minor_upgrade", "iam_authentication", "restorable_recently")),
        ),
        ("rds:DescribeDBSnapshots", ("Encrypted",), ("snapshot_encrypted",)),
    ],
)
def test_a_member_that_an_answer_lacks_is_unknown(
    aws_env: AwsWire, operation: str, members: tuple[str, ...], checks: tuple[str, ...]
) -> None:
    instance("db")
    cluster("c")
    name = operation.partition(":Describe")[2]
    aws_env.overrides.without(operation, *(f"{name}.{member}" for member in members))
    _, findings = scan([f"aws.rds.{check}" for check in checks])
    assert {f.check.id for f in findings} == {f"aws.rds.{check}" for check in checks}
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


def test_a_cluster_that_does_not_tell_its_members_may_have_one_that_waits_for_a_reboot(aws_env: AwsWire) -> None:
    cluster("c", DBClusterParameterGroupName=group("s", "aurora-postgresql16", "rds.force_ssl", "1", of_cluster=True))
    assert judged(("cluster_tls_required",)) == {"c": "+"}
    aws_env.overrides.without("rds:DescribeDBClusters", "DBClusters.DBClusterMembers")
    assert judged(("cluster_tls_required",)) == {"c": "?"}


def test_pages_of_one_item_give_the_same_databases(aws_env: AwsWire) -> None:
    recent(aws_env)
    for name in ("a", "b"):
        instance(name)
        cluster(f"c-{name}")
    wanted = {f"AWS::RDS::{name}": set() for name in ("DBInstance", "DBCluster", "DBSnapshot", "DBClusterSnapshot")}
    whole = {type_: set(_properties(type_)) for type_ in wanted}
    at_once = read(whole).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    in_pages = read(whole).resources
    assert len(at_once) == 8
    assert in_pages == at_once
    assert aws_env.traffic.calls["rds:DescribeDBInstances"] > 1
    assert not aws_env.traffic.repeats


def _properties(type_: str) -> list[str]:
    return list(types()[type_].properties)


def test_an_instance_is_read_as_it_is(aws_env: AwsWire) -> None:
    recent(aws_env)
    instance("db", "mysql", "8.0.39", EnableCloudwatchLogsExports=["slowquery", "error"], StorageEncrypted=True)
    (found,) = read({"AWS::RDS::DBInstance": set(_properties("AWS::RDS::DBInstance"))}).resources
    assert (found.properties, found.unread) == (
        {
            "engine": "mysql",
            "engine_version": "8.0.39",
            "status": "available",
            "cluster_id": None,
            "replica_source": None,
            "storage_encrypted": True,
            "publicly_accessible": False,
            "backup_retention_days": 7,
            "multi_az": False,
            "availability_zone": "us-east-1a",
            "deletion_protection": False,
            "latest_restorable_at": "2026-11-23T11:55:00Z",
            "auto_minor_version_upgrade": True,
            "log_exports": ["error", "slowquery"],
            "iam_authentication": False,
            "parameter_group": "default.mysql8.0",
            "parameter_apply_status": "in-sync",
            "tls_parameter": {"name": "require_secure_transport", "value": "0"},
        },
        {},
    )
