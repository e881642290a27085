"""Azure Key Vault: vaults, and the keys and secrets in them, whose values are not read."""

from __future__ import annotations

from typing import Any, Final

from providers.azure.keyvault import KEY, SECRET, VAULT
from providers.base import Unread
from providers.terraform.azurerm.diagnostics import SPLIT, settings
from providers.terraform.azurerm.naming import ACCESS, NAME, PROVIDER, RESOURCE, child, either, identity
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping
from providers.times import instant

_TERRAFORM: Final = "azurerm_key_vault"
_ENABLED: Final = Constant(True, "provider source: every key and secret that it writes is enabled")
_EXPIRES: Final = Attribute("expiration_date", None, convert=lambda date: instant(date) if date else None)


def _rotates(block: Block) -> Any:
    policy = block.block("rotation_policy", optional=True)
    automatic = policy if policy is None or isinstance(policy, Unread) else policy.block("automatic")
    return automatic if isinstance(automatic, Unread) else automatic is not None


MAPPINGS: Final = (
    Mapping(
        type=VAULT,
        terraform=_TERRAFORM,
        keys=RESOURCE,
        name=NAME,
        identity=identity(VAULT),
        parts=(settings(VAULT, (_TERRAFORM,)),),
        properties={
            "soft_delete_enabled": Attribute(
                "soft_delete_enabled",
                True,
                "Key Vault documentation, 'Soft-delete overview': it is on, and cannot be switched off",
                optional=True,
            ),
            "soft_delete_retention_days": Attribute("soft_delete_retention_days", 90, PROVIDER),
            "purge_protection_enabled": Attribute("purge_protection_enabled", False, PROVIDER),
            "rbac_authorization_enabled": either(
                "rbac_authorization_enabled", "enable_rbac_authorization", default=False, source=PROVIDER
            ),
            "public_network_access": Attribute("public_network_access_enabled", True, PROVIDER, convert=ACCESS),
            # Without rules all are let in (Vaults API, NetworkRuleSet).
            "default_network_action": Attribute("network_acls.default_action", None),
            "allowed_ip_ranges": Attribute("network_acls.ip_rules", [], PROVIDER),
            "diagnostic_settings": SPLIT,
        },
    ),
    Mapping(
        type=KEY,
        terraform="azurerm_key_vault_key",
        keys=("id", "resource_versionless_id"),
        name=NAME,
        identity=child(KEY, "key_vault_id", VAULT, "resource_versionless_id"),
        properties={
            "enabled": _ENABLED,
            "expires_at": _EXPIRES,
            "rotates": Derived(("rotation_policy",), _rotates),
        },
    ),
    Mapping(
        type=SECRET,
        terraform="azurerm_key_vault_secret",
        keys=("id", "resource_versionless_id"),
        name=NAME,
        identity=child(SECRET, "key_vault_id", VAULT, "resource_versionless_id"),
        properties={"enabled": _ENABLED, "expires_at": _EXPIRES},
    ),
)
