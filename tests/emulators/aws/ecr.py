"""Amazon ECR: a repository whose tags are immutable but for one."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    client("ecr").create_repository(
        repositoryName="web",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "latest"}],
    )
