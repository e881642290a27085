"""Terraform's GitHub provider: what its resources are in the types of :mod:`providers.github`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from providers.github.organizations import ORGANIZATION
from providers.terraform.catalogue import Catalogue, catalogue
from providers.terraform.github.whereabouts import whereabouts

__all__ = ["ALSO_NAMED", "CATALOGUE", "SERVICES", "whereabouts"]

ALSO_NAMED: Final[tuple[str, ...]] = ()
SERVICES: Final = ("organizations", "repositories")
"""The modules, one a subject, as of :data:`providers.terraform.aws.SERVICES`."""

_MODULES: Final = tuple(import_module(f"{__name__}.{service}") for service in SERVICES)

CATALOGUE: Final[Catalogue] = catalogue(
    "github",
    [mapping for module in _MODULES for mapping in getattr(module, "MAPPINGS", ())],
    [setting for module in _MODULES for setting in getattr(module, "SETTINGS", ())],
    accounts={ORGANIZATION: lambda organization: organization},
    region=None,
)
