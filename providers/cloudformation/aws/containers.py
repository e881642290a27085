"""Amazon ECR, ECS and EKS. Environment values are looked through and not kept."""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, arn, flag, tags, truth
from providers.secrets import secrets
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_API: Final = "ECS API, RegisterTaskDefinition: left out where the default holds, which is not the host's"
_VERSION: Final = Unread("known_after_apply", detail="EKS chooses the version where none is said")
_TYPES: Final = "Logging.ClusterLogging.EnabledTypes"


def _containers(block: Block) -> Any:
    rows = block.blocks("ContainerDefinitions")
    if isinstance(rows, Unread):
        return rows
    return [
        {
            "name": row.get("Name"),
            # "If this parameter is omitted, a container is assumed to be essential" (ContainerDefinition).
            "essential": truth(row.get("Essential", True)),
            "privileged": truth(row.get("Privileged", False)),
            "user": row.get("User", None),
            "log_driver": row.get("LogConfiguration.LogDriver", None),
        }
        for row in rows
    ]


def _secrets(block: Block) -> Any:
    rows = block.blocks("ContainerDefinitions")
    if isinstance(rows, Unread):
        return rows
    found = []
    for row in rows:
        variables = row.blocks("Environment")
        if isinstance(variables, Unread):
            return variables
        name = row.get("Name")
        for variable in variables:
            key, value = variable.get("Name"), variable.get("Value", "")
            unread = next((item for item in (name, key, value) if isinstance(item, Unread)), None)
            if unread is not None:
                return unread
            found += [{"container": name, **hit} for hit in secrets({key: str(value)})]
    return found


def _breaker(block: Block) -> Any:
    breaker = block.block("DeploymentConfiguration.DeploymentCircuitBreaker")
    if breaker is None or isinstance(breaker, Unread):
        return breaker
    return {"enable": truth(breaker.get("Enable")), "rollback": truth(breaker.get("Rollback"))}


def _exclusions(block: Block) -> Any:
    rows = block.blocks("ImageTagMutabilityExclusionFilters")
    return rows if isinstance(rows, Unread) else [row.get("ImageTagMutabilityExclusionFilterValue") for row in rows]


def _log_types(block: Block) -> Any:
    rows = block.blocks(_TYPES)
    if isinstance(rows, Unread):
        return rows
    names = [row.get("Type") for row in rows]
    return next((name for name in names if isinstance(name, Unread)), None) or sorted(names)


def _encrypted(block: Block) -> Any:
    rows = block.blocks("EncryptionConfig")
    if isinstance(rows, Unread):
        return rows
    found = [row.get("Resources", []) for row in rows]
    return next((row for row in found if isinstance(row, Unread)), [name for row in found for name in row])


MAPPINGS: Final = (
    Mapping(
        "AWS::ECR::Repository",
        "AWS::ECR::Repository",
        {
            "scan_on_push": flag("ImageScanningConfiguration.ScanOnPush", False),
            "image_tag_mutability": Attribute("ImageTagMutability", "MUTABLE", DOCUMENTED),
            "mutability_exclusions": Derived(("ImageTagMutabilityExclusionFilters",), _exclusions),
            "tags": tags(),
        },
        keys=("RepositoryName", "Arn"),
        name=Attribute("RepositoryName", None),
        identity=arn("AWS::ECR::Repository"),
    ),
    Mapping(
        "AWS::ECS::TaskDefinition",
        "AWS::ECS::TaskDefinition",
        {
            "network_mode": Attribute("NetworkMode", None, _API),
            "pid_mode": Attribute("PidMode", None, _API),
            "ipc_mode": Attribute("IpcMode", None, _API),
            "containers": Derived(("ContainerDefinitions",), _containers),
            "environment_secrets": Derived(("ContainerDefinitions",), _secrets),
            "tags": tags(),
        },
        keys=("TaskDefinitionArn",),
        name=Attribute("Family", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::ECS::Service",
        "AWS::ECS::Service",
        {
            "deployment_controller": Attribute("DeploymentController.Type", None),
            "circuit_breaker": Derived(("DeploymentConfiguration.DeploymentCircuitBreaker",), _breaker),
            "tags": tags(),
        },
        keys=("ServiceArn",),
        name=Attribute("ServiceName", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::EKS::Cluster",
        "AWS::EKS::Cluster",
        {
            "version": Attribute("Version", _VERSION, DOCUMENTED, convert=str),
            "endpoint_public_access": flag("ResourcesVpcConfig.EndpointPublicAccess", True),
            "public_access_cidrs": Attribute("ResourcesVpcConfig.PublicAccessCidrs", ["0.0.0.0/0"], DOCUMENTED),
            "enabled_log_types": Derived((_TYPES,), _log_types, f"{DOCUMENTED}: none"),
            "encrypted_resources": Derived(("EncryptionConfig",), _encrypted),
            "tags": tags(),
        },
        keys=("Name", "Arn"),
        name=Attribute("Name", None),
        identity=arn("AWS::EKS::Cluster"),
    ),
)
