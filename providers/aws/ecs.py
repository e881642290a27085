"""Amazon ECS: services, and the task definitions that they or the next task use. Environment values are not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute
from providers.secrets import secrets

if TYPE_CHECKING:
    from providers.aws.caller import Caller

SERVICE: Final = "AWS::ECS::Service"
TASK_DEFINITION: Final = "AWS::ECS::TaskDefinition"
TYPES: Final = (ResourceType(SERVICE), ResourceType(TASK_DEFINITION))

_A_BATCH: Final = 10
"""Services that can be described at once (API reference, DescribeServices)."""


def _in_use(aws: Caller, scope: Scope) -> Iterator[Found]:
    """Every service, and of the task definitions each family's newest active revision and those that services use.

    Older revisions stay active until somebody deregisters them, thousands in accounts that deploy often. Services may
    run one of them, or one that was deregistered since.
    """
    newest: dict[str, int] = {}
    for page in aws.whole_pages("ecs", "list_task_definitions", status="ACTIVE"):
        for arn in page["taskDefinitionArns"]:
            family, _, revision = arn.rpartition(":")
            newest[family] = max(newest.get(family, 0), int(revision))
    known = {f"{family}:{revision}" for family, revision in newest.items()}
    yield from map(_definition, sorted(known))
    for page in aws.whole_pages("ecs", "list_clusters"):
        for cluster in page["clusterArns"]:
            for service in _services(aws, cluster):
                yield Found(SERVICE, service["serviceArn"], _described(service), service["serviceName"])
                yield from map(_definition, sorted(_definitions(service) - known))
                known |= _definitions(service)


def _definition(arn: str) -> Found:
    return Found(TASK_DEFINITION, arn, {}, arn.rpartition("/")[2])


def _services(aws: Caller, cluster: str) -> Iterator[Mapping[str, Any]]:
    listed = aws.pages("ecs", "list_services", "serviceArns", gone="ClusterNotFoundException", cluster=cluster)
    arns: list[Any] = list(listed)
    for start in range(0, len(arns), _A_BATCH):
        batch = arns[start : start + _A_BATCH]
        answer = aws.call("ecs", "describe_services", cluster=cluster, services=batch)
        # Deleted since it was listed.
        missing = {failure["arn"] for failure in answer.get("failures") or [] if failure.get("reason") == "MISSING"}
        if {service["serviceArn"] for service in answer["services"]} | missing != set(batch):
            raise ValueError("the answer is not about the services that were asked for")
        yield from answer["services"]


def _described(service: Mapping[str, Any]) -> Mapping[str, Any]:
    breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker")
    return {
        # Both are optional: without a controller it is ECS's own, without a breaker there is none.
        "deployment_controller": (service.get("deploymentController") or {}).get("type"),
        "circuit_breaker": None
        if breaker is None
        else {"enable": attribute(breaker, "enable"), "rollback": attribute(breaker, "rollback")},
    }


def _definitions(service: Mapping[str, Any]) -> set[str]:
    """What a service runs: now, in a deployment that is under way, and in the task sets of other controllers."""
    running = [service, *(service.get("deployments") or []), *(service.get("taskSets") or [])]
    return {item["taskDefinition"] for item in running if item.get("taskDefinition")}


def _task_definition(aws: Caller, definition: Resource) -> Mapping[str, Any]:
    answer = aws.call("ecs", "describe_task_definition", taskDefinition=definition.id)["taskDefinition"]
    if answer["taskDefinitionArn"] != definition.id:
        raise ValueError("the answer is about another task definition")
    containers = answer["containerDefinitions"]
    if not containers:
        raise ValueError("every task has a container")
    return {
        # Left out where the default holds: bridge, and namespaces of the container's own.
        "network_mode": answer.get("networkMode"),
        "pid_mode": answer.get("pidMode"),
        "ipc_mode": answer.get("ipcMode"),
        "containers": [_container(container) for container in containers],
        "environment_secrets": [
            {"container": container["name"], **found}
            for container in containers
            # One by one: a name may be there twice.
            for variable in container.get("environment") or []
            for found in secrets({variable["name"]: variable.get("value") or ""})
        ],
    }


def _container(container: Mapping[str, Any]) -> Mapping[str, Any]:
    logging = container.get("logConfiguration")
    return {
        "name": attribute(container, "name"),
        # "If this parameter is omitted, a container is assumed to be essential."
        "essential": container.get("essential", True),
        # Parameters that nobody has to set: not privileged, and the user is the image's.
        "privileged": container.get("privileged", False),
        "user": container.get("user"),
        "log_driver": None if logging is None else attribute(logging, "logDriver"),
    }


READERS: Final = (
    Reader(
        operations=("ecs:ListTaskDefinitions", "ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices"),
        read=_in_use,
        lists=(SERVICE, TASK_DEFINITION),
        fills={SERVICE: ("deployment_controller", "circuit_breaker")},
        permissions=("ecs:ListTaskDefinitions", "ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices"),
    ),
    Reader(
        operations=("ecs:DescribeTaskDefinition",),
        read=_task_definition,
        per="resource",
        of=TASK_DEFINITION,
        fills={TASK_DEFINITION: ("network_mode", "pid_mode", "ipc_mode", "containers", "environment_secrets")},
        permissions=("ecs:DescribeTaskDefinition",),
    ),
)
