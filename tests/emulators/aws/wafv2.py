"""AWS WAF: web ACLs of a region and of CloudFront, with logs and without."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Request, identify
from tests.emulators.overrides import Overrides

DESTINATION: Final = "arn:aws:s3:::aws-waf-logs-northwind"


def correct(layer: Overrides) -> None:
    # moto lists no log of CloudFront's web ACLs, and does not look at LogScope.
    logs = _Logs()
    layer.answer("wafv2:PutLoggingConfiguration", logs.put)
    layer.answer("wafv2:ListLoggingConfigurations", logs.listed)


def build(wire: AwsWire) -> None:
    log(web_acl("front"))
    web_acl("edge", "CLOUDFRONT")


def web_acl(name: str, scope: str = "REGIONAL", region: str = HOME) -> str:
    """Make a web ACL that lets everything through; its ARN."""
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    waf = client("wafv2", "us-east-1" if scope == "CLOUDFRONT" else region)
    made = waf.create_web_acl(Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=seen)
    return str(made["Summary"]["ARN"])


def log(arn: str, default: str | None = None, *behaviors: str, owner: str = "CUSTOMER") -> None:
    """Let a web ACL log, with filters that keep or drop what is blocked where there is a ``default``."""
    blocked = {"Requirement": "MEETS_ANY", "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}]}
    config: dict[str, Any] = {"ResourceArn": arn, "LogDestinationConfigs": [DESTINATION], "LogScope": owner}
    if default:
        filters = [{"Behavior": behavior, **blocked} for behavior in behaviors]
        config["LoggingFilter"] = {"DefaultBehavior": default, "Filters": filters}
    client("wafv2", arn.split(":")[3]).put_logging_configuration(LoggingConfiguration=config)


class _Logs:
    """The logging configurations of an account: one a web ACL and owner."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, Any]] = {}

    def put(self, request: Request) -> dict[str, Any]:
        """PutLoggingConfiguration."""
        config = json.loads(request.body)["LoggingConfiguration"]
        self._held[config["ResourceArn"], config.get("LogScope", "CUSTOMER")] = config
        return {"LoggingConfiguration": config}

    def listed(self, request: Request) -> dict[str, Any]:
        """ListLoggingConfigurations."""
        asked = json.loads(request.body)
        scope = "global/" if asked["Scope"] == "CLOUDFRONT" else "regional/"
        here, wanted = f":wafv2:{identify(request).region}:", asked.get("LogScope", "CUSTOMER")
        found = [
            config
            for (arn, owner), config in self._held.items()
            if owner == wanted and here in arn and f":{scope}" in arn
        ]
        return {"LoggingConfigurations": found}
