"""Replication instances and tasks, built to pass and to fail."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

PUBLIC, SOURCE, TARGET = (f"aws.dms.{name}" for name in ("instance_not_public", "task_logging", "task_target_logging"))
TASK = "AWS::DMS::ReplicationTask"
PLANTED = "hunter2-planted-value"
COMPONENTS = dict.fromkeys(
    ("SOURCE_UNLOAD", "SOURCE_CAPTURE", "TARGET_LOAD", "TARGET_APPLY", "IO"), "LOGGER_SEVERITY_DEFAULT"
)


def instance(name: str, *, public: bool) -> None:
    boto3.client("dms").create_replication_instance(
        ReplicationInstanceIdentifier=name, ReplicationInstanceClass="dms.t3.small", PubliclyAccessible=public
    )


def task(name: str, settings: str) -> None:
    arn = "arn:aws:dms:us-east-1:123456789012"
    boto3.client("dms").create_replication_task(
        ReplicationTaskIdentifier=name,
        SourceEndpointArn=f"{arn}:endpoint:S",
        TargetEndpointArn=f"{arn}:endpoint:T",
        ReplicationInstanceArn=f"{arn}:rep:R",
        MigrationType="cdc",
        TableMappings="{}",
        ReplicationTaskSettings=settings,
    )


def settings(enabled: Any = True, **severities: str) -> str:
    rows = [{"Id": id_, "Severity": severity} for id_, severity in {**COMPONENTS, **severities}.items()]
    logging = {"EnableLogging": enabled, "LogComponents": rows}
    return json.dumps({"Logging": logging, "TargetMetadata": {"Password": PLANTED}})


def judged() -> dict[str, tuple[str, str]]:
    found = verdicts(scan((SOURCE, TARGET))[1])
    return {name: (found[SOURCE, name], found[TARGET, name]) for _, name in found}


def test_public_instances_fail(aws_env: AwsWire) -> None:
    instance("inside", public=False)
    instance("outside", public=True)
    assert verdicts(scan((PUBLIC,))[1]) == {(PUBLIC, "inside"): "pass", (PUBLIC, "outside"): "fail"}


def test_an_instance_that_does_not_say_is_unknown(aws_env: AwsWire) -> None:
    instance("i", public=False)
    aws_env.overrides.without("dms:DescribeReplicationInstances", "ReplicationInstances.PubliclyAccessible")
    _, (finding,) = scan((PUBLIC,))
    assert (finding.verdict, finding.reason) == ("unknown", "missing_attribute")


def test_each_side_of_a_task_is_judged_on_its_own(aws_env: AwsWire) -> None:
    task("both", settings())
    task("off", settings(enabled=False))
    task("debug", settings(SOURCE_CAPTURE="LOGGER_SEVERITY_DEBUG", TARGET_APPLY="LOGGER_SEVERITY_DETAILED_DEBUG"))
    task("quiet-source", settings(SOURCE_UNLOAD="LOGGER_SEVERITY_ERROR"))
    task("quiet-target", settings(TARGET_APPLY="LOGGER_SEVERITY_WARNING"))
    task("odd", settings(SOURCE_CAPTURE="LOGGER_SEVERITY_NEW", TARGET_LOAD=""))
    task("few", json.dumps({"Logging": {"EnableLogging": True, "LogComponents": []}}))
    assert judged() == {
        "both": ("pass", "pass"),
        "off": ("fail", "fail"),
        "debug": ("pass", "pass"),
        "quiet-source": ("fail", "pass"),
        "quiet-target": ("pass", "fail"),
        "odd": ("fail", "fail"),
        "few": ("fail", "fail"),
    }


@pytest.mark.parametrize(
    "said",
    [
        "{not json",
        json.dumps([1]),
        json.dumps({"Logging": None}),
        json.dumps({"Logging": {}}),
        settings(enabled="true"),
        settings(enabled=None),
        json.dumps({"Logging": {"EnableLogging": True}}),
        json.dumps({"Logging": {"EnableLogging": True, "LogComponents": ["SOURCE_UNLOAD"]}}),
        json.dumps({"Logging": {"EnableLogging": True, "LogComponents": {"Id": "SOURCE_UNLOAD"}}}),
    ],
)
def test_settings_that_say_nothing_are_unknown(aws_env: AwsWire, said: str) -> None:
    task("t", said)
    task("whole", settings())
    assert judged() == {"t": ("unknown", "unknown"), "whole": ("pass", "pass")}


def test_a_task_without_settings_is_unknown(aws_env: AwsWire) -> None:
    task("t", settings())
    aws_env.overrides.without("dms:DescribeReplicationTasks", "ReplicationTasks.ReplicationTaskSettings")
    assert judged() == {"t": ("unknown", "unknown")}


def test_of_settings_only_the_log_is_kept(aws_env: AwsWire) -> None:
    task("t", settings())
    snapshot = read({TASK: {"logging_enabled", "log_components"}})
    (found,) = snapshot.resources
    rows = [{"id": id_, "severity": severity} for id_, severity in COMPONENTS.items()]
    assert found.properties == {"logging_enabled": True, "log_components": rows}
    assert PLANTED not in repr(snapshot)


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "checks"),
    [("dms:DescribeReplicationInstances", (PUBLIC,)), ("dms:DescribeReplicationTasks", (SOURCE, TARGET))],
)
def test_what_is_not_listed_is_unknown(aws_env: AwsWire, operation: str, checks: tuple[str, ...], kind: Any) -> None:
    instance("i", public=False)
    task("t", settings())
    aws_env.faults.add(kind, operation)
    assert {f.check.id: f.verdict for f in scan(checks)[1]} == dict.fromkeys(checks, "unknown")


def test_pages_of_one_item_give_the_same_instances_and_tasks(aws_env: AwsWire) -> None:
    for name in ("a", "b"):
        instance(name, public=False)
        task(name, settings())
    wanted = {"AWS::DMS::ReplicationInstance": {"publicly_accessible"}, TASK: {"logging_enabled", "log_components"}}
    at_once = read(wanted).resources
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == at_once
    assert len(at_once) == 4
    assert aws_env.traffic.calls["dms:DescribeReplicationTasks"] == 2
    assert not aws_env.traffic.repeats
