"""Key vaults in templates, and the keys and secrets in them."""

from __future__ import annotations

from typing import Final

from providers.arm.azure.values import FALSE, NONE, NULL, settings_of
from providers.arm.mapping import Default, Mapping
from providers.azure.keyvault import CONTENT_SHAPE, KEY, ROTATION_SHAPE, SECRET, VAULT, VAULT_SHAPE

_EXPIRY: Final = {"expires_at": Default(None, "Keys, Secrets - Create Or Update: attributes.exp is optional")}

MAPPINGS: Final = (
    Mapping(
        VAULT,
        VAULT_SHAPE,
        defaults={
            # Soft delete was off by default until 2020: what a template leaves out, the service decides.
            "purge_protection_enabled": NULL,
            "rbac_authorization_enabled": Default(
                False, "Vaults - Create Or Update: enableRbacAuthorization; true from 2026-02-01 on", until="2026-01-01"
            ),
            "default_network_action": NULL,
            "allowed_ip_ranges": NONE,
            "public_network_access": Default("enabled", "Vaults - Create Or Update: publicNetworkAccess"),
        },
        derived={"diagnostic_settings": settings_of},
        untold=("private_endpoint_connection_ids",),
    ),
    Mapping(KEY, {**CONTENT_SHAPE, **ROTATION_SHAPE}, defaults={**_EXPIRY, "rotates": FALSE}),
    Mapping(SECRET, CONTENT_SHAPE, defaults=_EXPIRY),
)
