"""AWS Systems Manager: managed nodes and their compliance, which moto does not have, and a document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Request, identify
from tests.emulators.overrides import Overrides

_CONTENT = json.dumps({"schemaVersion": "2.2", "description": "Restart the web server", "mainSteps": []})


def correct(layer: Overrides) -> None:
    layer.answer("ssm:DescribeInstanceInformation", {"InstanceInformationList": []})
    layer.answer("ssm:ListResourceComplianceSummaries", {"ResourceComplianceSummaryItems": []})


def build(wire: AwsWire) -> None:
    reservations = client("ec2").describe_instances()["Reservations"]
    running = [instance["InstanceId"] for reservation in reservations for instance in reservation["Instances"]]
    nodes(wire, *(node(id_, HOME) for id_ in sorted(running)[:2]))
    compliance(
        wire,
        summary(sorted(running)[0], HOME, "Patch", when="2026-11-20T03:00:00Z"),
        summary(sorted(running)[0], HOME, "Association", "NON_COMPLIANT"),
    )
    document("restart-web")


def document(name: str, *shared_with: str, region: str = HOME) -> None:
    """Make a document, and share it with accounts or "all"."""
    ssm = client("ssm", region)
    ssm.create_document(Name=name, Content=_CONTENT, DocumentType="Command", DocumentFormat="JSON")
    if shared_with:
        ssm.modify_document_permission(Name=name, PermissionType="Share", AccountIdsToAdd=list(shared_with))


def node(id_: str, region: str, ping: str = "Online") -> dict[str, Any]:
    """A managed node, as DescribeInstanceInformation shows it, and its region."""
    kind = "EC2Instance" if id_.startswith("i-") else "ManagedInstance"
    return {"region": region, "InstanceId": id_, "PingStatus": ping, "ResourceType": kind, "PlatformType": "Linux"}


def summary(
    id_: str, region: str, kind: str, status: str = "COMPLIANT", when: str = "2026-11-20T03:00:00Z"
) -> dict[str, Any]:
    """A node's compliance of one kind, as ListResourceComplianceSummaries shows it, and its region."""
    return {
        "region": region,
        "ComplianceType": kind,
        "ResourceType": "ManagedInstance",
        "ResourceId": id_,
        "Status": status,
        "OverallSeverity": "UNSPECIFIED",
        "ExecutionSummary": {"ExecutionTime": when},
    }


def nodes(wire: AwsWire, *given: Mapping[str, Any]) -> None:
    """Let Systems Manager manage these nodes."""
    wire.overrides.answer("ssm:DescribeInstanceInformation", _of_region("InstanceInformationList", given))


def compliance(wire: AwsWire, *given: Mapping[str, Any]) -> None:
    """Let this be the compliance of nodes."""
    wire.overrides.answer("ssm:ListResourceComplianceSummaries", _of_region("ResourceComplianceSummaryItems", given))


def _of_region(key: str, given: tuple[Mapping[str, Any], ...]) -> Any:
    def answering(request: Request) -> dict[str, Any]:
        region = identify(request).region
        here = [item for item in given if item["region"] == region]
        return {key: [{name: value for name, value in item.items() if name != "region"} for item in here]}

    return answering
