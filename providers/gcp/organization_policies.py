"""Organization policies: which are set on a project, and which those above it make effective there.

The nearest policy decides; one that inherits adds the values of what is above to its own. A policy that holds on a
condition (tags) is ambiguous, since which resources have the tags was not read.

Sources: Organization Policy API reference, "Policy"; Resource Manager, "Understanding hierarchy evaluation".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Found, Reader, ResourceType, Scope, Unread
from providers.gcp.assets import Item, resource
from providers.gcp.fields import flag, texts
from providers.gcp.projects import PROJECT, project_id

if TYPE_CHECKING:
    from providers.gcp.caller import Caller
    from providers.gcp.hierarchy import Ancestor

POLICY: Final = "orgpolicy.googleapis.com/Policy"
TYPES: Final = (ResourceType(POLICY, GLOBAL),)
API: Final = "https://orgpolicy.googleapis.com/v2"
HOST: Final = "//orgpolicy.googleapis.com/"
LIST: Final = "orgpolicy.projects.policies.list"
PERMISSION: Final = "orgpolicy.policies.list"

ON_CONDITION: Final = Unread("ambiguous", detail="a rule holds on a condition")
UNROOTED: Final = Unread("ambiguous", detail="it inherits what the constraint says where no policy is set")
_VALUES: Final = ("enforced", "allow_all", "deny_all", "allowed_values", "denied_values")
FILLS: Final = ("constraint", "live", "inherit_from_parent", *_VALUES)


def _policy(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    constraint = item["name"].rpartition("/policies/")[2]
    spec = item.get("spec", {})
    return {
        "constraint": constraint,
        # Without a spec there is a dry run only ("dryRunSpec").
        "live": "spec" in item,
        # "This field can be set only for policies which configure list constraints"; false is left out.
        "inherit_from_parent": flag(spec.get("inheritFromParent", False)),
        **_rules(spec.get("rules", [])),
        "name": constraint,
    }


def _rules(rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rules of a policy say. One that restores the constraint's default has none."""
    if any("condition" in rule for rule in rules):
        return dict.fromkeys(_VALUES, ON_CONDITION)
    for rule in rules:
        if not rule.keys() & {"values", "allowAll", "denyAll", "enforce"}:
            raise LookupError("a rule without a kind")
    enforced = [flag(rule["enforce"]) for rule in rules if "enforce" in rule]
    values = [rule["values"] for rule in rules if "values" in rule]
    return {
        "enforced": enforced[0] if enforced else None,
        "allow_all": any(_set(rule, "allowAll") for rule in rules),
        "deny_all": any(_set(rule, "denyAll") for rule in rules),
        "allowed_values": [value for row in values for value in _texts(row.get("allowedValues", []))],
        "denied_values": [value for row in values for value in _texts(row.get("deniedValues", []))],
    }


def _set(rule: Mapping[str, Any], key: str) -> bool:
    value = rule.get(key, False)
    if not isinstance(value, bool):
        raise TypeError("not a boolean")
    return value


def _texts(value: Any) -> list[str]:
    found = texts(value)
    if isinstance(found, Unread):
        raise TypeError("not a list of text")
    return list(found)


def _policies(gcp: Caller) -> Iterator[Item]:
    for item in gcp.pages(LIST, f"{API}/projects/{gcp.account}/policies", "policies"):
        # By the project's number, whichever the request had ("Policy", name).
        yield f"{HOST}projects/{gcp.account}/policies/{item['name'].rpartition('/')[2]}", item


def _inherited(gcp: Caller, scope: Scope) -> Iterator[Found]:
    levels = [(ancestor.name, ancestor.unread or _above(gcp, ancestor)) for ancestor in gcp.ancestors]
    yield Found(PROJECT, project_id(gcp.number), {"inherited_organization_policies": effective(levels)})


def _above(gcp: Caller, ancestor: Ancestor) -> list[Mapping[str, Any]] | Unread:
    operation = f"orgpolicy.{ancestor.name.partition('/')[0]}.policies.list"

    def listed() -> list[Mapping[str, Any]]:
        items = gcp.pages(operation, f"{API}/{ancestor.name}/policies", "policies")
        return [_policy(gcp, item["name"], item) for item in items]

    return gcp.above(operation, ancestor, listed, PERMISSION)


def effective(levels: Sequence[tuple[str, Sequence[Mapping[str, Any]] | Unread]]) -> list[dict[str, Any]]:
    """What the policies of some levels, the nearest first, make effective below them: one row for each constraint.

    Of a level that was not read, every constraint may be set there: there is an element of which nothing was read.
    """
    seen = [(name, row) for name, rows in levels if not isinstance(rows, Unread) for row in rows if row["live"]]
    found = [_effective(constraint, levels) for constraint in sorted({row["constraint"] for _, row in seen})]
    unseen = next((rows for _, rows in levels if isinstance(rows, Unread)), None)
    return [*found, *([dict.fromkeys(("constraint", "set_on", *_VALUES), unseen)] if unseen else [])]


def _effective(constraint: str, levels: Sequence[tuple[str, Sequence[Mapping[str, Any]] | Unread]]) -> dict[str, Any]:
    rows: list[Mapping[str, Any]] = []
    set_on: Any = None
    for name, policies in levels:
        if isinstance(policies, Unread):
            return {"constraint": constraint, "set_on": set_on or policies, **dict.fromkeys(_VALUES, policies)}
        row = next((row for row in policies if row["live"] and row["constraint"] == constraint), None)
        if row is None:
            continue
        set_on = set_on or name
        rows.append(row)
        if not row["inherit_from_parent"]:
            return {"constraint": constraint, "set_on": set_on, **_merged(rows)}
    return {"constraint": constraint, "set_on": set_on, **_merged(rows), "allow_all": UNROOTED, "deny_all": UNROOTED}


def _merged(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    unread = next((row[key] for row in rows for key in _VALUES if isinstance(row[key], Unread)), None)
    if unread is not None:
        return dict.fromkeys(_VALUES, unread)
    return {
        "enforced": rows[0]["enforced"],
        "allow_all": any(row["allow_all"] for row in rows),
        "deny_all": any(row["deny_all"] for row in rows),
        "allowed_values": [value for row in rows for value in row["allowed_values"]],
        "denied_values": [value for row in rows for value in row["denied_values"]],
    }


READERS: Final = (
    resource(POLICY, FILLS, _policy, operations=(LIST,), items=_policies, permissions=(PERMISSION,)),
    Reader(
        operations=("orgpolicy.folders.policies.list", "orgpolicy.organizations.policies.list"),
        read=_inherited,
        where=GLOBAL,
        fills={PROJECT: ("inherited_organization_policies",)},
        permissions=(PERMISSION,),
    ),
)
