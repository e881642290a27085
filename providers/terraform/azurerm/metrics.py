"""Azure Monitor on metrics: the alerts that they raise, and the scaling that they drive."""

from __future__ import annotations

from typing import Any, Final

from providers.azure.metrics import ALERT, SCALING
from providers.azure.shapes import region
from providers.base import Unread
from providers.terraform.azurerm.naming import NAME, PROVIDER, RESOURCE, identity, refer, reference, referred, rows
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_CRITERIA: Final = ("criteria", "dynamic_criteria")


def _metrics(block: Block) -> Any:
    found = [rows(block, path, lambda row: row.get("metric_name"), optional=True) for path in _CRITERIA]
    unread = next((names for names in found if isinstance(names, Unread)), None)
    return unread if unread is not None else [name for names in found for name in names]


def actions(path: str) -> Derived:
    """The action groups that an alert tells, by the nested block that names each."""
    return Derived(
        (f"{path}.action_group_id",), lambda block: rows(block, path, lambda row: refer(row, "action_group_id"))
    )


def _profile(row: Block) -> dict[str, Any]:
    rules = row.blocks("rule", optional=True)
    return {
        "name": row.get("name"),
        "minimum": row.get("capacity.minimum"),
        "maximum": row.get("capacity.maximum"),
        "rules": rules if isinstance(rules, Unread) else len(rules),
    }


def _predictive(block: Block) -> Any:
    own = block.block("predictive", optional=True)
    return own if own is None or isinstance(own, Unread) else own.get("scale_mode")


MAPPINGS: Final = (
    Mapping(
        type=ALERT,
        terraform="azurerm_monitor_metric_alert",
        keys=RESOURCE,
        name=NAME,
        identity=identity(ALERT),
        where="global",
        properties={
            "enabled": Attribute("enabled", True, PROVIDER),
            "scopes": Derived(("scopes",), lambda block: referred(block, "scopes")),
            "target_type": Attribute("target_resource_type", None, convert=lambda name: name.lower() or None),
            "target_region": Attribute("target_resource_location", None, convert=region),
            "metrics": Derived(_CRITERIA, _metrics),
            "action_group_ids": actions("action"),
        },
    ),
    Mapping(
        type=SCALING,
        terraform="azurerm_monitor_autoscale_setting",
        keys=RESOURCE,
        name=NAME,
        identity=identity(SCALING),
        properties={
            "enabled": Attribute("enabled", True, PROVIDER),
            "target_id": reference("target_resource_id"),
            "profiles": Derived(("profile",), lambda block: rows(block, "profile", _profile)),
            "predictive_mode": Derived(("predictive.scale_mode",), _predictive),
        },
    ),
)
