"""Azure: one module a service declares what can be read; :mod:`providers.azure.adapter` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from providers.base import Reader, ResourceType

SERVICES: Final = (
    "authorization",
    "compute",
    "conditional_access",
    "containers",
    "cosmosdb",
    "datafactory",
    "entra",
    "keyvault",
    "messaging",
    "metrics",
    "monitor",
    "mysql",
    "network",
    "postgresql",
    "purview",
    "recoveryservices",
    "redis",
    "security",
    "sql",
    "storage",
    "subscriptions",
    "web",
)
"""The modules of this package that declare ``TYPES`` and ``READERS``."""

_MODULES: Final = tuple(import_module(f"providers.azure.{service}") for service in SERVICES)
READERS: Final[tuple[Reader, ...]] = tuple(reader for module in _MODULES for reader in module.READERS)
TYPES: Final[Mapping[str, ResourceType]] = {type_.name: type_ for module in _MODULES for type_ in module.TYPES}
DISCOVERED: Final[Mapping[str, tuple[str, ...]]] = {
    "Microsoft.Resources/subscriptions": ("state", "tags"),
    "Microsoft.Graph/organization": (),
}
"""The types whose resources come with the discovery, and the properties that come with them."""
DISCOVERY: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("arm:Microsoft.Resources/subscriptions", ("Microsoft.Resources/subscriptions/read",)),
    # What one may do oneself; without it nobody could tell an empty answer of Resource Graph from a withheld one.
    ("arm:Microsoft.Authorization/permissions", ("Microsoft.Authorization/permissions/read",)),
)
"""The operations of the discovery, each with its permissions."""


def entering(access: Mapping[str, Any]) -> dict[str, str]:
    """The permissions by which whoever scans finds further subscriptions, and how often they are used, in words.

    A subscription is listed for whoever has a role in it, and entered with the same token. ``access`` is what the
    policy says of accounts (``azure`` of organization.yaml's access).
    """
    rules = [access.get(name) or {} for name in ("include", "exclude")]
    grouped = bool(access.get("groups")) or any("management_groups" in rule for rule in rules)
    if access.get("accounts") != "tenant" and not grouped:
        return {}
    return {"Microsoft.Management/managementGroups/descendants/read": "once a management group" if grouped else "once"}
