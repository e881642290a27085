"""AWS Step Functions: state machines and where they log what they did. Their definitions are not asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

STATE_MACHINE: Final = "AWS::StepFunctions::StateMachine"
TYPES: Final = (ResourceType(STATE_MACHINE),)


def _state_machines(aws: Caller, scope: Scope) -> Iterator[Found]:
    for machine in aws.pages("stepfunctions", "list_state_machines", "stateMachines"):
        yield Found(STATE_MACHINE, machine["stateMachineArn"], {}, machine["name"])


def _logging(aws: Caller, machine: Resource) -> Mapping[str, Any]:
    answer = aws.call(
        "stepfunctions", "describe_state_machine", stateMachineArn=machine.id, includedData="METADATA_ONLY"
    )
    logging = answer.get("loggingConfiguration")
    if logging is None:
        # Where nothing is logged, AWS says so: level OFF.
        return {"log_level": MISSING, "log_groups": MISSING}
    groups = [destination.get("cloudWatchLogsLogGroup") or {} for destination in logging.get("destinations") or []]
    return {
        "log_level": attribute(logging, "level"),
        "log_groups": [attribute(group, "logGroupArn") for group in groups],
    }


READERS: Final = (
    Reader(
        operations=("stepfunctions:ListStateMachines",),
        read=_state_machines,
        lists=(STATE_MACHINE,),
        fills={},
        permissions=("states:ListStateMachines",),
    ),
    Reader(
        operations=("stepfunctions:DescribeStateMachine",),
        read=_logging,
        per="resource",
        of=STATE_MACHINE,
        fills={STATE_MACHINE: ("log_level", "log_groups")},
        permissions=("states:DescribeStateMachine",),
        gone_codes=frozenset({"StateMachineDoesNotExist"}),
    ),
)
