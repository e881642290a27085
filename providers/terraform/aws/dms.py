"""AWS Database Migration Service: replication instances, and what replication tasks log."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.dms import INSTANCE, TASK, logging_of
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping


def _logging(name: str) -> Derived:
    def read(block: Block) -> Any:
        # Settings that a task leaves to DMS are known once it exists.
        settings = block.get("replication_task_settings", Unread("known_after_apply"))
        return settings if isinstance(settings, Unread) else logging_of(settings)[name]

    return Derived(("replication_task_settings",), read, "DMS User Guide, 'Task settings': DMS chooses what is not set")


MAPPINGS: Final = (
    Mapping(
        type=INSTANCE,
        terraform="aws_dms_replication_instance",
        keys=("replication_instance_id", "id", "replication_instance_arn"),
        name=Attribute("replication_instance_id", None),
        identity=lambda block, where: block.get("replication_instance_arn", None, computed=False),
        properties={
            "publicly_accessible": Attribute(
                "publicly_accessible",
                False,
                "provider source: false, which it always sends, where the API's default is true",
            )
        },
    ),
    Mapping(
        type=TASK,
        terraform="aws_dms_replication_task",
        keys=("replication_task_id", "id", "replication_task_arn"),
        name=Attribute("replication_task_id", None),
        identity=lambda block, where: block.get("replication_task_arn", None, computed=False),
        properties={"logging_enabled": _logging("logging_enabled"), "log_components": _logging("log_components")},
    ),
)
