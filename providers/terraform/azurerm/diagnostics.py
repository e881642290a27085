"""Azure Monitor: diagnostic settings, each a part of the resource whose logs it sends somewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.azure.shapes import arm_id
from providers.base import Unread
from providers.terraform.azurerm.naming import refer, rows, said
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Part, Split

SETTING: Final = "azurerm_monitor_diagnostic_setting"
TARGET: Final = "target_resource_id"
PATHS: Final = (
    *("name", "storage_account_id", "log_analytics_workspace_id", "eventhub_authorization_rule_id"),
    *("partner_solution_id", "enabled_log"),
)
ELEMENT: Final = (
    *("name", "storage_account_id", "workspace_id", "event_hub_authorization_rule_id", "marketplace_partner_id"),
    "logs",
)


def _log(row: Block) -> dict[str, Any]:
    category, group = (said(row.get(name, None, optional=True)) for name in ("category", "category_group"))
    # "enabled_log" is what is enabled; "log" of older versions says it, true by default (provider documentation).
    return {"category": category, "category_group": group, "enabled": row.get("enabled", True, optional=True)}


def _logs(block: Block) -> Any:
    found = [rows(block, path, _log, optional=True) for path in ("enabled_log", "log")]
    unread = next((items for items in found if isinstance(items, Unread)), None)
    return unread if unread is not None else [row for items in found for row in items]


def setting(block: Block) -> list[dict[str, Any]]:
    """A diagnostic setting, in a list."""
    return [
        {
            "name": block.get("name"),
            "storage_account_id": refer(block, "storage_account_id"),
            "workspace_id": refer(block, "log_analytics_workspace_id"),
            "event_hub_authorization_rule_id": refer(block, "eventhub_authorization_rule_id"),
            "marketplace_partner_id": refer(block, "partner_solution_id", optional=True),
            "logs": _logs(block),
        }
    ]


def _of(type_: str, terraform: tuple[str, ...], below: str) -> Callable[[Block], Any]:
    within = f"/providers/{type_}/".lower()

    def applies(block: Block) -> Any:
        value = block.get(TARGET, None, computed=False)
        if isinstance(value, str):
            before, between, own = arm_id(value).removesuffix(below).partition(within)
            # What lies further below (a slot of a site) is another resource.
            return bool(before and between) and "/" not in own and arm_id(value).endswith(below)
        found = block.referring.one(block.references(TARGET))
        return True if found is None else found[0] in terraform

    return applies


def settings(type_: str, terraform: tuple[str, ...], name: str = "diagnostic_settings", below: str = "") -> Part:
    """The diagnostic settings of the resources of a type, of these Terraform types, or of what lies ``below`` them.

    Settings of other resources are none of theirs: where the target is an attribute of one, it is of no other.
    """
    fills = {name: Derived(PATHS, setting)}
    return Part(SETTING, TARGET, fills, _of(type_, terraform, below), below=below)


SPLIT: Final = Split(
    [],
    "Azure Monitor documentation, 'Diagnostic settings': nothing is sent until one is made",
    group=list,
    element=ELEMENT,
)
