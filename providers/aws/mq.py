"""Amazon MQ: brokers and what they log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

BROKER: Final = "AWS::AmazonMQ::Broker"
TYPES: Final = (ResourceType(BROKER),)


def _brokers(aws: Caller, scope: Scope) -> Iterator[Found]:
    for broker in aws.pages("mq", "list_brokers", "BrokerSummaries"):
        engine = attribute(broker, "EngineType")
        properties = {
            "broker_id": attribute(broker, "BrokerId"),
            # The API takes ActiveMQ for ACTIVEMQ, too.
            "engine_type": engine.upper() if isinstance(engine, str) else engine,
        }
        yield Found(BROKER, broker["BrokerArn"], properties, broker.get("BrokerName"))


def _logs(aws: Caller, broker: Resource) -> Mapping[str, Any]:
    logs = aws.call("mq", "describe_broker", BrokerId=broker.properties["broker_id"])["Logs"]
    return {
        "general_log_enabled": attribute(logs, "General"),
        # RabbitMQ has no audit log.
        "audit_log_enabled": logs.get("Audit")
        if broker.properties["engine_type"] == "RABBITMQ"
        else attribute(logs, "Audit"),
    }


READERS: Final = (
    Reader(
        operations=("mq:ListBrokers",),
        read=_brokers,
        lists=(BROKER,),
        fills={BROKER: ("broker_id", "engine_type")},
        permissions=("mq:ListBrokers",),
    ),
    Reader(
        operations=("mq:DescribeBroker",),
        read=_logs,
        per="resource",
        of=BROKER,
        needs=("broker_id", "engine_type"),
        fills={BROKER: ("general_log_enabled", "audit_log_enabled")},
        permissions=("mq:DescribeBroker",),
        gone_codes=frozenset({"NotFoundException"}),
    ),
)
