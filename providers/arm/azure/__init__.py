"""Azure's resources in templates: what they are in the types of :mod:`providers.azure`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Mappings
from importlib import import_module
from typing import Final

from providers.arm.azure import subscriptions
from providers.arm.mapping import Mapping

SERVICES: Final = (
    "authorization",
    "backup",
    "compute",
    "containers",
    "databases",
    "keyvault",
    "messaging",
    "monitoring",
    "network",
    "sql",
    "storage",
    "web",
)
"""The modules, one a service: each has ``MAPPINGS``."""

MAPPINGS: Final[tuple[Mapping, ...]] = tuple(
    mapping for service in SERVICES for mapping in import_module(f"{__name__}.{service}").MAPPINGS
)
BY_TYPE: Final[Mappings[str, Mapping]] = {
    written.lower(): mapping for mapping in MAPPINGS for written in mapping.written
}
"""The mapping of each type of templates, in lower case."""

PARTS: Final = frozenset(part.lower() for mapping in MAPPINGS for part in mapping.parts)
"""Types that belong to an owner, in lower case."""
SETTERS: Final = frozenset(type_.lower() for type_ in subscriptions.TYPES)
"""Types that say something of a subscription, or of another resource, in lower case."""


def _fills() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for mapping in MAPPINGS:
        found[mapping.type] |= {*mapping.fills, "tags"}
    return {**{type_: frozenset(names) for type_, names in found.items()}, **subscriptions.FILLS}


FILLS: Final[Mappings[str, frozenset[str]]] = _fills()
"""The properties that templates can give, by resource type."""
