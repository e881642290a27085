"""Terraform's provider azurerm: what its resources are in the types of :mod:`providers.azure`.

Defaults stand beside the attributes that have them. In a plan the provider has written its own already: they hold where
an older format leaves an attribute out, and where it is the API that decides.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from providers.azure.subscriptions import SUBSCRIPTION
from providers.terraform.azurerm.whereabouts import whereabouts
from providers.terraform.catalogue import Catalogue, catalogue

__all__ = ["ALSO_NAMED", "CATALOGUE", "SERVICES", "whereabouts"]

ALSO_NAMED: Final[tuple[str, ...]] = ()

SERVICES: Final = (
    "analytics",
    "authorization",
    "compute",
    "containers",
    "databases",
    "keyvault",
    "messaging",
    "metrics",
    "monitor",
    "network",
    "recoveryservices",
    "security",
    "security_groups",
    "sql",
    "storage",
    "web",
)
"""The modules that declare ``MAPPINGS``, ``SETTINGS`` (of subscriptions), or both.

``ALSO`` names Terraform types that its mappings read for others only."""

_MODULES: Final = tuple(import_module(f"{__name__}.{service}") for service in SERVICES)

CATALOGUE: Final[Catalogue] = catalogue(
    "azure",
    [mapping for module in _MODULES for mapping in getattr(module, "MAPPINGS", ())],
    [setting for module in _MODULES for setting in getattr(module, "SETTINGS", ())],
    [name for module in _MODULES for name in getattr(module, "ALSO", ())],
    accounts={SUBSCRIPTION: lambda account: f"/subscriptions/{account}"},
    region=None,
    caseless=True,
)
