"""Kubernetes clusters and container registries in templates."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import NONE, NULL
from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import Default, Mapping, shaped
from providers.arm.world import World
from providers.azure.containers import CLUSTER, CLUSTER_SHAPE, REGISTRY, REGISTRY_SHAPE

_CHOSEN: Final = ("addons", "upgrade_channel", "local_accounts_disabled", "entra_managed")
"""What a cluster of the sku Automatic has of itself ("What is Azure Kubernetes Service (AKS) Automatic?")."""


def _unless_automatic(name: str) -> Any:
    """A property whose absence means null, or nothing, but of clusters that are set up by Azure."""
    absent = NONE if name == "addons" else NULL

    def read(item: Declared, world: World) -> Any:
        sku = item.body.get("sku")
        kind = sku.get("name") if isinstance(sku, Fields) else sku
        known = kind is None or (isinstance(kind, str) and kind.lower() != "automatic")
        value = shaped({name: CLUSTER_SHAPE[name]}, item.body, item.version, {name: absent} if known else {})
        return value[name]

    return read


MAPPINGS: Final = (
    Mapping(
        CLUSTER,
        CLUSTER_SHAPE,
        defaults={"private_api_server": NULL, "authorized_ip_ranges": NONE},
        derived={name: _unless_automatic(name) for name in _CHOSEN},
    ),
    Mapping(
        REGISTRY,
        REGISTRY_SHAPE,
        defaults={
            "admin_user_enabled": Default(False, "Registries - Create: adminUserEnabled"),
            "anonymous_pull_enabled": Default(False, "Registries - Create: anonymousPullEnabled"),
            "public_network_access": Default("Enabled", "Registries - Create: publicNetworkAccess"),
            "default_network_action": Default("Allow", "Registries - Create: NetworkRuleSet.defaultAction"),
            "allowed_ip_ranges": NONE,
        },
        untold=("private_endpoint_connection_ids",),
    ),
)
