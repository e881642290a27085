"""Amazon ECR: repositories, scanned as the registry of their region says where the plan holds that."""

from __future__ import annotations

import re
from typing import Any, Final

from providers.aws.ecr import REPOSITORY
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

REGISTRY: Final = "aws_ecr_registry_scanning_configuration"
ALSO: Final = (REGISTRY,)
_PROVIDER: Final = "provider documentation, aws_ecr_repository"
_NOT_HELD: Final = Unread("not_collected", detail="how the registry scans is not in this plan")


def _registry(block: Block) -> Block | Unread:
    """What the registry of the repository's region says; it has one such setting."""
    found = block.referring.beside((REGISTRY,))
    return found[0] if len(found) == 1 else _NOT_HELD


def _scan_type(block: Block) -> Any:
    registry = _registry(block)
    return registry if isinstance(registry, Unread) else registry.get("scan_type")


def _frequency(block: Block) -> Any:
    """How often images are scanned by the registry's rules: continuously before on push, and else by hand."""
    registry, name = _registry(block), block.get("name")
    if isinstance(registry, Unread) or isinstance(name, Unread):
        return registry if isinstance(registry, Unread) else name
    rules = registry.blocks("rule")
    if isinstance(rules, Unread):
        return rules
    found = [frequency for rule in rules if (frequency := _of_rule(rule, name)) is not None]
    unread = next((frequency for frequency in found if isinstance(frequency, Unread)), None)
    if unread is not None:
        return unread
    return next((kind for kind in ("CONTINUOUS_SCAN", "SCAN_ON_PUSH") if kind in found), "MANUAL")


def _of_rule(rule: Block, name: str) -> Any:
    """The frequency of a rule that is about a repository; None of one that is not."""
    filters = rule.blocks("repository_filter")
    if isinstance(filters, Unread):
        return filters
    patterns = [row.get("filter") for row in filters]
    if any(isinstance(pattern, str) and _matches(pattern, name) for pattern in patterns):
        return rule.get("scan_frequency")
    return next((pattern for pattern in patterns if isinstance(pattern, Unread)), None)


def _matches(pattern: str, name: str) -> bool:
    # "A filter that contains no wildcard will match all repository names that contain the filter" (User Guide, "Filters
    # to choose which repositories are scanned").
    if "*" not in pattern:
        return pattern in name
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def _exclusions(block: Block) -> Any:
    filters = block.blocks("image_tag_mutability_exclusion_filter", optional=True)
    return filters if isinstance(filters, Unread) else [row.get("filter") for row in filters]


MAPPINGS: Final = (
    Mapping(
        type=REPOSITORY,
        terraform="aws_ecr_repository",
        keys=("name", "id", "arn"),
        properties={
            "registry_scan_type": Derived((), _scan_type),
            "scan_frequency": Derived(("name",), _frequency),
            "scan_on_push": Attribute(
                "image_scanning_configuration.scan_on_push", False, "ECR API, ImageScanningConfiguration"
            ),
            "image_tag_mutability": Attribute("image_tag_mutability", "MUTABLE", _PROVIDER),
            "mutability_exclusions": Derived(("image_tag_mutability_exclusion_filter.filter",), _exclusions),
        },
    ),
)
