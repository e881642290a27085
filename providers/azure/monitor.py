"""Azure Monitor: which logs of a resource, or of a subscription's activity, go where (diagnostic settings).

A setting is of one resource and is inherited by none. "audit" and "allLogs" are groups of categories, in the place of
a category.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import OFF, below
from providers.azure.shapes import Shape, always, arm_id, shaped, since
from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import MISSING, Reader, Resource, ResourceType

if TYPE_CHECKING:
    from providers.azure.caller import Caller

SETTINGS: Final = "Microsoft.Insights/diagnosticSettings"
VERSION: Final = "2021-05-01-preview"
TYPES: Final[tuple[ResourceType, ...]] = ()

_SETTING: Final[Shape] = {
    "name": always("name"),
    "storage_account_id": since(VERSION, "properties.storageAccountId", None, arm_id),
    "workspace_id": since(VERSION, "properties.workspaceId", None, arm_id),
    "event_hub_authorization_rule_id": since(VERSION, "properties.eventHubAuthorizationRuleId", None, arm_id),
    "marketplace_partner_id": since(VERSION, "properties.marketplacePartnerId", None, arm_id),
    "logs": since(VERSION, "properties.logs", [], lambda logs: [_log(log) for log in logs]),
}


def _log(log: Mapping[str, Any]) -> dict[str, Any]:
    category, group = log.get("category"), log.get("categoryGroup")
    nothing = category is None and group is None
    enabled = log.get("enabled")
    return {
        "category": MISSING if nothing else category,
        "category_group": MISSING if nothing else group,
        "enabled": MISSING if enabled is None else enabled,
    }


def diagnostic_settings(azure: Caller, id_: str) -> list[dict[str, Any]]:
    """The diagnostic settings of the resource with this id."""
    return [shaped(_SETTING, item, VERSION) for item in azure.items(f"{id_}/providers/{SETTINGS}", VERSION)]


def _settings(azure: Caller, resource: Resource) -> Mapping[str, Any]:
    return {"diagnostic_settings": diagnostic_settings(azure, resource.id)}


def exporting(type_: str) -> Reader:
    """The reader of the diagnostic settings of each resource of a type.

    A subscription is not gone when it has none of what is asked for.
    """
    more = {"gone_codes": frozenset[str]()} if type_ == SUBSCRIPTION else {}
    return below(
        type_,
        ("diagnostic_settings",),
        SETTINGS,
        _settings,
        off_codes=OFF,
        # Without the resource provider there is no setting.
        absent={"diagnostic_settings": []},
        **more,
    )


READERS: Final = (exporting(SUBSCRIPTION),)
