"""Amazon ECS: services and task definitions. Environment values are looked through and not kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from providers.aws.ecs import SERVICE, TASK_DEFINITION
from providers.base import Unread
from providers.secrets import secrets
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_CONTAINERS: Final = "container_definitions"
_MALFORMED: Final = Unread("malformed_response", detail="no container definitions")
_UNBROKEN: Final = "ECS API, DeploymentCircuitBreaker: off unless it is turned on"
_API: Final = "ECS API, RegisterTaskDefinition: left out where the default holds, which is not the host's"


def _containers(read: Callable[[list[dict[str, Any]]], Any]) -> Derived:
    """A property of the container definitions, which are a text of JSON."""

    def derived(block: Block) -> Any:
        text = block.get(_CONTAINERS)
        if isinstance(text, Unread):
            return text
        try:
            rows = json.loads(text)
            return read([_plain(row) for row in rows]) if isinstance(rows, list) and rows else _MALFORMED
        except (AttributeError, KeyError, TypeError, ValueError):
            return _MALFORMED

    return Derived((_CONTAINERS,), derived)


def _plain(row: Any) -> dict[str, Any]:
    # The provider is written in Go, whose JSON takes names of keys in any case; null is as good as nothing.
    return {key.lower(): value for key, value in row.items() if value is not None}


def _container(row: dict[str, Any]) -> dict[str, Any]:
    logging = row.get("logconfiguration")
    return {
        "name": row["name"],
        # "If this parameter is omitted, a container is assumed to be essential" (API reference, ContainerDefinition).
        "essential": _switch(row.get("essential", True)),
        "privileged": _switch(row.get("privileged", False)),
        "user": row.get("user"),
        "log_driver": None if logging is None else _plain(logging)["logdriver"],
    }


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("no switch")
    return value


def _secrets(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {"container": row["name"], **found}
        for row in rows
        for variable in map(_plain, row.get("environment") or [])
        for found in secrets({variable["name"]: variable.get("value") or ""})
    ]


def _breaker(block: Block) -> Any:
    breaker = block.block("deployment_circuit_breaker")
    if breaker is COMPUTED:
        return None
    if breaker is None or isinstance(breaker, Unread):
        return breaker
    return {"enable": breaker.get("enable"), "rollback": breaker.get("rollback")}


MAPPINGS: Final = (
    Mapping(
        type=SERVICE,
        terraform="aws_ecs_service",
        keys=("id",),
        identity=lambda block, where: block.get("id", None, computed=False),
        properties={
            "deployment_controller": Attribute("deployment_controller.type", None),
            "circuit_breaker": Derived(
                ("deployment_circuit_breaker.enable", "deployment_circuit_breaker.rollback"), _breaker, _UNBROKEN
            ),
        },
    ),
    Mapping(
        type=TASK_DEFINITION,
        terraform="aws_ecs_task_definition",
        keys=("arn", "family", "id"),
        name=Attribute("family", None),
        properties={
            "network_mode": Attribute("network_mode", None, _API),
            "pid_mode": Attribute("pid_mode", None, _API, convert=lambda mode: mode or None),
            "ipc_mode": Attribute("ipc_mode", None, _API, convert=lambda mode: mode or None),
            "containers": _containers(lambda rows: [_container(row) for row in rows]),
            "environment_secrets": _containers(_secrets),
        },
    ),
)
