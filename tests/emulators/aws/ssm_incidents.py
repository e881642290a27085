"""AWS Systems Manager Incident Manager, which moto has not: response plans."""

from __future__ import annotations

from tests.emulators.aws_wire import AwsWire
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    response_plans(layer)


def build(wire: AwsWire) -> None:
    response_plans(wire.overrides, "outage")


def response_plans(layer: Overrides, *names: str) -> None:
    """Let the account have these response plans, in every region."""
    plans = [{"arn": f"arn:aws:ssm-incidents::{ACCOUNT}:response-plan/{name}", "name": name} for name in names]
    layer.answer("ssm-incidents:ListResponsePlans", {"responsePlanSummaries": plans})
