"""Microsoft Entra ID through Microsoft Graph: policies of the tenant, its administrators, users and applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from providers.azure.principals import MEMBERS, kind, members
from providers.azure.shapes import V1, Shape, always, shaped, since
from providers.azure.subscriptions import TENANT
from providers.base import MISSING, ORGANIZATION, Found, Reader, Resource, ResourceType, Scope
from providers.times import instant

if TYPE_CHECKING:
    from providers.azure.caller import Caller

USER: Final = "Microsoft.Graph/users"
APPLICATION: Final = "Microsoft.Graph/applications"
TYPES: Final = (ResourceType(USER, ORGANIZATION), ResourceType(APPLICATION, ORGANIZATION))
SECURITY_DEFAULTS: Final = "policies/identitySecurityDefaultsEnforcementPolicy"
AUTHORIZATION: Final = "policies/authorizationPolicy"
USERS: Final = "users?$select=id,userPrincipalName,userType,accountEnabled,createdDateTime&$top=999"
REGISTRATIONS: Final = "reports/authenticationMethods/userRegistrationDetails"
# Microsoft Graph limits requests for it apart from others, and its pages to 500 users.
SIGN_INS: Final = "users?$select=id,signInActivity&$top=500"
SIGNED_IN: Final = "graph:users/signInActivity"
APPLICATIONS: Final = "applications?$select=id,displayName,passwordCredentials,keyCredentials&$top=999"
ASSIGNED: Final = "roleManagement/directory/roleAssignments"
ELIGIBLE: Final = "roleManagement/directory/roleEligibilityScheduleInstances"
GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
UNLICENSED: Final = frozenset({"AadPremiumLicenseRequired"})
"""Without Microsoft Entra ID P2, Privileged Identity Management does not run: nobody is eligible for a role."""

_AUTHORIZATION: Final[Shape] = {
    "guest_user_role_id": always("guestUserRoleId"),
    "allow_invites_from": always("allowInvitesFrom"),
    "user_consent_policies": always("defaultUserRolePermissions.permissionGrantPoliciesAssigned"),
    "users_create_applications": always("defaultUserRolePermissions.allowedToCreateApps"),
    "users_create_security_groups": always("defaultUserRolePermissions.allowedToCreateSecurityGroups"),
    "users_create_tenants": always("defaultUserRolePermissions.allowedToCreateTenants"),
}
_USER: Final[Shape] = {
    "account_enabled": always("accountEnabled"),
    "user_type": always("userType"),
    "created_at": always("createdDateTime", instant),
}
_REGISTRATION: Final[Shape] = {
    "mfa_registered": always("isMfaRegistered"),
    "mfa_capable": always("isMfaCapable"),
}
_SIGN_IN: Final[Shape] = {
    "last_sign_in_at": since(V1, "signInActivity.lastSuccessfulSignInDateTime", None, instant),
}
_CREDENTIAL: Final[Shape] = {
    "id": always("keyId"),
    # Graph gives null for one that was made without.
    "starts_at": since(V1, "startDateTime", None, instant),
    "ends_at": since(V1, "endDateTime", None, instant),
}


def _security_defaults(azure: Caller, tenant: Resource) -> Mapping[str, Any]:
    return shaped({"security_defaults_enabled": always("isEnabled")}, azure.entra(SECURITY_DEFAULTS), None)


def _authorization(azure: Caller, tenant: Resource) -> Mapping[str, Any]:
    return shaped(_AUTHORIZATION, azure.entra(AUTHORIZATION), None)


def _users(azure: Caller, scope: Scope) -> Iterator[Found]:
    for user in azure.entra_items(USERS):
        yield Found(USER, user["id"], shaped(_USER, user, None), user.get("userPrincipalName"))


def _registrations(azure: Caller, scope: Scope) -> Iterator[Found]:
    for user in azure.entra_items(REGISTRATIONS):
        yield Found(USER, user["id"], shaped(_REGISTRATION, user, None))


def _sign_ins(azure: Caller, scope: Scope) -> Iterator[Found]:
    for user in azure.entra_items(SIGN_INS, name=SIGNED_IN):
        yield Found(USER, user["id"], shaped(_SIGN_IN, user, V1))


def _credentials(credentials: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [shaped(_CREDENTIAL, item, V1) for item in credentials]


_APPLICATION: Final[Shape] = {
    "secrets": always("passwordCredentials", _credentials),
    "certificates": always("keyCredentials", _credentials),
}


def _applications(azure: Caller, scope: Scope) -> Iterator[Found]:
    for application in azure.entra_items(APPLICATIONS):
        yield Found(
            APPLICATION, application["id"], shaped(_APPLICATION, application, V1), application.get("displayName")
        )


def _administrators(azure: Caller, tenant: Resource) -> Mapping[str, Any]:
    """Who holds Global Administrator, or may take it on, directly or by a group at any depth."""
    rule = quote(f"roleDefinitionId eq '{GLOBAL_ADMINISTRATOR}'")
    asked = f"?$filter={rule}&$expand=principal"
    rows = [
        *((row, False) for row in azure.entra_items(f"{ASSIGNED}{asked}")),
        *((row, True) for row in azure.entra_items(f"{ELIGIBLE}{asked}", UNLICENSED)),
    ]
    return {"global_administrators": [holder for row, eligible in rows for holder in _holders(azure, row, eligible)]}


def _holders(azure: Caller, row: Mapping[str, Any], eligible: bool) -> list[dict[str, Any]]:
    principal = row.get("principal") or {}
    if str(principal.get("@odata.type")).lower() == "#microsoft.graph.group":
        group = row["principalId"]
        return [
            {"principal_id": item["id"], "principal_type": item["type"], "eligible": eligible, "group_id": group}
            for item in members(azure, group)
        ]
    told = {"principal_id": row["principalId"], "principal_type": kind(principal) or MISSING}
    return [{**told, "eligible": eligible, "group_id": None}]


def _of_tenant(path: str, fills: tuple[str, ...], read: Any, permission: str) -> Reader:
    return Reader(
        operations=(f"graph:{path}",),
        read=read,
        per="resource",
        where="organization",
        of=TENANT,
        fills={TENANT: fills},
        permissions=(permission,),
    )


READERS: Final = (
    _of_tenant(SECURITY_DEFAULTS, ("security_defaults_enabled",), _security_defaults, "Policy.Read.All"),
    _of_tenant(AUTHORIZATION, tuple(_AUTHORIZATION), _authorization, "Policy.Read.All"),
    Reader(
        operations=("graph:users",),
        read=_users,
        where="organization",
        lists=(USER,),
        fills={USER: tuple(_USER)},
        permissions=("User.Read.All",),
    ),
    # Takes a licence (Microsoft Entra ID P1): without one the report is refused, and nobody's registration is known.
    Reader(
        operations=(f"graph:{REGISTRATIONS}",),
        read=_registrations,
        where="organization",
        fills={USER: tuple(_REGISTRATION)},
        permissions=("AuditLog.Read.All",),
    ),
    # So do sign-ins.
    Reader(
        operations=(SIGNED_IN,),
        read=_sign_ins,
        where="organization",
        fills={USER: tuple(_SIGN_IN)},
        permissions=("AuditLog.Read.All", "User.Read.All"),
    ),
    Reader(
        operations=("graph:applications",),
        read=_applications,
        where="organization",
        lists=(APPLICATION,),
        fills={APPLICATION: tuple(_APPLICATION)},
        permissions=("Application.Read.All",),
    ),
    Reader(
        operations=(f"graph:{ASSIGNED}", f"graph:{ELIGIBLE}", MEMBERS),
        read=_administrators,
        per="resource",
        where="organization",
        of=TENANT,
        fills={TENANT: ("global_administrators",)},
        permissions=("RoleManagement.Read.Directory", "GroupMember.Read.All"),
    ),
)
