"""AWS CloudFormation: a stack, and a secret among its parameters and outputs."""

from __future__ import annotations

import json
from typing import Any, Final
from xml.etree import ElementTree

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.overrides import Overrides

TEMPLATE: Final = json.dumps(
    {
        "Parameters": {"Token": {"Type": "String"}},
        "Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
        "Outputs": {"Token": {"Value": {"Ref": "Token"}}},
    }
)


def correct(layer: Overrides) -> None:
    layer.edit("cloudformation:DescribeStacks", _with_drift)


def _with_drift(document: Document) -> None:
    # moto knows of no drift; CloudFormation tells of every stack whether it was looked for.
    for stack in document.items("Stacks"):
        if stack.find("DriftInformation") is None:
            drifted(stack, "NOT_CHECKED")


def drifted(stack: Any, status: str, checked: str | None = None) -> None:
    """Tell what a drift detection found, and when ("2026-11-24T00:00:00Z")."""
    for known in stack.findall("DriftInformation"):
        stack.remove(known)
    drift = ElementTree.SubElement(stack, "DriftInformation")
    ElementTree.SubElement(drift, "StackDriftStatus").text = status
    if checked:
        ElementTree.SubElement(drift, "LastCheckTimestamp").text = checked


def build(wire: AwsWire) -> None:
    client("cloudformation").create_stack(
        StackName="web",
        TemplateBody=TEMPLATE,
        Parameters=[{"ParameterKey": "Token", "ParameterValue": CANARY}],
        EnableTerminationProtection=True,
    )
