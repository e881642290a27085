"""Amazon CloudWatch: alarms on other alarms, which moto cannot be given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.emulators.aws_services import HOME
from tests.emulators.bodies import parsed
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.wire import Answer, Exchange

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.overrides import Overrides


def composite_alarms(layer: Overrides, found: Sequence[dict[str, Any]]) -> None:
    """Let CloudWatch hold these (see :func:`composite_alarm`), each in its region."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        document = parsed(exchange.call, answer.body)
        region = f":{exchange.call.region}:"
        document.keep("CompositeAlarms", [item for item in found if region in item["AlarmArn"]])
        return answer.with_body(document.encoded())

    layer.change("cloudwatch:DescribeAlarms", change)


def composite_alarm(name: str, rule: str, *actions: str, region: str = HOME, **more: Any) -> dict[str, Any]:
    """A composite alarm as DescribeAlarms answers."""
    return {
        "ActionsEnabled": True,
        "AlarmActions": list(actions),
        "AlarmArn": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}",
        "AlarmName": name,
        "AlarmRule": rule,
        "InsufficientDataActions": [],
        "OKActions": [],
        "StateValue": "OK",
        **more,
    }


def build(wire: AwsWire) -> None:
    topic = f"arn:aws:sns:{HOME}:{ACCOUNT}:security"
    suppressed = {"ActionsSuppressor": "invoices dead letters", "ActionsSuppressorWaitPeriod": 60}
    composite_alarms(wire.overrides, [composite_alarm("security", 'ALARM("root usage")', topic, **suppressed)])
