"""The subscription and location of each planned resource, as far as the plan tells.

A location is the resource's own attribute; what has none lies where its parent does, or nowhere. A subscription is in
the id of what exists, else it is the provider configuration's (``subscription_id``, which version 4 asks for). The
configurations of a plan are taken for one subscription's unless two are seen: the plan then tells the subscription of
those resources only whose ids or configurations show it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from providers.azure.shapes import region
from providers.base import GLOBAL
from providers.terraform.configured import configuration, configured
from providers.terraform.mapping import Where
from providers.terraform.plan import Plan, Planned

_GUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ID: Final = re.compile(rf"/subscriptions/(?P<subscription>{_GUID})(?:/|$)", re.ASCII | re.IGNORECASE)
_SUBSCRIPTION: Final = re.compile(_GUID, re.ASCII | re.IGNORECASE)
_NAMED: Final = ("id", "resource_manager_id", "resource_versionless_id", "role_definition_resource_id", "key_vault_id")
"""Attributes that hold an id of Resource Manager; that of what lies in a vault is an address of its content."""


def whereabouts(plan: Plan, changes: Iterable[Planned]) -> dict[str, Where]:
    """Where each of these resources is or will be, by address."""
    rows = list(changes)
    shown: dict[str, set[str]] = defaultdict(set)
    own = {change.address: _shown(change) for change in rows}
    for change in rows:
        said = own[change.address] or _configured(plan, change)
        if said is not None:
            shown[configuration(change)].add(said)
    everywhere = set().union(*shown.values()) if shown else set()
    return {
        change.address: _where(plan, change, own[change.address], shown[configuration(change)] or everywhere)
        for change in rows
    }


def _where(plan: Plan, change: Planned, own: str | None, subscriptions: set[str]) -> Where:
    account = own or _configured(plan, change)
    if account is None and len(subscriptions) == 1:
        account = next(iter(subscriptions))
    return Where(account, _location(change), "azure")


def _shown(change: Planned) -> str | None:
    for values in (change.before, change.after):
        for name in _NAMED:
            value = (values or {}).get(name)
            match = _ID.match(value) if isinstance(value, str) else None
            if match is not None:
                return match["subscription"].lower()
    return None


def _configured(plan: Plan, change: Planned) -> str | None:
    value = configured(plan, change, ("azurerm",), "subscription_id")
    return value.lower() if isinstance(value, str) and _SUBSCRIPTION.fullmatch(value) else None


def _location(change: Planned) -> str | None:
    """The location of a resource; "global" for one whose location was left out and is not the provider's to choose."""
    values = change.after if change.after is not None else change.before or {}
    value = values.get("location")
    if isinstance(value, str):
        return region(value)
    unset = "location" in values and not (isinstance(change.unknown, dict) and change.unknown.get("location"))
    return GLOBAL if unset else None
