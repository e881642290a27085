"""Azure Monitor: which logs of a resource, or of a subscription's activity, go where (diagnostic settings), and alerts.

A setting is of one resource and is inherited by none. "audit" and "allLogs" are groups of categories, in the place of
a category.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import OFF, below, bulk
from providers.azure.shapes import Shape, always, arm_id, shaped, since
from providers.azure.storage import ACCOUNT
from providers.azure.subscriptions import SUBSCRIPTION
from providers.base import GLOBAL, MISSING, Reader, Resource, ResourceType

if TYPE_CHECKING:
    from providers.azure.caller import Caller

SETTINGS: Final = "Microsoft.Insights/diagnosticSettings"
VERSION: Final = "2021-05-01-preview"
ACTIVITY_ALERT: Final = "Microsoft.Insights/activityLogAlerts"
WORKSPACE: Final = "Microsoft.OperationalInsights/workspaces"
TYPES: Final = tuple(ResourceType(name, GLOBAL) for name in (ACTIVITY_ALERT, WORKSPACE))
ACCOUNTS: Final = "2023-05-01"

SETTING_SHAPE: Final[Shape] = {
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
    return [shaped(SETTING_SHAPE, item, VERSION) for item in azure.items(f"{id_}/providers/{SETTINGS}", VERSION)]


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


def _action_groups(actions: Sequence[Mapping[str, Any]]) -> list[str]:
    return [arm_id(action["actionGroupId"]) for action in actions]


def _condition(condition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a condition of an activity log alert takes: any of these fields with any of its values, in lower case."""
    leaves = condition.get("anyOf") or [condition]
    return [
        {
            "field": leaf["field"].lower(),
            "values": [value.lower() for value in leaf.get("containsAny") or [leaf["equals"]]],
        }
        for leaf in leaves
    ]


def _conditions(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"any_of": _condition(condition)} for condition in conditions]


ACTIVITY_ALERT_SHAPE: Final[Shape] = {
    # Left out of a request it is true; an answer always has it.
    "enabled": always("properties.enabled"),
    "scopes": always("properties.scopes", lambda scopes: [arm_id(scope) for scope in scopes]),
    "conditions": always("properties.condition.allOf", _conditions),
    "action_group_ids": since("2017-04-01", "properties.actions.actionGroups", [], _action_groups),
}
WORKSPACE_SHAPE: Final[Shape] = {"retention_days": always("properties.retentionInDays")}
_LOG_ACCOUNT: Final[Shape] = {
    "id": always("id", arm_id),
    "allow_blob_public_access": since(ACCOUNTS, "properties.allowBlobPublicAccess"),
    "key_source": since(ACCOUNTS, "properties.encryption.keySource"),
}


def _log_accounts(azure: Caller, subscription: Resource) -> Mapping[str, Any]:
    """The storage accounts that hold the activity log, in whichever subscription they are."""
    there = _holding(subscription)
    return {"activity_log_accounts": [shaped(_LOG_ACCOUNT, azure.itself(id_, ACCOUNTS), ACCOUNTS) for id_ in there]}


def _holding(subscription: Resource) -> list[str]:
    """The ids of the storage accounts that the activity log is exported to."""
    ids = [setting["storage_account_id"] for setting in subscription.properties["diagnostic_settings"]]
    return sorted({id_ for id_ in ids if id_ is not None})


READERS: Final = (
    exporting(SUBSCRIPTION),
    bulk(ACTIVITY_ALERT, ACTIVITY_ALERT_SHAPE),
    bulk(WORKSPACE, WORKSPACE_SHAPE),
    below(
        SUBSCRIPTION,
        ("activity_log_accounts",),
        ACCOUNT,
        _log_accounts,
        needs=("diagnostic_settings",),
        known=lambda subscription: None if _holding(subscription) else {"activity_log_accounts": []},
        gone_codes=frozenset(),
    ),
)
