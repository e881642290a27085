"""Artifact Registry: repositories, and whether what is pushed there is scanned.

Source: provider documentation, google_artifact_registry_repository.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.artifactregistry import REPOSITORY
from providers.terraform.block import Block
from providers.terraform.google.naming import LABELS, mapping
from providers.terraform.mapping import Attribute, Derived

_SCANNING: Final = "vulnerability_scanning_config"


def _scanning(block: Block) -> Any:
    """What the repository itself says: it is left out of scanning, or follows the project."""
    wanted = block.get(f"{_SCANNING}.enablement_config", None, optional=True)
    if isinstance(wanted, Unread):
        return wanted
    return "SCANNING_DISABLED" if wanted == "DISABLED" else None


MAPPINGS: Final = (
    mapping(
        "artifactregistry.googleapis.com",
        REPOSITORY,
        "google_artifact_registry_repository",
        {
            "format": Attribute("format"),
            "scanning": Derived((f"{_SCANNING}.enablement_config",), _scanning, "API reference: not set is INHERITED"),
            "tags": LABELS,
        },
        keys=("id", "name", "repository_id"),
        name=Attribute("repository_id", None),
    ),
)
