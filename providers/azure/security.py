"""Microsoft Defender for Cloud: the plans of a subscription, and whom it tells of alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import OFF, below
from providers.azure.shapes import Shape, always, shaped, since
from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import Resource, ResourceType

if TYPE_CHECKING:
    from providers.azure.caller import Caller

TYPES: Final[tuple[ResourceType, ...]] = ()
PRICINGS: Final = "2024-01-01"
CONTACTS: Final = "2023-12-01-preview"

_PLAN: Final[Shape] = {
    "name": always("name"),
    "pricing_tier": always("properties.pricingTier"),
    "sub_plan": since("2022-03-01", "properties.subPlan"),
    "deprecated": since("2022-03-01", "properties.deprecated", False),
}


def _plans(azure: Caller, subscription: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{subscription.id}/providers/Microsoft.Security/pricings", PRICINGS)
    return {"defender_plans": [shaped(_PLAN, item, PRICINGS) for item in items]}


def _severity(sources: Sequence[Mapping[str, Any]]) -> str | None:
    """From which severity on alerts are told; None where they are not."""
    alerts = [source["minimalSeverity"] for source in sources if source["sourceType"] == "Alert"]
    return str(alerts[0]) if alerts else None


def _roles(by_role: Mapping[str, Any]) -> list[str]:
    return [str(role) for role in by_role["roles"]] if by_role["state"] == "On" else []


_CONTACT: Final[Shape] = {
    "name": always("name"),
    "enabled": always("properties.isEnabled"),
    # The addresses themselves are nobody's business here.
    "has_email": since(CONTACTS, "properties.emails", False, lambda emails: bool(emails.strip(" ;,"))),
    "alert_minimal_severity": since(CONTACTS, "properties.notificationsSources", None, _severity),
    "notified_roles": since(CONTACTS, "properties.notificationsByRole", [], _roles),
}


def _contacts(azure: Caller, subscription: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{subscription.id}/providers/Microsoft.Security/securityContacts", CONTACTS)
    return {"security_contacts": [shaped(_CONTACT, item, CONTACTS) for item in items]}


READERS: Final = (
    # Without the resource provider no plan is on, and nobody is told.
    below(
        SUBSCRIPTION,
        ("defender_plans",),
        "Microsoft.Security/pricings",
        _plans,
        gone_codes=frozenset(),
        off_codes=OFF,
        absent={"defender_plans": []},
    ),
    below(
        SUBSCRIPTION,
        ("security_contacts",),
        "Microsoft.Security/securityContacts",
        _contacts,
        gone_codes=frozenset(),
        off_codes=OFF,
        absent={"security_contacts": []},
    ),
)
