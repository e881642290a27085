"""Cloud Monitoring: alert policies, and the channels by which they reach someone.

Sources: provider documentation, google_monitoring_alert_policy, google_monitoring_notification_channel; Cloud
Monitoring API reference, "projects.alertPolicies".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.base import Unread
from providers.gcp.fields import decimal, seconds
from providers.gcp.monitoring import CHANNEL, HOST, POLICY
from providers.terraform.block import Block
from providers.terraform.google.naming import mapping, text
from providers.terraform.mapping import Attribute, Derived

_DOC: Final = "provider documentation"
_THRESHOLD: Final = "condition_threshold"
_LOG: Final = "condition_matched_log.filter"


def _conditions(block: Block) -> Any:
    rows = block.blocks("conditions")
    return rows if isinstance(rows, Unread) else [_condition(row) for row in rows]


def _condition(row: Block) -> dict[str, Any]:
    """A condition, which is of one kind; of the others nothing stands there."""

    def said(path: str, absent: Any) -> Any:
        return row.get(path, absent, optional=True)

    return {
        "threshold_filter": said(f"{_THRESHOLD}.filter", None),
        "comparison": said(f"{_THRESHOLD}.comparison", None),
        # The API's default, zero.
        "threshold": _as(decimal, said(f"{_THRESHOLD}.threshold_value", 0)),
        "duration_seconds": _as(seconds, said(f"{_THRESHOLD}.duration", "0s")),
        "log_filter": said(_LOG, None),
    }


def _as(convert: Callable[[Any], Any], value: Any) -> Any:
    return value if isinstance(value, Unread) else convert(value)


def _channels(block: Block) -> Any:
    names = block.ids("notification_channels", CHANNEL)
    if isinstance(names, Unread):
        return names
    return [f"//{HOST}/{name}" if isinstance(name, str) and name.startswith("projects/") else name for name in names]


MAPPINGS: Final = (
    mapping(
        HOST,
        POLICY,
        "google_monitoring_alert_policy",
        {
            "enabled": Attribute("enabled", True, _DOC),
            "combiner": Attribute("combiner"),
            "conditions": Derived(
                (
                    *(f"conditions.{_THRESHOLD}.{name}" for name in ("filter", "comparison", "threshold_value")),
                    *(f"conditions.{_THRESHOLD}.duration", f"conditions.{_LOG}"),
                ),
                _conditions,
            ),
            "channels": Derived(("notification_channels",), _channels),
        },
        keys=("id", "name"),
        name=Attribute("display_name", None),
        control=True,
    ),
    mapping(
        HOST,
        CHANNEL,
        "google_monitoring_notification_channel",
        {
            "channel_type": Attribute("type"),
            "enabled": Attribute("enabled", True, _DOC),
            # Whether a new one needs to be verified, the API decides.
            "verification_status": Attribute("verification_status", None, convert=text, computed=False),
        },
        keys=("id", "name"),
        name=Attribute("display_name", None),
        control=True,
    ),
)
