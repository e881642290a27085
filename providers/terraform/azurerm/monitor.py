"""Azure Monitor: alerts on the activity log, workspaces, and where a subscription's activity log goes."""

from __future__ import annotations

import re
from typing import Any, Final

from providers.azure.monitor import ACTIVITY_ALERT, WORKSPACE
from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import MISSING, Unread
from providers.terraform.azurerm.diagnostics import ELEMENT, PATHS, SETTING, TARGET, setting
from providers.terraform.azurerm.metrics import actions
from providers.terraform.azurerm.naming import NAME, PROVIDER, RESOURCE, identity, referred
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Setting

_SUBSCRIPTION: Final = re.compile(r"/subscriptions/[^/]+/?", re.IGNORECASE)
_FIELDS: Final = {
    "caller": "caller",
    "category": "category",
    "level": "level",
    "operation_name": "operationname",
    "resource_provider": "resourceprovider",
    "resource_type": "resourcetype",
    "resource_group": "resourcegroup",
    "resource_id": "resourceid",
    "status": "status",
    "sub_status": "substatus",
    "recommendation_category": "properties.recommendationcategory",
    "recommendation_impact": "properties.recommendationimpact",
    "recommendation_type": "properties.recommendationtype",
}
"""Fields of an event, in lower case, by the attribute that demands a value of each."""
_LISTS: Final = {
    "levels": "level",
    "resource_providers": "resourceprovider",
    "resource_types": "resourcetype",
    "resource_groups": "resourcegroup",
    "resource_ids": "resourceid",
    "statuses": "status",
    "sub_statuses": "substatus",
}
"""The same by the attribute that demands one of several values."""
_INNER: Final = {
    "service_health.events": "properties.incidenttype",
    "service_health.locations": "properties.impactedservices[*].impactedregions[*].regionname",
    "service_health.services": "properties.impactedservices[*].servicename",
    "resource_health.current": "properties.currenthealthstatus",
    "resource_health.previous": "properties.previoushealthstatus",
    "resource_health.reason": "properties.cause",
}


def _conditions(block: Block) -> Any:
    criteria = block.block("criteria")
    if criteria is None or isinstance(criteria, Unread):
        return MISSING if criteria is None else criteria
    singles = {own: criteria.get(path, None, optional=True) for path, own in _FIELDS.items()}
    found = [_condition(own, value) for own, value in singles.items() if value not in (None, "")]
    for path, own in {**_LISTS, **_INNER}.items():
        values = criteria.get(path, None, optional=True)
        if isinstance(values, Unread):
            found.append({"any_of": values})
        elif values:
            found.append({"any_of": [leaf for value in values for leaf in _condition(own, value)["any_of"]]})
    return found


def _condition(field: str, value: Any) -> dict[str, Any]:
    values = value if isinstance(value, Unread) else [value.lower()]
    return {"any_of": [{"field": field, "values": values}]}


def _subscriptions(block: Block) -> Any:
    """Whether a diagnostic setting is one of the subscription itself; what is not known is taken for a resource's."""
    value = block.get(TARGET, None, computed=False)
    return isinstance(value, str) and _SUBSCRIPTION.fullmatch(value) is not None


MAPPINGS: Final = (
    Mapping(
        type=ACTIVITY_ALERT,
        terraform="azurerm_monitor_activity_log_alert",
        keys=RESOURCE,
        name=NAME,
        identity=identity(ACTIVITY_ALERT),
        control=True,
        properties={
            "enabled": Attribute("enabled", True, PROVIDER),
            "scopes": Derived(("scopes",), lambda block: referred(block, "scopes")),
            "conditions": Derived(tuple(f"criteria.{path}" for path in (*_FIELDS, *_LISTS, *_INNER)), _conditions),
            "action_group_ids": actions("action"),
        },
    ),
    Mapping(
        type=WORKSPACE,
        terraform="azurerm_log_analytics_workspace",
        keys=RESOURCE,
        name=NAME,
        identity=identity(WORKSPACE),
        # What a workspace keeps that does not say it depends on its tier.
        properties={"retention_days": Attribute("retention_in_days", computed=False)},
    ),
)

SETTINGS: Final = (
    Setting(
        SUBSCRIPTION,
        SETTING,
        {"diagnostic_settings": Derived(PATHS, setting)},
        applies=_subscriptions,
        group=list,
        element=ELEMENT,
    ),
)
