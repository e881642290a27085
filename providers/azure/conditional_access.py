"""Conditional Access of Microsoft Entra ID: whom each policy is about, when, and what it demands.

Microsoft Graph, conditionalAccessPolicy. Conditions that Microsoft adds one day limit a policy as well: whatever is set
beside users, applications and kinds of clients is listed by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.shapes import V1, Shape, always, shaped, since
from providers.base import ORGANIZATION, Found, Reader, ResourceType, Scope

if TYPE_CHECKING:
    from providers.azure.caller import Caller

POLICY: Final = "Microsoft.Graph/conditionalAccessPolicies"
TYPES: Final = (ResourceType(POLICY, ORGANIZATION),)
POLICIES: Final = "identity/conditionalAccess/policies"
_ALL: Final = {
    "locations": {"includeLocations": ["all"]},
    "platforms": {"includePlatforms": ["all"]},
}
"""Conditions that leave nothing out, in lower case."""
_OTHERWISE_READ: Final = frozenset({"applications", "clientAppTypes", "users"})


def _limits(conditions: Mapping[str, Any]) -> list[str]:
    """The names of the conditions that limit when a policy applies."""
    limits = [
        name
        for name, value in conditions.items()
        if name not in _OTHERWISE_READ and "@" not in name and _told(value) not in (None, _ALL.get(name))
    ]
    applications = conditions["applications"]
    if _told(applications.get("applicationFilter")) is not None:
        limits.append("applicationFilter")
    return sorted(limits)


def _told(value: Any) -> Any:
    """What a condition says, texts in lower case and without what is empty; None for nothing."""
    if isinstance(value, Mapping):
        said = {key: told for key, item in value.items() if "@" not in key and (told := _told(item)) is not None}
        return said or None
    if isinstance(value, list):
        return [_told(item) for item in value] or None
    if isinstance(value, str):
        return value.lower() or None
    return value


def _excludes_guests(users: Mapping[str, Any]) -> bool:
    """Whether guests are left out: some kinds of them, or all by a word among the users (conditionalAccessUsers)."""
    named = any(str(user).lower() == "guestsorexternalusers" for user in users.get("excludeUsers") or [])
    return named or users.get("excludeGuestsOrExternalUsers") is not None


_POLICY: Final[Shape] = {
    "state": always("state"),
    "include_users": since(V1, "conditions.users.includeUsers", []),
    "include_groups": since(V1, "conditions.users.includeGroups", []),
    "include_roles": since(V1, "conditions.users.includeRoles", []),
    "exclude_users": since(V1, "conditions.users.excludeUsers", []),
    "exclude_groups": since(V1, "conditions.users.excludeGroups", []),
    "exclude_roles": since(V1, "conditions.users.excludeRoles", []),
    "excludes_guests": always("conditions.users", _excludes_guests),
    "include_applications": always("conditions.applications.includeApplications"),
    "exclude_applications": since(V1, "conditions.applications.excludeApplications", []),
    "client_app_types": always("conditions.clientAppTypes"),
    "limited_by": always("conditions", _limits),
    "grant_operator": since(V1, "grantControls.operator"),
    "built_in_controls": since(V1, "grantControls.builtInControls", []),
    "custom_controls": since(V1, "grantControls.customAuthenticationFactors", []),
    "terms_of_use": since(V1, "grantControls.termsOfUse", []),
    # "mfa", or "none" of a strength of one's own that a single factor meets.
    "authentication_strength": since(V1, "grantControls.authenticationStrength.requirementsSatisfied"),
}


def _policies(azure: Caller, scope: Scope) -> Iterator[Found]:
    for policy in azure.entra_items(POLICIES):
        yield Found(POLICY, policy["id"], shaped(_POLICY, policy, V1), policy.get("displayName"))


READERS: Final = (
    Reader(
        operations=(f"graph:{POLICIES}",),
        read=_policies,
        where="organization",
        lists=(POLICY,),
        fills={POLICY: tuple(_POLICY)},
        permissions=("Policy.Read.All",),
    ),
)
