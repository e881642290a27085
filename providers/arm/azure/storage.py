"""Storage accounts in templates, with their blob service, containers and lifecycle rules."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import FALSE, NONE, NULL, read
from providers.arm.declared import Declared
from providers.arm.mapping import Default, Mapping
from providers.arm.world import World
from providers.azure.storage import ACCOUNT, ACCOUNT_SHAPE, BLOB_SERVICE_SHAPE, POLICY_SHAPE

_SERVICE: Final = f"{ACCOUNT}/blobServices"
_CONTAINER: Final = f"{_SERVICE}/containers"
_IMMUTABILITY: Final = f"{_CONTAINER}/immutabilityPolicies"
_POLICY: Final = f"{ACCOUNT}/managementPolicies"

_SERVICE_DEFAULTS: Final = {
    # "Soft delete for blobs", "Soft delete for containers", "Blob versioning": off until they are enabled; what enables
    # them in the portal writes them into the request.
    "delete_retention_days": NULL,
    "container_delete_retention_days": NULL,
    "versioning_enabled": FALSE,
}


def _blob_service(item: Declared, world: World) -> Any:
    kind = item.body.get("kind")
    if not isinstance(kind, str) or kind.lower() == "filestorage":
        # An account for files alone has no blob service.
        return None if isinstance(kind, str) else kind
    absent = {name: default.value for name, default in _SERVICE_DEFAULTS.items()}
    return world.one(
        item.key, (_SERVICE,), lambda part: read(world, part, BLOB_SERVICE_SHAPE, _SERVICE_DEFAULTS), absent
    )


def _containers(item: Declared, world: World) -> Any:
    kind = item.body.get("kind")
    if not isinstance(kind, str) or kind.lower() == "filestorage":
        return None if isinstance(kind, str) else kind

    def container(part: Declared) -> dict[str, Any]:
        policy = world.one(part.key, (_IMMUTABILITY,), lambda _: True, False)
        # Holds are laid on a container by an action, which is none of a template.
        return {"name": part.last, "immutability_policy": policy, "legal_hold": False}

    keys = ("name", "immutability_policy", "legal_hold")
    return world.many(f"{item.key}/blobservices/default", (_CONTAINER,), container, keys)


def _lifecycle(item: Declared, world: World) -> Any:
    return world.one(item.key, (_POLICY,), lambda part: read(world, part, POLICY_SHAPE)["lifecycle_rules"], [])


MAPPINGS: Final = (
    Mapping(
        ACCOUNT,
        ACCOUNT_SHAPE,
        defaults={
            "https_traffic_only": Default(
                True, "Storage Accounts - Create: supportsHttpsTrafficOnly is true since 2019-04-01", since="2019-04-01"
            ),
            # Storage Accounts - Create: "The default value is null, which is equivalent to true".
            "allow_shared_key_access": NULL,
            "public_network_access": NULL,
            "default_network_action": NULL,
            "allowed_ip_ranges": NONE,
            "key_source": Default("Microsoft.Storage", "Storage Accounts - Create: Encryption.keySource"),
            "infrastructure_encryption": NULL,
            "hierarchical_namespace": NULL,
            "immutability_state": NULL,
        },
        derived={"blob_service": _blob_service, "containers": _containers, "lifecycle_rules": _lifecycle},
        untold=("key1_created_at", "key2_created_at", "private_endpoint_connection_ids"),
        parts=(_SERVICE, _CONTAINER, _IMMUTABILITY, _POLICY),
    ),
)
