"""Alerts, workspaces for logs, and settings of scaling in templates."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import NONE, NULL
from providers.arm.mapping import Default, Mapping
from providers.azure.metrics import ALERT, ALERT_SHAPE, SCALING, SCALING_SHAPE
from providers.azure.monitor import ACTIVITY_ALERT, ACTIVITY_ALERT_SHAPE, WORKSPACE, WORKSPACE_SHAPE

_ENABLED: Final[dict[str, Any]] = {
    "enabled": Default(True, "Activity Log Alerts - Create Or Update: properties.enabled")
}

MAPPINGS: Final = (
    Mapping(ACTIVITY_ALERT, ACTIVITY_ALERT_SHAPE, defaults={**_ENABLED, "action_group_ids": NONE}),
    Mapping(WORKSPACE, WORKSPACE_SHAPE),
    Mapping(ALERT, ALERT_SHAPE, defaults={"target_type": NULL, "target_region": NULL, "action_group_ids": NONE}),
    Mapping(SCALING, SCALING_SHAPE, defaults={"target_id": NULL, "predictive_mode": NULL}),
)
