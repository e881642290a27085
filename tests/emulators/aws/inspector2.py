"""Amazon Inspector: an account that never enabled it, and findings by their filters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.emulators.aws_services import HOME, client
from tests.emulators.identify import Request, identify
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.wire import Answer, Exchange

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.overrides import Overrides


def correct(layer: Overrides) -> None:
    layer.change("inspector2:BatchGetAccountStatus", _disabled)


def findings(layer: Overrides, found: Sequence[dict[str, Any]]) -> None:
    """Let Inspector hold these findings (see :func:`finding`); each in its region."""

    def listed(request: Request) -> dict[str, Any]:
        criteria = json.loads(request.body).get("filterCriteria", {})
        region = identify(request).region
        return {
            "findings": [
                item
                for item in found
                if f":{region}:" in item["findingArn"]
                and all(item.get(field) in _values(filters) for field, filters in criteria.items())
            ]
        }

    def named(request: Request) -> dict[str, Any]:
        # What the filters name otherwise than the finding does.
        body = json.loads(request.body)
        criteria = body.get("filterCriteria", {})
        if "findingStatus" in criteria:
            criteria["status"] = criteria.pop("findingStatus")
        return listed(Request(request.method, request.target, request.headers, json.dumps(body).encode()))

    layer.answer("inspector2:ListFindings", named)


def _values(filters: Sequence[dict[str, str]]) -> set[str]:
    assert {row["comparison"] for row in filters} == {"EQUALS"}
    return {row["value"] for row in filters}


def finding(id_: str, severity: str, observed: str, **more: Any) -> dict[str, Any]:
    """A finding as ListFindings answers; ``region``, and any member of it, may be others than usual."""
    region = more.pop("region", HOME)
    return {
        "awsAccountId": ACCOUNT,
        "description": "A package is vulnerable.",
        "findingArn": f"arn:aws:inspector2:{region}:{ACCOUNT}:finding/{id_}",
        "firstObservedAt": datetime.fromisoformat(observed).timestamp(),
        "fixAvailable": "YES",
        "lastObservedAt": datetime.fromisoformat(observed).timestamp(),
        "remediation": {"recommendation": {"text": "None Provided"}},
        "resources": [{"id": "i-0123456789abcdef0", "type": "AWS_EC2_INSTANCE"}],
        "severity": severity,
        "status": "ACTIVE",
        "title": f"CVE-2026-{id_} - openssl",
        "type": "PACKAGE_VULNERABILITY",
        **more,
    }


def build(wire: AwsWire) -> None:
    client("inspector2").enable(accountIds=[ACCOUNT], resourceTypes=["EC2", "ECR", "LAMBDA"])
    findings(
        wire.overrides, [finding("1", "CRITICAL", "2026-10-01T00:00:00Z"), finding("2", "HIGH", "2026-11-20T00:00:00Z")]
    )


def _disabled(exchange: Exchange, answer: Answer) -> Answer:
    """Tell the state of accounts that never enabled anything, which moto leaves out."""
    if answer.status != 200:
        return answer
    body = json.loads(answer.body)
    told = {account["accountId"] for account in body["accounts"]}
    off = {"status": "DISABLED"}
    for account in json.loads(exchange.request.body).get("accountIds") or []:
        if account not in told:
            scans = dict.fromkeys(("ec2", "ecr", "lambda", "lambdaCode"), off)
            body["accounts"].append({"accountId": account, "resourceState": scans, "state": off})
    return answer.with_body(json.dumps(body).encode())
