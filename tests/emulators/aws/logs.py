"""Amazon CloudWatch Logs: a policy for a service, one of a single log group, and a log group with a key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.emulators.arguments import argument
from tests.emulators.aws_services import HOME, client, policy
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.wire import Answer, Exchange

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.overrides import Overrides

_SERVICE: Final = {"Principal": {"Service": "delivery.logs.amazonaws.com"}}


def correct(layer: Overrides) -> None:
    layer.change("logs:DescribeResourcePolicies", _of_the_account)


def group_policy(layer: Overrides, group: str, document: str, region: str = HOME) -> None:
    """Let one log group have a policy of its own, which moto does not have."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.call.region != region or argument(exchange.request, exchange.call, "policyScope") != "RESOURCE":
            return answer
        arn = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}"
        row = {"policyDocument": document, "policyScope": "RESOURCE", "resourceArn": arn, "revisionId": "1"}
        return answer.with_body(json.dumps({"resourcePolicies": [row]}).encode())

    layer.change("logs:DescribeResourcePolicies", change)


def build(wire: AwsWire) -> None:
    logs = client("logs")
    logs.create_log_group(
        logGroupName="encrypted", kmsKeyId=f"arn:aws:kms:{HOME}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    )
    logs.put_resource_policy(policyName="delivery", policyDocument=policy("logs:PutLogEvents", "*", **_SERVICE))
    group_policy(wire.overrides, "application", policy("logs:PutLogEvents", "*", **_SERVICE))


def _of_the_account(exchange: Exchange, answer: Answer) -> Answer:
    # moto has policies of the account only, whatever it is asked for.
    if answer.status != 200:
        return answer
    rows: list[Any] = json.loads(answer.body)["resourcePolicies"]
    asked = argument(exchange.request, exchange.call, "policyScope") or "ACCOUNT"
    kept = [{**row, "policyScope": "ACCOUNT"} for row in rows] if asked == "ACCOUNT" else []
    return answer.with_body(json.dumps({"resourcePolicies": kept}).encode())
