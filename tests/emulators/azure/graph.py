"""Microsoft Graph v1.0: objects and collections of a directory, by application permissions and licences.

"Microsoft Graph REST API v1.0 reference": permissions of each operation, paging, error responses, query parameters.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from tests.emulators.azure import errors
from tests.emulators.azure.identify import GRAPH
from tests.emulators.azure.tenant import Tenant
from tests.emulators.identify import Call, Request
from tests.emulators.wire import Answer

_READ: Final = {
    "applications": ("Application.Read.All", "Directory.Read.All"),
    "policies": ("Policy.Read.All",),
    "groups": ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"),
    "logs": ("AuditLog.Read.All",),
    "roles": ("RoleManagement.Read.Directory", "Directory.Read.All"),
    "users": ("User.Read.All", "Directory.Read.All"),
}
"""Application permissions, any of which lets one read, least privileged first."""
PERMISSIONS: Final = {
    # By operation: of each of these, one is needed.
    "applications": (_READ["applications"],),
    "groups": (_READ["groups"],),
    "groups/{id}/transitiveMembers": (_READ["groups"],),
    "identity/conditionalAccess/policies": (_READ["policies"],),
    "policies/authorizationPolicy": (_READ["policies"],),
    "policies/identitySecurityDefaultsEnforcementPolicy": (_READ["policies"],),
    "reports/authenticationMethods/userRegistrationDetails": (_READ["logs"],),
    "roleManagement/directory/roleAssignments": (_READ["roles"],),
    "roleManagement/directory/roleEligibilityScheduleInstances": (
        ("RoleEligibilitySchedule.Read.Directory", "RoleManagement.Read.Directory"),
    ),
    "servicePrincipals": (_READ["applications"],),
    "users": (_READ["users"],),
    "users/signInActivity": (_READ["users"], _READ["logs"]),
}
PREMIUM: Final = ("reports/authenticationMethods/userRegistrationDetails", "users/signInActivity")
"""What takes Microsoft Entra ID P1."""
ELIGIBLE: Final = "roleManagement/directory/roleEligibilityScheduleInstances"
MOST_VALUES: Final = 15
"""Of an ``in`` of a $filter."""
_EQUAL: Final = re.compile(r"(\w+) eq '([^']*)'")
_IN: Final = re.compile(r"(\w+) in \((.*)\)")
_DEFAULT: Final = {
    # What is given of an object where $select asks for nothing.
    "users": (
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    )
}


_EXPANDED: Final = ("principal",)
"""Relationships, which are given where $expand asks for them."""
_KEPT: Final = ("$count", "$expand", "$filter", "$select", "$top")


def _rule(text: str) -> tuple[str, list[str]]:
    """A $filter of the forms that are served: the property, and the values that it may have."""
    if equal := _EQUAL.fullmatch(text):
        return equal.group(1), [equal.group(2)]
    if listed := _IN.fullmatch(text):
        return listed.group(1), [value.strip("'") for value in listed.group(2).split(",")]
    raise ValueError(f"a $filter that nobody wrote down: {text}")


def _listed(path: str, item: dict[str, Any], cast: str, request: Request) -> bool:
    """Whether an object is listed: of a cast its kind, and service principals in groups for an advanced query alone."""
    kind = item.get("@odata.type", "").lower()
    if cast and kind != f"#microsoft.graph.{cast}".lower():
        return False
    eventual = request.headers.get("consistencylevel") == "eventual"
    advanced = bool(cast) and eventual and request.query.get("$count") == "true"
    return advanced or not path.endswith("/transitiveMembers") or kind != "#microsoft.graph.serviceprincipal"


class Graph:
    """Answers from a tenant's directory, ``page_size`` items a page."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.page_size = 100

    def answer(self, request: Request, call: Call, client: str, base: str) -> Answer:
        """The answer to a request that bears a good token of an application."""
        path, _, cast = request.path.removeprefix(GRAPH).partition("/microsoft.graph.")
        held = self.tenant.directory.get(path)
        if held is None or request.method != "GET":
            return errors.error(call, "Request_ResourceNotFound", 404, f"Resource not found for the segment '{path}'.")
        roles = set((self.tenant.application(client) or {}).get("roles", ()))
        if any(not set(anyone) & roles for anyone in PERMISSIONS[call.operation]):
            return errors.denied(call)
        unlicensed = self._unlicensed(call)
        if unlicensed is not None:
            return unlicensed
        if cast == "servicePrincipal" and self._unified(path):
            return errors.error(call, "Request_UnsupportedQuery", 400, "Unsupported property filter clause operator.")
        context = {"@odata.context": f"{base}{GRAPH}$metadata#{path}"}
        if isinstance(held, dict):
            return errors.answered({**context, **held}, graph=True)
        held = [item for item in held if _listed(path, item, cast, request)]
        rule = request.query.get("$filter")
        wanted = None if rule is None else _rule(rule)
        if wanted is not None and len(wanted[1]) > MOST_VALUES:
            return errors.error(call, "Request_UnsupportedQuery", 400, "Too many child clauses specified.")
        found = [item for item in held if wanted is None or item.get(wanted[0]) in wanted[1]]
        shown = [self._shown(path, item, request) for item in found]
        if cast:
            # Of one kind, which the request names.
            shown = [{name: value for name, value in item.items() if name != "@odata.type"} for item in shown]
        return self._page(request.path.removeprefix(GRAPH), shown, request, base, context)

    def _unified(self, path: str) -> bool:
        """Whether a path is below a Microsoft 365 group, whose members are users alone."""
        groups = self.tenant.directory.get("groups", [])
        return any(path.startswith(f"groups/{row['id']}/") and "Unified" in row.get("groupTypes", ()) for row in groups)

    def _unlicensed(self, call: Call) -> Answer | None:
        licences = self.tenant.data["licences"]
        if call.operation in PREMIUM and "AAD_PREMIUM" not in licences:
            message = "Neither tenant is B2C or tenant doesn't have premium license"
            return errors.error(call, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", 403, message)
        if call.operation == ELIGIBLE and "AAD_PREMIUM_P2" not in licences:
            message = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."
            return errors.error(call, "AadPremiumLicenseRequired", 400, message)
        return None

    def _shown(self, path: str, item: dict[str, Any], request: Request) -> dict[str, Any]:
        asked = request.query.get("$select")
        names = asked.split(",") if asked else _DEFAULT.get(path)
        if names is not None:
            kind = {"@odata.type": item["@odata.type"]} if "@odata.type" in item else {}
            # Of a collection of several kinds, an object has what its kind has of what is asked for.
            return {**kind, **{name: item.get(name) for name in names if not kind or name in item}}
        expanded = request.query.get("$expand", "").split(",")
        return {name: value for name, value in item.items() if name not in _EXPANDED or name in expanded}

    def _page(
        self, path: str, items: list[dict[str, Any]], request: Request, base: str, context: dict[str, Any]
    ) -> Answer:
        size = min(self.page_size, int(request.query.get("$top", 100)))
        start = int(request.query.get("$skiptoken", "0"))
        body: dict[str, Any] = {**context, "value": items[start : start + size]}
        if start + size < len(items):
            kept = "".join(f"&{key}={quote(request.query[key])}" for key in _KEPT if key in request.query)
            body["@odata.nextLink"] = f"{base}{GRAPH}{path}?$skiptoken={start + size}{kept}"
        return errors.answered(body, graph=True)
