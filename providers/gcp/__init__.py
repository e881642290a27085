"""Google Cloud: one module a service declares what can be read; :mod:`providers.gcp.adapter` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from providers.base import GLOBAL, Reader, ResourceType
from providers.gcp import hierarchy
from providers.gcp.hierarchy import PERMISSIONS

SERVICES: Final = (
    "access_approval",
    "alloydb",
    "apikeys",
    "artifactregistry",
    "bigquery",
    "compute_balancers",
    "compute_firewall_policies",
    "compute_firewalls",
    "compute_instances",
    "compute_networks",
    "compute_storage",
    "data_discovery",
    "dataproc",
    "deploy",
    "directory",
    "dns",
    "essential_contacts",
    "gke",
    "iam",
    "kms",
    "logging",
    "monitoring",
    "organization_policies",
    "projects",
    "pubsub",
    "run",
    "secretmanager",
    "security_center",
    "serviceusage",
    "sql",
    "storage",
    "workload_identity",
)
"""The modules of this package that declare ``TYPES`` and ``READERS``."""

_MODULES: Final = tuple(import_module(f"providers.gcp.{service}") for service in SERVICES)
READERS: Final[tuple[Reader, ...]] = tuple(reader for module in _MODULES for reader in module.READERS)
PROJECT: Final = "cloudresourcemanager.googleapis.com/Project"
TYPES: Final[Mapping[str, ResourceType]] = {
    type_.name: type_
    for type_ in (
        ResourceType(PROJECT, GLOBAL),
        *(type_ for module in _MODULES for type_ in module.TYPES),
    )
}
DISCOVERED: Final[Mapping[str, tuple[str, ...]]] = {PROJECT: ("project_number", "ancestors", "tags")}
"""The types whose resources come with the discovery, and the properties that come with them."""
DISCOVERY: Final[tuple[tuple[str, tuple[str, ...]], ...]] = tuple(
    (name, (PERMISSIONS[name],)) for name in (hierarchy.PROJECT, hierarchy.FOLDER)
)
"""The operations of the discovery, each with its permissions."""


def entering(access: Mapping[str, Any]) -> dict[str, str]:
    """The permissions by which whoever scans finds further projects, and how often each is used, in words.

    ``access`` is what the policy says of projects (``gcp`` of organization.yaml's access).
    """
    roots = access.get("accounts", ())
    called: dict[str, str] = {}
    if roots == "organization":
        called[PERMISSIONS[hierarchy.SEARCH]] = "once"
    if roots == "organization" or any("/" in root for root in roots):
        each = "once a folder or organization"
        called |= {PERMISSIONS[name]: each for name in (hierarchy.FOLDERS, hierarchy.PROJECTS)}
    return called
