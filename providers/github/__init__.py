"""GitHub: one module a subject declares what can be read; :mod:`providers.github.adapter` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from providers.base import Reader, ResourceType

SERVICES: Final = (
    "deployments",
    "environments",
    "organizations",
    "pull_requests",
    "pushes",
    "repositories",
    "rules",
)
"""The modules of this package that declare ``TYPES`` and ``READERS``."""

_MODULES: Final = tuple(import_module(f"providers.github.{service}") for service in SERVICES)
READERS: Final[tuple[Reader, ...]] = tuple(reader for module in _MODULES for reader in module.READERS)
TYPES: Final[Mapping[str, ResourceType]] = {type_.name: type_ for module in _MODULES for type_ in module.TYPES}
DISCOVERED: Final[Mapping[str, tuple[str, ...]]] = {"GitHub::Organization": ()}
"""The types whose resources come with the discovery, and the properties that come with them."""
DISCOVERY: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # Who a token belongs to, and of what kind an account is; an App lists its installations. All without a permission.
    ("GET /user or GET /app/installations", ()),
    ("GET /users/{username}", ()),
)
"""The operations of the discovery, each with its permissions."""


def entering(access: Mapping[str, Any]) -> dict[str, str]:
    """The permissions by which whoever scans finds further accounts: none, for a token or an App sees its own."""
    return {}
