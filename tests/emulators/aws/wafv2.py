"""AWS WAF: web ACLs of a region and of CloudFront, with logs and without."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.emulators.arguments import argument
from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.overrides import Overrides
from tests.emulators.wire import Answer, Exchange

DESTINATION: Final = "arn:aws:s3:::aws-waf-logs-northwind"


def correct(layer: Overrides) -> None:
    layer.change("wafv2:ListLoggingConfigurations", _of_one_owner)


def build(wire: AwsWire) -> None:
    log(web_acl("front"))
    web_acl("edge", "CLOUDFRONT")


def web_acl(name: str, scope: str = "REGIONAL", region: str = HOME) -> str:
    """Make a web ACL that lets everything through; its ARN."""
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    waf = client("wafv2", "us-east-1" if scope == "CLOUDFRONT" else region)
    made = waf.create_web_acl(Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=seen)
    return str(made["Summary"]["ARN"])


def log(arn: str, default: str | None = None, *behaviors: str) -> None:
    """Let a web ACL log, with filters that keep or drop what is blocked where there is a ``default``."""
    blocked = {"Requirement": "MEETS_ANY", "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}]}
    config: dict[str, Any] = {"ResourceArn": arn, "LogDestinationConfigs": [DESTINATION]}
    if default:
        filters = [{"Behavior": behavior, **blocked} for behavior in behaviors]
        config["LoggingFilter"] = {"DefaultBehavior": default, "Filters": filters}
    client("wafv2", arn.split(":")[3]).put_logging_configuration(LoggingConfiguration=config)


def _of_one_owner(exchange: Exchange, answer: Answer) -> Answer:
    # moto does not look at LogScope. What put_logging_configuration makes is the customer's.
    owner = argument(exchange.request, exchange.call, "LogScope") or "CUSTOMER"
    if answer.status != 200 or owner == "CUSTOMER":
        return answer
    return answer.with_body(json.dumps({"LoggingConfigurations": []}).encode())
