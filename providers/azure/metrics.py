"""Azure Monitor on metrics: the alerts that they raise, and the scaling that they drive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always, arm_id, region, since
from providers.base import GLOBAL, ResourceType

ALERT: Final = "Microsoft.Insights/metricAlerts"
SCALING: Final = "Microsoft.Insights/autoscaleSettings"
TYPES: Final = (ResourceType(ALERT, GLOBAL), ResourceType(SCALING, GLOBAL))


def _names(criteria: Mapping[str, Any]) -> list[str]:
    """The metrics of an alert; an availability test has none."""
    return [str(condition["metricName"]) for condition in criteria.get("allOf") or []]


ALERT_SHAPE: Final[Shape] = {
    "enabled": always("properties.enabled"),
    "scopes": always("properties.scopes", lambda scopes: [arm_id(scope) for scope in scopes]),
    "target_type": since("2018-03-01", "properties.targetResourceType", None, str.lower),
    "target_region": since("2018-03-01", "properties.targetResourceRegion", None, region),
    "metrics": always("properties.criteria", _names),
    "action_group_ids": since(
        "2018-03-01",
        "properties.actions",
        [],
        lambda actions: [arm_id(action["actionGroupId"]) for action in actions if action.get("actionGroupId")],
    ),
}


def _profiles(profiles: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": profile["name"],
            "minimum": int(profile["capacity"]["minimum"]),
            "maximum": int(profile["capacity"]["maximum"]),
            "rules": len(profile.get("rules") or []),
        }
        for profile in profiles
    ]


SCALING_SHAPE: Final[Shape] = {
    "enabled": always("properties.enabled"),
    "target_id": since("2015-04-01", "properties.targetResourceUri", None, arm_id),
    "profiles": always("properties.profiles", _profiles),
    "predictive_mode": since("2022-10-01", "properties.predictiveAutoscalePolicy.scaleMode"),
}

READERS: Final = (bulk(ALERT, ALERT_SHAPE), bulk(SCALING, SCALING_SHAPE))
