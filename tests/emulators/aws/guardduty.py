"""Amazon GuardDuty: what every detector looks at, and findings, which moto does not have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tests.emulators.aws_services import HOME
from tests.emulators.bodies import Document
from tests.emulators.identify import Request, identify
from tests.emulators.moto_process import ACCOUNT

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.overrides import Overrides

_FOUNDATIONS: Final = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")


def correct(layer: Overrides) -> None:
    layer.edit("guardduty:GetDetector", _foundations)
    findings(layer, [])


def findings(layer: Overrides, found: Sequence[dict[str, Any]]) -> None:
    """Let detectors hold these findings (see :func:`finding`); each in its region."""

    def mine(request: Request) -> list[dict[str, Any]]:
        return [item for item in found if item["region"] == identify(request).region]

    def listed(request: Request) -> dict[str, Any]:
        criterion = json.loads(request.body).get("findingCriteria", {}).get("criterion", {})
        archived = criterion.get("service.archived", {}).get("equals", ["true", "false"])
        accounts = criterion.get("accountId", {}).get("equals")
        return {
            "findingIds": [
                item["id"]
                for item in mine(request)
                if str(item["service"]["archived"]).lower() in archived
                and (accounts is None or item["accountId"] in accounts)
            ]
        }

    def described(request: Request) -> dict[str, Any]:
        ids = json.loads(request.body)["findingIds"]
        assert 0 < len(ids) <= 50, "GetFindings takes 1 to 50 ids"
        return {"findings": [item for item in mine(request) if item["id"] in ids]}

    layer.answer("guardduty:ListFindings", listed)
    layer.answer("guardduty:GetFindings", described)


def finding(id_: str, severity: float, created: str, **more: Any) -> dict[str, Any]:
    """A finding as GetFindings answers; ``archived``, ``region`` and ``account`` may be others than usual."""
    region, account = more.get("region", HOME), more.get("account", ACCOUNT)
    return {
        "accountId": account,
        "arn": f"arn:aws:guardduty:{region}:{account}:detector/d/finding/{id_}",
        "createdAt": created,
        "id": id_,
        "partition": "aws",
        "region": region,
        "resource": {"resourceType": "Instance"},
        "schemaVersion": "2.0",
        "service": {"archived": more.get("archived", False), "count": 3},
        "severity": severity,
        "title": "SSH brute force",
        "type": "UnauthorizedAccess:EC2/SSHBruteForce",
        "updatedAt": "2026-11-23T11:00:00.000Z",
    }


def build(wire: AwsWire) -> None:
    findings(
        wire.overrides, [finding("a1", 8, "2026-10-01T00:00:00.000Z"), finding("b2", 2, "2026-11-20T00:00:00.000Z")]
    )


def _foundations(document: Document) -> None:
    # Foundational data sources come with each detector; moto tells what was asked for only.
    told = document.items("Features")
    named = {feature["name"] for feature in told}
    always = [{"name": name, "status": "ENABLED"} for name in _FOUNDATIONS if name not in named]
    document.keep("Features", [*always, *told])
