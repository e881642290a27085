"""The organization of each planned resource: its provider configuration's owner, else that of a repository's name."""

from __future__ import annotations

from collections.abc import Iterable

from providers.base import GLOBAL
from providers.terraform.configured import configured
from providers.terraform.mapping import Where
from providers.terraform.plan import Plan, Planned

NAMES = ("github",)


def whereabouts(plan: Plan, changes: Iterable[Planned]) -> dict[str, Where]:
    """Where each of these resources is or will be, by address."""
    return {change.address: Where(_owner(plan, change), GLOBAL) for change in changes}


def _owner(plan: Plan, change: Planned) -> str | None:
    for values in (change.after, change.before):
        name = (values or {}).get("full_name")
        if isinstance(name, str) and "/" in name:
            return name.partition("/")[0]
    # "organization" is the older name of "owner".
    found = (configured(plan, change, NAMES, attribute) for attribute in ("owner", "organization"))
    return next((value for value in found if isinstance(value, str) and value), None)
