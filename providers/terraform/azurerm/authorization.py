"""Azure role-based access control, policy and locks: who may do what where, and what is enforced."""

from __future__ import annotations

import json
from typing import Any, Final

from providers.azure.authorization import ASSIGNMENT, DEFINITION, LOCK, POLICY
from providers.azure.shapes import arm_id
from providers.base import MISSING, Unread
from providers.terraform.azurerm.naming import NAME, NOT_HELD, PROVIDER, known, refer, reference, referred, rows
from providers.terraform.block import KNOWN_AFTER_APPLY, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Where

BUILT_IN: Final = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
}
"""Ids of the roles that reach furthest ("Azure built-in roles"), which configurations mostly name by their name."""
_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
_ACTIONS: Final = ("actions", "not_actions", "data_actions", "not_data_actions")
_LEVELS: Final = {3: "subscription", 5: "resource_group"}


def _permissions(block: Block) -> Any:
    return rows(block, "permissions", lambda row: {name: row.get(name, []) for name in _ACTIONS})


def _role_id(block: Block) -> Any:
    id_ = block.get("role_definition_id", None)
    if isinstance(id_, str) and id_:
        return arm_id(id_).rpartition("/")[2]
    name = block.get("role_definition_name", None)
    if isinstance(name, str) and name in BUILT_IN:
        return BUILT_IN[name]
    own = id_ if isinstance(id_, Unread) else name
    return own if isinstance(own, Unread) else NOT_HELD


def _definition_id(block: Block, where: Where) -> Any:
    id_ = block.get("role_definition_resource_id", None, computed=False)
    return arm_id(id_) if isinstance(id_, str) else id_


def _guid(block: Block) -> Any:
    id_ = block.get("role_definition_id", None, computed=False)
    return id_.lower() if isinstance(id_, str) else id_ if isinstance(id_, Unread) else MISSING


def _assignable(block: Block) -> Any:
    """The scopes of a role: those that are given, else the one that it is made in (provider documentation)."""
    given = block.get("assignable_scopes", None)
    if given:
        scopes = given if isinstance(given, Unread) else referred(block, "assignable_scopes")
    else:
        scope = refer(block, "scope", default=MISSING)
        scopes = scope if isinstance(scope, Unread) else [scope]
    if isinstance(scopes, Unread):
        return scopes
    # What a scope is, its id tells: what stands for one that is not known does not.
    return [scope if isinstance(scope, Unread) or scope.startswith("/") else KNOWN_AFTER_APPLY for scope in scopes]


def _scope(path: str) -> Derived:
    return Derived((path,), lambda block: _of(refer(block, path, default="/")))


def _of(scope: Any) -> Any:
    return scope if isinstance(scope, Unread) else scope or "/"


def _level(path: str, level: str | None = None) -> Derived:
    """What a scope is; an id that is not known yet is of what the attribute is for."""

    def read(block: Block) -> Any:
        scope = _of(refer(block, path, default="/"))
        if level is not None or isinstance(scope, Unread):
            return level or scope
        if not scope.startswith("/"):
            return _made(scope)
        if scope == "/" or scope.startswith(_GROUPS):
            return "root" if scope == "/" else "management_group"
        return _LEVELS.get(len(scope.split("/")), "resource")

    return Derived((path,), read)


_MADE: Final = {
    "azurerm_management_group": "management_group",
    "azurerm_subscription": "subscription",
    "azurerm_resource_group": "resource_group",
}


def _made(address: str) -> str:
    """What a planned resource is as a scope, by the type in its address."""
    return next((level for type_, level in _MADE.items() if f".{type_}." in f".{address}"), "resource")


def _locations(block: Block) -> Any:
    """The parameter of the built-in policies "Allowed locations"; null where the policy has none of that name."""
    text = block.get("parameters", None)
    if text in (None, "") or isinstance(text, Unread):
        return text or None
    said = json.loads(text).get("listOfAllowedLocations")
    return None if said is None else list(said["value"])


def _there(path: str) -> Derived:
    def read(block: Block) -> Any:
        found = block.blocks(path, optional=True)
        return found if isinstance(found, Unread) else bool(found)

    return Derived((path,), read)


def _assigned(terraform: str, scope: str, level: str) -> Mapping:
    return Mapping(
        type=POLICY,
        terraform=terraform,
        name=NAME,
        identity=known(),
        control=True,
        properties={
            "definition_id": reference("policy_definition_id", default=MISSING),
            "scope": _scope(scope),
            "scope_level": _level(scope, level),
            "enforcement_mode": Attribute(
                "enforce", True, PROVIDER, convert=lambda on: "Default" if on else "DoNotEnforce"
            ),
            "excluded_scopes": Derived(("not_scopes",), lambda block: referred(block, "not_scopes")),
            "limited_to_selected": _there("resource_selectors"),
            "effect_overridden": _there("overrides"),
            "allowed_locations": Derived(("parameters",), _locations),
        },
    )


MAPPINGS: Final = (
    Mapping(
        type=DEFINITION,
        terraform="azurerm_role_definition",
        keys=("role_definition_resource_id", "role_definition_id"),
        name=NAME,
        identity=_definition_id,
        where="global",
        properties={
            "role_id": Derived(("role_definition_id",), _guid),
            "permissions": Derived(tuple(f"permissions.{name}" for name in _ACTIONS), _permissions),
            "assignable_scopes": Derived(("assignable_scopes", "scope"), _assignable),
        },
    ),
    Mapping(
        type=ASSIGNMENT,
        terraform="azurerm_role_assignment",
        name=NAME,
        identity=known(),
        where="global",
        properties={
            "role_id": Derived(("role_definition_id", "role_definition_name"), _role_id),
            "principal_id": Attribute("principal_id"),
            "principal_type": Attribute("principal_type", computed=False),
            "scope": _scope("scope"),
            "scope_level": _level("scope"),
            "condition": Attribute("condition", None, convert=lambda text: text or None),
        },
    ),
    Mapping(
        type=LOCK,
        terraform="azurerm_management_lock",
        name=NAME,
        identity=known(),
        where="global",
        control=True,
        properties={"level": Attribute("lock_level"), "scope": _scope("scope")},
    ),
    _assigned("azurerm_management_group_policy_assignment", "management_group_id", "management_group"),
    _assigned("azurerm_subscription_policy_assignment", "subscription_id", "subscription"),
    _assigned("azurerm_resource_group_policy_assignment", "resource_group_id", "resource_group"),
    _assigned("azurerm_resource_policy_assignment", "resource_id", "resource"),
)
