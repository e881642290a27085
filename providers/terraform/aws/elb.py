"""Elastic Load Balancing, the first version: Classic Load Balancers."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.elb import BALANCER
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Mapping


def _listeners(block: Block) -> Any:
    rows = block.blocks("listener")
    return rows if isinstance(rows, Unread) else [_listener(row) for row in rows]


def _listener(row: Block) -> dict[str, Any]:
    port, protocol = row.get("lb_port"), row.get("lb_protocol")
    return {
        "port": port if isinstance(port, Unread) else int(port),
        # The provider takes it in any case, and ELB answers in capitals.
        "protocol": protocol if isinstance(protocol, Unread) else protocol.upper(),
    }


def _logs(block: Block) -> Any:
    logs = block.block("access_logs")
    if isinstance(logs, Unread):
        return logs
    return False if logs is None else logs.get("enabled", True)


MAPPINGS: Final = (
    Mapping(
        type=BALANCER,
        terraform="aws_elb",
        keys=("name", "id", "arn"),
        properties={
            "listeners": Derived(("listener.lb_port", "listener.lb_protocol"), _listeners),
            "access_log_enabled": Derived(
                ("access_logs.enabled",),
                _logs,
                "provider documentation, aws_elb: true where there is such a block; ELB API: off without",
            ),
        },
    ),
)
