"""Terraform's Google provider: what its resources are in the types of :mod:`providers.gcp`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from providers.terraform.catalogue import Catalogue, catalogue
from providers.terraform.google.naming import ACCOUNTS
from providers.terraform.google.whereabouts import whereabouts

__all__ = ["ALSO_NAMED", "CATALOGUE", "SERVICES", "whereabouts"]

ALSO_NAMED: Final = ("google-beta",)
"""The provider of what is not generally available has the same types, with further attributes."""

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
    "dataproc",
    "deploy",
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
    "sql",
    "storage",
)
"""The modules, one a service, as of :data:`providers.terraform.aws.SERVICES`."""

_MODULES: Final = tuple(import_module(f"{__name__}.{service}") for service in SERVICES)

CATALOGUE: Final[Catalogue] = catalogue(
    "gcp",
    [mapping for module in _MODULES for mapping in getattr(module, "MAPPINGS", ())],
    [setting for module in _MODULES for setting in getattr(module, "SETTINGS", ())],
    [name for module in _MODULES for name in getattr(module, "ALSO", ())],
    accounts=ACCOUNTS,
    region=None,
)
