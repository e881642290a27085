"""What the provider configuration of a planned resource says, as far as a plan tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from providers.terraform.plan import Plan, Planned


def configuration(change: Planned) -> str:
    """The key of a resource's provider configuration; empty where its block is not in the plan."""
    key = (change.written or {}).get("provider_config_key")
    return key if isinstance(key, str) else ""


def configured(plan: Plan, change: Planned, names: Collection[str], attribute: str) -> Any:
    """An attribute of the provider configuration: constant, or a variable of the root module; null where it is neither.

    ``names`` are those of the provider.
    """
    configurations = plan.configuration.get("provider_config")
    if not isinstance(configurations, Mapping):
        return None
    key = configuration(change)
    found: Any = configurations.get(key) or configurations.get(key.rpartition(":")[2])
    mine = [row for row in configurations.values() if isinstance(row, Mapping) and row.get("name") in names]
    if found is None and not key and len(mine) == 1:
        # What is deleted is no longer in the configuration.
        found = mine[0]
    expressions = found.get("expressions") if isinstance(found, Mapping) else None
    written = expressions.get(attribute) if isinstance(expressions, Mapping) else None
    if not isinstance(written, Mapping):
        return None
    value = written.get("constant_value")
    if value is None and "module_address" not in found:
        referred = [name for name in written.get("references") or () if isinstance(name, str)]
        if len(referred) == 1 and referred[0].startswith("var."):
            value = plan.variables.get(referred[0].removeprefix("var."))
    return value
