"""Amazon MQ: brokers."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.mq import BROKER
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_PROVIDER: Final = "provider documentation, aws_mq_broker: false"


def _audit(block: Block) -> Any:
    """RabbitMQ has no audit log. It is text in the provider, so that it can be left open."""
    engine, value = block.get("engine_type"), block.get("logs.audit", "false")
    if isinstance(engine, Unread) or isinstance(value, Unread):
        return engine if isinstance(engine, Unread) else value
    if engine.upper() == "RABBITMQ":
        return None
    return value in (True, "true")


MAPPINGS: Final = (
    Mapping(
        type=BROKER,
        terraform="aws_mq_broker",
        name=Attribute("broker_name", None),
        properties={
            "broker_id": Attribute("id"),
            "engine_type": Attribute("engine_type", convert=str.upper),
            "general_log_enabled": Attribute("logs.general", False, _PROVIDER),
            "audit_log_enabled": Derived(("logs.audit", "engine_type"), _audit, _PROVIDER),
        },
    ),
)
