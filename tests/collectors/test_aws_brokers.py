"""Message brokers and Kafka clusters: what they log, and how they encrypt what moves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.kafka import cluster, serverless
from tests.emulators.aws.mq import broker
from tests.emulators.aws_services import HOME
from tests.emulators.aws_wire import AwsWire

REGIONS = (HOME,)
GENERAL, AUDIT = "aws.mq.broker_logging", "aws.mq.broker_audit_logging"
CLIENTS, WITHIN = "aws.kafka.transit_encrypted", "aws.kafka.in_cluster_encrypted"
EVERY = (GENERAL, AUDIT, CLIENTS, WITHIN)


def told(findings: Iterable[Finding], *checks: str) -> dict[str, tuple[str, ...]]:
    found = verdicts(findings)
    return {name: tuple(found[check, name] for check in checks) for _, name in found}


def test_brokers_that_do_not_log_fail(aws_env: AwsWire) -> None:
    broker("both", "ACTIVEMQ", General=True, Audit=True)
    broker("general", "ACTIVEMQ", General=True, Audit=False)
    broker("audit", "ACTIVEMQ", General=False, Audit=True)
    broker("rabbit", "RABBITMQ", General=True)
    broker("rabbit-none", "RABBITMQ", General=False)
    _, findings = scan((GENERAL, AUDIT), REGIONS)
    assert told(findings, GENERAL, AUDIT) == {
        "both": ("pass", "pass"),
        "general": ("pass", "fail"),
        "audit": ("fail", "pass"),
        "rabbit": ("pass", "not_applicable"),
        "rabbit-none": ("fail", "not_applicable"),
    }


@pytest.mark.parametrize(
    ("engine", "verdict"), [("RabbitMQ", "not_applicable"), ("ActiveMQ", "fail"), ("NewMQ", "fail")]
)
def test_an_engine_is_known_by_either_spelling_and_judged_where_it_is_not(
    aws_env: AwsWire, engine: str, verdict: str
) -> None:
    broker("orders", "ACTIVEMQ", General=True, Audit=False)
    aws_env.overrides.rewrite("mq:ListBrokers", lambda body: body.replace(b"ACTIVEMQ", engine.encode()))
    _, findings = scan((AUDIT,), REGIONS)
    assert [f.verdict for f in findings] == [verdict]


def test_clusters_that_take_plain_connections_fail(aws_env: AwsWire) -> None:
    cluster("tls", "TLS", in_cluster=True)
    cluster("both", "TLS_PLAINTEXT", in_cluster=True)
    cluster("plain", "PLAINTEXT", in_cluster=False)
    serverless("serverless")
    _, findings = scan((CLIENTS, WITHIN), REGIONS)
    assert told(findings, CLIENTS, WITHIN) == {
        "tls": ("pass", "pass"),
        "both": ("fail", "pass"),
        "plain": ("fail", "fail"),
        "serverless": ("not_applicable", "not_applicable"),
    }


@pytest.mark.parametrize("path", [(), ("encryptionInfo",), ("encryptionInfo", "encryptionInTransit")])
def test_a_cluster_that_does_not_say_how_it_encrypts_is_unknown(aws_env: AwsWire, path: tuple[str, ...]) -> None:
    cluster("events", "TLS", in_cluster=True)

    def rewrite(body: bytes) -> bytes:
        answer = json.loads(body)
        inner = answer["clusterInfoList"][0]
        for name in ("provisioned", *path)[:-1]:
            inner = inner[name]
        del inner[("provisioned", *path)[-1]]
        return json.dumps(answer).encode()

    aws_env.overrides.rewrite("kafka:ListClustersV2", rewrite)
    _, findings = scan((CLIENTS, WITHIN), REGIONS)
    assert {(f.verdict, f.reason) for f in findings} == {("unknown", "missing_attribute")}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("mq:ListBrokers", {GENERAL, AUDIT}),
        ("mq:DescribeBroker", {GENERAL, AUDIT}),
        ("kafka:ListClustersV2", {CLIENTS, WITHIN}),
    ],
)
def test_what_was_not_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, unknown: set[str]) -> None:
    broker("orders", "ACTIVEMQ", General=True, Audit=True)
    cluster("events", "TLS", in_cluster=True)
    aws_env.faults.add(kind, operation)
    _, findings = scan(EVERY, REGIONS)
    assert {f.check.id: f.verdict for f in findings} == {
        **dict.fromkeys(EVERY, "pass"),
        **dict.fromkeys(unknown, "unknown"),
    }


@pytest.mark.parametrize("missing", ["Logs", "Logs.Audit", "Logs.General"])
def test_a_broker_that_does_not_say_what_it_logs_is_unknown(aws_env: AwsWire, missing: str) -> None:
    broker("orders", "ACTIVEMQ", General=True, Audit=True)
    aws_env.overrides.without("mq:DescribeBroker", missing)
    _, findings = scan((GENERAL, AUDIT), REGIONS)
    known = {"Logs": set(), "Logs.Audit": {GENERAL}, "Logs.General": {AUDIT}}[missing]
    assert {f.check.id for f in findings if f.verdict == "pass"} == known
    assert {f.check.id for f in findings if f.verdict == "unknown"} == {GENERAL, AUDIT} - known


def test_a_broker_deleted_meanwhile_is_gone(aws_env: AwsWire) -> None:
    broker("orders", "ACTIVEMQ", General=True, Audit=True)
    aws_env.faults.add("error", "mq:DescribeBroker", code="NotFoundException", status=404)
    snapshot, findings = scan((GENERAL,), REGIONS)
    assert (findings, snapshot.resources) == ((), ())


def test_pages_of_one_make_the_same_brokers(aws_env: AwsWire) -> None:
    for name in ("a", "b", "c"):
        broker(name, "ACTIVEMQ", General=True, Audit=True)
        cluster(name, "TLS", in_cluster=True)
    aws_env.traffic.reset()
    whole, _ = scan(EVERY, REGIONS)
    assert not [name for name in aws_env.traffic.repeats if name.startswith(("mq:", "kafka:"))]
    aws_env.paging.size = 1
    cut, _ = scan(EVERY, REGIONS)
    assert [(r.id, r.properties) for r in cut.resources] == [(r.id, r.properties) for r in whole.resources]
    assert len(cut.resources) == 6


def test_brokers_are_read_as_they_are(aws_env: AwsWire) -> None:
    id_ = broker("rabbit", "RABBITMQ", General=True)
    wanted = {"AWS::AmazonMQ::Broker": {"broker_id", "engine_type", "general_log_enabled", "audit_log_enabled"}}
    (found,) = read(wanted, REGIONS).resources
    assert (found.name, found.properties) == (
        "rabbit",
        {"broker_id": id_, "engine_type": "RABBITMQ", "general_log_enabled": True, "audit_log_enabled": None},
    )
