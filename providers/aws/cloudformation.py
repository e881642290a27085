"""AWS CloudFormation: stacks, with what the last drift detection found. Parameters and outputs are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.base import MISSING, Found, Reader, ResourceType, Scope, attribute
from providers.times import instant

if TYPE_CHECKING:
    from providers.aws.caller import Caller

STACK: Final = "AWS::CloudFormation::Stack"
TYPES: Final = (ResourceType(STACK),)


def _stacks(aws: Caller, scope: Scope) -> Iterator[Found]:
    for stack in aws.pages("cloudformation", "describe_stacks", "Stacks"):
        drift = stack.get("DriftInformation")
        checked = (drift or {}).get("LastCheckTimestamp")
        properties = {
            "status": attribute(stack, "StackStatus"),
            # A nested stack names the stack that it belongs to.
            "root_id": stack.get("RootId"),
            "termination_protection": attribute(stack, "EnableTerminationProtection"),
            "drift_status": MISSING if drift is None else attribute(drift, "StackDriftStatus"),
            # Left out of a stack that was never looked at for drift.
            "last_drift_check_at": MISSING if drift is None else instant(checked) if checked else None,
        }
        yield Found(STACK, stack["StackId"], properties, stack["StackName"])


READERS: Final = (
    Reader(
        operations=("cloudformation:DescribeStacks",),
        read=_stacks,
        lists=(STACK,),
        fills={STACK: ("status", "root_id", "termination_protection", "drift_status", "last_drift_check_at")},
        # Without a stack's name it takes both (API reference, DescribeStacks).
        permissions=("cloudformation:DescribeStacks", "cloudformation:ListStacks"),
    ),
)
