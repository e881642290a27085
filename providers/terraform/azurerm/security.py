"""Microsoft Defender for Cloud: plans and integrations of a subscription, and whom it tells of alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import Unread
from providers.terraform.azurerm.naming import NOT_HELD, PROVIDER
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Setting

PLANS: Final = (
    *("VirtualMachines", "SqlServers", "AppServices", "StorageAccounts", "KeyVaults", "Arm", "Containers"),
    *("OpenSourceRelationalDatabases", "CosmosDbs", "SqlServerVirtualMachines", "CloudPosture", "AI", "Api", "Dns"),
    *("ContainerRegistry", "KubernetesService"),
)
"""What resource_type may be (provider documentation): a subscription has each of these plans, on or off."""
INTEGRATIONS: Final = ("WDATP", "MCAS")
_REPLACED: Final = ("ContainerRegistry", "Dns", "KubernetesService")
"""Plans in whose place others have come (Defender for Cloud documentation, "deprecated" of Pricings)."""


def _plan(block: Block) -> list[dict[str, Any]]:
    name = block.get("resource_type", "VirtualMachines")
    return [
        {
            "name": name,
            "pricing_tier": block.get("tier"),
            "sub_plan": block.get("subplan", None, optional=True) or None,
            "deprecated": name if isinstance(name, Unread) else name in _REPLACED,
            # What resources have of their own is in no plan.
            "coverage": None,
        }
    ]


def _integration(block: Block) -> list[dict[str, Any]]:
    return [{"name": block.get("setting_name"), "enabled": block.get("enabled")}]


def _is_integration(block: Block) -> Any:
    name = block.get("setting_name")
    return name if isinstance(name, Unread) else name in INTEGRATIONS


def _each(names: Sequence[str], *keys: str) -> Callable[[Sequence[Any]], Any]:
    """Makes the list of what a subscription has one of by each of these names: the others are not held by this plan."""

    def group(told: Sequence[Any]) -> list[Any]:
        unread = next((row["name"] for row in told if isinstance(row["name"], Unread)), None)
        here = {row["name"] for row in told if isinstance(row["name"], str)}
        rest = unread if unread is not None else NOT_HELD
        return [*told, *({"name": name, **dict.fromkeys(keys, rest)} for name in names if name not in here)]

    return group


def _contact(block: Block) -> list[dict[str, Any]]:
    notified, admins = block.get("alert_notifications"), block.get("alerts_to_admins")
    # The provider asks for alerts without saying from which severity on.
    severity = None if notified is False else notified if isinstance(notified, Unread) else _NOT_SAID
    return [
        {
            "name": block.get("name", "default1", optional=True),
            "enabled": _either(notified, admins),
            "has_email": _said(block.get("email")),
            "alert_minimal_severity": severity,
            "notified_roles": admins if isinstance(admins, Unread) else _NOT_SAID if admins else [],
        }
    ]


_NOT_SAID: Final = Unread("not_collected", detail="the provider does not say it")


def _either(one: Any, other: Any) -> Any:
    if True in (one, other):
        return True
    return next((value for value in (one, other) if isinstance(value, Unread)), False)


def _said(value: Any) -> Any:
    return value if isinstance(value, Unread) else bool(value)


SETTINGS: Final = (
    Setting(
        SUBSCRIPTION,
        "azurerm_security_center_subscription_pricing",
        {"defender_plans": Derived(("resource_type", "tier", "subplan"), _plan, PROVIDER)},
        group=_each(PLANS, "pricing_tier", "sub_plan", "deprecated", "coverage"),
    ),
    Setting(
        SUBSCRIPTION,
        "azurerm_security_center_setting",
        {"defender_settings": Derived(("setting_name", "enabled"), _integration)},
        applies=_is_integration,
        group=_each(INTEGRATIONS, "enabled"),
    ),
    Setting(
        SUBSCRIPTION,
        "azurerm_security_center_contact",
        # A subscription has one (securityContacts API): what this plan sets is all there is.
        {"security_contacts": Derived(("email", "alert_notifications", "alerts_to_admins"), _contact)},
        group=list,
    ),
)
