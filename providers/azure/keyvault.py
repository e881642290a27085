"""Azure Key Vault: vaults."""

from __future__ import annotations

from typing import Final

from providers.azure.monitor import exporting
from providers.azure.readers import bulk
from providers.azure.shapes import Shape, ids, since
from providers.base import GLOBAL, ResourceType

VAULT: Final = "Microsoft.KeyVault/vaults"
TYPES: Final = (ResourceType(VAULT, GLOBAL),)

_VAULT: Final[Shape] = {
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

READERS: Final = (bulk(VAULT, _VAULT), exporting(VAULT))
