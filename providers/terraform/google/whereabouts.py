"""The project and the location of each planned resource, as far as the plan tells.

A project is the resource's own attribute, else in the names that its attributes hold, else that of what it lies in,
else its provider configuration's. What has neither zone, region nor location is global, as the live adapter has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from providers.base import GLOBAL
from providers.terraform.configured import configured
from providers.terraform.mapping import Where
from providers.terraform.plan import Plan, Planned
from providers.terraform.references import References

NAMES: Final = ("google", "google-beta")
_IN_PROJECT: Final = re.compile(r"(?:^|/)projects/(?P<project>[^/]+)(?:/|$)")
_NAMED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "google_project": ("project_id",),
    "google_org_policy_policy": ("parent",),
    "google_essential_contacts_contact": ("parent",),
    "google_kms_crypto_key": ("key_ring", "id"),
    "google_project_access_approval_settings": ("project_id",),
    "google_service_account_key": ("service_account_id", "name", "id"),
}
"""The attributes that tell the project of a type that has no attribute "project"."""
_BY_PROJECT: Final = frozenset({"google_project", "google_project_access_approval_settings"})
"""Those of them whose attribute is a project's id by itself."""
_WITHIN: Final[Mapping[str, str]] = {
    "google_kms_crypto_key": "key_ring",
    "google_service_account_key": "service_account_id",
}
"""What a resource lies in, of which it has project and location."""
_PLACES: Final = ("zone", "region", "location")


def whereabouts(plan: Plan, changes: Iterable[Planned]) -> dict[str, Where]:
    """Where each of these resources is or will be, by address."""
    following = References(plan, "after")
    rows = list(changes)
    found = {change.address: _where(plan, change) for change in rows}
    for change in rows:
        path = _WITHIN.get(change.type)
        if path is None or found[change.address].account is not None:
            continue
        targets = following.of(change, _references(change, path)).targets
        around = [found[target.planned.address] for target in targets if target.planned.address in found]
        found[change.address] = around[0] if len(around) == len(targets) == 1 else Where(None, None)
    return found


def _where(plan: Plan, change: Planned) -> Where:
    return Where(_project(plan, change), _region(plan, change))


def _project(plan: Plan, change: Planned) -> str | None:
    own = _NAMED_BY.get(change.type)
    for path in own or ("project",):
        for values in (change.after, change.before):
            value = (values or {}).get(path)
            if isinstance(value, str) and value:
                return _named(value, change.type)
    if own is not None or "project" in _expressions(change):
        # It is written, and only known after apply.
        return None
    for path in ("id", "self_link"):
        value = (change.before or {}).get(path)
        match = _IN_PROJECT.search(value) if isinstance(value, str) else None
        if match is not None:
            return match["project"]
    value = configured(plan, change, NAMES, "project")
    return value if isinstance(value, str) and value else None


def _named(value: str, type_: str) -> str | None:
    match = _IN_PROJECT.search(value)
    if match is not None:
        return match["project"]
    # A short name is a project's, but of what lies elsewhere (a folder) no project is told.
    return value if "/" not in value and (type_ not in _NAMED_BY or type_ in _BY_PROJECT) else None


def _region(plan: Plan, change: Planned) -> str | None:
    ring = _within(change)
    if ring is not None:
        return ring
    for name in _PLACES:
        for values in (change.after, change.before):
            value = (values or {}).get(name)
            if isinstance(value, str) and value:
                return value.rpartition("/")[2].lower()
        if name in (change.after or change.before or {}) or (
            isinstance(change.unknown, dict) and name in change.unknown
        ):
            value = None if name in _expressions(change) else configured(plan, change, NAMES, name)
            return value.lower() if isinstance(value, str) and value else None
    return GLOBAL


def _within(change: Planned) -> str | None:
    """The location in the name of what a resource lies in."""
    path = _WITHIN.get(change.type)
    for values in (change.after, change.before):
        value = (values or {}).get(path) if path is not None else None
        if isinstance(value, str) and "/locations/" in value:
            return value.partition("/locations/")[2].partition("/")[0]
    return None


def _expressions(change: Planned) -> Mapping[str, Any]:
    found = (change.written or {}).get("expressions")
    return found if isinstance(found, Mapping) else {}


def _references(change: Planned, path: str) -> tuple[str, ...]:
    written = _expressions(change).get(path)
    found = written.get("references") if isinstance(written, Mapping) else None
    return tuple(name for name in found or () if isinstance(name, str))
