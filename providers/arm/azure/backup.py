"""Recovery Services vaults and their policies, and data factories, in templates."""

from __future__ import annotations

from typing import Final

from providers.arm.azure.values import NULL
from providers.arm.mapping import Mapping
from providers.azure.datafactory import FACTORY, FACTORY_SHAPE
from providers.azure.recoveryservices import POLICY, POLICY_SHAPE, VAULT, VAULT_SHAPE

MAPPINGS: Final = (
    # Soft delete where nothing is said, the service decides; immutability is off until it is asked for.
    Mapping(VAULT, VAULT_SHAPE, defaults={"immutability_state": NULL}),
    # How many items it protects, is counted by the vault.
    Mapping(POLICY, POLICY_SHAPE, untold=("protected_items",)),
    Mapping(FACTORY, FACTORY_SHAPE, defaults={"repository_type": NULL}),
)
