"""Amazon EventBridge: the rules of every event bus, and where they send what they match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

RULE: Final = "AWS::Events::Rule"
TYPES: Final = (ResourceType(RULE),)
_GONE: Final = "ResourceNotFoundException"


def _rules(aws: Caller, scope: Scope) -> Iterator[Found]:
    for bus in aws.pages("events", "list_event_buses", "EventBuses"):
        # A bus that was deleted meanwhile has no rules.
        for rule in aws.pages("events", "list_rules", "Rules", gone=_GONE, EventBusName=bus["Name"]):
            properties = {
                "event_bus_name": bus["Name"],
                "state": attribute(rule, "State"),
                # A rule has a pattern, a schedule or both; a service's own rules name the service.
                "event_pattern": rule.get("EventPattern"),
                "managed_by": rule.get("ManagedBy"),
            }
            yield Found(RULE, rule["Arn"], properties, rule["Name"])


def _targets(aws: Caller, rule: Resource) -> Mapping[str, Any]:
    bus = rule.properties["event_bus_name"]
    targets = aws.pages("events", "list_targets_by_rule", "Targets", Rule=rule.name, EventBusName=bus)
    return {"targets": [_target(target) for target in targets]}


def _target(target: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "id": attribute(target, "Id"),
        "arn": attribute(target, "Arn"),
        "dead_letter_arn": (target.get("DeadLetterConfig") or {}).get("Arn"),
    }


READERS: Final = (
    Reader(
        operations=("events:ListEventBuses", "events:ListRules"),
        read=_rules,
        lists=(RULE,),
        fills={RULE: ("event_bus_name", "state", "event_pattern", "managed_by")},
        permissions=("events:ListEventBuses", "events:ListRules"),
    ),
    Reader(
        operations=("events:ListTargetsByRule",),
        read=_targets,
        per="resource",
        of=RULE,
        needs=("event_bus_name",),
        fills={RULE: ("targets",)},
        permissions=("events:ListTargetsByRule",),
        gone_codes=frozenset({_GONE}),
    ),
)
