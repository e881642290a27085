"""AWS Database Migration Service: replication instances, and what replication tasks log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import MISSING, Found, Reader, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

INSTANCE: Final = "AWS::DMS::ReplicationInstance"
TASK: Final = "AWS::DMS::ReplicationTask"
TYPES: Final = (ResourceType(INSTANCE), ResourceType(TASK))


def _instances(aws: Caller, scope: Scope) -> Iterator[Found]:
    for instance in aws.pages("dms", "describe_replication_instances", "ReplicationInstances"):
        properties = {"publicly_accessible": attribute(instance, "PubliclyAccessible")}
        yield Found(INSTANCE, instance["ReplicationInstanceArn"], properties, instance["ReplicationInstanceIdentifier"])


def _tasks(aws: Caller, scope: Scope) -> Iterator[Found]:
    for task in aws.pages("dms", "describe_replication_tasks", "ReplicationTasks"):
        properties = logging_of(task.get("ReplicationTaskSettings"))
        yield Found(TASK, task["ReplicationTaskArn"], properties, task["ReplicationTaskIdentifier"])


def logging_of(text: str | None) -> Mapping[str, Any]:
    """What a task's settings say of its log; nothing else of them is kept."""
    settings = MISSING if text is None else document(text)
    logging = settings if isinstance(settings, Unread) else settings.get("Logging")
    if not isinstance(logging, Mapping):
        unread = logging if isinstance(logging, Unread) else MISSING
        return {"logging_enabled": unread, "log_components": unread}
    return {"logging_enabled": attribute(logging, "EnableLogging"), "log_components": _components(logging)}


def _components(logging: Mapping[str, Any]) -> list[dict[str, Any]] | Unread:
    rows = logging.get("LogComponents")
    if rows is None:
        return MISSING
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return Unread("malformed_response", detail="LogComponents is not a list of objects")
    return [{"id": attribute(row, "Id"), "severity": attribute(row, "Severity")} for row in rows]


READERS: Final = (
    Reader(
        operations=("dms:DescribeReplicationInstances",),
        read=_instances,
        lists=(INSTANCE,),
        fills={INSTANCE: ("publicly_accessible",)},
        permissions=("dms:DescribeReplicationInstances",),
    ),
    Reader(
        operations=("dms:DescribeReplicationTasks",),
        read=_tasks,
        lists=(TASK,),
        fills={TASK: ("logging_enabled", "log_components")},
        permissions=("dms:DescribeReplicationTasks",),
    ),
)
