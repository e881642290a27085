"""Azure Key Vault: vaults, and what Resource Manager says of the keys and secrets in them, which is never a value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from providers.azure.monitor import exporting
from providers.azure.readers import below, bulk, children
from providers.azure.shapes import Shape, always, ids, shaped, since
from providers.base import GLOBAL, Resource, ResourceType
from providers.times import instant

if TYPE_CHECKING:
    from providers.azure.caller import Caller

VAULT: Final = "Microsoft.KeyVault/vaults"
KEY: Final = f"{VAULT}/keys"
SECRET: Final = f"{VAULT}/secrets"
TYPES: Final = (ResourceType(VAULT, GLOBAL), ResourceType(KEY, GLOBAL), ResourceType(SECRET, GLOBAL))
CONTENT: Final = "2023-07-01"
"""The api-version with which keys and secrets are read."""

VAULT_SHAPE: Final[Shape] = {
    "soft_delete_enabled": since("2018-02-14", "properties.enableSoftDelete"),
    "soft_delete_retention_days": since("2019-09-01", "properties.softDeleteRetentionInDays"),
    "purge_protection_enabled": since("2018-02-14", "properties.enablePurgeProtection"),
    "rbac_authorization_enabled": since("2021-04-01", "properties.enableRbacAuthorization"),
    "public_network_access": since("2021-04-01", "properties.publicNetworkAccess"),
    "default_network_action": since("2018-02-14", "properties.networkAcls.defaultAction"),
    "allowed_ip_ranges": since(
        "2018-02-14", "properties.networkAcls.ipRules", [], lambda rules: [rule["value"] for rule in rules]
    ),
    "private_endpoint_connection_ids": since("2018-02-14", "properties.privateEndpointConnections", [], ids),
}


def _moment(seconds: int) -> Any:
    """A time that is told in seconds since 1970."""
    return instant(datetime.fromtimestamp(int(seconds), UTC))


CONTENT_SHAPE: Final[Shape] = {
    "enabled": always("properties.attributes.enabled"),
    "expires_at": since("2019-09-01", "properties.attributes.exp", None, _moment),
}


def _rotates(policy: Mapping[str, Any]) -> bool:
    """Whether an action of a rotation policy makes a new version of the key by itself."""
    actions = policy.get("lifetimeActions") or []
    return any(str(action["action"]["type"]).lower() == "rotate" for action in actions)


ROTATION_SHAPE: Final[Shape] = {"rotates": since("2021-10-01", "properties.rotationPolicy", False, _rotates)}


def _rotation(azure: Caller, key: Resource) -> Mapping[str, Any]:
    return shaped(ROTATION_SHAPE, azure.get(key.id, CONTENT), CONTENT)


READERS: Final = (
    bulk(VAULT, VAULT_SHAPE),
    exporting(VAULT),
    children(VAULT, KEY, CONTENT_SHAPE, CONTENT),
    children(VAULT, SECRET, CONTENT_SHAPE, CONTENT),
    # The listing leaves out the rotation policy.
    below(KEY, ("rotates",), KEY, _rotation),
)
