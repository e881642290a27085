"""Microsoft Entra ID through Microsoft Graph: policies of the tenant, and its users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.shapes import Shape, always, shaped
from providers.azure.subscriptions import TENANT
from providers.base import ORGANIZATION, Found, Reader, Resource, ResourceType, Scope
from providers.times import instant

if TYPE_CHECKING:
    from providers.azure.caller import Caller

USER: Final = "Microsoft.Graph/users"
TYPES: Final = (ResourceType(USER, ORGANIZATION),)
SECURITY_DEFAULTS: Final = "policies/identitySecurityDefaultsEnforcementPolicy"
AUTHORIZATION: Final = "policies/authorizationPolicy"
USERS: Final = "users?$select=id,userPrincipalName,userType,accountEnabled,createdDateTime&$top=999"
REGISTRATIONS: Final = "reports/authenticationMethods/userRegistrationDetails"

_AUTHORIZATION: Final[Shape] = {
    "guest_user_role_id": always("guestUserRoleId"),
    "allow_invites_from": always("allowInvitesFrom"),
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
)
