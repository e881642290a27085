"""Microsoft Defender for Cloud: the plans of a subscription, its alerts and whom it tells of them, and assessments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import OFF, below, bulk
from providers.azure.shapes import Shape, always, shaped, since
from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import GLOBAL, Resource, ResourceType
from providers.times import instant

if TYPE_CHECKING:
    from providers.azure.caller import Caller

ASSESSMENT: Final = "Microsoft.Security/assessments"
TYPES: Final = (ResourceType(ASSESSMENT, GLOBAL),)
PRICINGS: Final = "2024-01-01"
CONTACTS: Final = "2023-12-01-preview"
SETTINGS: Final = "2022-05-01"
ALERTS: Final = "2022-01-01"

PLAN_SHAPE: Final[Shape] = {
    "name": always("name"),
    "pricing_tier": always("properties.pricingTier"),
    "sub_plan": since("2022-03-01", "properties.subPlan"),
    "deprecated": since("2022-03-01", "properties.deprecated", False),
    # A machine may have another tier than its subscription.
    "coverage": since(PRICINGS, "properties.resourcesCoverageStatus"),
}


def _plans(azure: Caller, subscription: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{subscription.id}/providers/Microsoft.Security/pricings", PRICINGS)
    return {"defender_plans": [shaped(PLAN_SHAPE, item, PRICINGS) for item in items]}


def _severity(sources: Sequence[Mapping[str, Any]]) -> str | None:
    """From which severity on alerts are told; None where they are not."""
    alerts = [source["minimalSeverity"] for source in sources if source["sourceType"] == "Alert"]
    return str(alerts[0]) if alerts else None


def _roles(by_role: Mapping[str, Any]) -> list[str]:
    return [str(role) for role in by_role["roles"]] if by_role["state"] == "On" else []


CONTACT_SHAPE: Final[Shape] = {
    "name": always("name"),
    "enabled": always("properties.isEnabled"),
    # The addresses themselves are nobody's business here.
    "has_email": since(CONTACTS, "properties.emails", False, lambda emails: bool(emails.strip(" ;,"))),
    "alert_minimal_severity": since(CONTACTS, "properties.notificationsSources", None, _severity),
    "notified_roles": since(CONTACTS, "properties.notificationsByRole", [], _roles),
}


def _contacts(azure: Caller, subscription: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{subscription.id}/providers/Microsoft.Security/securityContacts", CONTACTS)
    return {"security_contacts": [shaped(CONTACT_SHAPE, item, CONTACTS) for item in items]}


SETTING_SHAPE: Final[Shape] = {"name": always("name"), "enabled": always("properties.enabled")}


def _settings(azure: Caller, subscription: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{subscription.id}/providers/Microsoft.Security/settings", SETTINGS)
    # Kinds of settings without an answer to whether they are on say something else.
    return {
        "defender_settings": [shaped(SETTING_SHAPE, item, SETTINGS) for item in items if item["name"] in _INTEGRATIONS]
    }


_INTEGRATIONS: Final = ("WDATP", "MCAS")
_ALERT: Final[Shape] = {
    "id": always("id"),
    "title": always("properties.alertDisplayName"),
    "severity": always("properties.severity"),
    "status": always("properties.status"),
    "started_at": always("properties.startTimeUtc", instant),
}


def _alerts(azure: Caller, subscription: Resource) -> Mapping[str, Any]:
    items = azure.items(f"{subscription.id}/providers/Microsoft.Security/alerts", ALERTS)
    return {"defender_alerts": [shaped(_ALERT, item, ALERTS) for item in items]}


def _said(text: str) -> str:
    """A column's text: Resource Graph says "" for what is not there."""
    if not text:
        raise ValueError("nothing is said")
    return text


_ASSESSMENT: Final[Shape] = {
    "key": always("name", str.lower),
    "display_name": always("displayName", _said),
    "status": always("code", _said),
    "cause": always("cause", lambda cause: cause or None),
    # Of what: the assessment's id begins with it.
    "assessed_id": always("id", lambda id_: id_.lower().partition("/providers/microsoft.security/assessments/")[0]),
}

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
    below(
        SUBSCRIPTION,
        ("defender_settings",),
        "Microsoft.Security/settings",
        _settings,
        gone_codes=frozenset(),
        off_codes=OFF,
        absent={"defender_settings": []},
    ),
    below(
        SUBSCRIPTION,
        ("defender_alerts",),
        "Microsoft.Security/alerts",
        _alerts,
        gone_codes=frozenset(),
        off_codes=OFF,
        absent={"defender_alerts": []},
    ),
    bulk(ASSESSMENT, _ASSESSMENT, "securityresources"),
)
