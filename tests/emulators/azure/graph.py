"""Microsoft Graph v1.0: objects and collections of a directory, by application permissions and licences.

"Microsoft Graph REST API v1.0 reference": permissions of each operation, paging, error responses, query parameters.
"""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.azure import errors
from tests.emulators.azure.identify import GRAPH
from tests.emulators.azure.tenant import Tenant
from tests.emulators.identify import Call, Request
from tests.emulators.wire import Answer

PERMISSIONS: Final = {
    # Application permissions, any of which lets one read, least privileged first.
    "policies/authorizationPolicy": ("Policy.Read.All",),
    "policies/identitySecurityDefaultsEnforcementPolicy": ("Policy.Read.All",),
    "reports/authenticationMethods/userRegistrationDetails": ("AuditLog.Read.All",),
    "users": ("User.Read.All", "Directory.Read.All"),
}
LICENSED: Final = ("reports/authenticationMethods/userRegistrationDetails",)
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


class Graph:
    """Answers from a tenant's directory, ``page_size`` items a page."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.page_size = 100

    def answer(self, request: Request, call: Call, client: str, base: str) -> Answer:
        """The answer to a request that bears a good token of an application."""
        path = request.path.removeprefix(GRAPH)
        held = self.tenant.directory.get(path)
        if held is None or request.method != "GET":
            return errors.error(call, "Request_ResourceNotFound", 404, f"Resource not found for the segment '{path}'.")
        app = self.tenant.application(client) or {}
        if not set(PERMISSIONS[path]) & set(app.get("roles", ())):
            return errors.denied(call)
        if path in LICENSED and "AAD_PREMIUM" not in self.tenant.data["licences"]:
            message = "Neither tenant is B2C or tenant doesn't have premium license"
            return errors.error(call, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", 403, message)
        context = {"@odata.context": f"{base}{GRAPH}$metadata#{path}"}
        if isinstance(held, dict):
            return errors.answered({**context, **held}, graph=True)
        return self._page(path, [self._shown(path, item, request) for item in held], request, base, context)

    def _shown(self, path: str, item: dict[str, Any], request: Request) -> dict[str, Any]:
        asked = request.query.get("$select")
        names = asked.split(",") if asked else _DEFAULT.get(path)
        return item if names is None else {name: item.get(name) for name in names}

    def _page(
        self, path: str, items: list[dict[str, Any]], request: Request, base: str, context: dict[str, Any]
    ) -> Answer:
        size = min(self.page_size, int(request.query.get("$top", 100)))
        start = int(request.query.get("$skiptoken", "0"))
        body: dict[str, Any] = {**context, "value": items[start : start + size]}
        if start + size < len(items):
            kept = "".join(f"&{key}={request.query[key]}" for key in ("$select", "$top") if key in request.query)
            body["@odata.nextLink"] = f"{base}{GRAPH}{path}?$skiptoken={start + size}{kept}"
        return errors.answered(body, graph=True)
