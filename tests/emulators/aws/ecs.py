"""Amazon ECS: a service on an older revision, whose environment holds a secret."""

from __future__ import annotations

from typing import Any

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.overrides import Overrides

BREAKER: dict[str, Any] = {"enable": False, "rollback": False}


def correct(layer: Overrides) -> None:
    layer.edit("ecs:DescribeServices", _with_configuration)


def _with_configuration(document: Document) -> None:
    # moto keeps no deployment configuration; ECS gives every service that it deploys itself the default one.
    for service in document.items("services"):
        if service.get("deploymentController", {}).get("type", "ECS") == "ECS":
            service.setdefault("deploymentConfiguration", {"deploymentCircuitBreaker": BREAKER, "maximumPercent": 200})


def build(wire: AwsWire) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="shop")
    container = {"name": "app", "image": "web", "memory": 128, "user": "app"}
    secret = [{"name": "DB_PASSWORD", "value": CANARY}]
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "application"}}
    host = {"networkMode": "host", "pidMode": "task", "ipcMode": "task"}
    for more in ({"environment": secret}, {"logConfiguration": logs}):
        ecs.register_task_definition(family="web", containerDefinitions=[{**container, **more}], **host)
    ecs.create_service(cluster="shop", serviceName="web", taskDefinition="web:1", desiredCount=1)
