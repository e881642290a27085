"""The organization: two-factor authentication, what members may do, and what workflows may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Reader, Resource, ResourceType, Unread, attribute
from providers.github.caller import ORGANIZATION as GET

if TYPE_CHECKING:
    from providers.github.caller import Caller

ORGANIZATION: Final = "GitHub::Organization"
TYPES: Final = (ResourceType(ORGANIZATION, GLOBAL),)
ACTIONS: Final = "GET /orgs/{org}/actions/permissions"
WORKFLOWS: Final = "GET /orgs/{org}/actions/permissions/workflow"
PERMISSION: Final = "organization_administration:read"


def _members(github: Caller, organization: Resource) -> Mapping[str, Any]:
    told = github.organization()
    required = told.get("two_factor_requirement_enabled")
    return {
        # Null, or not there at all, for whoever is no owner.
        "two_factor_required": Unread("access_denied", GET, PERMISSION, "shown to owners")
        if required is None
        else required,
        "default_repository_permission": attribute(told, "default_repository_permission"),
        "members_can_create_public_repositories": attribute(told, "members_can_create_public_repositories"),
    }


def _actions(github: Caller, organization: Resource) -> Mapping[str, Any]:
    told = github.get(ACTIONS, org=organization.id)
    enabled = attribute(told, "enabled_repositories")
    # Nothing may run where Actions are off, and nobody says then what may.
    allowed = told.get("allowed_actions") if enabled == "none" else attribute(told, "allowed_actions")
    return {"actions_enabled_repositories": enabled, "actions_allowed": allowed}


def _workflows(github: Caller, organization: Resource) -> Mapping[str, Any]:
    told = github.get(WORKFLOWS, org=organization.id)
    return {
        "workflow_permissions": attribute(told, "default_workflow_permissions"),
        "workflows_can_approve": attribute(told, "can_approve_pull_request_reviews"),
    }


def _of(operation: str, fills: tuple[str, ...], read: Any) -> Reader:
    return Reader(
        operations=(operation,),
        read=read,
        per="resource",
        where=GLOBAL,
        of=ORGANIZATION,
        fills={ORGANIZATION: fills},
        permissions=(PERMISSION,),
    )


READERS: Final = (
    _of(
        GET,
        ("two_factor_required", "default_repository_permission", "members_can_create_public_repositories"),
        _members,
    ),
    _of(ACTIONS, ("actions_enabled_repositories", "actions_allowed"), _actions),
    _of(WORKFLOWS, ("workflow_permissions", "workflows_can_approve"), _workflows),
)
