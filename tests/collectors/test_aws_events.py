"""Rules of event buses, built to pass and to fail."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT

KEPT = "aws.events.rule_target_dead_letter"
ROUTED = "aws.events.guardduty_findings_routed"
DEAD = f"arn:aws:sqs:us-east-1:{ACCOUNT}:undelivered"
TARGET = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
PLANTED = "planted-8h4w"


def rule(name: str, *dead_letters: str | None, bus: str = "default", state: str = "ENABLED", **pattern: Any) -> None:
    events = boto3.client("events")
    wanted = json.dumps(pattern or {"source": ["northwind.orders"]})
    events.put_rule(Name=name, EventBusName=bus, EventPattern=wanted, State=state)
    targets = [
        {"Id": str(number), "Arn": TARGET, "Input": PLANTED, **({"DeadLetterConfig": {"Arn": dead}} if dead else {})}
        for number, dead in enumerate(dead_letters)
    ]
    if targets:
        events.put_targets(Rule=name, EventBusName=bus, Targets=targets)


def test_targets_that_drop_what_cannot_be_delivered_fail_on_every_bus(aws_env: AwsWire) -> None:
    boto3.client("events").create_event_bus(Name="orders")
    rule("kept", DEAD)
    rule("dropped", None)
    rule("half", DEAD, None)
    rule("off", None, state="DISABLED")
    rule("idle")
    rule("managed", None)
    rule("other-bus", None, bus="orders")

    def edit(document: Document) -> None:
        for found in document.items("Rules"):
            if found["Name"] == "managed":
                found["ManagedBy"] = "autoscaling.amazonaws.com"

    aws_env.overrides.edit("events:ListRules", edit)
    snapshot, findings = scan((KEPT,))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "kept": "pass",
        "dropped": "fail",
        "half": "fail",
        "off": "not_applicable",
        "idle": "not_applicable",
        "managed": "not_applicable",
        "other-bus": "fail",
    }
    # What a target is given instead of the event may hold a secret.
    assert PLANTED not in repr(snapshot)


FEEDING = ("events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule")


def test_what_cannot_be_read_is_unknown(aws_env: AwsWire) -> None:
    rule("kept", DEAD)
    assert misled(aws_env, {KEPT: FEEDING}) == []


def test_pages_of_one_give_the_same(aws_env: AwsWire) -> None:
    for bus in ("blue", "green"):
        boto3.client("events").create_event_bus(Name=bus)
        rule(f"first-{bus}", DEAD, None, bus=bus)
        rule(f"second-{bus}", DEAD, bus=bus)
    assert paged(aws_env, KEPT) == []
    assert aws_env.paging.served["events:ListEventBuses"] == 3


def test_a_rule_or_bus_that_is_gone_is_none(aws_env: AwsWire) -> None:
    boto3.client("events").create_event_bus(Name="gone")
    rule("kept", DEAD)
    rule("deleted", None)
    for operation, body in {"events:ListRules": b'"gone"', "events:ListTargetsByRule": b'"deleted"'}.items():
        aws_env.faults.add(
            "error",
            operation,
            code="ResourceNotFoundException",
            status=400,
            where=lambda exchange, body=body: body in exchange.request.body,
        )
    _, findings = scan((KEPT,))
    assert verdicts(findings) == {(KEPT, "kept"): "pass"}
    assert {row.state for row in scan((KEPT,))[0].collections} == {"complete"}


# --- findings of GuardDuty -------------------------------------------------------------------------------------------

SOURCE = {"source": ["aws.guardduty"]}
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:security"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:findings"
ELSEWHERE = "arn:aws:events:us-east-1:444455556666:event-bus/security"


def severity(*bounds: Any) -> dict[str, Any]:
    return {**SOURCE, "detail": {"severity": [{"numeric": list(bounds)}]}}


def route(pattern: dict[str, Any], arn: str, name: str = "findings", **more: Any) -> None:
    events = boto3.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), **more)
    events.put_targets(Rule=name, EventBusName=more.get("EventBusName", "default"), Targets=[{"Id": "1", "Arn": arn}])


def security(wire: AwsWire) -> None:
    """GuardDuty, a topic with a confirmed subscription and one without, and a queue."""
    boto3.client("guardduty").create_detector(Enable=True)
    sns = boto3.client("sns")
    for name in ("security", "nobody"):
        sns.create_topic(Name=name)
    sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="security@northwind.example")
    boto3.client("sqs").create_queue(QueueName="findings")
    boto3.client("events").create_event_bus(Name="other")


ROUTES = [
    (SOURCE, TOPIC, {}, "pass", "a topic with a subscription"),
    ({**SOURCE, "detail-type": ["GuardDuty Finding"]}, QUEUE, {}, "pass", "a queue"),
    (severity(">=", 4), ELSEWHERE, {}, "pass", "the event bus of another account"),
    (severity(">=", 7), TOPIC, {}, "pass", "high and critical"),
    (severity(">=", 4, "<", 9), TOPIC, {}, "fail", "not the critical ones"),
    ({**SOURCE, "detail": {"type": [{"prefix": "Backdoor:"}]}}, TOPIC, {}, "fail", "one kind"),
    ({"source": ["aws.macie"]}, TOPIC, {}, "fail", "another source"),
    (SOURCE, TOPIC.replace("security", "nobody"), {}, "fail", "a topic to which nobody subscribes"),
    (SOURCE, QUEUE.replace("findings", "missing"), {}, "fail", "a queue that is not there"),
    (SOURCE, f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:missing", {}, "fail", "a function that is not there"),
    (SOURCE, TOPIC, {"State": "DISABLED"}, "fail", "a rule that is off"),
    (SOURCE, TOPIC, {"EventBusName": "other"}, "fail", "a bus to which GuardDuty sends nothing"),
]


@pytest.mark.parametrize(("pattern", "arn", "more", "verdict", "why"), ROUTES, ids=[row[-1] for row in ROUTES])
def test_findings_are_routed_by(
    aws_env: AwsWire, pattern: dict[str, Any], arn: str, more: dict[str, str], verdict: str, why: str
) -> None:
    security(aws_env)
    route(pattern, arn, **more)
    _, findings = scan((ROUTED,))
    assert [finding.verdict for finding in findings] == [verdict]


def test_two_rules_together_route_every_severity(aws_env: AwsWire) -> None:
    security(aws_env)
    route(severity(">=", 7, "<", 9), TOPIC, "high")
    route(severity(">=", 9), QUEUE, "critical")
    _, findings = scan((ROUTED,))
    assert [finding.verdict for finding in findings] == ["pass"]


def test_a_region_without_a_rule_fails_and_one_without_guardduty_is_not_judged(aws_env: AwsWire) -> None:
    security(aws_env)
    _, findings = scan((ROUTED,), ("us-east-1", "eu-west-1"))
    assert verdicts(findings) == {(ROUTED, "us-east-1"): "fail", (ROUTED, "eu-west-1"): "not_applicable"}


def test_what_cannot_be_read_of_the_way_of_a_finding_is_unknown(aws_env: AwsWire) -> None:
    security(aws_env)
    route(SOURCE, TOPIC)
    subscriptions = ("sns:ListSubscriptions",)
    detectors = ("guardduty:ListDetectors", "guardduty:GetDetector")
    assert misled(aws_env, {ROUTED: (*FEEDING, *subscriptions, *detectors)}) == []
    # What takes nothing to the verdict may be unread.
    aws_env.faults.add("denied", "lambda:ListFunctions")
    aws_env.faults.add("denied", "sqs:ListQueues")
    assert [finding.verdict for finding in scan((ROUTED,))[1]] == ["pass"]
