"""Amazon ECR: the repositories of the private registry, and how their images are scanned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Found, Reader, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

REPOSITORY: Final = "AWS::ECR::Repository"
TYPES: Final = (ResourceType(REPOSITORY),)

_DESCRIBE: Final = "ecr:DescribeRepositories"
_REGISTRY: Final = "ecr:GetRegistryScanningConfiguration"
_SCANNING: Final = "ecr:BatchGetRepositoryScanningConfiguration"
_A_BATCH: Final = 25
"""Repositories that can be asked for at once (API reference, BatchGetRepositoryScanningConfiguration)."""


def _repositories(aws: Caller, scope: Scope) -> Iterator[Found]:
    """Every repository, with the scanning that the registry's rules and its own setting make together."""
    repositories = list(aws.pages("ecr", "describe_repositories", "repositories"))
    if not repositories:
        return
    scan_type = aws.part(_REGISTRY, lambda: _scan_type(aws))
    names = [repository["repositoryName"] for repository in repositories]
    scanning = aws.part(_SCANNING, lambda: _scanning(aws, names))
    for repository in repositories:
        name = repository["repositoryName"]
        own = scanning if isinstance(scanning, Unread) else scanning.get(name, MISSING)
        properties = {
            "registry_scan_type": scan_type,
            "scan_frequency": own if isinstance(own, Unread) else attribute(own, "scanFrequency"),
            "scan_on_push": own if isinstance(own, Unread) else attribute(own, "scanOnPush"),
            "image_tag_mutability": attribute(repository, "imageTagMutability"),
            "mutability_exclusions": _exclusions(repository),
        }
        yield Found(REPOSITORY, repository["repositoryArn"], properties, name)


def _exclusions(repository: Mapping[str, Any]) -> Any:
    """Which tags are excluded from the repository's mutability: none, unless that says so."""
    filters = repository.get("imageTagMutabilityExclusionFilters") or []
    if not filters and str(repository.get("imageTagMutability")).endswith("_WITH_EXCLUSION"):
        return MISSING
    return [attribute(excluded, "filter") for excluded in filters]


def _scan_type(aws: Caller) -> Any:
    return attribute(aws.call("ecr", "get_registry_scanning_configuration")["scanningConfiguration"], "scanType")


def _scanning(aws: Caller, names: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(names), _A_BATCH):
        batch = names[start : start + _A_BATCH]
        answer = aws.call("ecr", "batch_get_repository_scanning_configuration", repositoryNames=batch)
        found.update({row["repositoryName"]: row for row in answer["scanningConfigurations"]})
    return found


READERS: Final = (
    Reader(
        operations=(_DESCRIBE, _REGISTRY, _SCANNING),
        read=_repositories,
        lists=(REPOSITORY,),
        fills={
            REPOSITORY: (
                "registry_scan_type",
                "scan_frequency",
                "scan_on_push",
                "image_tag_mutability",
                "mutability_exclusions",
            )
        },
        permissions=(_DESCRIBE, _REGISTRY, _SCANNING),
    ),
)
