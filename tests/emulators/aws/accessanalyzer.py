"""IAM Access Analyzer, which moto does not have: nothing, or what a test says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.emulators.aws_services import HOME
from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Request, identify
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

MADE: Final = "2026-06-01T08:00:00Z"

Findings = Sequence[Mapping[str, Any]]


def correct(layer: Overrides) -> None:
    layer.answer("accessanalyzer:ListAnalyzers", {"analyzers": []})
    layer.answer("accessanalyzer:ListFindingsV2", {"findings": []})


def build(wire: AwsWire) -> None:
    analyzers(
        wire,
        analyzer("account", HOME, findings=[finding("arn:aws:s3:::northwind-public-site", "2026-11-20T08:00:00Z")]),
        analyzer("unused", HOME, "ACCOUNT_UNUSED_ACCESS"),
    )


def analyzer(
    name: str, region: str, type_: str = "ACCOUNT", status: str = "ACTIVE", findings: Findings = ()
) -> dict[str, Any]:
    """An analyzer as ListAnalyzers shows it, and beside that its findings, of which ListFindingsV2 shows the active."""
    arn = f"arn:aws:access-analyzer:{region}:{ACCOUNT}:analyzer/{name}"
    return {"arn": arn, "name": name, "type": type_, "status": status, "createdAt": MADE, "findings": list(findings)}


def finding(resource: str | None, created: str, status: str = "ACTIVE") -> dict[str, Any]:
    """A finding of access from outside."""
    about = {} if resource is None else {"resource": resource}
    return {
        "id": f"finding-{resource}-{created}",
        **about,
        "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": ACCOUNT,
        "status": status,
        "findingType": "ExternalAccess",
        "createdAt": created,
        "updatedAt": created,
        "analyzedAt": created,
    }


def analyzers(wire: AwsWire, *made: Mapping[str, Any]) -> None:
    """Let there be these analyzers, each in the region of its ARN."""

    def listed(request: Request) -> dict[str, Any]:
        region = identify(request).region
        here = [analyzer for analyzer in made if analyzer["arn"].split(":")[3] == region]
        shown = [{name: value for name, value in analyzer.items() if name != "findings"} for analyzer in here]
        return {"analyzers": shown}

    def found(request: Request) -> dict[str, Any]:
        asked = json.loads(request.body)
        wanted = (asked.get("filter") or {}).get("status", {}).get("eq")
        (findings,) = [analyzer["findings"] for analyzer in made if analyzer["arn"] == asked["analyzerArn"]]
        return {"findings": [finding for finding in findings if not wanted or finding["status"] in wanted]}

    wire.overrides.answer("accessanalyzer:ListAnalyzers", listed)
    wire.overrides.answer("accessanalyzer:ListFindingsV2", found)
