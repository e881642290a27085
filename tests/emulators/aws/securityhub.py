"""AWS Security Hub CSPM: off until it is put on, and standards, which moto does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.emulators import aws_errors
from tests.emulators.aws_services import HOME
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.wire import Answer, Exchange

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.overrides import Overrides

OFF: Final = f"Account {ACCOUNT} is not subscribed to AWS Security Hub"
"""What InvalidAccessException says where Security Hub is not on."""


def correct(layer: Overrides) -> None:
    standards(layer, {})


def build(wire: AwsWire) -> None:
    best = standard("aws-foundational-security-best-practices/v/1.0.0", "READY")
    standards(wire.overrides, {HOME: [best, standard("cis-aws-foundations-benchmark/v/3.0.0", "INCOMPLETE")]})


def standard(name: str, status: str, provider: str = "AWS", region: str = HOME) -> dict[str, Any]:
    """A subscription as GetEnabledStandards answers."""
    return {
        "Provider": provider,
        "StandardsArn": f"arn:aws:securityhub:{region}::standards/{name}",
        "StandardsInput": {},
        "StandardsStatus": status,
        "StandardsSubscriptionArn": f"arn:aws:securityhub:{region}:{ACCOUNT}:subscription/{name}",
    }


def standards(layer: Overrides, on: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    """Let Security Hub be on in these regions, each with its standards, and off in all others."""

    def change(exchange: Exchange, answer: Answer) -> Answer:
        own = on.get(exchange.call.region)
        if own is None:
            return aws_errors.error(exchange.call, "InvalidAccessException", 401, OFF)
        providers = json.loads(exchange.request.body).get("Providers") or ["AWS", "Azure", "GCP"]
        kept = [item for item in own if item["Provider"] in providers]
        return replace(answer.with_body(json.dumps({"StandardsSubscriptions": kept}).encode()), status=200)

    layer.answer("securityhub:GetEnabledStandards", {})
    layer.change("securityhub:GetEnabledStandards", change)
