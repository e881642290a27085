"""Amazon ECR: a repository whose tags are immutable but for one, and that asks for scans on push itself."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document


def build(wire: AwsWire) -> None:
    client("ecr").create_repository(
        repositoryName="web",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "latest"}],
        imageScanningConfiguration={"scanOnPush": True},
    )
    # moto leaves that out of what is made of it.
    wire.overrides.edit("ecr:BatchGetRepositoryScanningConfiguration", _asked_for)


def _asked_for(document: Document) -> None:
    for row in document.items("scanningConfigurations"):
        row["scanOnPush"] = True
