"""A tenant as plain data, such as a JSON file holds: what the emulated services answer from.

    {"id": GUID, "displayName": ..., "licences": ["AAD_PREMIUM", "AAD_PREMIUM_P2"],
     "applications": [{"clientId", "objectId", "secret", "actions": ["*/read"], "notActions": [], "roles": [...]}],
     "subscriptions": [{"subscriptionId", "displayName", "state", "managementGroups": [...], "unregistered": [...]}],
     "resources": [bodies of Resource Manager: id, name, type, location, properties, ...],
     "directory": {"users": [...], "policies/authorizationPolicy": {...}, ...}}

``resources`` hold what lies below others, and settings that extend them, by their ids. ``directory`` maps paths of
Microsoft Graph to an object, or to the list of a collection. An application's ``roles`` are permissions of Microsoft
Graph; its ``subscriptions``, where they are given, the only ones in which it has its ``actions``. A subscription's
``unregistered`` are resource providers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

TENANT: Final = "72f988bf-0000-4000-8000-000000000001"
SUBSCRIPTION: Final = "5ab5c21a-0000-4000-8000-000000000001"
CLIENT: Final = "c11e0000-0000-4000-8000-000000000001"
OBJECT: Final = "0b1ec000-0000-4000-8000-000000000001"
SECRET: Final = "planted~client~secret"

GRAPH_ROLES: Final = (
    "Application.Read.All",
    "AuditLog.Read.All",
    "GroupMember.Read.All",
    "Policy.Read.All",
    "RoleManagement.Read.Directory",
    "User.Read.All",
)


@dataclass
class Tenant:
    """The data, to be changed while requests are under way; ``data`` is what the module describes."""

    data: dict[str, Any] = field(default_factory=lambda: simple())
    _index: tuple[list[dict[str, Any]], dict[str, dict[str, Any]]] = field(default=([], {}), init=False)
    """The resources as they were when they were last sought by id, and by id: thousands are sought among thousands."""

    @property
    def subscriptions(self) -> list[dict[str, Any]]:
        """The subscriptions."""
        found: list[dict[str, Any]] = self.data["subscriptions"]
        return found

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resources of all subscriptions."""
        found: list[dict[str, Any]] = self.data["resources"]
        return found

    @property
    def directory(self) -> dict[str, Any]:
        """What Microsoft Graph holds."""
        found: dict[str, Any] = self.data["directory"]
        return found

    def add(
        self,
        type_: str,
        name: str,
        properties: dict[str, Any] | None = None,
        *,
        below: str | None = None,
        subscription: str = SUBSCRIPTION,
        group: str = "rg",
        **more: Any,
    ) -> str:
        """Add a resource and give its id. ``below`` is the id of what it lies below, or extends with its provider."""
        if below is None:
            id_ = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{type_}/{name}"
        elif type_.count("/") > 1:
            id_ = f"{below}/{type_.rpartition('/')[2]}/{name}"
        else:
            id_ = f"{below}/providers/{type_}/{name}"
        body = {"id": id_, "name": name, "type": type_, "properties": properties or {}, **more}
        if below is None:
            body = {"location": "westeurope", **body}
        self.resources.append(body)
        return id_

    def named(self, id_: str) -> dict[str, Any] | None:
        """The resource of an id, which is compared without regard to case."""
        if self._index[0] != self.resources:
            # Of equal ids the first counts.
            self._index = (list(self.resources), {item["id"].lower(): item for item in reversed(self.resources)})
        return self._index[1].get(id_.lower())

    def application(self, client: str) -> dict[str, Any] | None:
        """The application of a client id."""
        return next((app for app in self.data["applications"] if app["clientId"] == client), None)

    def grants(self, client: str, action: str, subscription: str | None = None) -> bool:
        """Whether the application's role has an action; ``subscriptions`` of it names where, if not everywhere."""
        app = self.application(client) or {}
        if subscription is not None and subscription.lower() not in app.get("subscriptions", [subscription.lower()]):
            return False
        return _any(app.get("actions", []), action) and not _any(app.get("notActions", []), action)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.resources)


def _any(patterns: list[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def simple() -> dict[str, Any]:
    """A tenant with one subscription that holds nothing, and an application that may read everything."""
    return {
        "id": TENANT,
        "displayName": "Contoso",
        "licences": ["AAD_PREMIUM", "AAD_PREMIUM_P2"],
        "applications": [
            {
                "clientId": CLIENT,
                "objectId": OBJECT,
                "secret": SECRET,
                "actions": ["*/read"],
                "notActions": [],
                "roles": list(GRAPH_ROLES),
            }
        ],
        "subscriptions": [subscription(SUBSCRIPTION, "Production")],
        "resources": [],
        "directory": {
            "users": [],
            "policies/identitySecurityDefaultsEnforcementPolicy": {
                "id": "00000000-0000-0000-0000-000000000005",
                "displayName": "Security Defaults",
                "isEnabled": True,
            },
            "policies/authorizationPolicy": {
                "id": "authorizationPolicy",
                "allowInvitesFrom": "adminsAndGuestInviters",
                "guestUserRoleId": "2af84b1e-32c8-42b7-82bc-daa82404023b",
                "defaultUserRolePermissions": {
                    "allowedToCreateApps": False,
                    "allowedToCreateSecurityGroups": False,
                    "allowedToCreateTenants": False,
                    "allowedToReadOtherUsers": True,
                    "permissionGrantPoliciesAssigned": [
                        "ManagePermissionGrantsForSelf.microsoft-user-default-low",
                        "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team",
                    ],
                },
            },
            "applications": [],
            "groups": [],
            "identity/conditionalAccess/policies": [],
            "reports/authenticationMethods/userRegistrationDetails": [],
            "roleManagement/directory/roleAssignments": [],
            "roleManagement/directory/roleEligibilityScheduleInstances": [],
            "servicePrincipals": [],
        },
    }


def subscription(id_: str, name: str) -> dict[str, Any]:
    """A subscription as the data holds it."""
    return {
        "subscriptionId": id_,
        "displayName": name,
        "state": "Enabled",
        "managementGroups": ["landing-zones", TENANT],
        "unregistered": [],
        "tags": {},
    }
