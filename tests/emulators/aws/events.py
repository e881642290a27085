"""Amazon EventBridge: a rule on the default bus and one on another."""

from __future__ import annotations

import json

from tests.emulators.aws_services import CANARY, HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT


def build(wire: AwsWire) -> None:
    events = client("events")
    events.create_event_bus(Name="orders")
    for bus, source in {"default": "aws.guardduty", "orders": "northwind.orders"}.items():
        events.put_rule(Name=f"on-{bus}", EventBusName=bus, EventPattern=json.dumps({"source": [source]}))
    dead = {"Arn": f"arn:aws:sqs:{HOME}:{ACCOUNT}:mails-dead"}
    # What a target is given instead of the event may hold a secret.
    target = {"Id": "1", "Arn": f"arn:aws:sqs:{HOME}:{ACCOUNT}:mails", "DeadLetterConfig": dead}
    events.put_targets(Rule="on-default", Targets=[{**target, "Input": json.dumps({"token": CANARY})}])
    events.put_targets(Rule="on-orders", EventBusName="orders", Targets=[{"Id": "1", "Arn": target["Arn"]}])
