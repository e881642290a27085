"""Amazon MQ: a broker."""

from __future__ import annotations

from typing import Any

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    broker("orders", "ACTIVEMQ", General=True, Audit=False)


def broker(name: str, engine: str, **logs: Any) -> str:
    """Make a broker that logs this; its id."""
    made = client("mq").create_broker(
        BrokerName=name,
        EngineType=engine,
        EngineVersion="5.18" if engine == "ACTIVEMQ" else "3.13",
        DeploymentMode="SINGLE_INSTANCE",
        HostInstanceType="mq.t3.micro",
        PubliclyAccessible=False,
        AutoMinorVersionUpgrade=True,
        Users=[{"Username": "admin", "Password": CANARY}],
        Logs=logs,
    )
    return str(made["BrokerId"])
