"""Cloud Monitoring: alert policies, and the channels by which they reach someone.

Source: Cloud Monitoring API reference, "projects.alertPolicies", "projects.notificationChannels".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, decimal, flag, malformed, rows, seconds, text, texts
from providers.gcp.listing import Listing, by_name, listed

POLICY: Final = "monitoring.googleapis.com/AlertPolicy"
CHANNEL: Final = "monitoring.googleapis.com/NotificationChannel"
TYPES: Final = (ResourceType(POLICY, GLOBAL), ResourceType(CHANNEL, GLOBAL))
API: Final = "https://monitoring.googleapis.com/v3/projects/{project}"
HOST: Final = "monitoring.googleapis.com"


def _channels(value: Any) -> Any:
    names = texts(value)
    return [f"//{HOST}/{name}" for name in names] if isinstance(names, list) else malformed("a list of text")


# A condition is of one kind; of the others nothing stands there.
_CONDITION: Final[Mapping[str, Field]] = {
    "threshold_filter": Field("conditionThreshold.filter", text, None),
    "comparison": Field("conditionThreshold.comparison", text, None),
    # proto3's default, which is left out: zero.
    "threshold": Field("conditionThreshold.thresholdValue", decimal, "0"),
    "duration_seconds": Field("conditionThreshold.duration", seconds, 0),
    "log_filter": Field("conditionMatchedLog.filter", text, None),
}
_POLICY: Final[Mapping[str, Field]] = {
    # "The field should always be populated on List and Get operations".
    "enabled": Field("enabled", flag),
    "combiner": Field("combiner"),
    "conditions": Field("conditions", rows(_CONDITION), []),
    "channels": Field("notificationChannels", _channels, []),
}
_CHANNEL: Final[Mapping[str, Field]] = {
    "channel_type": Field("type"),
    "enabled": Field("enabled", flag),
    # Kinds of channels that need no verification have no such state.
    "verification_status": Field("verificationStatus", text, None),
}

READERS: Final = (
    listed(
        POLICY,
        _POLICY,
        Listing(
            "monitoring.projects.alertPolicies.list",
            "monitoring.alertPolicies.list",
            f"{API}/alertPolicies",
            "alertPolicies",
            by_name(HOST),
            size=1000,
        ),
    ),
    listed(
        CHANNEL,
        _CHANNEL,
        Listing(
            "monitoring.projects.notificationChannels.list",
            "monitoring.notificationChannels.list",
            f"{API}/notificationChannels",
            "notificationChannels",
            by_name(HOST),
            size=1000,
        ),
    ),
)
