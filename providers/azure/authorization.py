"""Azure role-based access control, policy and locks: who may do what where, and what is enforced.

Role assignments, policy assignments and locks are listed at the subscription: what management groups hand down is among
them with the scope at which it was made, and so is what lies below ("Role Assignments - List For Subscription",
"Policy Assignments - List", "Management Locks - List At Subscription Level").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from providers.azure.principals import GROUPS, MEMBERS, SERVICE_PRINCIPALS, USERS, enabled, guest, members, named
from providers.azure.readers import bulk, listing
from providers.azure.shapes import Shape, always, arm_id, found, shaped, since
from providers.base import GLOBAL, Found, Reader, Resource, ResourceType, Scope

if TYPE_CHECKING:
    from providers.azure.caller import Caller

ASSIGNMENT: Final = "Microsoft.Authorization/roleAssignments"
DEFINITION: Final = "Microsoft.Authorization/roleDefinitions"
POLICY: Final = "Microsoft.Authorization/policyAssignments"
LOCK: Final = "Microsoft.Authorization/locks"
RESOURCE_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups"
TYPES: Final = tuple(ResourceType(name, GLOBAL) for name in (ASSIGNMENT, DEFINITION, POLICY, LOCK, RESOURCE_GROUP))
VERSION: Final = "2022-04-01"
"""The api-version of role assignments and definitions."""
POLICIES: Final = "2023-04-01"
LOCKS: Final = "2020-05-01"
_MANAGEMENT_GROUP: Final = "/providers/microsoft.management/managementgroups/"


def _scope(value: str) -> str:
    return arm_id(value) or "/"


def _level(value: str) -> str:
    """What a scope is: root, management_group, subscription, resource_group or resource."""
    scope = _scope(value)
    if scope == "/" or scope.startswith(_MANAGEMENT_GROUP):
        return "root" if scope == "/" else "management_group"
    parts = scope.split("/")
    if len(parts) < 3 or parts[1] != "subscriptions":
        raise ValueError(value)
    return {3: "subscription", 5: "resource_group"}.get(len(parts), "resource")


def _last(value: str) -> str:
    return arm_id(value).rpartition("/")[2]


ASSIGNMENT_SHAPE: Final[Shape] = {
    "role_id": always("properties.roleDefinitionId", _last),
    "principal_id": always("properties.principalId"),
    "principal_type": always("properties.principalType"),
    "scope": always("properties.scope", _scope),
    "scope_level": always("properties.scope", _level),
    "condition": since(VERSION, "properties.condition"),
}


def _assigned(azure: Caller) -> list[Mapping[str, Any]]:
    path = f"{azure.path}/providers/{ASSIGNMENT}"
    return azure.once(ASSIGNMENT, lambda: list(azure.items(path, VERSION)))


def _assignments(azure: Caller, scope: Scope) -> Iterator[Found]:
    for item in _assigned(azure):
        yield found(ASSIGNMENT, item, shaped(ASSIGNMENT_SHAPE, item, VERSION))


def _principals(azure: Caller, scope: Scope) -> Iterator[Found]:
    """Whether the principals of assignments are still there; of a group that is from another tenant nobody can say."""
    rows = [(arm_id(item["id"]), item["properties"]) for item in _assigned(azure)]
    there = {
        type_: {
            item["id"].lower(): item
            for item in named(
                azure, collection, (row["principalId"] for _, row in rows if row["principalType"] == type_)
            )
        }
        for type_, collection in (("User", "users"), ("Group", "groups"), ("ServicePrincipal", "servicePrincipals"))
    }
    for id_, row in rows:
        type_ = row["principalType"]
        principal = there[type_].get(row["principalId"].lower()) if type_ in there else None
        yield Found(
            ASSIGNMENT,
            id_,
            {
                "principal_exists": principal is not None if type_ in there else None,
                "principal_enabled": None if principal is None or type_ == "Group" else enabled(principal),
                "principal_is_guest": None if principal is None or type_ != "User" else guest(principal),
            },
        )


def _members(azure: Caller, assignment: Resource) -> Mapping[str, Any]:
    return {"group_members": members(azure, assignment.properties["principal_id"])}


def _alone(assignment: Resource) -> Mapping[str, Any] | None:
    """Whoever is no group has no members."""
    return None if assignment.properties["principal_type"] == "Group" else {"group_members": None}


def _permissions(permissions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "actions": list(permission["actions"]),
            "not_actions": list(permission.get("notActions") or []),
            "data_actions": list(permission.get("dataActions") or []),
            "not_data_actions": list(permission.get("notDataActions") or []),
        }
        for permission in permissions
    ]


DEFINITION_SHAPE: Final[Shape] = {
    "role_id": always("name", str.lower),
    "permissions": always("properties.permissions", _permissions),
    "assignable_scopes": always("properties.assignableScopes", lambda scopes: [_scope(scope) for scope in scopes]),
}


def _definitions(azure: Caller, scope: Scope) -> Iterator[Found]:
    """Custom roles: those that Azure made are the same everywhere."""
    rule = quote("type eq 'CustomRole'")
    for item in azure.items(f"{azure.path}/providers/{DEFINITION}?$filter={rule}", VERSION):
        role = found(DEFINITION, item, shaped(DEFINITION_SHAPE, item, VERSION))
        yield Found(role.type, role.id, role.properties, item["properties"]["roleName"])


def _locations(parameters: Mapping[str, Any]) -> list[str] | None:
    """The parameter of the built-in policies "Allowed locations"; None where the policy has none of that name."""
    said = parameters.get("listOfAllowedLocations")
    return None if said is None else [str(location) for location in said["value"]]


POLICY_SHAPE: Final[Shape] = {
    "definition_id": always("properties.policyDefinitionId", arm_id),
    "scope": always("properties.scope", _scope),
    "scope_level": always("properties.scope", _level),
    "enforcement_mode": always("properties.enforcementMode"),
    "excluded_scopes": since(POLICIES, "properties.notScopes", [], lambda scopes: [_scope(scope) for scope in scopes]),
    "limited_to_selected": since(POLICIES, "properties.resourceSelectors", False, bool),
    "effect_overridden": since(POLICIES, "properties.overrides", False, bool),
    "allowed_locations": since(POLICIES, "properties.parameters", None, _locations),
}
LOCK_SHAPE: Final[Shape] = {
    "level": always("properties.level"),
    "scope": always("id", lambda id_: arm_id(id_).rpartition("/providers/microsoft.authorization/locks/")[0]),
}

READERS: Final = (
    Reader(
        operations=(f"arm:{ASSIGNMENT}",),
        read=_assignments,
        where="global",
        lists=(ASSIGNMENT,),
        fills={ASSIGNMENT: ("tags", *ASSIGNMENT_SHAPE)},
        permissions=(f"{ASSIGNMENT}/read",),
    ),
    Reader(
        operations=(USERS, GROUPS, SERVICE_PRINCIPALS),
        read=_principals,
        where="global",
        fills={ASSIGNMENT: ("principal_exists", "principal_enabled", "principal_is_guest")},
        permissions=(f"{ASSIGNMENT}/read", "User.Read.All", "GroupMember.Read.All", "Application.Read.All"),
    ),
    Reader(
        operations=(MEMBERS,),
        read=_members,
        per="resource",
        where="global",
        of=ASSIGNMENT,
        fills={ASSIGNMENT: ("group_members",)},
        needs=("principal_id", "principal_type"),
        known=_alone,
        shared=True,
        permissions=("GroupMember.Read.All",),
        # A group that was deleted has no members; that it was, is said beside.
        absent_codes=frozenset({"Request_ResourceNotFound"}),
        absent={"group_members": []},
    ),
    Reader(
        operations=(f"arm:{DEFINITION}",),
        read=_definitions,
        where="global",
        lists=(DEFINITION,),
        fills={DEFINITION: ("tags", *DEFINITION_SHAPE)},
        permissions=(f"{DEFINITION}/read",),
    ),
    listing(POLICY, POLICY_SHAPE, POLICIES),
    listing(LOCK, LOCK_SHAPE, LOCKS),
    bulk(RESOURCE_GROUP, {}, "resourcecontainers"),
)
